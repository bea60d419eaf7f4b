// Chains of links of lot-machine/v2, and what an auditor's expectations make of one (FORMAT.md section 12). Proofs and
// signatures are checked elsewhere: `signed` says whose signatures on which page are valid.

import { equal, toHex } from './bytes.mjs';
import { demand } from './faults.mjs';
import { NO_COUNTERS } from './figures.mjs';
import { compareNames } from './standing.mjs';

const ADDED = ['declared', 'unexplained', 'gone', 'by_window'];
const LIMITS = [...ADDED, 'in_transit'];

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
function periods(links) {
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
function accountsOf(links) {
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

const listed = (value) => (Array.isArray(value) ? value : [value]);
const keyed = (one) => (typeof one === 'string' ? { key: one } : one);

function inTime({ first = null, last = null }, page) {
  const day = new Date(Number(page.to - 1n)).toISOString().slice(0, 10);
  return (first === null || first <= day) && (last === null || day <= last);
}

/** Rejections of a policy, in order. */
function mismatches(links, policy) {
  const found = [];
  const opening = links[0].opening === null ? null : toHex(links[0].opening);
  const wanted = policy.standing?.toLowerCase() ?? null;
  if ((policy.standing != null || policy.first) && opening !== wanted) found.push('policy/standing');
  const pages = new Map(accountsOf(links).flatMap(({ source, pages: own }) => own.map(([id]) => [id, source])));
  for (const state of links[0].carriedIn?.accounts ?? []) if (!pages.has(toHex(state.page))) pages.set(toHex(state.page), state.source);
  for (const [source, ids] of Object.entries(policy.pages ?? {})) {
    for (const id of listed(ids)) if (pages.get(id.toLowerCase()) !== source) found.push('policy/page');
  }
  const there = links.at(-1).accounts;
  for (const [source, names] of Object.entries(policy.accounts ?? {})) {
    const own = there.filter((one) => one.source === source).map((one) => one.account);
    for (const name of own) if (!listed(names).includes(name)) found.push('policy/account');
    for (const name of listed(names)) if (!own.includes(name)) found.push('policy/account');
  }
  const last = links.at(-1);
  const year = last.year === null ? null : Number(last.year);
  const compared = { year, method: last.method, pooling: last.pooling, timezone: last.timezone, currency: last.currency };
  for (const [name, value] of Object.entries(compared)) if (policy[name] != null && policy[name] !== value) found.push(`policy/${name}`);
  if (policy.audience != null && policy.audience !== last.context.audience) found.push('policy/context');
  if (policy.nonce != null && policy.nonce.toLowerCase() !== toHex(last.context.nonce)) found.push('policy/context');
  return found;
}

function keysOf(policy, source) {
  return listed(policy.source_keys?.[source] ?? []).map(keyed);
}

function signedInTime(policy, signed, source, [id, page]) {
  return keysOf(policy, source).some((one) => (signed[id] ?? []).includes(one.key) && inTime(one, page));
}

/** Sources whose expected signature is not there, or not of its time. */
function unsigned(links, policy, signed) {
  const found = [];
  for (const source of Object.keys(policy.source_keys ?? {})) {
    const own = accountsOf(links).filter((one) => one.source === source);
    if (own.length === 0) found.push('page/unsigned');
    for (const { pages } of own) {
      const expected = listed(policy.pages?.[source] ?? []);
      if (pages.some(([id]) => expected.includes(id)) || pages.some((page) => signedInTime(policy, signed, source, page))) continue;
      const other = pages.some(([id]) => keysOf(policy, source).some(({ key }) => (signed[id] ?? []).includes(key)));
      found.push(other ? 'page/key-period' : 'page/unsigned');
    }
  }
  return found;
}

/** compared, holder, later or open: how far an account was compared. */
function statusOf({ source, account, pages }, policy, signed) {
  const expected = listed(policy.pages?.[source] ?? []);
  const newest = pages.at(-1);
  if (expected.includes(newest[0])) return 'compared';
  if (signedInTime(policy, signed, source, newest)) return listed(policy.accounts?.[source] ?? []).includes(account) ? 'compared' : 'holder';
  return pages.some((page) => expected.includes(page[0]) || signedInTime(policy, signed, source, page)) ? 'later' : 'open';
}

/** What stays open although nothing is false, in order. */
function openQuestions(links, policy, signed) {
  const found = [];
  if (policy.standing == null && !policy.first) found.push('policy/history');
  if (Object.keys({ ...policy.pages, ...policy.source_keys }).length === 0) found.push('policy/no-expectation');
  else {
    const statuses = new Set(accountsOf(links).map((one) => statusOf(one, policy, signed)));
    if (statuses.has('later')) found.push('policy/later-pages');
    if (statuses.has('holder')) found.push('policy/holder');
    if (statuses.has('open') && !policy.allow_other_sources) found.push('policy/source-not-compared');
  }
  for (const run of periods(links)) if (run[0].year !== null && !run.at(-1).wholeYear) found.push('policy/coverage');
  const counters = chainCounters(links);
  const limits = Object.fromEntries(LIMITS.filter((name) => policy[`max_${name}`] != null).map((name) => [name, policy[`max_${name}`]]));
  if (policy.need_refs) Object.assign(limits, { by_window: 0, in_transit_by_window: 0 });
  for (const [name, most] of Object.entries(limits)) if (counters[name] > most) found.push('policy/counters');
  return found;
}

/** The verdict on a chain as if its proofs held: {verdict, reasons}, all reasons of the step that decides. */
export function judgeChain(links, policy, signed) {
  let reasons = mismatches(links, policy);
  if (reasons.length === 0) reasons = unsigned(links, policy, signed);
  if (reasons.length > 0) return { verdict: 'rejected', reasons };
  reasons = openQuestions(links, policy, signed);
  return { verdict: reasons.length > 0 ? 'undecided' : 'accepted', reasons };
}
