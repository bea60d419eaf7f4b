// What an auditor expects of a chain (FORMAT.md section 12), out of JSON: bytes as hexadecimal text in lower case, what
// is said of sources as maps from their ids to lists.

import { parseDate } from './calendar.mjs';
import { COMMON, givenIn, howStrict, isHexOf, isObject, isSwitch, isText } from './policy.mjs';
import { isPlainText } from './statement.mjs';

export const SCHEMA = 'zkharvest/chain-policy/1';
export const LIMITS = ['declared', 'unexplained', 'gone', 'by_window', 'in_transit'];
const PLAIN = ['year', 'method', 'pooling', 'timezone', 'currency', 'audience'];
const MOST = 2 ** 40;

const listed = (value) => (Array.isArray(value) ? value : [value]);
const lower = (value) => value?.toLowerCase() ?? null;
const isDay = (value) => value === undefined || value === null || (isText(value) && parseDate(value) !== null);
const isSourceKey = (value) => isHexOf(32, 32)(value) || isHexOf(48, 48)(value);
const isLimit = (value) => Number.isInteger(value) && value >= 0 && value <= MOST;

/** A key by itself, or an object that also says on which days pages that it signs may end. */
function isKey(value) {
  if (!isObject(value)) return isSourceKey(value);
  const { key, first, last, ...others } = value;
  return isSourceKey(key) && isDay(first) && isDay(last) && Object.keys(others).length === 0
    && ((first ?? null) === null || (last ?? null) === null || first <= last);
}

function readKey(value) {
  return isObject(value) ? { key: lower(value.key), first: value.first ?? null, last: value.last ?? null } : { key: lower(value), first: null, last: null };
}

/** A map from sources to one value or several, each once. */
const isListsOf = (allowed, read) => (value) => isObject(value) && Object.entries(value).every(([source, given]) => {
  const all = listed(given);
  return isPlainText(source, 128) && all.length > 0 && all.every(allowed) && new Set(all.map((one) => JSON.stringify(read(one)))).size === all.length;
});

const isAccount = (value) => isText(value) && isPlainText(value, 128);
const MEMBERS = {
  ...COMMON,
  first: isSwitch,
  standing: isHexOf(32, 32),
  pages: isListsOf(isHexOf(32, 32), lower),
  accounts: isListsOf(isAccount, (one) => one),
  source_keys: isListsOf(isKey, readKey),
  need_refs: isSwitch,
  ...Object.fromEntries(LIMITS.map((name) => [`max_${name}`, isLimit])),
};

/** A policy as parsed JSON to expectations; null stands for none. An Error says what is wrong with it. */
export function readChainPolicy(raw) {
  const given = givenIn(raw, SCHEMA, MEMBERS);
  if (given.first && given.standing !== undefined) throw new Error('policy: a chain that begins with a standing is not the first');
  const bySource = (name, read) => new Map(Object.entries(given[name] ?? {}).map(([source, values]) => [source, listed(values).map(read)]));
  const limits = new Map(LIMITS.filter((name) => given[`max_${name}`] !== undefined).map((name) => [name, given[`max_${name}`]]));
  if (given.need_refs) for (const name of ['by_window', 'in_transit_by_window']) limits.set(name, 0);
  return {
    ...Object.fromEntries(PLAIN.map((key) => [key, given[key] ?? null])),
    ...howStrict(given),
    first: given.first ?? false,
    standing: lower(given.standing),
    signer: lower(given.signer),
    nonce: lower(given.nonce),
    pages: bySource('pages', lower),
    accounts: bySource('accounts', (one) => one),
    sourceKeys: bySource('source_keys', readKey),
    allowOtherSources: given.allow_other_sources ?? false,
    limits,
  };
}
