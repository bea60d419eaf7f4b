// Signatures (FORMAT.md sections 6 and 12): the taxpayer's (Ed25519) over all else in the package, the sources'
// (BLS12-381) over their ids and roots, or over pages (either scheme).

import { compare, concat, equal, isBytes, toHex, u32, utf8 } from './bytes.mjs';
import { addSignatures, readKey, readSignature, verifyAggregate, verifyPossessions } from './bls.mjs';
import { isSmallOrder, verifies } from './ed25519.mjs';
import { demand } from './faults.mjs';
import { isPlainText } from './statement.mjs';

const BLS_SCHEME = 'bls12-381-g2-pop';
export const MAX_ATTESTATIONS = 64;
const SOURCE_TAG = utf8('zkharvest/source-commitment/v1\0');
const PAGE_TAG = utf8('zkharvest/source-page/v2\0');
const TAXPAYER_TAG = utf8('zkharvest/package-signature/v1\0');
/** Bytes of the key, of its proof of possession and of the signature in a signature over a page, by scheme. */
export const SIGNATURE_SIZES = new Map([['bls12-381', [48, 96, 96]], ['ed25519', [32, 0, 64]]]);

function hasKeys(value, keys) {
  return value instanceof Map && value.size === keys.length && keys.every((key) => value.has(key));
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
  demand(signer === null || equal(signature.get('key'), signer), 'signature/key');
  demand(!isSmallOrder(signature.get('key')), 'signature/invalid');
  const message = concat(TAXPAYER_TAG, signedDigest());
  demand(verifies(signature.get('key'), message, signature.get('signature')), 'signature/invalid');
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
    return { key, pop, id, bytes: utf8(id) };
  });
  form(entries.every(({ bytes }, i) => i === 0 || compare(entries[i - 1].bytes, bytes) < 0));
  return { entries, aggregate: attestations.get('aggregate') };
}

/** What a source signs: a tag, the length of its id (u32, big-endian), the id, its root. */
function sourceMessage({ id, root }) {
  const bytes = utf8(id);
  return concat(SOURCE_TAG, u32(bytes.length).reverse(), bytes, root);
}

/** The sources' signatures: form, membership and expected keys first, then points, possession and the aggregate. */
export function checkAttestations(attestations, sources, sourceKeys) {
  const { entries, aggregate } = attestations === null ? { entries: [], aggregate: null } : readAttestations(attestations);
  const signed = entries.map((entry) => sources.find((source) => source.id === entry.id));
  demand(signed.every((source) => source !== undefined), 'attestation/source');
  for (const { id, key } of entries) demand(!sourceKeys.has(id) || equal(key, sourceKeys.get(id)), 'attestation/key', id);
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

/** One of several equal ones. */
function distinct(all, name) {
  return [...new Map(all.map((one) => [name(one), one])).values()];
}

/**
 * The sources' signatures over pages, of all packages: each Ed25519 one by itself, then the points of the BLS ones,
 * then their keys and proofs of possession, then all signatures as one sum.
 */
export function checkPageSignatures(attestations) {
  const message = ({ page }) => concat(PAGE_TAG, page);
  const all = distinct(attestations, (one) => [one.page, one.key, one.pop, one.signature].map(toHex).join());
  for (const one of all.filter(({ scheme }) => scheme === 'ed25519')) {
    demand(!isSmallOrder(one.key) && verifies(one.key, message(one), one.signature), 'page/signature', toHex(one.page));
  }
  const signed = all.filter(({ scheme }) => scheme === 'bls12-381');
  if (signed.length === 0) return;
  const points = signed.map(({ signature }) => readSignature(signature));
  demand(points.every((point) => point !== null), 'page/signature', 'no point of the subgroup');
  const claims = distinct(signed, (one) => `${toHex(one.key)} ${toHex(one.pop)}`);
  const [keys, proofs] = [claims.map(({ key }) => readKey(key)), claims.map(({ pop }) => readSignature(pop))];
  demand(keys.every((key) => key !== null) && proofs.every((proof) => proof !== null), 'attestation/possession');
  demand(verifyPossessions(keys, claims.map(({ key }) => key), proofs), 'attestation/possession');
  demand(verifyAggregate(signed.map(({ key }) => readKey(key)), signed.map(message), points.reduce(addSignatures)), 'page/signature');
}
