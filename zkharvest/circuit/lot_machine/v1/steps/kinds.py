"""What each row does, and which row may follow which.

One row a machine operation (two for a take: the lot's part, then the trade's part):

    load    a lot of the opening inventory enters its pool's list
    open    a buy, an income or a short sale opens a lot
    take    the part of a lot that a closing trade takes (`settle` follows)
    settle  the part of the closing trade's value that goes with it
    out     the part of a lot that a transfer takes (`into` follows)
    into    the same part enters the destination's list
    skip    a record without effect: after the year's end, or a transfer under universal basis
    close   a lot that is left goes to the closing inventory

Rows come in the order load*, trades*, close*, idle*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr, total
from zkharvest.ledger.operations import MOVE_IN, MOVE_OUT, NONE, OPEN, TAKE

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

KINDS = ("load", "open", "take", "settle", "out", "into", "skip", "close")


class KindColumns:
    """The flags of a row, the clock, and the sums of flags that constraints speak of."""

    def __init__(self, t: Table) -> None:
        col = t.column
        self.load, self.open, self.take, self.settle, self.out, self.into, self.skip, self.close = (
            col(f"is_{k}") for k in KINDS
        )
        self.clk = col("clk")  # row number from 1: the time of writes, the id of inserted entries
        self.first = col("first")  # the first row of a trade
        self.more = col("more")  # settle/into: the trade has another part to come
        self.emptied = col("emptied")  # the lot is used up and leaves the list

        self.trade: Expr = total([self.open, self.take, self.settle, self.out, self.into, self.skip])
        self.inserts: Expr = self.load + self.open + self.into
        self.removes: Expr = self.take + self.out + self.close
        self.keeps: Expr = self.take + self.out + self.more  # the next row belongs to the same trade
        self.divides: Expr = self.open + self.take + self.settle + self.out


def sequence(s: Steps) -> None:
    """Rows are of one kind and follow each other as a run of the machine does.

    Every flag is 0 or 1; few say so by themselves, the others follow (docs/adr/0009).
    """
    t = s.t
    flags = [s.open, s.take, s.settle, s.out, s.into, s.skip, s.close]
    works = total(flags)
    t.zero("one_kind", works * (works - 1), "a row does one thing, or nothing")
    with t.when(s.load):
        t.equal("load_alone", s.load + works, 1, "a row that loads, once, does nothing else")
    idle = (1 - s.load) * (1 - works)
    t.equal("clk_start", s.clk, 1, "the clock starts at 1", "first")
    t.equal("clk_step", s.clk.next, s.clk + 1, "the clock counts rows", "transition")
    with t.when(s.load.next):
        t.equal("loads_first", 1, s.load, "the opening inventory is loaded before anything else", "transition")
    # Loads and second halves follow rows of their own: that none follows a close or an idle row is said there.
    begins = s.open.next + s.take.next + s.out.next + s.skip.next
    with t.when(s.close):
        t.zero("closes_last", begins, "after the first close come only closes and idle rows", "transition")
    with t.when(idle):
        t.zero("idle_last", begins + s.close.next, "after the first idle row come only idle rows", "transition")
    t.equal(
        "take_settles",
        s.settle.next,
        s.take,
        "a take's trade part follows, and only follows, its lot part",
        "transition",
    )
    t.zero("settle_start", s.settle, "the first row is no second half", "first")
    t.equal("out_into", s.into.next, s.out, "what leaves a list enters the other on the next row", "transition")
    t.zero("into_start", s.into, "the first row is no arrival", "first")
    with t.when(s.more):
        t.equal("more_where", 1, s.settle + s.into, "`more` is said where a part is done")
        with t.when(s.settle):
            t.equal("more_take", 1, s.take.next, "an unfinished closing goes on with a take", "transition")
        with t.when(s.into):
            t.equal("more_out", 1, s.out.next, "an unfinished transfer goes on with its next part", "transition")
    t.zero("ends_whole", s.keeps, "the table does not end inside a trade", "last")

    t.equal(
        "first_next",
        s.first.next,
        s.open.next + s.skip.next + (s.take.next + s.out.next) * (1 - s.more),
        "a trade's first row is an open, a skip, or a take or transfer that continues nothing",
        "transition",
    )
    t.equal("first_start", s.first, s.open + s.skip + s.take + s.out, "the same on row 0", "first")
    t.equal("seq_step", s.seq.next, s.seq + s.first.next, "`seq` counts trades", "transition")
    with t.when(1 - s.load):
        t.equal("seq_start", s.seq, s.first, "with no opening inventory it starts at 0", "first")
    # What follows an unfinished part has its code by `take_code` or `out_code`, the asset's rest by `pools`.
    halves = {s.code_close: s.take + 0, s.code_move: s.out + 0} | dict.fromkeys(s.asset[3:], s.take + s.out)
    for cell in s.held_by_trade():
        if cell is not s.seq:
            with t.when(halves.get(cell, s.keeps)):
                t.equal(f"{cell.name}_held", cell.next, cell, f"`{cell.name}` is the same on all rows of a trade")


def fill(f: StepsWitness) -> None:
    """What each row does."""
    s, t, w = f.s, f.operations, f.trace
    w.put(s.clk, slice(None), np.arange(1, f.plan.rows + 1))
    w.put(s.load, f.load_rows, 1)
    for op, cell in ((OPEN, s.open), (TAKE, s.take), (MOVE_OUT, s.out), (MOVE_IN, s.into), (NONE, s.skip)):
        w.put(cell, f.rows_of(op)[1], 1)
    takes, take_rows = f.rows_of(TAKE)
    arrivals, arrival_rows = f.rows_of(MOVE_IN)
    w.put(s.settle, take_rows + 1, 1)
    for rows in (f.plan.early, f.plan.late):
        w.put(s.skip, rows, 1)
        w.put(s.first, rows, 1)
    w.put(s.close, f.plan.closes, 1)
    w.put(s.first, f.plan.at[f.carried :][(t.first & (t.op != MOVE_IN))[f.carried :]], 1)
    w.put(s.more, take_rows + 1, ~t.last[takes])
    w.put(s.more, arrival_rows, ~t.last[arrivals])
    w.put(s.emptied, f.plan.at[t.emptied & ((t.op == TAKE) | (t.op == MOVE_OUT))], 1)
    w.put(s.emptied, f.plan.closes, 1)
    for rows in (f.load_rows, f.plan.closes):
        w.put(s.inventory, rows, np.arange(len(rows)))
