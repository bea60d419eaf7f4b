// A reader of canonical msgpack (FORMAT.md section 6): one byte string for each value, everything else refused.
//
// nil is null, booleans are booleans, integers are BigInt (so that they are never mistaken for anything else),
// strings are strings, byte strings are Uint8Arrays, arrays are Arrays and maps are Maps. A reader also remembers
// where the values of the outermost maps stand: the digests are taken over these very bytes, which are the
// canonical encoding because nothing else is read.

import { compare, concat, toInteger, utf8 } from './bytes.mjs';
import { Rejected } from './faults.mjs';

// The outermost map is at depth 1, its keys and values at depth 2; keys are values and count.
export const MAX_DEPTH = 8;
export const MAX_VALUES = 2 ** 18;
const DIGESTED = 2; // maps down to this depth, counted from 0, have digests over their parts: a package, and each of its links

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.values = 0;
    this.spans = new Map(); // by map, by key
  }

  fail(detail) {
    throw new Rejected('package/encoding', `${detail} at byte ${this.at}`);
  }

  take(size) {
    if (size > this.bytes.length - this.at) this.fail('the bytes end');
    const part = this.bytes.subarray(this.at, this.at + size);
    this.at += size;
    return part;
  }

  number(size) {
    const part = this.take(size);
    return size === 8 ? toInteger(part) : BigInt(part.reduce((value, byte) => 256 * value + byte, 0));
  }

  unsigned(size, least) {
    const value = this.number(size);
    if (value < least) this.fail('not the shortest form');
    return value;
  }

  signed(size, below) {
    const value = BigInt.asIntN(8 * size, this.number(size));
    if (value >= below) this.fail('not the shortest form');
    return value;
  }

  length(size, least) {
    return Number(this.unsigned(size, BigInt(least)));
  }

  text(size) {
    const part = this.take(size);
    try {
      return UTF8.decode(part);
    } catch {
      return this.fail('not UTF-8');
    }
  }

  count(depth) {
    this.values += 1;
    if (this.values > MAX_VALUES) throw new Rejected('package/limit', 'too many values');
    if (depth >= MAX_DEPTH) throw new Rejected('package/limit', 'too deep');
  }

  array(size, depth) {
    if (size > this.bytes.length - this.at) this.fail('the bytes end');
    const all = [];
    for (let i = 0; i < size; i += 1) all.push(this.value(depth + 1));
    return all;
  }

  map(size, depth) {
    if (2 * size > this.bytes.length - this.at) this.fail('the bytes end');
    const all = new Map();
    const places = new Map();
    if (depth <= DIGESTED) this.spans.set(all, places);
    let before = null;
    for (let i = 0; i < size; i += 1) {
      const start = this.at;
      const key = this.value(depth + 1);
      if (typeof key !== 'string') this.fail('a key that is not a string');
      const raw = utf8(key);
      if (before !== null && compare(before, raw) >= 0) this.fail('keys not in increasing order');
      before = raw;
      const middle = this.at;
      all.set(key, this.value(depth + 1));
      if (depth <= DIGESTED) places.set(key, { key: [start, middle], value: [middle, this.at] });
    }
    return all;
  }

  value(depth) {
    this.count(depth);
    const lead = this.take(1)[0];
    if (lead <= 0x7f) return BigInt(lead);
    if (lead >= 0xe0) return BigInt(lead - 256);
    if (lead <= 0x8f) return this.map(lead & 0x0f, depth);
    if (lead <= 0x9f) return this.array(lead & 0x0f, depth);
    if (lead <= 0xbf) return this.text(lead & 0x1f);
    switch (lead) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.take(this.length(1, 0));
      case 0xc5: return this.take(this.length(2, 2 ** 8));
      case 0xc6: return this.take(this.length(4, 2 ** 16));
      case 0xcc: return this.unsigned(1, 128n);
      case 0xcd: return this.unsigned(2, 1n << 8n);
      case 0xce: return this.unsigned(4, 1n << 16n);
      case 0xcf: return this.unsigned(8, 1n << 32n);
      case 0xd0: return this.signed(1, -32n);
      case 0xd1: return this.signed(2, -(1n << 7n));
      case 0xd2: return this.signed(4, -(1n << 15n));
      case 0xd3: return this.signed(8, -(1n << 31n));
      case 0xd9: return this.text(this.length(1, 32));
      case 0xda: return this.text(this.length(2, 2 ** 8));
      case 0xdb: return this.text(this.length(4, 2 ** 16));
      case 0xdc: return this.array(this.length(2, 16), depth);
      case 0xdd: return this.array(this.length(4, 2 ** 16), depth);
      case 0xde: return this.map(this.length(2, 16), depth);
      case 0xdf: return this.map(this.length(4, 2 ** 16), depth);
      default: return this.fail(`a type that is not allowed (0x${lead.toString(16)})`);
    }
  }
}

function head(number, forms) {
  const [, lead, size] = forms.find(([below]) => number < below);
  if (size === 0) return Uint8Array.of(lead | Number(number));
  const bytes = Array.from({ length: size }, (_, i) => Number((number >> BigInt(8 * (size - 1 - i))) & 255n));
  return Uint8Array.of(lead, ...bytes);
}

/** The canonical bytes of a value as `decode` gives them. Integers are 0 or more: no other stands in what is encoded. */
export function encode(value) {
  const size = (count, ...forms) => head(BigInt(count), forms);
  if (value === null || typeof value === 'boolean') return Uint8Array.of(value === null ? 0xc0 : value ? 0xc3 : 0xc2);
  if (typeof value === 'bigint') {
    return head(value, [[2n ** 7n, 0, 0], [2n ** 8n, 0xcc, 1], [2n ** 16n, 0xcd, 2], [2n ** 32n, 0xce, 4], [2n ** 64n, 0xcf, 8]]);
  }
  if (typeof value === 'string') {
    const text = utf8(value);
    return concat(size(text.length, [32n, 0xa0, 0], [2n ** 8n, 0xd9, 1], [2n ** 16n, 0xda, 2]), text);
  }
  if (value instanceof Uint8Array) return concat(size(value.length, [2n ** 8n, 0xc4, 1], [2n ** 16n, 0xc5, 2]), value);
  if (Array.isArray(value)) return concat(size(value.length, [16n, 0x90, 0], [2n ** 16n, 0xdc, 2]), ...value.map(encode));
  const keys = [...value.keys()].sort((a, b) => compare(utf8(a), utf8(b)));
  return concat(size(keys.length, [16n, 0x80, 0], [2n ** 16n, 0xde, 2]), ...keys.flatMap((key) => [encode(key), encode(value.get(key))]));
}

/** The one value at the beginning of the bytes, where it ends, and by map where the parts of the outermost ones stand. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  return { value, end: reader.at, spans: reader.spans };
}
