// Figures of a statement of lot-machine/v2, the registers that there are, and counters (FORMAT.md section 12).

import { compare, utf8 } from './bytes.mjs';
import { assetCode } from './codes.mjs';
import { demand } from './faults.mjs';
import { P } from './field.mjs';
import { fields, isInteger, isPlainText, isText } from './values.mjs';

const ORIGINS = ['', 'venue', 'declared', 'none', 'gone', 'out', 'ref', 'window'];
const COVERED = ['', 'c', 'n'];
const TERMS = ['', 'short', 'long', 'flat', 'pool', 'income'];
const RESULTS = ['', 'gain', 'loss'];
const SIDES = ['', '0', '1'];
const WORDS = { origin: ORIGINS, covered: COVERED, term: TERMS, result: RESULTS, side: SIDES };
const LANES = { units: 6n, proceeds: 4n, basis: 4n, fee: 3n, lines: 1n, events: 1n };
const CLASS = ['asset', 'source', 'kind', 'origin', 'covered', 'term', 'result', 'side'];
const LEVELS = {
  L0: CLASS, L1: CLASS, L2: ['source', 'covered', 'term'], L3: ['term', 'result'], L4: ['term'], NET: [],
  COUNT: ['kind', 'origin'], HOLD: ['asset', 'source', 'side'],
};
// Keys of these are more than any rule lists: a figure that is not 0 shows that there is such a register.
const POSTED = ['L0', 'L1', 'HOLD'];
const IN_TRANSIT = 63n;
const MAX_FIGURES = 512;

function exists(condition, detail) {
  demand(condition, 'link/figure', detail);
}

/** The key of a figure, whose level has exactly the fields that it tells apart. */
function readKey(raw, accounts) {
  const level = raw.get('level');
  fields(isText(level) && Object.hasOwn(LEVELS, level), 'a level');
  const names = LEVELS[level];
  fields(raw.size === names.length + 2 && raw.has('values') && names.every((name) => raw.has(name)), 'keys of a figure');
  for (const name of names) fields((['source', 'kind'].includes(name) ? isInteger : isText)(raw.get(name)), name);
  const values = raw.get('values');
  fields(values instanceof Map && values.size > 0 && [...values.keys()].every((name) => Object.hasOwn(LANES, name)), 'values');
  const key = { level, asset: '', source: -1n, kind: 0n, origin: '', covered: '', term: '', result: '', side: '' };
  for (const name of names) key[name] = raw.get(name);
  for (const [name, words] of Object.entries(WORDS)) exists(words.includes(key[name]), name);
  if (names.includes('source')) exists(key.source >= 0n && key.source < BigInt(accounts), 'an account');
  if (names.includes('asset')) exists(isPlainText(key.asset, 320), 'an asset');
  if (names.includes('kind')) {
    exists(key.kind >= 1n && key.kind < 64n && key.origin !== '', 'a kind or origin');
    exists(key.kind !== IN_TRANSIT || (level === 'COUNT' && ['ref', 'window'].includes(key.origin)), 'what is in transit');
  }
  checkClass(key);
  return key;
}

function checkClass({ level, origin, covered, term, result, side }) {
  const disposal = ['short', 'long', 'flat', 'pool'].includes(term);
  const income = term === 'income';
  if (level === 'L0' || level === 'L1') {
    if (disposal) exists(covered !== '' && result !== '' && side !== '' && origin === 'venue', 'a disposal');
    else exists(covered === '' && result === '', 'what is no disposal');
  } else if (level === 'L2') exists(disposal && covered !== '', 'L2');
  else if (level === 'L3') exists((disposal && result !== '') || (income && result === 'gain'), 'L3');
  else if (level === 'L4') exists(disposal || income, 'L4');
  else if (level === 'HOLD') exists(side !== '', 'HOLD');
}

function readValues(raw, level) {
  return new Map([...raw].map(([name, text]) => {
    fields(isText(text), name);
    exists(/^(0|-?[1-9][0-9]{0,49})$/.test(text), name);
    exists(name !== 'units' || !['L2', 'COUNT'].includes(level), 'units of several assets');
    const signed = name === 'proceeds' || name === 'basis' || (name === 'units' && ['L3', 'L4', 'NET'].includes(level));
    const value = BigInt(text);
    const bound = 1n << (24n * LANES[name]);
    exists(value < bound && value > -bound && (signed || value >= 0n), name);
    return [name, value];
  }));
}

function order(a, b) {
  const levels = Object.keys(LEVELS);
  const numbers = ({ level, source, kind }) => [levels.indexOf(level), Number(source), Number(kind)];
  const [one, other] = [numbers(a), numbers(b)];
  const words = Object.entries(WORDS).map(([name, all]) => all.indexOf(a[name]) - all.indexOf(b[name]));
  const all = [one[0] - other[0], compare(utf8(a.asset), utf8(b.asset)), one[1] - other[1], one[2] - other[2], ...words];
  return all.find((difference) => difference !== 0) ?? 0;
}

/** The figures of a statement with so many accounts: [{key, values}]. */
export function readFigures(raw, accounts) {
  fields(Array.isArray(raw), 'figures');
  exists(raw.length <= MAX_FIGURES, 'too many figures');
  const all = raw.map((one) => {
    fields(one instanceof Map, 'a figure');
    const key = readKey(one, accounts);
    const values = readValues(one.get('values'), key.level);
    exists(!POSTED.includes(key.level) || [...values.values()].some((value) => value !== 0n), 'nothing but 0');
    return { key, values };
  });
  all.forEach(({ key }, i) => exists(i === 0 || order(all[i - 1].key, key) < 0, 'the order of figures'));
  return all;
}

const TOLD = ['declared', 'none', 'gone', 'window'];
const NOBODY = [0, 0, 0, 0];

/** A key's sixteen elements in the circuit. */
function keyElements(key, accounts) {
  const told = ['L0', 'L1', 'COUNT'].includes(key.level) && (TOLD.includes(key.origin) || key.kind === IN_TRANSIT);
  const [origin, ...rest] = Object.entries(WORDS).map(([name, words]) => words.indexOf(key[name]));
  return [
    Object.keys(LEVELS).indexOf(key.level) + 1,
    ...(key.asset === '' ? NOBODY : assetCode(key.asset)),
    ...(key.source < 0n ? NOBODY : accounts[key.source].code),
    Number(key.kind), origin, told ? 1 : 0, ...rest,
  ];
}

/** Records of the list `figures`: a key, a lane's number from 1 on, the lane with the sign of the whole. */
export function figureRecords(figures, accounts) {
  const records = [];
  for (const { key, values } of figures) {
    const elements = keyElements(key, accounts);
    let first = 1;
    for (const [name, count] of Object.entries(LANES)) {
      const value = values.get(name);
      if (value !== undefined) {
        const magnitude = value < 0n ? -value : value;
        for (let k = 0n; k < count; k += 1n) {
          const lane = Number((magnitude >> (24n * k)) & 0xffffffn);
          records.push([...elements, first + Number(k), value < 0n && lane > 0 ? P - lane : lane]);
        }
      }
      first += Number(count);
    }
  }
  return records;
}

export const NO_COUNTERS = { declared: 0, unexplained: 0, gone: 0, by_window: 0, in_transit: 0, in_transit_by_window: 0 };
const COUNTED = { declared: 'declared', none: 'unexplained', gone: 'gone', window: 'by_window' };

/** Events by what rests on the taxpayer's word. */
export function countersOf(figures) {
  const found = { ...NO_COUNTERS };
  for (const { key, values } of figures) {
    if (key.level !== 'COUNT') continue;
    const events = Number(values.get('events') ?? 0n);
    if (key.kind === IN_TRANSIT) {
      found.in_transit += events;
      if (key.origin === 'window') found.in_transit_by_window += events;
    } else if (Object.hasOwn(COUNTED, key.origin)) found[COUNTED[key.origin]] += events;
  }
  return found;
}
