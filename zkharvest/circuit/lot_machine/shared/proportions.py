"""Exact proportions over bytes: a * b = q * c + r with 0 <= r < c, and what remains.

A 31-bit field holds no 32-bit product, so the factors are bytes: a product column (two byte positions) stays below
2^28 for both sides, carries stay within 2^14, and each equation is below p in magnitude: it holds over the integers.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr, lift, total
from zkharvest.circuit.gadgets import Ranges, compare_columns, less, most_significant_first, pack16, pack24

CARRIES = 16
UNIT_SHIFT_BYTE = 12
"""2^96 = 256^12: the unit basis has 96 fractional bits."""


class AmountColumns:
    """Columns of the proportion a * b = q * c + r over bytes, and of the rests c = b + e, a = q + g."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        col, cols = t.column, t.column_list
        self.a, self.b, self.c = cols("a", 8), cols("b", 14), cols("c", 14)
        self.q, self.r = cols("q", 20), cols("r", 14)
        self.e, self.g = cols("e", 14), cols("g", 8)
        self.carry = cols("carry", CARRIES)
        self.borrow_e, self.borrow_g = cols("borrow_e", 6), cols("borrow_g", 3)
        self.remainder = compare_columns(t, ranges, "remainder", 5, wide=True)
        self.left_inverse = col("left_inverse")  # 1 / sum of the bytes of e where a lot stays, of b in second halves

        self.a_lanes, self.b_lanes, self.c_lanes = pack24(self.a), pack24(self.b), pack24(self.c)
        self.q_lanes, self.r_lanes = pack24(self.q), pack24(self.r)
        self.e_lanes, self.g_lanes = pack24(self.e), pack24(self.g)


def _column(x: Sequence[Expr], y: Sequence[Expr], m: int) -> Expr:
    """Byte positions 2m and 2m+1 of the product x * y."""
    pairs = [(i, 2 * m + k - i, 256**k) for k in (0, 1) for i in range(len(x))]
    return total(x[i] * y[j] * w for i, j, w in pairs if 0 <= j < len(y))


def proportion(t: Table, ranges: Ranges, s: AmountColumns, divides: Expr, opens: Expr) -> None:
    """a * b = q * c + r and r < c on rows that divide; where a lot is opened, by the unit basis."""
    for cells in (s.a, s.b, s.c, s.q, s.r, s.e, s.g):
        ranges.check_bytes(t, cells)
    remainder = pack16(s.r)
    carry_in: Expr = lift(0)
    for m in range(CARRIES + 1):
        left = _column(s.a, s.b, m) - _column(s.q, s.c, m)
        if m < len(remainder):
            left = left - remainder[m]
        carry_out = s.carry[m] * 65536 if m < CARRIES else lift(0)
        t.zero(f"product{m}", divides * left + carry_in - carry_out, f"a*b = q*c + r, bytes {2 * m} and {2 * m + 1}")
        carry_in = s.carry[m] if m < CARRIES else lift(0)
    ranges.check_u15(t, *(c + 2**14 for c in s.carry))
    less(
        t,
        "remainder",
        s.remainder,
        list(zip(most_significant_first(s.r_lanes), most_significant_first(s.c_lanes), strict=True)),
        divides,
        below=1 << 24,
        strict=True,
        note="the remainder is below the divisor, which is not zero",
    )
    with t.when(opens):
        shift = [int(j == UNIT_SHIFT_BYTE) for j in range(len(s.b))]
        t.equals("shift{}", s.b, shift, "a unit basis is value * 2^96 / quantity")


def split(
    t: Table,
    name: str,
    active: Expr,
    whole: Sequence[Expr],
    part: Sequence[Expr],
    rest: Sequence[Expr],
    borrow: Sequence[Expr],
) -> None:
    """Where `active` is 1: part + rest = whole over limbs of 16 bits, with borrows that are bits."""
    carry_in: Expr = lift(0)
    for m in range(len(whole)):
        carry_out = borrow[m] * 65536 if m < len(borrow) else lift(0)
        equation = active * (part[m] + rest[m] - whole[m]) + carry_in - carry_out
        t.zero(f"{name}{m}", equation, f"{name.replace('_', ' ')}: part + rest = whole, limb {m}")
        carry_in = borrow[m] if m < len(borrow) else lift(0)
