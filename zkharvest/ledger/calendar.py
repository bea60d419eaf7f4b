"""The calendar of a taxpayer's time zone, as exact instants (Unix milliseconds, UTC).

Days are those of the zone's own rules (zoneinfo): a day begins at the first instant whose local time is at or past
its midnight. So a day without a midnight (clocks sprang forward over it) begins at the jump, a date that was skipped
(Samoa, 2011-12-30) begins and ends at one instant, and a date never comes back when clocks are set back over midnight.

No law stands here: when a lot is long, a regime says (`LongFrom`), in local dates.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache, partial
from zoneinfo import ZoneInfo

_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH = _EPOCH_UTC.replace(tzinfo=None)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MS = timedelta(milliseconds=1)


LongFrom = Callable[[date], date]
"""From the local date of acquisition to the first local date on which the lot is long term."""


def _local(zone: ZoneInfo, utc: datetime) -> datetime:
    """Local wall time of a UTC time, both naive."""
    return utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def _first_instant(zone: ZoneInfo, day: date) -> int:
    """The instant (ms) at which the local date `day` begins."""
    midnight = datetime.combine(day, time.min)
    offset = midnight.replace(tzinfo=zone).utcoffset()  # of the earlier midnight if there are two
    assert offset is not None, "a ZoneInfo always knows its offset"
    utc = midnight - offset
    overshoot = _local(zone, utc) - midnight
    if overshoot:  # no such midnight: find the jump over it, to the second as zone rules are
        before, after = -(overshoot // _SECOND), 0
        while after - before > 1:
            middle = (before + after) // 2
            if _local(zone, utc + middle * _SECOND) >= midnight:
                after = middle
            else:
                before = middle
        utc += after * _SECOND
    return (utc - _EPOCH) // _MS


@cache
def _first_instants(timezone: str) -> Callable[[date], int]:
    """The answers that all calendars of a zone share: ledger, witness and report ask for the same days."""
    return lru_cache(maxsize=1 << 15)(partial(_first_instant, ZoneInfo(timezone)))


class Calendar:
    """The local days of one time zone. Answers are kept: asking again for a day costs a look-up."""

    def __init__(self, timezone: str) -> None:
        self.timezone = timezone
        self._zone = ZoneInfo(timezone)
        self._first_instant = _first_instants(timezone)

    def first_instant(self, day: date) -> int:
        """The instant (ms) at which the local date `day` begins."""
        return self._first_instant(day)

    def date_of(self, instant: int) -> date:
        """The local date on which an instant (ms) falls: the last date that has begun by then."""
        day = (_EPOCH_UTC + instant * _MS).astimezone(self._zone).date()
        while self.first_instant(day + _DAY) <= instant:  # clocks were set back over midnight
            day += _DAY
        return day

    def year_window(self, year: int) -> tuple[int, int]:
        """The tax year `year`: its first instant, and the first instant of the next."""
        return self.first_instant(date(year, 1, 1)), self.first_instant(date(year + 1, 1, 1))

    def long_at(self, acquired: int, long_from: LongFrom) -> int:
        """The first instant at which the disposal of a lot acquired at `acquired` is long term."""
        return self.first_instant(long_from(self.date_of(acquired)))


class DayTable:
    """`days` consecutive local days from `first_day` on, as the public table that a proof is checked against.

    Day d (0 <= d < days) is [start[d], start[d + 1]); a lot acquired on it is long from long_at[d] on. Both lists have
    days + 1 entries in ms: the last is the boundary of the table. A skipped date has start[d] == start[d + 1].
    """

    def __init__(self, timezone: str, first_day: date, days: int, long_from: LongFrom) -> None:
        if days < 1:
            raise ValueError("a calendar table has at least one day")
        calendar = Calendar(timezone)
        dates = [first_day + n * _DAY for n in range(days + 1)]
        self.timezone = timezone
        self.first_day = first_day
        self.days = days
        self.start = [calendar.first_instant(day) for day in dates]
        self.long_at = [calendar.first_instant(long_from(day)) for day in dates]

    def day_of(self, instant: int) -> int:
        """The number of the day that holds an instant (ms); IndexError outside the table."""
        day = bisect_right(self.start, instant) - 1
        if not 0 <= day < self.days:
            raise IndexError(f"instant {instant} is outside the calendar table")
        return day
