# mypy: disable-error-code="import-untyped,misc,no-any-return"
"""Sums over the rows of a row-major matrix, compiled: evaluations of polynomials at a few points.

A matrix of coefficients is read once for all sums. A strip of it, some rows by sixteen columns, is laid into the first
cache, even and odd lanes apart, and serves one sum after the other from there.

Products of canonical residues are below 2^62, so four of them fit 64 bits. Of every four the sum t is added to L modulo
2^64, its upper half to H: the sum of all t is 2^32 H + ((L - 2^32 H) mod 2^64), since the lower halves of t, which are
what the last term is, add up to less than 2^64. That is two and a half operations a product, no reduction among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numba import types

from zkharvest.prover import field, plain
from zkharvest.prover.field import Words
from zkharvest.simd import formulas
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, inlined, kernel
from zkharvest.simd.lanes import load, load_some_at, odd_down, prefetch, splat, splat_at, store
from zkharvest.simd.threads import over_ranges
from zkharvest.simd.values import U32, U64, Value, high_halves, low_halves, mul_even, operation
from zkharvest.spec import P

_SLABS = 16
"""Ranges of rows whose sums are kept apart, so that threads need not share any."""

_CHUNK = 32
"""Rows of a strip at once."""

_PARTS = 8
"""A polynomial modulo X^N - c is split into its residues modulo X^(N/8) - c', for the eight c' with c'^8 = c."""

_AHEAD = 128
"""Bytes of a row between what is read and what is asked for."""

_STATE = 64
"""Words of a sum of sixteen columns: L of even and odd lanes, H of even and odd lanes."""


# --- sums of products --------------------------------------------------------------------------------------------


@operation(types.UniTuple(U32, 4))
def _four_more(state: Sequence[Value], even: Sequence[Value], odd: Sequence[Value], by: Sequence[Value]) -> Any:
    """L and H of even and odd lanes after four more products; `even` and `odd` have their factors in even lanes."""
    found = [one.as_lanes(U64) for one in state]
    for k, side in enumerate((even, odd)):
        t = mul_even(side[0], by[0])
        for x, y in zip(side[1:], by[1:], strict=True):
            t = t + mul_even(x, y)
        found[k], found[2 + k] = found[k] + t, found[2 + k] + (t >> 32)
    return tuple(one.as_lanes(U32) for one in found)


@operation(U32)
def _settled(state: Sequence[Value]) -> Value:
    """The residues that the sums have, over 2^32, as a reduction of the products one by one would leave them."""
    low_even, low_odd, even, odd = (one.as_lanes(U64) for one in state)
    lows = [formulas.fold(low - (high << 32)) for low, high in ((low_even, even), (low_odd, odd))]
    high = formulas.mul(high_halves(even, odd), state[0].like(state[0].constant(kb.R_SQUARED)))
    low = formulas.mul(low_halves(even, odd), state[0].like(state[0].constant(kb.ONE)))
    return formulas.add(formulas.add(high, low), formulas.redc(lows[0], lows[1]))


@inlined
def _four(room: Any, at: Any) -> Any:
    return load(room, at), load(room, at + 32), load(room, at + 64), load(room, at + 96)


@helper
def _dot(room: Any, at: Any, count: Any, weights: Any, first: Any, state: Any, to: Any) -> None:
    """Add `count` weights times vectors to a sum; four at once, and weights past the last must be 0 or vectors too."""
    sums = load(state, to), load(state, to + 16), load(state, to + 32), load(state, to + 48)
    for k in range(0, count, 4):
        by = (
            splat_at(weights, first + k),
            splat_at(weights, first + k + 1),
            splat_at(weights, first + k + 2),
            splat_at(weights, first + k + 3),
        )
        sums = _four_more(sums, _four(room, at + 32 * k), _four(room, at + 32 * k + 16), by)
    store(state, to, sums[0])
    store(state, to + 16, sums[1])
    store(state, to + 32, sums[2])
    store(state, to + 48, sums[3])


@inlined
def _lay(room: Any, at: Any, value: Any) -> None:
    store(room, at, value)
    store(room, at + 16, odd_down(value))


@inlined
def _finish(state: Any, sums: Any, at: Any, count: Any) -> None:
    for k in range(count):
        s = state, _STATE * k
        one = load(s[0], s[1]), load(s[0], s[1] + 16), load(s[0], s[1] + 32), load(s[0], s[1] + 48)
        store(sums, at + 16 * k, _settled(one))


@kernel
def dot_columns(
    start: Any, stop: Any, size: Any, matrix: Any, rows: Any, columns: Any, width: Any, weights: Any, length: Any,
    wanted: Any, sums: Any,
) -> None:  # fmt: skip
    """For slabs start..stop of `size` rows: the sums over its rows of each of the row's weights times the row.

    Of a matrix (rows, columns) the first `width` columns are summed, of each strip as often as `wanted` says. Each sum
    has a row of `length` weights, 0 past the last row. `sums` is (slabs, strips, number of sums, 16).
    """
    strips, count = (width + 15) // 16, weights.size // length
    memory = np.empty(32 * _CHUNK + 16, dtype=np.uint32)
    room = memory[(-(memory.ctypes.data // 4)) % 16 :]
    address = matrix.ctypes.data
    for slab in range(start, stop):
        state = np.zeros(strips * count * _STATE, dtype=np.uint32)
        end = min(rows, (slab + 1) * size)
        for first in range(slab * size, end, _CHUNK):
            some = min(_CHUNK, end - first)
            for strip in range(strips):
                bits = np.uint32((1 << min(16, width - 16 * strip)) - 1)
                # Lines further on are asked for: those of a strip lie pages apart, and no core guesses them.
                for k in range(some):
                    row = address + 4 * ((first + k) * columns + 16 * strip)
                    prefetch(row + _AHEAD)
                    _lay(room, 32 * k, load_some_at(row, bits))
                for s in range(wanted[strip]):
                    _dot(room, 0, some, weights, s * length + first, state, (strip * count + s) * _STATE)
        _finish(state, sums, slab * strips * count * 16, strips * count)


def weighted_sums(matrix: Words, weights: Words, width: int | None = None, wanted: Words | None = None) -> Words:
    """sum_i weights[s, i] * matrix[i] for every s and column: (sums, width); all in Montgomery form.

    matrix: (rows, columns), of which the first `width` are summed, without it all. weights: (sums, rows). wanted: how
    many of the sums are made of every sixteen columns; the others are 0.
    """
    rows, columns = matrix.shape
    count, width = len(weights), columns if width is None else width
    if weights.shape[1] != rows or width > columns:
        raise ValueError(f"{weights.shape} weights for {width} columns of {matrix.shape}")
    padded = np.zeros((count, _length(rows)), dtype=np.uint32)
    padded[:, :rows] = weights
    if width == 0:
        return field.empty(count, 0)
    strips = -(-width // 16)
    of_strip = np.full(strips, count, dtype=np.int64) if wanted is None else np.asarray(wanted, dtype=np.int64)
    if of_strip.shape != (strips,) or not 0 <= of_strip.min() <= of_strip.max() <= count:
        raise ValueError(f"of {strips} strips {wanted} sums are wanted, of {count}")
    size, slabs = _slabs(rows)
    sums = field.empty(slabs, strips, count, 16)
    over_ranges(
        dot_columns, slabs, size, np.ascontiguousarray(matrix).reshape(-1), rows, columns, width, padded.reshape(-1),
        padded.shape[1], of_strip, sums.reshape(-1),
    )  # fmt: skip
    return _total(sums, width)


def _length(rows: int) -> int:
    """Words of a row of weights: an odd number of cache lines, so that rows do not compete for the same ones."""
    return -(-rows // 32) * 32 + 16


def _slabs(rows: int) -> tuple[int, int]:
    """Rows of a slab, and the number of slabs."""
    size = -(-rows // (_SLABS * _CHUNK)) * _CHUNK
    return size, -(-rows // size)


def _total(sums: Words, width: int) -> Words:
    """The sums (count, width) of those of all slabs (slabs, strips, count, 16)."""
    total = (sums.astype(np.uint64).sum(axis=0) % P).astype(np.uint32)
    return np.ascontiguousarray(total.transpose(1, 0, 2)).reshape(sums.shape[2], -1)[:, :width]


# --- rows ---------------------------------------------------------------------------------------------------------


@operation(types.UniTuple(U32, 8))
def _eight(x: Sequence[Value], w: Sequence[Value], scaled: Sequence[Value]) -> tuple[Value, ...]:
    """Coefficients i + m N / 8 of a polynomial, m < 8, to the i-th ones of its residues: an eight-point transform."""

    def pair(a: Value, b: Value, k: int) -> tuple[Value, Value]:
        t = formulas.mul_by(b, w[k], scaled[k])
        return formulas.reduce_once(a + t), formulas.sub(a, t)

    a0, a4 = pair(x[0], x[4], 0)
    a1, a5 = pair(x[1], x[5], 0)
    a2, a6 = pair(x[2], x[6], 0)
    a3, a7 = pair(x[3], x[7], 0)
    b0, b2 = pair(a0, a2, 1)
    b1, b3 = pair(a1, a3, 1)
    b4, b6 = pair(a4, a6, 2)
    b5, b7 = pair(a5, a7, 2)
    return (*pair(b0, b1, 3), *pair(b2, b3, 4), *pair(b4, b5, 5), *pair(b6, b7, 6))


_ORDER = (0, 4, 2, 6, 1, 5, 3, 7)
"""What `_eight` gives: residues modulo X^(N/8) - b w^k, these k in turn, w the root of unity of order 8."""


@inlined
def _row(address: Any, left: Any, wrap: Any, bits: Any, by: Any) -> Any:
    """Sixteen words at `address`, plus `by` times what lies `wrap` bytes on if `left` rows are left there."""
    x = load_some_at(address, bits)
    return kb.add(x, kb.mul(load_some_at(address + wrap, bits), splat(by))) if left > 0 else x


@kernel
def dot_parts(
    start: Any, stop: Any, size: Any, matrix: Any, rows: Any, columns: Any, part: Any, factors: Any, firsts: Any,
    weights: Any, length: Any, sums: Any,
) -> None:  # fmt: skip
    """For slabs start..stop of `size` rows of each of eight parts: their share in the values at points of cosets of H.

    `part` is N / 8. Each coset has 16 words of `factors`: c, the seven factors of its transform, and the same times
    p^-1 mod 2^32; its points are firsts[8 coset + k] to firsts[8 coset + k + 1] for the k-th residue. Each point has a
    row of `length` weights. `sums` is (slabs, strips of columns, points, 16).
    """
    cosets, points, strips = (firsts.size - 1) // 8, firsts[firsts.size - 1], (columns + 15) // 16
    memory = np.empty(8 * 32 * _CHUNK + 16, dtype=np.uint32)
    room = memory[(-(memory.ctypes.data // 4)) % 16 :]
    address = matrix.ctypes.data
    jump = 4 * part * columns
    for slab in range(start, stop):
        state = np.zeros(strips * points * _STATE, dtype=np.uint32)
        end = min(part, (slab + 1) * size)
        for first in range(slab * size, end, _CHUNK):
            count = min(_CHUNK, end - first)
            for strip in range(strips):
                bits = np.uint32((1 << min(16, columns - 16 * strip)) - 1)
                for coset in range(cosets):
                    f = 16 * coset
                    for k in range(count):
                        row = address + 4 * ((first + k) * columns + 16 * strip)
                        left, by = rows - 8 * part - first - k, factors[f]
                        for m in range(8 * coset // cosets, 8 * (coset + 1) // cosets):
                            prefetch(row + m * jump + _AHEAD)
                        x = (
                            _row(row, left, 8 * jump, bits, by),
                            _row(row + jump, left - part, 8 * jump, bits, by),
                            _row(row + 2 * jump, left - 2 * part, 8 * jump, bits, by),
                            _row(row + 3 * jump, left - 3 * part, 8 * jump, bits, by),
                            _row(row + 4 * jump, left - 4 * part, 8 * jump, bits, by),
                            _row(row + 5 * jump, left - 5 * part, 8 * jump, bits, by),
                            _row(row + 6 * jump, left - 6 * part, 8 * jump, bits, by),
                            _row(row + 7 * jump, left - 7 * part, 8 * jump, bits, by),
                        )
                        w = (
                            splat_at(factors, f + 1),
                            splat_at(factors, f + 2),
                            splat_at(factors, f + 3),
                            splat_at(factors, f + 4),
                            splat_at(factors, f + 5),
                            splat_at(factors, f + 6),
                            splat_at(factors, f + 7),
                        )
                        ws = (
                            splat_at(factors, f + 9),
                            splat_at(factors, f + 10),
                            splat_at(factors, f + 11),
                            splat_at(factors, f + 12),
                            splat_at(factors, f + 13),
                            splat_at(factors, f + 14),
                            splat_at(factors, f + 15),
                        )
                        y = _eight(x, w, ws)
                        _lay(room, 32 * k, y[0])
                        _lay(room, 32 * (k + _CHUNK), y[1])
                        _lay(room, 32 * (k + 2 * _CHUNK), y[2])
                        _lay(room, 32 * (k + 3 * _CHUNK), y[3])
                        _lay(room, 32 * (k + 4 * _CHUNK), y[4])
                        _lay(room, 32 * (k + 5 * _CHUNK), y[5])
                        _lay(room, 32 * (k + 6 * _CHUNK), y[6])
                        _lay(room, 32 * (k + 7 * _CHUNK), y[7])
                    for m in range(8):
                        for p in range(firsts[8 * coset + m], firsts[8 * coset + m + 1]):
                            _dot(
                                room,
                                32 * m * _CHUNK,
                                count,
                                weights,
                                p * length + first,
                                state,
                                (strip * points + p) * _STATE,
                            )
        _finish(state, sums, slab * strips * points * 16, strips * points)


def values_at(coefficients: Words, n: int, blowup: int, shift: int, indices: Sequence[int]) -> Words:
    """The rows at these places of shift * <w_Bn>, of polynomials with these coefficients (k, c), n <= k <= 2 n.

    `n` is a power of two from 32 on, `shift` a canonical int; B = blowup.
    """
    rows, columns = coefficients.shape
    if n < 4 * _PARTS or not n <= rows <= 2 * n:
        raise ValueError(f"{coefficients.shape} coefficients do not fit {n}")
    part, root = n // _PARTS, plain.root_of_unity((blowup * n).bit_length() - 1)
    places: dict[tuple[int, int], list[int]] = {}
    for place, index in enumerate(indices):
        places.setdefault((index % blowup, index // blowup % _PARTS), []).append(place)
    cosets = sorted({coset for coset, _ in places})
    of_parts = [places.get((coset, k), []) for coset in cosets for k in _ORDER]
    order = [place for some in of_parts for place in some]
    firsts = np.array([0, *accumulate(map(len, of_parts))], dtype=np.int64)
    factors = np.array([_factors(shift * pow(root, coset, P) % P, part) for coset in cosets], dtype=np.uint32)
    factors = np.concatenate((factors, factors * np.uint32(kb.P_INVERSE)), axis=1)
    points = np.array([field.mont(shift * pow(root, indices[place], P)) for place in order], dtype=np.uint32)
    weights = field.empty(len(order), _length(part))
    over_ranges(_lay_powers, len(order), points, weights.shape[1], weights.reshape(-1))
    size, slabs = _slabs(part)
    sums = field.empty(slabs, -(-columns // 16), len(order), 16)
    over_ranges(
        dot_parts, slabs, size, np.ascontiguousarray(coefficients).reshape(-1), rows, columns, part,
        factors.reshape(-1), firsts, weights.reshape(-1), weights.shape[1], sums.reshape(-1),
    )  # fmt: skip
    found = field.empty(len(order), columns)
    found[order] = _total(sums, columns)
    return found


def _factors(base: int, part: int) -> list[int]:
    """For the coset base * <w_n>: base^n, and the seven factors that `_eight` takes, Montgomery form."""
    eighth = plain.root_of_unity(3)
    low = pow(base, part, P)
    factors = [pow(low, 8, P), pow(low, 4, P), *(pow(low, 2, P) * pow(eighth, k, P) for k in (0, 2))]
    return [field.mont(one) for one in [*factors, *(low * pow(eighth, k, P) for k in _ORDER[::2])]]


@kernel
def _lay_powers(start: Any, stop: Any, bases: Any, length: Any, out: Any) -> None:
    """The powers of each base in a row of `length` words, a multiple of sixteen."""
    for k in range(start, stop):
        power, at = np.uint32(kb.ONE), k * length
        for i in range(16):
            out[at + i] = power
            power = kb.mul1(power, bases[k])
        factor, values = splat(power), load(out, at)
        for i in range(16, length, 16):
            values = kb.mul(values, factor)
            store(out, at + i, values)
