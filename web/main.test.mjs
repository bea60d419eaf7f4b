// The command line: the accepted packages of vectors/accept, a fault or two, and frames on standard input.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex, u32 } from './bytes.mjs';
import { circuitFile } from './node.mjs';
import { readLinks } from './package.mjs';
import { judge } from './verify.mjs';

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));
const ACCEPT = fileURLToPath(new URL('../vectors/accept/lot-machine-v2/', import.meta.url));

function frame(packages, policy) {
  const text = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy));
  const parts = [...packages, text];
  return Buffer.concat([u32(packages.length), ...parts.map(({ length }) => u32(length)), ...parts]);
}

const header = (path) => JSON.parse(readFileSync(path, 'utf8'));

function batch(frames) {
  const { stdout, status } = spawnSync('node', [MAIN, '--batch'], { input: Buffer.concat(frames), maxBuffer: 2 ** 26 });
  assert.equal(status, 0);
  return stdout.toString().trimEnd().split('\n');
}

test('packages of vectors/accept, and what becomes of them', () => {
  const frames = [];
  const expected = [];
  const expect = (verdict, bytes, policy) => {
    frames.push(frame([bytes], policy));
    expected.push(verdict);
  };
  for (const name of readdirSync(ACCEPT).filter((one) => one.endsWith('.zkh'))) {
    const bytes = readFileSync(ACCEPT + name);
    const { policy, before } = header(ACCEPT + name.replace('.zkh', '.json'));
    if (before !== undefined) continue;
    expect('accepted', bytes, policy);
    expect('rejected policy/year', bytes, { ...policy, year: 1999 });
    expect('undecided policy/no-expectation', bytes, { ...policy, pages: null, accounts: null, source_keys: null, signer: null });
    const changed = Buffer.from(bytes);
    changed[8] = 3;
    expect('undecided package/version', changed, policy);
    expect('rejected package/trailing-bytes', Buffer.concat([bytes, Buffer.alloc(1)]), policy);
  }
  expect('rejected package/magic', Buffer.alloc(0), { schema: 'zkharvest/chain-policy/1' });
  expect('rejected policy/form', Buffer.alloc(0), {});
  expect('rejected policy/form', Buffer.alloc(0), 'no JSON');
  expect('rejected policy/form', Buffer.alloc(0), '{"schema": "zkharvest/chain-policy/1", "year": 2024, "year": 2025}');
  assert.deepEqual(batch(frames), expected);
});

test('chains of vectors/accept, in one package and in two, and what becomes of them', () => {
  const [one, two, both, later] = ['2024', '2025', 'two-years', 'later-days'].map((name) => readFileSync(`${ACCEPT}${name}.zkh`));
  const [{ policy }, { policy: signed }] = [header(`${ACCEPT}2025.json`), header(`${ACCEPT}two-years.json`)];
  const { chain } = judge([one, two], JSON.stringify(policy), circuitFile);
  const standing = toHex(chain.links[0].name);
  const asked = [
    [[two], { ...policy, first: null, standing: standing.toUpperCase() }, 'accepted'],
    [[one, two], { ...policy, first: null, standing }, 'rejected policy/standing'],
    [Array(65).fill(one), policy, 'rejected chain/links'],
    [Array(64).fill(one), policy, 'rejected chain/standing'],
    [[one, two], policy, 'accepted'],
    [[both], signed, 'accepted'],
    [[later, two], policy, 'accepted'],
    [[two, one], policy, 'rejected chain/standing'],
    [[two], policy, 'rejected policy/standing'],
    [[], policy, 'rejected chain/links'],
    [[one, two], { ...policy, first: null }, 'undecided policy/history'],
    [[one, two], { ...policy, pages: null }, 'undecided policy/no-expectation'],
    [[both], { ...signed, signer: '11'.repeat(32) }, 'rejected signature/key'],
    [[both], { ...signed, source_keys: { nobody: '11'.repeat(32) } }, 'rejected page/unsigned'],
    [[both], { schema: 'zkharvest/policy/1' }, 'rejected policy/form'],
    [[both], { ...signed, max_declared: -1 }, 'rejected policy/form'],
  ];
  assert.deepEqual(batch(asked.map(([packages, wanted]) => frame(packages, wanted))), asked.map((row) => row[2]));
});

test('what is shown beside a verdict', () => {
  const bytes = readFileSync(`${ACCEPT}2024.zkh`);
  const { policy } = header(`${ACCEPT}2024.json`);
  const asked = (changes) => judge([bytes], JSON.stringify({ ...policy, ...changes }), circuitFile);
  const accepted = asked({});
  assert.deepEqual([accepted.verdict, accepted.reason, accepted.detail], ['accepted', '', '']);
  assert.equal(toHex(accepted.chain.signer), policy.signer);
  assert.deepEqual([...accepted.chain.signed.values()].flat().sort(), Object.values(policy.source_keys).sort());
  assert.equal(accepted.chain.links.length, 1);
  const read = readLinks(bytes);
  const [from, to] = [bytes.indexOf('\xa5links', 0, 'latin1') + 6, bytes.lastIndexOf('\xa9signature', -100, 'latin1')];
  const named = createHash('sha256').update('zkharvest/package/v2\0').update(bytes.subarray(from, to)).digest('hex');
  assert.equal(toHex(read.digest()), named);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(policy.signer, 'hex').toString('base64url') }, format: 'jwk' });
  const message = Buffer.concat([Buffer.from('zkharvest/package-signature/v1\0'), read.signedDigest()]);
  assert.ok(verify(null, message, key, read.signature.get('signature')));
  const open = asked({ first: null, accounts: null });
  assert.deepEqual([open.verdict, open.reason, open.detail], ['undecided', 'policy/history', 'policy/history: policy/holder']);
  assert.deepEqual(open.chain.links[0].counters, accepted.chain.links[0].counters);
  const wrong = asked({ year: 2025, method: 'lifo', pooling: 'universal' });
  assert.deepEqual([wrong.verdict, wrong.reason, wrong.detail], ['rejected', 'policy/year', 'policy/year: policy/method, policy/pooling']);
  assert.equal(wrong.chain, undefined);
});

test('of all packages together there are at most 2^28 bytes', () => {
  const [large, policy] = [new Uint8Array(2 ** 26), '{"schema": "zkharvest/chain-policy/1"}'];
  const said = (data) => judge(data, policy, circuitFile).reason;
  assert.equal(said([large, large, large, large]), 'package/magic');
  assert.equal(said([large, large, large, large, new Uint8Array(1)]), 'package/limit');
  assert.equal(said(Array(65).fill(large)), 'chain/links');
});

test('expectations of a chain as options', () => {
  const run = (...args) => {
    const { stdout, status } = spawnSync('node', [MAIN, ...args]);
    return `${status} ${stdout.toString().trimEnd()}`;
  };
  const packages = ['2024', '2025'].map((name) => `${ACCEPT}${name}.zkh`);
  const { policy } = header(`${ACCEPT}2025.json`);
  const pages = Object.entries(policy.pages).flatMap(([source, id]) => ['--page', `${source}=${id}`]);
  const options = ['--first', '--allow-test-preset', ...pages, '--max-declared', '0', '--need-refs', '--year', '2025'];
  assert.equal(run(...packages, ...options), '0 accepted');
  assert.equal(run(...packages, ...options.slice(1)), '3 undecided policy/history');
  assert.equal(run(...packages, ...options, '--year', '2024'), '1 rejected policy/year');
  assert.equal(run(...packages, ...options, '--account', 'kraken=K-bob'), '1 rejected policy/account');
  assert.equal(run(packages[1], ...options.slice(1), '--standing', 'ab'.repeat(32)), '1 rejected policy/standing');
  assert.equal(run(...packages, ...options, '--source-key', 'kraken=11'), '1 rejected policy/form');
  const rest = `${ACCEPT}../../reject/policy/rest-of-a-year`;
  const { policy: whole } = header(`${rest}.json`);
  const half = ['--allow-test-preset', ...Object.entries(whole.pages).flatMap(([source, id]) => ['--page', `${source}=${id}`])];
  assert.equal(run(`${rest}.zkh`, ...half), '3 undecided policy/history');
  const middle = toHex(judge([readFileSync(rest.replace('rest-of', 'half') + '.zkh'), readFileSync(`${rest}.zkh`)],
    JSON.stringify(whole), circuitFile).chain.links[0].name);
  assert.equal(run(`${rest}.zkh`, ...half, '--standing', middle), '3 undecided policy/year-begun');
  assert.equal(run(rest.replace('rest-of', 'half') + '.zkh', `${rest}.zkh`, ...half, '--first'), '0 accepted');
  assert.equal(run(...packages, ...options, '--min-bits', '5.07'), '0 accepted'); // the test set has 5.0747
  assert.equal(run(...packages, ...options, '--min-bits', '5.08'), '1 rejected policy/bits');
  for (const wrong of [['--max-gone', '1.0'], ['--year', '2025.0'], ['--min-bits', '1e2'], ['--frist'], ['--page'], ['--page', 'kraken'], ['--max-gone', 'few'], ['--policy', 'no-such-file']]) {
    assert.equal(run(...packages, ...wrong), '2 ', wrong.join(' '));
  }
});

test('options beside a policy file', () => {
  const folder = mkdtempSync(`${tmpdir()}/policies-`);
  const file = `${folder}/policy.json`;
  const path = `${ACCEPT}2024.zkh`;
  const { policy } = header(path.replace('.zkh', '.json'));
  const page = toHex(judge([readFileSync(path)], JSON.stringify(policy), circuitFile).chain.links[0].pages[0].header.id);
  const run = (changes, ...args) => {
    writeFileSync(file, typeof changes === 'string' ? changes : JSON.stringify({ ...policy, ...changes }));
    const { stdout, stderr, status } = spawnSync('node', [MAIN, path, '--policy', file, ...args]);
    return `${status} ${stdout.toString().trimEnd()}${stderr.toString().trimEnd()}`;
  };
  const of = (...names) => names.flatMap((name) => ['--source-key', `kraken=${name}`]);
  const kraken = policy.source_keys.kraken;
  const late = { key: kraken.toUpperCase(), first: '2030-01-01' };
  const [{ source_keys: keys }, other] = [policy, '22'.repeat(32)];
  try {
    assert.equal(run({}), '0 accepted');
    assert.match(run({ year: 2025 }), /^1 rejected policy\/year/);
    assert.equal(run({ year: 2025 }, '--year', '2024'), '0 accepted');
    assert.equal(run({ pages: { kraken: page.toUpperCase() } }, '--page', `kraken=${page}`), '0 accepted');
    assert.match(run({ pages: { kraken: '00'.repeat(32) } }, '--page', `kraken=${page}`), /^1 rejected policy\/page/);
    assert.match(run({ source_keys: { ...keys, kraken: late } }, ...of(kraken)), /^1 rejected page\/key-period/);
    assert.equal(run({ source_keys: { ...keys, kraken: [other, kraken] } }, ...of(kraken)), '0 accepted');
    assert.match(run({ source_keys: { ...keys, kraken: [other, kraken] } }, ...of(other)), /^1 rejected page\/unsigned/);
    assert.equal(run({ source_keys: { nano: keys.nano } }, ...of(kraken)), '0 accepted');
    assert.equal(run({}, ...of(kraken, other)), `2 source_keys: the options expect ${kraken} and ${other}, the policy file ${kraken}`);
    assert.equal(run({}, '--account', 'kraken=K-alice'), '0 accepted');
    assert.equal(run({}, '--account', 'kraken=K-bob'), '2 accounts: the options expect K-bob, the policy file K-alice');
    const two = { accounts: { ...policy.accounts, kraken: ['K-alice', 'K-bob'] } };
    assert.equal(run(two, '--account', 'kraken=K-bob'), '2 accounts: the options expect K-bob, the policy file K-alice and K-bob');
    assert.equal(run({ year: 'last' }, '--year', '2024'), '2 policy: year is not what it must be');
    assert.equal(run({ pages: 7 }, '--page', `kraken=${page}`), '2 policy: pages is not what it must be');
    assert.equal(run(JSON.stringify({ ...policy, max_gone: 0 }).replace('"max_gone":0', '"max_gone":0.0')), '2 policy: max_gone is not an integer');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('usage and files that are not there', () => {
  assert.equal(spawnSync('node', [MAIN]).status, 2);
  assert.equal(spawnSync('node', [MAIN, 'no-such-file', 'nor-this']).status, 2);
  assert.equal(spawnSync('node', [MAIN, '--batch'], { input: Buffer.from([1]) }).status, 2);
});
