"""What each row adds to which register: the class of the part, and what is held.

    open         units, basis; held, more
    take         units, a line; of a long lot its part as basis, of a short one as proceeds; held, less
    settle       the trade's part: proceeds of a long lot, basis of a short one
    out          units of a move; held there, less
    into, load   held, more

A part's two rows post under one key, so that a register has both. Each posts bytes as they stand in the row, which are
looked up there: weights are below 256. Level 1 counts in the tax year, level 0 is what came before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr, lift
from zkharvest.circuit.gadgets import Ranges, compare_columns
from zkharvest.circuit.lot_machine.trace import Trace
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, GROUPS, ORIGINS, PLACE, SLOTS, TERMS, field, level_number
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.spec import P

if TYPE_CHECKING:
    from .stage_one_steps import Steps

TRADE, MOVE = 1, 14
"""Kinds of records, as pages number them (FORMAT.md, section 11)."""
VALUE_BYTES = 8
_BYTE = {group: 3 * first for group, (first, _) in GROUPS.items()}
"""The first slot of each group."""


class PostingColumns:
    """Columns of term, gain or loss, the part's class, and the weights of its bytes."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        col = t.column
        self.held_long = col("held_long")
        self.long_term = col("long_term")
        self.loss = col("loss")
        self.class_term, self.class_result = col("class_term"), col("class_result")
        self.proceeds_weight, self.basis_weight = col("proceeds_weight"), col("basis_weight")
        self.held = compare_columns(t, ranges, "held", 3, wide=False)
        self.result = compare_columns(t, ranges, "result", 3, wide=True)


def classes(s: Steps) -> None:
    """Term and result of a disposal's rows, and what the bytes of the quotient are there."""
    t = s.t
    sign = 1 - s.negative * 2
    part = s.take + s.settle
    t.equal("class_term", s.class_term, part * (s.long_term + TERMS.index("short")), "short or long, of a disposal")
    t.equal("class_result", s.class_result, part * (s.loss + 1), "gain or loss, of a disposal")
    long = 1 - s.side
    t.equal(
        "proceeds_weight",
        s.proceeds_weight,
        s.settle * long * sign + s.take * s.side,
        "proceeds: the trade's part of a long lot, the lot's of a short one",
    )
    t.equal(
        "basis_weight",
        s.basis_weight,
        s.take * long + s.settle * s.side * sign,
        "basis: the lot's part of a long lot, the trade's of a short one",
    )


def posts(s: Steps) -> None:
    """Two posts a row: to the register of its class, and to that of what is held."""
    no = lift(0)
    traded = s.open + s.take + s.settle
    # Only records of the year and before it have an effect, so that the phase is 0 or 1 here (`work_in_time`).
    level = s.phase + level_number("L0")
    origin = traded * ORIGINS.index("venue") + s.out * ORIGINS.index("out")
    key = [level, *s.asset[:PLACE], s.source + 1, no, no, no, traded * TRADE + s.out * MOVE, origin, no, no]
    key += [s.class_term, s.class_result, s.side]
    slots: dict[int, Expr | int] = {}
    for j, (part, whole) in enumerate(zip(s.b, s.c, strict=True)):
        slots[_BYTE["units"] + j] = (s.take + s.out) * part + s.open * whole
    for j in range(VALUE_BYTES):
        slots[_BYTE["proceeds"] + j] = s.proceeds_weight * s.q[j]
        slots[_BYTE["basis"] + j] = s.basis_weight * s.q[j] + s.open * s.a[j]
    slots[_BYTE["lines"]] = s.take + 0
    slots[_BYTE["events"]] = s.first * (s.open + s.take + s.out)
    s.t.post(s.sums.post, key, slots, most=255)

    held = [lift(level_number("HOLD")), *s.asset[:PLACE], s.wallet, *[no] * (len(FIELDS) - PLACE - 3), s.side]
    more: dict[int, Expr | int] = {}
    for j, (part, whole) in enumerate(zip(s.b, s.c, strict=True)):
        more[_BYTE["units"] + j] = (s.open + s.load) * whole + (s.into - s.take - s.out) * part
    s.t.post(s.sums.post, held, more, most=255)


# ------------------------------------------------------------------------------------------------ filling


def fill(s: Steps, w: Trace) -> None:
    """The class and the weights, from columns that are filled."""
    every = slice(None)
    take, settle, side, negative, loss, long_term = (
        w.column(c, every) for c in (s.take, s.settle, s.side, s.negative, s.loss, s.long_term)
    )
    part, sign = take + settle, 1 - 2 * negative
    w.put(s.class_term, every, part * (TERMS.index("short") + long_term))
    w.put(s.class_result, every, part * (1 + loss))
    w.put_signed(s.proceeds_weight, every, settle * (1 - side) * sign + take * side)
    w.put_signed(s.basis_weight, every, take * (1 - side) + settle * side * sign)


def posted(s: Steps, w: Trace) -> tuple[Ints, Ints]:
    """Keys (n, FIELDS) and slots (n, SLOTS) of all posts, each key once."""

    def cells(*flags: Expr) -> Ints:
        return np.stack([w.column(c, slice(None)) for c in flags])  # type: ignore[arg-type]

    load, open_, take, settle, out, into = cells(s.load, s.open, s.take, s.settle, s.out, s.into)
    own = np.flatnonzero(open_ + take + settle + out)
    keys = np.zeros((len(own), len(FIELDS)), np.int64)
    moves = out[own] == 1
    keys[:, 0] = level_number("L0") + w.column(s.phase, own)
    keys[:, 1 : 1 + PLACE] = w.get(s.asset[:PLACE], own)
    keys[:, field("source0")] = w.column(s.source, own) + 1
    keys[:, field("kind")] = np.where(moves, MOVE, TRADE)
    keys[:, field("origin")] = np.where(moves, ORIGINS.index("out"), ORIGINS.index("venue"))
    for name, cell in (("term", s.class_term), ("result", s.class_result), ("side", s.side)):
        keys[:, field(name)] = w.column(cell, own)
    units = w.get(s.b, own) * (take + out)[own, None] + w.get(s.c, own) * open_[own, None]
    value = w.get(s.q[:VALUE_BYTES], own)
    proceeds, basis = (_signed(w.column(c, own))[:, None] for c in (s.proceeds_weight, s.basis_weight))
    cost = w.get(s.a, own) * open_[own, None] + value * basis
    lines = take[own, None]
    events = w.column(s.first, own)[:, None] * (open_ + take + out)[own, None]
    of_class = _summed(
        keys, {"units": units, "proceeds": value * proceeds, "basis": cost, "lines": lines, "events": events}
    )

    moved = np.flatnonzero(load + open_ + take + out + into)
    keys = np.zeros((len(moved), len(FIELDS)), np.int64)
    keys[:, 0] = level_number("HOLD")
    keys[:, 1 : 1 + PLACE] = w.get(s.asset[:PLACE], moved)
    keys[:, field("source0")], keys[:, field("side")] = w.column(s.wallet, moved), w.column(s.side, moved)
    units = w.get(s.c, moved) * (load + open_)[moved, None] + w.get(s.b, moved) * (into - take - out)[moved, None]
    of_held = _summed(keys, {"units": units})
    return np.concatenate([of_class[0], of_held[0]]), np.concatenate([of_class[1], of_held[1]])


def _signed(values: Ints) -> Ints:
    return np.where(values > P // 2, values - P, values)


def _summed(keys: Ints, groups: dict[str, Ints]) -> tuple[Ints, Ints]:
    """Posts by key, byte by byte: at most 2^20 rows of bytes."""
    distinct, inverse = np.unique(keys, axis=0, return_inverse=True)
    slots = np.zeros((len(distinct), SLOTS), np.int64)
    for name, octets in groups.items():
        first = _BYTE[name]
        np.add.at(slots[:, first : first + octets.shape[1]], inverse.reshape(-1), octets)
    return distinct, slots
