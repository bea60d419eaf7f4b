"""Lies about terms and days."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery, Sheet
from tests.adversary.witness.lies.amounts import flagged, weighed
from tests.adversary.witness.lies.registry import lie, run
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v1.calendar import CalendarRows

OLD = trade("2023-06-17", "a/1", "buy", 1, 100)
JUST = trade("2023-06-16", "a/1", "buy", 1, 100)
JUNE = trade("2024-06-17", "a/3", "sell", 1, 200)
COVERED = [trade("2022-01-01", "a/1", "short", 1, 200), trade("2024-06-17", "a/3", "cover", 1, 100)]


def _held_gap() -> Forgery:
    def forged(sheet: Sheet) -> None:
        flagged([1, 2], long_term=1)(sheet)
        sheet.set(1, held_long=1)
        sheet.compare(1, "held", sheet.get(1, "long_from")[::-1], sheet.get(1, "time")[::-1])

    return run([OLD, JUNE], steps=forged)


def _long_term_held() -> Forgery:
    """Basis short term, proceeds long term (another gain keeps the short class above zero)."""
    other = [trade("2024-07-01", "a/8", "income", 1, 0), trade("2024-07-02", "a/9", "sell", 1, 900)]

    def forged(sheet: Sheet) -> None:
        sheet.set(2, long_term=1)
        weighed(sheet, 2, second=True)

    return run([OLD, JUNE, *other], steps=forged)


lie("steps.held_gap", _held_gap)
lie("steps.held_equal", lambda: run([JUST, JUNE], steps=flagged([1, 2], long_term=0, held_long=0)))
lie("steps.long_term", lambda: run(COVERED, steps=flagged([1, 2], long_term=1)))
lie("steps.long_term_held", _long_term_held)


class LateCalendar(CalendarRows):
    """A calendar that begins with the tax year; earlier trades look up the idle last row of its table."""

    def __init__(self, given: Any, first: int, **options: Any) -> None:
        super().__init__(given, first, **options)
        skipped = int((self.phase == 0).sum()) - 1
        self.start, self.long_at, self.phase = (x[skipped:] for x in (self.start, self.long_at, self.phase))
        self.listed = len(self.start)
        self.start = np.concatenate((self.start, [0, self.start[0]]))
        self.long_at, self.phase = (np.concatenate((x, [0])) for x in (self.long_at, self.phase))

    def columns(self) -> list[list[int]]:
        kept = self.start, self.long_at, self.phase
        self.start, self.long_at, self.phase = (x[: self.listed] for x in kept)
        columns = super().columns()
        self.start, self.long_at, self.phase = kept
        return columns

    def day_of(self, instants: Any) -> Any:
        day = np.searchsorted(self.start[: self.listed], instants, side="right") - 1
        return np.where(day < 0, self.listed, day)

    def long_from(self, acquired: Any) -> Any:
        return self.long_at[self.day_of(acquired)]


def _last_no_day() -> Forgery:
    rows = [trade("2023-12-15", "a/1", "buy", 1, 100), JUNE]
    return run(rows, replace={"CalendarRows": LateCalendar}, idle=0)


lie("calendar.last_no_day", _last_no_day)
