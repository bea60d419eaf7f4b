// Constraints at the point z (FORMAT.md sections 2, 3 and 4): nodes, selectors, groups, running sums, public
// columns, and the balance of the buses.

import {
  DEGREE, ONE, ZERO, extAdd, extInverse, extInverses, extIsZero, extMul, extPower, extPowers, extScale, extSub, inverse,
  lift, mul, rootOfUnity,
} from './field.mjs';
import { demand } from './faults.mjs';

/** A message's denominator d = alpha + b + sum beta^i m_i, i from 1. */
function denominator(bus, message, { alpha, betas }) {
  let sum = extAdd(alpha, lift(bus));
  message.forEach((value, i) => {
    sum = extAdd(sum, extMul(betas[i + 1], value));
  });
  return sum;
}

export function lookupChallenges(circuit, alpha, beta, gamma) {
  const width = Math.max(0, ...circuit.buses.map((bus) => bus.width));
  return { alpha, betas: extPowers(beta, width + 1), gammas: extPowers(gamma, circuit.tallies + 1) };
}

/** Messages that stand in no table: scalars and records of lists, as [bus, sign, values]. */
function* publicMessages(circuit, statement) {
  for (const { bus, sign, each, message } of circuit.public_messages) {
    const records = each === null ? [null] : statement.lists[circuit.lists.findIndex((list) => list.name === each)];
    for (let index = 0; index < records.length; index += 1) {
      const values = message.map((term) => {
        if (!Array.isArray(term)) return lift(term);
        if (term[0] === 'public') return lift(statement.publics[term[1]]);
        return lift(term[0] === 'index' ? index : records[index][term[1]]);
      });
      yield { bus, sign, values };
    }
  }
}

/** sum_tables S + sum_public sign / d = 0 (section 3). */
export function checkBalance(circuit, statement, terminals, challenges) {
  const messages = [...publicMessages(circuit, statement)];
  const denominators = messages.map(({ bus, values }) => denominator(bus, values, challenges));
  demand(!denominators.some(extIsZero), 'constraints/balance', 'a denominator vanishes');
  let sum = ZERO;
  for (const terminal of terminals) sum = extAdd(sum, terminal);
  extInverses(denominators).forEach((one, i) => {
    sum = messages[i].sign === 1 ? extAdd(sum, one) : extSub(sum, one);
  });
  demand(extIsZero(sum), 'constraints/balance');
}

/**
 * Public columns at a point: values v_i on the first rows and zero beyond, so that the polynomial is
 * sum_i v_i w^i (z^N - 1) / (N (z - w^i)).
 */
export function publicColumns(columns, point, n) {
  const given = Math.max(0, ...columns.map((column) => column.length));
  if (given === 0) return columns.map(() => ZERO);
  const generator = rootOfUnity(n);
  const roots = new Array(given);
  let root = 1;
  for (let i = 0; i < given; i += 1) {
    roots[i] = root;
    root = mul(root, generator);
  }
  const inverses = extInverses(roots.map((w) => extSub(point, lift(w))));
  const factor = extScale(extSub(extPower(point, 2 ** n), ONE), inverse(2 ** n));
  return columns.map((column) => {
    let sum = ZERO;
    for (let i = 0; i < column.length; i += 1) {
      if (column[i] !== 0) sum = extAdd(sum, extScale(inverses[i], mul(column[i], roots[i])));
    }
    return extMul(sum, factor);
  });
}

/** Values of all nodes of a table; `row` has main and public columns here and on the next row. */
function evaluateNodes(table, row, publics) {
  const values = new Array(table.nodes.length);
  table.nodes.forEach((node, at) => {
    switch (node[0]) {
      case 'const': values[at] = lift(node[1]); break;
      case 'col': values[at] = node[2] === 0 ? row.main[node[1]] : row.mainNext.get(node[1]); break;
      case 'pub': values[at] = node[2] === 0 ? row.open[node[1]] : row.openNext[node[1]]; break;
      case 'public': values[at] = lift(publics[node[1]]); break;
      case 'add': values[at] = extAdd(values[node[1]], values[node[2]]); break;
      case 'sub': values[at] = extSub(values[node[1]], values[node[2]]); break;
      case 'mul': values[at] = extMul(values[node[1]], values[node[2]]); break;
      default: { // lin
        let sum = lift(node[1]);
        for (const [factor, other] of node[2]) sum = extAdd(sum, extScale(values[other], factor));
        values[at] = sum;
      }
    }
  });
  return values;
}

/** What selects the rows of a table of 2^n, each divided by X^N - 1 like everything else; and z one row on. */
function selectors(z, n) {
  const zerofier = extSub(extPower(z, 2 ** n), ONE);
  const over = extInverse(zerofier);
  const last = inverse(rootOfUnity(n));
  const perRow = inverse(2 ** n);
  return {
    all: over,
    first: extScale(extInverse(extSub(z, ONE)), perRow),
    last: extScale(extInverse(extSub(z, lift(last))), mul(perRow, last)),
    transition: extMul(over, extSub(z, lift(last))),
    next: extScale(z, rootOfUnity(n)),
  };
}

/** mult + sum gamma^(slot+1) weight of an interaction; the first language has no weights. */
function numerator({ mult, weights = [] }, nodes, { gammas }) {
  return weights.reduce((sum, [slot, node]) => extAdd(sum, extMul(gammas[slot + 1], nodes[node])), nodes[mult]);
}

/** h_g prod d_i - sum sign_i n_i prod_{j != i} d_j for one group, n_i the numerators. */
function groupConstraint(helper, group, interactions, nodes, challenges) {
  const denominators = group.map((i) => denominator(interactions[i].bus, interactions[i].message.map((node) => nodes[node]), challenges));
  let sum = denominators.reduce(extMul, helper);
  group.forEach((which, i) => {
    const others = denominators.reduce((product, d, j) => (j === i ? product : extMul(product, d)), numerator(interactions[which], nodes, challenges));
    sum = interactions[which].sign === 1 ? extSub(sum, others) : extAdd(sum, others);
  });
  return sum;
}

/** phi(next) - phi - sum h_g - sum gamma^(slot+1) value + S / N. */
function sumConstraint(table, aux, terminal, nodes, challenges, n) {
  let sum = extSub(aux.phiNext, aux.phi);
  for (const helper of aux.helpers) sum = extSub(sum, helper);
  for (const { slot, node } of table.tally) sum = extSub(sum, extMul(challenges.gammas[slot + 1], nodes[node]));
  return extAdd(sum, extScale(terminal, inverse(2 ** n)));
}

/** The opened values, distributed to the tables. */
function distribute(circuit, size, head) {
  let main = 0;
  let aux = size.mainColumns;
  let next = 0;
  let phi = size.nextMain;
  const tables = circuit.tables.map((table) => {
    const extensions = head.atZ.slice(aux, aux + table.groups.length + 1);
    const part = {
      main: head.atZ.slice(main, main + table.columns.length),
      mainNext: new Map(table.nextColumns.map((column, i) => [column, head.atNext[next + i]])),
      helpers: extensions.slice(0, -1),
      phi: extensions.at(-1),
      phiNext: head.atNext[phi],
    };
    main += table.columns.length;
    aux += extensions.length;
    next += table.nextColumns.length;
    phi += 1;
    return part;
  });
  const pieces = head.atZ.slice(aux, aux + size.pieces);
  return { tables, pieces };
}

/** The combination of all constraints at z, each over z^N_t - 1, is the quotient there (section 4, Constraint combination). */
export function checkQuotient(circuit, size, statement, head, challenges) {
  const { z, delta } = challenges;
  const { tables, pieces } = distribute(circuit, size, head);
  const selected = new Map(size.stacks.map(({ n }) => [n, selectors(z, n)]));

  let sum = ZERO;
  let weight = ONE;
  const take = (value) => {
    sum = extAdd(sum, extMul(weight, value));
    weight = extMul(weight, delta);
  };
  circuit.tables.forEach((table, t) => {
    const columns = statement.columns[t];
    const n = size.heights[t];
    const select = selected.get(n);
    const row = {
      ...tables[t],
      open: publicColumns(columns, z, n),
      openNext: publicColumns(columns, select.next, n),
    };
    const nodes = evaluateNodes(table, row, statement.publics);
    for (const { where, node } of table.constraints) take(extMul(select[where], nodes[node]));
    table.groups.forEach((group, g) => take(extMul(select.all, groupConstraint(row.helpers[g], group, table.interactions, nodes, challenges))));
    take(extMul(select.all, sumConstraint(table, row, head.terminals.values[t], nodes, challenges, n)));
  });

  let quotient = ZERO;
  const step = extPower(z, size.step);
  for (const piece of [...pieces].reverse()) quotient = extAdd(extMul(quotient, step), piece);
  demand(extIsZero(extSub(sum, quotient)), 'constraints/quotient');
}
