"""Which row each operation of the ledger stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.ledger.operations import TAKE, Operations


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each operation stands: rows of every operation, of trades without effect before and after, of closings.

    `carried` counts the loaded lots, the operations's first entries; `rows` is the height.
    """

    at: Ints
    early: Ints
    late: Ints
    closes: Ints
    carried: int
    used: int
    rows: int


def lay_out(operations: Operations, records: int, carried: int, early: int) -> Plan:
    """Lay the operations out in rows (a take has two): loads, `early` skips, trades, skips, closings.

    `records` counts the committed trades.
    """
    size = np.where(operations.op == TAKE, 2, 1)
    at = np.cumsum(size) - size
    at[carried:] += early
    used = int(size.sum()) + early
    late = used + np.arange(records - early - (len(operations.trades) - carried))
    used += len(late)
    closes = used + np.arange(len(operations.final_node))
    return Plan(at, carried + np.arange(early), late, closes, carried, used + len(closes), 0)
