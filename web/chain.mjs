// Chains of links of lot-machine/v2, and what an auditor's expectations make of one (FORMAT.md sections 10 and 12). Proofs and
// signatures are checked elsewhere: `signed` says whose signatures on which page are valid.

import { compare, equal, toHex, utf8 } from './bytes.mjs';
import { demand } from './faults.mjs';
import { NO_COUNTERS } from './figures.mjs';
import { compareNames } from './standing.mjs';

const ADDED = ['declared', 'unexplained', 'gone', 'by_window'];

/** Rejects unless these are all links of a package, in order and made for one context. */
export function checkNumbers(links) {
  const { audience, nonce } = links[0].context;
  links.forEach(({ context }, i) => {
    demand(context.link === BigInt(i) && context.links === BigInt(links.length), 'chain/links', `link ${i + 1}`);
    demand(context.audience === audience && equal(context.nonce, nonce), 'chain/links', 'another context');
  });
}

/** Rejects unless each link begins with the standing at which the one before ended. */
export function checkChain(links) {
  demand(links.length > 0, 'chain/links');
  links.slice(1).forEach((link, i) => {
    demand(link.opening !== null && equal(link.opening, links[i].name), 'chain/standing');
    demand(!link.sameYear || link.covered === links[i].covered, 'chain/covered');
  });
  return links;
}

/** Runs of links of one tax year; a link of none stands alone. */
export function periods(links) {
  const found = [];
  for (const link of links) {
    if (found.length > 0 && link.year !== null && found.at(-1)[0].year === link.year) found.at(-1).push(link);
    else found.push([link]);
  }
  return found;
}

/** The counters of a chain: those of the last link of each period, added up; what is in transit is the last one's. */
export function chainCounters(links) {
  const total = { ...NO_COUNTERS };
  for (const { counters } of periods(links).map((run) => run.at(-1))) {
    for (const name of ADDED) total[name] += counters[name];
    total.in_transit = counters.in_transit;
    total.in_transit_by_window = counters.in_transit_by_window;
  }
  return total;
}

/** Accounts with pages in the chain, sorted, each with its pages in order. */
export function accountsOf(links) {
  const found = new Map();
  for (const { accounts, pages } of links) {
    for (const { account, header } of pages) {
      const { source, account: name } = accounts[account];
      const key = `${source}\0${name}`;
      if (!found.has(key)) found.set(key, { source, account: name, pages: new Map() });
      found.get(key).pages.set(toHex(header.id), header);
    }
  }
  return [...found.values()].sort(compareNames).map((one) => ({ ...one, pages: [...one.pages] }));
}

function inTime({ first = null, last = null }, page) {
  const day = new Date(Number(page.to - 1n)).toISOString().slice(0, 10);
  return (first === null || first <= day) && (last === null || day <= last);
}

/** Rejections of a policy (`policy.mjs`), in order. */
export function mismatches(links, policy) {
  const found = [];
  const opening = links[0].opening === null ? null : toHex(links[0].opening);
  if ((policy.standing !== null || policy.first) && opening !== policy.standing) found.push('policy/standing');
  const pages = new Map(accountsOf(links).flatMap(({ source, pages: own }) => own.map(([id]) => [id, source])));
  // Nothing forbids a standing in which accounts of two sources have one page.
  const before = (links[0].carriedIn?.accounts ?? []).map((state) => [toHex(state.page), state.source]);
  const isOf = (id, source) => (pages.has(id) ? pages.get(id) === source : before.some(([page, owner]) => page === id && owner === source));
  for (const [source, ids] of policy.pages) for (const id of ids) if (!isOf(id, source)) found.push('policy/page');
  const there = links.at(-1).accounts;
  for (const [source, names] of policy.accounts) {
    const own = there.filter((one) => one.source === source).map((one) => one.account);
    for (const name of own) if (!names.includes(name)) found.push('policy/account');
    for (const name of names) if (!own.includes(name)) found.push('policy/account');
  }
  const last = links.at(-1);
  const year = last.year === null ? null : Number(last.year);
  const method = periods(links).at(-1).map((link) => link.method).find((one) => one !== policy.method) ?? last.method;
  const compared = { year, method, pooling: last.pooling, timezone: last.timezone, currency: last.currency };
  for (const [name, value] of Object.entries(compared)) if (policy[name] !== null && policy[name] !== value) found.push(`policy/${name}`);
  if (policy.audience !== null && policy.audience !== last.context.audience) found.push('policy/context');
  if (policy.nonce !== null && policy.nonce !== toHex(last.context.nonce)) found.push('policy/context');
  return found;
}

const of = (bySource, source) => bySource.get(source) ?? [];

/** Whether an expected key of its source has signed a page, [id, header], within the key's days. */
export function signedInTime(policy, signed, source, [id, page]) {
  return of(policy.sourceKeys, source).some((one) => of(signed, id).includes(one.key) && inTime(one, page));
}

/** Sources whose expected signature is not there, or not of its time. */
export function unsigned(links, policy, signed) {
  const found = [];
  // Not as given: an object's keys that are integers come first in JavaScript.
  for (const source of [...policy.sourceKeys.keys()].sort((a, b) => compare(utf8(a), utf8(b)))) {
    const own = accountsOf(links).filter((one) => one.source === source);
    if (own.length === 0) found.push('page/unsigned');
    for (const { pages } of own) {
      const expected = of(policy.pages, source);
      if (pages.some(([id]) => expected.includes(id)) || pages.some((page) => signedInTime(policy, signed, source, page))) continue;
      const other = pages.some(([id]) => of(policy.sourceKeys, source).some(({ key }) => of(signed, id).includes(key)));
      found.push(other ? 'page/key-period' : 'page/unsigned');
    }
  }
  return found;
}

/** What `page/signature` has shown: by page, whose valid signatures it has, both in hexadecimal. */
export function signersOf(attestations) {
  const found = new Map();
  for (const one of attestations) found.set(toHex(one.page), [...of(found, toHex(one.page)), toHex(one.key)]);
  return found;
}

/** compared, holder, later or open: how far an account was compared. */
export function statusOf({ source, account, pages }, before, policy, signed) {
  const expected = of(policy.pages, source);
  const newest = pages.at(-1);
  if (expected.includes(newest[0])) return 'compared';
  if (signedInTime(policy, signed, source, newest)) return of(policy.accounts, source).includes(account) ? 'compared' : 'holder';
  if (before.some((state) => state.source === source && state.account === account && expected.includes(toHex(state.page)))) return 'later';
  return pages.some((page) => expected.includes(page[0]) || signedInTime(policy, signed, source, page)) ? 'later' : 'open';
}

/** What stays open although nothing is false, in order. */
export function openQuestions(links, policy, signed) {
  const found = [];
  if (policy.standing === null && !policy.first) found.push('policy/history');
  if (links[0].sameYear) found.push('policy/year-begun');
  if (policy.pages.size + policy.sourceKeys.size === 0) found.push('policy/no-expectation');
  else {
    const isNamed = (source) => [policy.pages, policy.sourceKeys, policy.accounts].some((named) => named.has(source));
    const before = links[0].carriedIn?.accounts ?? [];
    const compared = accountsOf(links).map((one) => ({ ...one, status: statusOf(one, before, policy, signed) }));
    const statuses = new Set(compared.map(({ status }) => status));
    const open = compared.filter(({ status, source }) => status === 'open' && !(policy.allowOtherSources && !isNamed(source)));
    if (statuses.has('later')) found.push('policy/later-pages');
    if (statuses.has('holder')) found.push('policy/holder');
    if (open.length > 0) found.push('policy/source-not-compared');
  }
  for (const run of periods(links)) if (run[0].year !== null && !run.at(-1).wholeYear) found.push('policy/coverage');
  for (const [first] of periods(links)) if (first.beginsLate) found.push('policy/coverage');
  const counters = chainCounters(links);
  for (const [name, most] of policy.limits) if (counters[name] > most) found.push('policy/counters');
  return found;
}
