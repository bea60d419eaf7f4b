// DEEP combination and FRI at the query points (FORMAT.md section 4).

import {
  DEGREE, GENERATOR, P, ZERO, evaluate, extAdd, extEqual, extInverses, extMul, extPowers, extScale, extSub, inverse, lift,
  mul, power, powers, rootOfUnity,
} from './field.mjs';
import { demand } from './faults.mjs';
import { batchLength } from './stacks.mjs';

/** Columns of E in the three trees, where each begins in the values at z; and where it is in those at g z. */
function openedAt(size, head) {
  const begins = [0, size.mainColumns, size.mainColumns + size.auxColumns];
  const following = [0, 1].map((t) => size.stacks.flatMap(({ parts }) => parts[t].kinds[0].columns).sort((a, b) => a - b));
  const next = following.map((columns, t) => new Map(columns.map((column, i) => [column, head.atNext[t * size.nextMain + i]])));
  return { here: (t, column) => head.atZ[begins[t] + column], ahead: (t, column) => next[t].get(column) };
}

/** What lambda combines: by heights and trees the weight of each stack at z and at g z, and the claims lane by lane; R's. */
function batch(size, head, lambda) {
  const weights = extPowers(lambda, batchLength(size.stacks) + 1);
  const opened = openedAt(size, head);
  let used = 0;
  const take = (count) => weights.slice(used, (used += count));
  const here = size.stacks.map(({ parts }) => parts.map(({ stacks }) => take(stacks)));
  const ahead = size.stacks.map(({ parts }) => parts.map(({ kinds }) => take(kinds[0].width)));
  const shares = size.stacks.map(({ n, lanes, parts }, h) => {
    const claimed = [0, 1].map(() => Array.from({ length: lanes }, () => ZERO));
    const claim = (sums, lane, weight, value) => { sums[lane] = extAdd(sums[lane], extMul(weight, value)); };
    parts.forEach(({ kinds }, t) => {
      kinds.forEach(({ columns, place }, k) => columns.forEach((column, number) => {
        const [stack, lane] = place(number);
        claim(claimed[0], lane, here[h][t][k * kinds[0].width + stack], opened.here(t, column));
        if (k === 0) claim(claimed[1], lane, ahead[h][t][stack], opened.ahead(t, column));
      }));
    });
    return { n, lanes, parts, weights: [here[h], ahead[h]], claimed };
  });
  return { shares, extra: weights[used] };
}

/** F at the queried points x of D, from the opened rows; denominators are x^s - z and x^s - g z, s the lanes of a height. */
export function deepValues(circuit, size, proof) {
  const { head, challenges, indices, trees } = proof;
  const { z, lambda } = challenges;
  const { shares, extra } = batch(size, head, lambda);
  const generator = rootOfUnity(size.logDomain);
  const points = indices.map((index) => mul(GENERATOR, power(generator, index)));
  const rows = indices.map((index) => [trees.main, trees.aux, trees.quotient].map((tree) => tree.rows.get(index)));
  const values = rows.map(([, , quotient]) => extMul(extra, quotient.slice(-DEGREE)));
  for (const { n, lanes, parts, weights, claimed } of shares) {
    [z, extScale(z, rootOfUnity(n))].forEach((point, k) => {
      const inverses = extInverses(points.map((x) => extSub(lift(power(x, lanes)), point)));
      points.forEach((x, i) => {
        let sum = ZERO;
        parts.forEach(({ degree, first }, t) => {
          sum = extAdd(sum, stacksSum(weights[k][t], rows[i][t].slice(degree * first), degree));
        });
        values[i] = extAdd(values[i], extMul(extSub(sum, evaluate(claimed[k], lift(x))), inverses[i]));
      });
    });
  }
  return new Map(indices.map((index, i) => [index, values[i]]));
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
