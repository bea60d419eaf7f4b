# mypy: disable-error-code="import-untyped,misc,no-any-return"
"""KoalaBear arithmetic for use inside kernels, on lanes and on scalars.

The field is F_p, p = 2^31 - 2^24 + 1. Kernels work on Montgomery representatives a * 2^32 mod p, always
canonical, 0 <= a < p (P. Montgomery, Modular multiplication without trial division, Math. Comp. 44, 1985).
The extension is F_p[x] / (x^5 + x^2 - 1); an element is five base coordinates, constant term first.

What `mul` and `fold` allow beyond canonical operands is said in their docstrings; the kernels use it to skip
reductions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from zkharvest.simd.lanes import high_halves, low_halves, mul_even, mul_odd, mulhi, splat, splat64, umin

P = 0x7F000001
P_INVERSE = 0x81000001  # p * P_INVERSE = 1 mod 2^32
ONE = (1 << 32) % P  # the representative of 1
R_SQUARED = (1 << 64) % P  # times a canonical residue gives its representative

_P = np.uint32(P)
_P_INVERSE = np.uint32(P_INVERSE)
_P_SHIFTED = np.uint64(P << 32)

# --- lanes --------------------------------------------------------------------------------------------------


@njit(forceinline=True)
def reduce_once(a: Any) -> Any:
    """a mod p for a < 2p."""
    return umin(a, a - splat(_P))


@njit(forceinline=True)
def add(a: Any, b: Any) -> Any:
    """a + b."""
    return reduce_once(a + b)


@njit(forceinline=True)
def sub(a: Any, b: Any) -> Any:
    """a - b."""
    t = a - b
    return umin(t, t + splat(_P))


@njit(forceinline=True)
def mul(a: Any, b: Any) -> Any:
    """a * b / 2^32, canonical; the product a * b may be anything below p * 2^32 (so one factor may be any uint32)."""
    q = a * b * splat(_P_INVERSE)
    t = mulhi(a, b) - mulhi(q, splat(_P))
    return umin(t, t + splat(_P))


@njit(forceinline=True)
def mul_by(a: Any, b: Any, b_scaled: Any) -> Any:
    """`mul` for a factor b used often: `b_scaled` is b * P_INVERSE mod 2^32, which saves a product."""
    t = mulhi(a, b) - mulhi(a * b_scaled, splat(_P))
    return umin(t, t + splat(_P))


@njit(forceinline=True)
def from_mont(a: Any) -> Any:
    """The canonical residue that a stands for."""
    t = mulhi(a * splat(_P_INVERSE), splat(_P))
    return umin(splat(np.uint32(0)) - t, splat(_P) - t)


@njit(forceinline=True)
def fold(acc: Any) -> Any:
    """Bring a 64-bit accumulator that is below 2^64 under p * 2^32: room for two more products of residues."""
    return umin(acc, acc - splat64(_P_SHIFTED))


@njit(forceinline=True)
def redc(even: Any, odd: Any) -> Any:
    """The residues acc / 2^32 of a pair of accumulators below p * 2^32."""
    q = low_halves(even, odd) * splat(_P_INVERSE)
    t = high_halves(even, odd) - mulhi(q, splat(_P))
    return umin(t, t + splat(_P))


@njit(forceinline=True)
def inverse(a: Any) -> Any:
    """1 / a by Fermat's theorem; 0 for 0."""
    # p - 2 = 2^31 - 2^24 - 1 is, from the top, six ones, a zero, twenty-four ones.
    x = a
    for _ in range(5):
        x = mul(mul(x, x), a)
    x = mul(x, x)
    for _ in range(24):
        x = mul(mul(x, x), a)
    return x


# --- scalars: uint32 in, uint32 out -------------------------------------------------------------------------


@njit(forceinline=True)
def mul1(a: Any, b: Any) -> Any:
    """`mul` of two scalars."""
    x = np.uint64(a) * np.uint64(b)
    q = np.uint32(x) * _P_INVERSE
    high = np.int64(x >> np.uint64(32))
    t = high - np.int64((np.uint64(np.uint32(q)) * np.uint64(P)) >> np.uint64(32))
    return np.uint32(t if t >= 0 else t + P)


@njit(forceinline=True)
def add1(a: Any, b: Any) -> Any:
    """`add` of two scalars."""
    t = np.int64(a) + np.int64(b) - P
    return np.uint32(t if t >= 0 else t + P)


@njit(forceinline=True)
def sub1(a: Any, b: Any) -> Any:
    """`sub` of two scalars."""
    t = np.int64(a) - np.int64(b)
    return np.uint32(t if t >= 0 else t + P)


# --- the extension, on lanes --------------------------------------------------------------------------------
# A product has nine coefficients c0..c8; x^5 = 1 - x^2, x^6 = x - x^3, x^7 = x^2 - x^4 and x^8 = x^3 + x^2 - 1
# bring the upper four down.


@njit(forceinline=True)
def _products2(a0: Any, b0: Any, a1: Any, b1: Any) -> Any:
    return (
        mul_even(a0, b0) + mul_even(a1, b1),
        mul_odd(a0, b0) + mul_odd(a1, b1),
    )


@njit(forceinline=True)
def dot2(a0: Any, b0: Any, a1: Any, b1: Any) -> Any:
    """a0 b0 + a1 b1."""
    e, o = _products2(a0, b0, a1, b1)
    return redc(e, o)


@njit(forceinline=True)
def dot3(a0: Any, b0: Any, a1: Any, b1: Any, a2: Any, b2: Any) -> Any:
    """a0 b0 + a1 b1 + a2 b2."""
    e, o = _products2(a0, b0, a1, b1)
    return redc(fold(e + mul_even(a2, b2)), fold(o + mul_odd(a2, b2)))


@njit(forceinline=True)
def dot4(a0: Any, b0: Any, a1: Any, b1: Any, a2: Any, b2: Any, a3: Any, b3: Any) -> Any:
    """a0 b0 + ... + a3 b3."""
    e, o = _products2(a0, b0, a1, b1)
    f, q = _products2(a2, b2, a3, b3)
    return redc(fold(e + f), fold(o + q))


@njit(forceinline=True)
def dot5(a0: Any, b0: Any, a1: Any, b1: Any, a2: Any, b2: Any, a3: Any, b3: Any, a4: Any, b4: Any) -> Any:
    """a0 b0 + ... + a4 b4."""
    e, o = _products2(a0, b0, a1, b1)
    f, q = _products2(a2, b2, a3, b3)
    return redc(fold(fold(e + f) + mul_even(a4, b4)), fold(fold(o + q) + mul_odd(a4, b4)))


@njit
def ext_mul(a: Any, b: Any) -> Any:
    """The product of two extension elements, each a tuple of five lane vectors."""
    a0, a1, a2, a3, a4 = a
    b0, b1, b2, b3, b4 = b
    c4 = dot5(a0, b4, a1, b3, a2, b2, a3, b1, a4, b0)
    c5 = dot4(a1, b4, a2, b3, a3, b2, a4, b1)
    c6 = dot3(a2, b4, a3, b3, a4, b2)
    c7 = dot2(a3, b4, a4, b3)
    c8 = mul(a4, b4)
    return (
        add(mul(a0, b0), sub(c5, c8)),
        add(dot2(a0, b1, a1, b0), c6),
        add(dot3(a0, b2, a1, b1, a2, b0), sub(add(c7, c8), c5)),
        add(dot4(a0, b3, a1, b2, a2, b1, a3, b0), sub(c8, c6)),
        sub(c4, c7),
    )
