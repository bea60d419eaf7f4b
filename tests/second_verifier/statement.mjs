// The statement of lot-machine/v1 (FORMAT.md section 7): types, values, calendar, and what the circuit is shown of it.

import { calendarColumns, checkCalendar, parseDate } from './calendar.mjs';
import { P } from './field.mjs';
import { demand } from './faults.mjs';
import { isPlainOrEmpty, isPlainText } from './text.mjs';
import { sha256, u64 } from './transcript.mjs';

export const METHODS = ['fifo', 'lifo', 'hifo', 'lofo', 'specific'];
export const BASES = ['wallet', 'universal'];
export const ROOT_BYTES = 36;
export const EMPTY_ROOT = Buffer.from('97736e19d85fae2a1f9ca071d4e671213ce74b15658bbb54523bc76c0c4f9a3f48697c4d', 'hex');
const TOTALS = ['short_gain', 'short_loss', 'long_gain', 'long_loss', 'proceeds'];
const TOTAL_BYTES = 12;
const MAX_SOURCES = 4096;
const CODE_MODULUS = 2 ** 30;

const isText = (value) => typeof value === 'string';
const isInteger = (value) => typeof value === 'bigint';
const isBytes = (value, size) => Buffer.isBuffer(value) && (size === undefined || value.length === size);

function fields(condition, detail) {
  demand(condition, 'statement/fields', detail);
}

function valid(condition, detail) {
  demand(condition, 'statement/value', detail);
}

/** A map with exactly these keys. */
function map(value, keys, what) {
  fields(value instanceof Map && value.size === keys.length && keys.every((key) => value.has(key)), what);
  return value;
}

/** Types and keys of everything, before any value is looked at. */
function checkFields(statement) {
  map(statement, ['v', 'circuit', 'year', 'method', 'basis', 'timezone', 'currency', 'holding', 'scales', 'wash_sale', 'calendar',
    'sources', 'opening', 'closing', 'totals', 'context'], 'statement');
  const circuit = map(statement.get('circuit'), ['digest', 'id'], 'circuit');
  fields(isBytes(circuit.get('digest'), 32) && isText(circuit.get('id')), 'circuit');
  fields(isInteger(statement.get('year')), 'year');
  for (const key of ['method', 'basis', 'timezone', 'currency']) fields(isText(statement.get(key)), key);
  const calendar = map(statement.get('calendar'), ['days', 'first_day', 'offsets'], 'calendar');
  fields(isText(calendar.get('first_day')) && isInteger(calendar.get('days')), 'calendar');
  fields(Array.isArray(calendar.get('offsets')), 'offsets');
  for (const run of calendar.get('offsets')) fields(Array.isArray(run) && run.length === 2 && run.every(isInteger), 'a run');
  fields(Array.isArray(statement.get('sources')), 'sources');
  for (const source of statement.get('sources')) {
    map(source, ['id', 'root'], 'a source');
    fields(isText(source.get('id')) && isBytes(source.get('root'), ROOT_BYTES), 'a source');
  }
  for (const key of ['opening', 'closing']) fields(isBytes(statement.get(key), ROOT_BYTES), key);
  const totals = map(statement.get('totals'), TOTALS, 'totals');
  for (const key of TOTALS) fields(isText(totals.get(key)), key);
  const context = map(statement.get('context'), ['audience', 'nonce'], 'context');
  fields(isText(context.get('audience')) && isBytes(context.get('nonce')) && context.get('nonce').length <= 32, 'context');
}

function rootWords(root) {
  const words = Array.from({ length: ROOT_BYTES / 4 }, (_, i) => root.readUInt32LE(4 * i));
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
  const digest = sha256(Buffer.from(`zkharvest/${tag}/v1\0`, 'ascii'), Buffer.from(text, 'utf8'));
  return Array.from({ length: count }, (_, i) => digest.readUInt32LE(4 * i) % CODE_MODULUS);
}

function checkSources(list) {
  valid(list.length >= 1 && list.length <= MAX_SOURCES, 'sources');
  const seenRoots = new Set();
  const seenCodes = new Set();
  let before = null;
  return list.map((source) => {
    const id = source.get('id');
    valid(isPlainText(id, 128), 'a source\'s id');
    const bytes = Buffer.from(id, 'utf8');
    valid(before === null || Buffer.compare(before, bytes) < 0, 'sources are not in order');
    before = bytes;
    const root = source.get('root');
    const words = rootWords(root);
    const code = codeWords('source', id, 3);
    valid(!seenRoots.has(root.toString('hex')) && !seenCodes.has(code.join()), 'two sources are the same');
    seenRoots.add(root.toString('hex'));
    seenCodes.add(code.join());
    return { id, root, words, code };
  });
}

function checkValues(raw) {
  valid(raw.get('v') === 1n && raw.get('holding') === 'us-1222' && raw.get('wash_sale') === false, 'v, holding or wash_sale');
  const scales = raw.get('scales');
  valid(Array.isArray(scales) && scales.length === 2 && scales[0] === 18n && scales[1] === 8n, 'scales');
  const year = raw.get('year');
  valid(year >= 1971n && year <= 2526n, 'year');
  valid(METHODS.includes(raw.get('method')) && BASES.includes(raw.get('basis')), 'method or basis');
  valid(/^[A-Za-z0-9_+\-/]{1,64}$/.test(raw.get('timezone')), 'timezone');
  valid(/^[A-Za-z0-9]{3,10}$/.test(raw.get('currency')), 'currency');
  const sources = checkSources(raw.get('sources'));
  const totals = TOTALS.map((key) => total(raw.get('totals').get(key), key === 'proceeds'));
  const audience = raw.get('context').get('audience');
  valid(isPlainOrEmpty(audience, 200), 'audience');
  const firstDay = parseDate(raw.get('calendar').get('first_day'));
  valid(firstDay !== null, 'first_day');
  return {
    year: Number(year),
    method: raw.get('method'),
    basis: raw.get('basis'),
    timezone: raw.get('timezone'),
    currency: raw.get('currency'),
    sources,
    totals,
    opening: raw.get('opening'),
    openingWords: rootWords(raw.get('opening')),
    closing: raw.get('closing'),
    closingWords: rootWords(raw.get('closing')),
    audience,
    nonce: raw.get('context').get('nonce'),
    firstDay,
  };
}

/** Integers of a calendar as numbers; what is beyond them cannot be right. */
function small(value) {
  demand(value >= -(1n << 40n) && value <= 1n << 40n, 'statement/calendar', 'a number out of all bounds');
  return Number(value);
}

/** The statement as an object; rejects what FORMAT.md section 7 does not allow. The zone is compared elsewhere. */
export function readStatement(raw) {
  checkFields(raw);
  const statement = checkValues(raw);
  statement.carriedIn = !statement.opening.equals(EMPTY_ROOT);
  const calendar = raw.get('calendar');
  statement.calendar = checkCalendar({
    firstDay: statement.firstDay,
    days: small(calendar.get('days')),
    offsets: calendar.get('offsets').map(([day, seconds]) => [small(day), small(seconds)]),
  }, statement.year, !statement.carriedIn);
  return statement;
}

/** The name of the inventory carried in: root, start of day 0 in milliseconds, currency. */
export function openingName(statement) {
  return sha256(Buffer.from('zkharvest/inventory/v1\0', 'ascii'), statement.opening, u64(statement.calendar.starts[0] * 1000),
    Buffer.from(statement.currency, 'utf8'));
}

function bytesOf(magnitude) {
  return Array.from({ length: TOTAL_BYTES }, (_, i) => Number((magnitude >> BigInt(8 * i)) & 255n));
}

/** Public scalars, the list `sources` and the columns of the table `calendar`, in the order of the description. */
export function publicInputs(statement, circuit, context) {
  const publics = [
    ...METHODS.map((method) => (method === statement.method ? 1 : 0)),
    statement.basis === 'wallet' ? 1 : 0,
    statement.totals[4][0] ? 1 : 0,
    statement.year,
    codeWords('currency', statement.currency, 1)[0],
    ...statement.totals.flatMap(([, magnitude]) => bytesOf(magnitude)),
    ...statement.openingWords,
    ...statement.closingWords,
  ];
  const calendar = calendarColumns(statement.calendar, !statement.carriedIn);
  return {
    publics,
    lists: [statement.sources.map(({ words, code }) => [...words, ...code])],
    columns: circuit.tables.map((table) => (table.name === 'calendar' ? calendar : table.public_columns.map(() => []))),
    context,
  };
}
