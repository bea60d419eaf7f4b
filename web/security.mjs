// The bits that a parameter set proves (FORMAT.md section 8): the least of the terms below, each -log2 of an error
// plus the grinding of its round.

import { fractions } from './description.mjs';
import { P } from './field.mjs';
import { sizes } from './parameters.mjs';
import { batchLength } from './stacks.mjs';

const HASH_BITS = 128;
const log2Field = 5 * Math.log2(P);
// K and B N are far below the last place of a double that holds p^5: p^5 - K - B N is p^5 to every digit kept here.

const sum = (values) => values.reduce((all, one) => all + one, 0);

/** Terms [name, bits] in the order of FORMAT.md, one for each fold. */
export function securityTerms(circuit, parameters, heights) {
  const size = sizes(heights, parameters, circuit);
  const { tables } = circuit;
  const [K, D, m] = [size.bound, size.coset, parameters.johnson_m];
  const rho = K / D;
  const gamma = 1 - Math.sqrt(rho) * (1 + 1 / (2 * m));
  const lowest = 2 ** (Math.min(...heights) - size.n);
  const r = (K * lowest + 1) / (D * lowest);
  const eta = 1 - Math.sqrt(r) - gamma;
  const L = Math.max((m + 0.5) / Math.sqrt(rho), 1 / (2 * eta * Math.sqrt(r)));
  const G = (k) => ((2 * (m + 0.5) ** 5 + 3 * (m + 0.5) * gamma * rho) * (k / rho)) / (3 * rho ** 1.5) + (m + 0.5) / Math.sqrt(rho);

  const widest = Math.max(0, ...circuit.buses.map(({ width }) => width));
  const constraints = sum(tables.map((table) => table.constraints.length + table.groups.length + 1));
  const stacked = size.stack * K;

  const overField = (numerator, grinding) => log2Field - Math.log2(numerator) + grinding;
  const folds = size.arities.map((arity, i) => {
    const folded = size.arities.slice(0, i + 1).reduce((all, one) => all * one, 1);
    return [`fold ${i + 1}`, overField(G(stacked / folded) * (arity - 1), size.grindFold)];
  });
  return [
    ['lookup', overField(L * (fractions(circuit, heights) * (widest + 2) + circuit.tallies), parameters.grind_lookup)],
    ['constraints', overField(L * constraints, 0)],
    ['deep', overField(L * (circuit.degree * (K + 1) + K - 1), parameters.grind_deep)],
    ['batch', overField(G(stacked) * batchLength(size.stacks), size.grindBatch)],
    ...folds,
    ['query', -parameters.queries * Math.log2(1 - gamma) + parameters.grind_query],
    ['hash', HASH_BITS],
  ];
}

export function provenBits(circuit, parameters, heights) {
  return Math.min(...securityTerms(circuit, parameters, heights).map(([, bits]) => bits));
}
