// Which columns are committed as one polynomial (FORMAT.md section 4, Stacks).

import { DEGREE } from './field.mjs';

/** Columns of one kind: `columns` in order, `width` stacks; column number j is lane j div width of stack j mod width. */
function kind(columns, stack) {
  const width = Math.ceil(columns.length / stack);
  return { columns, width, place: (number) => [number % width, Math.floor(number / width)] };
}

function tree(count, following, stack, degree) {
  const ahead = new Set(following);
  const others = Array.from({ length: count }, (_, column) => column).filter((column) => !ahead.has(column));
  const kinds = [kind(following, stack), kind(others, stack)];
  const stacks = kinds[0].width + kinds[1].width;
  return { kinds, stacks, degree, words: degree * stacks };
}

/** Main columns that are used in the next row; every phi among the extension columns. */
function lookingAhead(circuit) {
  const main = [];
  const phi = [];
  let column = 0;
  let extension = 0;
  for (const table of circuit.tables) {
    for (const one of table.nextColumns) main.push(column + one);
    column += table.columns.length;
    extension += table.groups.length + 1;
    phi.push(extension - 1);
  }
  return { main, phi, columns: column, extensions: extension };
}

/** The trees main, aux and quotient, k columns a stack. */
export function stackTrees(circuit, stack) {
  const { main, phi, columns, extensions } = lookingAhead(circuit);
  return [
    tree(columns, main, stack, 1),
    tree(extensions, phi, stack, DEGREE),
    tree(circuit.degree - 1, [], stack, DEGREE),
  ];
}

/** Stacks at z, those that look ahead at g z: R has the number after them. */
export function batchLength(trees) {
  return trees.reduce((sum, { stacks, kinds }) => sum + stacks + kinds[0].width, 0);
}
