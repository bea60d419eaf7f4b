"""What remains of lots and records: c = b + e, a = q + g on top of the proportions a * b = q * c + r.

open          unit = floor(value * 2^96 / quantity)
take, out,    the lot's part: floor(lot value * part / lot quantity)
drop
settle        the record's part: floor(record value * part / record quantity)
send, gone,   the record's rest less the part
arrive
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.expr import Expr, following, total
from zkharvest.circuit.gadgets import pack16
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.proportions import split
from zkharvest.circuit.lot_machine.v2.rows import Bytes
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P

from . import amounts_kernel as kernel

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

VALUE_BYTES = 8
GRAIN = 1 << 12
"""Operations that are filled at once."""


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


def fill(f: StepsWitness) -> None:
    """All columns of amounts, and what a record has left before each part: nothing else of the table is read."""
    s, m = f.s, f.rows
    tokens = m.tokens
    rest = np.array([cell.index for cell in (*s.rest_quantity, *s.rest_value)])
    over_ranges(
        kernel.fill, len(m.op), f.trace.cells, s.a[0].index, rest, _inverses_up_to(14 * 255),
        m.op, f.plan.at, f.plan.end, m.record, m.node, m.token, m.emptied,
        m.part_lo, m.part_hi, m.lot_lo, m.lot_hi, m.rest_lo, m.rest_hi,
        m.lot_value, m.part_value, m.rest_value, m.close_value,
        _words(m.entries.unit), _words(tokens.unit), tokens.quantity_lo, tokens.quantity_hi, tokens.value, grain=GRAIN,
    )  # fmt: skip


def _words(units: Bytes) -> words.Words:
    """Unit bases (n, 20) as three words each."""
    whole = np.zeros((len(units), 24), np.uint8)
    whole[:, : units.shape[1]] = units
    return whole.view("<u8").astype(np.uint64, copy=False)


@cache
def _inverses_up_to(last: int) -> words.Ints:
    """1 / i mod p for i from 1 to `last`; at 0 a 0."""
    found = [0, 1]
    for i in range(2, last + 1):  # p = (p // i) i + p % i
        found.append(-(P // i) * found[P % i] % P)
    return np.array(found, np.int64)
