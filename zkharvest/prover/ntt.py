# mypy: disable-error-code="import-untyped,misc"
"""Number-theoretic transforms of row-major matrices, and the masked low-degree extension.

A matrix has one polynomial a column and one point (or coefficient) a row, uint32, Montgomery form. Rows are in
natural order everywhere: evaluation row i is the value at shift * w^i, where w is the canonical root of unity of
the domain's order, and coefficient row i belongs to x^i.

A transform of length n = R * S is done in two passes over the memory, each of many short transforms that run
in the cache (D. H. Bailey, FFTs in external or hierarchical memory, 1989). With i = i1 + R * i2,

    f(x) = sum over i1 of x^i1 * g_i1(x^R),    g_i1 of degree < S,

so that the first pass extends every g_i1 to the S * B points (shift^R) w_SB^j, and the second, for every j,
evaluates a polynomial of degree < R at the R points shift * w_m^(j + S * B * k). B is the blow-up: the upper,
zero part of the padded coefficients is never touched. Coset factors live in the twiddles and cost nothing.
The short transforms (`_butterflies`) are decimations in time, radix 4, one vector of sixteen columns wide.

Masking adds Z_H * r, which on the coset with index b of H is the constant shift_b^n - 1 times r: it is added to
the first h coefficients as they are read (Haboeck, Al Kindi, ePrint 2024/1037, section 3).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from zkharvest.prover import field, plain
from zkharvest.prover.field import Words, mont
from zkharvest.simd import formulas
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import load, load_some, splat, splat_at, store, store_some
from zkharvest.simd.threads import over_ranges
from zkharvest.simd.values import U32, Value, operation
from zkharvest.spec import P

_GROUP = 16
"""Vectors carried through the cache together at most: a kilobyte of each row, since rows lie pages apart."""

_TILE = 1 << 16
"""Words of a group of vectors at most: they stay in a core's second cache."""

_SINGLE_PASS = 6  # transforms up to this log size take one pass
_MAX_LOG_BLOWUP = 5  # beyond it, zero coefficients are appended instead

_TWIDDLE, _SCALED = 0, 1  # rows of a table: the factor, and the factor times p^-1 mod 2^32 (see kb.mul_by)


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


class _Shape(NamedTuple):
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
def _pass(
    start: Any, stop: Any, together: Any, shape: Any, source: Any, out: Any, order: Any, tables: Any,
    points: Any, scale: Any, extra: Any, weights: Any,
) -> None:  # fmt: skip
    """Transform groups start .. stop of `together` vectors each.

    points: empty, or for every group q the coset (point q) * <w> to evaluate on (one copy only).
    scale: a factor for all inputs. extra: rows to add, times weights[b], to the first rows of copy b.
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
                    at = r * row_in + first + 16 * g
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


# --- tables -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _order(length: int) -> NDArray[np.int64]:
    """Bit reversal of 0 .. length - 1."""
    order = np.zeros(1, dtype=np.int64)
    while order.size < length:
        order = np.concatenate([2 * order, 2 * order + 1])
    return order


@lru_cache(maxsize=64)
def _factors(length: int, inverse: bool) -> Words:
    """Entry h + k: w_2h^k for h = 1, 2, 4, ... < length and k < h (entry 0 is unused)."""
    table = field.empty(length)
    table[0] = 0
    h = 1
    while h < length:
        root = plain.root_of_unity(h.bit_length())
        table[h : 2 * h] = field.powers(plain.inverse(root) if inverse else root, h)
        h *= 2
    return table


@lru_cache(maxsize=64)
def _tables(length: int, inverse: bool, shifts: tuple[int, ...]) -> Words:
    """For every coset shift (canonical) a table: its factors, then the same times p^-1 mod 2^32."""
    tables = field.empty(len(shifts), 2, length)
    for row, shift in zip(tables, shifts, strict=True):
        layers = np.ones(length, dtype=np.uint32)
        h = 1
        while h < length:
            layers[h : 2 * h] = pow(shift, length // (2 * h), P)
            h *= 2
        row[_TWIDDLE] = field.mul(_factors(length, inverse), field.to_mont(layers))
        row[_SCALED] = row[_TWIDDLE] * np.uint32(kb.P_INVERSE)
    return tables.reshape(-1)


def _split(log_n: int) -> tuple[int, int]:
    """R and S of the two passes."""
    log_s = log_n if log_n <= _SINGLE_PASS else log_n // 2
    return 1 << (log_n - log_s), 1 << log_s


_NONE = np.empty(0, dtype=np.uint32)


def _run(
    shape: _Shape, source: Words, out: Words, tables: Words, points: Words = _NONE,
    scale: int = kb.ONE, extra: Words = _NONE, weights: Words = _NONE,
) -> None:  # fmt: skip
    together = max(1, min(_GROUP, _TILE // (16 * shape.length)))
    groups = -(-shape.lanes // (16 * together))
    over_ranges(
        _pass, groups, together, tuple(shape), source.reshape(-1), out.reshape(-1), _order(shape.length), tables,
        points, np.uint32(scale), extra.reshape(-1), weights, grain=max(1, (1 << 14) // (shape.length * together)),
    )  # fmt: skip


# --- the transforms -----------------------------------------------------------------------------------------


def _log2(n: int) -> int:
    log = n.bit_length() - 1
    if n <= 0 or n != 1 << log or log > plain.TWO_ADICITY:
        raise ValueError(f"{n} is not a power of two up to 2^{plain.TWO_ADICITY}")
    return log


def intt(evaluations: Words, scratch: Words | None = None, out: Words | None = None) -> Words:
    """Coefficients (n, c) of the polynomials with these values (n, c) over the subgroup of order n.

    `scratch` is an array of the same shape that may be overwritten, `out` takes the result: `evaluations` itself, which
    is then overwritten, or any array whose rows are contiguous, such as columns of a wider one. Without them arrays are
    made.
    """
    n, c = evaluations.shape
    log_n = _log2(n)
    r, s = _split(log_n)
    source = np.ascontiguousarray(evaluations, dtype=np.uint32)
    if out is None:
        out = field.empty(n, c)
    elif r == 1 and np.shares_memory(out, source):
        source = source.copy()
    if r > 1:
        middle = field.empty(n, c) if scratch is None else scratch
        _run(_Shape(r, s * c, c, s * c, c, s * c, c, 1), source, middle, _tables(r, True, (1,)))
        source = middle
    points = field.powers(plain.inverse(plain.root_of_unity(log_n)), r) if r > 1 else _NONE
    scale = mont(plain.inverse(n))
    flat, width = _rows_of(out)
    _run(_Shape(s, r * c, c, c, s * c, r * width, width, 1), source, flat, _tables(s, True, (1,)), points, scale)
    return out


def _rows_of(matrix: Words) -> tuple[Words, int]:
    """The memory from a matrix's first element to its last, and how far apart its rows are. Rows must be contiguous."""
    width = matrix.strides[0] // 4
    if matrix.strides[1] != 4 or width < matrix.shape[1]:
        raise ValueError("the rows of the result are not contiguous")
    size = (matrix.shape[0] - 1) * width + matrix.shape[1]
    return np.lib.stride_tricks.as_strided(matrix, (size,), (4,)), width


def _extend(base: Words, extra: Words, out: Words, shift: int, vanishing: bool) -> Words:
    """Values of base + W * extra on shift * <w>, into `out`; W is x^n, less 1 if `vanishing`, n the rows of base."""
    (n, c), size = base.shape, out.shape[0]
    log_n, log_m = _log2(n), _log2(size)
    blowup = size // n
    r, s = _split(log_n)
    root = plain.root_of_unity(log_m)
    shifts = [shift * pow(root, b, P) % P for b in range(blowup)]
    vanished = 1 if vanishing else 0
    weights = field.to_mont(np.array([(pow(x, n, P) - vanished) % P for x in shifts], dtype=np.uint32))
    tables = _tables(s, False, tuple(pow(x, r, P) for x in shifts))
    first = _Shape(s, r * c, c, r * c, c, blowup * c, size // r * c, blowup)
    _run(first, base, out, tables, extra=extra, weights=weights)
    if r > 1:
        width = size // r * c
        points = field.powers(root, size // r, first=shift)
        _run(_Shape(r, width, c, width, c, width, c, 1), out, out, _tables(r, False, (1,)), points)
    return out


def coset_lde(coefficients: Words, size: int, shift: int) -> Words:
    """Values (size, c) on shift * <w_size> of the polynomials with these coefficients (k, c), 1 <= k <= size.

    `size` is a power of two, `shift` a canonical int; with shift 1 and k = size this is the plain transform.
    """
    k, c = coefficients.shape
    _log2(size)
    if not 1 <= k <= size:
        raise ValueError(f"{k} coefficients do not fit {size} points")
    source = np.ascontiguousarray(coefficients, dtype=np.uint32)
    n = 1 << (k.bit_length() - 1)
    least = size >> _MAX_LOG_BLOWUP
    if n < least:
        padded = np.zeros((least, c), dtype=np.uint32)
        padded[:k] = source
        return _extend(padded, _NONE, field.empty(size, c), shift, vanishing=False)
    return _extend(source[:n], source[n:], field.empty(size, c), shift, vanishing=False)


def on_coset(coefficients: Words, out: Words, shift: int) -> Words:
    """Values on shift * <w_n>, into `out` (n, c), of polynomials with these coefficients (k, c), n <= k <= 2 n."""
    (k, c), n = coefficients.shape, out.shape[0]
    if out.shape != (n, c) or not n <= k <= 2 * n:
        raise ValueError(f"{coefficients.shape} coefficients do not fit {out.shape}")
    return _extend(coefficients[:n], coefficients[n:], out, shift, vanishing=False)


def lde_masked(evaluations: Words, randomness: Words, blowup: int, shift: int) -> Words:
    """Values (blowup * n, c) on shift * <w> of f + (x^n - 1) * r.

    f has the given values (n, c) over the subgroup of order n; r has the h coefficients `randomness` (h, c),
    h <= n, or none. The degree is below n + h, which must not exceed blowup * n.
    """
    n, c = evaluations.shape
    h = randomness.shape[0]
    if randomness.shape != (h, c) or h > n or n + h > blowup * n:
        raise ValueError(f"cannot mask {evaluations.shape} with {randomness.shape} at blow-up {blowup}")
    out = field.empty(blowup * n, c)
    return _extend(intt(evaluations, out[:n]), np.ascontiguousarray(randomness), out, shift, vanishing=True)
