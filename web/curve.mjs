// Points of y^2 = x^3 + b in Jacobian coordinates [X, Y, Z] over a field object of tower.mjs; Z = 0 is infinity.

export function isInfinity(F, point) {
  return F.isZero(point[2]);
}

export function infinity(F) {
  return [F.one, F.one, F.zero];
}

export function negate(F, [x, y, z]) {
  return [x, F.neg(y), z];
}

export function double(F, [x, y, z]) {
  const a = F.square(x);
  const b = F.square(y);
  const c = F.square(b);
  const d = F.scale(F.sub(F.sub(F.square(F.add(x, b)), a), c), 2n);
  const e = F.scale(a, 3n);
  const x3 = F.sub(F.square(e), F.scale(d, 2n));
  return [x3, F.sub(F.mul(e, F.sub(d, x3)), F.scale(c, 8n)), F.scale(F.mul(y, z), 2n)];
}

export function add(F, p, q) {
  if (isInfinity(F, p)) return q;
  if (isInfinity(F, q)) return p;
  const z1 = F.square(p[2]);
  const z2 = F.square(q[2]);
  const u1 = F.mul(p[0], z2);
  const u2 = F.mul(q[0], z1);
  const s1 = F.mul(F.mul(p[1], q[2]), z2);
  const s2 = F.mul(F.mul(q[1], p[2]), z1);
  if (F.equal(u1, u2)) return F.equal(s1, s2) ? double(F, p) : infinity(F);
  const h = F.sub(u2, u1);
  const r = F.sub(s2, s1);
  const h2 = F.square(h);
  const h3 = F.mul(h2, h);
  const v = F.mul(u1, h2);
  const x3 = F.sub(F.sub(F.square(r), h3), F.scale(v, 2n));
  return [x3, F.sub(F.mul(r, F.sub(v, x3)), F.mul(s1, h3)), F.mul(F.mul(p[2], q[2]), h)];
}

export function multiply(F, point, scalar) {
  let result = infinity(F);
  for (const bit of scalar.toString(2)) {
    result = double(F, result);
    if (bit === '1') result = add(F, result, point);
  }
  return result;
}

export function toAffine(F, [x, y, z]) {
  const inverse = F.inverse(z);
  const square = F.square(inverse);
  return [F.mul(x, square), F.mul(y, F.mul(square, inverse))];
}
