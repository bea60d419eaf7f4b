# mypy: disable-error-code="import-untyped,misc,no-any-return"
"""Sums over the rows of a row-major matrix, with extension weights, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import inlined, kernel
from zkharvest.simd.lanes import load, load_some, mul_even, mul_odd, splat, splat64, store

SLABS = 16
"""Ranges of rows whose sums `dot_columns` keeps apart, so that threads need not share any."""

_CHUNK = 64  # rows that stay in the cache while all their columns are summed


@inlined
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


@inlined
def _fold_all(a: Any) -> Any:
    return kb.fold(a[0]), kb.fold(a[1]), kb.fold(a[2]), kb.fold(a[3]), kb.fold(a[4])


@inlined
def _settle(e: Any, o: Any, sums: Any, at: Any, step: Any) -> None:
    """Add what the accumulators hold to five vectors in memory."""
    store(sums, at, kb.add(load(sums, at), kb.redc(e[0], o[0])))
    store(sums, at + step, kb.add(load(sums, at + step), kb.redc(e[1], o[1])))
    store(sums, at + 2 * step, kb.add(load(sums, at + 2 * step), kb.redc(e[2], o[2])))
    store(sums, at + 3 * step, kb.add(load(sums, at + 3 * step), kb.redc(e[3], o[3])))
    store(sums, at + 4 * step, kb.add(load(sums, at + 4 * step), kb.redc(e[4], o[4])))


@kernel
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


@kernel
def divide(start: Any, stop: Any, values: Any, bound: Any, lanes: Any, points: Any) -> None:
    """Divide polynomials by Y - p, in place: the coefficients (bound, 2, lanes, 5) become those of the quotients.

    p is the first of `points` (2, 5) for the first half of them, the second for the other; chains start..stop of the
    2 * lanes. Synthetic division: q_(m-1) = a_m + p q_m.
    """
    scaled = np.empty((5, 5), dtype=np.uint32)
    carried = np.zeros(5, dtype=np.uint32)
    for chain in range(start, stop):
        point = 5 * (chain // lanes)
        _times(points, point, scaled)
        carried[:] = 0
        for m in range(bound - 1, -1, -1):
            at = (m * 2 * lanes + chain) * 5
            c0, c1, c2, c3, c4 = carried[0], carried[1], carried[2], carried[3], carried[4]
            for i in range(5):
                a = values[at + i]
                values[at + i] = carried[i]
                t = kb.add1(kb.mul1(scaled[i, 0], c0), kb.mul1(scaled[i, 1], c1))
                t = kb.add1(t, kb.add1(kb.mul1(scaled[i, 2], c2), kb.mul1(scaled[i, 3], c3)))
                scaled_last = kb.add1(kb.mul1(scaled[i, 4], c4), a)
                carried[i] = kb.add1(t, scaled_last)


@kernel
def _times(points: Any, at: Any, out: Any) -> None:
    """The matrix of the multiplication by points[at:at + 5]: column j is the point times x^j, x^5 = 1 - x^2."""
    for i in range(5):
        out[i, 0] = points[at + i]
    for j in range(1, 5):
        top = out[4, j - 1]
        for i in range(4, 0, -1):
            out[i, j] = out[i - 1, j - 1]
        out[0, j] = top
        out[2, j] = kb.sub1(out[2, j], top)
