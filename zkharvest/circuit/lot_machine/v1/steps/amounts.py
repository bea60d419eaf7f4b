"""Exact proportions over bytes: a * b = q * c + r with 0 <= r < c, and what remains.

    open          unit = floor(value * 2^96 / quantity)
    take, out     the lot's part: floor(lot value * part / lot quantity)
    settle        the trade's part: floor(trade value * part / trade quantity)

The equations are those of `shared.proportions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.expr import following, total
from zkharvest.circuit.gadgets import pack16
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.proportions import split
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.ledger.operations import MOVE_IN, MOVE_OUT, NONE, OPEN, TAKE
from zkharvest.spec import P

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps


def rests(s: Steps) -> None:
    """c = b + e and a = q + g: nothing is consumed beyond what is there, and the rest is exact."""
    s.t.boolean(*s.borrow_e, *s.borrow_g)
    parts = s.take + s.settle + s.out
    split(s.t, "quantity_rest", parts + s.into, pack16(s.c), pack16(s.b), pack16(s.e), s.borrow_e)
    split(s.t, "value_rest", parts, pack16(s.a), pack16(s.q[:8]), pack16(s.g), s.borrow_g)


def flow(s: Steps) -> None:
    """Amounts pass from record to lot, from part to part, and from a lot to where it is moved."""
    t = s.t
    with t.when(s.open + s.settle + s.into):
        t.equals("open_quantity{}", s.c_lanes, s.rest_quantity, "the divisor is what the trade has left")
    with t.when(s.open + s.settle):
        t.equals("open_value{}", s.a_lanes, s.rest_value, "so is the value to be divided")
    first_half = s.take + s.out
    for i, rest in enumerate(s.rest_quantity):
        with t.when(first_half):
            t.equal(f"rest_quantity{i}_held", rest.next, rest, "held over both halves of a part")
        with t.when(s.more):
            t.equal(f"rest_quantity{i}_step", rest.next, s.e_lanes[i], "the next part starts from the rest")
    for i, rest in enumerate(s.rest_value):
        with t.when(s.take):
            t.equal(f"rest_value{i}_held", rest.next, rest, "held over both halves of a part")
        with t.when(s.more), t.when(s.settle):
            t.equal(f"rest_value{i}_step", rest.next, s.g_lanes[i], "the next part starts from the rest")
    with t.when(first_half):
        t.equals("part{}_same", following(s.b), s.b, "both halves are of one quantity")
    with t.when(s.out):
        t.equals("moved_value{}", following(s.a), s.q[:8], "a moved part keeps its value")
    left = total(s.e)
    with t.when(s.settle + s.into):
        t.equal("something", total(s.b) * s.left_inverse, 1, "a part is not nothing")
    with t.when(s.settle + s.into - s.more):
        t.zero("used_up", left, "a finished trade has nothing left")
    with t.when(s.emptied), t.when(first_half):
        t.zero("emptied_left", left, "an emptied lot has nothing left")
    with t.when(first_half), t.when(1 - s.emptied):
        t.equal("kept_left", left * s.left_inverse, 1, "a lot that stays has something left")
        with t.when(1 - s.publics.specific):
            t.zero(
                "head_first",
                s.more.next,
                "the next lot is touched only when this one is used up (but under specific identification)",
            )


def fill(f: StepsWitness) -> None:
    """Bytes of a * b = q * c + r, the rests, and what a trade has left before each part."""
    s, w, t = f.s, f.trace, f.operations
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
