// Signatures (FORMAT.md section 6): the taxpayer's (Ed25519) over all else in the package, the sources' (BLS12-381)
// over their ids and roots.

import { createPublicKey, verify } from 'node:crypto';
import { demand } from './faults.mjs';

const TAXPAYER_TAG = Buffer.from('zkharvest/package-signature/v1\0', 'ascii');
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex'); // SubjectPublicKeyInfo before the 32 bytes

const isBytes = (value, size) => Buffer.isBuffer(value) && value.length === size;

function hasKeys(value, keys) {
  return value instanceof Map && value.size === keys.length && keys.every((key) => value.has(key));
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
  const message = Buffer.concat([TAXPAYER_TAG, signedDigest()]);
  demand(ed25519Verifies(signature.get('key'), message, signature.get('signature')), 'signature/invalid');
}

/** The sources' signatures. */
export function checkAttestations(attestations, sources, sourceKeys) {
  if (attestations === null) {
    demand(sourceKeys.size === 0, 'attestation/missing');
  }
}
