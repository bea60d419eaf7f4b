"""The local day of a record: the calendar row whose interval holds its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkharvest.circuit.builder import Table
from zkharvest.circuit.gadgets import LIMB, Ranges, compare_columns, less, most_significant_first
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.words import Ints

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps


class DayColumns:
    """Columns of the day: from when to when it lasts, from when a lot acquired on it is long term, its phase."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        col, cols = t.column, t.column_list
        self.day_start, self.day_end, self.day_long = cols("day_start", 3), cols("day_end", 3), cols("day_long", 3)
        self.phase = col("phase")  # 0 before the tax year, 1 in it, 2 after it
        self.since = compare_columns(t, ranges, "since", 3, wide=False)
        self.until = compare_columns(t, ranges, "until", 3, wide=False)


def constrain(s: Steps) -> None:
    """The record's local day: the calendar row whose interval holds its time."""
    t = s.t
    t.receive(s.buses.calendar, [*s.day_start, *s.day_end, *s.day_long, s.phase], s.first)
    start, time, end = (most_significant_first(x) for x in (s.day_start, s.time, s.day_end))
    begun, not_ended = list(zip(start, time, strict=True)), list(zip(time, end, strict=True))
    less(t, "since", s.since, begun, s.first, below=LIMB, strict=False, note="the day has begun")
    less(t, "until", s.until, not_ended, s.first, below=LIMB, strict=True, note="the day has not ended")


def fill(f: StepsWitness, rows: Ints, day: Ints) -> None:
    """The day of each record, on its first row."""
    s, w = f.s, f.trace
    f.days_used = day
    start, end = words.limbs15(f.calendar.start[day]), words.limbs15(f.calendar.start[day + 1])
    now = w.get(s.time, rows)
    w.put_all(s.day_start, rows, start)
    w.put_all(s.day_end, rows, end)
    w.put_all(s.day_long, rows, words.limbs15(f.calendar.long_at[day]))
    w.put_compare(s.since, rows, start[:, ::-1], now[:, ::-1])
    w.put_compare(s.until, rows, now[:, ::-1], end[:, ::-1])
