"""Exact proportions over bytes: a * b = q * c + r with 0 <= r < c, and what remains.

    open          unit = floor(value * 2^96 / quantity)
    take, out     the lot's part: floor(lot value * part / lot quantity)
    settle        the trade's part: floor(trade value * part / trade quantity)

A 31-bit field holds no 32-bit product, so the factors are bytes: a product column (two byte positions) stays below
2^28 for both sides, carries stay within 2^14, and each equation is below p in magnitude: it holds over the integers.
"""

from __future__ import annotations

from zkharvest.circuit.expr import Expr, lift, total
from zkharvest.circuit.gadgets import less, pack16

from .steps_columns import CARRIES, Steps

UNIT_SHIFT_BYTE = 12
"""2^96 = 256^12: the unit basis has 96 fractional bits."""


def _column(x: list[Expr], y: list[Expr], m: int) -> Expr:
    """Byte positions 2m and 2m+1 of the product x * y."""
    pairs = [(i, 2 * m + k - i, 256**k) for k in (0, 1) for i in range(len(x))]
    return total(x[i] * y[j] * w for i, j, w in pairs if 0 <= j < len(y))


def proportion(s: Steps) -> None:
    """a * b = q * c + r and r < c on rows that divide."""
    t = s.t
    for cells in (s.a, s.b, s.c, s.q, s.r, s.e, s.g):
        s.buses.ranges.check_bytes(t, cells)
    remainder = pack16(list(s.r))
    carry_in: Expr = lift(0)
    for m in range(CARRIES + 1):
        left = _column(list(s.a), list(s.b), m) - _column(list(s.q), list(s.c), m)
        if m < len(remainder):
            left = left - remainder[m]
        carry_out: Expr = s.carry[m] * 65536 if m < CARRIES else lift(0)
        t.zero(f"product{m}", s.divides * left + carry_in - carry_out, f"a*b = q*c + r, bytes {2 * m} and {2 * m + 1}")
        carry_in = s.carry[m] + 0 if m < CARRIES else lift(0)
    s.buses.ranges.check_u15(t, *(c + 2**14 for c in s.carry))
    pairs = list(zip(reversed(s.r_lanes), reversed(s.c_lanes), strict=True))
    less(
        t,
        "remainder",
        s.remainder,
        pairs,
        s.divides,
        strict=True,
        note="the remainder is below the divisor, which is not zero",
    )
    for j, byte in enumerate(s.b):
        t.zero(f"shift{j}", s.open * (byte - (j == UNIT_SHIFT_BYTE)), "a unit basis is value * 2^96 / quantity")


def _split(
    s: Steps, name: str, active: Expr, whole: list[Expr], part: list[Expr], rest: list[Expr], borrow: list[Expr]
) -> None:
    carry_in: Expr = lift(0)
    for m in range(len(whole)):
        carry_out = borrow[m] * 65536 if m < len(borrow) else lift(0)
        equation = active * (part[m] + rest[m] - whole[m]) + carry_in - carry_out
        s.t.zero(f"{name}{m}", equation, f"{name.replace('_', ' ')}: part + rest = whole, limb {m}")
        carry_in = borrow[m] + 0 if m < len(borrow) else lift(0)


def rests(s: Steps) -> None:
    """c = b + e and a = q + g: nothing is consumed beyond what is there, and the rest is exact."""
    t = s.t
    t.boolean(*s.borrow_e, *s.borrow_g)
    parts = s.take + s.settle + s.out
    _split(
        s, "quantity_rest", parts + s.into, pack16(list(s.c)), pack16(list(s.b)), pack16(list(s.e)), list(s.borrow_e)
    )
    _split(s, "value_rest", parts, pack16(list(s.a)), pack16(list(s.q[:8])), pack16(list(s.g)), list(s.borrow_g))


def flow(s: Steps) -> None:
    """Amounts pass from record to lot, from part to part, and from a lot to where it is moved."""
    t = s.t
    left = total(s.e)
    for i in range(5):
        t.zero(
            f"open_quantity{i}",
            (s.open + s.settle + s.into) * (s.c_lanes[i] - s.rest_quantity[i]),
            "the divisor is what the trade has left",
        )
    for i in range(3):
        t.zero(
            f"open_value{i}", (s.open + s.settle) * (s.a_lanes[i] - s.rest_value[i]), "so is the value to be divided"
        )
    first_half = s.take + s.out
    for i in range(5):
        t.zero(
            f"rest_quantity{i}_held",
            first_half * (s.rest_quantity[i].next - s.rest_quantity[i]),
            "held over both halves of a part",
        )
        t.zero(
            f"rest_quantity{i}_step",
            s.more * (s.rest_quantity[i].next - s.e_lanes[i]),
            "the next part starts from the rest",
        )
    for i in range(3):
        t.zero(
            f"rest_value{i}_held",
            s.take * (s.rest_value[i].next - s.rest_value[i]),
            "held over both halves of a part",
        )
        t.zero(
            f"rest_value{i}_step",
            s.more * s.settle * (s.rest_value[i].next - s.g_lanes[i]),
            "the next part starts from the rest",
        )
    for j in range(14):
        t.zero(f"part{j}_same", first_half * (s.b[j].next - s.b[j]), "both halves are of one quantity")
    for j in range(8):
        t.zero(f"moved_value{j}", s.out * (s.a[j].next - s.q[j]), "a moved part keeps its value")
    t.zero("something", (s.settle + s.into) * (total(s.b) * s.left_inverse - 1), "a part is not nothing")
    t.zero("used_up", (s.settle + s.into - s.more) * left, "a finished trade has nothing left")
    t.zero("emptied_left", s.emptied * (s.take + s.out) * left, "an emptied lot has nothing left")
    t.zero(
        "kept_left",
        (s.take + s.out) * (1 - s.emptied) * (left * s.left_inverse - 1),
        "a lot that stays has something left",
    )
    t.zero(
        "head_first",
        first_half * (1 - s.emptied) * (1 - s.publics.specific) * s.more.next,
        "the next lot is touched only when this one is used up (but under specific identification)",
    )
