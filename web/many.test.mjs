// Statements of many accounts and pages are read in one pass: before any proof is looked at, 256 of them are.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { concat, fromHex, u32 } from './bytes.mjs';
import { loadCircuit } from './description.mjs';
import { P } from './field.mjs';
import { readLink } from './link.mjs';
import { linkInputs } from './link_public.mjs';
import { decode, encode } from './msgpack.mjs';
import { circuitFile } from './node.mjs';

const CALLED = ['every', 'filter', 'find', 'findIndex', 'flatMap', 'forEach', 'map', 'some'];

/** How many elements callbacks of arrays are given while `work` runs. */
function visited(work) {
  const own = Object.fromEntries(CALLED.map((name) => [name, Array.prototype[name]]));
  let count = 0;
  for (const name of CALLED) {
    Array.prototype[name] = function counted(take, ...rest) { // eslint-disable-line no-extend-native
      return own[name].call(this, (...given) => {
        count += 1;
        return take(...given);
      }, ...rest);
    };
  }
  try {
    work();
  } finally {
    Object.assign(Array.prototype, own);
  }
  return count;
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/kat/chain/public.json', import.meta.url), 'utf8'));
const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
const whole = () => decode(fromHex(cases[0].statement)).value;

/** Two links of a year, each with a page of each account; pages have odd milliseconds for edges, and go on behind the first. */
function halves(accounts) {
  const [one, two] = [whole(), whole()];
  const { from, to } = Object.fromEntries(one.get('window'));
  const middle = from + (to - from) / 2n;
  const header = decode(one.get('pages')[0].get('header')).value;
  const names = Array.from({ length: accounts }, (_, i) => `K-${String(i).padStart(5, '0')}`);
  const list = names.map((account) => new Map([['source', header.get('source')], ['account', account]]));
  const pages = names.map((account, i) => {
    const root = concat(...Array.from({ length: 9 }, (_, word) => u32((i * 9 + word) % P)));
    const made = new Map([...header, ['account', account], ['from', from + BigInt(2 * i + 1)], ['to', to + BigInt(2 * i + 1)], ['root', root]]);
    return new Map([['account', BigInt(i)], ['header', encode(made)]]);
  });
  for (const link of [one, two]) link.set('accounts', list).set('pages', pages).set('figures', []);
  one.set('window', new Map([['from', from], ['to', middle]])).set('carried_in', null);
  two.set('window', new Map([['from', middle], ['to', to]])).set('carried_in', readLink(one).closing);
  return [one, two];
}

test('what is looked at grows as accounts and pages do', () => {
  const [few, many] = [256, 2048].map((accounts) => {
    const links = halves(accounts);
    return visited(() => links.forEach((link) => {
      const read = readLink(link);
      assert.equal(read.late.length, accounts);
      linkInputs(read, circuit, null);
    }));
  });
  assert.ok(few > 256 && many < 10 * few, `${few}, then ${many}`);
});
