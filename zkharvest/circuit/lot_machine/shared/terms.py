"""Term of a disposal's part, and whether it is a gain or a loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Cell, Expr, following
from zkharvest.circuit.gadgets import LIMB, Compare, less, most_significant_first, pack24


class TermColumns(Protocol):
    """Columns of term and result, by whatever table they are counted."""

    held_long: Cell
    long_term: Cell
    loss: Cell
    held: Compare
    result: Compare


def term(t: Table, s: TermColumns, take: Expr, side: Expr, time: Sequence[Cell], long_from: Sequence[Cell]) -> None:
    """Long term if the disposal is not before the lot's long-from instant; a short sale never is (s. 1233, 1234)."""
    t.boolean(s.held_long)
    less(
        t,
        "held",
        s.held,
        list(zip(most_significant_first(long_from), most_significant_first(time), strict=True)),
        take,
        below=LIMB,
        strict=False,
        turn=s.held_long * 2 - 1,
        note="held to long-from, or not",
    )
    with t.when(take - s.held.marked):
        t.equal("held_equal", 1, s.held_long, "at the very instant it is long")
    with t.when(take):
        t.equal("long_term", s.long_term, s.held_long * (1 - side), "long term: a long lot held that long")
        t.equal("long_term_held", s.long_term.next, s.long_term, "the same for both halves of the part")


def result(t: Table, s: TermColumns, take: Expr, side: Expr, negative: Expr, q: Sequence[Cell]) -> None:
    """Gain or loss: compare the lot's part (this row) with the trade's part (next row)."""
    t.boolean(s.loss)
    lot, trade = pack24(q[:8]), pack24(following(q[:8]))
    # 1: the trade's part must be the larger: a long lot's gain, a short lot's loss.
    trade_larger = 1 - s.loss - side + side * s.loss * 2
    less(
        t,
        "result",
        s.result,
        list(zip(most_significant_first(lot), most_significant_first(trade), strict=True)),
        take * (1 - negative),
        below=1 << 24,
        strict=False,
        turn=trade_larger * 2 - 1,
        note="a gain is a gain and a loss is a loss",
    )
    with t.when(take), t.when(negative):
        t.equal("result_negative", s.loss + side, 1, "a fee above the amount: a long lot loses, a short one gains")
    with t.when(take):
        t.equal("loss_held", s.loss.next, s.loss, "the same for both halves of the part")
