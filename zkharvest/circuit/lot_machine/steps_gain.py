"""Term, gain or loss of each part, and what it adds to the totals."""

from __future__ import annotations

from zkharvest.circuit.gadgets import less, pack24

from .buses import TALLY_BYTES
from .steps_columns import Steps, most_significant_first


def term(s: Steps) -> None:
    """Long term if the disposal is not before the lot's long-from instant; a short sale never is (s. 1233, 1234)."""
    t = s.t
    t.boolean(s.held_long)
    x = most_significant_first(s.long_from)
    y = most_significant_first(s.time)
    pairs = list(zip(x, y, strict=True))
    less(t, "held", s.held, pairs, s.take + 0, strict=False, turn=s.held_long * 2 - 1, note="held to long-from, or not")
    t.zero("held_equal", (s.take - s.held.marked) * (1 - s.held_long), "at the very instant it is long")
    t.zero("long_term", s.take * (s.long_term - s.held_long * (1 - s.side)), "long term: a long lot held that long")
    t.zero("long_term_held", s.take * (s.long_term.next - s.long_term), "the same for both halves of the part")


def result(s: Steps) -> None:
    """Gain or loss: compare the lot's part (this row) with the trade's part (next row)."""
    t = s.t
    t.boolean(s.loss)
    lot = pack24(list(s.q[:8]))
    trade = pack24([c.next for c in s.q[:8]])
    # 1: the trade's part must be the larger: a long lot's gain, a short lot's loss.
    trade_larger = 1 - s.loss - s.side + s.side * s.loss * 2
    pairs = list(zip(reversed(lot), reversed(trade), strict=True))
    less(
        t,
        "result",
        s.result,
        pairs,
        s.take * (1 - s.negative),
        strict=False,
        turn=trade_larger * 2 - 1,
        note="a gain is a gain and a loss is a loss",
    )
    t.zero(
        "result_negative",
        s.take * s.negative * (s.loss + s.side - 1),
        "a fee above the amount: a long lot loses, a short one gains",
    )
    t.zero("loss_held", s.take * (s.loss.next - s.loss), "the same for both halves of the part")
    t.zero("direction", s.direction - (1 - s.loss * 2) * (1 - s.side * 2), "(1 - 2 loss)(1 - 2 side)")


def weights(s: Steps) -> None:
    """Each half adds its part to its class with a sign, if the disposal lies in the year.

    A class holds proceeds - basis for gains and basis - proceeds for losses; the lot's part is basis for a long lot
    and proceeds for a short one, the trade's part is the other (negative where a fee exceeds the amount).
    """
    t = s.t
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
        t.zero(f"{w.name}_class", w - s.weight * c, "to the class of the part")
    proceeds = s.settle * s.phase * (1 - s.side) * sign + s.take * s.phase * s.side
    t.zero(
        "proceeds_weight",
        s.bucket_weight[4] - proceeds,
        "proceeds: the trade's part of a long lot, the lot's of a short one",
    )
    for bucket, w in enumerate(s.bucket_weight):
        for k in range(TALLY_BYTES):
            t.tally(bucket * TALLY_BYTES + k, w * s.q[k])
