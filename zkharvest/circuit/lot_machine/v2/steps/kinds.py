"""What each row does, and which row may follow which.

    load, load_token    a lot, a token of the standing carried in
    skip                a record outside the window
    open                a record opens a lot; or a deposit without a token does
    take, settle        the part of a lot that a disposal takes; the part of the disposal's value that goes with it
    out, send           the part of a lot that a withdrawal takes; its token (universal pooling: the token alone)
    drop, gone          the part of a lot that a withdrawal takes and nobody received; what is left of the withdrawal
    arrive              a token enters the destination
    close, close_token  what is left goes to the standing carried out

The second row of a pair counts the record down: its part is of the record's rest. An arrival does so too.
Rows come in the order loads, records, closes, idle; of a withdrawal the tokens come first, then what is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr, following, shifted, total
from zkharvest.circuit.lot_machine.v2.rows import Op

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

KINDS = (
    "load", "load_token", "skip", "open", "take", "settle", "out", "send", "drop", "gone", "arrive", "close",
    "close_token",
)  # fmt: skip
FIRST_ROW = {
    Op.LOAD: "load", Op.LOAD_TOKEN: "load_token", Op.SKIP: "skip", Op.OPEN: "open", Op.TAKE: "take", Op.OUT: "out",
    Op.DROP: "drop", Op.ARRIVE: "arrive", Op.CLOSE: "close", Op.CLOSE_TOKEN: "close_token",
}  # fmt: skip
SECOND_ROW = {Op.TAKE: "settle", Op.OUT: "send", Op.DROP: "gone"}


class KindColumns:
    """The flags of a row, the clock, and the sums of flags that constraints speak of."""

    def __init__(self, t: Table, wallet: Expr) -> None:
        self.flags = [t.column(f"is_{kind}") for kind in KINDS]
        (
            self.load, self.load_token, self.skip, self.open, self.take, self.settle, self.out, self.send, self.drop,
            self.gone, self.arrive, self.close, self.close_token,
        ) = self.flags  # fmt: skip
        self.clk = t.column("clk")  # row number from 1: the time of writes, the id of inserted entries
        self.first = t.column("first")  # the first row of a record
        self.more = t.column("more")  # a second row or an arrival: the record has another part to come
        self.emptied = t.column("emptied")  # the lot is used up and leaves the list

        self.carried_in: Expr = self.load + self.load_token
        self.carried_out: Expr = self.close + self.close_token
        self.halves: Expr = self.take + self.out + self.drop  # a lot's part; the record's part is on the next row
        self.counts: Expr = self.settle + self.send + self.gone + self.arrive  # the record's rest is counted down
        self.works: Expr = self.open + self.halves + self.counts
        # By wallet a token is sent where a lot's part was taken, and becomes a lot where it arrives; else it is alone.
        self.sends_alone: Expr = (1 - wallet) * self.send
        self.inserts: Expr = self.load + self.open + wallet * self.arrive
        self.removes: Expr = self.halves + self.close
        self.keeps: Expr = self.halves + self.more  # the next row belongs to the same record
        self.divides: Expr = self.open + self.halves + self.settle


def sequence(s: Steps) -> None:
    """Rows are of one kind and follow each other as a run of the machine does.

    Flags are bits: those of a record's rows by its code (`record`), second halves because they follow first ones.
    """
    t, wallet = s.t, s.publics.wallet
    t.boolean(s.load, s.load_token, s.close, s.close_token)
    kinds = total(s.flags)
    t.zero("one_kind", kinds * (kinds - 1), "a row does one thing, or nothing")
    t.equal("clk_start", s.clk, 1, "the clock starts at 1", "first")
    t.equal("clk_step", s.clk.next, s.clk + 1, "the clock counts rows", "transition")
    loads, closes = s.load.next + s.load_token.next, s.close.next + s.close_token.next
    with t.when(loads):
        t.equal("loads_first", 1, s.carried_in, "the standing is loaded before anything else", "transition")
    # Second halves follow rows of their own: that none follows a close or an idle row is said there.
    starts = s.open.next + s.skip.next + s.take.next + s.out.next + s.drop.next + s.arrive.next
    starts = starts + (1 - wallet) * s.send.next
    with t.when(s.carried_out):
        t.zero("closes_last", starts, "after the first close come only closes and idle rows", "transition")
    with t.when(1 - kinds):
        t.zero("idle_last", starts + closes, "after the first idle row come only idle rows", "transition")
    for second, first, note in (
        (s.settle, s.take, "a disposal's part follows, and only follows, the lot's"),
        (s.gone, s.drop, "so does what is left of a withdrawal, the lot's part that is gone"),
    ):
        t.equal(f"{second.name}_follows", second.next, first, note, "transition")
        t.zero(f"{second.name}_start", second, "the first row is no second half", "first")
    with t.when(wallet):
        t.equal("is_send_follows", s.send.next, s.out, "by wallet a token follows the lot's part", "transition")
        t.zero("is_send_start", s.send, "and the first row is none", "first")
    t.equal("more_where", s.more * s.more, s.more * s.counts, "`more` is a bit, said where a part is done")
    with t.when(s.more):
        for here, follows, note in (
            (s.settle, [s.take], "an unfinished disposal goes on with its next part"),
            (s.send, [s.out, s.drop], "an unfinished withdrawal goes on with a part that moves or is gone"),
            (s.gone, [s.drop], "and once something is gone, so is the rest"),
            (s.arrive, [s.arrive], "an unfinished deposit goes on with the next part that arrives"),
        ):
            with t.when(here):
                t.equal(f"more_{here.name}", 1, total(following(follows)), note, "transition")
    t.zero("ends_whole", s.keeps, "the table does not end inside a record", "last")
    parts = s.take.next + s.out.next + s.drop.next + s.arrive.next
    t.equal(
        "first_next",
        s.first.next,
        s.open.next + s.skip.next + parts * (1 - s.more) + (1 - wallet) * s.send.next,
        "a record's first row opens or skips, or is a part that continues nothing",
        "transition",
    )
    begins = s.open + s.skip + s.halves + s.arrive + s.sends_alone
    t.equal("first_start", s.first, begins, "the same on row 0", "first")
    t.equal("seq_step", s.seq.next, s.seq + s.first.next - s.skip.next, "`seq` counts worked records", "transition")
    with t.when(1 - s.carried_in):
        t.equal("seq_start", s.seq, s.first - s.skip, "with nothing carried in it starts at 0", "first")
    with t.when(s.keeps):
        for name, held in s.held_by_record().items():
            t.equal(f"{name}_held", shifted(held), held, f"`{name}` is the same on all rows of a record")


def fill(f: StepsWitness) -> None:
    """What each row does."""
    s, w, m, at = f.s, f.trace, f.rows, f.plan.at
    w.put(s.clk, slice(None), np.arange(1, f.plan.height + 1))
    by_name = dict(zip(KINDS, s.flags, strict=True))
    for op, name in FIRST_ROW.items():
        w.put(by_name[name], at[(m.op == op) & ~f.alone], 1)
    w.put(s.send, at[f.alone], 1)
    for op, name in SECOND_ROW.items():
        w.put(by_name[name], at[(m.op == op) & ~f.alone] + 1, 1)
    w.put(s.first, at[f.begins], 1)
    counted = np.isin(m.op, (Op.TAKE, Op.OUT, Op.DROP, Op.ARRIVE))
    w.put(s.more, f.plan.end[counted], ~f.ends[counted])
    removes = np.isin(m.op, (Op.TAKE, Op.DROP, Op.CLOSE)) | ((m.op == Op.OUT) & ~f.alone)
    w.put(s.emptied, at[removes], m.emptied[removes])
