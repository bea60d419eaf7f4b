# mypy: disable-error-code="import-untyped,misc"
"""Division of polynomials over the extension field by Y - p, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, inlined, kernel
from zkharvest.simd.lanes import load, load_five, load_some, prefetch, splat, splat_at, store, store_five, store_some


@helper
def _bits(words: Any, at: Any) -> Any:
    """Which of the sixteen words from `at` on are among the first `words`."""
    left = min(16, words - at)
    return np.uint32((1 << left) - 1) if left > 0 else np.uint32(0)


@helper
def _five(values: Any, at: Any, words: Any, stretches: Any, apart: Any, room: Any) -> Any:
    """`load_five` of some stretches of `words` words only, 5 an element; `room` has 96."""
    if words == 80:
        return load_five(values, at)
    for s in range(stretches):
        for k in range(0, words, 16):
            store(room, s * words + k, load_some(values, at + s * apart + k, _bits(words, k), splat(np.uint32(0))))
    return load_five(room, 0)


@helper
def _put_five(values: Any, at: Any, words: Any, stretches: Any, apart: Any, room: Any, five: Any) -> None:
    """`store_five` to as many."""
    if words == 80:
        store_five(values, at, five)
        return
    store_five(room, 0, five)
    for s in range(stretches):
        for k in range(0, words, 16):
            store_some(values, at + s * apart + k, _bits(words, k), load(room, s * words + k))


@inlined
def _sum(a: Any, b: Any) -> Any:
    return kb.add(a[0], b[0]), kb.add(a[1], b[1]), kb.add(a[2], b[2]), kb.add(a[3], b[3]), kb.add(a[4], b[4])


@kernel
def divide(
    start: Any, stop: Any, values: Any, bound: Any, lanes: Any, stretches: Any, points: Any, carries: Any, out: Any
) -> None:  # fmt: skip
    """out = A / (Y - p) + B / (Y - q), lane by lane, remainders dropped; units start..stop of sixteen lanes.

    `values` (bound, 2, lanes, 5) has in every row a coefficient of each A, then one of each B; `points` (2, 5) are p
    and q; `out` is (bound, lanes, 5), or empty. Synthetic division: q_(m-1) = a_m + p q_m, in `stretches` of rows by
    themselves, which divide `bound`. A unit is sixteen lanes of one stretch, or all lanes of as many as have sixteen.
    `carries` (units, 2, 16, 5) are the q and those of B that a stretch begins with, at the end those that the next
    lower one begins with.
    """
    p = (splat_at(points, 0), splat_at(points, 1), splat_at(points, 2), splat_at(points, 3), splat_at(points, 4))
    q = (splat_at(points, 5), splat_at(points, 6), splat_at(points, 7), splat_at(points, 8), splat_at(points, 9))
    room = np.zeros(96, dtype=np.uint32)
    rows, together, groups = bound // stretches, max(1, 16 // lanes), (lanes + 15) // 16
    apart = 5 * lanes * rows
    address, ahead = values.ctypes.data, 8 * 40 * lanes
    for unit in range(start, stop):
        lane, stretch = 80 * (unit % groups), unit // groups * together
        words, some = min(80, 5 * lanes - lane), min(together, stretches - stretch)
        a, b = load_five(carries, 160 * unit), load_five(carries, 160 * unit + 80)
        for m in range(rows - 1, -1, -1):
            row = 5 * lanes * (stretch * rows + m)
            if out.size > 0:
                _put_five(out, row + lane, words, some, apart, room, _sum(a, b))
            for k in range(0, 80, 16):  # further rows: they lie pages apart, and no core guesses them
                prefetch(address + 4 * (2 * row + lane + k) - ahead)
                prefetch(address + 4 * (2 * row + lane + 5 * lanes + k) - ahead)
            x = _five(values, 2 * row + lane, words, some, 2 * apart, room)
            y = _five(values, 2 * row + lane + 5 * lanes, words, some, 2 * apart, room)
            a, b = _sum(x, kb.ext_mul(a, p)), _sum(y, kb.ext_mul(b, q))
        store_five(carries, 160 * unit, a)
        store_five(carries, 160 * unit + 80, b)
