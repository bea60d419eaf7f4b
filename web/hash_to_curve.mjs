// hash_to_curve of RFC 9380 for BLS12381G2_XMD:SHA-256_SSWU_RO_ (sections 5.3.1, 6.6.2, 8.8.2, appendix E.3).

import { concat, toInteger, utf8 } from './bytes.mjs';
import { add, multiply } from './curve.mjs';
import { F2, P } from './tower.mjs';
import { sha256 } from './sha.mjs';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const ELEMENT_BYTES = 64;

const COFACTOR = 0xbc69f08f2ee75b3584c6a0ea91b352888e2a8e9145ad7689986ff031508ffe1329c2f178731db956d82bf015d1212b02ec0ec69d7477c1ae954cbc06689f6a359894c0adebbf6b4e8020005aaa95551n;

// The curve of the simplified SWU map, which is 3-isogenous to y^2 = x^3 + 4 (1 + u).
const A = [0n, 240n];
const B = [1012n, 1012n];
const Z = [P - 2n, P - 1n];

const K = [
  0x5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97d6n,
  0x11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffffc71an,
  0x8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffffe38dn,
  0x171d6541fa38ccfaed6dea691f5fb614cb14b4e7f4e810aa22d6108f142b85757098e38d0f671c7188e2aaaaaaaa5ed1n,
  0x1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92f6812cfc71c71c6d706n,
  0x5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97ben,
  0x8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffffe38fn,
  0x124c9ad43b6cf79bfbf7043de3811ad0761b0f37a1e26286b0e977c69aa274524e79097a56dc4bd9e1b371c71c718b10n,
];

/** The isogeny's polynomials, constant first (appendix E.3). */
const X_NUMERATOR = [[K[0], K[0]], [0n, K[1]], [K[1] + 4n, K[2]], [K[3], 0n]];
const X_DENOMINATOR = [[0n, P - 72n], [12n, P - 12n], [1n, 0n]];
const Y_NUMERATOR = [[K[4], K[4]], [0n, K[5]], [K[1] + 2n, K[6]], [K[7], 0n]];
const Y_DENOMINATOR = [[P - 432n, P - 432n], [0n, P - 216n], [18n, P - 18n], [1n, 0n]];

export function expandMessage(message, dst, size) {
  const tag = concat(utf8(dst), Uint8Array.of(dst.length));
  const length = Uint8Array.of(size >> 8, size);
  const first = sha256(new Uint8Array(BLOCK_BYTES), message, length, Uint8Array.of(0), tag);
  const blocks = [sha256(first, Uint8Array.of(1), tag)];
  for (let i = 2; (i - 1) * DIGEST_BYTES < size; i += 1) {
    const mixed = Uint8Array.from(first.map((byte, k) => byte ^ blocks.at(-1)[k]));
    blocks.push(sha256(mixed, Uint8Array.of(i), tag));
  }
  return concat(...blocks).subarray(0, size);
}

function fieldElements(message, dst) {
  const bytes = expandMessage(message, dst, 4 * ELEMENT_BYTES);
  const part = (i) => toInteger(bytes.subarray(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES)) % P;
  return [[part(0), part(1)], [part(2), part(3)]];
}

/** Simplified SWU for A B != 0 (section 6.6.2): a point [x, y] of y^2 = x^3 + A x + B. */
function simplifiedSwu(u) {
  const curve = (x) => F2.add(F2.mul(F2.add(F2.square(x), A), x), B);
  const t = F2.mul(Z, F2.square(u));
  const denominator = F2.add(F2.square(t), t);
  const x1 = F2.isZero(denominator)
    ? F2.mul(B, F2.inverse(F2.mul(Z, A)))
    : F2.mul(F2.mul(F2.neg(B), F2.inverse(A)), F2.add(F2.one, F2.inverse(denominator)));
  let x = x1;
  let y = F2.sqrt(curve(x1));
  if (y === null) {
    x = F2.mul(t, x1);
    y = F2.sqrt(curve(x));
  }
  return [x, F2.sign(y) === F2.sign(u) ? y : F2.neg(y)];
}

function evaluate(coefficients, x) {
  return coefficients.reduceRight((sum, coefficient) => F2.add(F2.mul(sum, x), coefficient), F2.zero);
}

function isogeny([x, y]) {
  const image = F2.mul(evaluate(X_NUMERATOR, x), F2.inverse(evaluate(X_DENOMINATOR, x)));
  return [image, F2.mul(y, F2.mul(evaluate(Y_NUMERATOR, x), F2.inverse(evaluate(Y_DENOMINATOR, x)))), F2.one];
}

export function hashToG2(message, dst) {
  const [u0, u1] = fieldElements(message, dst);
  return multiply(F2, add(F2, isogeny(simplifiedSwu(u0)), isogeny(simplifiedSwu(u1))), COFACTOR);
}
