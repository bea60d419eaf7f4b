// Parameter sets (FORMAT.md section 8) and the sizes that follow from one (section 4).

import { u32 } from './transcript.mjs';

const NAMES = ['log_blowup', 'queries', 'grind_lookup', 'grind_deep', 'grind_batch', 'grind_fold', 'grind_query', 'johnson_m'];

function set(rows, ...numbers) {
  return { rows, test: false, ...Object.fromEntries(NAMES.map((name, i) => [name, numbers[i]])) };
}

export const PARAMETER_SETS = new Map([
  ['standard', set([13, 18], 3, 82, 14, 2, 21, 11, 20, 5)],
  ['standard-large', set([14, 20], 2, 132, 14, 2, 21, 12, 20, 5)],
  ['test', { ...set([13, 20], 2, 8, 0, 0, 0, 0, 0, 2), test: true }],
]);

export function encodeParameters(parameters) {
  return Buffer.concat(NAMES.map((name) => u32(parameters[name])));
}

export const FINAL_COEFFICIENTS = 17 * 16;

/** All sizes of a proof: N, the domain, mask, degree bound, pieces and the arities of the folds. */
export function sizes(n, parameters, circuit) {
  const rows = 2 ** n;
  const mask = Math.max(192, 96 * Math.ceil((2 * parameters.queries + 20) / 96));
  const bound = rows + rows / 16; // K = 17 * 2^(n - 4)
  const arities = [];
  for (let e = n - 4; e > 4; e -= Math.log2(arities.at(-1))) arities.push(2 ** Math.min(3, e - 4));
  return {
    n,
    rows,
    logDomain: n + parameters.log_blowup,
    domain: rows * 2 ** parameters.log_blowup,
    mask,
    bound,
    pieces: circuit.degree - 1,
    step: bound - mask,
    arities,
    mainColumns: circuit.tables.reduce((sum, table) => sum + table.columns.length, 0),
    auxColumns: circuit.tables.reduce((sum, table) => sum + table.groups.length + 1, 0),
    nextMain: circuit.tables.reduce((sum, table) => sum + table.nextColumns.length, 0),
  };
}
