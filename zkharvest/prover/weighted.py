# mypy: disable-error-code="import-untyped,misc,no-any-return"
"""Sums over the rows of a row-major matrix, ten at once, compiled: evaluations of polynomials at a few points.

A matrix of coefficients is read once for ten sums of base weights: for two points of the extension field, or for ten
of the base field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zkharvest.prover import field
from zkharvest.prover.field import Words
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import inlined, kernel
from zkharvest.simd.lanes import load, load_some, mul_even, mul_odd, prefetch, splat, splat64, store
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P

SUMS = 10
"""Sums that are made at once."""

_SLABS = 16
"""Ranges of rows whose sums are kept apart, so that threads need not share any."""

_CHUNK = 64
"""Rows that stay in the cache while all their columns are summed."""


def weighted_sums(matrix: Words, weights: Words) -> Words:
    """sum_i weights[i, s] * matrix[i] for every s and column: (10, columns); all in Montgomery form.

    matrix: (rows, columns). weights: (rows, 10).
    """
    rows, columns = matrix.shape
    if weights.shape != (rows, SUMS):
        raise ValueError(f"{weights.shape} weights for {rows} rows")
    padded = -(-columns // 16) * 16
    parts = np.zeros((_SLABS, SUMS, padded), dtype=np.uint32)
    matrix, weights = np.ascontiguousarray(matrix), np.ascontiguousarray(weights)
    over_ranges(dot_columns, _SLABS, matrix.reshape(-1), rows, columns, weights.reshape(-1), parts.reshape(-1))
    return (parts.astype(np.uint64).sum(axis=0) % P).astype(np.uint32)[:, :columns]


def power_weights(points: Sequence[int], rows: int) -> Words:
    """Weights (rows, 10) that evaluate polynomials at up to ten points, canonical ints: row i has their i-th powers."""
    found = field.empty(SUMS * rows + 16)
    bases = np.zeros(16, dtype=np.uint32)
    bases[: len(points)] = [field.mont(point) for point in points]
    _lay_powers(bases, rows, found)
    return found[: SUMS * rows].reshape(rows, SUMS)


@kernel
def _lay_powers(bases: Any, rows: Any, out: Any) -> None:
    """Row i of `out`, ten words: the i-th powers. What is stored past a row is overwritten by the next."""
    factor, power = load(bases, 0), splat(np.uint32(kb.ONE))
    for i in range(rows):
        store(out, SUMS * i, power)
        power = kb.mul(power, factor)


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
def dot_columns(start: Any, stop: Any, matrix: Any, rows: Any, columns: Any, weights: Any, sums: Any) -> None:
    """For slabs start..stop of rows: the sums over its rows of the row's ten weights times the row.

    `sums` is (slabs, 10, columns rounded up to 16), zero at first.
    """
    zero = splat64(np.uint64(0))
    none = (zero, zero, zero, zero, zero)
    width = (columns + 15) // 16 * 16
    size = (rows + _SLABS - 1) // _SLABS
    size += size % 2
    address = matrix.ctypes.data
    for slab in range(start, stop):
        end = min(rows, (slab + 1) * size)
        for first in range(slab * size, end, _CHUNK):
            last = min(end, first + _CHUNK)
            for c in range(0, columns, 16):
                bits = np.uint32((1 << min(16, columns - c)) - 1)
                e, o, f, q = none, none, none, none
                # The next chunk's lines are asked for: those of a strip lie pages apart, and no core guesses them.
                for row in range(first, last - 1, 2):
                    at = row * columns + c
                    ahead = address + 4 * (at + _CHUNK * columns)
                    prefetch(ahead)
                    prefetch(ahead + 4 * columns)
                    x = load_some(matrix, at, bits, splat(np.uint32(0)))
                    e, o = _scaled(e, o, x, weights, 10 * row)
                    f, q = _scaled(f, q, x, weights, 10 * row + 5)
                    x = load_some(matrix, at + columns, bits, splat(np.uint32(0)))
                    e, o = _scaled(e, o, x, weights, 10 * row + 10)
                    f, q = _scaled(f, q, x, weights, 10 * row + 15)
                    e, o, f, q = _fold_all(e), _fold_all(o), _fold_all(f), _fold_all(q)
                if (last - first) % 2:
                    x = load_some(matrix, (last - 1) * columns + c, bits, splat(np.uint32(0)))
                    e, o = _scaled(e, o, x, weights, 10 * last - 10)
                    f, q = _scaled(f, q, x, weights, 10 * last - 5)
                    e, o, f, q = _fold_all(e), _fold_all(o), _fold_all(f), _fold_all(q)
                _settle(e, o, sums, slab * SUMS * width + c, width)
                _settle(f, q, sums, (slab * SUMS + 5) * width + c, width)
