// The known answers of vectors/kat for what this verifier has code for, and unit tests of what they do not reach.
//
//     node --test web

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { concat, fromHex, toHex, words } from './bytes.mjs';
import { chainCounters, checkChain, mismatches, openQuestions, unsigned } from './chain.mjs';
import { parsePolicy, readPolicy } from './policy.mjs';
import { accountCode } from './codes.mjs';
import { publicColumns } from './constraints.mjs';
import { loadCircuit } from './description.mjs';
import * as field from './field.mjs';
import { countersOf, figureRecords, readFigures } from './figures.mjs';
import { foldLeaf } from './fri.mjs';
import { readLink } from './link.mjs';
import { linkInputs } from './link_public.mjs';
import { leafDigest, nodeDigest, openedRoot, rootOf, siblingCount } from './merkle.mjs';
import { decode } from './msgpack.mjs';
import { circuitFile } from './node.mjs';
import { sha256 } from './sha.mjs';
import { Transcript } from './transcript.mjs';

const KAT = fileURLToPath(new URL('../vectors/kat/', import.meta.url));

/** Runs every case of a kind by its op; an op without code here is a failure unless it is named as left out. */
function answers(kind, ops, leftOut = []) {
  test(`known answers: ${kind}`, () => {
    let count = 0;
    for (const name of readdirSync(`${KAT}${kind}`)) {
      const text = readFileSync(`${KAT}${kind}/${name}`, 'utf8');
      // Exponents such as p^5 - 1 are more than a double holds: as text, they reach BigInt whole. Policies are texts already.
      const file = JSON.parse(kind === 'chain' ? text : text.replace(/(?<=[ [,])\d{16,}(?=[\],}])/g, '"$&"'));
      assert.equal(file.cases.length, file.tests);
      for (const one of file.cases) {
        if (leftOut.includes(one.op)) continue;
        assert.ok(ops[one.op], `no code for ${one.op}`);
        ops[one.op](one);
        count += 1;
      }
    }
    assert.ok(count > 0);
  });
}

const plain = (run) => ({ in: operands, out }) => assert.deepEqual([...[run(...operands)].flat()], [out].flat());

answers('field', {
  add: plain(field.add),
  sub: plain(field.sub),
  mul: plain(field.mul),
  inverse: plain(field.inverse),
  power: plain(field.power),
  powers: plain(field.powers),
  reduce: plain(field.reduce),
  root_of_unity: plain(field.rootOfUnity),
});

const extension = (run) => ({ in: operands, out }) => assert.deepEqual(run(...operands), out);
answers('extension', {
  add: extension(field.extAdd),
  sub: extension(field.extSub),
  mul: extension(field.extMul),
  inverse: extension(field.extInverse),
  power: extension((base, e) => [...field.extPower(base, e)]),
  powers: extension((base, n) => field.extPowers(base, n).map((one) => [...one])),
  recombine: extension(field.recombine),
  evaluate: extension(field.evaluate),
});

// There is no transform here. A column's polynomial at a point is what the verifier needs of it.
answers('ntt', {
  interpolate({ values, out }) {
    const point = [5, 4, 3, 2, 1];
    const n = Math.log2(values.length);
    const columns = values[0].map((_, k) => values.map((row) => row[k]));
    const expected = columns.map((_, k) => field.evaluate(out.map((row) => field.lift(row[k])), point));
    assert.deepEqual(publicColumns(columns, point, n), expected);
  },
}, ['extend', 'masked']);

answers('sha256-tree', {
  leaf_bytes: ({ in: [salt, row], out }) => assert.equal(toHex(leafDigest(concat(fromHex(salt), fromHex(row)))), out),
  node: ({ in: [left, right], out }) => assert.equal(toHex(nodeDigest(fromHex(left), fromHex(right))), out),
  leaf({ salt, row, out }) {
    assert.equal(toHex(leafDigest(concat(fromHex(salt), words(row)))), out);
  },
  root: ({ leaves, out }) => assert.equal(toHex(rootOf(leaves.map(fromHex))), out),
  opening({ size, leaves, siblings, out }) {
    const indices = Object.keys(leaves).map(Number).sort((a, b) => a - b);
    const digests = indices.map((index) => fromHex(leaves[index]));
    assert.equal(siblingCount(indices, size), siblings.length);
    assert.equal(toHex(openedRoot(indices, digests, siblings.map(fromHex), size)), out);
    assert.equal(openedRoot(indices, digests, [...siblings.map(fromHex), new Uint8Array(32)], size), null);
    if (siblings.length > 0) assert.equal(openedRoot(indices, digests, siblings.slice(1).map(fromHex), size), null);
  },
});

answers('transcript', {
  run({ steps }) {
    const transcript = new Transcript();
    for (const step of steps) {
      if (step.do === 'absorb') transcript.absorb(step.label, fromHex(step.data));
      else if (step.do === 'extension') assert.deepEqual(transcript.extension(step.label), step.out);
      else if (step.do === 'indices') assert.deepEqual(transcript.indices(step.label, step.count, step.size), step.out);
      else assert.ok(transcript.grind(step.bits, BigInt(step.nonce)));
      assert.equal(toHex(transcript.state), step.state);
    }
  },
});

answers('fri-fold', {
  fold({ values, shift, arity, challenge, out }) {
    const leaves = values.length / arity;
    const generator = field.rootOfUnity(Math.log2(values.length));
    const folded = Array.from({ length: leaves }, (_, j) => foldLeaf(
      Array.from({ length: arity }, (_unused, k) => values[j + k * leaves]), field.mul(shift, field.power(generator, j)), challenge));
    assert.deepEqual(folded, out);
  },
  final({ values, shift, out }) {
    const generator = field.rootOfUnity(Math.log2(values.length));
    values.forEach((value, i) => {
      assert.deepEqual(field.evaluate(out, field.lift(field.mul(shift, field.power(generator, i)))), value);
    });
  },
});

/** The links of a chain out of the bytes of its statements. */
function chainOf(statements) {
  return checkChain(statements.map((text) => {
    const bytes = fromHex(text);
    const { value, end } = decode(bytes);
    assert.equal(end, bytes.length);
    return readLink(value);
  }));
}

const hashed = (elements) => toHex(sha256(words(elements)));

answers('chain', {
  chain({ statements, out }) {
    let links;
    try {
      links = chainOf(statements);
    } catch (error) {
      assert.equal(error.reason, out.reason ?? 'that it is taken', error.stack);
      return;
    }
    const found = links.map(({ name, early, late, sameYear, wholeYear }) => (
      { standing: toHex(name), early, late, same_year: sameYear, whole_year: wholeYear }));
    assert.deepEqual({ links: found, counters: chainCounters(links) }, out);
  },
  figures({ accounts, figures, out }) {
    let found;
    try {
      const read = readFigures(decode(fromHex(figures)).value, accounts.length);
      const records = figureRecords(read, accounts.map(([source, account]) => ({ code: accountCode(source, account) })));
      found = { counters: countersOf(read), records: hashed(records.flat()) };
    } catch (error) {
      found = { reason: error.reason };
    }
    assert.deepEqual(found, out);
  },
  public({ statement, out }) {
    const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
    const { publics, lists, columns } = linkInputs(readLink(decode(fromHex(statement)).value), circuit, null);
    const named = circuit.tables.flatMap((table, t) => table.public_columns.map((name, i) => [name, hashed(columns[t][i])]));
    assert.deepEqual({
      publics: Object.fromEntries(circuit.publics.map((name, i) => [name, publics[i]])),
      pages: lists[circuit.lists.findIndex(({ name }) => name === 'pages')],
      columns: Object.fromEntries(named),
    }, out);
  },
  policy({ text, bytes, out }) {
    const given = text ?? Buffer.from(bytes, 'hex').toString('utf8');
    let found = 'taken';
    try {
      readPolicy(parsePolicy(given));
    } catch {
      found = 'policy/form';
    }
    assert.equal(found, out, given);
  },
  judge({ statements, policy, signed, out }) {
    const [links, wanted, signers] = [chainOf(statements), readPolicy(policy), new Map(Object.entries(signed))];
    const wrong = [...mismatches(links, wanted)];
    if (wrong.length === 0) wrong.push(...unsigned(links, wanted, signers));
    const left = wrong.length === 0 ? openQuestions(links, wanted, signers) : [];
    const verdict = wrong.length > 0 ? 'rejected' : left.length > 0 ? 'undecided' : 'accepted';
    assert.deepEqual({ verdict, reasons: [...wrong, ...left] }, out);
  },
});
