"""KoalaBear arithmetic as formulas on lane values: what the operations of `koalabear` emit.

For use in further operations (`zkharvest.simd.values.operation`). The field is F_p, p = 2^31 - 2^24 + 1, on Montgomery
representatives a * 2^32 mod p, canonical unless a docstring allows more (P. Montgomery, Modular multiplication
without trial division, Math. Comp. 44, 1985). The extension is F_p[x] / (x^5 + x^2 - 1).
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.simd.values import Value, high_halves, low_halves, mul_even, mul_odd, mulhi, umin
from zkharvest.spec import P

P_INVERSE = 0x81000001  # p * P_INVERSE = 1 mod 2^32

Five = tuple[Value, Value, Value, Value, Value]


def reduce_once(a: Value) -> Value:
    """a mod p for a < 2p."""
    return umin(a, a - P)


def add(a: Value, b: Value) -> Value:
    """a + b."""
    return reduce_once(a + b)


def sub(a: Value, b: Value) -> Value:
    """a - b."""
    t = a - b
    return umin(t, t + P)


def mul(a: Value, b: Value) -> Value:
    """a * b / 2^32, canonical; the product a * b may be anything below p * 2^32 (so one factor may be any uint32)."""
    return mul_by(a, b, b * P_INVERSE)


def mul_by(a: Value, b: Value, b_scaled: Value) -> Value:
    """`mul` for a factor b used often: `b_scaled` is b * P_INVERSE mod 2^32, which saves a product."""
    t = mulhi(a, b) - mulhi(a * b_scaled, a.like(a.constant(P)))
    return umin(t, t + P)


def from_mont(a: Value) -> Value:
    """The canonical residue that a stands for."""
    p = a.like(a.constant(P))
    t = mulhi(a * P_INVERSE, p)
    return umin(a.like(a.constant(0)) - t, p - t)


def fold(acc: Value) -> Value:
    """Bring a 64-bit accumulator that is below 2^64 under p * 2^32: room for two more products of residues."""
    return umin(acc, acc - (P << 32))


def redc(even: Value, odd: Value) -> Value:
    """The residues acc / 2^32 of a pair of accumulators below p * 2^32."""
    high = high_halves(even, odd)
    t = high - mulhi(low_halves(even, odd) * P_INVERSE, high.like(high.constant(P)))
    return umin(t, t + P)


Sums = tuple[Value, Value]
"""Accumulators of the even and of the odd lanes, below p * 2^32."""


def dot(left: Sequence[Value], right: Sequence[Value]) -> Value:
    """The sum of left[k] * right[k], reduced once."""
    return redc(*_dot(left, right))


def _dot(left: Sequence[Value], right: Sequence[Value]) -> Sums:
    """The same, not reduced."""
    halves = []
    for product in (mul_even, mul_odd):
        # 2^64 has room for four products of residues; folding makes as much room as if there had been two.
        acc, held = product(left[0], right[0]), 1
        for a, b in zip(left[1:], right[1:], strict=True):
            if held == 4:
                acc, held = fold(acc), 2
            acc, held = acc + product(a, b), held + 1
        halves.append(fold(acc) if held > 2 else acc)
    even, odd = halves
    return even, odd


def _plus(a: Sums, b: Sums) -> Sums:
    return fold(a[0] + b[0]), fold(a[1] + b[1])


def _minus(a: Sums, b: Sums) -> Sums:
    even, odd = a[0] - b[0], a[1] - b[1]
    return umin(even, even + (P << 32)), umin(odd, odd + (P << 32))


def ext_mul(a: Five, b: Five) -> Five:
    """The product of two extension elements, each a tuple of five vectors."""
    # The product has coefficients c0..c8; x^5 = 1 - x^2, x^6 = x - x^3, x^7 = x^2 - x^4 and x^8 = x^3 + x^2 - 1 bring
    # the upper four down while they are sums: five reductions in place of nine.
    c = [_dot(a[max(0, k - 4) : k + 1], b[max(0, k - 4) : k + 1][::-1]) for k in range(9)]
    return (
        redc(*_plus(c[0], _minus(c[5], c[8]))),
        redc(*_plus(c[1], c[6])),
        redc(*_plus(c[2], _minus(_plus(c[7], c[8]), c[5]))),
        redc(*_plus(c[3], _minus(c[8], c[6]))),
        redc(*_minus(c[4], c[7])),
    )
