"""Term, gain or loss of each part, and what it adds to the totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Cell, Expr, following
from zkharvest.circuit.gadgets import LIMB, Compare, Ranges, compare_columns, less, most_significant_first, pack24
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.v1.buses import TALLY_BYTES
from zkharvest.ledger.operations import TAKE

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps


class GainColumns:
    """Columns of term, gain or loss, and the weights of the tallies."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        col, cols = t.column, t.column_list
        self.held_long = col("held_long")
        self.long_term = col("long_term")
        self.loss = col("loss")
        self.direction = col("direction")
        self.weight = col("weight")
        self.bucket_weight = cols("bucket_weight", 5)
        self.held = compare_columns(t, ranges, "held", 3, wide=False)
        self.result = compare_columns(t, ranges, "result", 3, wide=True)


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


def weights(s: Steps) -> None:
    """Each half adds its part to its class with a sign, if the disposal lies in the year.

    A class holds proceeds - basis for gains and basis - proceeds for losses; the lot's part is basis for a long lot
    and proceeds for a short one, the trade's part is the other (negative where a fee exceeds the amount).
    """
    t = s.t
    t.equal("direction", s.direction, (1 - s.loss * 2) * (1 - s.side * 2), "(1 - 2 loss)(1 - 2 side)")
    sign = 1 - s.negative * 2
    t.zero(
        "weight",
        s.weight + s.take * s.phase * s.direction - s.settle * s.phase * s.direction * sign,
        "the lot's half counts against the trade's half",
    )
    short_term = 1 - s.long_term
    gain = 1 - s.loss
    classes = (short_term * gain, short_term * s.loss, s.long_term * gain, s.long_term * s.loss)
    for w, c in zip(s.bucket_weight[:4], classes, strict=True):
        t.equal(f"{w.name}_class", w, s.weight * c, "to the class of the part")
    t.equal(
        "proceeds_weight",
        s.bucket_weight[4],
        s.settle * s.phase * (1 - s.side) * sign + s.take * s.phase * s.side,
        "proceeds: the trade's part of a long lot, the lot's of a short one",
    )
    for bucket, w in enumerate(s.bucket_weight):
        for k in range(TALLY_BYTES):
            t.tally(bucket * TALLY_BYTES + k, w * s.q[k])


def fill(f: StepsWitness) -> None:
    """Term, gain or loss of each part, and the weights of its bytes."""
    s, w, t = f.s, f.trace, f.operations
    takes, rows = f.rows_of(TAKE)
    long_at = f.long_at[t.node[takes]]
    side, negative, phase = (w.column(c, rows) for c in (s.side, s.negative, s.phase))
    held = f.times[t.trade[takes]] >= long_at
    w.put(s.held_long, rows, held)
    now, since = w.get(s.time, rows)[:, ::-1], words.limbs15(long_at)[:, ::-1]
    w.put_compare(s.held, rows, np.where(held[:, None], since, now), np.where(held[:, None], now, since))
    lot, close = t.part_value[takes], t.close_value[takes]
    loss = np.where(side == 0, lot > close, close > lot)
    loss = np.where(negative == 1, side == 0, loss).astype(np.int64)
    long_term = held * (1 - side)
    plain = negative == 0
    small, large = (words.to_bytes(f(lot, close), None, 8) for f in (np.minimum, np.maximum))
    small, large = (words.lanes24(x)[plain][:, ::-1] for x in (small, large))
    w.put_compare(s.result, rows[plain], small, large)
    for half in (0, 1):
        w.put(s.loss, rows + half, loss)
        w.put(s.long_term, rows + half, long_term)
    every = slice(None)
    w.put_signed(s.direction, every, (1 - 2 * w.column(s.loss, every)) * (1 - 2 * w.column(s.side, every)))
    direction, sign = (1 - 2 * loss) * (1 - 2 * side), 1 - 2 * negative
    f.slot_sums = np.zeros((5, 8), np.int64)
    halves = ((0, -phase * direction, phase * side), (1, phase * direction * sign, phase * (1 - side) * sign))
    for half, weight, proceeds in halves:
        w.put_signed(s.weight, rows + half, weight)
        octets = w.get(s.q[:8], rows + half)
        for k, cell in enumerate(s.bucket_weight):
            mine = weight * ((long_term == k // 2) & (loss == k % 2)) if k < 4 else proceeds
            w.put_signed(cell, rows + half, mine)
            f.slot_sums[k] += mine @ octets
