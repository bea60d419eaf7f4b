// What the auditor expects (vectors/README.md, Packages): which of it contradicts a package, and what is left open.

import { Undecided, demand } from './faults.mjs';
import { openingName } from './statement.mjs';

const PLAIN = ['year', 'method', 'basis', 'timezone', 'currency'];
const KNOWN = [...PLAIN, 'commitments', 'source_keys', 'signer', 'opening', 'nonce', 'audience', 'circuits', 'min_bits',
  'allow_other_sources', 'allow_test_preset'];
const DEFAULT_BITS = 128;

// What every set but the test one proves: FORMAT.md does not say how bits are computed, circuits/*/STATS.json lists
// 128.0 for both sets at all heights (the term of the hash is the least).
const PROVEN_BITS = 128;

function hex(value, what) {
  if (typeof value !== 'string' || !/^([0-9a-fA-F]{2})*$/.test(value)) throw new Error(`policy: ${what} is not hex`);
  return Buffer.from(value, 'hex');
}

function hexMap(value, what) {
  return new Map(Object.entries(value ?? {}).map(([name, text]) => [name, hex(text, what)]));
}

/** A policy as parsed JSON to expectations; null stands for none. Nonsense is an Error of whoever asks. */
export function readPolicy(raw) {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) throw new Error('policy: not an object');
  for (const key of Object.keys(raw)) if (!KNOWN.includes(key)) throw new Error(`policy: ${key} is unknown`);
  const optional = (value, read) => (value === null || value === undefined ? null : read(value));
  return {
    ...Object.fromEntries(PLAIN.map((key) => [key, raw[key] ?? null])),
    audience: raw.audience ?? null,
    circuits: raw.circuits ?? null,
    commitments: hexMap(raw.commitments, 'commitments'),
    sourceKeys: hexMap(raw.source_keys, 'source_keys'),
    signer: optional(raw.signer, (value) => hex(value, 'signer')),
    opening: optional(raw.opening, (value) => hex(value, 'opening')),
    nonce: optional(raw.nonce, (value) => hex(value, 'nonce')),
    minBits: raw.min_bits ?? DEFAULT_BITS,
    allowOtherSources: raw.allow_other_sources === true,
    allowTestPreset: raw.allow_test_preset === true,
  };
}

export function checkTestPreset(policy, parameters) {
  demand(!parameters.test || policy.allowTestPreset, 'policy/test-preset');
}

/** The test set has no bits to speak of; whoever allows it asks for none. */
export function checkBits(policy, parameters) {
  demand(parameters.test || PROVEN_BITS >= policy.minBits, 'policy/bits');
}

export function checkCircuit(policy, id) {
  demand(policy.circuits === null || policy.circuits.includes(id), 'policy/circuit');
}

export function checkExpectations(policy, statement) {
  for (const [id, root] of policy.commitments) {
    const source = statement.sources.find((one) => one.id === id);
    demand(source !== undefined && source.root.equals(root), 'policy/commitment', id);
  }
  if (policy.opening !== null) {
    demand(statement.carriedIn && openingName(statement).equals(policy.opening), 'policy/opening');
  }
  for (const key of PLAIN) demand(policy[key] === null || policy[key] === statement[key], `policy/${key}`);
  demand(policy.audience === null || policy.audience === statement.audience, 'policy/context', 'audience');
  demand(policy.nonce === null || policy.nonce.equals(statement.nonce), 'policy/context', 'nonce');
}

/** A proof that holds may still leave open what the auditor must know. */
export function checkDecided(policy, statement) {
  if (statement.carriedIn && policy.opening === null) throw new Undecided('policy/opening-not-compared');
  const named = new Set([...policy.commitments.keys(), ...policy.sourceKeys.keys()]);
  if (named.size === 0 && policy.signer === null) throw new Undecided('policy/no-expectation');
  const others = statement.sources.some(({ id }) => !named.has(id));
  if (named.size > 0 && others && !policy.allowOtherSources) throw new Undecided('policy/source-not-compared');
}
