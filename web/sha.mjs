// SHA-256 and SHA-512 (FIPS 180-4). A browser's own are asynchronous, which a verifier that reads top to bottom is not.
// SHA-256, which every opened row goes through, works on 32-bit words; SHA-512, of which one signature needs one, on BigInt.

import { concat } from './bytes.mjs';

function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

/** The first 64 bits of the fraction of the k-th root of a number (sections 4.2 and 5.3): floor(n^(1/k) 2^64) mod 2^64. */
function rootBits(n, k) {
  const target = BigInt(n) << BigInt(64 * k);
  let [low, high] = [0n, BigInt(n) << 64n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(k) <= target) low = middle;
    else high = middle;
  }
  return low & (2n ** 64n - 1n);
}

const K512 = primes(80).map((p) => rootBits(p, 3));
const H512 = primes(8).map((p) => rootBits(p, 2));
const K256 = Int32Array.from(K512.slice(0, 64), (k) => Number(k >> 32n));
const H256 = Int32Array.from(H512, (h) => Number(h >> 32n));

// --- SHA-256 --------------------------------------------------------------------------------------------------

const BLOCK = 64;
const schedule = new Int32Array(64);

/** One block of `bytes` from `at` on into the state. */
function compress(state, bytes, at) {
  const w = schedule;
  for (let t = 0; t < 16; t += 1) {
    const i = at + 4 * t;
    w[t] = (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3];
  }
  for (let t = 16; t < 64; t += 1) {
    const x = w[t - 15];
    const y = w[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let t = 0; t < 64; t += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K256[t] + w[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** SHA-256 as it is written here. */
export function ownSha256(...parts) {
  const state = H256.slice();
  const tail = new Uint8Array(2 * BLOCK);
  let length = 0;
  for (const part of parts) {
    let from = 0;
    const held = length % BLOCK;
    if (held > 0) {
      from = Math.min(BLOCK - held, part.length);
      for (let i = 0; i < from; i += 1) tail[held + i] = part[i];
      if (held + from === BLOCK) compress(state, tail, 0);
    }
    for (; from + BLOCK <= part.length; from += BLOCK) compress(state, part, from);
    for (let i = from; i < part.length; i += 1) tail[i - from] = part[i];
    length += part.length;
  }
  const held = length % BLOCK;
  tail.fill(0, held);
  tail[held] = 0x80;
  const end = held < BLOCK - 8 ? BLOCK : 2 * BLOCK;
  const view = new DataView(tail.buffer);
  view.setUint32(end - 8, Math.floor(length / 2 ** 29));
  view.setUint32(end - 4, (length << 3) >>> 0);
  for (let at = 0; at < end; at += BLOCK) compress(state, tail, at);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 8; i += 1) {
    digest[4 * i] = state[i] >>> 24;
    digest[4 * i + 1] = state[i] >>> 16;
    digest[4 * i + 2] = state[i] >>> 8;
    digest[4 * i + 3] = state[i];
  }
  return digest;
}

let implementation = ownSha256;

/** The digest (32 bytes) of byte strings, one after the other. */
export function sha256(...parts) {
  return implementation(...parts);
}

/** Use a faster function that gives the same digests, such as node's. */
export function useSha256(faster) {
  implementation = faster;
}

// --- SHA-512 --------------------------------------------------------------------------------------------------

const MASK = 2n ** 64n - 1n;
const turn = (x, n) => ((x >> n) | (x << (64n - n))) & MASK;

/** The digest (64 bytes) of byte strings, one after the other. */
export function sha512(...parts) {
  const message = concat(...parts);
  const padded = new Uint8Array(128 * Math.ceil((message.length + 17) / 128));
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, 8n * BigInt(message.length));
  const state = [...H512];
  for (let at = 0; at < padded.length; at += 128) {
    const w = Array.from({ length: 16 }, (_, t) => view.getBigUint64(at + 8 * t));
    for (let t = 16; t < 80; t += 1) {
      const s0 = turn(w[t - 15], 1n) ^ turn(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
      const s1 = turn(w[t - 2], 19n) ^ turn(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
      w.push((w[t - 16] + s0 + w[t - 7] + s1) & MASK);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 80; t += 1) {
      const s1 = turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n);
      const t1 = h + s1 + ((e & f) ^ (~e & MASK & g)) + K512[t] + w[t];
      const s0 = turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n);
      const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [(t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] = (state[i] + value) & MASK; });
  }
  const digest = new Uint8Array(64);
  const out = new DataView(digest.buffer);
  state.forEach((value, i) => out.setBigUint64(8 * i, value));
  return digest;
}
