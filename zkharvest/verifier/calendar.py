"""The calendar of a statement: when each local day begins, and from when a lot acquired on it is long term.

A day begins at the first instant whose local time is at or past its midnight. The statement carries that instant as the
UTC offset (seconds) with which `midnight of the date - offset` is the day's beginning, run-length coded; so the proof
means the same on every machine, and `agrees_with_zone` says whether it means the taxpayer's time zone.

Holding period: the count starts on the day after acquisition, and a lot is long term once it is held for more than
one year (26 U.S.C. 1222; Rev. Rul. 66-7 for the last days of a month).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

from zkharvest.spec import END_OF_TIME, LONG_TERM_DAYS, NOT_ZONES
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.text import quoted

_EPOCH = date(1970, 1, 1)
_DAY = timedelta(days=1)
_DAY_SECONDS = 86_400
_MAX_OFFSET = _DAY_SECONDS  # zones are within 16 hours; a day that a zone skipped shows up with up to 24


@dataclass(frozen=True, slots=True)
class CalendarTable:
    """Local days 0..days-1, ending with December 31 of the tax year; `offsets` are (first day, UTC offset) runs."""

    first_day: date
    days: int
    offsets: tuple[tuple[int, int], ...]

    def by_day(self) -> list[int]:
        """The UTC offset of each day 0..days + LONG_TERM_DAYS."""
        found: list[int] = []
        ends = [begin for begin, _ in self.offsets[1:]] + [self.days + LONG_TERM_DAYS + 1]
        for (begin, offset), end in zip(self.offsets, ends, strict=True):
            found += [offset] * (end - begin)
        return found

    def starts(self) -> list[int]:
        """The first instant (ms) of each day 0..days + LONG_TERM_DAYS."""
        first = (self.first_day - _EPOCH).days
        return [((first + d) * _DAY_SECONDS - offset) * 1000 for d, offset in enumerate(self.by_day())]


def long_from(acquired: date) -> date:
    """The first local date on which a lot acquired on `acquired` is held long term."""
    start = acquired + _DAY
    if (start.month, start.day) == (2, 29):
        return date(start.year + 1, 3, 1)
    return start.replace(year=start.year + 1)


def make_calendar(first_day: date, days: int, offsets: Sequence[tuple[int, int]], year: int) -> CalendarTable:
    """A calendar that can be one, or Reject(STATEMENT_CALENDAR).

    Runs are in order and differ, offsets are within a day, and days begin one after the other. Whether it is the
    zone's is another question.
    """

    def bad(why: str) -> Reject:
        return Reject(Reason.STATEMENT_CALENDAR, why)

    if not _EPOCH < first_day <= date(year, 1, 1):
        raise bad(f"the calendar of {year} cannot begin on {first_day}")
    if days != (date(year + 1, 1, 1) - first_day).days:
        raise bad(f"{days} days do not end with {year}")
    if not offsets or offsets[0][0] != 0 or offsets[-1][0] > days + LONG_TERM_DAYS:
        raise bad("the offsets do not cover the calendar")
    for before, after in pairwise(offsets):
        if before[0] >= after[0] or before[1] == after[1]:
            raise bad("the offsets are not a run-length list")
    if any(abs(offset) > _MAX_OFFSET for _, offset in offsets):
        raise bad("an offset is more than a day")
    calendar = CalendarTable(first_day, days, tuple(offsets))
    starts = calendar.starts()
    # In order, so that no later day, whatever its offset, is before the year's end: a lot cannot turn long early.
    if any(a > b for a, b in pairwise(starts)):
        raise bad("a day begins before the one before it")
    if starts[0] < 0 or starts[-1] >= END_OF_TIME:
        raise bad("the calendar is outside the range of times")
    return calendar


@lru_cache(maxsize=16)
def check_zone(calendar: CalendarTable, timezone: str, until: date | None = None) -> bool:
    """Whether every listed day begins when it does in the zone, as this machine knows it.

    Reject(STATEMENT_CALENDAR) if one up to the year's end does not, Reject(STATEMENT_ZONE) if the zone is unknown here.
    On later days no total depends, but from when the lots carried out are long term does; and rules for the future
    change. So there the answer may be False, as long as the offset is one that the zone had on a listed day: a reform
    that came after the package. Any other offset is Reject(STATEMENT_ZONE), and so is a wrong day up to `until`, which
    a later link of the chain lists: what was future is past there, and lots carried out may have been long too early.
    """
    try:
        zone = _zone(timezone)
    except (KeyError, ValueError, OSError, TypeError):  # TypeError: a module's name where tzdata is asked
        raise Reject(Reason.STATEMENT_ZONE, f"this machine does not know the time zone {quoted(timezone)}") from None
    wrong = [
        d for d, start in enumerate(calendar.starts()) if first_instant(zone, calendar.first_day + d * _DAY) != start
    ]
    if not wrong:
        return True
    day = calendar.first_day + wrong[0] * _DAY
    why = f"{day} does not begin at that instant in {timezone} as this machine knows it"
    if wrong[0] <= calendar.days:
        raise Reject(Reason.STATEMENT_CALENDAR, why)
    offsets = calendar.by_day()
    known = set(offsets[: calendar.days + 1])
    if any(offsets[d] not in known for d in wrong) or (until is not None and day <= until):
        raise Reject(Reason.STATEMENT_ZONE, why)
    return False


def _zone(name: str) -> ZoneInfo:
    """A zone of the IANA database. KeyError for what else lies in a machine's folder of zones: the machine's own zone,
    rules without a place, copies with leap seconds.
    """
    if name.partition("/")[0] in NOT_ZONES or not _is_spelled_so(name):
        raise KeyError(name)
    return ZoneInfo(name)


def _is_spelled_so(name: str) -> bool:
    """Whether a zone's name has exactly these letters: some file systems ignore case."""
    for root in TZPATH:
        folder = Path(root)
        for part in name.split("/"):
            if not folder.is_dir() or all(entry.name != part for entry in folder.iterdir()):
                break
            folder /= part
        else:
            return folder.is_file()
    from importlib import resources

    try:
        listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    except (ModuleNotFoundError, OSError):
        return False
    return name in listed.splitlines()


def first_instant(zone: ZoneInfo, day: date) -> int:
    """The first instant (ms) whose local time in the zone is at or past the midnight that begins `day`."""
    midnight = datetime.combine(day, time.min)
    guess = midnight.replace(tzinfo=zone)  # of two midnights the earlier (fold 0)
    utc = guess.astimezone(UTC)
    ahead = int((utc.astimezone(zone).replace(tzinfo=None) - midnight).total_seconds())
    if ahead > 0:
        # There is no such midnight. Clocks sprang over it at most `ahead` seconds ago: find that second.
        low, high = -ahead, 0  # local time is before midnight at low, at or past it at high
        while high - low > 1:
            middle = (low + high) // 2
            local = (utc + timedelta(seconds=middle)).astimezone(zone).replace(tzinfo=None)
            low, high = (low, middle) if local >= midnight else (middle, high)
        utc += timedelta(seconds=high)
    return int(utc.timestamp()) * 1000
