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
The short transforms are compiled (`prover.ntt_kernel`).

Masking adds Z_H * r, which on the coset with index b of H is the constant shift_b^n - 1 times r: it is added to
the first h coefficients as they are read (Haboeck, Al Kindi, ePrint 2024/1037, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover import field, plain
from zkharvest.prover.field import Words, mont
from zkharvest.prover.ntt_kernel import SCALED, TWIDDLE, Shape, transform_pass
from zkharvest.simd import koalabear as kb
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P

_LANES = 16
_GROUP = 16
"""Vectors carried through the cache together at most: a kilobyte of each row, since rows lie pages apart."""

_TILE = 1 << 16
"""Words of a group of vectors at most: they stay in a core's second cache."""

_SINGLE_PASS = 6  # transforms up to this log size take one pass
_MAX_LOG_BLOWUP = 5  # beyond it, zero coefficients are appended instead


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
        row[TWIDDLE] = field.mul(_factors(length, inverse), field.to_mont(layers))
        row[SCALED] = row[TWIDDLE] * np.uint32(kb.P_INVERSE)
    return tables.reshape(-1)


def _split(log_n: int) -> tuple[int, int]:
    """R and S of the two passes."""
    log_s = log_n if log_n <= _SINGLE_PASS else log_n // 2
    return 1 << (log_n - log_s), 1 << log_s


_NONE = np.empty(0, dtype=np.uint32)


def _run(
    shape: Shape, source: Words, out: Words, tables: Words, points: Words = _NONE,
    scale: int = kb.ONE, extra: Words = _NONE, weights: Words = _NONE,
) -> None:  # fmt: skip
    together = max(1, min(_GROUP, _TILE // (16 * shape.length)))
    groups = -(-shape.lanes // (16 * together))
    over_ranges(
        transform_pass, groups, together, tuple(shape), source.reshape(-1), out.reshape(-1), _order(shape.length),
        tables, points, np.uint32(scale), extra.reshape(-1), weights,
        grain=max(1, (1 << 14) // (shape.length * together)),
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
        _run(Shape(r, s * c, c, s * c, c, s * c, c, 1), source, middle, _tables(r, True, (1,)))
        source = middle
    points = field.powers(plain.inverse(plain.root_of_unity(log_n)), r) if r > 1 else _NONE
    scale = mont(plain.inverse(n))
    flat, width = _rows_of(out)
    _run(Shape(s, r * c, c, c, s * c, r * width, width, 1), source, flat, _tables(s, True, (1,)), points, scale)
    return out


def coset_intt(values: Words, shift: int) -> Words:
    """Coefficients (n, c) of the polynomials with these values (n, c) on shift * <w_n>; `shift` is a canonical int."""
    unshift = field.powers(plain.inverse(shift), values.shape[0])
    return field.mul(intt(values), np.repeat(unshift, values.shape[1]).reshape(values.shape))


def _rows_of(matrix: Words) -> tuple[Words, int]:
    """The memory from a matrix's first element to its last, and how far apart its rows are. Rows must be contiguous."""
    width = matrix.strides[0] // 4
    if matrix.strides[1] != 4 or width < matrix.shape[1]:
        raise ValueError("the rows of the result are not contiguous")
    size = (matrix.shape[0] - 1) * width + matrix.shape[1]
    return np.lib.stride_tricks.as_strided(matrix, (size,), (4,)), width


def _extend(base: Words, extra: Words, out: Words, shift: int, vanishing: bool) -> Words:
    """Values of base + W * extra on shift * <w>, into `out`; W is x^n, less 1 if `vanishing`, n the rows of base.

    At a blow-up of 1 all three may be columns of wider arrays: multiples of sixteen, or all.
    """
    (n, c), size = base.shape, out.shape[0]
    log_n, log_m = _log2(n), _log2(size)
    blowup = size // n
    r, s = _split(log_n)
    root = plain.root_of_unity(log_m)
    shifts = [shift * pow(root, b, P) % P for b in range(blowup)]
    vanished = 1 if vanishing else 0
    weights = field.to_mont(np.array([(pow(x, n, P) - vanished) % P for x in shifts], dtype=np.uint32))
    tables = _tables(s, False, tuple(pow(x, r, P) for x in shifts))
    (source, wide), (made, width) = _rows_of(base), _rows_of(out)
    first = Shape(s, r * c, c, r * wide, wide, blowup * width, size // r * width, blowup)
    _run(first, source, made, tables, extra=_rows_of(extra)[0] if extra.size else _NONE, weights=weights)
    if r > 1:
        groups = size // r
        points = field.powers(root, groups, first=shift)
        across = Shape(r, groups * c, c, groups * width, width, groups * width, width, 1)
        _run(across, made, made, _tables(r, False, (1,)), points)
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


def on_coset(coefficients: Words, out: Words, shift: int, tiles: Sequence[slice] = ()) -> Words:
    """Values on shift * <w_n>, into `out` (n, c), of polynomials with these coefficients (k, c), n <= k <= 2 n.

    tiles: only these columns, each slice of a multiple of sixteen; the others of `out` are left as they are.
    """
    (k, c), n = coefficients.shape, out.shape[0]
    if out.shape != (n, c) or not n <= k <= 2 * n:
        raise ValueError(f"{coefficients.shape} coefficients do not fit {out.shape}")
    for tile in tiles or [slice(0, c)]:
        own = coefficients[:, tile]
        if tiles and (own.shape[1] % _LANES or not own.size):
            raise ValueError(f"columns {tile.start} to {tile.stop} are not so many times sixteen")
        _extend(own[:n], own[n:], out[:, tile], shift, vanishing=False)
    return out


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
