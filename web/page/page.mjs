// The page: reads the form, fetches the circuits that the verifier knows, and shows what the worker finds.

import { KNOWN_CIRCUITS } from '../description.mjs';
import { figures, policyOf } from './form.mjs';

const $ = (id) => document.getElementById(id);

async function circuits() {
  const found = new Map();
  for (const id of KNOWN_CIRCUITS.keys()) {
    const answer = await fetch(new URL(`../../circuits/${id}/circuit.json`, import.meta.url));
    if (answer.ok) found.set(id, new Uint8Array(await answer.arrayBuffer()));
  }
  return found;
}

async function policyText() {
  const file = $('policy').files[0];
  if (file !== undefined) return file.text();
  return JSON.stringify(policyOf({ commitments: $('commitments').value, year: $('year').value, signer: $('signer').value }));
}

function judgeInWorker(message) {
  const worker = new Worker(new URL('worker.mjs', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message || 'the verifier could not be loaded'));
    worker.postMessage(message);
  }).finally(() => worker.terminate());
}

const HEADINGS = { accepted: 'Accepted', rejected: 'Rejected', undecided: 'Undecided' };

/** Everything is set as text: a name from a package is never markup. */
function show({ verdict, reason, detail, statement }, seconds) {
  $('verdict').className = verdict;
  $('verdict').textContent = reason === '' ? HEADINGS[verdict] : `${HEADINGS[verdict]}: ${reason}`;
  $('detail').textContent = verdict === 'accepted'
    ? `The proof holds, and everything that you expect does (${seconds.toFixed(1)} s).`
    : detail.replace(reason, '').replace(/^: /, '');
  $('meaning').hidden = reason === '' || reason === 'not checked';
  const body = $('figures').tBodies[0];
  body.replaceChildren();
  for (const [name, value] of statement === undefined ? [] : figures(statement)) {
    const row = body.insertRow();
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = name;
    row.append(head);
    row.insertCell().textContent = value;
  }
  $('limits').hidden = statement === undefined;
  $('result').hidden = false;
}

$('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = event.target.querySelector('button');
  button.disabled = true;
  $('result').hidden = true;
  const began = performance.now();
  try {
    const bytes = new Uint8Array(await $('package').files[0].arrayBuffer());
    const verdict = await judgeInWorker({ bytes, policy: await policyText(), circuits: await circuits() });
    show(verdict, (performance.now() - began) / 1000);
  } catch (error) {
    show({ verdict: 'undecided', reason: 'not checked', detail: String(error.message) }, 0);
  } finally {
    button.disabled = false;
  }
});
