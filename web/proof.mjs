// Proof bytes to parts (FORMAT.md section 5, Proof). There are no lengths in a proof: what comes next follows from
// the description, the height, the parameter set and, for the openings of the trees, from the query indices.

import { concat, readU32, readU64 } from './bytes.mjs';
import { DEGREE, P } from './field.mjs';
import { demand } from './faults.mjs';
import { DIGEST_BYTES, SALT_BYTES, leafDigest, siblingCount } from './merkle.mjs';
import { rowWords } from './stacks.mjs';

const WORD = 4;
const EXTENSION = WORD * DEGREE;

class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(size) {
    demand(size <= this.bytes.length - this.at, 'proof/short');
    const part = this.bytes.subarray(this.at, this.at + size);
    this.at += size;
    return part;
  }

  digest() {
    return this.take(DIGEST_BYTES);
  }

  nonce() {
    return readU64(this.take(8), 0);
  }

  extensions(count) {
    const raw = this.take(count * EXTENSION);
    const flat = words(raw);
    return { raw, values: Array.from({ length: count }, (_, i) => flat.slice(DEGREE * i, DEGREE * (i + 1))) };
  }
}

/** Base elements, each below p. */
function words(raw) {
  const out = new Array(raw.length / WORD);
  for (let i = 0; i < out.length; i += 1) {
    out[i] = readU32(raw, WORD * i);
    demand(out[i] < P, 'proof/field-word');
  }
  return out;
}

/** The part of the proof that is read before the queries are known. */
function readHead(cursor, size, circuit) {
  const head = {};
  head.main = cursor.digest();
  head.nonceLookup = cursor.nonce();
  head.aux = cursor.digest();
  head.terminals = cursor.extensions(circuit.tables.length);
  head.quotient = cursor.digest();
  head.nonceDeep = cursor.nonce();
  const atZ = size.mainColumns + size.auxColumns + size.pieces;
  const atNext = size.nextMain + circuit.tables.length;
  const [here, ahead] = [cursor.extensions(atZ), cursor.extensions(atNext)]; // two blocks: what is short comes first in each
  head.evaluations = { raw: concat(here.raw, ahead.raw) };
  head.atZ = here.values;
  head.atNext = ahead.values;
  head.nonceBatch = cursor.nonce();
  head.folds = size.arities.map(() => ({ root: cursor.digest(), nonce: cursor.nonce() }));
  head.final = cursor.extensions(size.finalCoefficients);
  head.nonceQuery = cursor.nonce();
  return head;
}

/** Leaves of one tree at distinct increasing indices, then the digests of its multiproof. */
function readTree(cursor, indices, leaves, width) {
  const rows = new Map();
  const digests = [];
  const block = indices.map(() => cursor.take(SALT_BYTES + WORD * width));
  block.forEach((raw, i) => {
    rows.set(indices[i], words(raw.subarray(SALT_BYTES)));
    digests.push(leafDigest(raw));
  });
  const siblings = Array.from({ length: siblingCount(indices, leaves) }, () => cursor.digest());
  return { indices, rows, digests, siblings, leaves };
}

function distinct(indices, modulus) {
  return [...new Set(indices.map((index) => index % modulus))].sort((a, b) => a - b);
}

/**
 * Reads the whole proof. `transcript(head)` runs the rounds over the first part and returns the challenges with
 * `indices`, by which the rest is read.
 */
export function readProof(bytes, size, circuit, transcript) {
  const cursor = new Cursor(bytes);
  const head = readHead(cursor, size, circuit);
  const challenges = transcript(head);
  const indices = distinct(challenges.indices, size.domain);
  const widths = rowWords(size.stacks);
  const trees = {
    main: readTree(cursor, indices, size.domain, widths[0]),
    aux: readTree(cursor, indices, size.domain, widths[1]),
    quotient: readTree(cursor, indices, size.domain, widths[2]),
  };
  const layers = [];
  let points = size.domain;
  for (const arity of size.arities) {
    points /= arity;
    layers.push(readTree(cursor, distinct(indices, points), points, DEGREE * arity));
  }
  demand(cursor.at === bytes.length, 'proof/trailing-bytes');
  return { head, challenges, indices, trees, layers };
}
