// The command line. See README.md.
//
//     node main.mjs PACKAGE... POLICY.json             one line: accepted, rejected REASON or undecided REASON; exit 0, 1, 3
//     node main.mjs PACKAGE... --first --page ...      packages of links, under the expectations of zkharvest verify
//     node main.mjs --batch                            frames on standard input, a line a frame

import { readFileSync, readSync, writeSync } from 'node:fs';
import { circuitFile } from './node.mjs';
import { readOptions } from './options.mjs';
import { judge, line } from './verify.mjs';
import { MAX_TOGETHER } from './verify_chain.mjs';

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

const MAX_IN_FRAME = 2 ** 10;

/** Frames: u32le number of packages, u32le length of each and of the policy, then all of them. */
function batch() {
  const end = () => {
    process.stderr.write('standard input ends within a frame\n');
    return 2;
  };
  for (;;) {
    const head = readExactly(4);
    if (head.length === 0) return 0;
    const count = head.length === 4 ? head.readUInt32LE(0) + 1 : 0;
    if (head.length < 4 || count > MAX_IN_FRAME) return end();
    const lengths = readExactly(4 * count);
    if (lengths.length < 4 * count) return end();
    const parts = [];
    for (let i = 0; i < count; i += 1) {
      const size = lengths.readUInt32LE(4 * i);
      parts.push(readExactly(size));
      if (parts[i].length < size) return end();
    }
    print(judge(parts.slice(0, -1), parts.at(-1).toString('utf8'), circuitFile));
  }
}

/** Paths of packages and the text of the policy that arguments name. */
function request(args) {
  const read = (path) => readFileSync(path, 'utf8');
  if (!args.some((one) => one.startsWith('--'))) return { packages: args.slice(0, -1), policy: read(args.at(-1)) };
  const { packages, policy } = readOptions(args, read);
  return { packages, policy: JSON.stringify(policy) };
}

/** The bytes of files, none of those behind what is too much for all together. */
function readAll(paths) {
  let size = 0;
  return paths.map((path) => {
    const bytes = size > MAX_TOGETHER ? Buffer.alloc(0) : readFileSync(path);
    size += bytes.length;
    return bytes;
  });
}

function main(args) {
  if (args.length === 1 && args[0] === '--batch') return batch();
  if (args.length < 2) {
    process.stderr.write('usage: node main.mjs PACKAGE... POLICY.json | PACKAGE... OPTION... | --batch\n');
    return 2;
  }
  let packages;
  let policy;
  try {
    ({ packages, policy } = request(args));
    packages = readAll(packages);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const result = judge(packages, policy, circuitFile);
  print(result);
  if (result.detail !== '' && result.verdict !== 'accepted') process.stderr.write(`${result.detail}\n`);
  return EXIT_CODES[result.verdict];
}

process.exitCode = main(process.argv.slice(2));
