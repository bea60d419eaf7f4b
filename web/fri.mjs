// DEEP combination and FRI at the query points (FORMAT.md section 4).

import {
  DEGREE, GENERATOR, P, ZERO, evaluate, extAdd, extEqual, extInverses, extMul, extPowers, extScale, extSub, inverse, lift,
  mul, power, powers, rootOfUnity,
} from './field.mjs';
import { demand } from './faults.mjs';

/**
 * F at the queried points of D. The pairs are numbered over both points, so lambda goes on at g z where it stopped
 * at z; what does not depend on the query (sum lambda^j v_j) is computed once.
 */
export function deepValues(circuit, size, proof) {
  const { head, challenges, indices, trees } = proof;
  const { z, lambda } = challenges;
  const next = extScale(z, rootOfUnity(size.n));
  const weights = extPowers(lambda, head.atZ.length + head.atNext.length);
  const nextColumns = nextColumnIndices(circuit);

  const weigh = (values, from) => values.reduce((sum, value, j) => extAdd(sum, extMul(weights[from + j], value)), ZERO);
  const openedHere = weigh(head.atZ, 0);
  const openedNext = weigh(head.atNext, head.atZ.length);

  const generator = rootOfUnity(size.logDomain);
  const points = indices.map((index) => mul(GENERATOR, power(generator, index)));
  const inverses = extInverses(points.flatMap((x) => [extSub(lift(x), z), extSub(lift(x), next)]));

  return new Map(indices.map((index, i) => {
    const row = [...trees.main.rows.get(index), ...trees.aux.rows.get(index), ...trees.quotient.rows.get(index)];
    const here = extSub(weightedSum(weights, 0, row), openedHere);
    const there = extSub(weightedSum(weights, row.length, nextColumns.map((column) => row[column])), openedNext);
    return [index, extAdd(extMul(here, inverses[2 * i]), extMul(there, inverses[2 * i + 1]))];
  }));
}

/** sum weights_(from + j) values_j with base elements; the sums are reduced once each, being below 2^53. */
function weightedSum(weights, from, values) {
  const sum = [0, 0, 0, 0, 0];
  for (let j = 0; j < values.length; j += 1) {
    const weight = weights[from + j];
    const value = values[j];
    for (let k = 0; k < DEGREE; k += 1) sum[k] += mul(weight[k], value);
  }
  return sum.map((part) => part % P);
}

/** Which words of a row (main, aux, quotient) are opened at g z: columns used there, then every phi. */
function nextColumnIndices(circuit) {
  const main = [];
  const phi = [];
  let column = 0;
  for (const table of circuit.tables) {
    for (const one of table.nextColumns) main.push(column + one);
    column += table.columns.length;
  }
  for (const table of circuit.tables) {
    column += DEGREE * table.groups.length;
    for (let k = 0; k < DEGREE; k += 1) phi.push(column + k);
    column += DEGREE;
  }
  return [...main, ...phi];
}

/**
 * One leaf folded: values at x zeta^k, zeta of order a, to sum_i b^i f_i(x^a) where f(X) = sum_i X^i f_i(X^a);
 * f_i(x^a) x^i is the i-th coefficient of the polynomial of degree < a through the values at zeta^k.
 */
export function foldLeaf(values, x, challenge) {
  const arity = values.length;
  const zeta = inverse(rootOfUnity(Math.log2(arity)));
  const twist = powers(zeta, arity);
  const ratio = extScale(challenge, inverse(x));
  let weight = lift(inverse(arity));
  let sum = ZERO;
  for (let i = 0; i < arity; i += 1) {
    let coefficient = ZERO;
    for (let k = 0; k < arity; k += 1) coefficient = extAdd(coefficient, extScale(values[k], twist[(i * k) % arity]));
    sum = extAdd(sum, extMul(weight, coefficient));
    weight = extMul(weight, ratio);
  }
  return sum;
}

/** Every queried value of layer 0 must stand in its leaf, every fold in the next layer, the last in the final polynomial. */
export function checkFri(size, proof, values) {
  let points = size.domain;
  let generator = rootOfUnity(size.logDomain);
  let shift = GENERATOR;
  let expected = values;
  size.arities.forEach((arity, layer) => {
    const { rows } = proof.layers[layer];
    const leaves = points / arity;
    const leaf = (index, slot) => rows.get(index).slice(DEGREE * slot, DEGREE * (slot + 1));
    for (const [index, value] of expected) {
      demand(extEqual(leaf(index % leaves, Math.floor(index / leaves)), value), 'fri/layer', `layer ${layer}`);
    }
    const folded = new Map();
    for (const index of rows.keys()) {
      const x = mul(shift, power(generator, index));
      folded.set(index, foldLeaf(Array.from({ length: arity }, (_, k) => leaf(index, k)), x, proof.challenges.folds[layer]));
    }
    expected = folded;
    points = leaves;
    generator = power(generator, arity);
    shift = power(shift, arity);
  });
  for (const [index, value] of expected) {
    const x = mul(shift, power(generator, index));
    demand(extEqual(evaluate(proof.head.final.values, lift(x)), value), 'fri/final');
  }
}
