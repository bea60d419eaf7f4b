// The command line. See README.md.
//
//     node main.mjs PACKAGE POLICY.json      one line: accepted, rejected REASON or undecided REASON; exit code 0, 1, 3
//     node main.mjs --batch                  frames on standard input, a line a frame

import { readFileSync, readSync, writeSync } from 'node:fs';
import { circuitFile } from './node.mjs';
import { judge, line } from './verify.mjs';

const CHUNK_BYTES = 2 ** 16;
const EXIT_CODES = { accepted: 0, rejected: 1, undecided: 3 };

function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2); // a pipe that does not block: two milliseconds
}

/** Writes all of a verdict's line before it returns. */
function print(result) {
  let rest = Buffer.from(`${line(result)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      pause();
    }
  }
}

/** `size` bytes of standard input; fewer only at its end. Memory is taken as they come, not as a length claims. */
function readExactly(size) {
  const chunks = [];
  let missing = size;
  while (missing > 0) {
    const chunk = Buffer.alloc(Math.min(missing, CHUNK_BYTES));
    let count = 0;
    try {
      count = readSync(0, chunk, 0, chunk.length, null);
    } catch (error) {
      if (error.code === 'EAGAIN') {
        pause();
        continue;
      }
      if (error.code !== 'EOF') throw error;
    }
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    missing -= count;
  }
  return Buffer.concat(chunks);
}

/** Frames: u32le length of the package, u32le length of the policy, both. */
function batch() {
  for (;;) {
    const head = readExactly(8);
    if (head.length === 0) return 0;
    const body = head.length === 8 ? readExactly(head.readUInt32LE(0) + head.readUInt32LE(4)) : head;
    if (head.length < 8 || body.length < head.readUInt32LE(0) + head.readUInt32LE(4)) {
      process.stderr.write('standard input ends within a frame\n');
      return 2;
    }
    const size = head.readUInt32LE(0);
    print(judge(body.subarray(0, size), body.subarray(size).toString('utf8'), circuitFile));
  }
}

function main(args) {
  if (args.length === 1 && args[0] === '--batch') return batch();
  if (args.length !== 2) {
    process.stderr.write('usage: node main.mjs PACKAGE POLICY.json | --batch\n');
    return 2;
  }
  let bytes;
  let policy;
  try {
    bytes = readFileSync(args[0]);
    policy = readFileSync(args[1], 'utf8');
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const result = judge(bytes, policy, circuitFile);
  print(result);
  if (result.detail !== '' && result.verdict !== 'accepted') process.stderr.write(`${result.detail}\n`);
  return EXIT_CODES[result.verdict];
}

process.exitCode = main(process.argv.slice(2));
