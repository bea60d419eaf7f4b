// Fields of BLS12-381: F_p, F_p^2 = F_p[u]/(u^2 + 1) as [c0, c1], and F_p^12 = F_p^2[w]/(w^6 - (1 + u)) as six of those.

export const P = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
export const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

export function mod(a) {
  const rest = a % P;
  return rest < 0n ? rest + P : rest;
}

function powerF1(base, exponent) {
  let result = 1n;
  let square = base;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

function inverseF1(a) {
  if (a === 0n) throw new RangeError('zero has no inverse');
  let [r0, r1, s0, s1] = [P, a, 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1] = [r1, r0 - q * r1];
    [s0, s1] = [s1, s0 - q * s1];
  }
  return mod(s0);
}

export const F1 = {
  zero: 0n,
  one: 1n,
  isZero: (a) => a === 0n,
  equal: (a, b) => a === b,
  add: (a, b) => (a + b) % P,
  sub: (a, b) => mod(a - b),
  neg: (a) => (a === 0n ? 0n : P - a),
  mul: (a, b) => (a * b) % P,
  square: (a) => (a * a) % P,
  scale: (a, c) => mod(a * c),
  inverse: inverseF1,
  /** p = 3 mod 4. Null if there is no root. */
  sqrt(a) {
    const root = powerF1(a, (P + 1n) / 4n);
    return (root * root) % P === a ? root : null;
  },
};

export const F2 = {
  zero: [0n, 0n],
  one: [1n, 0n],
  isZero: (a) => a[0] === 0n && a[1] === 0n,
  equal: (a, b) => a[0] === b[0] && a[1] === b[1],
  add: (a, b) => [(a[0] + b[0]) % P, (a[1] + b[1]) % P],
  sub: (a, b) => [mod(a[0] - b[0]), mod(a[1] - b[1])],
  neg: (a) => [F1.neg(a[0]), F1.neg(a[1])],
  mul: (a, b) => {
    const low = a[0] * b[0];
    const high = a[1] * b[1];
    return [mod(low - high), ((a[0] + a[1]) * (b[0] + b[1]) - low - high) % P];
  },
  square: (a) => [mod((a[0] + a[1]) * (a[0] - a[1])), (2n * a[0] * a[1]) % P],
  scale: (a, c) => [mod(a[0] * c), mod(a[1] * c)],
  conjugate: (a) => [a[0], F1.neg(a[1])],
  inverse(a) {
    const norm = inverseF1((a[0] * a[0] + a[1] * a[1]) % P);
    return [(a[0] * norm) % P, mod(-a[1] * norm)];
  },
  /** By the norm: with s^2 = a0^2 + a1^2, one of (a0 +- s) / 2 is a square, that of the root's first part. */
  sqrt(a) {
    const s = F1.sqrt((a[0] * a[0] + a[1] * a[1]) % P);
    if (s === null) return null;
    const half = inverseF1(2n);
    const c0 = F1.sqrt(((a[0] + s) * half) % P) ?? F1.sqrt(mod((a[0] - s) * half));
    if (c0 === null) return null;
    const c1 = c0 === 0n ? F1.sqrt(mod(-a[0])) : (a[1] * inverseF1((2n * c0) % P)) % P;
    if (c1 === null) return null;
    const root = [c0, c1];
    return F2.equal(F2.square(root), a) ? root : null;
  },
  /** The sign of RFC 9380 section 4.1: parity of the first coordinate that is not zero. */
  sign: (a) => (a[0] === 0n ? a[1] & 1n : a[0] & 1n),
};

const timesXi = ([c0, c1]) => [mod(c0 - c1), (c0 + c1) % P];

export const f12One = [F2.one, F2.zero, F2.zero, F2.zero, F2.zero, F2.zero];

export function f12IsOne(a) {
  return a.every((part, i) => F2.equal(part, f12One[i]));
}

export function f12Multiply(a, b) {
  const low = Array(6).fill(F2.zero);
  const high = Array(6).fill(F2.zero);
  for (let i = 0; i < 6; i += 1) {
    for (let j = 0; j < 6; j += 1) {
      const product = F2.mul(a[i], b[j]);
      if (i + j < 6) low[i + j] = F2.add(low[i + j], product);
      else high[i + j - 6] = F2.add(high[i + j - 6], product);
    }
  }
  return low.map((part, i) => F2.add(part, timesXi(high[i])));
}

export function f12Square(a) {
  const low = Array(6).fill(F2.zero);
  const high = Array(6).fill(F2.zero);
  for (let i = 0; i < 6; i += 1) {
    for (let j = i; j < 6; j += 1) {
      const product = i === j ? F2.square(a[i]) : F2.scale(F2.mul(a[i], a[j]), 2n);
      if (i + j < 6) low[i + j] = F2.add(low[i + j], product);
      else high[i + j - 6] = F2.add(high[i + j - 6], product);
    }
  }
  return low.map((part, i) => F2.add(part, timesXi(high[i])));
}

/** Times c0 + c2 w^2 + c3 w^3, what a line is. */
export function f12Line(a, [c0, c2, c3]) {
  const at = (i) => (i >= 0 ? a[i] : timesXi(a[i + 6]));
  return a.map((_, i) => F2.add(F2.add(F2.mul(at(i), c0), F2.mul(at(i - 2), c2)), F2.mul(at(i - 3), c3)));
}

/** a^(p^6): w becomes -w. */
export function f12Conjugate(a) {
  return a.map((part, i) => (i % 2 === 0 ? part : F2.neg(part)));
}

// w^(p^k) = w xi^((p^k - 1) / 6)
const TWISTS = [1, 2].map((k) => {
  let base = f12One[0];
  let square = [1n, 1n];
  for (let e = (P ** BigInt(k) - 1n) / 6n; e > 0n; e >>= 1n) {
    if (e & 1n) base = F2.mul(base, square);
    square = F2.square(square);
  }
  return base;
});

/** a^(p^k) for k = 1, 2. */
export function f12Frobenius(a, k) {
  let twist = F2.one;
  return a.map((part) => {
    const image = F2.mul(k === 1 ? F2.conjugate(part) : part, twist);
    twist = F2.mul(twist, TWISTS[k - 1]);
    return image;
  });
}

/** By norms: to F_p^6 = F_p^2[w^2], then by its conjugates over F_p^2. */
export function f12Inverse(a) {
  const conjugate = f12Conjugate(a);
  const norm = f12Multiply(a, conjugate); // only even powers of w
  const [c0, c1, c2] = [norm[0], norm[2], norm[4]];
  const t0 = F2.sub(F2.square(c0), timesXi(F2.mul(c1, c2)));
  const t1 = F2.sub(timesXi(F2.square(c2)), F2.mul(c0, c1));
  const t2 = F2.sub(F2.square(c1), F2.mul(c0, c2));
  const scale = F2.inverse(F2.add(F2.mul(c0, t0), timesXi(F2.add(F2.mul(c2, t1), F2.mul(c1, t2)))));
  const inverse = [t0, t1, t2].flatMap((part) => [F2.mul(part, scale), F2.zero]);
  return f12Multiply(conjugate, inverse);
}
