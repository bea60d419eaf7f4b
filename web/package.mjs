// The container (FORMAT.md section 6): magic, version, one canonical map with exact keys, and the digests over its parts.

import { compare, equal, isBytes, utf8 } from './bytes.mjs';
import { Undecided, demand } from './faults.mjs';
import { decode } from './msgpack.mjs';
import { MAX_LINKS } from './link.mjs';
import { MAX_ATTESTATIONS, SIGNATURE_SIZES } from './signatures.mjs';
import { isPlainText } from './values.mjs';
import { sha256 } from './sha.mjs';

const MAGIC = Uint8Array.of(0x89, 0x5a, 0x4b, 0x48, 0x0d, 0x0a, 0x1a, 0x0a);
const FORMAT = 2;
const MAX_BYTES = 2 ** 26;
const MAX_PRESET = 40;
const PART_KEYS = ['log_rows', 'preset', 'proof', 'statement'];
const LINKS_KEYS = ['attestations', 'links', 'signature'];
const ATTESTATION_KEYS = ['key', 'page', 'pop', 'scheme', 'signature'];

const hasKeys = (value, keys) => value instanceof Map && value.size === keys.length && keys.every((key) => value.has(key));
const isMapOrNil = (part) => part === null || part instanceof Map;

/** The map of a container. */
function readContainer(bytes) {
  demand(equal(bytes.subarray(0, MAGIC.length), MAGIC), 'package/magic');
  demand(bytes.length > MAGIC.length, 'package/encoding', 'nothing after the magic');
  const version = bytes[MAGIC.length];
  if (version > FORMAT) throw new Undecided('package/version');
  demand(version === FORMAT, 'package/fields', `format ${version}`);
  const body = bytes.subarray(MAGIC.length + 1);
  demand(body.length <= MAX_BYTES, 'package/limit', 'more than 2^26 bytes');
  const { value, end, spans } = decode(body);
  demand(end === body.length, 'package/trailing-bytes');
  const places = (one, key) => spans.get(one).get(key);
  return {
    value,
    part: (one, key) => body.subarray(...places(one, key).value),
    entry: (one, key) => body.subarray(places(one, key).key[0], places(one, key).value[1]),
  };
}

/** Types of a statement, its parameter set, heights and proof. */
function checkPart(value) {
  demand(typeof value.get('preset') === 'string' && Array.isArray(value.get('log_rows')), 'package/fields');
  demand(value.get('log_rows').every((one) => typeof one === 'bigint'), 'package/fields');
  demand(isBytes(value.get('proof')) && value.get('statement') instanceof Map, 'package/fields');
  demand(isPlainText(value.get('preset'), MAX_PRESET), 'package/preset');
}

/** What a proof is bound to. */
function statementDigest(value, part) {
  return sha256(utf8('zkharvest/statement/v2\0'), part(value, 'statement'), part(value, 'preset'), part(value, 'log_rows'));
}

/** By page, then scheme, then key. */
function order(a, b) {
  return compare(a.page, b.page) || compare(utf8(a.scheme), utf8(b.scheme)) || compare(a.key, b.key);
}

/** Signatures over pages, in order; none is nil, never an empty list. */
function readAttestations(raw) {
  if (raw === null) return [];
  demand(raw.length <= MAX_ATTESTATIONS, 'attestation/limit');
  const form = (condition) => demand(condition, 'attestation/form');
  const all = raw.map((one) => {
    form(hasKeys(one, ATTESTATION_KEYS));
    const signed = Object.fromEntries(one);
    form(typeof signed.scheme === 'string' && isBytes(signed.page, 32) && SIGNATURE_SIZES.has(signed.scheme));
    const sizes = SIGNATURE_SIZES.get(signed.scheme);
    form(['key', 'pop', 'signature'].every((name, i) => isBytes(signed[name], sizes[i])));
    return signed;
  });
  form(all.length > 0 && all.every((one, i) => i === 0 || order(all[i - 1], one) < 0));
  return all;
}

/** A package: {links, attestations, signature, signedDigest, digest}; a link has the digest of its own. */
export function readLinks(bytes) {
  const { value, part, entry } = readContainer(bytes);
  demand(hasKeys(value, LINKS_KEYS), 'package/fields');
  const [links, attestations] = [value.get('links'), value.get('attestations')];
  demand((attestations === null || Array.isArray(attestations)) && isMapOrNil(value.get('signature')), 'package/fields');
  demand(Array.isArray(links) && links.length >= 1 && links.length <= MAX_LINKS, 'package/fields');
  const parts = links.map((link) => {
    demand(hasKeys(link, PART_KEYS), 'package/fields');
    checkPart(link);
    return { ...Object.fromEntries(link), statementDigest: statementDigest(link, part) };
  });
  return {
    links: parts,
    attestations: readAttestations(attestations),
    signature: value.get('signature'),
    signedDigest: () => sha256(utf8('zkharvest/signed/v2\0'), Uint8Array.of(0x82), entry(value, 'attestations'), entry(value, 'links')),
    digest: () => sha256(utf8('zkharvest/package/v2\0'), part(value, 'links')),
  };
}
