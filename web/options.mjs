// The command line's expectations of a chain: options with the names of `zkharvest verify`, as the policy that they say.

import { LIMITS, SCHEMA, listed, parsePolicy, readPolicy } from './policy.mjs';

const SWITCHES = { first: 'first', 'need-refs': 'need_refs', 'allow-other-sources': 'allow_other_sources', 'allow-test-preset': 'allow_test_preset' };
const TEXTS = ['standing', 'method', 'pooling', 'timezone', 'currency', 'audience', 'nonce', 'signer'];
const BY_SOURCE = { page: 'pages', account: 'accounts', 'source-key': 'source_keys' };
const NUMBERS = ['year', 'min-bits', ...LIMITS.map((name) => `max-${name.replace('_', '-')}`)];

/** SOURCE=VALUE; the last `=` separates. */
function ofSource(text, option) {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) throw new Error(`${option} ${text}: not SOURCE=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** What the options say of sources, by member: each value once. */
function bySource(given) {
  const found = new Map();
  for (const [name, text] of given.filter(([one]) => Object.hasOwn(BY_SOURCE, one))) {
    const [source, value] = ofSource(text, `--${name}`);
    const sources = found.get(BY_SOURCE[name]) ?? new Map();
    found.set(BY_SOURCE[name], sources.set(source, [...new Set([...(sources.get(source) ?? []), value])]));
  }
  return found;
}

const keyOf = (one) => (one.key ?? one).toLowerCase();

/** What a file expects of a source and what options do: pages are added, a key is one of the file's, accounts are the file's. */
function together(member, known, given) {
  const names = (all) => all.map(member === 'accounts' ? (one) => one : keyOf);
  const [mine, theirs] = [names(given), names(known)];
  if (member === 'pages') return [...known, ...given.filter((_, i) => !theirs.includes(mine[i]))];
  const apart = member === 'accounts' ? theirs.some((one) => !mine.includes(one)) : false;
  if (apart || mine.some((one) => !theirs.includes(one))) {
    throw new Error(`${member}: the options expect ${mine.join(' and ')}, the policy file ${theirs.join(' and ')}`);
  }
  return known.filter((_, i) => mine.includes(theirs[i]));
}

function number(text, option) {
  if (!(option === '--min-bits' ? /^[0-9]+(\.[0-9]+)?$/ : /^[0-9]+$/).test(text)) throw new Error(`${option} ${text}: not a number`);
  return Number(text);
}

/**
 * {packages, policy} of arguments that have an option: paths, and the policy as an object. `read(path)` gives the text
 * of the file that `--policy` names; the options replace its single values, and go together with what it says of
 * sources. An Error says what is wrong.
 */
export function readOptions(args, read) {
  const [packages, given] = [[], []];
  for (let i = 0; i < args.length; i += 1) {
    if (!args[i].startsWith('--')) {
      packages.push(args[i]);
      continue;
    }
    const name = args[i].slice(2);
    if (Object.hasOwn(SWITCHES, name)) given.push([name, null]);
    else if (i + 1 === args.length) throw new Error(`${args[i]} wants a value`);
    else given.push([name, args[i += 1]]);
  }
  const file = given.findLast(([name]) => name === 'policy');
  const policy = file === undefined ? { schema: SCHEMA } : parsePolicy(read(file[1]));
  readPolicy(policy); // a fault of the file is one, whatever the options replace
  for (const [name, text] of given) {
    if (Object.hasOwn(SWITCHES, name)) policy[SWITCHES[name]] = true;
    else if (TEXTS.includes(name)) policy[name] = text;
    else if (NUMBERS.includes(name)) policy[name.replaceAll('-', '_')] = number(text, `--${name}`);
    else if (name !== 'policy' && name !== 'circuit' && !Object.hasOwn(BY_SOURCE, name)) throw new Error(`there is no option --${name}`);
  }
  const circuits = given.filter(([name]) => name === 'circuit').map(([, text]) => text);
  if (circuits.length > 0) policy.circuits = circuits;
  for (const [member, sources] of bySource(given)) {
    const known = new Map(Object.entries(policy[member] ?? {}));
    for (const [source, values] of sources) known.set(source, known.has(source) ? together(member, listed(known.get(source)), values) : values);
    policy[member] = Object.fromEntries(known);
  }
  return { packages, policy };
}
