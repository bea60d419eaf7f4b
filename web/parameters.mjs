// Parameter sets (FORMAT.md section 8) and the sizes that follow from one (section 4).

import { words } from './bytes.mjs';
import { stackHeights } from './stacks.mjs';

const NAMES = ['log_blowup', 'log_stack', 'queries', 'grind_lookup', 'grind_deep', 'grind_batch', 'grind_fold', 'grind_query', 'johnson_m'];

function set(rows, ...numbers) {
  return { rows, test: false, ...Object.fromEntries(NAMES.map((name, i) => [name, numbers[i]])) };
}

export const PARAMETER_SETS = new Map([
  ['balanced', set([13, 18], 3, 2, 79, 14, 2, 24, 18, 21, 7)],
  ['small', set([13, 17], 4, 3, 60, 14, 1, 23, 15, 20, 5)],
  ['large', set([14, 20], 2, 2, 129, 14, 2, 22, 15, 20, 6)],
  ['test', { ...set([13, 20], 2, 2, 8, 0, 0, 0, 0, 0, 2), test: true }],
]);

export function encodeParameters(parameters) {
  return words(NAMES.map((name) => parameters[name]));
}

/** The arities of the folds where k K = 17 * 2^e, by e. */
const ARITIES = new Map([
  [11, [8, 8]],
  [12, [16, 8]],
  [13, [16, 16]],
  [14, [16, 8, 8]],
  [15, [16, 8, 8]],
  [16, [16, 16, 8]],
  [17, [16, 8, 8, 8]],
  [18, [16, 8, 8, 8]],
]);

function maskOf(parameters) {
  return Math.max(192, 96 * Math.ceil((2 * parameters.queries + 20) / 96));
}

/** Whether a circuit's tables may have these heights (log2 of the rows, BigInt) under a parameter set. */
export function heightsAllowed(heights, parameters, circuit) {
  if (heights.length !== circuit.tables.length) return false;
  const least = BigInt(Math.ceil(Math.log2(16 * maskOf(parameters))));
  const tallest = heights.reduce((a, b) => (a > b ? a : b));
  const within = ([low, high]) => tallest >= BigInt(low) && tallest <= BigInt(high);
  return heights.every((n) => n >= least) && within(parameters.rows) && within(circuit.log_rows);
}

/** All sizes of a proof: N of the tallest tables, the domain, mask, degree bound, pieces and the arities of the folds. */
export function sizes(heights, parameters, circuit) {
  const n = Math.max(...heights);
  const rows = 2 ** n;
  const mask = maskOf(parameters);
  const bound = rows + rows / 16; // K = 17 * 2^(n - 4)
  const stack = 2 ** parameters.log_stack;
  const coset = rows * 2 ** parameters.log_blowup;
  const arities = ARITIES.get(n - 4 + parameters.log_stack);
  const logDomain = n + parameters.log_blowup + parameters.log_stack;
  const ground = (bits) => Math.max(0, bits - (24 - logDomain)); // bits are of the largest domain
  return {
    heights,
    n,
    rows,
    stack,
    coset, // B N points y of the columns' coset
    logDomain,
    domain: stack * coset, // |D|, points x with x^k = y
    stacks: stackHeights(circuit, heights, stack),
    finalCoefficients: arities.reduce((left, arity) => left / arity, stack * bound),
    mask,
    bound,
    pieces: circuit.degree - 1,
    step: bound - mask,
    arities,
    grindBatch: ground(parameters.grind_batch),
    grindFold: ground(parameters.grind_fold),
    mainColumns: circuit.tables.reduce((sum, table) => sum + table.columns.length, 0),
    auxColumns: circuit.tables.reduce((sum, table) => sum + table.groups.length + 1, 0),
    nextMain: circuit.tables.reduce((sum, table) => sum + table.nextColumns.length, 0),
  };
}
