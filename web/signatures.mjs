// Signatures (FORMAT.md section 6): the taxpayer's (Ed25519) over all else in the package, the sources' (BLS12-381)
// over their ids and roots.

import { createPublicKey, verify } from 'node:crypto';
import { readKey, readSignature, verifyAggregate, verifyPossessions } from './bls.mjs';
import { demand } from './faults.mjs';
import { isPlainText } from './statement.mjs';

const BLS_SCHEME = 'bls12-381-g2-pop';
const MAX_ATTESTATIONS = 64;
const SOURCE_TAG = Buffer.from('zkharvest/source-commitment/v1\0', 'ascii');
const TAXPAYER_TAG = Buffer.from('zkharvest/package-signature/v1\0', 'ascii');
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex'); // SubjectPublicKeyInfo before the 32 bytes

const isBytes = (value, size) => Buffer.isBuffer(value) && value.length === size;

function hasKeys(value, keys) {
  return value instanceof Map && value.size === keys.length && keys.every((key) => value.has(key));
}

const ED25519_P = 2n ** 255n - 19n;
const ED25519_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n; // -121665/121666

function power25519(base, exponent) {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % ED25519_P;
    square = (square * square) % ED25519_P;
  }
  return result;
}

/**
 * Whether eight times the point of a key is the neutral one, (0, 1). The y of a double follows from y alone:
 * x^2 = (y^2 - 1) / (d y^2 + 1), and y' = (y^2 + x^2) / (1 - d x^2 y^2).
 */
export function isSmallOrder(key) {
  const mod = (value) => ((value % ED25519_P) + ED25519_P) % ED25519_P;
  const inverse = (value) => power25519(mod(value), ED25519_P - 2n);
  let y = mod(BigInt(`0x${Buffer.from(key).reverse().toString('hex')}`) & (2n ** 255n - 1n));
  for (let doubling = 0; doubling < 3; doubling += 1) {
    const yy = mod(y * y);
    const xx = mod((yy - 1n) * inverse(ED25519_D * yy + 1n));
    y = mod((yy + xx) * inverse(1n - ED25519_D * mod(xx * yy)));
  }
  return y === 1n;
}

function ed25519Verifies(key, message, signature) {
  try {
    const publicKey = createPublicKey({ key: Buffer.concat([ED25519_PREFIX, key]), format: 'der', type: 'spki' });
    return verify(null, message, publicKey, signature);
  } catch {
    return false; // no point of the curve
  }
}

/** The taxpayer's signature: its form, the key that is expected, then its validity, which is required of any. */
export function checkSignature(signature, signedDigest, signer) {
  if (signature === null) {
    demand(signer === null, 'signature/missing');
    return;
  }
  demand(hasKeys(signature, ['key', 'scheme', 'signature']), 'signature/form');
  demand(signature.get('scheme') === 'ed25519', 'signature/form');
  demand(isBytes(signature.get('key'), 32) && isBytes(signature.get('signature'), 64), 'signature/form');
  demand(signer === null || signature.get('key').equals(signer), 'signature/key');
  demand(!isSmallOrder(signature.get('key')), 'signature/invalid');
  const message = Buffer.concat([TAXPAYER_TAG, signedDigest()]);
  demand(ed25519Verifies(signature.get('key'), message, signature.get('signature')), 'signature/invalid');
}

/** Form of the attestations: entries [{id, key, pop}] in increasing order of their ids' bytes, and the aggregate. */
function readAttestations(attestations) {
  const form = (condition) => demand(condition, 'attestation/form');
  form(hasKeys(attestations, ['aggregate', 'scheme', 'sources']));
  form(attestations.get('scheme') === BLS_SCHEME && isBytes(attestations.get('aggregate'), 96));
  const list = attestations.get('sources');
  form(Array.isArray(list) && list.length > 0);
  demand(list.length <= MAX_ATTESTATIONS, 'attestation/limit');
  const entries = list.map((entry) => {
    form(hasKeys(entry, ['key', 'pop', 'source']));
    const [key, pop, id] = [entry.get('key'), entry.get('pop'), entry.get('source')];
    form(isBytes(key, 48) && isBytes(pop, 96) && typeof id === 'string' && isPlainText(id, 128));
    return { key, pop, id, bytes: Buffer.from(id, 'utf8') };
  });
  form(entries.every(({ bytes }, i) => i === 0 || Buffer.compare(entries[i - 1].bytes, bytes) < 0));
  return { entries, aggregate: attestations.get('aggregate') };
}

/** What a source signs: a tag, the length of its id (u32, big-endian), the id, its root. */
function sourceMessage({ id, root }) {
  const bytes = Buffer.from(id, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([SOURCE_TAG, length, bytes, root]);
}

/** The sources' signatures: form, membership and expected keys first, then points, possession and the aggregate. */
export function checkAttestations(attestations, sources, sourceKeys) {
  const { entries, aggregate } = attestations === null ? { entries: [], aggregate: null } : readAttestations(attestations);
  const signed = entries.map((entry) => sources.find((source) => source.id === entry.id));
  demand(signed.every((source) => source !== undefined), 'attestation/source');
  for (const { id, key } of entries) demand(!sourceKeys.has(id) || key.equals(sourceKeys.get(id)), 'attestation/key', id);
  for (const id of sourceKeys.keys()) demand(entries.some((entry) => entry.id === id), 'attestation/missing', id);
  if (entries.length === 0) return;
  const signature = readSignature(aggregate);
  demand(signature !== null, 'attestation/sources');
  const keys = entries.map((entry) => readKey(entry.key));
  const proofs = entries.map((entry) => readSignature(entry.pop));
  demand(keys.every((key) => key !== null) && proofs.every((proof) => proof !== null), 'attestation/possession');
  demand(verifyPossessions(keys, entries.map((entry) => entry.key), proofs), 'attestation/possession');
  demand(verifyAggregate(keys, signed.map(sourceMessage), signature), 'attestation/sources');
}
