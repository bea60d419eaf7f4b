// Signatures (FORMAT.md section 6): the taxpayer's (Ed25519) over all else in the package, the sources' over pages
// (Ed25519 or BLS12-381).

import { concat, isBytes, toHex, utf8 } from './bytes.mjs';
import { addSignatures, readKey, readSignature, verifyAggregate, verifyPossessions } from './bls.mjs';
import { isSmallOrder, verifies } from './ed25519.mjs';
import { demand } from './faults.mjs';

export const MAX_ATTESTATIONS = 64;
const PAGE_TAG = utf8('zkharvest/source-page/v2\0');
const TAXPAYER_TAG = utf8('zkharvest/package-signature/v1\0');
/** Bytes of the key, of its proof of possession and of the signature in a signature over a page, by scheme. */
export const SIGNATURE_SIZES = new Map([['bls12-381', [48, 96, 96]], ['ed25519', [32, 0, 64]]]);

function hasKeys(value, keys) {
  return value instanceof Map && value.size === keys.length && keys.every((key) => value.has(key));
}

/** The taxpayer's signature: its form, then its validity. */
export function checkSignature(signature, signedDigest) {
  demand(hasKeys(signature, ['key', 'scheme', 'signature']), 'signature/form');
  demand(signature.get('scheme') === 'ed25519', 'signature/form');
  demand(isBytes(signature.get('key'), 32) && isBytes(signature.get('signature'), 64), 'signature/form');
  demand(!isSmallOrder(signature.get('key')), 'signature/invalid');
  const message = concat(TAXPAYER_TAG, signedDigest());
  demand(verifies(signature.get('key'), message, signature.get('signature')), 'signature/invalid');
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
