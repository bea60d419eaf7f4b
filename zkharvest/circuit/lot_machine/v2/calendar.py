"""The calendar of a link: which days it lists, cut where a period begins or ends, and how often each is looked up.

A row is an interval: a local day, or the part of one between edges of the window and of the pages' periods. Intervals
are numbered, so that a page's period is the numbers from its first interval to its last. Phases: 0 history and 1 the
tax year, both worked; 2 before the window and 3 behind it, where records are skipped. Days before the window are listed
for lots that are declared with them. Days have numbers, 2000-01-01 is day 1; a row that is no day has 0.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.lot_machine.shared.offsets import utc_offsets
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.errors import InputError
from zkharvest.ledger.calendar import DayTable, LongFrom
from zkharvest.spec import END_OF_TIME, LONG_TERM_DAYS, P

from .buses import Buses

Cells = NDArray[np.uint32]

DAY_ZERO = date(1999, 12, 31)
"""The day before the first that has a number."""
HISTORY, TAX_YEAR, BEFORE, BEHIND = range(4)


class LinkCalendar:
    """The days from `first_day` on, `days` of them, of a link with this window, tax year and periods of pages (ms).

    start, long_at (ms, 0 where there is none), phase and day are arrays over the rows; the last row is the end of time.
    `page_first` and `page_last` are the rows of each period's first interval and of its last. `statement` is what a
    statement says of the calendar.

    Raises InputError if the first day has no number, ValueError if the window is not within the days.
    """

    def __init__(
        self,
        timezone: str,
        long_from: LongFrom,
        first_day: date,
        days: int,
        window: tuple[int, int],
        year: tuple[int, int] | None,
        periods: Sequence[tuple[int, int]] = (),
    ) -> None:
        if first_day <= DAY_ZERO:
            raise InputError.one("", f"days before {DAY_ZERO + timedelta(1)} cannot be proven", "check the first times")
        table = DayTable(timezone, first_day, days + LONG_TERM_DAYS, long_from)
        start, end = window
        if not table.start[0] <= start < end <= table.start[days]:
            raise ValueError("the window is not within the calendar's days")
        whole = [(0, 0, 0)] if table.start[0] else []  # start, long from, day
        whole += [(table.start[d], table.long_at[d], (first_day - DAY_ZERO).days + d) for d in range(days)]
        whole += [(table.start[days], 0, 0), (END_OF_TIME, 0, 0)]
        edges = sorted({*window, *(edge for period in periods for edge in period)})
        rows = []
        for (begins, long_at, day), (ends, _, _) in pairwise(whole):
            inside = edges[bisect_right(edges, begins) : bisect_left(edges, ends)]
            for at in (begins, *inside):
                phase = BEFORE if at < start else BEHIND if at >= end else HISTORY
                if phase == HISTORY and year is not None and year[0] <= at < year[1]:
                    phase = TAX_YEAR
                rows.append((at, long_at, phase, day))
        rows.append((END_OF_TIME, 0, 0, 0))
        self.start, self.long_at, self.phase, self.day = np.array(rows, np.int64).T.copy()
        first, behind = np.searchsorted(self.start, np.array(periods, np.int64).reshape(-1, 2)).T
        self.page_first, self.page_last = first, behind - 1
        self.statement: dict[str, Any] = {
            "days": days,
            "first_day": first_day.isoformat(),
            "offsets": utc_offsets(table),
        }

    def row_of(self, instants: Ints) -> Ints:
        """The row whose interval holds each instant."""
        return np.searchsorted(self.start, instants, side="right") - 1

    def row_of_day(self, days: Ints) -> Ints:
        """A row of each day, by number. Raises ValueError for one that is not listed."""
        listed = np.flatnonzero(self.day)
        numbers = self.day[listed]
        at = np.minimum(np.searchsorted(numbers, days), len(numbers) - 1)
        if (numbers[at] != days).any():
            wrong = int(days[np.argmax(numbers[at] != days)])
            raise ValueError(f"{DAY_ZERO + timedelta(wrong)} is not a day that the calendar lists")
        return listed[at]

    def columns(self) -> list[list[int]]:
        """The nine public columns in their order."""
        limbs = [
            [(int(v) >> (15 * i)) & 0x7FFF for v in column] for column in (self.start, self.long_at) for i in range(3)
        ]
        return [*limbs, self.phase.tolist(), self.day.tolist(), list(range(len(self.start)))]


def calendar_table(circuit: Circuit, buses: Buses) -> Table:
    """The link's public calendar: a row's interval ends where the next row starts; `interval` is its number.

    A day is found on `days` by its number, which is a factor of how often: a row that is no day, and has the number 0,
    is found there never, whatever the count says. The row after the last is the first: without `last_no_day` an idle
    last row would end at the first row's start, if that is not 0.
    """
    t = circuit.table("calendar", "local days, cut by window and pages, and from when a lot of each is long term")
    start = [t.public_column(f"start{i}") for i in range(3)]
    long = [t.public_column(f"long{i}") for i in range(3)]
    phase, day, interval = (t.public_column(name) for name in ("phase", "day", "interval"))
    count, day_count = t.column("count"), t.column("day_count")
    t.send(buses.calendar, [*start, *(s.next for s in start), *long, phase, day, interval], count)
    t.send(buses.days, [day, *long], day_count * day)
    t.zero("last_no_day", count, "the last row is no interval: it would end at the first row's start", "last")
    return t


def calendar_trace(table: Table, calendar: LinkCalendar, records: Ints, declared: Ints, rows: int) -> Cells:
    """How often each row is looked up: `records` are rows (`row_of`), `declared` numbers of days.

    Raises ValueError if the calendar has more rows than the table, or a declared day is not listed.
    """
    if len(calendar.start) > rows:
        raise ValueError(f"{len(calendar.start)} rows of the calendar do not fit in {rows}")
    filled = NamedCells(table, rows)
    filled.put(slice(None), count=np.bincount(records, minlength=rows))
    uses = np.bincount(calendar.row_of_day(declared), minlength=rows)
    for row in np.flatnonzero(uses).tolist():
        filled.put(row, day_count=int(uses[row]) * pow(int(calendar.day[row]), -1, P) % P)
    return filled.cells
