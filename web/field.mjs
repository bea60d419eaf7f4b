// KoalaBear and its extension of degree 5 (FORMAT.md section 1).
//
// A base element is a number in [0, P), an extension element a plain array of five of them, constant first.
// A product of two base elements has up to 62 bits, more than a double holds. `mul` therefore takes only the
// quotient from the doubles (it is off by one at most) and the remainder from 32-bit integer products.

import { readU64 } from './bytes.mjs';

export const P = 2130706433;
export const GENERATOR = 3;
export const TWO_ADICITY = 24;
export const DEGREE = 5;

const INVERSE_OF_P = 1 / P;

export function isElement(value) {
  return Number.isInteger(value) && value >= 0 && value < P;
}

export function add(a, b) {
  const sum = a + b;
  return sum >= P ? sum - P : sum;
}

export function sub(a, b) {
  const difference = a - b;
  return difference < 0 ? difference + P : difference;
}

export function neg(a) {
  return a === 0 ? 0 : P - a;
}

export function mul(a, b) {
  const quotient = (a * b * INVERSE_OF_P) | 0;
  // The true value lies in [-P, 2P) and, as the quotient errs only next to an integer, within a few units of
  // [0, P); modulo 2^32 it is therefore exact as a signed 32-bit integer.
  let rest = (Math.imul(a, b) - Math.imul(quotient, P)) | 0;
  if (rest < 0) rest += P;
  if (rest >= P) rest -= P;
  return rest;
}

export function power(base, exponent) {
  let result = 1;
  let square = base;
  for (let e = BigInt(exponent); e > 0n; e >>= 1n) {
    if (e & 1n) result = mul(result, square);
    square = mul(square, square);
  }
  return result;
}

export function inverse(a) {
  if (a === 0) throw new RangeError('zero has no inverse');
  return power(a, P - 2);
}

/** Any integer below 2^53, modulo P. */
export function reduce(value) {
  return value % P;
}

/** Eight bytes, little-endian, modulo P. */
export function reduceU64(bytes, offset) {
  return Number(readU64(bytes, offset) % BigInt(P));
}

/** w_k, the generator of the subgroup of order 2^k. */
export function rootOfUnity(k) {
  if (!(k >= 0 && k <= TWO_ADICITY)) throw new RangeError(`no root of unity of order 2^${k}`);
  return power(GENERATOR, (P - 1) / 2 ** k);
}

export function powers(base, count) {
  const all = new Array(count);
  let value = 1;
  for (let i = 0; i < count; i += 1) {
    all[i] = value;
    value = mul(value, base);
  }
  return all;
}

// --- the extension E = F_p[x] / (x^5 + x^2 - 1) ---------------------------------------------------------------

export const ZERO = Object.freeze([0, 0, 0, 0, 0]);
export const ONE = Object.freeze([1, 0, 0, 0, 0]);

export function lift(a) {
  return [a, 0, 0, 0, 0];
}

export function extIsZero(a) {
  return a[0] === 0 && a[1] === 0 && a[2] === 0 && a[3] === 0 && a[4] === 0;
}

export function extEqual(a, b) {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3] && a[4] === b[4];
}

export function extAdd(a, b) {
  return [add(a[0], b[0]), add(a[1], b[1]), add(a[2], b[2]), add(a[3], b[3]), add(a[4], b[4])];
}

export function extSub(a, b) {
  return [sub(a[0], b[0]), sub(a[1], b[1]), sub(a[2], b[2]), sub(a[3], b[3]), sub(a[4], b[4])];
}

export function extNeg(a) {
  return [neg(a[0]), neg(a[1]), neg(a[2]), neg(a[3]), neg(a[4])];
}

/** An extension element times a base element. */
export function extScale(a, c) {
  return [mul(a[0], c), mul(a[1], c), mul(a[2], c), mul(a[3], c), mul(a[4], c)];
}

export function extMul(a, b) {
  const wide = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < DEGREE; i += 1) {
    const left = a[i];
    if (left === 0) continue;
    for (let j = 0; j < DEGREE; j += 1) wide[i + j] = add(wide[i + j], mul(left, b[j]));
  }
  // x^k = x^(k-5) - x^(k-3) from the top down: x^5 = 1 - x^2.
  for (let k = 8; k >= DEGREE; k -= 1) {
    wide[k - 5] = add(wide[k - 5], wide[k]);
    wide[k - 3] = sub(wide[k - 3], wide[k]);
  }
  return wide.slice(0, DEGREE);
}

export function extPower(base, exponent) {
  let result = ONE;
  let square = base;
  for (let e = BigInt(exponent); e > 0n; e >>= 1n) {
    if (e & 1n) result = extMul(result, square);
    square = extMul(square, square);
  }
  return result;
}

export function extPowers(base, count) {
  const all = new Array(count);
  let value = ONE;
  for (let i = 0; i < count; i += 1) {
    all[i] = value;
    value = extMul(value, base);
  }
  return all;
}

// x^p, x^2p, ... as elements: the Frobenius map is linear over the base field.
const FROBENIUS = (() => {
  const image = extPower([0, 1, 0, 0, 0], P);
  return extPowers(image, DEGREE);
})();

/** a^p. */
export function frobenius(a) {
  let sum = ZERO;
  for (let i = 0; i < DEGREE; i += 1) sum = extAdd(sum, extScale(FROBENIUS[i], a[i]));
  return sum;
}

/** The inverse: the other four conjugates' product, over the norm, which is in the base field. */
export function extInverse(a) {
  if (extIsZero(a)) throw new RangeError('zero has no inverse');
  const a1 = frobenius(a);
  const a2 = frobenius(a1);
  const a3 = frobenius(a2);
  const a4 = frobenius(a3);
  const others = extMul(extMul(a1, a2), extMul(a3, a4));
  const norm = extMul(a, others);
  return extScale(others, inverse(norm[0]));
}

/** Inverses of many with one inversion; none may be zero. */
export function extInverses(all) {
  const prefix = new Array(all.length);
  let product = ONE;
  for (let i = 0; i < all.length; i += 1) {
    prefix[i] = product;
    product = extMul(product, all[i]);
  }
  let rest = extInverse(product);
  const out = new Array(all.length);
  for (let i = all.length - 1; i >= 0; i -= 1) {
    out[i] = extMul(rest, prefix[i]);
    rest = extMul(rest, all[i]);
  }
  return out;
}

/** v_0 + x v_1 + ... + x^4 v_4: five base columns opened in E give one extension column. */
export function recombine(values) {
  let sum = ZERO;
  for (let i = DEGREE - 1; i >= 0; i -= 1) {
    // times x: x^5 = 1 - x^2
    const top = sum[4];
    sum = [top, sum[0], sub(sum[1], top), sum[2], sum[3]];
    sum = extAdd(sum, values[i]);
  }
  return sum;
}

/** A polynomial with coefficients in E, constant first, at a point of E. */
export function evaluate(coefficients, point) {
  let sum = ZERO;
  for (let i = coefficients.length - 1; i >= 0; i -= 1) sum = extAdd(extMul(sum, point), coefficients[i]);
  return sum;
}
