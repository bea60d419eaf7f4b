"""Exact wide arithmetic for compiled code: quantities of 112 bits as two 64-bit words, low word first.

Divisions are by shift and subtract, which needs nothing wider than the 114 bits of a doubled remainder plus a
quantity. Every function here equals the Python expression in its first line, for all arguments within the limits.
"""

from __future__ import annotations

import numpy as np

from zkharvest.simd.compiling import kernel, njit

_0 = np.uint64(0)
_1 = np.uint64(1)
_32 = np.uint64(32)
_63 = np.uint64(63)
_LOW32 = np.uint64(0xFFFFFFFF)


@njit(cache=True, inline="always")
def less(a_lo, a_hi, b_lo, b_hi):
    """a < b"""
    return a_hi < b_hi or (a_hi == b_hi and a_lo < b_lo)


@njit(cache=True, inline="always")
def subtract(a_lo, a_hi, b_lo, b_hi):
    """a - b, for b <= a"""
    borrow = _1 if a_lo < b_lo else _0
    return a_lo - b_lo, a_hi - b_hi - borrow


@kernel
def part_of(value, q_lo, q_hi, d_lo, d_hi):
    """value * q // d, for value < 2^64 and 0 < q <= d < 2^112 (so that the result is at most `value`)"""
    if q_lo == d_lo and q_hi == d_hi:
        return value
    quotient = r_lo = r_hi = _0  # of (the bits of value seen so far) * q by d
    length = _0
    while length <= _63 and (value >> length) != _0:
        length += _1
    while length != _0:
        length -= _1
        r_hi = (r_hi << _1) | (r_lo >> _63)
        r_lo <<= _1
        quotient <<= _1
        if not less(r_lo, r_hi, d_lo, d_hi):
            r_lo, r_hi = subtract(r_lo, r_hi, d_lo, d_hi)
            quotient += _1
        if (value >> length) & _1:
            r_lo += q_lo
            r_hi += q_hi + (_1 if r_lo < q_lo else _0)
            if not less(r_lo, r_hi, d_lo, d_hi):
                r_lo, r_hi = subtract(r_lo, r_hi, d_lo, d_hi)
                quotient += _1
    return quotient


@kernel
def unit_basis(value, d_lo, d_hi):
    """value * 2^96 // d as three words, for value < 2^64 and 0 < d < 2^112"""
    if d_hi == _0:
        low = value // d_lo
        r_lo, r_hi = value - low * d_lo, _0
    else:
        low, r_lo, r_hi = _0, value, _0
    middle = top = _0  # the three words move up as one, by the 96 bits behind the point
    for _ in range(96):
        r_hi = (r_hi << _1) | (r_lo >> _63)
        r_lo <<= _1
        top, middle, low = (top << _1) | (middle >> _63), (middle << _1) | (low >> _63), low << _1
        if not less(r_lo, r_hi, d_lo, d_hi):
            r_lo, r_hi = subtract(r_lo, r_hi, d_lo, d_hi)
            low |= _1
    return low, middle, top


@kernel
def unit_bases(start, stop, value, quantity, out):
    """`unit_basis` of lots start..stop: value[i] over quantity[i] (two words), three words into out[i]."""
    for i in range(start, stop):
        out[i, 0], out[i, 1], out[i, 2] = unit_basis(value[i], quantity[i, 0], quantity[i, 1])
