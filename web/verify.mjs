// The decision: from the bytes of packages and a policy to a verdict. It runs wherever JavaScript does: it reads no
// file, and needs no Buffer and no library of node's. See README.md for a browser, `node.mjs` and `main.mjs` for node.

import { equal } from './bytes.mjs';
import { checkZone } from './calendar.mjs';
import { SCHEMA as OF_CHAINS, readChainPolicy } from './chain_policy.mjs';
import { loadCircuit } from './description.mjs';
import { Rejected, Undecided, demand } from './faults.mjs';
import { parseOnce } from './json.mjs';
import { readPackage } from './package.mjs';
import { PARAMETER_SETS, heightsAllowed } from './parameters.mjs';
import { checkBits, checkCircuit, checkDecided, checkExpectations, checkTestPreset, readPolicy } from './policy.mjs';
import { checkAttestations, checkSignature } from './signatures.mjs';
import { verifyProof } from './stark.mjs';
import { publicInputs, readCircuitReference, readStatement } from './statement.mjs';
import { checkChainOf } from './verify_chain.mjs';

/** All checks of a package that stands alone, in order; throws Rejected or Undecided unless it is accepted. */
function checkAlone(bytes, policy, circuitFile) {
  // 1. The container.
  const parts = readPackage(bytes);

  // 2. The circuit under the statement's id, which says how to read the rest of the statement.
  const reference = readCircuitReference(parts.statement);
  const held = loadCircuit(reference.id, circuitFile);
  if (held === null) throw new Undecided('circuit/unknown');
  demand(equal(reference.digest, held.digest), 'circuit/digest');
  checkCircuit(policy, reference.id);

  // 3. The statement.
  const statement = readStatement(parts.statement);

  // 4. The parameter set and the heights, and whether they are strong enough.
  const parameters = PARAMETER_SETS.get(parts.preset);
  demand(parameters !== undefined, 'package/preset');
  checkTestPreset(policy, parameters);
  demand(heightsAllowed(parts.log_rows, parameters, held.circuit), 'package/log-rows');
  const heights = parts.log_rows.map(Number);
  checkBits(policy, held.circuit, parameters, heights);

  // 5. What else is expected.
  checkExpectations(policy, statement);

  // 6. The proof.
  const inputs = publicInputs(statement, held.circuit, parts.statementDigest);
  verifyProof(held.circuit, held.digest, inputs, heights, parameters, parts.proof);

  // 7. The calendar against the zone as this machine knows it; what that leaves open waits for the signatures.
  const zone = checkZone(statement);

  // 8. Signatures.
  checkSignature(parts.signature, parts.signedDigest, policy.signer);
  checkAttestations(parts.attestations, statement.sources, policy.sourceKeys);

  // 9. What was left open.
  checkDecided(policy, statement, zone);
  return { statement };
}

/** What decides, by the policy's schema: about one package, or about packages whose links are to be one chain. */
function decider(policyText, packages) {
  const raw = parseOnce(policyText);
  if (raw?.schema === OF_CHAINS) {
    const policy = readChainPolicy(raw);
    return (circuitFile) => ({ chain: checkChainOf(packages, policy, circuitFile) });
  }
  const policy = readPolicy(raw);
  if (packages.length !== 1) throw new Error('policy: it is of a package that stands alone');
  return (circuitFile) => checkAlone(packages[0], policy, circuitFile);
}

/**
 * The verdict on packages (a list of byte strings) and any policy text: {verdict, reason, detail}, and of what is accepted
 * the `statement` or, under a policy of chains, the `chain`: that is there too if the proofs hold and something of the
 * auditor's is open. `circuitFile(id)` gives the bytes of a known circuit's
 * `circuit.json`, or nothing.
 */
export function judge(packages, policyText, circuitFile) {
  let decide;
  try {
    decide = decider(policyText, packages);
  } catch (error) {
    return { verdict: 'rejected', reason: 'policy/form', detail: String(error?.message) };
  }
  try {
    return { verdict: 'accepted', reason: '', detail: '', ...decide(circuitFile) };
  } catch (error) {
    if (error instanceof Rejected || error instanceof Undecided) {
      return { verdict: error.verdict, reason: error.reason, detail: error.message, ...(error.chain && { chain: error.chain }) };
    }
    return { verdict: 'rejected', reason: 'internal', detail: String(error?.stack ?? error) };
  }
}

/** A verdict on one line, as programs read it. */
export function line({ verdict, reason }) {
  return `${verdict}${reason === '' ? '' : ` ${reason}`}`;
}
