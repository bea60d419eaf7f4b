# mypy: disable-error-code="import-untyped,misc"
"""The compiled passes of the number-theoretic transforms (`prover.ntt`): many short transforms that run in the cache.

A short transform (`_butterflies`) is a decimation in time, radix 4, one vector of sixteen columns wide.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from zkharvest.simd import formulas
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import load, load_some, splat, splat_at, store, store_some
from zkharvest.simd.values import U32, Value, operation
from zkharvest.spec import P

TWIDDLE, SCALED = 0, 1  # rows of a table: the factor, and the factor times p^-1 mod 2^32 (see kb.mul_by)


@operation(types.UniTuple(U32, 2))
def _two(x0: Value, x1: Value, w: Value, ws: Value) -> tuple[Value, Value]:
    """x0 + w x1 and x0 - w x1; x0 canonical, x1 any, the results below 2p."""
    t = formulas.mul_by(x1, w, ws)
    return x0 + t, x0 - t + P


@operation(types.UniTuple(U32, 4))
def _four(
    x0: Value, x1: Value, x2: Value, x3: Value,
    w1: Value, w1s: Value, w2: Value, w2s: Value, w3: Value, w3s: Value,
) -> tuple[Value, Value, Value, Value]:  # fmt: skip
    """Two layers: (x0, x1) and (x2, x3) with w1, then (0, 2) with w2 and (1, 3) with w3; all of it below 2p."""
    t1, t3 = formulas.mul_by(x1, w1, w1s), formulas.mul_by(x3, w1, w1s)
    x0, x2 = formulas.reduce_once(x0), formulas.reduce_once(x2)
    a0, a1 = formulas.add(x0, t1), formulas.sub(x0, t1)
    u0, u1 = formulas.mul_by(x2 + t3, w2, w2s), formulas.mul_by(x2 - t3 + P, w3, w3s)
    return a0 + u0, a1 + u1, a0 - u0 + P, a1 - u1 + P


@helper
def _butterflies(buf: Any, at: Any, length: Any, tables: Any, table: Any) -> None:
    """Transform `length` bit-reversed vectors at `buf[at]` in place; results may be up to 2p - 1.

    Entry h + k of a table is the factor of the k-th butterfly between vectors h apart.
    """
    stride = 16
    near = table * 2 * length
    scaled = near + length
    h = 1
    if length & 0xAAAAAAAA:  # an odd number of layers: one of radix 2
        for r in range(at, at + length * stride, 2 * stride):
            low, high = load(buf, r), load(buf, r + stride)
            low, high = _two(low, high, splat_at(tables, near + 1), splat_at(tables, scaled + 1))
            store(buf, r, low)
            store(buf, r + stride, high)
        h = 2
    while h < length:
        step = h * stride
        for block in range(at, at + length * stride, 4 * step):
            for k in range(h):
                r0 = block + k * stride
                r1, r2, r3 = r0 + step, r0 + 2 * step, r0 + 3 * step
                i, j = near + h + k, scaled + h + k
                y = _four(
                    load(buf, r0), load(buf, r1), load(buf, r2), load(buf, r3),
                    splat_at(tables, i), splat_at(tables, j), splat_at(tables, i + h), splat_at(tables, j + h),
                    splat_at(tables, i + 2 * h), splat_at(tables, j + 2 * h),
                )  # fmt: skip
                store(buf, r0, y[0])
                store(buf, r1, y[1])
                store(buf, r2, y[2])
                store(buf, r3, y[3])
        h *= 4


@helper
def _shift_table(base: Any, length: Any, point: Any, out: Any) -> None:
    """The table of the coset point * <w>: layer h gets the factor point^(length / 2h)."""
    factor = point
    h = length // 2
    while h > 0:
        for k in range(h):
            w = kb.mul1(base[h + k], factor)
            out[h + k] = w
            out[length + h + k] = np.uint32(w * np.uint32(kb.P_INVERSE))
        factor = kb.mul1(factor, factor)
        h //= 2


@helper
def _segments(first: Any, lanes: Any, columns: Any, jump: Any, offsets: Any, bits: Any) -> Any:
    """Where lanes first .. first + 15 of the flattened (group, column) axis lie, as runs of consecutive elements.

    Element (q, column) is at q * jump + column. Lane l of run s is at offsets[s] + l, for the lanes in bits[s].
    """
    count, lane = 0, 0
    end = min(16, lanes - first)
    while lane < end:
        q, column = (first + lane) // columns, (first + lane) % columns
        size = end - lane if jump == columns else min(columns - column, end - lane)
        offsets[count] = q * jump + column - lane
        bits[count] = np.uint32(((1 << size) - 1) << lane)
        lane += size
        count += 1
    return count


@helper
def _gather(source: Any, row: Any, offsets: Any, bits: Any, count: Any) -> Any:
    value = load_some(source, offsets[0] + row, bits[0], splat(np.uint32(0)))
    for s in range(1, count):
        value = load_some(source, offsets[s] + row, bits[s], value)
    return value


class Shape(NamedTuple):
    """One pass: `length` rows are transformed for each of `lanes` = groups * columns elements.

    Element (row r, group q, column) is read at r * row_in + q * group_in + column. `copies` transforms with
    their own tables are made of it; that of copy b goes to r * row_out + q * group_out + b * columns + column.
    """

    length: int
    lanes: int
    columns: int
    row_in: int
    group_in: int
    row_out: int
    group_out: int
    copies: int


@kernel
def transform_pass(
    start: Any, stop: Any, together: Any, shape: Any, source: Any, out: Any, order: Any, tables: Any,
    points: Any, scale: Any, extra: Any, weights: Any,
) -> None:  # fmt: skip
    """Transform groups start .. stop of `together` vectors each.

    points: empty, or for every group q the coset (point q) * <w> to evaluate on (one copy only).
    scale: a factor for all inputs. extra: rows to add, times weights[b], to the first rows of copy b; only where every
    vector lies in one run, as it does where groups follow each other or have whole vectors.
    """
    length, lanes, columns, row_in, group_in, row_out, group_out, copies = shape
    tile = length * 16
    memory = np.empty((1 if copies == 1 else 2) * together * tile + 16, dtype=np.uint32)
    base = (-(memory.ctypes.data // 4)) % 16
    work = base + (together * tile if copies > 1 else 0)
    own = np.empty(2 * length, dtype=np.uint32)
    own_q = -1
    in_at, out_at = np.empty((together, 16), dtype=np.int64), np.empty((together, 16), dtype=np.int64)
    in_bits, out_bits = np.empty((together, 16), dtype=np.uint32), np.empty((together, 16), dtype=np.uint32)
    in_runs, out_runs = np.empty(together, dtype=np.int64), np.empty(together, dtype=np.int64)
    power = np.empty(16, dtype=np.uint32)
    scale_all, scale_scaled = splat(scale), splat(np.uint32(scale * np.uint32(kb.P_INVERSE)))
    for group in range(start, stop):
        size = min(together, (lanes + 15) // 16 - group * together)
        first = group * together * 16
        for g in range(size):
            in_runs[g] = _segments(first + 16 * g, lanes, columns, group_in, in_at[g], in_bits[g])
            out_runs[g] = _segments(first + 16 * g, lanes, columns, group_out, out_at[g], out_bits[g])
        for r in range(length):
            to = base + order[r] * 16
            for g in range(size):
                if in_bits[g, 0] == 0xFFFF:
                    value = load(source, in_at[g, 0] + r * row_in)
                else:
                    value = _gather(source, r * row_in, in_at[g], in_bits[g], in_runs[g])
                store(memory, to + g * tile, value)
        if scale != kb.ONE:
            for at in range(base, base + size * tile, 16):
                store(memory, at, kb.mul_by(load(memory, at), scale_all, scale_scaled))
        for b in range(copies):
            for g in range(size):
                here = work + g * tile
                if copies > 1:
                    for k in range(0, tile, 16):
                        store(memory, here + k, load(memory, base + g * tile + k))
                for r in range((extra.size + row_in - 1) // row_in):
                    at = r * row_in + in_at[g, 0]
                    left = min(16, extra.size - at, lanes - first - 16 * g)
                    if left > 0:
                        more = load_some(extra, at, np.uint32((1 << left) - 1), splat(np.uint32(0)))
                        to = here + order[r] * 16
                        store(memory, to, kb.add(load(memory, to), kb.mul(more, splat_at(weights, b))))
                if points.size == 0:
                    _butterflies(memory, here, length, tables, b)
                    continue
                q = (first + 16 * g) // columns
                last = min(first + 16 * g + 16, lanes) - 1
                if last // columns == q:
                    if own_q != q:
                        _shift_table(tables, length, points[q], own)
                        own_q = q
                    _butterflies(memory, here, length, own, 0)
                    continue
                # Lanes of several groups: scale row r by (point)^r lane by lane instead.
                for lane in range(16):
                    power[lane] = points[min(first + 16 * g + lane, lanes - 1) // columns]
                factor = load(power, 0)
                y = factor
                for r in range(1, length):
                    to = here + order[r] * 16
                    store(memory, to, kb.mul(load(memory, to), y))
                    y = kb.mul(y, factor)
                _butterflies(memory, here, length, tables, 0)
            for r in range(length):
                row = r * row_out + b * columns
                for g in range(size):
                    value = kb.reduce_once(load(memory, work + g * tile + r * 16))
                    if out_bits[g, 0] == 0xFFFF:
                        store(out, out_at[g, 0] + row, value)
                    else:
                        for s in range(out_runs[g]):
                            store_some(out, out_at[g, s] + row, out_bits[g, s], value)
