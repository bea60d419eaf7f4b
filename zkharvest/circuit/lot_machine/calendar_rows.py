"""The calendar of a statement: which days it lists, and the public rows they make."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.calendar import Calendar, DayTable
from zkharvest.ledger.rules import Regime

LAST_INSTANT = 2**45 - 1
YEARS = 4
"""Calendars start a multiple of four years before the year's end: that much of a taxpayer's history shows."""


class CalendarRows:
    """Days from January 1 of the first listed year to December 31 of the tax year, one row "after", one end mark.

    start, long_at (ms) and phase (0 before the year, 1 in it, 2 after it) are arrays over the rows.
    """

    def __init__(self, regime: Regime, first_instant: int) -> None:
        calendar = Calendar(regime.timezone)
        year = min(calendar.date_of(first_instant).year, regime.year)
        span = -(-(regime.year + 1 - year) // YEARS) * YEARS
        first = date(regime.year + 1 - span, 1, 1)
        days = (date(regime.year + 1, 1, 1) - first).days
        table = DayTable(regime.timezone, first, days + 367)
        in_year = (date(regime.year, 1, 1) - first).days
        self.days = days
        self.start = np.array([*table.start[:days], table.start[days], LAST_INSTANT], np.int64)
        self.long_at = np.array([*table.long_at[:days], 0, 0], np.int64)
        self.phase = np.array([0] * in_year + [1] * (days - in_year) + [2, 0], np.int64)
        self.statement = {"days": days, "first_day": first.isoformat(), "offsets": _offsets(table)}

    def day_of(self, instants: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row whose interval holds each instant."""
        return np.searchsorted(self.start, instants, side="right") - 1

    def columns(self) -> list[list[int]]:
        """The seven public columns in their order."""
        limbs = [
            [(int(v) >> (15 * i)) & 0x7FFF for v in column] for column in (self.start, self.long_at) for i in range(3)
        ]
        return [*limbs, [int(p) for p in self.phase]]


def _offsets(table: DayTable) -> list[list[Any]]:
    """Run-length list of the UTC offset (seconds) that starts each local day."""
    runs: list[list[Any]] = []
    for d, start in enumerate(table.start):
        day = table.first_day + timedelta(days=d)
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        offset = midnight - start // 1000
        if not runs or runs[-1][1] != offset:
            runs.append([d, offset])
    return runs
