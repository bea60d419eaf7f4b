"""What remains of lots and records: c = b + e, a = q + g on top of the proportions a * b = q * c + r.

open          unit = floor(value * 2^96 / quantity)
take, out,    the lot's part: floor(lot value * part / lot quantity)
drop
settle        the record's part: floor(record value * part / record quantity)
send, gone,   the record's rest less the part
arrive
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.expr import Expr, following, total
from zkharvest.circuit.gadgets import pack16
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.proportions import split
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.simd.residues import residues
from zkharvest.simd.threads import each
from zkharvest.spec import P

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

UNIT_BYTE = 12
"""2^96 = 256^12: where the one of a unit's dividend stands."""
VALUE_BYTES = 8
PART = 1 << 13
"""Rows whose remainders are made at once."""

Task = Callable[[], None]


def rests(s: Steps) -> None:
    """c = b + e and a = q + g: nothing is consumed beyond what is there, and the rest is exact."""
    t = s.t
    t.boolean(*s.borrow_e, *s.borrow_g)
    split(t, "quantity_rest", s.halves + s.counts, pack16(s.c), pack16(s.b), pack16(s.e), s.borrow_e)
    split(t, "value_rest", s.halves + s.settle, pack16(s.a), pack16(s.q[:VALUE_BYTES]), pack16(s.g), s.borrow_g)


def flow(s: Steps) -> None:
    """Amounts pass from record to lot, from part to part, and from a lot to its token."""
    t = s.t
    with t.when(s.open + s.counts):
        t.equals("open_quantity{}", s.c_lanes, s.rest_quantity, "what is opened or counted down is what is left")
    with t.when(s.bought + s.settle):
        t.equals("open_value{}", s.a_lanes, s.rest_value, "so is the value, where it is the record's")
    with t.when(s.found):
        t.zero("found_value", total(s.a), "a deposit that nothing explains has no basis")
    for i, rest in enumerate(s.rest_quantity):
        with t.when(s.halves):
            t.equal(f"rest_quantity{i}_held", rest.next, rest, "held over both halves of a part")
        with t.when(s.more):
            t.equal(f"rest_quantity{i}_step", rest.next, s.e_lanes[i], "the next part starts from the rest")
    for i, rest in enumerate(s.rest_value):
        with t.when(s.take):
            t.equal(f"rest_value{i}_held", rest.next, rest, "held over both halves of a part")
        with t.when(s.more), t.when(s.settle):
            t.equal(f"rest_value{i}_step", rest.next, s.g_lanes[i], "the next part starts from the rest")
    with t.when(s.halves):
        t.equals("part{}_same", following(s.b), s.b, "both halves are of one quantity")
    with t.when(s.out):
        t.equals("moved_value{}", following(s.a), s.q[:VALUE_BYTES], "a part on its way keeps its value")
    left: Expr = total(s.e)
    with t.when(s.counts - s.arrive):
        t.equal("something", total(s.b) * s.left_inverse, 1, "a part is not nothing")
    with t.when(s.counts - s.more):
        t.zero("used_up", left, "a finished record has nothing left")
    with t.when(s.emptied), t.when(s.halves):
        t.zero("emptied_left", left, "an emptied lot has nothing left")
    with t.when(1 - s.emptied):
        with t.when(s.halves):
            t.equal("kept_left", left * s.left_inverse, 1, "a lot that stays has something left")
        in_turn = 1 - s.publics.specific
        with t.when(in_turn * (s.take + s.drop)):
            t.zero("head_first", s.more.next, "the next lot is touched only when this one is used up")
        with t.when(in_turn * s.out):
            t.equal("head_last", s.token_last.next, 1, "of what moves, only the last part leaves some of its lot")


# ------------------------------------------------------------------------------------------------ filling


def given(f: StepsWitness) -> None:
    """Bytes of a, b, c and q, and what a record has left before each part."""
    s, w, m, at = f.s, f.trace, f.rows, f.plan.at
    quantities = ((m.part_lo, m.part_hi), (m.lot_lo, m.lot_hi), (m.rest_lo, m.rest_hi))
    part, lot, rest = (words.to_bytes(low, high, 14) for low, high in quantities)
    lot_value, part_value, rest_value, close_value = (
        words.to_bytes(v, None, 8) for v in (m.lot_value, m.part_value, m.rest_value, m.close_value)
    )
    of = f.of
    whole = of(Op.LOAD, Op.OPEN, Op.CLOSE)
    w.put_all(s.a, at[whole], lot_value[whole])
    w.put_all(s.c, at[whole], lot[whole])
    divided = of(Op.LOAD, Op.OPEN)
    w.put_all(s.q, at[divided], m.entries.unit[m.node[divided]].astype(np.int64))
    w.put(s.b[UNIT_BYTE], at[of(Op.OPEN)], 1)
    halves = f.halves
    for cells, values in ((s.a, lot_value), (s.b, part), (s.c, lot), (s.q[:VALUE_BYTES], part_value)):
        w.put_all(cells, at[halves], values[halves])
    counts = np.flatnonzero(f.counted)
    w.put_all(s.b, f.plan.end[counts], part[counts])
    w.put_all(s.c, f.plan.end[counts], rest[counts])
    settles = of(Op.TAKE)
    w.put_all(s.a, f.plan.end[settles], rest_value[settles])
    w.put_all(s.q[:VALUE_BYTES], f.plan.end[settles], close_value[settles])
    moved = of(Op.OUT)
    w.put_all(s.a, f.plan.end[moved], part_value[moved])
    in_work = np.flatnonzero(m.record >= 0)
    for rows in (at, f.plan.end):
        w.put_all(s.rest_quantity, rows[in_work], words.lanes24(rest[in_work]))
        w.put_all(s.rest_value, rows[in_work], words.lanes24(rest_value[in_work]))
    tokens = np.flatnonzero(m.token >= 0)
    tokens = tokens[m.op[tokens] != Op.OUT]
    held = m.tokens
    number = m.token[tokens]
    w.put_all(s.a, at[tokens], words.to_bytes(held.value[number], None, 8))
    w.put_all(s.b, at[tokens], words.to_bytes(held.quantity_lo[number], held.quantity_hi[number], 14))
    loads = of(Op.LOAD_TOKEN)
    w.put_all(s.q, at[loads], held.unit[m.token[loads]].astype(np.int64))


def fill(f: StepsWitness) -> None:
    """What follows from `given`: remainders and carries of a * b = q * c + r, and the rests."""
    halves, at, end = f.plan.at[f.halves], f.plan.at, f.plan.end
    counts, settles = end[np.flatnonzero(f.counted)], end[f.of(Op.TAKE)]
    tasks = _parts(_quotients, f, np.concatenate((at[f.of(Op.OPEN)], halves, settles)))
    tasks += _parts(_quantity_rests, f, np.concatenate((halves, counts)))
    tasks += _parts(_value_rests, f, np.concatenate((halves, settles)))
    each(lambda task: task(), tasks)
    _inverses(f, halves, counts)


def _parts(work: Callable[[StepsWitness, words.Ints], None], f: StepsWitness, rows: words.Ints) -> list[Task]:
    """The same work on a few thousand rows at a time: what is in work stays in the cache."""
    return [partial(work, f, rows[start : start + PART]) for start in range(0, len(rows), PART)]


def _quotients(f: StepsWitness, rows: words.Ints) -> None:
    s, w = f.s, f.trace
    a, b, c, q = (w.get(cells, rows) for cells in (s.a, s.b, s.c, s.q))
    r, carries = words.divide_columns(a, b, q, c)
    w.put_all(s.r, rows, r)
    w.put_all(s.carry, rows, residues(carries))
    w.put_compare(s.remainder, rows, words.lanes24(r)[:, ::-1], words.lanes24(c)[:, ::-1])


def _quantity_rests(f: StepsWitness, rows: words.Ints) -> None:
    s, w = f.s, f.trace
    left, borrow = words.subtract(words.limbs16(w.get(s.c, rows)), words.limbs16(w.get(s.b, rows)))
    w.put_all(s.e, rows, words.from_limbs16(left))
    w.put_all(s.borrow_e, rows, borrow[:, : len(s.borrow_e)])


def _value_rests(f: StepsWitness, rows: words.Ints) -> None:
    s, w = f.s, f.trace
    left, borrow = words.subtract(words.limbs16(w.get(s.a, rows)), words.limbs16(w.get(s.q[:VALUE_BYTES], rows)))
    w.put_all(s.g, rows, words.from_limbs16(left))
    w.put_all(s.borrow_g, rows, borrow[:, : len(s.borrow_g)])


def _inverses(f: StepsWitness, halves: words.Ints, counts: words.Ints) -> None:
    """The inverse of what a lot that stays has left, and of each part."""
    s, w = f.s, f.trace
    inverse = _inverses_up_to(14 * 255)
    stays = halves[w.column(s.emptied, halves) == 0]
    w.put(s.left_inverse, stays, inverse[w.get(s.e, stays).sum(axis=1)])
    parts = counts[w.column(s.arrive, counts) == 0]
    w.put(s.left_inverse, parts, inverse[w.get(s.b, parts).sum(axis=1)])


@cache
def _inverses_up_to(last: int) -> words.Ints:
    """1 / i mod p for i from 1 to `last`; at 0 a 0."""
    found = [0, 1]
    for i in range(2, last + 1):  # p = (p // i) i + p % i
        found.append(-(P // i) * found[P % i] % P)
    return np.array(found, np.int64)
