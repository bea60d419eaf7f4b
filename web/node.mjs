// What node adds to the verifier: circuits from files, and its SHA-256, which is compiled.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { useSha256 } from './sha.mjs';

const CIRCUITS = new URL('../circuits/', import.meta.url);

/** The bytes of a circuit's frozen description; null if it is not there. */
export function circuitFile(id) {
  try {
    return readFileSync(new URL(`${id}/circuit.json`, CIRCUITS));
  } catch {
    return null;
  }
}

export function nodeSha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

useSha256(nodeSha256);
