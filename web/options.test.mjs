// The command line's expectations, read without running it: what each option says, by itself and beside a policy file.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from './options.mjs';

const SCHEMA = 'zkharvest/chain-policy/1';
const [KEY, OTHER, THIRD] = ['aa', 'bb', 'cc'].map((byte) => byte.repeat(32));
const said = (...args) => readOptions(args, () => assert.fail('no file was named'));
const beside = (file, ...args) => readOptions(['--policy', 'p.json', ...args], (path) => {
  assert.equal(path, 'p.json');
  return typeof file === 'string' ? file : JSON.stringify({ schema: SCHEMA, ...file });
}).policy;

test('each option and what it expects', () => {
  const expected = {
    '--first': ['first', true], '--need-refs': ['need_refs', true], '--allow-other-sources': ['allow_other_sources', true],
    '--allow-test-preset': ['allow_test_preset', true], '--standing ab': ['standing', 'ab'], '--method fifo': ['method', 'fifo'],
    '--pooling wallet': ['pooling', 'wallet'], '--timezone UTC': ['timezone', 'UTC'], '--currency USD': ['currency', 'USD'],
    '--audience you': ['audience', 'you'], '--nonce 00': ['nonce', '00'], '--signer 11': ['signer', '11'], '--year 2025': ['year', 2025],
    '--min-bits 99.5': ['min_bits', 99.5], '--min-bits 100': ['min_bits', 100], '--max-declared 1': ['max_declared', 1],
    '--max-unexplained 2': ['max_unexplained', 2], '--max-gone 3': ['max_gone', 3], '--max-by-window 4': ['max_by_window', 4],
    '--max-in-transit 5': ['max_in_transit', 5], '--circuit a --circuit b': ['circuits', ['a', 'b']],
    '--page s=1 --page s=2 --page s=1 --page t=3': ['pages', { s: ['1', '2'], t: ['3'] }], '--account a=b=c': ['accounts', { 'a=b': ['c'] }],
    '--source-key s=k': ['source_keys', { s: ['k'] }], '--page __proto__=1': ['pages', JSON.parse('{"__proto__": ["1"]}')],
  };
  for (const [words, [name, value]] of Object.entries(expected)) {
    const { packages, policy } = said('one.zkh', ...words.split(' '), 'two.zkh');
    assert.deepEqual(packages, ['one.zkh', 'two.zkh']);
    assert.deepEqual(policy, { schema: SCHEMA, [name]: value }, words);
  }
  assert.deepEqual(said('--year', '2024', '--year', '2025').policy, { schema: SCHEMA, year: 2025 });
});

test('what is no option, or not its value', () => {
  const wrong = ['--frist', '--frist 1', '--standing', '--audience', '--page', '--page s', '--page =1', '--page s=', '--account s=', '--source-key =', '--year', '--year last',
    '--year 2025.0', '--year -1', '--max-gone 1.5', '--max-gone 1e3', '--max-gone 0x1', '--min-bits 1.', '--min-bits .5', '--min-bits 1e2',
    '--min-bits many', '--toString x', '--constructor', '--schema x'];
  for (const words of wrong) assert.throws(() => said('one.zkh', ...words.split(' ')), Error, words);
});

test('beside a file: single values give way, and of a source both count', () => {
  assert.equal(beside({ year: 2024, method: 'fifo' }, '--year', '2025').year, 2025);
  assert.equal(beside({ year: 2024, method: 'fifo' }, '--year', '2025').method, 'fifo');
  assert.deepEqual(beside({ circuits: ['a'] }, '--circuit', 'b').circuits, ['b']);
  assert.deepEqual(beside({ pages: { s: KEY, t: [OTHER] } }, '--page', `s=${OTHER}`, '--page', `s=${KEY.toUpperCase()}`).pages,
    { s: [KEY, OTHER], t: [OTHER] });
  const [until, since] = [{ key: KEY, last: '2024-12-31' }, { key: KEY.toUpperCase(), first: '2025-01-01' }];
  const keys = { s: [until, OTHER, since], t: THIRD };
  assert.deepEqual(beside({ source_keys: keys }, '--source-key', `s=${KEY}`).source_keys, { s: [until, since], t: THIRD });
  assert.deepEqual(beside({ source_keys: keys }, '--source-key', `s=${OTHER.toUpperCase()}`).source_keys, { s: [OTHER], t: THIRD });
  assert.deepEqual(beside({ source_keys: keys }, '--source-key', `u=${KEY}`).source_keys, { ...keys, u: [KEY] });
  assert.deepEqual(beside({ accounts: { s: ['b', 'a'] } }, '--account', 's=a', '--account', 's=b').accounts, { s: ['b', 'a'] });
  assert.deepEqual(beside({ accounts: { s: 'a' } }, '--account', 't=b').accounts, { s: 'a', t: ['b'] });
  const apart = [
    [{ source_keys: keys }, ['--source-key', `s=${THIRD}`], `source_keys: the options expect ${THIRD}, the policy file ${KEY} and ${OTHER} and ${KEY}`],
    [{ source_keys: keys }, ['--source-key', `s=${KEY}`, '--source-key', `s=${THIRD}`], `the options expect ${KEY} and ${THIRD}`],
    [{ accounts: { s: 'a' } }, ['--account', 's=b'], 'accounts: the options expect b, the policy file a'],
    [{ accounts: { s: ['a', 'b'] } }, ['--account', 's=a'], 'accounts: the options expect a, the policy file a and b'],
    [{ accounts: { s: 'a' } }, ['--account', 's=A'], 'accounts: the options expect A, the policy file a'],
  ];
  for (const [file, args, message] of apart) assert.throws(() => beside(file, ...args), (error) => error.message.includes(message), message);
});

test('a file that is no policy is none beside options that would replace its fault', () => {
  const faults = [['{"schema": "zkharvest/chain-policy/1", "year": 2024.0}', '--year', '2025'], [{ pages: 7 }, '--page', `s=${KEY}`],
    [{ schema: 'zkharvest/policy/1' }, '--first'], ['no JSON', '--first'], ['{"schema": "zkharvest/chain-policy/1", "first": true, "first": true}', '--first']];
  for (const [file, ...args] of faults) assert.throws(() => beside(file, ...args), Error, String(file));
});
