// DEEP combination and FRI at the query points (FORMAT.md section 4).

import {
  DEGREE, GENERATOR, P, ZERO, evaluate, extAdd, extEqual, extInverses, extMul, extPowers, extScale, extSub, inverse, lift,
  mul, power, powers, rootOfUnity,
} from './field.mjs';
import { demand } from './faults.mjs';
import { batchLength } from './stacks.mjs';

/** What lambda combines, tree by tree: the weight of each stack at z and at g z, R's, and the claims lane by lane. */
function batch(size, head, lambda) {
  const weights = extPowers(lambda, batchLength(size.trees) + 1);
  let [used, column, next] = [0, 0, 0];
  const take = (count) => weights.slice(used, (used += count));
  const here = size.trees.map(({ stacks }) => take(stacks));
  const ahead = size.trees.map(({ kinds }) => take(kinds[0].width));
  const claimed = [0, 1].map(() => Array.from({ length: size.stack }, () => ZERO));
  const claim = (sums, lane, weight, value) => { sums[lane] = extAdd(sums[lane], extMul(weight, value)); };
  size.trees.forEach(({ kinds }, t) => {
    let first = 0;
    for (const { columns, width, place } of kinds) {
      columns.forEach((one, number) => {
        const [stack, lane] = place(number);
        claim(claimed[0], lane, here[t][first + stack], head.atZ[column + one]);
      });
      first += width;
    }
    kinds[0].columns.forEach((_, number) => {
      const [stack, lane] = kinds[0].place(number);
      claim(claimed[1], lane, ahead[t][stack], head.atNext[next + number]);
    });
    column += kinds[0].columns.length + kinds[1].columns.length;
    next += kinds[0].columns.length;
  });
  return { here, ahead, extra: weights[used], claimed };
}

/** F at the queried points x of D, from the opened rows; denominators are x^k - z and x^k - g z. */
export function deepValues(circuit, size, proof) {
  const { head, challenges, indices, trees } = proof;
  const { z, lambda } = challenges;
  const next = extScale(z, rootOfUnity(size.n));
  const { here, ahead, extra, claimed } = batch(size, head, lambda);

  const generator = rootOfUnity(size.logDomain);
  const points = indices.map((index) => mul(GENERATOR, power(generator, index)));
  const inverses = extInverses(points.flatMap((x) => {
    const y = lift(power(x, size.stack));
    return [extSub(y, z), extSub(y, next)];
  }));

  return new Map(indices.map((index, i) => {
    const quotient = trees.quotient.rows.get(index);
    const rows = [trees.main.rows.get(index), trees.aux.rows.get(index), quotient];
    const sum = (weights) => rows.reduce((total, row, t) => extAdd(total, stacksSum(weights[t], row, size.trees[t].degree)), ZERO);
    const x = lift(points[i]);
    const atZ = extSub(sum(here), evaluate(claimed[0], x));
    const atNext = extSub(sum(ahead), evaluate(claimed[1], x));
    const masked = extMul(extra, quotient.slice(-DEGREE));
    return [index, extAdd(extAdd(extMul(atZ, inverses[2 * i]), extMul(atNext, inverses[2 * i + 1])), masked)];
  }));
}

/** sum weights_j * stack j of a row, the stacks being of one word or of five. */
function stacksSum(weights, row, degree) {
  if (degree === 1) return weightedSum(weights, row);
  return weights.reduce((sum, weight, j) => extAdd(sum, extMul(weight, row.slice(DEGREE * j, DEGREE * (j + 1)))), ZERO);
}

/** sum weights_j values_j with base elements; the sums are reduced once each, being below 2^53. */
function weightedSum(weights, values) {
  const sum = [0, 0, 0, 0, 0];
  for (let j = 0; j < weights.length; j += 1) {
    const weight = weights[j];
    for (let k = 0; k < DEGREE; k += 1) sum[k] += mul(weight[k], values[j]);
  }
  return sum.map((part) => part % P);
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
