// The decision: from the bytes of packages and a policy to a verdict. It runs wherever JavaScript does: it reads no
// file, and needs no Buffer and no library of node's. See README.md for a browser, `node.mjs` and `main.mjs` for node.

import { Rejected, Undecided } from './faults.mjs';
import { parsePolicy, readPolicy } from './policy.mjs';
import { checkChainOf } from './verify_chain.mjs';

/**
 * The verdict on packages (a list of byte strings), together one chain, and any policy text: {verdict, reason, detail},
 * and the `chain` of what is accepted; that is there too if the proofs hold and something of the auditor's is open.
 * `circuitFile(id)` gives the bytes of a known circuit's `circuit.json`, or nothing.
 */
export function judge(packages, policyText, circuitFile) {
  let policy;
  try {
    policy = readPolicy(parsePolicy(policyText));
  } catch (error) {
    return { verdict: 'rejected', reason: 'policy/form', detail: String(error?.message) };
  }
  try {
    return { verdict: 'accepted', reason: '', detail: '', chain: checkChainOf(packages, policy, circuitFile) };
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
