// What the auditor expects (vectors/README.md, Packages): which of it contradicts a package, and what is left open.

import { Undecided, demand } from './faults.mjs';
import { provenBits } from './security.mjs';
import { carriedInName } from './statement.mjs';

const PLAIN = ['year', 'method', 'pooling', 'timezone', 'currency'];
const KNOWN = [...PLAIN, 'commitments', 'source_keys', 'signer', 'carried_in', 'nonce', 'audience', 'circuits', 'min_bits',
  'allow_other_sources', 'allow_test_preset'];
const DEFAULT_BITS = 128;

const isText = (value) => typeof value === 'string';
const isSwitch = (value) => typeof value === 'boolean';

/** The member of a policy under a name, null if it is missing or null; an Error if it is not of the type it must have. */
function member(raw, name, isRight) {
  const value = raw[name] ?? null;
  if (value !== null && !isRight(value)) throw new Error(`policy: ${name} is not of the right type`);
  return value;
}

const isHex = (value) => isText(value) && /^([0-9a-fA-F]{2})*$/.test(value);
const isObject = (value) => typeof value === 'object' && !Array.isArray(value);

function bytes(raw, name) {
  const value = member(raw, name, isHex);
  return value === null ? null : Buffer.from(value, 'hex');
}

function bytesOfSources(raw, name) {
  const value = member(raw, name, (one) => isObject(one) && Object.values(one).every(isHex)) ?? {};
  return new Map(Object.entries(value).map(([source, text]) => [source, Buffer.from(text, 'hex')]));
}

/** A policy as parsed JSON to expectations; null stands for none. Nonsense is an Error of whoever asks. */
export function readPolicy(raw) {
  if (raw === null || !isObject(raw)) throw new Error('policy: not an object');
  for (const key of Object.keys(raw)) if (!KNOWN.includes(key)) throw new Error(`policy: ${key} is unknown`);
  return {
    // Compared by value, so that one of another type is an expectation that nothing meets.
    ...Object.fromEntries(PLAIN.map((key) => [key, raw[key] ?? null])),
    audience: member(raw, 'audience', isText),
    circuits: member(raw, 'circuits', (value) => Array.isArray(value) && value.every(isText)),
    commitments: bytesOfSources(raw, 'commitments'),
    sourceKeys: bytesOfSources(raw, 'source_keys'),
    signer: bytes(raw, 'signer'),
    carriedIn: bytes(raw, 'carried_in'),
    nonce: bytes(raw, 'nonce'),
    minBits: member(raw, 'min_bits', Number.isFinite) ?? DEFAULT_BITS,
    allowOtherSources: member(raw, 'allow_other_sources', isSwitch) ?? false,
    allowTestPreset: member(raw, 'allow_test_preset', isSwitch) ?? false,
  };
}

export function checkTestPreset(policy, parameters) {
  demand(!parameters.test || policy.allowTestPreset, 'policy/test-preset');
}

/** The test set has no bits to speak of; whoever allows it asks for none. */
export function checkBits(policy, circuit, parameters, n) {
  demand(parameters.test || provenBits(circuit, parameters, n) >= policy.minBits, 'policy/bits');
}

export function checkCircuit(policy, id) {
  demand(policy.circuits === null || policy.circuits.includes(id), 'policy/circuit');
}

export function checkExpectations(policy, statement) {
  for (const [id, root] of policy.commitments) {
    const source = statement.sources.find((one) => one.id === id);
    demand(source !== undefined && source.root.equals(root), 'policy/commitment', id);
  }
  if (policy.carriedIn !== null) {
    demand(statement.carriedIn && carriedInName(statement).equals(policy.carriedIn), 'policy/carried-in');
  }
  for (const key of PLAIN) demand(policy[key] === null || policy[key] === statement[key], `policy/${key}`);
  demand(policy.audience === null || policy.audience === statement.audience, 'policy/context', 'audience');
  demand(policy.nonce === null || policy.nonce.equals(statement.nonce), 'policy/context', 'nonce');
}

/** A proof that holds may still leave open what the auditor must know. `zone` is what `checkZone` found. */
export function checkDecided(policy, statement, zone) {
  if (!zone.known) throw new Undecided('statement/unknown-zone');
  if (zone.strange) throw new Undecided('statement/unknown-zone', 'a later day has an offset that the zone never had');
  if (statement.carriedIn && policy.carriedIn === null) throw new Undecided('policy/carried-in-not-compared');
  const named = new Set([...policy.commitments.keys(), ...policy.sourceKeys.keys()]);
  if (named.size === 0 && policy.signer === null) throw new Undecided('policy/no-expectation');
  const others = statement.sources.some(({ id }) => !named.has(id));
  if (named.size > 0 && others && !policy.allowOtherSources) throw new Undecided('policy/source-not-compared');
}
