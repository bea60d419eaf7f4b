// A statement of lot-machine/v2: its parts, what must hold of one link, and what a verifier computes of it
// (FORMAT.md sections 11 and 12).

import { equal, isBytes, toHex, utf8 } from './bytes.mjs';
import { parseDate } from './calendar.mjs';
import { accountCode } from './codes.mjs';
import { Rejected, Undecided, demand } from './faults.mjs';
import { countersOf, readFigures } from './figures.mjs';
import { decode } from './msgpack.mjs';
import { sha256 } from './sha.mjs';
import { TIME_LIMIT, compareNames, readStanding, standingMap, standingName } from './standing.mjs';
import {
  MAX_SOURCES, METHODS, POOLINGS, ROOT_BYTES, fields, isCurrency, isInteger, isPlainOrEmpty, isPlainText, isText, isYear,
  isZoneName, map, readCalendar, readCircuitReference, readRoot, rootWords, valid,
} from './values.mjs';

const KEYS = ['accounts', 'calendar', 'carried_in', 'carried_out', 'circuit', 'context', 'covered', 'currency', 'figures', 'holding',
  'method', 'pages', 'pooling', 'timezone', 'v', 'window', 'year'];
const HEADER_KEYS = ['account', 'count', 'currency', 'final', 'from', 'names', 'number', 'prev', 'root', 'source', 'to', 'v'];
const MAX_HEADER = 1024;
const MAX_PAGES = 4096;
export const MAX_LINKS = 256;
export const DAY_ZERO = parseDate('1999-12-31');
export const LAST_COVERED = 32766;

// --- pages ---

/** A header as an object, with the page's id. */
export function readHeader(bytes) {
  const form = (condition) => demand(condition, 'page/form');
  form(bytes.length <= MAX_HEADER);
  let raw;
  try {
    const read = decode(bytes);
    form(read.end === bytes.length);
    raw = read.value;
  } catch {
    throw new Rejected('page/form');
  }
  form(raw instanceof Map);
  if (isInteger(raw.get('v')) && raw.get('v') > 2n) throw new Undecided('page/version');
  form(raw.size === HEADER_KEYS.length && HEADER_KEYS.every((key) => raw.has(key)));
  const page = Object.fromEntries(raw);
  form(['account', 'currency', 'names', 'source'].every((key) => isText(page[key])) && typeof page.final === 'boolean');
  form(['from', 'to', 'number', 'v'].every((key) => isInteger(page[key])) && page.v === 2n && isBytes(page.root));
  form((page.count === null || isInteger(page.count)) && (page.prev === null || isBytes(page.prev)));
  let root = page.root.length === ROOT_BYTES;
  try {
    if (root) rootWords(page.root);
  } catch {
    root = false;
  }
  demand(root && isPlainText(page.source, 128) && isPlainText(page.account, 128) && isCurrency(page.currency)
    && page.names === 'asset/1' && page.number >= 0n && page.number < 4096n && page.from >= 0n && page.from < page.to
    && page.to < TIME_LIMIT && (page.count === null || (page.count >= 0n && page.count <= 1n << 20n))
    && (page.prev === null) === (page.number === 0n) && (page.prev === null || page.prev.length === 32), 'page/value');
  return { ...page, id: sha256(utf8('zkharvest/page/v2\0'), bytes) };
}

const same = (a, b) => a.source === b.source && a.account === b.account;
const nameKey = ({ source, account }) => `${source}\0${account}`;

/** The accounts of the standing carried in, by name. */
const statesOf = (carriedIn) => new Map((carriedIn?.accounts ?? []).map((state) => [nameKey(state), state]));

/** Early or not; rejects unless an account's first page here is where the account goes on. */
function checkFirst(page, known, from) {
  if (known === undefined) {
    demand(page.number === 0n && page.from >= from, 'page/first');
    return false;
  }
  demand(!known.final, 'page/closed');
  if (known.open) {
    demand(equal(page.id, known.page) && page.number === known.number && page.to === known.end, 'page/chain');
    return true;
  }
  demand(page.number === known.number + 1n, 'page/gap');
  demand(page.prev !== null && equal(page.prev, known.page), 'page/chain');
  demand(page.from === known.end, 'page/gap');
  return false;
}

function checkRest(pages, to) {
  pages.slice(1).forEach((page, i) => {
    const before = pages[i];
    demand(page.number === before.number + 1n, 'page/gap');
    demand(!before.final && equal(page.prev, before.id), 'page/chain');
    demand(page.from === before.to, 'page/gap');
  });
  const last = pages.at(-1);
  demand(last.to >= to || last.final, 'page/end');
  demand(last.from < to, 'page/behind');
}

/** Places of early pages. */
function checkPages({ accounts, pages, carriedIn, currency, from, to }) {
  pages.forEach(({ account, header }, i) => {
    const before = pages[i - 1];
    demand(i === 0 || before.account < account || (before.account === account && before.header.number < header.number), 'page/listed');
  });
  const states = statesOf(carriedIn);
  const names = new Set(accounts.map(nameKey));
  demand([...states.keys()].every((name) => names.has(name)), 'link/sources');
  for (const { account, header } of pages) demand(same(header, accounts[account]) && header.currency === currency, 'page/other');
  demand(new Set(pages.map(({ header }) => toHex(header.root))).size === pages.length, 'page/same-root');
  const early = [];
  const places = accounts.map(() => []); // of each account's pages; to look for them account by account is quadratic
  pages.forEach(({ account }, i) => places[account].push(i));
  accounts.forEach((name, number) => {
    const own = places[number];
    const state = states.get(nameKey(name));
    if (own.length === 0) {
      demand(state !== undefined, 'link/sources');
      demand(state.final, 'page/missing');
      return;
    }
    if (checkFirst(pages[own[0]].header, state, from)) early.push(own[0]);
    checkRest(own.map((i) => pages[i].header), to);
  });
  return early;
}

// --- the parts of a statement ---

function readWindow(raw) {
  const window = map(raw, ['from', 'to'], 'window');
  const [from, to] = [window.get('from'), window.get('to')];
  fields(isInteger(from) && isInteger(to), 'window');
  valid(from >= 0n && from < to && to < TIME_LIMIT, 'window');
  return { from, to };
}

function readContext(raw) {
  const context = map(raw, ['audience', 'link', 'links', 'nonce'], 'context');
  const { audience, link, links, nonce } = Object.fromEntries(context);
  fields(isText(audience) && isInteger(link) && isInteger(links) && isBytes(nonce) && nonce.length <= 32, 'context');
  valid(isPlainOrEmpty(audience, 200) && links >= 1n && links <= BigInt(MAX_LINKS) && link >= 0n && link < links, 'context');
  return { audience, nonce, link, links };
}

function readAccounts(raw) {
  fields(Array.isArray(raw), 'accounts');
  valid(raw.length >= 1 && raw.length <= MAX_SOURCES, 'accounts');
  const accounts = raw.map((entry) => {
    const { source, account } = Object.fromEntries(map(entry, ['account', 'source'], 'an account'));
    fields(isText(source) && isText(account), 'an account');
    valid(isPlainText(source, 128) && isPlainText(account, 128), 'a name');
    return { source, account, code: accountCode(source, account) };
  });
  accounts.forEach((name, i) => demand(i === 0 || compareNames(accounts[i - 1], name) < 0, 'link/sources'));
  demand(new Set(accounts.map(({ code }) => code.slice(0, 3).join())).size === accounts.length, 'link/codes');
  return accounts;
}

function readPages(raw, accounts) {
  fields(Array.isArray(raw), 'pages');
  valid(raw.length <= MAX_PAGES, 'pages');
  return raw.map((entry) => {
    const { account, header } = Object.fromEntries(map(entry, ['account', 'header'], 'a page'));
    fields(isInteger(account) && isBytes(header), 'a page');
    valid(account >= 0n && account < BigInt(accounts.length), 'the account of a page');
    return { account: Number(account), header: readHeader(header) };
  });
}

function readCovered(text) {
  if (text === null) return null;
  fields(isText(text), 'covered');
  const day = parseDate(text);
  valid(day !== null && day > DAY_ZERO && day - DAY_ZERO <= LAST_COVERED, 'covered');
  return day - DAY_ZERO;
}

function readDays(raw, year) {
  const calendar = readCalendar(raw, year);
  demand(calendar.firstDay > DAY_ZERO, 'statement/calendar');
  demand(calendar.firstDay + calendar.days - 1 - DAY_ZERO <= LAST_COVERED, 'statement/calendar');
  return calendar;
}

function readParts(raw) {
  map(raw, KEYS, 'statement');
  const circuit = readCircuitReference(raw);
  const text = (key, allowed) => {
    fields(isText(raw.get(key)), key);
    valid(allowed(raw.get(key)), key);
    return raw.get(key);
  };
  const year = raw.get('year');
  fields(isInteger(raw.get('v')), 'v');
  valid(raw.get('v') === 2n, 'v');
  text('holding', (word) => word === 'us-1222');
  fields(year === null || isInteger(year), 'year');
  valid(year === null || isYear(year), 'year');
  const window = readWindow(raw.get('window'));
  const context = readContext(raw.get('context'));
  const accounts = readAccounts(raw.get('accounts'));
  const out = map(raw.get('carried_out'), ['lots', 'sums'], 'carried_out');
  return {
    ...window, circuit, year, context, accounts,
    timezone: text('timezone', isZoneName),
    calendar: readDays(raw.get('calendar'), year === null ? null : Number(year)),
    currency: text('currency', isCurrency),
    method: text('method', (word) => METHODS.includes(word)),
    pooling: text('pooling', (word) => POOLINGS.includes(word)),
    covered: readCovered(raw.get('covered')),
    pages: readPages(raw.get('pages'), accounts),
    carriedIn: raw.get('carried_in') === null ? null : readStanding(raw.get('carried_in')),
    lots: readRoot(out.get('lots'), 'lots').root,
    sums: readRoot(out.get('sums'), 'sums').root,
    figures: readFigures(raw.get('figures'), accounts.length),
  };
}

// --- one link ---

/** Whether the window reaches to the end of its tax year, whether it begins behind the year's first instant, and that instant (ms). */
function checkWindow({ from, to, year, calendar, carriedIn }) {
  const inside = (condition) => demand(condition, 'link/window');
  const start = (day) => BigInt(calendar.starts[day]) * 1000n;
  inside(from >= start(0) && to <= start(calendar.days));
  inside(carriedIn === null || carriedIn.instant === from);
  if (year === null) {
    inside(carriedIn === null || carriedIn.year === null);
    return { wholeYear: false, behindYear: false, countedFrom: null };
  }
  const begins = start(calendar.january - calendar.firstDay);
  inside(to > begins && (carriedIn === null || from >= begins));
  inside(carriedIn === null || carriedIn.year !== null || from === begins);
  return { wholeYear: to === start(calendar.days), behindYear: from > begins, countedFrom: begins };
}

function checkCarried({ carriedIn, currency, pooling, timezone, year }) {
  if (carriedIn === null) return;
  demand(carriedIn.currency === currency, 'link/currency');
  demand(carriedIn.pooling === pooling, 'link/pooling');
  demand(year === null || carriedIn.year !== year || carriedIn.timezone === timezone, 'link/zone');
}

function closingOf(parts) {
  const { accounts, pages, carriedIn, to } = parts;
  const carried = statesOf(carriedIn);
  const states = accounts.map((name) => carried.get(nameKey(name)));
  for (const { account, header } of pages) {
    const open = header.to > to;
    states[account] = { ...accounts[account], number: header.number, page: header.id, end: header.to, open, final: header.final && !open };
  }
  return standingMap({ ...parts, v: 2n, instant: to, accounts: states });
}

/** A link out of the decoded map of a statement: what it states, and what follows. */
export function readLink(raw) {
  fields(raw instanceof Map, 'statement');
  const parts = readParts(raw);
  const { wholeYear, behindYear, countedFrom } = checkWindow(parts);
  checkCarried(parts);
  const early = checkPages(parts);
  const late = parts.pages.flatMap(({ header }, i) => (header.to > parts.to ? [i] : []));
  const sameYear = parts.carriedIn !== null && parts.year !== null && parts.carriedIn.year === parts.year;
  const beginsLate = behindYear && parts.carriedIn !== null && !sameYear;
  const closing = closingOf(parts);
  const opening = parts.carriedIn === null ? null : standingName(parts.carriedIn.raw);
  return { ...parts, early, late, sameYear, wholeYear, beginsLate, countedFrom, closing, opening, name: standingName(closing), counters: countersOf(parts.figures) };
}
