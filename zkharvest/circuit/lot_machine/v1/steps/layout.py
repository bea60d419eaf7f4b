"""Which row each operation of the ledger stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.ledger.fast_tape import TAKE, Tape


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each operation stands: rows of every tape entry, of trades without effect before and after, of closings.

    `carried` counts the loaded lots, the tape's first entries; `rows` is the height.
    """

    at: Ints
    early: Ints
    late: Ints
    closes: Ints
    carried: int
    used: int
    rows: int


def lay_out(tape: Tape, records: int, carried: int, early: int) -> Plan:
    """Lay the tape out in rows (a take has two): loads, `early` skips, trades, skips, closings.

    `records` counts the committed trades.
    """
    size = np.where(tape.op == TAKE, 2, 1)
    at = np.cumsum(size) - size
    at[carried:] += early
    used = int(size.sum()) + early
    late = used + np.arange(records - early - (len(tape.trades) - carried))
    used += len(late)
    closes = used + np.arange(len(tape.final_node))
    return Plan(at, carried + np.arange(early), late, closes, carried, used + len(closes), 0)
