// The statement of lot-machine/v1 (FORMAT.md section 7): types, values, calendar, and what the circuit is shown of it.

import { compare, equal, fromHex, isBytes, readU32, toHex, u64, utf8 } from './bytes.mjs';
import { calendarColumns, checkCalendar, parseDate } from './calendar.mjs';
import { P } from './field.mjs';
import { demand } from './faults.mjs';
import { sha256 } from './sha.mjs';

export const METHODS = ['fifo', 'lifo', 'hifo', 'lofo', 'specific'];
export const POOLINGS = ['wallet', 'universal'];
export const ROOT_BYTES = 36;
export const EMPTY_ROOT = fromHex('97736e19d85fae2a1f9ca071d4e671213ce74b15658bbb54523bc76c0c4f9a3f48697c4d');
const TOTALS = ['short_gain', 'short_loss', 'long_gain', 'long_loss', 'proceeds'];
const TOTAL_BYTES = 12;
export const MAX_SOURCES = 4096;
const CODE_MODULUS = 2 ** 30;

// --- text: of the characters that section 7 lists, without spaces around it or two together ---

const OTHER = new RegExp('[^ !-~\\u{a1}-\\u{ac}\\u{ae}-\\u{24f}\\u{386}\\u{388}-\\u{38a}\\u{38c}\\u{38e}-\\u{3a1}\\u{3a3}-\\u{3ce}\\u{400}-\\u{45f}'
  + '\\u{3041}-\\u{3096}\\u{30a1}-\\u{30fa}\\u{30fc}\\u{4e00}-\\u{9fa5}\\u{ac00}-\\u{d7a3}]', 'u');

export function isPlainText(value, maxBytes) {
  return value !== '' && isPlainOrEmpty(value, maxBytes);
}

export function isPlainOrEmpty(value, maxBytes) {
  return utf8(value).length <= maxBytes && !OTHER.test(value)
    && !value.startsWith(' ') && !value.endsWith(' ') && !value.includes('  ');
}

// --- types and values ---

export const isYear = (value) => value >= 1971 && value <= 2526;
export const isZoneName = (value) => /^[A-Za-z0-9_+\-/]{1,64}$/.test(value);
export const isCurrency = (value) => /^[A-Za-z0-9]{3,5}$/.test(value);

export const isText = (value) => typeof value === 'string';
export const isInteger = (value) => typeof value === 'bigint';

export function fields(condition, detail) {
  demand(condition, 'statement/fields', detail);
}

export function valid(condition, detail) {
  demand(condition, 'statement/value', detail);
}

/** A map with exactly these keys. */
export function map(value, keys, what) {
  fields(value instanceof Map && value.size === keys.length && keys.every((key) => value.has(key)), what);
  return value;
}

/** The circuit's id and digest, which are read before the rest: an unknown circuit's statement may look otherwise. */
export function readCircuitReference(raw) {
  fields(raw.has('circuit'), 'circuit');
  const circuit = map(raw.get('circuit'), ['digest', 'id'], 'circuit');
  fields(isBytes(circuit.get('digest'), 32) && isText(circuit.get('id')), 'circuit');
  valid(isPlainText(circuit.get('id'), 100), 'circuit');
  return { id: circuit.get('id'), digest: circuit.get('digest') };
}

export function rootWords(root) {
  const words = Array.from({ length: ROOT_BYTES / 4 }, (_, i) => readU32(root, 4 * i));
  valid(words.every((word) => word < P), 'a word of a root is not below p');
  return words;
}

/** Canonical decimal text to [negative, magnitude]. */
function total(text, signed) {
  valid((signed ? /^(0|-?[1-9][0-9]{0,28})$/ : /^(0|[1-9][0-9]{0,28})$/).test(text), 'a total');
  const negative = text.startsWith('-');
  const magnitude = BigInt(negative ? text.slice(1) : text);
  valid(magnitude < 1n << 96n, 'a total of 2^96 or more');
  return [negative, magnitude];
}

function codeWords(tag, text, count) {
  const digest = sha256(utf8(`zkharvest/${tag}/v1\0`), utf8(text));
  return Array.from({ length: count }, (_, i) => readU32(digest, 4 * i) % CODE_MODULUS);
}

/** Each source by itself, then what must hold between them. */
function readSources(list) {
  fields(Array.isArray(list), 'sources');
  valid(list.length >= 1 && list.length <= MAX_SOURCES, 'sources');
  const sources = list.map((source) => {
    map(source, ['id', 'root'], 'a source');
    const [id, root] = [source.get('id'), source.get('root')];
    fields(isText(id) && isBytes(root, ROOT_BYTES), 'a source');
    valid(isPlainText(id, 128), 'a source\'s id');
    return { id, bytes: utf8(id), root, words: rootWords(root), code: codeWords('source', id, 3) };
  });
  valid(sources.every(({ bytes }, i) => i === 0 || compare(sources[i - 1].bytes, bytes) < 0), 'sources are not in order');
  valid(new Set(sources.map(({ root }) => toHex(root))).size === sources.length, 'two sources with one root');
  valid(new Set(sources.map(({ code }) => code.join())).size === sources.length, 'two sources with one code');
  return sources;
}

export function readRoot(root, what) {
  fields(isBytes(root, ROOT_BYTES), what);
  return { root, words: rootWords(root) };
}

function readContext(raw) {
  const context = map(raw, ['audience', 'nonce'], 'context');
  const [audience, nonce] = [context.get('audience'), context.get('nonce')];
  fields(isText(audience) && isBytes(nonce) && nonce.length <= 32, 'context');
  valid(isPlainOrEmpty(audience, 200), 'audience');
  return { audience, nonce };
}

/** Integers of a calendar as numbers; what is beyond them cannot be right. */
function small(value) {
  demand(value >= -(1n << 40n) && value <= 1n << 40n, 'statement/calendar', 'a number out of all bounds');
  return Number(value);
}

/** The calendar up to the end of a year; without one, of whatever year it ends with. */
export function readCalendar(raw, year) {
  const calendar = map(raw, ['days', 'first_day', 'offsets'], 'calendar');
  const [days, firstDay, offsets] = [calendar.get('days'), calendar.get('first_day'), calendar.get('offsets')];
  fields(isInteger(days) && isText(firstDay) && Array.isArray(offsets), 'calendar');
  for (const run of offsets) fields(Array.isArray(run) && run.length === 2 && run.every(isInteger), 'a run');
  const first = parseDate(firstDay);
  valid(first !== null, 'first_day');
  const count = small(days);
  const last = new Date((first + count - 1) * 86400000).getUTCFullYear();
  demand(Number.isInteger(last), 'statement/calendar', 'days out of all bounds');
  return checkCalendar({ firstDay: first, days: count, offsets: offsets.map((run) => run.map(small)) }, year ?? last);
}

function readTotals(raw) {
  const totals = map(raw, TOTALS, 'totals');
  fields(TOTALS.every((key) => isText(totals.get(key))), 'totals');
  return TOTALS.map((key) => total(totals.get(key), key === 'proceeds'));
}

/**
 * The statement as an object; rejects what FORMAT.md section 7 does not allow, in the order in which section 9 has
 * the checks. The zone is compared elsewhere.
 */
export function readStatement(raw) {
  map(raw, ['v', 'circuit', 'year', 'method', 'pooling', 'timezone', 'currency', 'holding', 'scales', 'wash_sale', 'calendar',
    'sources', 'carried_in', 'carried_out', 'totals', 'context'], 'statement');
  const scales = raw.get('scales');
  valid(raw.get('v') === 1n && raw.get('holding') === 'us-1222' && raw.get('wash_sale') === false, 'v, holding or wash_sale');
  valid(Array.isArray(scales) && scales.length === 2 && scales[0] === 18n && scales[1] === 8n, 'scales');
  fields(isInteger(raw.get('year')), 'year');
  valid(isYear(raw.get('year')), 'year');
  const year = Number(raw.get('year'));
  const { audience, nonce } = readContext(raw.get('context'));
  const calendar = readCalendar(raw.get('calendar'), year);
  const inventoryIn = readRoot(raw.get('carried_in'), 'carried_in');
  const carriedIn = !equal(inventoryIn.root, EMPTY_ROOT);
  demand(!carriedIn || calendar.firstDay === calendar.january, 'statement/calendar', 'lots carried in: first_day is January 1');
  const text = (key, allowed) => {
    fields(isText(raw.get(key)), key);
    valid(allowed(raw.get(key)), key);
    return raw.get(key);
  };
  const method = text('method', (value) => METHODS.includes(value));
  const pooling = text('pooling', (value) => POOLINGS.includes(value));
  const timezone = text('timezone', isZoneName);
  const currency = text('currency', isCurrency);
  const sources = readSources(raw.get('sources'));
  const inventoryOut = readRoot(raw.get('carried_out'), 'carried_out');
  const totals = readTotals(raw.get('totals'));
  return { year, audience, nonce, calendar, inventoryIn, carriedIn, method, pooling, timezone, currency, sources, inventoryOut, totals };
}

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The word of a currency: its letters as digits 1 to 62 to base 63, the first lowest (section 7). */
export function currencyCode(name) {
  return [...name].reduceRight((code, letter) => code * 63 + LETTERS.indexOf(letter) + 1, 0);
}

/** The name of the inventory carried in: root, start of day 0 in milliseconds, currency. */
export function carriedInName(statement) {
  return sha256(utf8('zkharvest/inventory/v1\0'), statement.inventoryIn.root, u64(statement.calendar.starts[0] * 1000),
    utf8(statement.currency));
}

function bytesOf(magnitude) {
  return Array.from({ length: TOTAL_BYTES }, (_, i) => Number((magnitude >> BigInt(8 * i)) & 255n));
}

/** Public scalars, the list `sources` and the columns of the table `calendar`, in the order of the description. */
export function publicInputs(statement, circuit, context) {
  const publics = [
    ...METHODS.map((method) => (method === statement.method ? 1 : 0)),
    statement.pooling === 'wallet' ? 1 : 0,
    statement.totals[4][0] ? 1 : 0,
    statement.year,
    currencyCode(statement.currency),
    ...statement.totals.flatMap(([, magnitude]) => bytesOf(magnitude)),
    ...statement.inventoryIn.words,
    ...statement.inventoryOut.words,
  ];
  const calendar = calendarColumns(statement.calendar, !statement.carriedIn);
  return {
    publics,
    lists: [statement.sources.map(({ words, code }) => [...words, ...code])],
    columns: circuit.tables.map((table) => (table.name === 'calendar' ? calendar : table.public_columns.map(() => []))),
    context,
  };
}
