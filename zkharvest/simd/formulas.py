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


def redc_wide(even: Value, odd: Value) -> Value:
    """`redc` of accumulators below 2 p * 2^32, such as a sum of four products of residues.

    p * 2^32 is taken off where it must be from the upper halves, of all lanes at once.
    """
    high = reduce_once(high_halves(even, odd))
    t = high - mulhi(low_halves(even, odd) * P_INVERSE, high.like(high.constant(P)))
    return umin(t, t + P)


def dot(left: Sequence[Value], right: Sequence[Value]) -> Value:
    """The sum of left[k] * right[k], reduced once."""
    halves = []
    for product in (mul_even, mul_odd):
        # There is room for four products of residues; folding makes as much room as if there had been two.
        acc, held = product(left[0], right[0]), 1
        for a, b in zip(left[1:], right[1:], strict=True):
            if held == 4:
                acc, held = fold(acc), 2
            acc, held = acc + product(a, b), held + 1
        halves.append(acc)
    even, odd = halves
    return redc_wide(even, odd)


def ext_mul(a: Five, b: Five) -> Five:
    """The product of two extension elements, each a tuple of five vectors."""
    # x^5 = 1 - x^2, x^6 = x - x^3, x^7 = x^2 - x^4 and x^8 = x^3 + x^2 - 1: the product is a's coordinates times the
    # matrix of b, b x, ..., b x^4, whose entries are b's coordinates and four combinations of them.
    b0, b1, b2, b3, b4 = b
    u, v, w = sub(b1, b4), sub(b0, b3), sub(b4, b2)
    t = sub(b3, u)
    return (
        dot(a, (b0, b4, b3, b2, u)),
        dot(a, (b1, b0, b4, b3, b2)),
        dot(a, (b2, u, v, w, t)),
        dot(a, (b3, b2, u, v, w)),
        dot(a, (b4, b3, b2, u, v)),
    )
