// A proof with two faults: which of them is named (FORMAT.md sections 5 and 9).

import assert from 'node:assert/strict';
import test from 'node:test';
import { readProof } from './proof.mjs';

const SIZE = {
  mainColumns: 1, auxColumns: 1, pieces: 1, nextMain: 0, arities: [], finalCoefficients: 0, domain: 4,
  stacks: [{ parts: [{ degree: 1, stacks: 1 }, { degree: 5, stacks: 0 }, { degree: 5, stacks: 0 }] }],
};
const AT_Z = 32 + 8 + 32 + 20 + 32 + 8;
const ROWS = AT_Z + 20 * 4 + 8 + 8;

/** Why a proof of zeros with one word that is none, cut off behind it, is rejected. */
function reason(wordAt, length) {
  const bytes = new Uint8Array(length);
  bytes.fill(0xff, wordAt, wordAt + 4);
  try {
    readProof(bytes, SIZE, { tables: [{}] }, () => ({ indices: [0, 1] }));
  } catch (fault) {
    return fault.reason;
  }
  return null;
}

test('a block that is not all there is short, before its words are looked at', () => {
  assert.equal(reason(AT_Z, AT_Z + 59), 'proof/short'); // within the values at z
  assert.equal(reason(AT_Z, AT_Z + 70), 'proof/field-word'); // within those at g z, a block of their own
  assert.equal(reason(ROWS + 16, ROWS + 30), 'proof/short'); // within the second row of a tree
  assert.equal(reason(ROWS + 16, ROWS + 41), 'proof/field-word'); // behind its rows
});
