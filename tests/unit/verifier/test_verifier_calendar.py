"""Calendars: which instants days begin at, from when a lot is long, and what cannot be a calendar."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.spec import LONG_TERM_DAYS
from zkharvest.verifier import calendar
from zkharvest.verifier.calendar import END_OF_TIME, CalendarTable, check_zone, first_instant, long_from, make_calendar
from zkharvest.verifier.rejections import Reason, Reject


@lru_cache
def stated(zone="America/New_York", first_day="2022-01-01", year=2024):
    """The statement's calendar, from the zone's offsets at midnight (no zone here springs over one)."""
    first = date.fromisoformat(first_day)
    days = (date(year + 1, 1, 1) - first).days
    runs = []
    for d in range(days + 368):
        day = first + timedelta(days=d)
        offset = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).utcoffset()
        seconds = int(offset.total_seconds())
        if not runs or runs[-1][1] != seconds:
            runs.append([d, seconds])
    return {"days": days, "first_day": first_day, "offsets": runs}


NEW_YORK = stated()


def made(zone="America/New_York", first_day="2022-01-01", year=2024):
    entry = stated(zone, first_day, year)
    return make_calendar(date.fromisoformat(first_day), entry["days"], [tuple(run) for run in entry["offsets"]], year)


def ms(text):
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("acquired", "expected"),
    [
        # Rev. Rul. 66-7: from the first day of the month after the one that is twelve months later
        ("2023-02-28", "2024-03-01"),
        ("2024-02-28", "2025-03-01"),
        ("2024-02-29", "2025-03-01"),
        ("2023-04-30", "2024-05-01"),
        # Pub. 544: the anniversary itself is still short
        ("2024-06-17", "2025-06-18"),
        ("2023-12-31", "2025-01-01"),
        ("2022-12-31", "2024-01-01"),
        ("2023-02-27", "2024-02-28"),
    ],
)
def test_long_from(acquired, expected):
    assert long_from(date.fromisoformat(acquired)) == date.fromisoformat(expected)


@given(st.dates(date(1970, 1, 2), date(2526, 12, 31)))
def test_long_from_is_within_the_horizon(day):
    assert 366 <= (long_from(day) - day).days <= LONG_TERM_DAYS


def test_days_of_new_york():
    calendar = made()
    starts = calendar.starts()
    assert calendar.days == 365 + 365 + 366
    assert len(starts) == calendar.days + LONG_TERM_DAYS + 1
    for day in ("2022-01-01T00:00-05:00", "2023-07-04T00:00-04:00", "2024-02-29T00:00-05:00", "2025-03-01T00:00-05:00"):
        assert starts[(date.fromisoformat(day[:10]) - calendar.first_day).days] == ms(day)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/New_York", date(2024, 3, 10), "2024-03-10T00:00-05:00"),
        ("America/New_York", date(2024, 3, 11), "2024-03-11T00:00-04:00"),
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00+00:00"),  # clocks jump from 0:00 to 1:00
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30+00:00"),  # from 23:30 to 0:30
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00+00:00"),  # a day that was skipped: empty
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00+00:00"),
        ("America/Havana", date(2023, 11, 5), "2023-11-05T04:00+00:00"),  # midnight comes twice: the first
        ("Asia/Kathmandu", date(2024, 1, 1), "2023-12-31T18:15+00:00"),
        ("UTC", date(2024, 1, 1), "2024-01-01T00:00+00:00"),
    ],
)
def test_first_instants(zone, day, begins):
    assert first_instant(ZoneInfo(zone), day) == ms(begins)


@given(
    st.sampled_from(["America/New_York", "Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Tehran"]),
    st.dates(date(1975, 1, 1), date(2035, 1, 1)),
)
@settings(max_examples=150)
def test_a_first_instant_is_the_first(zone, day):
    """At it the local date has come, a second before it has not."""
    zone = ZoneInfo(zone)
    begins = datetime.fromtimestamp(first_instant(zone, day) // 1000, UTC)
    assert begins.astimezone(zone).date() >= day
    assert (begins - timedelta(seconds=1)).astimezone(zone).date() < day


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney", "UTC"])
def test_the_zone_s_calendar_passes(zone):
    check_zone(made(zone), zone)


@pytest.mark.parametrize(
    ("zone", "claimed", "reason"),
    [
        ("Europe/Berlin", "Europe/Rome", None),  # the same rules in these years
        ("America/New_York", "America/Chicago", Reason.STATEMENT_CALENDAR),
        ("America/New_York", "America/Nowhere", Reason.STATEMENT_ZONE),
        ("America/New_York", "America", Reason.STATEMENT_ZONE),  # a folder of the zone files
        ("America/New_York", "../../etc/passwd", Reason.STATEMENT_ZONE),
        ("America/New_York", "/etc/passwd", Reason.STATEMENT_ZONE),
        ("America/New_York", "tzdata.zi", Reason.STATEMENT_ZONE),  # a file that is no zone
        ("UTC", "localtime", Reason.STATEMENT_ZONE),  # whatever the auditor's machine is set to
        ("America/New_York", "posixrules", Reason.STATEMENT_ZONE),
        ("Europe/Berlin", "posix/Europe/Berlin", Reason.STATEMENT_ZONE),
        ("Europe/Berlin", "right/Europe/Berlin", Reason.STATEMENT_ZONE),  # counts leap seconds
        ("UTC", "Factory", Reason.STATEMENT_ZONE),
    ],
)
def test_zone_check(zone, claimed, reason):
    if reason is None:
        check_zone(made(zone), claimed)
    else:
        with pytest.raises(Reject) as caught:
            check_zone(made(zone), claimed)
        assert caught.value.reason is reason


def test_one_day_off_is_found():
    """Every day up to the year's end must be the zone's; later ones depend on what rules this machine knows."""
    days = stated("UTC", "2022-01-01", 2024)["days"]
    for d, reason in (
        (1, Reason.STATEMENT_CALENDAR),
        (700, Reason.STATEMENT_CALENDAR),
        (days, Reason.STATEMENT_CALENDAR),
        (days + 1, Reason.STATEMENT_ZONE),
        (days + LONG_TERM_DAYS - 1, Reason.STATEMENT_ZONE),
    ):
        calendar = make_calendar(date(2022, 1, 1), days, [(0, 0), (d, 1), (d + 1, 0)], 2024)
        with pytest.raises(Reject) as caught:
            check_zone(calendar, "UTC")
        assert caught.value.reason is reason


def test_a_reform_after_the_package_leaves_it_accepted():
    """Offsets the zone had before are believed for days to come, and the difference is reported; others are not."""
    start, days = date(2022, 1, 1), (date(2025, 1, 1) - date(2022, 1, 1)).days
    usual = tuple(tuple(run) for run in NEW_YORK["offsets"])
    assert check_zone(make_calendar(start, days, usual, 2024), "America/New_York")
    reformed = tuple(run for run in usual if run[0] <= days)  # no summer time in 2025
    assert not check_zone(make_calendar(start, days, reformed, 2024), "America/New_York")
    with pytest.raises(Reject) as caught:
        check_zone(make_calendar(start, days, (*reformed, (days + 60, -3 * 3600)), 2024), "America/New_York")
    assert caught.value.reason is Reason.STATEMENT_ZONE


def test_of_later_days_only_those_that_differ_from_the_zone_count():
    """Samoa had in 2012 an offset that no day of 2010 and 2011 had: where it is the zone's it says nothing."""
    days = (date(2012, 1, 1) - date(2010, 1, 1)).days
    usual = ((0, -39600), (269, -36000), (457, -39600), (632, -36000), (729, 50400), (822, 46800), (1004, 50400))
    assert check_zone(make_calendar(date(2010, 1, 1), days, usual, 2011), "Pacific/Apia")
    other = make_calendar(date(2010, 1, 1), days, (*usual[:-1], (1004, -36000)), 2011)
    assert not check_zone(other, "Pacific/Apia")
    for runs, until in (((*usual[:-1], (1004, 46801)), None), ((*usual[:-1], (1004, -36000)), date(2012, 10, 1))):
        with pytest.raises(Reject) as caught:
            check_zone(make_calendar(date(2010, 1, 1), days, runs, 2011), "Pacific/Apia", until)
        assert caught.value.reason is Reason.STATEMENT_ZONE


DAYS = NEW_YORK["days"]


@pytest.mark.parametrize(
    ("first_day", "days", "offsets"),
    [
        (date(2022, 1, 1), DAYS + 1, [(0, 0)]),
        (date(2022, 1, 1), DAYS - 1, [(0, 0)]),
        (date(2024, 1, 2), 365, [(0, 0)]),  # the year is not whole
        (date(1970, 1, 1), 20089, [(0, 0)]),
        (date(2022, 1, 1), DAYS, []),
        (date(2022, 1, 1), DAYS, [(1, 0)]),
        (date(2022, 1, 1), DAYS, [(0, 0), (5, 0)]),
        (date(2022, 1, 1), DAYS, [(0, 0), (5, 1), (5, 2)]),
        (date(2022, 1, 1), DAYS, [(0, 0), (9, 1), (5, 2)]),
        (date(2022, 1, 1), DAYS, [(0, 0), (DAYS + LONG_TERM_DAYS + 1, 1)]),
        (date(2022, 1, 1), DAYS, [(0, 86_401)]),
        (date(2022, 1, 1), DAYS, [(0, -86_401)]),
        (date(2022, 1, 1), DAYS, [(0, 0), (10, -86_400), (11, 86_400)]),  # day 11 before day 10
        # a last day of the horizon that lies in the past would make lots long at once
        (date(2022, 1, 1), DAYS, [(0, -50_000), (DAYS + 1, 50_000)]),
    ],
)
def test_what_cannot_be_a_calendar(first_day, days, offsets):
    with pytest.raises(Reject) as caught:
        make_calendar(first_day, days, offsets, 2024)
    assert caught.value.reason is Reason.STATEMENT_CALENDAR


@given(st.lists(st.tuples(st.integers(0, DAYS + LONG_TERM_DAYS), st.integers(-86_400, 86_400)), max_size=5))
@settings(max_examples=100)
def test_no_calendar_makes_a_lot_long_early(runs):
    """Whatever offsets pass: days are in order, and no lot is long before a later day has begun."""
    try:
        calendar = make_calendar(date(2022, 1, 1), DAYS, [(0, 0), *sorted(runs)], 2024)
    except Reject:
        return
    starts = calendar.starts()
    assert all(a <= b for a, b in pairwise(starts))
    for d in range(calendar.days):
        long_day = long_from(calendar.first_day + timedelta(d))
        assert starts[(long_day - calendar.first_day).days] >= starts[d + 366]


def test_the_calendar_ends_before_the_end_of_time():
    days = (date(3501, 1, 1) - date(3500, 1, 1)).days
    with pytest.raises(Reject, match="range of times"):
        make_calendar(date(3500, 1, 1), days, [(0, 0)], 3500)


def test_years_at_the_ends_of_the_range():
    for year, first in ((1971, "1970-01-02"), (2526, "2526-01-01")):
        calendar = made("UTC", first, year)
        assert isinstance(calendar, CalendarTable)
        assert calendar.starts()[-1] < END_OF_TIME


@pytest.mark.parametrize("path", [(), None], ids=["the package of zone data", "this machine's folders"])
def test_letters_of_a_zone_s_name_are_exact_whatever_the_file_system(monkeypatch, path):
    if path is not None:
        monkeypatch.setattr(calendar, "TZPATH", path)
    assert all(calendar._is_spelled_so(name) for name in ("UTC", "Europe/Berlin", "America/Indiana/Knox"))
    others = ("utc", "europe/Berlin", "America/indiana/Knox", "America", "../UTC", "UTC/")
    assert not any(calendar._is_spelled_so(name) for name in others)
