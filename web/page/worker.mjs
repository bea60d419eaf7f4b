// Runs the verifier beside the page, which stays responsive. In: {bytes, policy, circuits}; out: what `judge` says.

import { judge } from '../verify.mjs';

onmessage = ({ data: { bytes, policy, circuits } }) => {
  postMessage(judge(bytes, policy, (id) => circuits.get(id)));
};
