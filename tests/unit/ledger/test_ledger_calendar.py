"""Days of a zone as instants, and when a holding turns long term."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.make import at
from zkharvest.ledger.calendar import Calendar, DayTable
from zkharvest.ledger.regimes.us import long_from

# Zones with a midnight that does not exist, a date that does not exist, or clocks set back over midnight.
ODD_ZONES = (
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Africa/Cairo",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
    "Africa/Monrovia",
    "Asia/Kathmandu",
    "UTC",
)


def test_the_example_of_publication_544() -> None:
    # Pub. 544 (2025), Holding period: bought June 17, 2024; sold June 17, 2025 is short, June 18 long.
    assert long_from(date(2024, 6, 17)) == date(2025, 6, 18)


@pytest.mark.parametrize(
    ("acquired", "long"),
    [
        ("2023-02-27", "2024-02-28"),
        ("2023-02-28", "2024-03-01"),  # Rev. Rul. 66-7: last day of a month, before a leap day
        ("2024-02-27", "2025-02-28"),
        ("2024-02-28", "2025-03-01"),  # the count starts on the leap day
        ("2024-02-29", "2025-03-01"),
        ("2024-03-01", "2025-03-02"),
        ("2023-04-30", "2024-05-01"),
        ("2023-12-31", "2025-01-01"),
        ("2022-12-30", "2023-12-31"),
        ("2099-02-28", "2100-03-01"),  # 2100 is no leap year
    ],
)
def test_long_term_begins_a_year_and_a_day_later(acquired: str, long: str) -> None:
    assert long_from(date.fromisoformat(acquired)) == date.fromisoformat(long)


@given(st.dates(date(1970, 1, 1), date(2500, 1, 1)))
def test_later_acquisition_is_never_long_earlier(day: date) -> None:
    assert long_from(day) <= long_from(day + timedelta(days=1))
    assert (long_from(day) - day).days in (366, 367)  # 366 in a common year; one more with a leap day between


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("UTC", "2024-01-01", "2024-01-01T00:00:00+00:00"),
        ("America/New_York", "2025-01-01", "2025-01-01T05:00:00+00:00"),
        ("America/New_York", "2024-07-01", "2024-07-01T04:00:00+00:00"),
        ("America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00+00:00"),  # 00:00 does not exist: begins at 01:00 local
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00+00:00"),  # set back at 00:00: the 17th has 25 hours
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00+00:00"),
        ("Asia/Kathmandu", "2024-04-26", "2024-04-25T18:15:00+00:00"),
        ("Africa/Monrovia", "1971-06-01", "1971-06-01T00:44:30+00:00"),  # an offset with seconds
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00+00:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00+00:00"),  # skipped: begins where the next day begins
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00+00:00"),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00+00:00"),  # clocks went from 23:30 to 00:30
        ("America/Toronto", "2010-11-07", "2010-11-07T04:00:00+00:00"),
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00+00:00"),  # the first of two midnights
    ],
)
def test_first_instant_of_a_day(zone: str, day: str, instant: str) -> None:
    assert Calendar(zone).first_instant(date.fromisoformat(day)) == at(instant)


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_a_day_begins_when_the_local_clock_first_reaches_it(zone: str) -> None:
    calendar, rules = Calendar(zone), ZoneInfo(zone)
    for year in (1993, 1994, 2010, 2011, 2017, 2024):
        for number in range(366):
            day = date(year, 1, 1) + timedelta(days=number)
            begins = datetime.fromtimestamp(calendar.first_instant(day) // 1000, UTC)
            assert begins.astimezone(rules).date() >= day
            assert (begins - timedelta(seconds=1)).astimezone(rules).date() < day


@given(st.sampled_from(ODD_ZONES), st.integers(0, (1 << 44) - 1))
def test_every_instant_lies_in_its_day(zone: str, instant: int) -> None:
    calendar = Calendar(zone)
    day = calendar.date_of(instant)
    assert calendar.first_instant(day) <= instant < calendar.first_instant(day + timedelta(days=1))


def test_dates_do_not_come_back() -> None:
    # St. John's set its clocks back from 00:01 to 23:01 of the day before: the date stays.
    calendar = Calendar("America/St_Johns")
    before, after = at("2010-11-07T02:30:30+00:00"), at("2010-11-07T02:45:00+00:00")
    wall = datetime.fromtimestamp(after // 1000, ZoneInfo("America/St_Johns"))
    assert wall.date() == date(2010, 11, 6)
    assert calendar.date_of(before) == calendar.date_of(after) == date(2010, 11, 7)


def test_year_window_is_local() -> None:
    assert Calendar("America/New_York").year_window(2025) == (
        at("2025-01-01T05:00:00+00:00"),
        at("2026-01-01T05:00:00+00:00"),
    )
    assert Calendar("Asia/Tokyo").year_window(2025)[0] == at("2024-12-31T15:00:00+00:00")


def test_one_instant_two_zones_two_dates() -> None:
    bought = at("2024-06-18T02:00:00+00:00")  # still June 17 in New York
    assert Calendar("America/New_York").long_at(bought, long_from) == at("2025-06-18T04:00:00+00:00")
    assert Calendar("Europe/London").long_at(bought, long_from) == at("2025-06-18T23:00:00+00:00")


def test_long_at_after_a_skipped_date() -> None:
    # Bought on 2010-12-29 in Samoa: long from 2011-12-30, a date that never was, so from the 31st.
    calendar = Calendar("Pacific/Apia")
    bought = calendar.first_instant(date(2010, 12, 29))
    assert calendar.long_at(bought, long_from) == calendar.first_instant(date(2011, 12, 31))


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_the_day_table_is_the_calendar(zone: str) -> None:
    calendar, table = Calendar(zone), DayTable(zone, date(2010, 10, 1), 500, long_from)
    assert len(table.start) == len(table.long_at) == 501
    assert table.start == sorted(table.start)
    assert table.long_at == sorted(table.long_at)
    for number in range(500):
        if table.start[number] == table.start[number + 1]:
            assert (zone, table.first_day + timedelta(days=number)) == ("Pacific/Apia", date(2011, 12, 30))
            continue
        for instant in (table.start[number], table.start[number + 1] - 1):
            assert table.day_of(instant) == number
            assert calendar.date_of(instant) == table.first_day + timedelta(days=number)
            assert calendar.long_at(instant, long_from) == table.long_at[number]


def test_the_day_table_has_ends() -> None:
    table = DayTable("UTC", date(2024, 2, 28), 2, long_from)
    assert table.start == [at("2024-02-28"), at("2024-02-29"), at("2024-03-01")]
    assert table.long_at == [at("2025-03-01"), at("2025-03-01"), at("2025-03-02")]
    for outside in (table.start[0] - 1, table.start[2]):
        with pytest.raises(IndexError):
            table.day_of(outside)
    with pytest.raises(ValueError, match="at least one day"):
        DayTable("UTC", date(2024, 2, 28), 0, long_from)
