// Verdicts that are not `accepted` travel as exceptions up to `judge` in `verify.mjs`, which catches every one.

export class Rejected extends Error {
  constructor(reason, detail = '') {
    super(detail ? `${reason}: ${detail}` : reason);
    this.verdict = 'rejected';
    this.reason = reason;
  }
}

export class Undecided extends Error {
  constructor(reason, detail = '') {
    super(detail ? `${reason}: ${detail}` : reason);
    this.verdict = 'undecided';
    this.reason = reason;
  }
}

/** Reject unless the condition holds. */
export function demand(condition, reason, detail) {
  if (!condition) throw new Rejected(reason, detail);
}
