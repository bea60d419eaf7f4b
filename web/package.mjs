// The container (FORMAT.md section 6): magic, version, one canonical map with exact keys, and the digests over its parts.

import { equal, isBytes, utf8 } from './bytes.mjs';
import { Undecided, demand } from './faults.mjs';
import { decode } from './msgpack.mjs';
import { isPlainText } from './statement.mjs';
import { sha256 } from './sha.mjs';

const MAGIC = Uint8Array.of(0x89, 0x5a, 0x4b, 0x48, 0x0d, 0x0a, 0x1a, 0x0a);
const VERSION = 1;
const MAX_BYTES = 2 ** 26;
const MAX_PRESET = 40;
const KEYS = ['attestations', 'log_rows', 'preset', 'proof', 'signature', 'statement'];

export function readPackage(bytes) {
  demand(equal(bytes.subarray(0, MAGIC.length), MAGIC), 'package/magic');
  demand(bytes.length > MAGIC.length, 'package/encoding', 'nothing after the magic');
  const version = bytes[MAGIC.length];
  if (version > VERSION) throw new Undecided('package/version');
  demand(version === VERSION, 'package/encoding', 'format 0');

  const body = bytes.subarray(MAGIC.length + 1);
  demand(body.length <= MAX_BYTES, 'package/limit', 'more than 2^26 bytes');
  const { value, end, spans } = decode(body);
  demand(end === body.length, 'package/trailing-bytes');
  demand(value instanceof Map && value.size === KEYS.length && KEYS.every((key) => value.has(key)), 'package/fields');
  const isMapOrNil = (part) => part === null || part instanceof Map;
  demand(isMapOrNil(value.get('attestations')) && isMapOrNil(value.get('signature')), 'package/fields');
  demand(typeof value.get('preset') === 'string' && Array.isArray(value.get('log_rows')), 'package/fields');
  demand(value.get('log_rows').every((one) => typeof one === 'bigint'), 'package/fields');
  demand(isBytes(value.get('proof')) && value.get('statement') instanceof Map, 'package/fields');

  demand(isPlainText(value.get('preset'), MAX_PRESET), 'package/preset');

  const part = (key) => body.subarray(...spans.get(key).value);
  const entry = (key) => body.subarray(spans.get(key).key[0], spans.get(key).value[1]);
  return {
    ...Object.fromEntries(value),
    statementDigest: sha256(utf8('zkharvest/statement/v1\0'), part('statement'), part('preset'), part('log_rows')),
    signedDigest: () => sha256(utf8('zkharvest/signed/v1\0'), Uint8Array.of(0x85),
      ...['attestations', 'log_rows', 'preset', 'proof', 'statement'].map(entry)),
  };
}
