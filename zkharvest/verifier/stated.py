"""What a statement says whatever its circuit: circuit, calendar, and how long texts may be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from zkharvest.verifier.calendar import CalendarTable, make_calendar
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.values import day_of, fields, text
from zkharvest.verifier.wire import Value

HOLDING = "us-1222"
MAX_CIRCUIT_ID = 100
MAX_AUDIENCE = 200
MAX_NONCE = 32
MAX_DAYS = 1 << 15
"""Days of a calendar, 89 years of them: what is read for every link of a package is bounded."""


def circuit_of(statement: Mapping[str, Value]) -> tuple[str, bytes]:
    """(id, digest) of the circuit that a statement names: needed before the rest can be understood."""
    match statement.get("circuit"):
        case {"id": str(name), "digest": bytes(digest), **others} if not others and len(digest) == 32:
            return text(name, "circuit", MAX_CIRCUIT_ID), digest
        case _:
            raise fields("circuit")


def calendar_of(value: Value, year: int | None) -> CalendarTable:
    """The calendar up to the end of the tax year; without one, up to the end of whatever year it ends with."""
    match value:
        case {"first_day": str(first_day), "days": int(days), "offsets": list(offsets), **others} if not others:
            pass
        case _:
            raise fields("calendar")
    runs = []
    for run in offsets:
        match run:
            case [int(begin), int(offset)] if not isinstance(begin, bool) and not isinstance(offset, bool):
                runs.append((begin, offset))
            case _:
                raise fields("calendar.offsets")
    if isinstance(days, bool):
        raise fields("calendar")
    first = day_of(first_day, "calendar.first_day")
    if not 1 <= days <= MAX_DAYS:  # before they are listed
        raise Reject(Reason.STATEMENT_CALENDAR, f"{days} days, not 1..{MAX_DAYS}")
    return make_calendar(first, days, runs, _last_year(first, days) if year is None else year)


def _last_year(first: date, days: int) -> int:
    """The year of the last of so many days."""
    last = first.toordinal() + days - 1
    if last > date(date.max.year - 1, 12, 31).toordinal():  # the year after is asked for, too
        raise Reject(Reason.STATEMENT_CALENDAR, f"there are no {days} days from {first} on")
    return date.fromordinal(last).year
