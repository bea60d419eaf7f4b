// Standings of lot-machine/v2 (FORMAT.md section 12): the state at an instant, its form and its name.

import { compare, isBytes, utf8 } from './bytes.mjs';
import { Rejected, Undecided, demand } from './faults.mjs';
import { encode } from './msgpack.mjs';
import { sha256 } from './sha.mjs';
import { MAX_SOURCES, POOLINGS, ROOT_BYTES, isCurrency, isInteger, isPlainText, isText, isYear, isZoneName, rootWords } from './values.mjs';

const KEYS = ['accounts', 'currency', 'instant', 'lots', 'pooling', 'sums', 'timezone', 'v', 'year'];
const STATE_KEYS = ['account', 'end', 'final', 'number', 'open', 'page', 'source'];
export const TIME_LIMIT = 1n << 44n;

const form = (condition, detail) => demand(condition, 'standing/form', detail);
const value = (condition, detail) => demand(condition, 'standing/value', detail);
const hasKeys = (raw, keys) => raw instanceof Map && raw.size === keys.length && keys.every((key) => raw.has(key));

/** Negative, zero or positive, by the bytes of source and account. */
export function compareNames(a, b) {
  return compare(utf8(a.source), utf8(b.source)) || compare(utf8(a.account), utf8(b.account));
}

function readState(raw) {
  form(hasKeys(raw, STATE_KEYS), 'keys of an account');
  const state = Object.fromEntries(raw);
  form(isText(state.source) && isText(state.account) && isInteger(state.number) && isInteger(state.end), 'an account');
  form(isBytes(state.page, 32) && typeof state.open === 'boolean' && typeof state.final === 'boolean', 'an account');
  value(isPlainText(state.source, 128) && isPlainText(state.account, 128), 'a name');
  value(state.number >= 0n && state.number < 4096n && state.end >= 0n && state.end < TIME_LIMIT, 'a page');
  return state;
}

/** A standing out of a decoded map, as an object; `raw` is the map. */
export function readStanding(raw) {
  form(raw instanceof Map, 'not a map');
  if (isInteger(raw.get('v')) && raw.get('v') > 2n) throw new Undecided('standing/version');
  form(hasKeys(raw, KEYS), 'keys');
  const standing = { ...Object.fromEntries(raw), raw };
  const { instant, year, accounts } = standing;
  form(isInteger(standing.v) && isInteger(instant) && (year === null || isInteger(year)), 'integers');
  form(['currency', 'pooling', 'timezone'].every((name) => isText(standing[name])), 'texts');
  form(isBytes(standing.lots, ROOT_BYTES) && isBytes(standing.sums, ROOT_BYTES) && Array.isArray(accounts), 'roots or accounts');
  value(standing.v === 2n && instant >= 0n && instant < TIME_LIMIT && (year === null || isYear(year)), 'v, instant or year');
  value(isCurrency(standing.currency) && POOLINGS.includes(standing.pooling) && isZoneName(standing.timezone), 'words');
  try {
    rootWords(standing.lots);
    rootWords(standing.sums);
  } catch {
    throw new Rejected('standing/value', 'a root');
  }
  value(accounts.length >= 1 && accounts.length <= MAX_SOURCES, 'the number of accounts');
  standing.accounts = accounts.map(readState);
  standing.accounts.forEach((state, i) => {
    value(i === 0 || compareNames(standing.accounts[i - 1], state) < 0, 'the order of accounts');
    value(state.open === state.end > instant && !(state.final && state.open), 'open or final');
    value(state.final || state.end >= instant, 'pages that end before the instant');
  });
  return standing;
}

/** The map of a standing from an object with its parts. */
export function standingMap(standing) {
  const state = (one) => new Map(STATE_KEYS.map((key) => [key, one[key]]));
  return new Map(KEYS.map((key) => [key, key === 'accounts' ? standing.accounts.map(state) : standing[key]]));
}

/** What names a standing. */
export function standingName(raw) {
  return sha256(utf8('zkharvest/standing/v2\0'), encode(raw));
}
