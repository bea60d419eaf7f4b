"""The calendar of a statement: which days it lists, the public rows they make, and how often each is looked up."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.lot_machine.shared.offsets import utc_offsets
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.errors import InputError
from zkharvest.ledger.calendar import Calendar, DayTable
from zkharvest.ledger.regimes import find_provable
from zkharvest.ledger.rules import Election
from zkharvest.spec import END_OF_TIME, LONG_TERM_DAYS

from .buses import MachineBuses

Cells = NDArray[np.uint32]

FIRST_DAY = date(1970, 1, 2)
"""No instant of it is negative in any zone."""
YEARS = 4
"""Calendars start a multiple of four years before the year's end: that much of a taxpayer's history shows."""


class CalendarRows:
    """Days from January 1 of the first listed year to December 31 of the tax year, one row "after", one end mark.

    start, long_at (ms) and phase (0 before the year, 1 in it, 2 without effect) are arrays over the rows. With lots
    `carried` in, the days are those of the tax year, and one row of phase 2 stands before them. From when a lot is long
    term is the rule of the election's regime, which the statement names as `holding`.

    Raises UsageError for a regime that the circuit does not prove, InputError if the first instant is before the first
    day that a calendar can list.
    """

    def __init__(self, election: Election, first_instant: int, *, carried: bool = False) -> None:
        self._law = find_provable(election.regime)
        self.calendar = Calendar(election.timezone)
        end = date(election.year + 1, 1, 1)
        year = min(self.calendar.date_of(first_instant).year, election.year)
        since = date(election.year if carried else end.year - -(-(end.year - year) // YEARS) * YEARS, 1, 1)
        since = max(since, FIRST_DAY)
        if not carried and first_instant < self.calendar.first_instant(FIRST_DAY):
            raise InputError.one("", f"trades before {FIRST_DAY} cannot be proven", "check the times of the first rows")
        before = [(0, 0, 2)] if carried else []
        days = (end - since).days
        table = DayTable(election.timezone, since, days + LONG_TERM_DAYS, self._long_from)
        in_year = (date(election.year, 1, 1) - since).days
        rows = [*before, *((table.start[d], table.long_at[d], int(d >= in_year)) for d in range(days))]
        rows += [(table.start[days], 0, 2), (END_OF_TIME, 0, 0)]
        self.start, self.long_at, self.phase = np.array(rows, np.int64).T.copy()
        self.first_day = since
        self.statement = {"days": days, "first_day": since.isoformat(), "offsets": utc_offsets(table)}

    def long_from(self, acquired: NDArray[np.int64]) -> NDArray[np.int64]:
        """From when a lot acquired at each instant is long term (instants may lie before the listed days)."""
        at: NDArray[np.int64] = self.long_at[self.day_of(acquired)]
        for i in np.flatnonzero(at == 0).tolist():
            at[i] = self.calendar.long_at(int(acquired[i]), self._long_from)
        return at

    def _long_from(self, acquired: date) -> date:
        first = self._law.long_from(acquired)
        assert first is not None, "a regime with a word for its terms has terms"
        return first

    def day_of(self, instants: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row whose interval holds each instant."""
        return np.searchsorted(self.start, instants, side="right") - 1

    def columns(self) -> list[list[int]]:
        """The seven public columns in their order."""
        limbs = [
            [(int(v) >> (15 * i)) & 0x7FFF for v in column] for column in (self.start, self.long_at) for i in range(3)
        ]
        return [*limbs, [int(p) for p in self.phase]]


def calendar_table(circuit: Circuit, buses: MachineBuses) -> Table:
    """The election's public calendar: row d is local day d; its end is the next row's start.

    The row after the last is the first: without `last_no_day` an idle last row (start 0, long-term from 0) would end at
    the first listed day's start, a day that holds every trade before the calendar.
    """
    t = circuit.table("calendar", "first instant of each local day, and from when a lot acquired that day is long term")
    start = [t.public_column(f"start{i}") for i in range(3)]
    long = [t.public_column(f"long{i}") for i in range(3)]
    phase = t.public_column("phase")
    count = t.column("count")
    t.send(buses.calendar, [*start, *(s.next for s in start), *long, phase], count)
    t.zero("last_no_day", count, "the last row is no day: its end would be the first row's start", "last")
    return t


def calendar_trace(table: Table, days_used: Ints, rows: int) -> Cells:
    """How often each day is looked up."""
    filled = NamedCells(table, rows)
    filled.put(slice(None), count=np.bincount(days_used, minlength=rows))
    return filled.cells
