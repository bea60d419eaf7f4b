// BLS12-381 with keys in G1 and signatures in G2: the proof-of-possession scheme of draft-irtf-cfrg-bls-signature
// (BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_), hashing to the curve by RFC 9380. BigInt, not in constant
// time: everything here is public.

import { toInteger } from './bytes.mjs';
import {
  F1, F2, P, ORDER, f12Conjugate, f12Frobenius, f12Inverse, f12IsOne, f12Line, f12Multiply, f12One, f12Square, mod,
} from './tower.mjs';
import { hashToG2 } from './hash_to_curve.mjs';
import { add, infinity, isInfinity, multiply, negate, toAffine } from './curve.mjs';

const DST_SIGNATURE = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const DST_POSSESSION = 'BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';

const X = 0xd201000000010000n; // the curve's parameter is -X
const HALF = (P - 1n) / 2n;

const GENERATOR = [
  0x17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bbn,
  0x08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1n,
  1n,
];

/** A compressed point of the subgroup of prime order; null if the bytes are none. Infinity has one form. */
function decompress(bytes, F, b, coordinate, isLarger) {
  const flags = bytes[0];
  if ((flags & 0x80) === 0) return null;
  if ((flags & 0x40) !== 0) return flags === 0xc0 && bytes.subarray(1).every((byte) => byte === 0) ? infinity(F) : null;
  const body = Uint8Array.from(bytes);
  body[0] &= 0x1f;
  const x = coordinate(body);
  if (x === null) return null;
  let y = F.sqrt(F.add(F.mul(F.square(x), x), b));
  if (y === null) return null;
  if (isLarger(y) !== ((flags & 0x20) !== 0)) y = F.neg(y);
  const point = [x, y, F.one];
  return isInfinity(F, multiply(F, point, ORDER)) ? point : null;
}

const below = (value) => (value < P ? value : null);

/** A public key: 48 bytes to a point of G1 that is not infinity; null if it is none. */
export function readKey(bytes) {
  const point = decompress(bytes, F1, 4n, (body) => below(toInteger(body)), (y) => y > HALF);
  return point === null || isInfinity(F1, point) ? null : point;
}

/** A signature: 96 bytes to a point of G2; null if it is none. */
export function readSignature(bytes) {
  const coordinate = (body) => {
    const [c1, c0] = [below(toInteger(body.subarray(0, 48))), below(toInteger(body.subarray(48)))];
    return c0 === null || c1 === null ? null : [c0, c1];
  };
  const isLarger = ([c0, c1]) => (c1 === 0n ? c0 > HALF : c1 > HALF);
  return decompress(bytes, F2, [4n, 4n], coordinate, isLarger);
}

/** The sum of two signatures, as points. */
export function addSignatures(one, other) {
  return add(F2, one, other);
}

/** A step of the Miller loop: the line's coefficients at w^0, w^2, w^3, and the slope that moves the point. */
function line(slope, [tx, ty], [px, py]) {
  return [F2.sub(F2.mul(slope, tx), ty), F2.scale(slope, mod(-px)), [py, 0n]];
}

function move(slope, [tx, ty], qx) {
  const x = F2.sub(F2.sub(F2.square(slope), tx), qx);
  return [x, F2.sub(F2.mul(slope, F2.sub(tx, x)), ty)];
}

/** The product of f_{X,Q}(P) over pairs [P in G1, Q in G2], in affine coordinates. */
function millerLoop(pairs) {
  let f = f12One;
  const points = pairs.map(([, q]) => q);
  const bits = X.toString(2);
  for (let i = 1; i < bits.length; i += 1) {
    f = f12Square(f);
    pairs.forEach(([p, q], k) => {
      const [tx, ty] = points[k];
      const slope = F2.mul(F2.scale(F2.square(tx), 3n), F2.inverse(F2.add(ty, ty)));
      f = f12Line(f, line(slope, points[k], p));
      points[k] = move(slope, points[k], tx);
      if (bits[i] === '1') {
        const chord = F2.mul(F2.sub(points[k][1], q[1]), F2.inverse(F2.sub(points[k][0], q[0])));
        f = f12Line(f, line(chord, points[k], p));
        points[k] = move(chord, points[k], q[0]);
      }
    });
  }
  return f12Conjugate(f); // the parameter is negative
}

/** f to the power -X, for f with conjugate = inverse. */
function powerOfParameter(f) {
  let result = f;
  for (const bit of X.toString(2).slice(1)) {
    result = f12Square(result);
    if (bit === '1') result = f12Multiply(result, f);
  }
  return f12Conjugate(result);
}

/** f^(3 (p^12 - 1) / r): 3 (p^4 - p^2 + 1) / r = (x - 1)^2 (x + p) (x^2 + p^2 - 1) + 3. */
function finalExponentiation(f) {
  let g = f12Multiply(f12Conjugate(f), f12Inverse(f));
  g = f12Multiply(f12Frobenius(g, 2), g);
  let h = f12Multiply(powerOfParameter(g), f12Conjugate(g));
  h = f12Multiply(powerOfParameter(h), f12Conjugate(h));
  h = f12Multiply(powerOfParameter(h), f12Frobenius(h, 1));
  const squared = powerOfParameter(powerOfParameter(h));
  h = f12Multiply(f12Multiply(squared, f12Frobenius(h, 2)), f12Conjugate(h));
  return f12Multiply(h, f12Multiply(f12Square(g), g));
}

/** Whether prod e(P, Q) = 1. A pair with infinity contributes nothing. */
export function pairingProductIsOne(pairs) {
  const affine = pairs.filter(([p, q]) => !isInfinity(F1, p) && !isInfinity(F2, q)).map(([p, q]) => [toAffine(F1, p), toAffine(F2, q)]);
  return f12IsOne(finalExponentiation(millerLoop(affine)));
}

/** One signature over distinct messages, each of the key at the same place. */
export function verifyAggregate(keys, messages, signature) {
  const pairs = keys.map((key, i) => [key, hashToG2(messages[i], DST_SIGNATURE)]);
  return pairingProductIsOne([...pairs, [negate(F1, GENERATOR), signature]]);
}

/** All proofs of possession at once, each weighted by a random coefficient of 128 bits, so that faults do not cancel. */
export function verifyPossessions(keys, keyBytes, proofs) {
  let sum = null;
  const pairs = keys.map((key, i) => {
    const weight = toInteger(crypto.getRandomValues(new Uint8Array(16))) | 1n;
    const part = multiply(F2, proofs[i], weight);
    sum = sum === null ? part : add(F2, sum, part);
    return [multiply(F1, key, weight), hashToG2(keyBytes[i], DST_POSSESSION)];
  });
  return pairingProductIsOne([...pairs, [negate(F1, GENERATOR), sum]]);
}
