"""Lists of open lots as linear tokens on a bus: which lot comes next, and that nothing is read but what was written.

    link     pool, entry, time of writing, key, next entry, its key        (the head has entry 0 and key 0)

A read consumes the token, a write emits a new one with the row's clock; a read is later than its write, so tokens
cannot come from the future, and a token that is not written again is gone (offline memory checking, Blum et al. 1991).
An entry's number is the clock of the row that inserts it, so that it is of one pool: what `link` says of the pool, a
lot's content need not say again (circuits/lot-machine/v2/ARGUMENT.md).
"""

from __future__ import annotations

from typing import Protocol

from zkharvest.circuit.builder import Bus, Table
from zkharvest.circuit.expr import Cell, Expr
from zkharvest.circuit.gadgets import LIMB, Ranges, compare_columns

KEY = 8
"""A sort key: unit basis x7 (most significant last), acquisition order."""
LANE_MAX = 2**24 - 1
SEQ_MAX = 2**28
"""The tail's key: above every key of a lot. Honest packages, year by year, count trades up to it for centuries; beyond
it a lot has no place in a list."""
RANK = [6, 5, 4, 3, 2, 1, 0, 7]
"""Key lanes from the most significant: lane 6 of the unit first, the order (lane 7) last."""


class ListColumns:
    """Columns of the entry before, of the entry that comes or goes, and of its lot."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        col, cols = t.column, t.column_list
        self.pred, self.pred_write = col("pred"), col("pred_write")
        self.pred_key = cols("pred_key", KEY)
        self.pred_next = col("pred_next")
        self.pred_next_key = cols("pred_next_key", KEY)
        self.node, self.node_write = col("node"), col("node_write")
        self.key = cols("key", KEY)
        self.node_next = col("node_next")
        self.node_next_key = cols("node_next_key", KEY)
        self.content_write = col("content_write")
        self.pred_age, self.node_age, self.content_age = (
            cols("pred_age", 2),
            cols("node_age", 2),
            cols("content_age", 2),
        )
        self.unit = cols("unit", 7)
        self.lot_seq = col("lot_seq")
        self.long_from = cols("long_from", 3)
        self.above = compare_columns(t, ranges, "above", KEY, wide=True)
        self.below = compare_columns(t, ranges, "below", KEY, wide=True)
        self.inventory = col("inventory")  # position in the opening or closing inventory


class LinkedRows(Protocol):
    """Rows of a table that keeps lists: what they insert and remove, and in which pool."""

    inserts: Expr
    removes: Expr
    pool: list[Expr]
    clk: Cell
    emptied: Cell
    close: Cell
    pred: Cell
    pred_write: Cell
    pred_key: list[Cell]
    pred_next: Cell
    pred_next_key: list[Cell]
    node: Cell
    node_write: Cell
    key: list[Cell]
    node_next: Cell
    node_next_key: list[Cell]
    content_write: Cell
    pred_age: list[Cell]
    node_age: list[Cell]
    content_age: list[Cell]


def links(t: Table, bus: Bus, ranges: Ranges, s: LinkedRows, from_head: Expr) -> None:
    """Reads and writes of the entry before, and of the entry that comes or goes: the head where `from_head` is 1."""
    acts = s.inserts + s.removes
    stays = acts - s.inserts - s.emptied
    t.receive(bus, [*s.pool, s.pred, s.pred_write, *s.pred_key, s.pred_next, *s.pred_next_key], acts)
    next_entry = s.inserts * s.clk + s.emptied * s.node_next + stays * s.pred_next
    next_key = [
        s.inserts * k + s.emptied * n + stays * o
        for k, n, o in zip(s.key, s.node_next_key, s.pred_next_key, strict=True)
    ]
    t.send(bus, [*s.pool, s.pred, s.clk, *s.pred_key, next_entry, *next_key], acts)
    entry = [*s.pool, s.node, s.node_write, *s.key, s.node_next, *s.node_next_key]
    t.send(bus, entry, s.inserts - s.emptied)

    with t.when(s.inserts):
        t.equal("entry_id", s.node, s.clk, "a new entry's id is the clock")
        t.equal("entry_write", s.node_write, s.clk, "written now")
        t.equal("entry_next", s.node_next, s.pred_next, "it stands before what its predecessor stood before")
        t.equals("entry_next_key{}", s.node_next_key, s.pred_next_key, "with that entry's key")
    with t.when(s.removes):
        t.equal("entry_linked", s.pred_next, s.node, "what is taken is what its predecessor points to")
    with t.when(from_head):
        t.zero("head", s.pred, "and that is the head, but under specific identification")
    with t.when(s.emptied):
        t.equal("emptied_where", 1, s.removes, "only a taken lot is emptied")
    with t.when(s.close):
        t.equal("close_empties", 1, s.emptied, "closing takes the whole lot")

    for name, age, written, active in (
        ("pred", s.pred_age, s.pred_write, acts),
        ("node", s.node_age, s.node_write, s.emptied),
        ("content", s.content_age, s.content_write, s.removes),
    ):
        with t.when(active):
            gap = age[0] + age[1] * LIMB
            t.equal(f"{name}_earlier", s.clk, written + 1 + gap, f"the {name} token was written before it is read")
        ranges.check_u15(t, *age)
