// Reads and checks a circuit description (FORMAT.md section 2). What is wrong with it is an Error, not a verdict:
// the verifier holds the description itself and would not start with a bad one.

import { toHex } from './bytes.mjs';
import { Rejected } from './faults.mjs';
import { P, isElement } from './field.mjs';
import { parseOnce } from './json.mjs';
import { sha256 } from './sha.mjs';

/** The circuits known here: their ids, and the digests of the frozen files that describe them. */
export const KNOWN_CIRCUITS = new Map([
  ['lot-machine/v2', '158c757e844bf1f588ebe7cdc30fb3c98c21e76d623410b3dd6514932580e106'],
]);

const WHERE = ['all', 'first', 'last', 'transition'];
const MAX_BYTES = 2 ** 22;
const MAX_LENGTH = 2 ** 20; // of a list
const MAX_NAME = 200; // characters
const cache = new Map();

function check(condition, what) {
  if (!condition) throw new Error(`circuit description: ${what}`);
}

function keys(object, names, what) {
  check(object !== null && typeof object === 'object' && !Array.isArray(object), `${what} is not an object`);
  const have = Object.keys(object).sort().join(',');
  check(have === [...names].sort().join(','), `${what} has the keys ${have}`);
}

function list(value, what) {
  check(Array.isArray(value) && value.length <= MAX_LENGTH, `${what} is not a list of acceptable length`);
  return value;
}

function integer(value, below, what) {
  check(Number.isInteger(value) && value >= 0 && value < below, `${what} is not an integer in range`);
  return value;
}

function isName(value, what) {
  check(typeof value === 'string' && value !== '' && [...value].length <= MAX_NAME, `a name in ${what}`);
}

function names(value, what) {
  for (const name of list(value, what)) isName(name, what);
  check(new Set(value).size === value.length, `${what}: a name occurs twice`);
}

/** Degrees of the nodes of a table, each checked to refer to earlier nodes and existing columns only. */
function nodeDegrees(table, circuit) {
  const degrees = [];
  table.nodes.forEach((node, at) => {
    const what = `${table.name}, node ${at}`;
    list(node, what);
    const earlier = (i) => degrees[integer(i, at, what)];
    const size = (n) => check(node.length === n, `${what} has ${node.length} parts`);
    switch (node[0]) {
      case 'const':
        size(2);
        check(isElement(node[1]), what);
        degrees.push(0);
        break;
      case 'col':
      case 'pub':
        size(3);
        integer(node[1], (node[0] === 'col' ? table.columns : table.public_columns).length, what);
        integer(node[2], 2, what);
        degrees.push(1);
        break;
      case 'public':
        size(2);
        integer(node[1], circuit.publics.length, what);
        degrees.push(0);
        break;
      case 'add':
      case 'sub':
        size(3);
        degrees.push(Math.max(earlier(node[1]), earlier(node[2])));
        break;
      case 'mul':
        size(3);
        degrees.push(earlier(node[1]) + earlier(node[2]));
        break;
      case 'lin': {
        size(3);
        check(isElement(node[1]), what);
        let degree = 0;
        for (const term of list(node[2], what)) {
          check(list(term, what).length === 2 && isElement(term[0]), what);
          degree = Math.max(degree, earlier(term[1]));
        }
        degrees.push(degree);
        break;
      }
      default:
        check(false, `${what} is of an unknown kind`);
    }
  });
  return degrees;
}

/** Columns and public columns must all be reached by a constraint, an interaction or a tally. */
function checkReached(table) {
  const reached = new Set();
  const columns = new Set();
  const todo = [
    ...table.constraints.map((c) => c.node),
    ...table.interactions.flatMap((i) => [...numerator(i), ...i.message]),
    ...table.tally.map((t) => t.node),
  ];
  while (todo.length > 0) {
    const at = todo.pop();
    if (reached.has(at)) continue;
    reached.add(at);
    const node = table.nodes[at];
    if (node[0] === 'col' || node[0] === 'pub') columns.add(`${node[0]} ${node[1]}`);
    else if (node[0] === 'lin') for (const [, other] of node[2]) todo.push(other); // too many for arguments
    else if (['add', 'sub', 'mul'].includes(node[0])) todo.push(node[1], node[2]);
  }
  check(columns.size === table.columns.length + table.public_columns.length, `${table.name}: an unused column`);
}

/** The nodes of an interaction's numerator: its multiplicity and its weights, which the first language does not have. */
const numerator = ({ mult, weights = [] }) => [mult, ...weights.map(([, node]) => node)];

/** Degree of a group's constraint in its expanded form (section 2, last paragraph but one). */
function groupDegree(group, interactions, degrees) {
  const parts = group.map((i) => ({
    denominator: Math.max(0, ...interactions[i].message.map((node) => degrees[node])),
    numerator: numerator(interactions[i]).reduce((most, node) => Math.max(most, degrees[node]), 0),
  }));
  const product = parts.reduce((sum, part) => sum + part.denominator, 0);
  return Math.max(1 + product, ...parts.map((part) => part.numerator + product - part.denominator));
}

function checkTable(table, circuit) {
  keys(table, ['name', 'columns', 'public_columns', 'nodes', 'constraints', 'interactions', 'tally', 'groups'], 'a table');
  isName(table.name, 'tables');
  names(table.columns, `${table.name}, columns`);
  names(table.public_columns, `${table.name}, public columns`);
  const degrees = nodeDegrees({ ...table, nodes: list(table.nodes, 'nodes') }, circuit);
  const node = (i, what) => degrees[integer(i, degrees.length, what)];

  for (const constraint of list(table.constraints, 'constraints')) {
    keys(constraint, ['name', 'where', 'node'], `${table.name}, a constraint`);
    const what = `${table.name}, ${constraint.name}`;
    check(WHERE.includes(constraint.where), what);
    const ends = constraint.where === 'first' || constraint.where === 'last' ? 1 : 0;
    check(node(constraint.node, what) + ends <= circuit.degree, `${what}: the degree is too high`);
  }
  names(table.constraints.map(({ name }) => name), `${table.name}, constraints`);
  for (const interaction of list(table.interactions, 'interactions')) {
    keys(interaction, ['bus', 'sign', 'mult', 'message', ...(circuit.lang === 2 ? ['weights'] : [])], `${table.name}, an interaction`);
    const what = `${table.name}, an interaction of bus ${interaction.bus}`;
    for (const pair of list(circuit.lang === 2 ? interaction.weights : [], what)) {
      check(list(pair, what).length === 2 && integer(pair[0], circuit.tallies, what) >= 0, what);
      node(pair[1], what);
    }
    check(integer(interaction.bus, circuit.buses.length + 1, what) > 0, what);
    check(interaction.sign === 1 || interaction.sign === -1, what);
    node(interaction.mult, what);
    check(list(interaction.message, what).length === circuit.buses[interaction.bus - 1].width, what);
    for (const part of interaction.message) node(part, what);
  }
  for (const tally of list(table.tally, 'tally')) {
    keys(tally, ['slot', 'node'], `${table.name}, a tally`);
    integer(tally.slot, circuit.tallies, `${table.name}, a tally`);
    check(node(tally.node, `${table.name}, a tally`) <= circuit.degree, `${table.name}, a tally: degree`);
  }
  const grouped = [];
  for (const group of list(table.groups, 'groups')) {
    check(list(group, 'a group').length > 0, `${table.name}: an empty group`);
    for (const i of group) grouped.push(integer(i, table.interactions.length, `${table.name}, a group`));
    check(groupDegree(group, table.interactions, degrees) <= circuit.degree, `${table.name}, a group: degree`);
  }
  check(grouped.length === table.interactions.length && new Set(grouped).size === grouped.length,
    `${table.name}: an interaction is not in exactly one group`);
  checkReached(table);
}

function checkPublicMessage(message, circuit) {
  keys(message, ['bus', 'sign', 'each', 'message'], 'a public message');
  check(integer(message.bus, circuit.buses.length + 1, 'a public message') > 0, 'a public message');
  check(message.sign === 1 || message.sign === -1, 'a public message');
  const each = message.each === null ? null : circuit.lists.find((one) => one.name === message.each);
  check(each !== undefined, `there is not a list ${message.each}`);
  check(list(message.message, 'a message').length === circuit.buses[message.bus - 1].width, 'a message\'s width');
  for (const term of message.message) {
    if (isElement(term)) continue;
    list(term, 'a term');
    if (term[0] === 'public') check(term.length === 2 && integer(term[1], circuit.publics.length, 'a term') >= 0, 'a term');
    else if (term[0] === 'item') check(each && term.length === 2 && integer(term[1], each.fields.length, 'a term') >= 0, 'a term');
    else check(each && term[0] === 'index' && term.length === 1, 'a term');
  }
}

export function checkDescription(circuit) {
  keys(circuit, ['lang', 'name', 'version', 'degree', 'log_rows', 'publics', 'lists', 'buses', 'tallies', 'tables', 'public_messages'],
    'the description');
  check(circuit.lang === 1 || circuit.lang === 2, 'another language');
  isName(circuit.name, 'the description');
  check(integer(circuit.version, 2 ** 31, 'version') > 0, 'version');
  check(circuit.degree === 3 || circuit.degree === 4, 'the degree');
  const [least, most] = list(circuit.log_rows, 'log_rows');
  check(circuit.log_rows.length === 2 && [least, most].every(Number.isInteger), 'log_rows');
  check(13 <= least && least <= most && most <= 22, 'log_rows');
  names(circuit.publics, 'publics');
  for (const one of list(circuit.lists, 'lists')) {
    keys(one, ['name', 'fields', 'max'], 'a list');
    names(one.fields, one.name);
    integer(one.max, MAX_LENGTH, one.name);
  }
  names(circuit.lists.map((one) => one.name), 'lists');
  for (const bus of list(circuit.buses, 'buses')) {
    keys(bus, ['name', 'width'], 'a bus');
    check(integer(bus.width, 1000, bus.name) > 0, bus.name);
  }
  names(circuit.buses.map((bus) => bus.name), 'buses');
  integer(circuit.tallies, 1000, 'tallies');
  for (const table of list(circuit.tables, 'tables')) checkTable(table, circuit);
  names(circuit.tables.map((table) => table.name), 'tables');
  check(circuit.tables.length > 0, 'there is no table');
  for (const message of list(circuit.public_messages, 'public_messages')) checkPublicMessage(message, circuit);
  check(fractions(circuit, circuit.tables.map(() => most)) < P, 'p or more interactions: multiplicities can wrap');
}

/** How many interactions and public messages there can be at most, table t having 2^heights[t] rows. */
export function fractions(circuit, heights) {
  const sum = (values) => values.reduce((all, one) => all + one, 0);
  const messages = circuit.public_messages.map(({ each }) => (each === null ? 1 : circuit.lists.find(({ name }) => name === each).max));
  return sum(circuit.tables.map((table, t) => table.interactions.length * 2 ** heights[t])) + sum(messages);
}

/** The JSON value of a file in which each thing is said once, and numbers are integers: `JSON.parse` takes 2.0 or 2e0 for 2. */
function parse(bytes) {
  check(bytes.length <= MAX_BYTES, `more than ${MAX_BYTES} bytes`);
  const tokens = [];
  let value = null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = parseOnce(text, (token) => tokens.push(token));
  } catch (error) {
    check(false, `not JSON: ${error.message}`);
  }
  for (const token of tokens) check(token.startsWith('"') || /^-?[0-9]+$/.test(token), `${token.slice(0, 40)} is not an integer`);
  return value;
}

/** The circuit that the bytes of a `circuit.json` describe. */
export function readDescription(bytes) {
  const circuit = parse(bytes);
  checkDescription(circuit);
  return circuit;
}

/** What the protocol needs to know of a table besides its description: which columns are opened at g z too. */
function annotate(circuit) {
  for (const table of circuit.tables) {
    const next = new Set(table.nodes.filter((n) => n[0] === 'col' && n[2] === 1).map((n) => n[1]));
    table.nextColumns = [...next].sort((a, b) => a - b);
  }
}

/**
 * The description and digest (32 bytes) that are held under an id; null if the id is unknown here. `circuitFile(id)`
 * gives the bytes of the circuit's `circuit.json`: a file, or what a page has fetched. They must have the digest above.
 */
export function loadCircuit(id, circuitFile) {
  if (!KNOWN_CIRCUITS.has(id)) return null;
  if (!cache.has(id)) {
    const bytes = circuitFile(id);
    if (!bytes) throw new Rejected('circuit/file', `the description of ${id} is missing`);
    const digest = sha256(bytes);
    if (toHex(digest) !== KNOWN_CIRCUITS.get(id)) throw new Rejected('circuit/file', `the description of ${id} is not the pinned one`);
    const circuit = readDescription(bytes);
    annotate(circuit);
    cache.set(id, { circuit, digest });
  }
  return cache.get(id);
}
