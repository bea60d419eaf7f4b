// Ed25519 (RFC 8032, section 5.1): verification, on BigInt. Everything here is public, so time may depend on it.

import { concat, equal, toInteger } from './bytes.mjs';
import { sha512 } from './sha.mjs';

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (value, modulus = P) => ((value % modulus) + modulus) % modulus;

function power(base, exponent) {
  let [result, square] = [1n, mod(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const inverse = (value) => power(value, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

/** A number of 32 bytes, the least significant first. */
const littleEndian = (bytes) => toInteger(Uint8Array.from(bytes).reverse());

function encode(y, sign) {
  const bytes = new Uint8Array(32);
  let rest = y | (sign << 255n);
  for (let i = 0; i < 32; i += 1) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

// --- points of -x^2 + y^2 = 1 + d x^2 y^2, as [X, Y, Z, T] with x = X/Z, y = Y/Z, x y = T/Z (section 5.1.4) ----------

const NEUTRAL = [0n, 1n, 1n, 0n];

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = ((y1 - x1) * (y2 - x2)) % P;
  const b = ((y1 + x1) * (y2 + x2)) % P;
  const c = (2n * t1 * D * t2) % P;
  const d = (2n * z1 * z2) % P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [(e * f) % P, (g * h) % P, (f * g) % P, (e * h) % P];
}

function multiply(point, scalar) {
  let result = NEUTRAL;
  for (const bit of scalar.toString(2)) {
    result = add(result, result);
    if (bit === '1') result = add(result, point);
  }
  return result;
}

/** The point of 32 bytes (section 5.1.3); null if there is none, or if y is not below p. */
function decompress(bytes) {
  const whole = littleEndian(bytes);
  const [y, sign] = [whole & (2n ** 255n - 1n), whole >> 255n];
  if (y >= P) return null;
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  let x = mod(u * v ** 3n * power(u * v ** 7n, (P - 5n) / 8n));
  const square = mod(v * x * x);
  if (square === mod(-u)) x = mod(x * ROOT_OF_MINUS_ONE);
  else if (square !== u) return null;
  if (x === 0n && sign === 1n) return null;
  if ((x & 1n) !== sign) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}

function compress([x, y, z]) {
  const scale = inverse(z);
  return encode(mod(y * scale), mod(x * scale) & 1n);
}

const BASE = decompress(encode(mod(4n * inverse(5n)), 0n));

/**
 * Whether eight times the point of a key is the neutral one, (0, 1). The y of a double follows from y alone:
 * x^2 = (y^2 - 1) / (d y^2 + 1), and y' = (y^2 + x^2) / (1 - d x^2 y^2).
 */
export function isSmallOrder(key) {
  let y = mod(littleEndian(key) & (2n ** 255n - 1n));
  for (let doubling = 0; doubling < 3; doubling += 1) {
    const yy = mod(y * y);
    const xx = mod((yy - 1n) * inverse(D * yy + 1n));
    y = mod((yy + xx) * inverse(1n - D * mod(xx * yy)));
  }
  return y === 1n;
}

/** Whether a signature (64 bytes) holds under a key (32 bytes): without the cofactor, R compared as bytes, S below the order. */
export function verifies(key, message, signature) {
  const [r, s] = [signature.subarray(0, 32), littleEndian(signature.subarray(32))];
  const point = decompress(key);
  if (point === null || s >= ORDER) return false;
  const challenge = mod(littleEndian(sha512(concat(r, key, message))), ORDER);
  const [x, y, z, t] = point;
  return equal(compress(add(multiply(BASE, s), multiply([mod(-x), y, z, mod(-t)], challenge))), r);
}
