# mypy: disable-error-code="import-untyped,misc,no-any-return"
"""Sums over the rows of a row-major matrix, with extension weights, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from zkharvest.simd import koalabear as kb
from zkharvest.simd.lanes import load, load_some, mul_even, mul_odd, splat, splat64, store

SLABS = 16
"""Ranges of rows whose sums `dot_columns` keeps apart, so that threads need not share any."""

_CHUNK = 64  # rows that stay in the cache while all their columns are summed


@njit(forceinline=True)
def _scaled(e: Any, o: Any, x: Any, weights: Any, at: Any) -> Any:
    """Ten accumulators (even and odd lanes of five coordinates) plus x times an extension constant."""
    k0, k1, k2 = splat(weights[at]), splat(weights[at + 1]), splat(weights[at + 2])
    k3, k4 = splat(weights[at + 3]), splat(weights[at + 4])
    return (
        (
            e[0] + mul_even(x, k0),
            e[1] + mul_even(x, k1),
            e[2] + mul_even(x, k2),
            e[3] + mul_even(x, k3),
            e[4] + mul_even(x, k4),
        ),
        (
            o[0] + mul_odd(x, k0),
            o[1] + mul_odd(x, k1),
            o[2] + mul_odd(x, k2),
            o[3] + mul_odd(x, k3),
            o[4] + mul_odd(x, k4),
        ),
    )


@njit(forceinline=True)
def _fold_all(a: Any) -> Any:
    return kb.fold(a[0]), kb.fold(a[1]), kb.fold(a[2]), kb.fold(a[3]), kb.fold(a[4])


@njit(forceinline=True)
def _settle(e: Any, o: Any, sums: Any, at: Any, step: Any) -> None:
    """Add what the accumulators hold to five vectors in memory."""
    store(sums, at, kb.add(load(sums, at), kb.redc(e[0], o[0])))
    store(sums, at + step, kb.add(load(sums, at + step), kb.redc(e[1], o[1])))
    store(sums, at + 2 * step, kb.add(load(sums, at + 2 * step), kb.redc(e[2], o[2])))
    store(sums, at + 3 * step, kb.add(load(sums, at + 3 * step), kb.redc(e[3], o[3])))
    store(sums, at + 4 * step, kb.add(load(sums, at + 4 * step), kb.redc(e[4], o[4])))


@njit(nogil=True, cache=True)
def dot_columns(
    start: Any, stop: Any, matrix: Any, rows: Any, columns: Any, here: Any, following: Any, sums: Any
) -> None:
    """For slabs start..stop of rows: sum over rows of here[row] and following[row], five words each, times the row.

    `sums` is (SLABS, 2, 5, columns rounded up to 16), zero at first.
    """
    zero = splat64(np.uint64(0))
    none = (zero, zero, zero, zero, zero)
    width = (columns + 15) // 16 * 16
    size = (rows + SLABS - 1) // SLABS
    size += size % 2
    for slab in range(start, stop):
        end = min(rows, (slab + 1) * size)
        for first in range(slab * size, end, _CHUNK):
            last = min(end, first + _CHUNK)
            for c in range(0, columns, 16):
                bits = np.uint32((1 << min(16, columns - c)) - 1)
                e, o, f, q = none, none, none, none
                for row in range(first, last - 1, 2):
                    x = load_some(matrix, row * columns + c, bits, splat(np.uint32(0)))
                    e, o = _scaled(e, o, x, here, 5 * row)
                    f, q = _scaled(f, q, x, following, 5 * row)
                    x = load_some(matrix, (row + 1) * columns + c, bits, splat(np.uint32(0)))
                    e, o = _scaled(e, o, x, here, 5 * row + 5)
                    f, q = _scaled(f, q, x, following, 5 * row + 5)
                    e, o, f, q = _fold_all(e), _fold_all(o), _fold_all(f), _fold_all(q)
                if (last - first) % 2:
                    x = load_some(matrix, (last - 1) * columns + c, bits, splat(np.uint32(0)))
                    e, o = _scaled(e, o, x, here, 5 * last - 5)
                    f, q = _scaled(f, q, x, following, 5 * last - 5)
                    e, o, f, q = _fold_all(e), _fold_all(o), _fold_all(f), _fold_all(q)
                _settle(e, o, sums, slab * 10 * width + c, width)
                _settle(f, q, sums, (slab * 10 + 5) * width + c, width)
