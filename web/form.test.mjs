// The page's form: what its fields mean, and how money is written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { money, policyOf } from './page/form.mjs';
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

test('money', () => {
  const cases = [[0n, '0.00'], [-1n, '-0.00000001'], [150000000n, '1.50'], [123456700000000n, '1,234,567.00'], [-99999999999n, '-999.99999999']];
  for (const [units, text] of cases) assert.equal(money(units), text);
});
