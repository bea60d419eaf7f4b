// What the known answers do not reach: the container, the description's checks, calendars, texts and BLS12-381.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from './bytes.mjs';
import { checkZone, parseDate, zoneOffsets } from './calendar.mjs';
import { checkChain, signersOf } from './chain.mjs';
import { isInfinity, multiply, toAffine } from './curve.mjs';
import { KNOWN_CIRCUITS, checkDescription, loadCircuit } from './description.mjs';
import { isSmallOrder, verifies } from './ed25519.mjs';
import { Rejected } from './faults.mjs';
import { P, mul } from './field.mjs';
import { hashToG2 } from './hash_to_curve.mjs';
import { readLink } from './link.mjs';
import { linkInputs } from './link_public.mjs';
import { decode } from './msgpack.mjs';
import { circuitFile, nodeSha256 } from './node.mjs';
import { PARAMETER_SETS, sizes } from './parameters.mjs';
import { checkBits, readPolicy } from './policy.mjs';
import { rowWords } from './stacks.mjs';
import { ownSha256, sha256, sha512, useSha256 } from './sha.mjs';
import { isPlainText } from './values.mjs';
import { F2, ORDER } from './tower.mjs';

const reads = (text) => decode(fromHex(text.replaceAll(' ', ''))).value;
const refuses = (text, reason) => assert.throws(() => reads(text), (error) => error instanceof Rejected && error.reason === reason, text);

test('products that would be off by one quotient', () => {
  let state = 1n;
  for (let i = 0; i < 20000; i += 1) {
    state = (state * 6364136223846793005n + 1442695040888963407n) % (1n << 64n);
    const [a, b] = [Number((state >> 33n) % BigInt(P)), Number((state & 0x7fffffffn) % BigInt(P))];
    assert.equal(mul(a, b), Number((BigInt(a) * BigInt(b)) % BigInt(P)));
    assert.equal(mul(P - 1 - (i % 7), P - 1 - (i % 5)), Number((BigInt(1 + (i % 7)) * BigInt(1 + (i % 5))) % BigInt(P)));
  }
});

test('msgpack: one form of every value', () => {
  assert.deepEqual(reads('93 c0 c2 c3'), [null, false, true]);
  assert.deepEqual(reads('96 7f cc80 cd0100 ce00010000 cf0000000100000000 cfffffffffffffffff'),
    [127n, 128n, 256n, 65536n, 4294967296n, 18446744073709551615n]);
  assert.deepEqual(reads('95 e0 d0df d1ff7f d2ffff7fff d3ffffffff7fffffff'), [-32n, -33n, -129n, -32769n, -2147483649n]);
  assert.deepEqual(reads('81 a0 c0'), new Map([['', null]])); // nothing is shorter than two bytes an entry
  assert.deepEqual(reads('82 a161 00 a162 c40101'), new Map([['a', 0n], ['b', Uint8Array.of(1)]]));
  for (const long of ['cc7f', 'cd00ff', 'ce0000ffff', 'cf00000000ffffffff', 'd0e0', 'd1ff80', 'd2ffff8000', 'd3ffffffff80000000',
    'd07f', 'd90161', 'c5000100', 'dc000100', 'de0001a16100']) refuses(long, 'package/encoding');
  for (const other of ['c1', 'ca00000000', 'cb0000000000000000', 'd40000', 'c70000', 'a1ff', 'a3eda080', '810000', '82a16200a16100',
    '82a16100a16100', '91', 'c402ff', '']) refuses(other, 'package/encoding');
  refuses(`${'91'.repeat(8)}c0`, 'package/limit');
  refuses(`${'91'.repeat(7)}81a161c0`, 'package/limit');
  assert.ok(Array.isArray(reads(`${'91'.repeat(7)}c0`)));
  assert.ok(Array.isArray(reads(`${'91'.repeat(6)}81a161c0`)));
  refuses(`${'81a161'.repeat(8)}c0`, 'package/limit');
  assert.ok(reads(`${'81a161'.repeat(7)}c0`) instanceof Map);
});

test('msgpack: every form of a length from its least on', () => {
  const key = (i) => [0xa3, ...[12, 6, 0].map((shift) => 0x30 + ((i >> shift) & 63))];
  const [text, byte, item, entry] = [() => [0x61], () => [0], () => [0xc0], (i) => [...key(i), 0xc0]];
  const kinds = new Map([[text, (value) => typeof value === 'string'], [byte, (value) => value instanceof Uint8Array], [item, Array.isArray],
    [entry, (value) => value instanceof Map]]);
  const of = (head, size, each) => {
    const bytes = Uint8Array.from([...head, ...Array.from({ length: size }, (_, i) => each(i)).flat()]);
    const { value, end } = decode(bytes);
    assert.ok(kinds.get(each)(value) && end === bytes.length, `${head} ${size}`);
    return value;
  };
  const length = (value) => value.length ?? value.size;
  for (const [lead, most, each] of [[0xa0, 31, text], [0x90, 15, item], [0x80, 15, entry]]) {
    for (const size of [0, 1, most]) assert.equal(length(of([lead | size], size, each)), size);
  }
  const forms = [[0xc4, 1, 0, byte], [0xc5, 2, 256, byte], [0xc6, 4, 65536, byte], [0xd9, 1, 32, text], [0xda, 2, 256, text], [0xdb, 4, 65536, text],
    [0xdc, 2, 16, item], [0xdd, 4, 65536, item], [0xde, 2, 16, entry], [0xdf, 4, 65536, entry]];
  for (const [lead, width, least, each] of forms) {
    const head = (size) => [lead, ...[24, 16, 8, 0].slice(4 - width).map((shift) => (size >> shift) & 255)];
    for (const size of [least, least + 1]) assert.equal(length(of(head(size), size, each)), size);
    if (least > 0) assert.throws(() => of(head(least - 1), least - 1, each), (error) => error instanceof Rejected && error.reason === 'package/encoding');
  }
});

test('msgpack: 2^18 values, the list around the others with them', () => {
  const list = (count) => Uint8Array.from([0xdd, ...[24, 16, 8, 0].map((shift) => (count >>> shift) & 255), ...new Array(count).fill(0xc0)]);
  assert.equal(decode(list(2 ** 18 - 1)).value.length, 2 ** 18 - 1);
  assert.throws(() => decode(list(2 ** 18)), (error) => error instanceof Rejected && error.reason === 'package/limit');
});

test('the description holds, and each fault in it is seen', () => {
  const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
  assert.equal(loadCircuit('lot-machine/v9999', circuitFile), null);
  const faulty = (change) => {
    const copy = structuredClone(circuit);
    for (const table of copy.tables) delete table.nextColumns;
    change(copy);
    assert.throws(() => checkDescription(copy), /circuit description/);
  };
  faulty((c) => { c.lang = 1; });
  faulty((c) => { c.lang = 3; });
  faulty((c) => { c.more = 1; });
  faulty((c) => { c.degree = 3; });
  faulty((c) => { c.log_rows = [12, 21]; });
  faulty((c) => { c.tables[0].groups[0].pop(); });
  faulty((c) => { c.tables[0].nodes[0] = ['const', P]; });
  faulty((c) => { c.tables[0].nodes[1] = ['add', 1, 0]; });
  faulty((c) => { c.tables[0].columns.push('unused'); });
  faulty((c) => { c.tables[0].interactions[0].message.pop(); });
  faulty((c) => { c.tables[0].constraints[0].where = 'never'; });
  faulty((c) => { c.public_messages[0].message[0] = ['item', 99]; });
});

test('sizes of FORMAT.md section 4', () => {
  const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
  const at = (name, n) => sizes(circuit.tables.map(() => n), PARAMETER_SETS.get(name), circuit);
  assert.deepEqual(at('test', 13).arities, [8, 8]);
  assert.deepEqual(at('balanced', 16).arities, [16, 8, 8]);
  assert.deepEqual(at('small', 15).arities, [16, 8, 8]);
  assert.deepEqual(['test', 'balanced', 'small', 'large'].map((name) => at(name, 15).mask), [192, 192, 192, 288]);
  assert.deepEqual(rowWords(at('balanced', 15).stacks), [214, 120, 10]);
  const mixed = sizes([15, 15, 12, 12, 12, 12, 13], PARAMETER_SETS.get('balanced'), circuit);
  assert.deepEqual(rowWords(mixed.stacks), [159, 85, 10]);
  assert.deepEqual(mixed.stacks.map(({ n, lanes }) => [n, lanes]), [[15, 4], [13, 16], [12, 32]]);
  assert.equal(at('balanced', 15).finalCoefficients, 544);
  assert.equal(at('test', 13).bound, 8704);
});

test('dates and texts', () => {
  assert.equal(parseDate('1970-01-02'), 1);
  for (const wrong of ['2023-02-29', '2023-2-01', '20230201', '0000-01-01', '2023-02-01 ', '٢٠٢٣-01-01']) assert.equal(parseDate(wrong), null);
  for (const good of ['a', 'a b', 'é', '日本', '한국', 'Ωμ']) assert.ok(isPlainText(good, 20), good);
  for (const bad of ['', '😀', 'a  b', 'a\ufe0f', ' a', 'a ', 'a\u00a0b', 'a\u200bb', 'a\nb', 'e\u0301', '\ue000', 'aaaaaaaaaaaaaaaaaaaaa']) assert.ok(!isPlainText(bad, 20), bad);
});

test('the characters of texts are those of FORMAT section 7, one by one', () => {
  const ranges = [[0x20, 0x7e], [0xa1, 0xac], [0xae, 0x24f], [0x386, 0x386], [0x388, 0x38a], [0x38c, 0x38c], [0x38e, 0x3a1], [0x3a3, 0x3ce],
    [0x400, 0x45f], [0x3041, 0x3096], [0x30a1, 0x30fa], [0x30fc, 0x30fc], [0x4e00, 0x9fa5], [0xac00, 0xd7a3]];
  const listed = new Uint8Array(0x110000);
  for (const [first, last] of ranges) listed.fill(1, first, last + 1);
  const wrong = [];
  for (let code = 0; code < listed.length; code += 1) if (isPlainText(`a${String.fromCodePoint(code)}b`, 9) !== (listed[code] === 1)) wrong.push(code);
  assert.deepEqual(wrong, []);
});

test('bits that are asked for: 128 of a real set, none of the test set, and of both what a policy says', () => {
  const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
  const heights = circuit.tables.map(() => 13);
  const holds = (name, changes, policy) => {
    const wanted = readPolicy({ schema: 'zkharvest/chain-policy/1', ...policy });
    try {
      checkBits(wanted, circuit, { ...PARAMETER_SETS.get(name), ...changes }, heights);
      return true;
    } catch (error) {
      assert.equal(error.reason, 'policy/bits');
      return false;
    }
  };
  const weaker = { grind_query: PARAMETER_SETS.get('balanced').grind_query - 1 };
  assert.ok(holds('balanced', {}, {}) && !holds('balanced', weaker, {}));
  assert.ok(holds('balanced', weaker, { min_bits: 127 }) && holds('balanced', {}, { min_bits: 128 }) && !holds('balanced', {}, { min_bits: 128.01 }));
  assert.ok(holds('test', {}, {}) && holds('test', {}, { min_bits: 5 }) && !holds('test', {}, { min_bits: 6 }));
});

test('who signed a page: each key of several', () => {
  const [page, other] = [Uint8Array.of(1), Uint8Array.of(2)];
  const found = signersOf([{ page, key: Uint8Array.of(3) }, { page: other, key: Uint8Array.of(4) }, { page, key: Uint8Array.of(5) }]);
  assert.deepEqual([...found], [['01', ['03', '05']], ['02', ['04']]]);
});

test('days of time zones', () => {
  const at = (zone, date, count) => zoneOffsets(zone, parseDate(date), count);
  assert.deepEqual(at('UTC', '2025-01-01', 2), [0, 0]);
  assert.deepEqual(at('America/New_York', '2025-03-08', 3), [-18000, -18000, -14400]);
  const year = at('America/New_York', '2025-01-01', 365);
  assert.deepEqual(year.flatMap((offset, day) => (offset === year[day - 1] ? [] : [[day, offset]])), [[0, -18000], [68, -14400], [306, -18000]]);
  // Samoa had no December 30 in 2011: it begins, and ends, when the 31st begins.
  assert.deepEqual(at('Pacific/Apia', '2011-12-29', 4), [-36000, -36000, 50400, 50400]);
  // At midnight of this day clocks in Beirut went to one o'clock.
  assert.deepEqual(at('Asia/Beirut', '2022-03-26', 3), [7200, 7200, 10800]);
  assert.equal(at('america/new_york', '2025-01-01', 1), null);
  assert.equal(at('Mars/Olympus', '2025-01-01', 1), null);
});

test('of later days only those that differ from the zone count', () => {
  // Samoa had from April 2012 on an offset that no day of 2010 and 2011 had: where it is the zone's it says nothing.
  const firstDay = parseDate('2010-01-01');
  const usual = zoneOffsets('Pacific/Apia', firstDay, 730 + 367 + 1);
  const check = (offset, until = firstDay) => {
    const dayOffsets = usual.map((one, day) => (day >= 1004 ? offset : one));
    return checkZone({ timezone: 'Pacific/Apia', calendar: { firstDay, days: 730, dayOffsets } }, until);
  };
  assert.equal(usual[822], 46800);
  assert.deepEqual(check(50400), { known: true, strange: false });
  assert.deepEqual(check(-36000), { known: true, strange: false });
  assert.deepEqual(check(46801), { known: true, strange: true });
  assert.deepEqual(check(-36000, firstDay + 1004), { known: true, strange: true });
});

test('days 0 to D are the zone\'s, and what offsets they had is known to the day', () => {
  // New York: -14400 begins with day 68 of 2025, and ends with day 306.
  const check = (date, days, changes, until = 0) => {
    const firstDay = parseDate(date);
    const dayOffsets = zoneOffsets('America/New_York', firstDay, days + 367 + 1).map((one, day) => changes[day] ?? one);
    return checkZone({ timezone: 'America/New_York', calendar: { firstDay, days, dayOffsets } }, firstDay + until);
  };
  const strange = (...given) => check(...given).strange;
  assert.equal(strange('2025-01-01', 68, {}, 68 + 367), false);
  for (const day of [0, 1, 67, 68]) {
    assert.throws(() => check('2025-01-01', 68, { [day]: -18001 }), (error) => error instanceof Rejected && error.reason === 'statement/calendar');
  }
  for (const day of [69, 68 + 367]) assert.equal(strange('2025-01-01', 68, { [day]: -18001 }), true);
  assert.equal(strange('2025-01-01', 68, { 400: -14400 }), false); // as day D
  assert.equal(strange('2025-01-01', 67, { 400: -14400 }), true); // as day D + 1 alone
  assert.equal(strange('2025-03-09', 100, { 150: -18000 }), false); // as day 0
  const nowhere = { timezone: 'Mars/Olympus', calendar: { firstDay: 20000, days: 365, dayOffsets: [] } };
  assert.deepEqual(checkZone(nowhere, 0), { known: false, strange: false });
});

test('SHA-256 and SHA-512 are those of FIPS 180-4', () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * i + 7 * i) & 255);
  const digest = (name, part) => createHash(name).update(part).digest('hex');
  for (let length = 0; length <= bytes.length; length += 1) {
    const [whole, cut] = [bytes.subarray(0, length), length % 67];
    const parts = [whole.subarray(0, cut), whole.subarray(cut)];
    assert.equal(toHex(ownSha256(...parts)), digest('sha256', whole));
    assert.equal(toHex(sha512(...parts)), digest('sha512', whole));
  }
  assert.equal(toHex(sha256(bytes)), toHex(ownSha256(bytes)));
  assert.equal(toHex(nodeSha256(bytes, bytes)), toHex(ownSha256(bytes, bytes)));
});

test('a circuit is the pinned one, or it is not used', () => {
  for (const [id, digest] of KNOWN_CIRCUITS) {
    const stats = readFileSync(new URL(`../circuits/${id}/STATS.json`, import.meta.url), 'utf8');
    assert.equal(JSON.parse(stats).digest, digest);
    assert.equal(toHex(ownSha256(circuitFile(id))), digest);
  }
  assert.equal(circuitFile('lot-machine/v9999'), null);
});

test('Ed25519: vectors of RFC 8032, section 7.1, and signatures that node makes', () => {
  const cases = [
    ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
    ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
  ];
  for (let i = 0; i < 5; i += 1) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const message = Uint8Array.from({ length: 40 * i }, (_, k) => k ^ i);
    const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    cases.push([toHex(key), toHex(message), toHex(sign(null, message, privateKey))]);
  }
  for (const [key, message, signature] of cases) {
    const [k, m, s] = [fromHex(key), fromHex(message), fromHex(signature)];
    assert.ok(verifies(k, m, s));
    assert.ok(!verifies(k, Uint8Array.of(...m, 0), s));
    for (const at of [0, 31, 32, 63]) assert.ok(!verifies(k, m, s.map((byte, i) => (i === at ? byte ^ 1 : byte))));
    // S + L is the same number modulo the order: one signature would have two forms.
    const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    let carry = 0;
    const larger = s.map((byte, i) => {
      if (i < 32) return byte;
      const sum = byte + order[i - 32] + carry;
      carry = sum >> 8;
      return sum & 255;
    });
    assert.ok(!verifies(k, m, larger));
  }
  assert.ok(!verifies(fromHex(`02${'00'.repeat(31)}`), new Uint8Array(0), new Uint8Array(64))); // not a point of the curve
  assert.ok(!verifies(fromHex(`ed${'ff'.repeat(30)}7f`), new Uint8Array(0), new Uint8Array(64))); // y = p
});

test('Ed25519 keys of small order', () => {
  const key = (hex) => fromHex(hex.padEnd(64, '0'));
  const small = ['01', '00', `${'00'.repeat(31)}80`, `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'];
  for (const hex of small) assert.ok(isSmallOrder(key(hex)), hex);
  // The base point, and a key of RFC 8032, section 7.1.
  for (const hex of [`58${'66'.repeat(31)}`, 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a']) assert.ok(!isSmallOrder(key(hex)), hex);
});

test('hash to G2: the empty message of RFC 9380, appendix J.10.1', () => {
  const point = hashToG2(new Uint8Array(0), 'QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_');
  assert.ok(isInfinity(F2, multiply(F2, point, ORDER)));
  assert.deepEqual(toAffine(F2, point)[0].map((part) => part.toString(16)), [
    '141ebfbdca40eb85b87142e130ab689c673cf60f1a3e98d69335266f30d9b8d4ac44c1038e9dcdd5393faf5c41fb78a',
    '5cb8437535e20ecffaef7752baddf98034139c38452458baeefab379ba13dff5bf5dd71b72418717047f5b0f37da03d',
  ]);
});

test('two accounts whose codes agree in what orders registers', () => {
  // No such names are known: it takes 2^36 hashes to find two. So the hash is one that says little of an account.
  const { cases } = JSON.parse(readFileSync(new URL('../vectors/kat/chain/chain.json', import.meta.url), 'utf8'));
  const raw = decode(fromHex(cases.find(({ op }) => op === 'chain').statements[0])).value;
  assert.equal(readLink(raw).accounts.length, 2);
  const tag = toHex(utf8('zkharvest/account/v2'));
  const agreeing = (places) => (...parts) => {
    const found = Uint8Array.from(nodeSha256(...parts));
    return toHex(Buffer.concat(parts)).startsWith(tag) ? found.map((byte, i) => (places.includes(i) ? 7 : byte)) : found;
  };
  const nine = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  try {
    useSha256(agreeing(nine));
    assert.throws(() => readLink(raw), (error) => error instanceof Rejected && error.reason === 'link/codes');
    useSha256(agreeing([...nine.slice(1), 9, 10, 11, 12])); // what else there is of a code may agree
    assert.equal(readLink(raw).accounts.length, 2);
  } finally {
    useSha256(nodeSha256);
  }
});

test('what no package reaches: a circuit that asks for what no statement has, and a chain of no links', () => {
  const { cases } = JSON.parse(readFileSync(new URL('../vectors/kat/chain/chain.json', import.meta.url), 'utf8'));
  const link = readLink(decode(fromHex(cases.find(({ op }) => op === 'chain').statements[0])).value);
  const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
  assert.equal(linkInputs(link, circuit, null).publics.length, circuit.publics.length);
  const refused = (reason) => (error) => error instanceof Rejected && error.reason === reason;
  assert.throws(() => linkInputs(link, { ...circuit, publics: ['weather'] }, null), refused('public/shape'));
  assert.throws(() => checkChain([]), refused('chain/links'));
});
