// Runs the verifier beside the page, which stays responsive. In: {packages, policy, circuits}; out: what `judge` says.

import { judge } from '../verify.mjs';

onmessage = ({ data: { packages, policy, circuits } }) => {
  postMessage(judge(packages, policy, (id) => circuits.get(id)));
};
