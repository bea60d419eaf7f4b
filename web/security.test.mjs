// The terms of FORMAT.md section 8 against those that are published beside the circuit.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadCircuit } from './description.mjs';
import { circuitFile } from './node.mjs';
import { PARAMETER_SETS } from './parameters.mjs';
import { provenBits, securityTerms } from './security.mjs';

const DOCUMENT = new URL('../circuits/lot-machine/v2/SECURITY.md', import.meta.url);

const cells = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim());

/** Set to height to term to bits, as text, of the tables under a Johnson heading. */
function published() {
  const sets = new Map();
  let [set, heights] = [null, null];
  for (const line of readFileSync(DOCUMENT, 'utf8').split('\n')) {
    const heading = /^## ([a-z-]+):/.exec(line);
    if (heading !== null) set = heading[1];
    else if (line.startsWith('### ')) heights = line.startsWith('### Johnson') ? [] : null;
    else if (heights !== null && line.startsWith('| term ')) {
      heights = cells(line).slice(2).map((cell) => Number(cell.replace('2^', '')));
      sets.set(set, new Map(heights.map((n) => [n, new Map()])));
    } else if (heights !== null && heights.length > 0 && /^\| [a-z]/.test(line)) {
      const [term, , ...bits] = cells(line);
      bits.forEach((text, i) => text !== '' && sets.get(set).get(heights[i]).set(term, text));
    }
  }
  return sets;
}

const tenths = (bits) => (Math.floor(bits * 10) / 10).toFixed(1);

test('every term at every height, rounded down to a tenth', () => {
  const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
  const sets = published();
  assert.deepEqual([...sets.keys()], [...PARAMETER_SETS.keys()].filter((name) => name !== 'test'));
  for (const [name, heights] of sets) {
    const parameters = PARAMETER_SETS.get(name);
    const [least, most] = [0, 1].map((i) => [Math.max, Math.min][i](parameters.rows[i], circuit.log_rows[i]));
    assert.deepEqual([...heights.keys()], Array.from({ length: most - least + 1 }, (_, i) => least + i), name);
    for (const [n, terms] of heights) {
      const all = circuit.tables.map(() => n);
      const { minimum, sum, ...expected } = Object.fromEntries(terms);
      const computed = Object.fromEntries(securityTerms(circuit, parameters, all).map(([term, bits]) => [term, tenths(bits)]));
      assert.deepEqual(computed, expected, `${name}, 2^${n}`);
      assert.equal(tenths(provenBits(circuit, parameters, all)), minimum, `${name}, 2^${n}`);
      assert.equal(provenBits(circuit, parameters, all), 128);
      assert.notEqual(sum, undefined);
    }
  }
});

test('fewer queries or less grinding prove less', () => {
  const { circuit } = loadCircuit('lot-machine/v2', circuitFile);
  const balanced = PARAMETER_SETS.get('balanced');
  const tallest = circuit.tables.map(() => 18);
  assert.ok(provenBits(circuit, { ...balanced, queries: balanced.queries - 2 }, tallest) < 127);
  assert.ok(provenBits(circuit, { ...balanced, grind_batch: 20 }, tallest) < 128);
});
