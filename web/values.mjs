// Types, texts, words and calendars, as statements, standings and policies have them (FORMAT.md section 7).

import { isBytes, readU32, utf8 } from './bytes.mjs';
import { checkCalendar, parseDate } from './calendar.mjs';
import { P } from './field.mjs';
import { demand } from './faults.mjs';

export const METHODS = ['fifo', 'lifo', 'hifo', 'lofo', 'specific'];
export const POOLINGS = ['wallet', 'universal'];
export const ROOT_BYTES = 36;
export const MAX_SOURCES = 4096;
const MAX_DAYS = 2 ** 15; // of a calendar: each is listed, so this is looked at first

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

export function readRoot(root, what) {
  fields(isBytes(root, ROOT_BYTES), what);
  return { root, words: rootWords(root) };
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
  demand(days >= 1n && days <= BigInt(MAX_DAYS), 'statement/calendar', 'the number of days');
  const count = Number(days);
  const last = new Date((first + count - 1) * 86400000).getUTCFullYear();
  return checkCalendar({ firstDay: first, days: count, offsets: offsets.map((run) => run.map(small)) }, year ?? last);
}
