# mypy: disable-error-code="import-untyped,misc"
"""Division of polynomials over the extension field by Y - p, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, inlined, kernel
from zkharvest.simd.lanes import load, load_five, load_some, splat, splat_at, store, store_five, store_some


@helper
def _bits(words: Any, at: Any) -> Any:
    """Which of the sixteen words from `at` on are among the first `words`."""
    left = min(16, words - at)
    return np.uint32((1 << left) - 1) if left > 0 else np.uint32(0)


@helper
def _five(values: Any, at: Any, words: Any, room: Any) -> Any:
    """`load_five` of `words` words only, 5 an element; `room` has 80."""
    if words == 80:
        return load_five(values, at)
    for k in range(0, 80, 16):
        store(room, k, load_some(values, at + k, _bits(words, k), splat(np.uint32(0))))
    return load_five(room, 0)


@helper
def _put_five(values: Any, at: Any, words: Any, room: Any, five: Any) -> None:
    """`store_five` of as many words."""
    if words == 80:
        store_five(values, at, five)
        return
    store_five(room, 0, five)
    for k in range(0, words, 16):
        store_some(values, at + k, _bits(words, k), load(room, k))


@inlined
def _sum(a: Any, b: Any) -> Any:
    return kb.add(a[0], b[0]), kb.add(a[1], b[1]), kb.add(a[2], b[2]), kb.add(a[3], b[3]), kb.add(a[4], b[4])


@kernel
def divide(start: Any, stop: Any, values: Any, bound: Any, lanes: Any, points: Any, out: Any) -> None:
    """out = A / (Y - p) + B / (Y - q), lane by lane, remainders dropped; groups start..stop of sixteen lanes.

    `values` (bound, 2, lanes, 5) has in every row a coefficient of each A, then one of each B; `points` (2, 5) are p
    and q; `out` is (bound, lanes, 5). Synthetic division: q_(m-1) = a_m + p q_m.
    """
    p = (splat_at(points, 0), splat_at(points, 1), splat_at(points, 2), splat_at(points, 3), splat_at(points, 4))
    q = (splat_at(points, 5), splat_at(points, 6), splat_at(points, 7), splat_at(points, 8), splat_at(points, 9))
    room = np.empty(80, dtype=np.uint32)
    zero = splat(np.uint32(0))
    for group in range(start, stop):
        first, words = 80 * group, min(80, 5 * lanes - 80 * group)
        a = b = (zero, zero, zero, zero, zero)
        for m in range(bound - 1, -1, -1):
            at = 10 * lanes * m + first
            _put_five(out, 5 * lanes * m + first, words, room, _sum(a, b))
            a = _sum(_five(values, at, words, room), kb.ext_mul(a, p))
            b = _sum(_five(values, at + 5 * lanes, words, room), kb.ext_mul(b, q))
