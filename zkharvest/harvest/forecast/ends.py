"""What many lots have in common: the same paths of their coin. Losses at the end, and the first day of a harvest.

A lot's loss at the end is a straight line of the price, cut at zero, so that its quantiles, mean and chance come from
the sorted ends of the paths: n log n for all lots. A lot is harvested on the first day on which the running extreme of
path over theta passes its B/P; lots of one programme share that extreme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkharvest.harvest.markets.greeks import Floats

Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True)
class Ends:
    """Sorted ends of paths (price over today's), with the sums of the least of them."""

    sorted: Floats
    sums: Floats

    @classmethod
    def of(cls, path: Floats) -> Ends:
        """The ends of paths (paths by days)."""
        ends = np.sort(path[:, -1])
        return cls(ends, np.concatenate(([0.0], np.cumsum(ends))))

    def losses(
        self, side: int, basis: Floats, value: Floats, quantiles: Sequence[float]
    ) -> tuple[Floats, Floats, Floats]:
        """Quantiles (lots by quantiles), chance and mean of max(0, side (B - V r)) for lots of one side."""
        n = self.sorted.size
        places = (n - 1) * np.asarray(quantiles)
        low = np.floor(places).astype(np.int64)
        high, share = np.minimum(low + 1, n - 1), places - low
        least, next_least = (
            (low, high) if side < 0 else (n - 1 - low, n - 1 - high)
        )  # a long lot loses most at the least

        def loss(rank: Ints) -> Floats:
            return np.maximum(side * (basis[:, None] - value[:, None] * self.sorted[rank]), 0.0)

        found = loss(least) + share * (loss(next_least) - loss(least))
        even = basis / value
        if side > 0:
            count = np.searchsorted(self.sorted, even, side="left")
            mean = (basis * count - value * self.sums[count]) / n
        else:
            below = np.searchsorted(self.sorted, even, side="right")
            count = n - below
            mean = (value * (self.sums[-1] - self.sums[below]) - basis * count) / n
        return found, count / n, np.maximum(mean, 0.0)


def first_days(path: Floats, theta: Floats, side: int, x: Floats) -> tuple[Ints, Ints, Floats]:
    """For lots at P/B = x under one threshold: the quarter and three-quarter day of first harvests, and their chance.

    Days are -1 where no path harvests.
    """
    known = np.isfinite(theta)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(known, path / np.where(known, theta, 1.0), np.inf if side > 0 else -np.inf)
    extreme = np.minimum.accumulate(ratio, axis=1) if side > 0 else np.maximum.accumulate(ratio, axis=1)
    paths, days = path.shape
    passed = np.empty((x.size, days), np.int64)  # paths that have harvested by each day
    for day in range(days):
        column = np.sort(extreme[:, day])
        if side > 0:
            passed[:, day] = np.searchsorted(column, 1 / x, side="left")
        else:
            passed[:, day] = paths - np.searchsorted(column, 1 / x, side="right")
    hits = passed[:, -1]
    ends = []
    for q in (0.25, 0.75):
        rank = np.rint(q * (hits - 1)).astype(np.int64)  # the nearest of the sorted first days
        day = (passed <= rank[:, None]).sum(axis=1)
        ends.append(np.where(hits > 0, day, -1))
    return ends[0], ends[1], hits / paths
