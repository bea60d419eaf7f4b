// The Fiat-Shamir transcript (FORMAT.md section 4, Transcript).

import { createHash } from 'node:crypto';
import { DEGREE, reduceU64 } from './field.mjs';

const INITIAL = 'zkharvest/transcript/v1';
const ABSORB = Buffer.from([0x00]);
const BLOCK = Buffer.from([0x01]);
const ADVANCE = Buffer.from([0x02]);

export function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** u8 length and the label's ASCII bytes. */
function labelled(label) {
  const bytes = Buffer.from(label, 'ascii');
  if (bytes.length > 255) throw new RangeError('label too long');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

export class Transcript {
  constructor() {
    this.state = sha256(Buffer.from(INITIAL, 'ascii'));
  }

  absorb(label, data) {
    this.state = sha256(this.state, ABSORB, labelled(label), u64(data.length), data);
  }

  /** The first `size` bytes of a challenge's blocks. */
  bytes(label, size) {
    const name = labelled(label);
    const blocks = [];
    for (let c = 0; c * 32 < size; c += 1) blocks.push(sha256(this.state, BLOCK, name, u32(c)));
    this.state = sha256(this.state, ADVANCE, name);
    return Buffer.concat(blocks).subarray(0, size);
  }

  extension(label) {
    const bytes = this.bytes(label, 8 * DEGREE);
    return Array.from({ length: DEGREE }, (_, i) => reduceU64(bytes, 8 * i));
  }

  /** `count` indices below `size`, a power of two, in the order drawn. */
  indices(label, count, size) {
    const bytes = this.bytes(label, 8 * count);
    const mask = BigInt(size) - 1n;
    return Array.from({ length: count }, (_, i) => Number(bytes.readBigUInt64LE(8 * i) & mask));
  }

  /** Whether a nonce (BigInt) holds for g bits; with g = 0 nothing is absorbed and only 0 holds. */
  grind(bits, nonce) {
    if (bits === 0) return nonce === 0n;
    this.absorb('grind', u64(nonce));
    return leadingZeros(this.bytes('pow', 32)) >= bits;
  }
}

function leadingZeros(bytes) {
  let count = 0;
  for (const byte of bytes) {
    if (byte !== 0) return count + Math.clz32(byte) - 24;
    count += 8;
  }
  return count;
}
