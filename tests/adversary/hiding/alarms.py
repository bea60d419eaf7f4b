"""Are samples of what proofs open uniform, and the same for two witnesses? With bounds that hold exactly.

Each part of a proof is a row of numbers, and a sample has a row for every proof. Three tests, on the numbers and on
differences within a row (which tell when two numbers share a mask):

* every place on its own against the uniform distribution: Kolmogorov-Smirnov, with the inequality of Dvoretzky, Kiefer
  and Wolfowitz in Massart's form, P(D > c / sqrt(n)) <= 2 exp(-2 c^2) for every n;
* every place on its own, one witness against the other: the exact distribution of the two-sample statistic for equal
  sizes (Gnedenko and Korolyuk), P(D >= k / n) <= 2 C(2n, n - k) / C(2n, n);
* all places of a part together: Pearson's chi-square over bins that expect 500 and more, with the tail bound of
  Laurent and Massart, P(X > k + 2 sqrt(k x) + 2 x) <= exp(-x).

The number of comparisons divides the budget: a false alarm anywhere in one call of `alarms` is less likely than 1e-6.
"""

from __future__ import annotations

from math import comb, log, sqrt

import numpy as np

from zkharvest.verifier.field import P

BUDGET = 1e-6
_BINS, _EXPECTED = 64, 500


def modulus(part):
    """Digests and salts are words of 32 bits, everything else is below p."""
    return 1 << 32 if part.endswith(("root", "siblings", "salts")) else P


def lag(part):
    """How far apart the numbers are that are subtracted: the next column's, salt's or extension element's."""
    return 1 if part.endswith(("rows", "root", "siblings")) else 4 if part.endswith("salts") else 5


def alarms(first, second):
    """(test, part) of everything that is out of bounds; `first` and `second` map parts to (proofs, numbers)."""
    places = sum(2 * sample.shape[1] for sample in first.values())
    share = BUDGET / 4
    found = set()
    for part in first:
        m = modulus(part)
        for what in ("value", "difference"):
            a, b = (_numbers(sample[part], what, part) for sample in (first, second))
            both = np.concatenate([a, b])
            if not both.shape[1]:
                continue
            if uniform_distance(both, m).max() > sqrt(log(2 * places / share) / 2 / len(both)):
                found.add((f"{what}: not uniform", part))
            if two_sample_steps(a, b).max() >= _least_steps(len(a), share / places):
                found.add((f"{what}: witnesses differ", part))
            if (bins := min(_BINS, both.size // _EXPECTED)) > 1:
                expected = both.size / bins
                counts = np.bincount((both.ravel() * bins) // m, minlength=bins)
                x = log(2 * len(first) * 2 / share)
                bound = bins - 1 + 2 * sqrt((bins - 1) * x) + 2 * x
                if ((counts - expected) ** 2 / expected).sum() > bound:
                    found.add((f"{what}: not uniform together", part))
    return found


def _numbers(sample, what, part):
    values = sample.astype(np.int64)
    return values if what == "value" else (values[:, lag(part) :] - values[:, : -lag(part)]) % modulus(part)


def uniform_distance(sample, m):
    """The Kolmogorov-Smirnov distance of every column from the uniform distribution on 0..m-1."""
    n = len(sample)
    ordered = np.sort(sample, axis=0)
    ranks = np.arange(n)[:, None]
    return np.maximum((ranks + 1) / n - (ordered + 1) / m, (ordered + 1) / m - ranks / n).max(axis=0)


def two_sample_steps(a, b):
    """n times the two-sample distance of every column, for samples of equal size n; ties count once all are passed."""
    both = np.concatenate([a, b])
    order = np.argsort(both, axis=0, kind="stable")
    walk = np.cumsum(np.where(order < len(a), 1, -1), axis=0)
    ordered = np.take_along_axis(both, order, axis=0)
    last_of_its_value = np.ones_like(walk, dtype=bool)
    last_of_its_value[:-1] = ordered[1:] != ordered[:-1]
    return np.abs(np.where(last_of_its_value, walk, 0)).max(axis=0)


def _least_steps(n, chance):
    """The smallest k with P(n D >= k) below `chance`."""
    return next((k for k in range(1, n + 1) if 2 * comb(2 * n, n - k) < chance * comb(2 * n, n)), n + 1)
