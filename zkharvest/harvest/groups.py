"""Sums along an order, group by group: what was traded, lost or used before, in the same asset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def running(values: Floats, group: Ints) -> Floats:
    """For each element the sum of the values of its group up to it and with it, in the order given."""
    if values.size == 0:
        return values
    if (group == group[0]).all():
        return np.cumsum(values)
    small = group.astype(np.int16) if int(group.min()) >= 0 and int(group.max()) < 1 << 15 else group
    order = np.argsort(small, kind="stable")  # of 16 bits by radix: linear
    ordered, of = values[order], group[order]
    total = np.cumsum(ordered)
    starts = np.flatnonzero(np.concatenate(([True], of[1:] != of[:-1])))
    before = np.concatenate(([0.0], total))[starts]
    sums = np.empty_like(values)
    sums[order] = total - np.repeat(before, np.diff(np.concatenate((starts, [of.size]))))
    return sums


def growth(level: Floats, group: Ints) -> Floats:
    """For each element by how much the greatest level of its group so far (at least 0) grows with it."""
    grown = np.zeros_like(level)
    for one in np.unique(group):
        here = group == one
        highest = np.maximum.accumulate(np.maximum(level[here], 0.0))
        grown[here] = np.diff(highest, prepend=0.0)
    return grown
