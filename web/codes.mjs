// Codes of accounts and assets (FORMAT.md sections 11 and 12): three words of 24 bits, by which registers are ordered,
// and one of 30.

import { concat, readU32, u32, utf8 } from './bytes.mjs';
import { sha256 } from './sha.mjs';

const ACCOUNT_TAG = utf8('zkharvest/account/v2\0');
const ASSET_TAG = utf8('zkharvest/asset/v2\0');

function cut(digest) {
  const low = [0, 3, 6].map((at) => readU32(concat(digest.subarray(at, at + 3), Uint8Array.of(0)), 0));
  return [...low, readU32(digest, 9) % 2 ** 30];
}

/** The source's length is big-endian. */
export function accountCode(source, account) {
  const name = utf8(source);
  return cut(sha256(ACCOUNT_TAG, u32(name.length).reverse(), name, utf8(account)));
}

export function assetCode(id) {
  return cut(sha256(ASSET_TAG, utf8(id)));
}
