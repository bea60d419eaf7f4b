// Which columns are committed as one polynomial (FORMAT.md section 4, Stacks).

import { DEGREE } from './field.mjs';

/** Columns of one kind: `columns` in order, `width` stacks; `place` gives the stack and the lane of column number j. */
function kind(columns, stack, lanes) {
  const width = Math.ceil(columns.length / lanes);
  const short = lanes / stack; // 2^j
  const place = (number) => {
    const within = Math.floor(number / width);
    return [number % width, (within % short) * stack + Math.floor(within / short)];
  };
  return { columns, width, place };
}

/** Of every column of a tree the height of its table, and whether it is opened in the next row as well. */
function columnsOf(circuit, heights) {
  const [main, aux] = [[], []];
  circuit.tables.forEach((table, t) => {
    const next = new Set(table.nextColumns);
    table.columns.forEach((_, column) => main.push({ n: heights[t], ahead: next.has(column) }));
    for (let group = 0; group <= table.groups.length; group += 1) {
      aux.push({ n: heights[t], ahead: group === table.groups.length });
    }
  });
  const quotient = Array.from({ length: circuit.degree - 1 }, () => ({ n: Math.max(...heights), ahead: false }));
  return [[main, 1], [aux, DEGREE], [quotient, DEGREE]];
}

/**
 * The stacks height by height, the tallest first: log2 of the rows, the lanes of a stack, and in each tree (main, aux,
 * quotient) two kinds, with `first` stacks of taller tables before them.
 */
export function stackHeights(circuit, heights, stack) {
  const trees = columnsOf(circuit, heights);
  const first = trees.map(() => 0);
  return [...new Set(heights)].sort((a, b) => b - a).map((n) => {
    const lanes = stack * 2 ** (Math.max(...heights) - n);
    const parts = trees.map(([columns, degree], t) => {
      const numbers = (ahead) => columns.flatMap((one, i) => (one.n === n && one.ahead === ahead ? [i] : []));
      const kinds = [true, false].map((ahead) => kind(numbers(ahead), stack, lanes));
      const part = { kinds, degree, first: first[t], stacks: kinds[0].width + kinds[1].width };
      first[t] += part.stacks;
      return part;
    });
    return { n, lanes, parts };
  });
}

/** Words in an opened row of each tree; behind the quotient's stacks stands R. */
export function rowWords(stacks) {
  return [0, 1, 2].map((t) => stacks.reduce((sum, { parts }) => sum + parts[t].degree * parts[t].stacks, t === 2 ? DEGREE : 0));
}

/** Stacks at z, those that look ahead at g z: R has the number after them. */
export function batchLength(stacks) {
  return stacks.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.stacks + part.kinds[0].width, 0);
}
