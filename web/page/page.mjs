// The page: reads the form, fetches the circuits that the verifier knows, and shows what the worker finds.

import { KNOWN_CIRCUITS } from '../description.mjs';
import { chainRows, policyOf } from './form.mjs';
import { notShown, notes } from './words.mjs';

const $ = (id) => document.getElementById(id);

async function circuits() {
  const found = new Map();
  for (const id of KNOWN_CIRCUITS.keys()) {
    const answer = await fetch(new URL(`../../circuits/${id}/circuit.json`, import.meta.url));
    if (answer.ok) found.set(id, new Uint8Array(await answer.arrayBuffer()));
  }
  return found;
}

/** The files that were chosen, in the order of their names. */
function chosen() {
  return [...$('package').files].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const bytesOf = async (file) => new Uint8Array(await file.arrayBuffer());

/** Shows in which order several files are taken. */
function showOrder() {
  const files = chosen();
  $('names').hidden = files.length < 2;
  $('names').replaceChildren(...files.map(({ name }) => Object.assign(document.createElement('li'), { textContent: name })));
}

async function policyText() {
  const file = $('policy').files[0];
  if (file !== undefined) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await bytesOf(file)); // a mark is no JSON
  const text = (...ids) => Object.fromEntries(ids.map((id) => [id, $(id).value]));
  const before = document.querySelector('[name="before"]:checked').value;
  const limits = Object.fromEntries([...document.querySelectorAll('[data-limit]')].map((one) => [one.dataset.limit, one.value]));
  return JSON.stringify(policyOf({ ...text('standing', 'keys', 'accounts', 'pages', 'year', 'signer'), before, limits }));
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

/** What is said below the verdict. */
function sentence({ verdict, reason, detail, chain: links }, seconds) {
  const others = detail.replace(reason, '').replace(/^: /, '');
  if (verdict === 'accepted') {
    return `The proofs hold, and everything that you expect does (${seconds.toFixed(1)} s).`;
  }
  if (links === undefined) return others;
  return `The proofs hold. What they show stands below; it is not accepted while this is open${others === '' ? '' : ` (besides: ${others})`}.`;
}

/** A heading and its lines, if there are any. */
function list(id, lines) {
  $(id).hidden = lines.length === 0;
  $(id).querySelector('ul').replaceChildren(...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })));
}

/** Everything is set as text: a name from a package is never markup. */
function show(found, seconds) {
  const { verdict, reason, chain: links } = found;
  $('verdict').className = verdict;
  $('verdict').textContent = reason === '' ? HEADINGS[verdict] : `${HEADINGS[verdict]}: ${reason}`;
  $('detail').textContent = sentence(found, seconds);
  $('meaning').hidden = reason === '' || reason === 'not checked';
  const body = $('figures').tBodies[0];
  body.replaceChildren();
  for (const [name, value] of links === undefined ? [] : chainRows(links)) {
    const row = body.insertRow();
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = name;
    row.append(head);
    row.insertCell().textContent = value;
  }
  list('notes', links === undefined ? [] : notes(links.links));
  list('limits', links === undefined ? [] : notShown(links));
  $('result').hidden = false;
}

$('package').addEventListener('change', showOrder);
// Files may be dropped anywhere on the page.
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length === 0) return;
  $('package').files = event.dataTransfer.files;
  showOrder();
});
$('standing').addEventListener('input', () => {
  document.querySelector('[name="before"][value="standing"]').checked = true;
});

$('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = event.target.querySelector('button');
  button.disabled = true;
  $('result').hidden = true;
  const began = performance.now();
  try {
    showOrder();
    const packages = await Promise.all(chosen().map(bytesOf));
    const verdict = await judgeInWorker({ packages, policy: await policyText(), circuits: await circuits() });
    show(verdict, (performance.now() - began) / 1000);
  } catch (error) {
    show({ verdict: 'undecided', reason: 'not checked', detail: String(error.message) }, 0);
  } finally {
    button.disabled = false;
  }
});
