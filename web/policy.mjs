// What the auditor expects (FORMAT.md section 10): which of it contradicts a package, and what is left open.

import { equal, fromHex } from './bytes.mjs';
import { Undecided, demand } from './faults.mjs';
import { provenBits } from './security.mjs';
import { METHODS, POOLINGS, ROOT_BYTES, carriedInName, isCurrency, isPlainText, isYear, isZoneName } from './statement.mjs';

const SCHEMA = 'zkharvest/policy/1';
const PLAIN = ['year', 'method', 'pooling', 'timezone', 'currency'];
const DEFAULT_BITS = 128;
const MOST_BITS = 1024;

export const isText = (value) => typeof value === 'string';
export const isSwitch = (value) => typeof value === 'boolean';
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isHexOf = (least, most) => (value) => isText(value) && /^([0-9a-fA-F]{2})*$/.test(value)
  && value.length >= 2 * least && value.length <= 2 * most;
const isMapOf = (size) => (value) => isObject(value)
  && Object.entries(value).every(([source, text]) => isPlainText(source, 128) && isHexOf(size, size)(text));

/** What a member must be, of policies of either kind; null or missing expects nothing. */
export const COMMON = {
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
};
const MEMBERS = { ...COMMON, commitments: isMapOf(ROOT_BYTES), source_keys: isMapOf(48), carried_in: isHexOf(32, 32) };

/** The members that a policy as parsed JSON gives, each what it must be. An Error says what is wrong with it. */
export function givenIn(raw, schema, members) {
  if (!isObject(raw)) throw new Error('policy: not an object');
  if (raw.schema !== schema) throw new Error(`policy: the schema is not ${schema}`);
  const given = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'schema' || value === null) continue;
    if (!Object.hasOwn(members, name)) throw new Error(`policy: ${name} is unknown`);
    if (!members[name](value)) throw new Error(`policy: ${name} is not what it must be`);
    given[name] = value;
  }
  return given;
}

/** A policy as parsed JSON to expectations; null stands for none. An Error says what is wrong with it. */
export function readPolicy(raw) {
  const given = givenIn(raw, SCHEMA, MEMBERS);
  const bytes = (name) => (given[name] === undefined ? null : fromHex(given[name]));
  const bySource = (name) => new Map(Object.entries(given[name] ?? {}).map(([source, text]) => [source, fromHex(text)]));
  return {
    ...Object.fromEntries(PLAIN.map((key) => [key, given[key] ?? null])),
    ...howStrict(given),
    audience: given.audience ?? null,
    commitments: bySource('commitments'),
    sourceKeys: bySource('source_keys'),
    signer: bytes('signer'),
    carriedIn: bytes('carried_in'),
    nonce: bytes('nonce'),
    allowOtherSources: given.allow_other_sources ?? false,
  };
}

/** Circuits, bits and parameter sets that are accepted. */
export function howStrict(given) {
  return { circuits: given.circuits ?? null, minBits: given.min_bits ?? DEFAULT_BITS, allowTestPreset: given.allow_test_preset ?? false };
}

export function checkTestPreset(policy, parameters) {
  demand(!parameters.test || policy.allowTestPreset, 'policy/test-preset');
}

/** The test set has no bits to speak of; whoever allows it asks for none. */
export function checkBits(policy, circuit, parameters, heights) {
  demand(parameters.test || provenBits(circuit, parameters, heights) >= policy.minBits, 'policy/bits');
}

export function checkCircuit(policy, id) {
  demand(policy.circuits === null || policy.circuits.includes(id), 'policy/circuit');
}

export function checkExpectations(policy, statement) {
  for (const [id, root] of policy.commitments) {
    const source = statement.sources.find((one) => one.id === id);
    demand(source !== undefined && equal(source.root, root), 'policy/commitment', id);
  }
  if (policy.carriedIn !== null) {
    demand(statement.carriedIn && equal(carriedInName(statement), policy.carriedIn), 'policy/carried-in');
  }
  for (const key of PLAIN) demand(policy[key] === null || policy[key] === statement[key], `policy/${key}`);
  demand(policy.audience === null || policy.audience === statement.audience, 'policy/context', 'audience');
  demand(policy.nonce === null || equal(policy.nonce, statement.nonce), 'policy/context', 'nonce');
}

/** A proof that holds may still leave open what the auditor must know. `zone` is what `checkZone` found. */
export function checkDecided(policy, statement, zone) {
  if (!zone.known) throw new Undecided('statement/unknown-zone');
  if (zone.strange) throw new Undecided('statement/unknown-zone', 'a later day has an offset that the zone never had');
  if (statement.carriedIn && policy.carriedIn === null) throw new Undecided('policy/carried-in-not-compared');
  const named = new Set([...policy.commitments.keys(), ...policy.sourceKeys.keys()]);
  if (named.size === 0) throw new Undecided('policy/no-expectation'); // a signer says nothing about the trades
  const others = statement.sources.some(({ id }) => !named.has(id));
  if (others && !policy.allowOtherSources) throw new Undecided('policy/source-not-compared');
}
