// The Fiat-Shamir transcript (FORMAT.md section 4, Transcript).

import { concat, readU64, u32, u64, utf8 } from './bytes.mjs';
import { DEGREE, reduceU64 } from './field.mjs';
import { sha256 } from './sha.mjs';

const INITIAL = 'zkharvest/transcript/v1';
const ABSORB = Uint8Array.of(0x00);
const BLOCK = Uint8Array.of(0x01);
const ADVANCE = Uint8Array.of(0x02);

/** u8 length and the label's ASCII bytes. */
function labelled(label) {
  const bytes = utf8(label);
  if (bytes.length > 255) throw new RangeError('label too long');
  return concat(Uint8Array.of(bytes.length), bytes);
}

export class Transcript {
  constructor() {
    this.state = sha256(utf8(INITIAL));
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
    return concat(...blocks).subarray(0, size);
  }

  extension(label) {
    const bytes = this.bytes(label, 8 * DEGREE);
    return Array.from({ length: DEGREE }, (_, i) => reduceU64(bytes, 8 * i));
  }

  /** `count` indices below `size`, a power of two, in the order drawn. */
  indices(label, count, size) {
    const bytes = this.bytes(label, 8 * count);
    const mask = BigInt(size) - 1n;
    return Array.from({ length: count }, (_, i) => Number(readU64(bytes, 8 * i) & mask));
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
