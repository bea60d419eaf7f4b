// The verifier runs where there is nothing of node's: what it imports, what it names, and a package verified without.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const HERE = new URL('./', import.meta.url);
const OF_NODE = ['main.mjs', 'node.mjs', 'options.mjs'];

/** The modules that a module loads, itself included. */
function loaded(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, from] of readFileSync(new URL(name, HERE), 'utf8').matchAll(/^(?:import|export) [^;]*?from '([^']+)';/gms)) {
    assert.match(from, /^\.\/[a-z0-9_]+\.mjs$/, `${name} imports ${from}`);
    loaded(from.slice(2), found);
  }
  return found;
}

test('the core imports its own modules only, and names nothing of node', () => {
  const core = loaded('verify.mjs');
  const others = readdirSync(HERE).filter((name) => name.endsWith('.mjs') && !name.endsWith('.test.mjs') && !core.has(name));
  assert.deepEqual(others.sort(), OF_NODE);
  for (const name of core) {
    const code = readFileSync(new URL(name, HERE), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
    assert.doesNotMatch(code, /\b(Buffer|process|require|global|__dirname|setImmediate)\b|node:|import\(/, name);
  }
});

test('a package is verified without the globals of node', () => {
  const code = `
    import { readFileSync } from 'node:fs';
    const [core, bytes, circuit] = [process.argv[1], readFileSync(process.argv[2]), readFileSync(process.argv[3])];
    const policy = JSON.stringify(JSON.parse(readFileSync(process.argv[4], 'utf8')).policy);
    const year = ({ chain }) => chain?.links.map((link) => link.year).join();
    const print = console.log;
    for (const name of ['Buffer', 'process', 'global', 'require', 'setImmediate', 'clearImmediate']) delete globalThis[name];
    const { judge, line } = await import(core);
    const verdict = judge([new Uint8Array(bytes)], policy, () => new Uint8Array(circuit));
    print(typeof Buffer, typeof process, line(verdict), verdict.detail, year(verdict));
    print(line(judge([new Uint8Array(bytes)], policy, () => null)));
    print(line(judge([new Uint8Array(0)], '{', () => null)));
  `;
  const file = (name) => fileURLToPath(new URL(name, HERE));
  const { stdout, stderr } = spawnSync('node', ['--input-type=module', '-e', code, new URL('verify.mjs', HERE).href,
    file('../vectors/accept/lot-machine-v2/two-years.zkh'), file('../circuits/lot-machine/v2/circuit.json'),
    file('../vectors/accept/lot-machine-v2/two-years.json')]);
  assert.equal(stderr.toString(), '');
  // The second answer comes from the circuit that is already there.
  assert.deepEqual(stdout.toString().split('\n'), ['undefined undefined accepted  2024,2025', 'accepted', 'rejected policy/form', '']);
});

test('no circuit, or one that is not the pinned one', () => {
  const code = `
    import { readFileSync } from 'node:fs';
    const { judge, line } = await import(process.argv[1]);
    const bytes = readFileSync(process.argv[2]);
    for (const circuit of [null, new Uint8Array(3)]) console.log(line(judge([bytes], '{"schema": "zkharvest/chain-policy/1"}', () => circuit)));
  `;
  const args = [new URL('verify.mjs', HERE).href, fileURLToPath(new URL('../vectors/accept/lot-machine-v2/2024.zkh', HERE))];
  const { stdout } = spawnSync('node', ['--input-type=module', '-e', code, ...args]);
  assert.equal(stdout.toString(), 'rejected circuit/file\nrejected circuit/file\n');
});
