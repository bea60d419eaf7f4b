# mypy: disable-error-code="import-untyped,misc"
"""Arithmetic over whole arrays of field elements, in Montgomery form, on every core.

Arrays that prover modules hand each other are C-contiguous uint32, canonical Montgomery representatives
a * 2^32 mod p; `to_mont` and `from_mont` cross over to canonical residues. An extension array has a last axis of
length 5. Scalars that come from Python are canonical ints. The inline forms of all operations, for use inside
other kernels, are in `zkharvest.simd.koalabear`; the plain definitions are in `zkharvest.prover.plain`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover import plain
from zkharvest.simd import formulas
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, inlined, kernel
from zkharvest.simd.lanes import load, load_five, load_some, splat, store, store_five, store_some
from zkharvest.simd.threads import over_ranges
from zkharvest.simd.values import operation
from zkharvest.spec import P

EXTENSION_DEGREE = 5
Words = NDArray[np.uint32]

_LINE = 16  # uint32 in a cache line
_GRAIN = 1 << 18  # products that are worth a thread of their own
_ADD, _SUB, _MUL, _TO, _FROM = range(5)
_BLOCK = 128  # vectors whose inverses share one exponentiation


def empty(*shape: int) -> Words:
    """An uninitialised uint32 array that starts on a cache line, so that vectors do not straddle two."""
    count = int(np.prod(shape, dtype=np.int64))
    raw = np.empty(count + _LINE, dtype=np.uint32)
    skip = -(raw.ctypes.data // 4) % _LINE
    return raw[skip : skip + count].reshape(shape)


def mont(a: int) -> int:
    """The Montgomery representative of a canonical residue."""
    return (a << 32) % P


def unmont(a: int) -> int:
    """The canonical residue of a Montgomery representative."""
    return a * pow(1 << 32, -1, P) % P


# --- elementwise ----------------------------------------------------------------------------------------------


@inlined
def _apply(op: Any, a: Any, b: Any) -> Any:
    if op == _ADD:
        return kb.add(a, b)
    if op == _SUB:
        return kb.sub(a, b)
    if op == _FROM:
        return kb.from_mont(a)
    return kb.mul(a, b)


@kernel
def _elementwise(start: Any, stop: Any, op: Any, a: Any, b: Any, b_step: Any, out: Any) -> None:
    whole = stop - (stop - start) % 16
    for i in range(start, whole, 16):
        store(out, i, _apply(op, load(a, i), load(b, i * b_step)))
    if whole < stop:
        bits = np.uint32((1 << (stop - whole)) - 1)
        zero = splat(np.uint32(0))
        x = load_some(a, whole, bits, zero)
        store_some(out, whole, bits, _apply(op, x, load_some(b, whole * b_step, bits, zero)))


def _run(op: int, a: Words, b: Words | None, out: Words | None = None) -> Words:
    a = np.ascontiguousarray(a, dtype=np.uint32)
    if out is None:
        out = empty(*a.shape)
    elif out.shape != a.shape or not out.flags.c_contiguous:
        raise ValueError(f"no room for {a.shape} in {out.shape}")
    single = b is None or b.size == 1
    if b is None or b.size == 1:
        other = np.full(_LINE, 0 if b is None else b.flat[0], dtype=np.uint32)
    elif b.shape == a.shape:
        other = np.ascontiguousarray(b, dtype=np.uint32).reshape(-1)
    else:
        raise ValueError(f"shapes differ: {a.shape} and {b.shape}")
    step = 0 if single else 1
    over_ranges(_elementwise, a.size, op, a.reshape(-1), other, step, out.reshape(-1), grain=_GRAIN, align=_LINE)
    return out


def add(a: Words, b: Words) -> Words:
    """a + b; b has a's shape or one element."""
    return _run(_ADD, a, b)


def sub(a: Words, b: Words) -> Words:
    """a - b; b has a's shape or one element."""
    return _run(_SUB, a, b)


def mul(a: Words, b: Words) -> Words:
    """a * b; b has a's shape or one element."""
    return _run(_MUL, a, b)


def to_mont(a: Words, out: Words | None = None) -> Words:
    """Representatives of residues; any uint32 is accepted and taken modulo p. `out` may be `a` itself."""
    return _run(_TO, a, np.array([kb.R_SQUARED], dtype=np.uint32), out)


def from_mont(a: Words) -> Words:
    """Canonical residues of representatives."""
    return _run(_FROM, a, None)


# --- powers and inverses ----------------------------------------------------------------------------------------


@kernel
def _powers(head: Any, step: Any, out: Any) -> None:
    # Four vectors at a time: each depends on the one four back only, which hides the product's latency.
    x0, x1, x2, x3 = load(head, 0), load(head, 16), load(head, 32), load(head, 48)
    factor = splat(step)
    for i in range(0, out.size, 64):
        store(out, i, x0)
        store(out, i + 16, x1)
        store(out, i + 32, x2)
        store(out, i + 48, x3)
        x0, x1, x2, x3 = kb.mul(x0, factor), kb.mul(x1, factor), kb.mul(x2, factor), kb.mul(x3, factor)


def powers(base: int, count: int, first: int = 1) -> Words:
    """first * base^i for i < count, in Montgomery form, of canonical ints."""
    head = [mont(first * pow(base, i, P)) for i in range(64)]
    out = empty(-(-count // 64) * 64)
    _powers(np.array(head, dtype=np.uint32), np.uint32(mont(pow(base, 64, P))), out)
    return out[:count]


@kernel
def _inverse(start: Any, stop: Any, a: Any, out: Any, zero_seen: Any) -> None:
    # Montgomery's trick on 32 interleaved chains (two vectors): prefix products up, one inverse, back down.
    one = splat(np.uint32(kb.ONE))
    lanes = np.empty(32, dtype=np.uint32)
    for block in range(start, stop, 2 * _BLOCK):
        end = min(stop, block + 2 * _BLOCK)
        x, y = one, one
        for v in range(block, end, 2):
            store(out, 16 * v, x)
            store(out, 16 * v + 16, y)
            x, y = kb.mul(x, load(a, 16 * v)), kb.mul(y, load(a, 16 * v + 16))
        store(lanes, 0, x)
        store(lanes, 16, y)
        for k in range(32):
            if lanes[k] == 0:
                zero_seen[0] = 1
        x, y = kb.inverse(x), kb.inverse(y)
        for v in range(end - 2, block - 1, -2):
            store(out, 16 * v, kb.mul(x, load(out, 16 * v)))
            store(out, 16 * v + 16, kb.mul(y, load(out, 16 * v + 16)))
            x, y = kb.mul(x, load(a, 16 * v)), kb.mul(y, load(a, 16 * v + 16))


def _padded(a: Words, rows: int, width: int) -> Words:
    """`a` as a flat array of whole 32-element groups, the gap filled with representatives of 1."""
    if rows % 32 == 0:
        return np.ascontiguousarray(a, dtype=np.uint32).reshape(-1)
    full = empty(-(-rows // 32) * 32 * width)
    full[: rows * width] = a.reshape(-1)
    full[rows * width :] = 0
    full[rows * width :: width] = kb.ONE
    return full


def inverse(a: Words) -> Words:
    """Elementwise 1 / a; ZeroDivisionError if an element is 0."""
    source = _padded(a, a.size, 1)
    out = empty(source.size)
    zero_seen = np.zeros(1, dtype=np.uint32)
    over_ranges(_inverse, source.size // 16, source, out, zero_seen, grain=_GRAIN // 64, align=2)
    if zero_seen[0]:
        raise ZeroDivisionError("0 has no inverse")
    return out[: a.size].reshape(a.shape)


# --- the extension ----------------------------------------------------------------------------------------------


@kernel
def _ext_mul(start: Any, stop: Any, a: Any, b: Any, b_step: Any, out: Any) -> None:
    for v in range(start, stop):
        store_five(out, 80 * v, kb.ext_mul(load_five(a, 80 * v), load_five(b, 80 * v * b_step)))


def ext_mul(a: Words, b: Words) -> Words:
    """Products of extension elements: `a` is (..., 5), `b` has the same shape or is one element (5,)."""
    rows = a.size // 5
    source = _padded(a, rows, 5)
    single = b.size == 5
    if not single and b.shape != a.shape:
        raise ValueError(f"shapes differ: {a.shape} and {b.shape}")
    other = np.tile(b.reshape(-1), _LINE).astype(np.uint32) if single else _padded(b, rows, 5)
    out = empty(source.size)
    over_ranges(_ext_mul, source.size // 80, source, other, 0 if single else 1, out, grain=_GRAIN // 400)
    return out[: a.size].reshape(a.shape)


def _frobenius(power: int) -> tuple[tuple[int, ...], ...]:
    """Row k: the representatives of (x^k)^(p^power), so that the map is a linear combination of rows."""
    image = plain.ext_pow((0, 1, 0, 0, 0), P**power)
    return tuple(tuple(mont(c) for c in plain.ext_pow(image, k)) for k in range(5))


_FROBENIUS = (_frobenius(1), _frobenius(2))


def _mapped(a: formulas.Five, rows: tuple[tuple[int, ...], ...]) -> formulas.Five:
    columns = [[a[0].like(a[0].constant(row[k])) for row in rows] for k in range(5)]
    rest = [formulas.dot(a[1:], column[1:]) for column in columns]  # the first row is that of 1, which maps to itself
    return (formulas.add(a[0], rest[0]), rest[1], rest[2], rest[3], rest[4])


@operation()
def _to_p(a: formulas.Five) -> formulas.Five:
    """a^p."""
    return _mapped(a, _FROBENIUS[0])


@operation()
def _to_p2(a: formulas.Five) -> formulas.Five:
    """a^(p^2)."""
    return _mapped(a, _FROBENIUS[1])


@helper
def ext_inverse_lanes(a: Any) -> Any:
    """1 / a on lanes, 0 for 0: a^(p + p^2 + p^3 + p^4) over the norm, which lies in the base field (Itoh, Tsujii)."""
    up = _to_p(a)
    pair = kb.ext_mul(up, _to_p(up))
    rest = kb.ext_mul(pair, _to_p2(pair))
    down = kb.inverse(kb.ext_mul(a, rest)[0])
    r0, r1, r2, r3, r4 = rest
    return kb.mul(r0, down), kb.mul(r1, down), kb.mul(r2, down), kb.mul(r3, down), kb.mul(r4, down)


@kernel
def _ext_inverse(start: Any, stop: Any, a: Any, out: Any, zero_seen: Any) -> None:
    zero, one = splat(np.uint32(0)), splat(np.uint32(kb.ONE))
    lanes = np.empty(16, dtype=np.uint32)
    for block in range(start, stop, _BLOCK):
        end = min(stop, block + _BLOCK)
        x = (one, zero, zero, zero, zero)
        for v in range(block, end):
            store_five(out, 80 * v, x)
            x = kb.ext_mul(x, load_five(a, 80 * v))
        store(lanes, 0, x[0] | x[1] | x[2] | x[3] | x[4])
        for k in range(16):
            if lanes[k] == 0:
                zero_seen[0] = 1
        x = ext_inverse_lanes(x)
        for v in range(end - 1, block - 1, -1):
            store_five(out, 80 * v, kb.ext_mul(x, load_five(out, 80 * v)))
            x = kb.ext_mul(x, load_five(a, 80 * v))


def ext_inverse(a: Words) -> Words:
    """1 / a for every extension element of an array (..., 5); ZeroDivisionError if one is 0."""
    source = _padded(a, a.size // 5, 5)
    out = empty(source.size)
    zero_seen = np.zeros(1, dtype=np.uint32)
    over_ranges(_ext_inverse, source.size // 80, source, out, zero_seen, grain=_GRAIN // 1200)
    if zero_seen[0]:
        raise ZeroDivisionError("0 has no inverse")
    return out[: a.size].reshape(a.shape)


def ext_powers(base: Sequence[int], count: int) -> Words:
    """base^i for i < count of a canonical extension element: (count, 5), in Montgomery form."""
    head, power = [], plain.EXT_ONE
    for _ in range(min(count, _LINE)):
        head.append(power)
        power = plain.ext_mul(power, base)
    out = empty(max(count, 1), 5)[:count]
    done = len(head)
    out[:done] = to_mont(np.array(head, dtype=np.uint32).reshape(-1, 5))
    while done < count:  # double: the next stretch is the first one times base^done
        step = min(done, count - done)
        out[done : done + step] = ext_mul(out[:step], np.array([mont(c) for c in power], dtype=np.uint32))
        done += step
        power = plain.ext_mul(power, power)
    return out
