// Salted SHA-256 trees with strided pairs, and their multiproofs (FORMAT.md section 4, Trees).

import { sha256 } from './sha.mjs';

const LEAF = Uint8Array.of(0x00);
const NODE = Uint8Array.of(0x01);

export const DIGEST_BYTES = 32;
export const SALT_BYTES = 16;

/** Salt and row are given as the bytes that stand in the proof: salt first, then words of four bytes. */
export function leafDigest(saltAndRow) {
  return sha256(LEAF, saltAndRow);
}

export function nodeDigest(left, right) {
  return sha256(NODE, left, right);
}

/**
 * The parents of a level of `size` nodes of which those at `indices` (increasing) are known: their indices and
 * which sibling each one lacks. An index of a level is folded modulo half its size.
 */
function parents(indices, size) {
  const half = size / 2;
  const known = new Map();
  for (const index of indices) {
    const parent = index % half;
    known.set(parent, (known.get(parent) ?? 0) | (index < half ? 1 : 2));
  }
  return [...known.entries()].sort((a, b) => a[0] - b[0]);
}

/** How many sibling digests a multiproof at these distinct increasing indices has. */
export function siblingCount(indices, size) {
  let count = 0;
  let level = indices;
  for (let m = size; m > 1; m /= 2) {
    const above = parents(level, m);
    count += above.filter(([, which]) => which !== 3).length;
    level = above.map(([index]) => index);
  }
  return count;
}

/**
 * The root to which some leaves lead with the given siblings, taken in order, level by level from the leaves up.
 * Null if their number is not the one that these indices need.
 */
export function openedRoot(indices, digests, siblings, size) {
  let level = new Map(indices.map((index, i) => [index, digests[i]]));
  let next = 0;
  for (let m = size; m > 1; m /= 2) {
    const half = m / 2;
    const above = new Map();
    for (const [parent, which] of parents([...level.keys()], m)) {
      if (which !== 3 && next >= siblings.length) return null;
      const left = which & 1 ? level.get(parent) : siblings[next++];
      const right = which & 2 ? level.get(parent + half) : siblings[next++];
      above.set(parent, nodeDigest(left, right));
    }
    level = above;
  }
  return next === siblings.length && level.size === 1 ? level.get(0) : null;
}

/** The root of a whole tree; for the known answers only. */
export function rootOf(leaves) {
  let level = leaves;
  while (level.length > 1) {
    const half = level.length / 2;
    level = Array.from({ length: half }, (_, j) => nodeDigest(level[j], level[j + half]));
  }
  return level[0];
}
