// The command line: the accepted packages of vectors/accept, a fault or two, and frames on standard input.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { u32 } from './bytes.mjs';

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));
const ACCEPT = fileURLToPath(new URL('../vectors/accept/lot-machine-v1/', import.meta.url));

function frame(bytes, policy) {
  const text = Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy));
  return Buffer.concat([u32(bytes.length), u32(text.length), bytes, text]);
}

test('packages of vectors/accept, and what becomes of them', () => {
  const frames = [];
  const expected = [];
  const expect = (verdict, bytes, policy) => {
    frames.push(frame(bytes, policy));
    expected.push(verdict);
  };
  for (const name of readdirSync(ACCEPT).filter((one) => one.endsWith('.zkh'))) {
    const bytes = readFileSync(ACCEPT + name);
    const { policy } = JSON.parse(readFileSync(ACCEPT + name.replace('.zkh', '.json'), 'utf8'));
    expect('accepted', bytes, policy);
    expect('rejected policy/year', bytes, { ...policy, year: 1999 });
    expect('undecided policy/no-expectation', bytes, { ...policy, commitments: {}, source_keys: {}, signer: null });
    const changed = Buffer.from(bytes);
    changed[8] = 2;
    expect('undecided package/version', changed, policy);
    expect('rejected package/trailing-bytes', Buffer.concat([bytes, Buffer.alloc(1)]), policy);
  }
  expect('rejected package/magic', Buffer.alloc(0), { schema: 'zkharvest/policy/1' });
  expect('rejected policy/form', Buffer.alloc(0), {});
  expect('rejected policy/form', Buffer.alloc(0), 'no JSON');
  const { stdout, status } = spawnSync('node', [MAIN, '--batch'], { input: Buffer.concat(frames), maxBuffer: 2 ** 26 });
  assert.deepEqual(stdout.toString().trimEnd().split('\n'), expected);
  assert.equal(status, 0);
});

test('usage and files that are not there', () => {
  assert.equal(spawnSync('node', [MAIN]).status, 2);
  assert.equal(spawnSync('node', [MAIN, 'no-such-file', 'nor-this']).status, 2);
  assert.equal(spawnSync('node', [MAIN, '--batch'], { input: Buffer.from([1]) }).status, 2);
});
