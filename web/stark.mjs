// The protocol of FORMAT.md section 4, in its order: transcript, reading, balance, quotient, trees, FRI.

import { concat, equal, u32, utf8, words } from './bytes.mjs';
import { GENERATOR, ONE, extEqual, extPower, lift, power } from './field.mjs';
import { checkBalance, checkQuotient, lookupChallenges } from './constraints.mjs';
import { checkFri, deepValues } from './fri.mjs';
import { demand } from './faults.mjs';
import { openedRoot } from './merkle.mjs';
import { encodeParameters, sizes } from './parameters.mjs';
import { readProof } from './proof.mjs';
import { Transcript } from './transcript.mjs';

const PROTOCOL = utf8('zkharvest/stark/v2');

/** Public data bytes (section 5). */
export function publicData(circuit, statement) {
  const parts = [];
  parts.push(words([statement.publics.length, ...statement.publics]));
  for (const records of statement.lists) parts.push(words([records.length, ...records.flat()]));
  circuit.tables.forEach((table, t) => {
    for (const column of statement.columns[t]) parts.push(words([column.length, ...column]));
  });
  parts.push(u32(statement.context.length), statement.context);
  return concat(...parts);
}

/** Rounds 0 to 6. Returns all challenges. */
function runTranscript(circuit, digest, statement, parameters, size, head) {
  const transcript = new Transcript();
  const grind = (bits, nonce) => demand(transcript.grind(bits, nonce), 'transcript/grinding');

  // 0. What is claimed.
  transcript.absorb('statement', concat(
    PROTOCOL, digest, encodeParameters(parameters), Uint8Array.from(size.heights), publicData(circuit, statement),
  ));
  // 1. Main columns; the challenges of buses and tallies.
  transcript.absorb('main', head.main);
  grind(parameters.grind_lookup, head.nonceLookup);
  const alpha = transcript.extension('alpha');
  const beta = transcript.extension('beta');
  const gamma = transcript.extension('gamma');
  // 2. Auxiliary columns; the weight of the constraints.
  transcript.absorb('aux', concat(head.aux, head.terminals.raw));
  const delta = transcript.extension('delta');
  // 3. Quotient; the point outside the domain.
  transcript.absorb('quotient', head.quotient);
  grind(parameters.grind_deep, head.nonceDeep);
  const z = transcript.extension('z');
  // 4. Openings; the weight of the columns.
  transcript.absorb('evaluations', head.evaluations.raw);
  grind(size.grindBatch, head.nonceBatch);
  const lambda = transcript.extension('lambda');
  // 5. Folds.
  const folds = head.folds.map(({ root, nonce }) => {
    transcript.absorb('fold', root);
    grind(size.grindFold, nonce);
    return transcript.extension('fold');
  });
  // 6. Final polynomial; the queries.
  transcript.absorb('final', head.final.raw);
  grind(parameters.grind_query, head.nonceQuery);
  const indices = transcript.indices('queries', parameters.queries, size.domain);

  return { ...lookupChallenges(circuit, alpha, beta, gamma), delta, z, lambda, folds, indices };
}

/** z must lie outside the trace domains and the columns' cosets: z^N = 1 or z^(N_t B) = 3^|D| is rejected. */
function checkPoint(z, size) {
  const inTrace = extEqual(extPower(z, size.rows), ONE);
  const image = lift(power(GENERATOR, size.domain));
  const blowup = size.coset / size.rows;
  const inDomain = size.stacks.some(({ n }) => extEqual(extPower(z, blowup * 2 ** n), image));
  demand(!inTrace && !inDomain, 'transcript/point');
}

function checkTree(tree, root, reason) {
  const opened = openedRoot(tree.indices, tree.digests, tree.siblings, tree.leaves);
  demand(opened !== null && equal(opened, root), reason);
}

/** `statement` is {publics, lists, columns, context} as the circuit's description asks for them. */
export function verifyProof(circuit, digest, statement, heights, parameters, bytes) {
  const size = sizes(heights, parameters, circuit);
  const fits = statement.columns.every((columns, t) => columns.every((column) => column.length <= 2 ** heights[t]));
  demand(fits, 'public/shape', 'more rows than the table has');
  demand(statement.lists.every((records, i) => records.length <= circuit.lists[i].max), 'public/shape', 'too many records');
  // 1. Read all of the proof; the query indices come from the transcript over its first part.
  const proof = readProof(bytes, size, circuit, (head) => {
    const challenges = runTranscript(circuit, digest, statement, parameters, size, head);
    checkPoint(challenges.z, size);
    return challenges;
  });
  // 2. Buses and tallies balance.
  checkBalance(circuit, statement, proof.head.terminals.values, proof.challenges);
  // 3. The constraints hold at z.
  checkQuotient(circuit, size, statement, proof.head, proof.challenges);
  // 4. What was opened is what was committed to.
  checkTree(proof.trees.main, proof.head.main, 'merkle/main');
  checkTree(proof.trees.aux, proof.head.aux, 'merkle/aux');
  checkTree(proof.trees.quotient, proof.head.quotient, 'merkle/quotient');
  proof.layers.forEach((layer, i) => checkTree(layer, proof.head.folds[i].root, 'merkle/fri-layer'));
  // 5. The openings at z and g z are those of the committed columns: FRI on their DEEP combination.
  checkFri(size, proof, deepValues(circuit, size, proof));
}
