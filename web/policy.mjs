// What an auditor expects of a chain (FORMAT.md section 10), out of JSON: bytes as hexadecimal text in lower case, what
// is said of sources as maps from their ids to lists. And how strong proofs must be under it.

import { parseDate } from './calendar.mjs';
import { demand } from './faults.mjs';
import { parseOnce } from './json.mjs';
import { provenBits } from './security.mjs';
import { METHODS, POOLINGS, isCurrency, isPlainText, isText, isYear, isZoneName } from './values.mjs';

export const SCHEMA = 'zkharvest/chain-policy/1';
export const LIMITS = ['declared', 'unexplained', 'gone', 'by_window', 'in_transit'];
const PLAIN = ['year', 'method', 'pooling', 'timezone', 'currency', 'audience'];
const MOST = 2 ** 40;
const DEFAULT_BITS = 128;
const MOST_BITS = 1024;

const isSwitch = (value) => typeof value === 'boolean';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isHexOf = (least, most) => (value) => isText(value) && /^([0-9a-fA-F]{2})*$/.test(value)
  && value.length >= 2 * least && value.length <= 2 * most;
export const listed = (value) => (Array.isArray(value) ? value : [value]);
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
  signer: isHexOf(32, 32),
  year: (value) => Number.isInteger(value) && isYear(value),
  method: (value) => METHODS.includes(value),
  pooling: (value) => POOLINGS.includes(value),
  timezone: (value) => isText(value) && isZoneName(value),
  currency: (value) => isText(value) && isCurrency(value),
  audience: (value) => isText(value) && isPlainText(value, 200),
  nonce: isHexOf(1, 32),
  circuits: (value) => Array.isArray(value) && value.length > 0 && value.every((id) => isText(id) && isPlainText(id, 100)),
  min_bits: (value) => Number.isFinite(value) && value >= 0 && value <= MOST_BITS,
  allow_other_sources: isSwitch,
  allow_test_preset: isSwitch,
  first: isSwitch,
  standing: isHexOf(32, 32),
  pages: isListsOf(isHexOf(32, 32), lower),
  accounts: isListsOf(isAccount, (one) => one),
  source_keys: isListsOf(isKey, readKey),
  need_refs: isSwitch,
  ...Object.fromEntries(LIMITS.map((name) => [`max_${name}`, isLimit])),
};

/** A policy's text as a value: numbers are integers without fraction or exponent, but for the bits. */
export function parsePolicy(text) {
  return parseOnce(text, (token, key) => {
    if (!token.startsWith('"') && key !== 'min_bits' && !/^-?[0-9]+$/.test(token)) throw new Error(`policy: ${key} is not an integer`);
  });
}

/** The members that a policy as parsed JSON gives, each what it must be. An Error says what is wrong with it. */
function givenIn(raw) {
  if (!isObject(raw)) throw new Error('policy: not an object');
  if (raw.schema !== SCHEMA) throw new Error(`policy: the schema is not ${SCHEMA}`);
  const given = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'schema') continue;
    if (!Object.hasOwn(MEMBERS, name)) throw new Error(`policy: ${name} is unknown`);
    if (value === null) continue;
    if (!MEMBERS[name](value)) throw new Error(`policy: ${name} is not what it must be`);
    given[name] = value;
  }
  return given;
}

/** Circuits, bits and parameter sets that are accepted. */
function howStrict(given) {
  return { circuits: given.circuits ?? null, minBits: given.min_bits ?? null, allowTestPreset: given.allow_test_preset ?? false };
}

/** A policy as parsed JSON to expectations; null stands for none. An Error says what is wrong with it. */
export function readPolicy(raw) {
  const given = givenIn(raw);
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

export function checkTestPreset(policy, parameters) {
  demand(!parameters.test || policy.allowTestPreset, 'policy/test-preset');
}

/** Whoever allows the test set, which has a few bits, asks of it for none, unless the policy says how many. */
export function checkBits(policy, circuit, parameters, heights) {
  const least = policy.minBits ?? (parameters.test ? 0 : DEFAULT_BITS);
  demand(provenBits(circuit, parameters, heights) >= least, 'policy/bits');
}

export function checkCircuit(policy, id) {
  demand(policy.circuits === null || policy.circuits.includes(id), 'policy/circuit');
}
