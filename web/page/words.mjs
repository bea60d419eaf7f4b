// What a reader of an accepted chain is told besides its figures: what to ask, and what is not shown. The lines are those of
// `zkharvest verify`.

import { toHex } from '../bytes.mjs';
import { hasOtherDays } from '../calendar.mjs';
import { accountsOf, periods, signedInTime } from '../chain.mjs';
import { money } from './form.mjs';

const MAX_NAMED = 8;
const BY_WALLET_FROM = 2025n;
const RESULT = [
  ['short.gain', { level: 'L3', term: 'short', result: 'gain' }, 'units'], ['short.loss', { level: 'L3', term: 'short', result: 'loss' }, 'units'],
  ['long.gain', { level: 'L3', term: 'long', result: 'gain' }, 'units'], ['long.loss', { level: 'L3', term: 'long', result: 'loss' }, 'units'],
  ['income', { level: 'L3', term: 'income', result: 'gain' }, 'proceeds'], ['net', { level: 'NET' }, 'units'],
];

const minute = (instant) => `${new Date(Number(instant)).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** A name from a package within a sentence: as it is, or quoted if it could be mistaken for more, or for two. */
const named = (name) => (/^[A-Za-z0-9:._@+-]+$/.test(name) ? name : JSON.stringify(name));
const nameOf = ({ source, account }) => `${named(source)}/${named(account)}`;

function few(lines) {
  return `${lines.slice(0, MAX_NAMED).join(', ')}${lines.length > MAX_NAMED ? ` and ${lines.length - MAX_NAMED} more` : ''}`;
}

/** Events of the counters of an origin whose kind is a wanted one, of every period. */
function told(links, origin, wanted) {
  const figures = periods(links).flatMap((run) => run.at(-1).figures);
  const found = figures.filter(({ key }) => key.level === 'COUNT' && key.origin === origin && wanted(Number(key.kind)));
  return found.reduce((sum, { values }) => sum + Number(values.get('events') ?? 0n), 0);
}

/** What all declared values come to, in 10^-8; null if a statement does not say it of all of its own. */
function declaredBasis(links) {
  const figures = periods(links).flatMap((run) => run.at(-1).figures);
  const declared = figures.filter(({ key }) => key.level === 'COUNT' && key.origin === 'declared').map(({ values }) => values);
  if (declared.some((values) => values.get('events') !== 0n && !values.has('basis'))) return null;
  return declared.reduce((sum, values) => sum + (values.get('basis') ?? 0n), 0n);
}

const changes = (values) => values.slice(1).map((value, i) => [values[i], value]);

/** Between which periods something changes. A link of no tax year is history, and only another follows or a year. */
const between = (year, later) => (year === later ? `within ${later ?? 'history'}` : `from ${year ?? 'before'} to ${later}`);

/** What to ask: a change of method or zone, one pool of all accounts, a year that is not over, days ahead. `now` is in ms. */
export function notes(links, now = Date.now()) {
  const lines = [];
  const used = periods(links).flatMap((run) => run.map(({ year, method }) => ({ year, method })).filter(({ method }, i) => i === 0 || run[i - 1].method !== method));
  for (const [one, two] of changes(used)) {
    if (one.method === two.method) continue;
    lines.push(`the lot method changes ${between(one.year, two.year)}: ${one.method}, then ${two.method}; no lot's basis serves twice`);
  }
  for (const [one, two] of changes(periods(links).map((run) => run.at(-1)))) {
    if (one.timezone !== two.timezone) lines.push(`the time zone changes ${between(one.year, two.year)}: ${one.timezone}, then ${two.timezone}`);
  }
  const pooled = periods(links).map(([{ year }]) => year).filter((year) => year !== null && year >= BY_WALLET_FROM);
  if (pooled.length > 0 && links.at(-1).pooling === 'universal') {
    lines.push(`lots of all accounts are one pool in ${pooled.join(', ')}: for sales from ${BY_WALLET_FROM} on, Reg. 1.1012-1(j) takes lots of the account that sells`);
  }
  const declared = declaredBasis(links);
  if (told(links, 'declared', () => true) > 0) {
    lines.push(`the basis that the taxpayer declared ${declared === null ? 'is not said, and may be anything' : `comes to ${money(declared)}`}`);
  }
  const received = told(links, 'declared', (kind) => kind >= 5 && kind <= 11);
  if (received > 0) {
    const what = received === 1 ? 'deposit is declared as income: its' : 'deposits are declared as income: their';
    lines.push(`${received} ${what} value is a basis here, and in the income of no year`);
  }
  const [first] = links;
  if (first.opening === null && first.countedFrom !== null && first.countedFrom < first.from) {
    lines.push(`the records of ${first.year} begin at ${minute(first.from)}, not with the year: was there nothing before?`);
  }
  const end = links.at(-1).to;
  if (BigInt(now) < end) lines.push(`the window is not over until ${minute(end)}: later records are not in it`);
  for (const { timezone, calendar } of links.filter(hasOtherDays)) {
    const ends = new Date((calendar.firstDay + calendar.days - 1) * 86400000).toISOString().slice(0, 10);
    lines.push(`some day after ${ends} begins when it does not in ${timezone} as this machine knows it: from when lots are long term may rest on it`);
  }
  return lines;
}

/**
 * What lies before an account's first page or behind its last one, within the time of the chain. An account that was
 * closed before the chain begins has no page here, and nothing of it is shown either.
 */
function outsidePages(links) {
  const { closing, to } = links.at(-1);
  const late = accountsOf(links).map((one) => [one, one.pages[0][1]])
    .filter(([, first]) => first.number === 0n && first.from > links[0].from)
    .map(([one, first]) => `${nameOf(one)} before ${minute(first.from)}`);
  const closed = closing.get('accounts').map(Object.fromEntries).filter(({ final, end }) => final && end < to)
    .map((state) => `${nameOf(state)} from ${minute(state.end)} on`);
  return [[late, 'its pages begin there'], [closed, 'its pages end there']]
    .filter(([found]) => found.length > 0).map(([found, what]) => `what happened in ${few(found)}: ${what}`);
}

function ofPeriod(run) {
  const lines = [];
  const [first, last] = [run[0], run.at(-1)];
  const unsaid = RESULT.filter(([, wanted, group]) => !last.figures.some(({ key, values }) => (
    Object.entries(wanted).every(([part, value]) => key[part] === value) && values.get(group) !== undefined)));
  if (first.year !== null && unsaid.length > 0) {
    lines.push(`${unsaid.map(([name]) => name).join(', ')} of ${first.year}: the statement does not say them, and they may be anything`);
  }
  const ends = first.countedFrom ?? last.to;
  if (first.from < ends) {
    lines.push(`what was gained or lost from ${minute(first.from)} to ${minute(ends)}, and whether tax returns of that time took the same lots: `
      + `it is history, worked by ${first.method.toUpperCase()}, which no year here counts`);
  }
  return lines;
}

/** What an accepted chain does not show. */
export function notShown({ links, signed, policy, tested }) {
  const [first, last] = [links[0], links.at(-1)];
  const own = accountsOf(links).filter(({ source, pages }) => !signedInTime(policy, signed, source, pages.at(-1)));
  const lines = [
    ...(tested ? ['anything: a proof under the parameter set for tests can be made of any statement'] : []),
    "that these accounts are all of the taxpayer's accounts, and in nobody else's figures",
    'that what the pages record is true: that trades took place, at fair prices, and none was left out',
    'that two readers saw one chain: compare the name of the standing carried out with what others were shown',
    first.opening === null
      ? `that nothing was held and nothing happened before ${minute(first.from)}: a first link begins with nothing`
      : `what came before ${minute(first.from)}: that rests on the verdict which carried out the standing ${toHex(first.opening)}, `
        + 'and no counter here has what was declared or unexplained until then',
    ...outsidePages(links),
  ];
  if (own.length > 0) {
    lines.push(`that the pages of ${few(own.map(nameOf))} are true and complete: no source has signed them with an expected key, and the `
      + 'values in them, which are in no counter, are as good as who wrote them');
    const keyed = own.filter(({ source }) => policy.sourceKeys.get(source)?.length);
    if (keyed.length) {
      lines.push(`that their source stands behind the newest pages of ${few(keyed.map(nameOf))}: an expected key of it has not `
        + 'signed them, and a page that is expected by its id needs no signature');
    }
    lines.push('that a coin has one name in these pages: bought, received or deposited under a second name, it has lots of its own');
  }
  if (links.some(hasOtherDays)) {
    lines.push('that the lots carried out become long term when stated: this machine has other rules for the days ahead');
  }
  lines.push(...periods(links).flatMap(ofPeriod));
  if (links.some(({ method }) => method === 'specific')) {
    lines.push("that lots were identified by the time of each disposal: their choice is in the taxpayer's books");
  }
  if (last.closing.get('accounts').length > 1 && links.some(({ pooling }) => pooling === 'wallet')) {
    lines.push('which of two moves with one reference is which: the taxpayer chooses, and no counter shows it');
  }
  if (links.some(({ pooling }) => pooling === 'universal')) {
    lines.push('that an account held what it sold or sent: all accounts are one pool, and what each holds is compared at the end of a year alone, '
      + 'so that a deposit which no page has may be made up for until then');
  }
  if ((last.context.audience !== '' || last.context.nonce.length > 0) && policy.audience === null && policy.nonce === null) {
    lines.push('that the package was made for you: its context was not compared');
  }
  return lines;
}
