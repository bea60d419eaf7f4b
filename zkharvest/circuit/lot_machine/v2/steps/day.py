"""The local day of a record: the calendar's row whose interval holds its stated time, within the period of its page.

A page's period begins and ends with intervals of the calendar, which the verifier numbers: a record lies in its page if
the number of its interval does. Who would cheat: a key that its source gave up in June signs a page that ends in June,
and the records of November stand in it. Records that are skipped are asked, too.

That an arrival is worked later than its stated time does not matter: the stated time says which window it lies in, and
the time at which it is worked is its withdrawal's, which was worked in this window or one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkharvest.circuit.builder import Table
from zkharvest.circuit.gadgets import LIMB, Ranges, compare_columns, less, most_significant_first
from zkharvest.circuit.lot_machine import words

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps


class DayColumns:
    """Columns of the day: from when to when, from when a lot acquired on it is long term, its phase and number."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        col, cols = t.column, t.column_list
        self.day_start, self.day_end, self.day_long = cols("day_start", 3), cols("day_end", 3), cols("day_long", 3)
        self.phase = col("phase")  # 0 before the tax year, 1 in it; 2 before the window, 3 behind it
        self.day = col("day")
        self.interval = col("interval")  # the number of the calendar's row
        self.since = compare_columns(t, ranges, "since", 3, wide=False)
        self.until = compare_columns(t, ranges, "until", 3, wide=False)


def constrain(s: Steps) -> None:
    """The record's local day: the calendar row whose interval holds its time."""
    t = s.t
    t.receive(s.buses.calendar, [*s.day_start, *s.day_end, *s.day_long, s.phase, s.day, s.interval], s.first)
    start, time, end = (most_significant_first(x) for x in (s.day_start, s.time, s.day_end))
    begun, not_ended = list(zip(start, time, strict=True)), list(zip(time, end, strict=True))
    less(t, "since", s.since, begun, s.first, below=LIMB, strict=False, note="the day has begun")
    less(t, "until", s.until, not_ended, s.first, below=LIMB, strict=True, note="the day has not ended")
    # Numbers of intervals are the verifier's, far below p - 2^15: no difference wraps around. Other rows have 0.
    s.buses.ranges.check_u15(t, s.interval - s.page_first, s.page_last - s.interval)


def fill(f: StepsWitness) -> None:
    """The day of each record, on its first row; phase and number on all of its rows."""
    s, w, around = f.s, f.trace, f.rows.around
    w.put(s.phase, f.record_rows, around.phase[f.interval[f.record_places]])
    w.put(s.day, f.record_rows, around.day[f.interval[f.record_places]])
    rows = f.record_rows[w.column(s.first, f.record_rows) == 1]
    day = f.interval
    start, end = words.limbs15(around.start[day]), words.limbs15(around.start[day + 1])
    now = w.get(s.time, rows)
    w.put(s.interval, rows, day)
    w.put_all(s.day_start, rows, start)
    w.put_all(s.day_end, rows, end)
    w.put_all(s.day_long, rows, words.limbs15(around.long_from[day]))
    w.put_compare(s.since, rows, start[:, ::-1], now[:, ::-1])
    w.put_compare(s.until, rows, now[:, ::-1], end[:, ::-1])
