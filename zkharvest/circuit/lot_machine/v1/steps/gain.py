"""Term, gain or loss of each part, and what it adds to the totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.gadgets import Ranges, compare_columns
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
