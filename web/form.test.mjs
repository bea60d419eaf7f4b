// The page's form: what its fields mean, and how money is written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readChainPolicy } from './chain_policy.mjs';
import { chainPolicyOf, kindOf, money, policyOf } from './page/form.mjs';
import { readPolicy } from './policy.mjs';

test('fields of the form to a policy', () => {
  const root = 'ab'.repeat(36);
  const policy = policyOf({ commitments: `\n a=b:main = ${root}\ncoinbase=${root.toUpperCase()} \n`, year: '2025', signer: ' ' });
  assert.deepEqual(policy, {
    schema: 'zkharvest/policy/1', commitments: { 'a=b:main': root, coinbase: root.toUpperCase() }, year: 2025,
  });
  assert.equal(readPolicy(policy).commitments.size, 2);
  assert.equal(policyOf({ commitments: '', year: '', signer: 'ff' }).signer, 'ff');
  for (const wrong of ['kraken', 'kraken = xyz', `a=${root}\nb`]) {
    assert.throws(() => policyOf({ commitments: wrong, year: '', signer: '' }), /of the commitments is not/);
  }
  assert.throws(() => policyOf({ commitments: `a=${root}\na=${root}`, year: '', signer: '' }), /a has two commitments/);
});

test('fields of the form to a policy of chains', () => {
  const [key, page] = ['cd'.repeat(32), 'ef'.repeat(32)];
  const empty = { before: '', standing: '', keys: '', accounts: '', pages: '', limits: {}, year: '', signer: '' };
  assert.deepEqual(chainPolicyOf(empty), { schema: 'zkharvest/chain-policy/1' });
  const policy = chainPolicyOf({
    ...empty, before: 'first', keys: `kraken = ${key}\n`, accounts: 'kraken = K-1\n kraken=K-2\nkraken = K-1', pages: `a=b=${page}`,
    limits: { declared: '0', gone: '' }, year: '2025',
  });
  assert.deepEqual(policy, {
    schema: 'zkharvest/chain-policy/1', year: 2025, first: true, source_keys: { kraken: [key] }, accounts: { kraken: ['K-1', 'K-2'] },
    pages: { 'a=b': [page] }, max_declared: 0,
  });
  assert.deepEqual([...readChainPolicy(policy).limits], [['declared', 0]]);
  assert.equal(chainPolicyOf({ ...empty, before: 'standing', standing: ` ${page} ` }).standing, page);
  assert.throws(() => chainPolicyOf({ ...empty, before: 'standing', standing: 'ab' }), /64 hexadecimal digits/);
  assert.throws(() => chainPolicyOf({ ...empty, keys: 'kraken' }), /line 1 of the keys is not "source = hexadecimal key"/);
  assert.throws(() => chainPolicyOf({ ...empty, accounts: '\nkraken =' }), /line 2 of the accounts is not/);
  assert.deepEqual([kindOf(Uint8Array.of(0x89, 0x5a, 0x4b, 0x48, 0x0d, 0x0a, 0x1a, 0x0a, 2)), kindOf(Uint8Array.of())], ['links', 'alone']);
});

test('money', () => {
  const cases = [[0n, '0.00'], [-1n, '-0.00000001'], [150000000n, '1.50'], [123456700000000n, '1,234,567.00'], [-99999999999n, '-999.99999999']];
  for (const [units, text] of cases) assert.equal(money(units), text);
});
