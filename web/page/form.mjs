// What the page's fields mean, and what it shows of a statement. Without the page, so that a test can read it.

/** The policy of the fields, as an object; an Error says what is wrong with them. */
export function policyOf({ commitments, year, signer }) {
  const policy = { schema: 'zkharvest/policy/1', commitments: {} };
  for (const [at, line] of commitments.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parts = /^\s*(.*?)\s*=\s*([0-9a-fA-F]+)\s*$/.exec(line);
    if (parts === null) throw new Error(`line ${at + 1} of the commitments is not "source = hexadecimal root"`);
    if (Object.hasOwn(policy.commitments, parts[1])) throw new Error(`${parts[1]} has two commitments`);
    policy.commitments[parts[1]] = parts[2];
  }
  if (year !== '') policy.year = Number(year);
  if (signer.trim() !== '') policy.signer = signer.trim();
  return policy;
}

/** Money (10^-8) as text with two decimals or as many as it needs, thousands apart. */
export function money(units) {
  const magnitude = units < 0n ? -units : units;
  const whole = (magnitude / 10n ** 8n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = (magnitude % 10n ** 8n).toString().padStart(8, '0').replace(/0{1,6}$/, '');
  return `${units < 0n ? '-' : ''}${whole}.${fraction}`;
}

/** [name, value] of each line that is shown of an accepted statement. */
export function figures(statement) {
  const [shortGain, shortLoss, longGain, longLoss, proceeds] = statement.totals.map(([negative, magnitude]) => (negative ? -magnitude : magnitude));
  const net = shortGain - shortLoss + longGain - longLoss;
  const of = (units) => `${money(units)} ${statement.currency}`;
  const rows = [
    ['Tax year', String(statement.year)],
    ['Method', `${statement.method}, pooling: ${statement.pooling}`],
    ['Time zone', statement.timezone],
    ['Proceeds', of(proceeds)],
    ['Basis', of(proceeds - net)],
    ['Net gain', of(net)],
    ['Short-term gains', of(shortGain)],
    ['Short-term losses', of(shortLoss)],
    ['Long-term gains', of(longGain)],
    ['Long-term losses', of(longLoss)],
    ['Sources', statement.sources.map(({ id }) => id).join(', ')],
    ['Lots carried in', statement.carriedIn ? 'yes' : 'none'],
  ];
  if (statement.audience !== '') rows.push(['Made for', statement.audience]);
  return rows;
}
