// The page's form: what its fields mean, and how money is written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { money, policyOf } from './page/form.mjs';
import { readPolicy } from './policy.mjs';

test('fields of the form to a policy', () => {
  const [key, page] = ['cd'.repeat(32), 'ef'.repeat(32)];
  const empty = { before: '', standing: '', keys: '', accounts: '', pages: '', limits: {}, year: '', signer: '' };
  assert.deepEqual(policyOf(empty), { schema: 'zkharvest/chain-policy/1' });
  assert.equal(policyOf({ ...empty, signer: ' ff ' }).signer, 'ff');
  const policy = policyOf({
    ...empty, before: 'first', keys: `kraken = ${key}\n`, accounts: 'kraken = K-1\n kraken=K-2\nkraken = K-1', pages: `a=b=${page}`,
    limits: { declared: '0', gone: '' }, year: '2025',
  });
  assert.deepEqual(policy, {
    schema: 'zkharvest/chain-policy/1', year: 2025, first: true, source_keys: { kraken: [key] }, accounts: { kraken: ['K-1', 'K-2'] },
    pages: { 'a=b': [page] }, max_declared: 0,
  });
  assert.deepEqual([...readPolicy(policy).limits], [['declared', 0]]);
  assert.equal(policyOf({ ...empty, before: 'standing', standing: ` ${page} ` }).standing, page);
  assert.throws(() => policyOf({ ...empty, before: 'standing', standing: 'ab' }), /64 hexadecimal digits/);
  for (const year of ['last', '2025.5', '-2025', '2e3', ' ']) assert.throws(() => policyOf({ ...empty, year }), /the year is not a whole number/, year);
  for (const gone of ['few', '1.0', '-1', '0x1']) assert.throws(() => policyOf({ ...empty, limits: { gone } }), /the limit of gone is not a whole number/, gone);
  assert.throws(() => policyOf({ ...empty, keys: 'kraken' }), /line 1 of the keys is not "source = hexadecimal key"/);
  assert.throws(() => policyOf({ ...empty, accounts: '\nkraken =' }), /line 2 of the accounts is not/);
});

test('money', () => {
  const cases = [[0n, '0.00'], [-1n, '-0.00000001'], [150000000n, '1.50'], [123456700000000n, '1,234,567.00'], [-99999999999n, '-999.99999999']];
  for (const [units, text] of cases) assert.equal(money(units), text);
});
