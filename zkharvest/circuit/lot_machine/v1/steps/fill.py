"""The `steps` table while it is filled from the ledger's tape: each room fills its own columns, in whole arrays."""

from __future__ import annotations

import numpy as np

from zkharvest.circuit.lot_machine.trace import Trace
from zkharvest.circuit.lot_machine.v1.calendar import CalendarRows
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import asset_code
from zkharvest.commitment.records import Records
from zkharvest.ledger.fast_tape import OPEN, Tape
from zkharvest.ledger.rules import Pooling

from . import amounts, gain, kinds, record
from .layout import Plan
from .table import Steps


class StepsWitness:
    """The table as it is filled, and what other tables need of it.

    The tape's first trades open the lots of the opening inventory; those after them are records, beginning with the
    first that has an effect.
    """

    def __init__(self, s: Steps, tape: Tape, records: Records, calendar: CalendarRows, plan: Plan, times: Ints) -> None:
        self.s, self.tape, self.records, self.calendar, self.plan = s, tape, records, calendar, plan
        self.times = times  # instants of the tape's trades, carried ones first
        self.carried, self.early = plan.carried, len(plan.early)
        self.trace = Trace(len(s.t.columns), plan.rows)
        self.wallet_basis = tape.election.pooling is Pooling.WALLET
        self.pools = _pool_lanes(tape, records)
        self.load_rows = plan.at[: self.carried]
        self.seq_base = self.carried + 1 if self.carried else 0  # trades are numbered after every carried lot
        self.long_at = calendar.long_from(times)[tape.node_trade]
        self.record_of: Ints  # of each row, -1 where there is none
        self.days_used: Ints
        self.sources_named: Ints
        self.slot_sums: Ints  # (5, 8) tallied byte sums, by bucket

    def seq_of(self, trade: Ints) -> Ints:
        """Acquisition order of the lot that a trade of the tape opens, counted from 1."""
        return np.where(trade < self.carried, trade + 1, self.record_number(trade) + 1 + self.seq_base)

    def record_number(self, trade: Ints) -> Ints:
        """Which committed record a trade of the tape is."""
        return trade - self.carried + self.early

    def rows_of(self, op: int) -> tuple[Ints, Ints]:
        """Tape places of an operation, and their rows (openings without the loads)."""
        places = np.flatnonzero(self.tape.op == op)
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


def _pool_lanes(tape: Tape, records: Records) -> Ints:
    number = {name: i + 1 for i, name in enumerate(records.sources)}
    rows = [(*asset_code(p.asset), number[p.wallet] if p.wallet else 0, int(p.side)) for p in tape.pools]
    return np.array(rows, np.int64).reshape(-1, 8)
