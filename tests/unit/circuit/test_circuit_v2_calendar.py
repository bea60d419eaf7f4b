"""The rows of a link's calendar: days, cut where window and pages begin and end; a period is whole intervals."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.circuit.lot_machine.v2.calendar import LinkCalendar
from zkharvest.errors import InputError
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes.us import long_from
from zkharvest.spec import END_OF_TIME

NEW_YORK = Calendar("America/New_York")


def test_the_calendar_cuts_days_where_the_window_begins_and_ends():
    start = NEW_YORK.first_instant(date(2023, 3, 1)) + 3 * 3600_000
    end = NEW_YORK.first_instant(date(2023, 3, 3)) + 5
    year = NEW_YORK.year_window(2023)
    made = LinkCalendar("America/New_York", long_from, date(2023, 2, 28), 5, (start, end), year)
    march = [NEW_YORK.first_instant(date(2023, 3, n)) for n in range(1, 6)]
    before = NEW_YORK.first_instant(date(2023, 2, 28))
    assert made.start.tolist() == [0, before, march[0], start, march[1], march[2], end, march[3], march[4], END_OF_TIME]
    assert made.phase.tolist() == [2, 2, 2, 1, 1, 1, 3, 3, 3, 0]
    first = (date(2023, 2, 28) - date(1999, 12, 31)).days
    assert made.day.tolist() == [0, first, first + 1, first + 1, first + 2, first + 3, first + 3, first + 4, 0, 0]
    assert made.long_at.tolist()[3] == NEW_YORK.first_instant(date(2024, 3, 2))
    assert made.row_of(np.array([0, start - 1, start, end, END_OF_TIME - 1])).tolist() == [0, 2, 3, 6, 8]
    assert made.day[made.row_of_day(np.array([first, first + 3]))].tolist() == [first, first + 3]
    assert made.statement["days"] == 5
    with pytest.raises(ValueError, match="2023-03-05 is not a day that the calendar lists"):
        made.row_of_day(np.array([first + 5]))


def test_the_calendar_cuts_intervals_where_pages_begin_and_end():
    """Edges within a day, in common, before the first day, behind the last: a period is whole intervals."""
    march = [NEW_YORK.first_instant(date(2023, 3, n)) for n in range(1, 4)]
    noon = march[0] + 43_200_000
    periods = [(5, noon), (noon, noon + 1), (march[1], march[2]), (noon + 1, march[2] + 7), (march[0], march[1])]
    made = LinkCalendar("America/New_York", long_from, date(2023, 3, 1), 2, (march[0], march[2]), None, periods)
    assert made.start.tolist() == [
        0, 5, march[0], noon, noon + 1, march[1], march[2], march[2] + 7, END_OF_TIME,
    ]  # fmt: skip
    first = (date(2023, 3, 1) - date(1999, 12, 31)).days
    assert made.day.tolist() == [0, 0, first, first, first, first + 1, 0, 0, 0]
    assert made.phase.tolist() == [2, 2, 0, 0, 0, 0, 3, 3, 0]
    assert made.page_first.tolist() == [1, 3, 5, 4, 2]
    assert made.page_last.tolist() == [2, 3, 5, 6, 4]
    assert made.columns()[8] == list(range(9))


@given(edges=st.lists(st.integers(0, 400 * 3600_000), min_size=2, max_size=12, unique=True), at=st.data())
def test_an_instant_is_in_a_period_if_its_interval_is(edges, at):
    begin = NEW_YORK.first_instant(date(2023, 3, 8))  # clocks go forward on the fifth day
    periods = [(begin + a, begin + b) for a, b in pairwise(sorted(edges))]
    window = begin + 3600_000, begin + 7 * 86_400_000
    made = LinkCalendar("America/New_York", long_from, date(2023, 3, 8), 10, window, None, periods)
    instant = begin + at.draw(st.one_of(st.sampled_from(edges), st.integers(0, 400 * 3600_000)))
    (row,) = made.row_of(np.array([instant])).tolist()
    inside = [start <= instant < end for start, end in periods]
    assert [a <= row <= b for a, b in zip(made.page_first, made.page_last, strict=True)] == inside


def test_history_is_before_the_tax_year_and_nothing_is_counted_without_one():
    window = NEW_YORK.first_instant(date(2022, 12, 30)), NEW_YORK.first_instant(date(2023, 1, 3))
    days = "America/New_York", long_from, date(2022, 12, 30), 4, window
    assert LinkCalendar(*days, NEW_YORK.year_window(2023)).phase.tolist() == [2, 0, 0, 1, 1, 3, 0]
    assert LinkCalendar(*days, None).phase.tolist() == [2, 0, 0, 0, 0, 3, 0]


def test_days_and_windows_that_cannot_be_listed_are_refused():
    window = NEW_YORK.first_instant(date(2000, 1, 1)), NEW_YORK.first_instant(date(2000, 1, 3))
    assert LinkCalendar("America/New_York", long_from, date(2000, 1, 1), 2, window, None).day.tolist() == [
        0,
        1,
        2,
        0,
        0,
    ]
    with pytest.raises(InputError, match="days before 2000-01-01 cannot be proven"):
        LinkCalendar("America/New_York", long_from, date(1999, 12, 31), 3, window, None)
    with pytest.raises(ValueError, match="the window is not within the calendar's days"):
        LinkCalendar("America/New_York", long_from, date(2000, 1, 1), 1, window, None)
