"""Exact wide arithmetic for compiled code: quantities of 112 bits as two 64-bit words, low word first.

Divisions go digit by digit (Knuth's algorithm D, digits of 64 bits made of two of 32): the divisor is shifted until
its top bit is set, and a digit guessed from the words at the top is at most two too large. Every function here equals
the Python expression in its first line, for all arguments within the limits.
"""

from __future__ import annotations

import numpy as np

from zkharvest.simd.compiling import kernel, njit

_0 = np.uint64(0)
_1 = np.uint64(1)
_32 = np.uint64(32)
_64 = np.uint64(64)
_LOW32 = np.uint64(0xFFFFFFFF)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@njit(cache=True, inline="always")
def less(a_lo, a_hi, b_lo, b_hi):
    """a < b"""
    return a_hi < b_hi or (a_hi == b_hi and a_lo < b_lo)


@njit(cache=True, inline="always")
def subtract(a_lo, a_hi, b_lo, b_hi):
    """a - b, for b <= a"""
    borrow = _1 if a_lo < b_lo else _0
    return a_lo - b_lo, a_hi - b_hi - borrow


@njit(cache=True, inline="always")
def multiply(a, b):
    """a * b as two words, low word first, for words a and b"""
    a_lo, a_hi, b_lo, b_hi = a & _LOW32, a >> _32, b & _LOW32, b >> _32
    low = a_lo * b_lo
    cross = a_hi * b_lo + (low >> _32)
    middle = a_lo * b_hi + (cross & _LOW32)
    return (middle << _32) | (low & _LOW32), a_hi * b_hi + (cross >> _32) + (middle >> _32)


@njit(cache=True)
def leading_zeros(word):
    """64 - word.bit_length(), for a word other than 0"""
    count = _0
    for step in (32, 16, 8, 4, 2, 1):
        if word >> np.uint64(64 - step) == _0:
            word <<= np.uint64(step)
            count += np.uint64(step)
    return count


@njit(cache=True)
def divide_word(n_1, n_0, d):
    """divmod(n_1 * 2^64 + n_0, d), for n_1 < d and 2^63 <= d < 2^64"""
    d_hi, d_lo = d >> _32, d & _LOW32
    quotient = _0
    for half in (n_0 >> _32, n_0 & _LOW32):
        digit = n_1 // d_hi
        rest = n_1 - digit * d_hi
        while digit > _LOW32 or digit * d_lo > ((rest << _32) | half):
            digit -= _1
            rest += d_hi
            if rest > _LOW32:
                break
        n_1 = ((n_1 << _32) | half) - digit * d
        quotient = (quotient << _32) | digit
    return quotient, n_1


@njit(cache=True)
def divide_pair(n_2, n_1, n_0, d_1, d_0):
    """divmod(n_2 * 2^128 + n_1 * 2^64 + n_0, d), for d = d_1 * 2^64 + d_0 >= 2^127 and a quotient below 2^64

    Returns the quotient, and the remainder's high and low word.
    """
    if n_2 == d_1:
        digit, rest = _ALL, n_1 + d_1
        exceeds = rest < d_1  # the rest is a word and more, so the digit is not too large
    else:
        digit, rest = divide_word(n_2, n_1, d_1)
        exceeds = False
    low, high = multiply(digit, d_0)
    while not exceeds and less(n_0, rest, low, high):
        digit -= _1
        low, high = subtract(low, high, d_0, _0)
        rest += d_1
        exceeds = rest < d_1
    r_lo, r_hi = subtract(n_0, rest, low, high)
    return digit, r_hi, r_lo


@kernel
def part_of(value, q_lo, q_hi, d_lo, d_hi):
    """value * q // d, for value < 2^64 and 0 < q <= d < 2^112 (so that the result is at most `value`)"""
    if q_lo == d_lo and q_hi == d_hi:
        return value
    n_0, n_1 = multiply(value, q_lo)
    if d_hi == _0:
        up = leading_zeros(d_lo)
        if up != _0:
            n_1, n_0, d_lo = (n_1 << up) | (n_0 >> (_64 - up)), n_0 << up, d_lo << up
        quotient, _ = divide_word(n_1, n_0, d_lo)
        return quotient
    low, n_2 = multiply(value, q_hi)
    n_1 += low
    n_2 += _1 if n_1 < low else _0
    up = leading_zeros(d_hi)  # 16 and more: a quantity has 112 bits
    down = _64 - up
    n_2, n_1, n_0 = (n_2 << up) | (n_1 >> down), (n_1 << up) | (n_0 >> down), n_0 << up
    quotient, _, _ = divide_pair(n_2, n_1, n_0, (d_hi << up) | (d_lo >> down), d_lo << up)
    return quotient


@kernel
def unit_basis(value, d_lo, d_hi):
    """value * 2^96 // d as three words, for value < 2^64 and 0 < d < 2^112"""
    n_2, n_1 = value >> _32, value << _32
    if d_hi == _0:
        up = leading_zeros(d_lo)
        n_3 = _0
        if up != _0:
            n_3, n_2, n_1, d_lo = n_2 >> (_64 - up), (n_2 << up) | (n_1 >> (_64 - up)), n_1 << up, d_lo << up
        top, rest = divide_word(n_3, n_2, d_lo)
        middle, rest = divide_word(rest, n_1, d_lo)
        low, _ = divide_word(rest, _0, d_lo)
        return low, middle, top
    up = leading_zeros(d_hi)
    down = _64 - up
    d_1, d_0 = (d_hi << up) | (d_lo >> down), d_lo << up
    middle, r_hi, r_lo = divide_pair(n_2 >> down, (n_2 << up) | (n_1 >> down), n_1 << up, d_1, d_0)
    low, _, _ = divide_pair(r_hi, r_lo, _0, d_1, d_0)
    return low, middle, _0


@kernel
def unit_bases(start, stop, value, quantity, out):
    """`unit_basis` of lots start..stop: value[i] over quantity[i] (two words), three words into out[i]."""
    for i in range(start, stop):
        out[i, 0], out[i, 1], out[i, 2] = unit_basis(value[i], quantity[i, 0], quantity[i, 1])
