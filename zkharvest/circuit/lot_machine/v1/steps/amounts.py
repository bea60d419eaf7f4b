"""Exact proportions over bytes: a * b = q * c + r with 0 <= r < c, and what remains.

    open          unit = floor(value * 2^96 / quantity)
    take, out     the lot's part: floor(lot value * part / lot quantity)
    settle        the trade's part: floor(trade value * part / trade quantity)

A 31-bit field holds no 32-bit product, so the factors are bytes: a product column (two byte positions) stays below
2^28 for both sides, carries stay within 2^14, and each equation is below p in magnitude: it holds over the integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr, P, lift, total
from zkharvest.circuit.gadgets import Ranges, compare_columns, less, pack16, pack24
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.ledger.fast_tape import MOVE_IN, MOVE_OUT, NONE, OPEN, TAKE

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

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


def fill(f: StepsWitness) -> None:
    """Bytes of a * b = q * c + r, the rests, and what a trade has left before each part."""
    s, w, t = f.s, f.trace, f.tape
    opens, open_rows = f.rows_of(OPEN)
    takes, take_rows = f.rows_of(TAKE)
    outs, out_rows = f.rows_of(MOVE_OUT)
    into_rows = f.rows_of(MOVE_IN)[1]
    settle_rows = take_rows + 1
    entered = np.concatenate((np.arange(f.carried), opens))
    enter_rows = np.concatenate((f.load_rows, open_rows))
    w.put_all(s.a, enter_rows, words.to_bytes(t.lot_value[entered], None, 8))
    w.put_all(s.c, enter_rows, words.to_bytes(t.lot_q_lo[entered], t.lot_q_hi[entered], 14))
    w.put_all(s.q, enter_rows, t.node_unit[t.node[entered]].astype(np.int64))
    w.put(s.b[12], open_rows, 1)  # 2^96
    parts, part_rows = np.concatenate((takes, outs)), np.concatenate((take_rows, out_rows))
    part = words.to_bytes(t.part_q_lo[parts], t.part_q_hi[parts], 14)
    rest = words.to_bytes(t.rest_q_lo[parts], t.rest_q_hi[parts], 14)
    rest_value = words.to_bytes(t.rest_value[parts], None, 8)
    part_value = words.to_bytes(t.part_value[parts], None, 8)
    w.put_all(s.a, part_rows, words.to_bytes(t.lot_value[parts], None, 8))
    w.put_all(s.b, part_rows, part)
    w.put_all(s.c, part_rows, words.to_bytes(t.lot_q_lo[parts], t.lot_q_hi[parts], 14))
    w.put_all(s.q[:8], part_rows, part_value)
    second_rows = np.concatenate((settle_rows, into_rows))
    w.put_all(s.b, second_rows, part)
    w.put_all(s.c, second_rows, rest)
    w.put_all(s.a, settle_rows, rest_value[: len(takes)])
    w.put_all(s.q[:8], settle_rows, words.to_bytes(t.close_value[takes], None, 8))
    w.put_all(s.a, into_rows, part_value[len(takes) :])
    w.put_all(s.a, f.plan.closes, words.to_bytes(t.final_value, None, 8))
    w.put_all(s.c, f.plan.closes, words.to_bytes(t.final_q_lo, t.final_q_hi, 14))
    of_record = np.concatenate((f.plan.early, open_rows, f.plan.late, f.rows_of(NONE)[1]))
    lanes = f.records.lanes[f.record_of[of_record]].astype(np.int64)
    w.put_all(s.rest_quantity, of_record, lanes[:, 3:8])
    w.put_all(s.rest_value, of_record, lanes[:, 8:11])
    for half in (0, 1):
        w.put_all(s.rest_quantity, part_rows + half, words.lanes24(rest))
        w.put_all(s.rest_value, take_rows + half, words.lanes24(rest_value[: len(takes)]))
        w.put_all(s.rest_value, out_rows + half, f.records.lanes[f.record_of[out_rows], 8:11].astype(np.int64))
    _quotients(f, np.concatenate((open_rows, part_rows, settle_rows)))
    _rests(f, part_rows, settle_rows, into_rows)


def _quotients(f: StepsWitness, rows: Ints) -> None:
    s, w = f.s, f.trace
    a, b, c, q = (w.get(cells, rows) for cells in (s.a, s.b, s.c, s.q))
    r, carries = words.divide_columns(a, b, q, c)
    w.put_all(s.r, rows, r)
    w.put_all(s.carry, rows, carries % P)
    w.put_compare(s.remainder, rows, words.lanes24(r)[:, ::-1], words.lanes24(c)[:, ::-1])


def _rests(f: StepsWitness, part_rows: Ints, settle_rows: Ints, into_rows: Ints) -> None:
    s, w = f.s, f.trace
    rows = np.concatenate((part_rows, settle_rows, into_rows))
    left, borrow = words.subtract(words.limbs16(w.get(s.c, rows)), words.limbs16(w.get(s.b, rows)))
    w.put_all(s.e, rows, words.from_limbs16(left))
    w.put_all(s.borrow_e, rows, borrow[:, :6])
    rows = np.concatenate((part_rows, settle_rows))
    left, borrow = words.subtract(words.limbs16(w.get(s.a, rows)), words.limbs16(w.get(s.q[:8], rows)))
    w.put_all(s.g, rows, words.from_limbs16(left))
    w.put_all(s.borrow_g, rows, borrow[:, :3])
    inverse = np.array([0, *(pow(i, -1, P) for i in range(1, 14 * 255 + 1))], np.int64)
    stays = part_rows[w.column(s.emptied, part_rows) == 0]
    w.put(s.left_inverse, stays, inverse[w.get(s.e, stays).sum(axis=1)])
    second = np.concatenate((settle_rows, into_rows))
    w.put(s.left_inverse, second, inverse[w.get(s.b, second).sum(axis=1)])
