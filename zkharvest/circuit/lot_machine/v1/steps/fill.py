"""The `steps` table while it is filled from the ledger's operations: each room fills its own columns."""

from __future__ import annotations

import numpy as np

from zkharvest.circuit.lot_machine.trace import Trace
from zkharvest.circuit.lot_machine.v1.calendar import CalendarRows
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import asset_code
from zkharvest.commitment.records import Records
from zkharvest.ledger.operations import OPEN, Operations
from zkharvest.ledger.rules import Pooling

from . import amounts, gain, kinds, record
from .layout import Plan
from .table import Steps


class StepsWitness:
    """The table as it is filled, and what other tables need of it.

    The first trades of the run open the lots of the opening inventory; those after them are records, beginning with the
    first that has an effect.
    """

    def __init__(
        self, s: Steps, operations: Operations, records: Records, calendar: CalendarRows, plan: Plan, times: Ints
    ) -> None:
        self.s, self.operations, self.records, self.calendar, self.plan = s, operations, records, calendar, plan
        self.times = times  # instants of the operations's trades, carried ones first
        self.carried, self.early = plan.carried, len(plan.early)
        self.trace = Trace(len(s.t.columns), plan.rows)
        self.wallet_basis = operations.election.pooling is Pooling.WALLET
        self.pools = _pool_lanes(operations, records)
        self.load_rows = plan.at[: self.carried]
        self.seq_base = self.carried + 1 if self.carried else 0  # trades are numbered after every carried lot
        self.long_at = calendar.long_from(times)[operations.node_trade]
        self.record_of: Ints  # of each row, -1 where there is none
        self.days_used: Ints
        self.sources_named: Ints
        self.slot_sums: Ints  # (5, 8) tallied byte sums, by bucket

    def seq_of(self, trade: Ints) -> Ints:
        """Acquisition order of the lot that a trade of the operations opens, counted from 1."""
        return np.where(trade < self.carried, trade + 1, self.record_number(trade) + 1 + self.seq_base)

    def record_number(self, trade: Ints) -> Ints:
        """Which committed record a trade of the operations is."""
        return trade - self.carried + self.early

    def rows_of(self, op: int) -> tuple[Ints, Ints]:
        """Operations places of an operation, and their rows (openings without the loads)."""
        places = np.flatnonzero(self.operations.op == op)
        if op == OPEN:
            places = places[self.carried :]
        return places, self.plan.at[places]

    def kinds(self) -> None:
        """What each row does."""
        kinds.fill(self)

    def record(self) -> None:
        """Columns that every row of a trade holds, its day, and the order of trades."""
        record.fill(self)

    def amounts(self) -> None:
        """Bytes of a * b = q * c + r, the rests, and what a trade has left before each part."""
        amounts.fill(self)

    def gains(self) -> None:
        """Term, gain or loss, and the weights of the tallies."""
        gain.fill(self)


def _pool_lanes(operations: Operations, records: Records) -> Ints:
    number = {name: i + 1 for i, name in enumerate(records.sources)}
    rows = [(*asset_code(p.asset), number[p.wallet] if p.wallet else 0, int(p.side)) for p in operations.pools]
    return np.array(rows, np.int64).reshape(-1, 8)
