// What the page's fields mean, and what it shows of a chain. Without the page, so that a test can read it.

import { chainCounters, accountsOf, periods, signedInTime } from '../chain.mjs';
import { toHex } from '../bytes.mjs';

/** The lines of a field, each `name = value`, where the last `=` separates; an Error says which is not. */
function lines(text, { field, form, hex }) {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const at = line.lastIndexOf('=');
    const [name, value] = [line.slice(0, Math.max(at, 0)).trim(), line.slice(at + 1).trim()];
    if (name === '' || value === '' || (hex && !/^[0-9a-fA-F]+$/.test(value))) throw new Error(`line ${i + 1} of the ${field} is not "${form}"`);
    return [[name, value]];
  });
}

/** Lists by source. */
function bySource(pairs) {
  const found = new Map();
  for (const [source, value] of pairs) found.set(source, [...new Set([...(found.get(source) ?? []), value])]);
  return Object.fromEntries(found);
}

/** The whole number of a field. Anything else is an error: an expectation that was written must not be dropped. */
function whole(text, field) {
  if (!/^[0-9]+$/.test(text.trim())) throw new Error(`the ${field} is not a whole number`);
  return Number(text);
}

const LIMITS = ['declared', 'unexplained', 'gone', 'by_window', 'in_transit'];

/** The policy of the fields, as an object; `before` is `first`, `standing` or empty. An Error says what is wrong. */
export function policyOf({ before, standing, keys, accounts, pages, limits, year, signer }) {
  const policy = { schema: 'zkharvest/chain-policy/1' };
  if (year !== '') policy.year = whole(year, 'year');
  if (signer.trim() !== '') policy.signer = signer.trim();
  if (before === 'first') policy.first = true;
  if (before === 'standing') {
    if (!/^[0-9a-fA-F]{64}$/.test(standing.trim())) throw new Error('the standing is not 64 hexadecimal digits');
    policy.standing = standing.trim();
  }
  const expected = {
    source_keys: lines(keys, { field: 'keys', form: 'source = hexadecimal key', hex: true }),
    accounts: lines(accounts, { field: 'accounts', form: 'source = account', hex: false }),
    pages: lines(pages, { field: 'pages', form: 'source = hexadecimal id', hex: true }),
  };
  for (const [name, pairs] of Object.entries(expected)) if (pairs.length > 0) policy[name] = bySource(pairs);
  for (const name of LIMITS) if ((limits[name] ?? '') !== '') policy[`max_${name}`] = whole(limits[name], `limit of ${name}`);
  return policy;
}

/** Money (10^-8) as text with two decimals or as many as it needs, thousands apart. */
export function money(units) {
  const magnitude = units < 0n ? -units : units;
  const whole = (magnitude / 10n ** 8n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = (magnitude % 10n ** 8n).toString().padStart(8, '0').replace(/0{1,6}$/, '');
  return `${units < 0n ? '-' : ''}${whole}.${fraction}`;
}

const SHOWN = [
  ['Proceeds', { level: 'NET' }, 'proceeds'],
  ['Basis', { level: 'NET' }, 'basis'],
  ['Net gain', { level: 'NET' }, 'units'],
  ['Short-term gains', { level: 'L3', term: 'short', result: 'gain' }, 'units'],
  ['Short-term losses', { level: 'L3', term: 'short', result: 'loss' }, 'units'],
  ['Long-term gains', { level: 'L3', term: 'long', result: 'gain' }, 'units'],
  ['Long-term losses', { level: 'L3', term: 'long', result: 'loss' }, 'units'],
  ['Income', { level: 'L3', term: 'income', result: 'gain' }, 'proceeds'],
];

/** Figures of a tax year, of its last link; what is not shown is not 0, and has no line. */
function yearRows(run) {
  const link = run.at(-1);
  const methods = run.map(({ method }) => method).filter((one, i, all) => i === 0 || all[i - 1] !== one).join(', then ');
  const rows = [[link.year === null ? 'No tax year' : `Tax year ${link.year}`, `${methods}${link.year === null || link.wholeYear ? '' : ', not to the end of the year'}`]];
  // Of a link without a tax year nothing is counted: its sums are 0 whatever was gained in it.
  for (const [name, wanted, group] of link.year === null ? [] : SHOWN) {
    const found = link.figures.find(({ key }) => Object.entries(wanted).every(([part, value]) => key[part] === value));
    const value = found?.values.get(group);
    if (value !== undefined) rows.push([name, `${money(wanted.result === 'loss' ? -value : value)} ${link.currency}`]);
  }
  return rows;
}

const COUNTERS = [
  ['Declared by the taxpayer', 'declared'],
  ['Deposits that nobody explains', 'unexplained'],
  ['Withdrawals that nobody received', 'gone'],
  ['Moves matched by amount and time', 'by_window'],
  ['Moves that have not arrived', 'in_transit'],
];

/** [name, value] of each line that is shown of an accepted chain. */
export function chainRows({ links, signed, signer, policy }) {
  const last = links.at(-1);
  const counters = chainCounters(links);
  const day = (instant) => new Date(Number(instant)).toISOString().slice(0, 16).replace('T', ' ');
  const rows = periods(links).flatMap(yearRows);
  rows.push(['Rules', `pooling: ${last.pooling}, ${last.timezone}, ${last.currency}`]);
  for (const [name, counter] of COUNTERS) rows.push([name, String(counters[counter])]);
  for (const { source, account, pages } of accountsOf(links)) {
    const keys = signed.get(pages.at(-1)[0]) ?? [];
    const expected = signedInTime(policy, signed, source, pages.at(-1)) ? '' : ', not expected';
    const by = keys.length === 0 ? 'signed by nobody' : `signed by ${keys.map((key) => `${key.slice(0, 16)}…`).join(', ')}${expected}`;
    rows.push([`${source}, ${account}`, `${day(pages[0][1].from)} to ${day(pages.at(-1)[1].to)} UTC, newest page ${pages.at(-1)[0].slice(0, 16)}…, ${by}`]);
  }
  rows.push(['Signed by the taxpayer', signer === null ? 'no' : `${toHex(signer)}${policy.signer === null ? ', which nobody compared' : ''}`]);
  rows.push(['Carried in', links[0].opening === null ? 'nothing' : toHex(links[0].opening)]);
  rows.push(['Carried out', toHex(last.name)]);
  if (last.context.audience !== '') rows.push(['Made for', last.context.audience]);
  return rows;
}
