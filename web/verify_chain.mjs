// The decision about a chain: from the bytes of packages of links to a verdict, in the order of FORMAT.md section 9.

import { equal, toHex } from './bytes.mjs';
import { checkZone } from './calendar.mjs';
import { checkChain, checkNumbers, mismatches, openQuestions, signersOf, unsigned } from './chain.mjs';
import { loadCircuit } from './description.mjs';
import { Rejected, Undecided, demand } from './faults.mjs';
import { MAX_LINKS, readLink } from './link.mjs';
import { linkInputs } from './link_public.mjs';
import { readLinks } from './package.mjs';
import { PARAMETER_SETS, heightsAllowed } from './parameters.mjs';
import { checkBits, checkCircuit, checkTestPreset } from './policy.mjs';
import { checkPageSignatures, checkSignature } from './signatures.mjs';
import { verifyProof } from './stark.mjs';
import { readCircuitReference } from './values.mjs';

const MAX_PACKAGES = 64;
export const MAX_TOGETHER = 2 ** 28; // bytes of all packages

/** Throws with the first of these reasons, if there is one, and all of them as its detail. */
function raiseFirst(Fault, reasons, chain) {
  if (reasons.length > 0) throw Object.assign(new Fault(reasons[0], reasons.slice(1).join(', ')), { chain });
}

/** The circuit of a part, if it is known and the policy takes it. */
function circuitOf(part, policy, circuitFile) {
  const reference = readCircuitReference(part.statement);
  const held = loadCircuit(reference.id, circuitFile);
  if (held === null) throw new Undecided('circuit/unknown');
  demand(equal(reference.digest, held.digest), 'circuit/digest');
  checkCircuit(policy, reference.id);
  return held;
}

/** The parameter set and heights of a part, strong enough. */
function strengthOf(part, held, policy) {
  const parameters = PARAMETER_SETS.get(part.preset);
  demand(parameters !== undefined, 'package/preset');
  checkTestPreset(policy, parameters);
  demand(heightsAllowed(part.log_rows, parameters, held.circuit), 'package/log-rows');
  const heights = part.log_rows.map(Number);
  checkBits(policy, held.circuit, parameters, heights);
  return { parameters, heights };
}

/** Signatures over pages that a link of their own package lists, the taxpayer's, then what the sources' are over. */
function checkSignatures(packages, groups, policy) {
  packages.forEach(({ attestations }, i) => {
    const listed = new Set(groups[i].flatMap(({ pages }) => pages.map(({ header }) => toHex(header.id))));
    for (const { page } of attestations) demand(listed.has(toHex(page)), 'attestation/page', toHex(page));
  });
  for (const { signature, signedDigest } of packages) if (signature !== null) checkSignature(signature, signedDigest);
  const signer = packages.at(-1).signature?.get('key') ?? null;
  demand(policy.signer === null || signer !== null, 'signature/missing');
  demand(policy.signer === null || toHex(signer) === policy.signer, 'signature/key');
  const attestations = packages.flatMap((one) => one.attestations);
  checkPageSignatures(attestations);
  return { signed: signersOf(attestations), signer };
}

/**
 * All checks in order; throws Rejected or Undecided unless the chain is accepted. Returns what it states; what is thrown
 * has it too, as `chain`, if only the auditor's own questions are open.
 */
export function checkChainOf(data, policy, circuitFile) {
  // 1. The containers, and the circuits of all links.
  demand(data.length >= 1 && data.length <= MAX_PACKAGES, 'chain/links', 'the number of packages');
  demand(data.reduce((sum, { length }) => sum + length, 0) <= MAX_TOGETHER, 'package/limit', 'more than 2^28 bytes together');
  const packages = data.map(readLinks);
  const parts = packages.flatMap(({ links }) => links);
  demand(parts.length <= MAX_LINKS, 'chain/links', 'the number of links');
  const held = parts.map((part) => circuitOf(part, policy, circuitFile));

  // 2. The statements, package by package, and that they are one chain.
  const groups = packages.map(({ links }) => {
    const group = links.map((part) => readLink(part.statement));
    checkNumbers(group);
    return group;
  });
  const links = checkChain(groups.flat());

  // 3. Parameter sets and heights, and whether they are strong enough; then what is expected.
  const strengths = parts.map((part, i) => strengthOf(part, held[i], policy));
  raiseFirst(Rejected, mismatches(links, policy));

  // 4. The proofs.
  parts.forEach((part, i) => {
    const { circuit, digest } = held[i];
    const inputs = linkInputs(links[i], circuit, part.statementDigest);
    verifyProof(circuit, digest, inputs, strengths[i].heights, strengths[i].parameters, part.proof);
  });

  // 5. The calendars against their zones; what that leaves open waits for the signatures.
  const until = new Map();
  for (const { timezone, calendar: { firstDay, days } } of links) until.set(timezone, Math.max(until.get(timezone) ?? 0, firstDay + days));
  const zones = links.map((link) => checkZone(link, until.get(link.timezone)));

  // 6. Signatures, and whether those that are expected are there.
  const { signed, signer } = checkSignatures(packages, groups, policy);
  if (zones.some(({ known, strange }) => !known || strange)) throw new Undecided('statement/unknown-zone');
  raiseFirst(Rejected, unsigned(links, policy, signed));

  // 7. What was left open.
  const chain = { links, signed, signer, policy, tested: strengths.some(({ parameters }) => parameters.test) };
  raiseFirst(Undecided, openQuestions(links, policy, signed), chain);
  return chain;
}
