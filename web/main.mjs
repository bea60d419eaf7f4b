// A second verifier of zkharvest audit packages. See README.md.
//
//     node main.mjs PACKAGE POLICY.json      one line: accepted, rejected REASON or undecided REASON; exit code 0, 1, 3
//     node main.mjs --batch                  frames on standard input, a line a frame

import { readFileSync, readSync, writeSync } from 'node:fs';
import { checkZone } from './calendar.mjs';
import { loadCircuit } from './description.mjs';
import { Rejected, Undecided, demand } from './faults.mjs';
import { readPackage } from './package.mjs';
import { PARAMETER_SETS } from './parameters.mjs';
import { checkBits, checkCircuit, checkDecided, checkExpectations, checkTestPreset, readPolicy } from './policy.mjs';
import { checkAttestations, checkSignature } from './signatures.mjs';
import { verifyProof } from './stark.mjs';
import { publicInputs, readCircuitReference, readStatement } from './statement.mjs';

const CHUNK_BYTES = 2 ** 16;
const EXIT_CODES = { accepted: 0, rejected: 1, undecided: 3 };

/** All checks in order; throws Rejected or Undecided unless the package is accepted under the policy. */
function check(bytes, policy) {
  // 1. The container.
  const parts = readPackage(bytes);

  // 2. The circuit under the statement's id, which says how to read the rest of the statement.
  const reference = readCircuitReference(parts.statement);
  const held = loadCircuit(reference.id);
  if (held === null) throw new Undecided('circuit/unknown');
  demand(reference.digest.equals(held.digest), 'circuit/digest');
  checkCircuit(policy, reference.id);

  // 3. The statement.
  const statement = readStatement(parts.statement);

  // 4. The parameter set and the height, and whether they are strong enough.
  const parameters = PARAMETER_SETS.get(parts.preset);
  demand(parameters !== undefined, 'package/preset');
  checkTestPreset(policy, parameters);
  const within = ([least, most]) => parts.log_rows >= BigInt(least) && parts.log_rows <= BigInt(most);
  demand(within(parameters.rows) && within(held.circuit.log_rows), 'package/log-rows');
  const n = Number(parts.log_rows);
  checkBits(policy, held.circuit, parameters, n);

  // 5. What else is expected.
  checkExpectations(policy, statement);

  // 6. The proof.
  const inputs = publicInputs(statement, held.circuit, parts.statementDigest);
  verifyProof(held.circuit, held.digest, inputs, n, parameters, parts.proof);

  // 7. The calendar against the zone as this machine knows it; what that leaves open waits for the signatures.
  const zone = checkZone(statement);

  // 8. Signatures.
  checkSignature(parts.signature, parts.signedDigest, policy.signer);
  checkAttestations(parts.attestations, statement.sources, policy.sourceKeys);

  // 9. What was left open.
  checkDecided(policy, statement, zone);
}

/** The verdict line for any bytes and any policy text. */
export function judge(bytes, policyText) {
  let policy;
  try {
    policy = readPolicy(JSON.parse(policyText));
  } catch (error) {
    return { verdict: 'rejected', reason: 'policy/form', detail: String(error?.message) };
  }
  try {
    check(bytes, policy);
    return { verdict: 'accepted', reason: '', detail: '' };
  } catch (error) {
    if (error instanceof Rejected || error instanceof Undecided) return { verdict: error.verdict, reason: error.reason, detail: error.message };
    return { verdict: 'rejected', reason: 'internal', detail: String(error?.stack ?? error) };
  }
}

function line({ verdict, reason }) {
  return `${verdict}${reason === '' ? '' : ` ${reason}`}\n`;
}

function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2); // a pipe that does not block: two milliseconds
}

/** Writes all of a line before it returns. */
function print(text) {
  let rest = Buffer.from(text);
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
    print(line(judge(body.subarray(0, size), body.subarray(size).toString('utf8'))));
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
  const result = judge(bytes, policy);
  print(line(result));
  if (result.detail !== '' && result.verdict !== 'accepted') process.stderr.write(`${result.detail}\n`);
  return EXIT_CODES[result.verdict];
}

process.exitCode = main(process.argv.slice(2));
