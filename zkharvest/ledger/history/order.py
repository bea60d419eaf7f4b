"""The records of a window in the order in which the machine works them, and what each does there.

Strictly by (time, late, page, position). A deposit whose clock is at or behind its withdrawal's is late: it is worked
at the withdrawal's instant, behind all else of that instant (docs/lot-machine-v2.md, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.rules import Method, Pooling
from zkharvest.trades.text import format_time

from .matching import Moves
from .records import Does, History, Page, Place, Record, describe
from .standing import Standing


@dataclass(frozen=True, slots=True)
class Window:
    """What a link states that the run needs: [start, end) in ms, the tax year counted in it, method, pooling, zone.

    `covered_since` is the ordinal of the first day whose purchases are covered, where they were never moved.
    """

    start: int
    end: int
    year: int
    method: Method
    pooling: Pooling
    zone: str
    covered_since: int = 0

    def counted(self, calendar: Calendar) -> tuple[int, int]:
        """The tax year's first instant and the first of the next."""
        return calendar.year_window(self.year)


class Turn(NamedTuple):
    """A record in its turn. `page` is its place in the link's list, `late` 0 or 1, `shift` in ms.

    `skipped`: outside the window, worked by another link. `sent`: of a deposit the withdrawal that it is of; of a
    withdrawal itself, if something of it arrives or is in transit. `moved`: of a withdrawal how much of it.
    """

    record: Record
    place: Place
    page: int
    late: int = 0
    shift: int = 0
    skipped: bool = False
    sent: Place | None = None
    moved: int = 0

    @property
    def worked(self) -> int:
        """The instant at which it is worked, in ms."""
        return self.record.time + self.shift


def pages_of(history: History, window: Window) -> tuple[Page, ...]:
    """The pages of a link, in the order of a statement: those that reach into its window."""
    return tuple(page for page in history.pages if page.start < window.end and page.end > window.start)


def in_turn(
    history: History,
    window: Window,
    moves: Moves,
    transit: Mapping[Place, int],
    opening: Standing | None,
) -> list[Turn]:
    """Every record of the window's pages in its turn.

    `transit` says of withdrawals how much of them the owner states is in transit. Raises InputError for a deposit whose
    withdrawal was worked before the opening standing and is not in transit there.
    """
    start, end = window.start, window.end
    listed = {page: n for n, page in enumerate(pages_of(history, window))}
    received = {out: come for come, out in moves.arrivals.items()}
    carried = {token.sent: token.time for token in (opening.tokens if opening else ()) if token.sent}
    found: list[tuple[int, int, int, int, Turn]] = []  # each behind what it is ordered by, no two of which are alike
    problems: list[Problem] = []
    for page, records in zip(history.pages, history.records, strict=True):
        number = listed.get(page)
        if number is None:
            continue
        source, account, count = page.source, page.account, page.number
        for record in records:
            position, at, does = record.position, record.time, record.does
            place = Place._make((source, account, count, position))
            late, shift = 0, 0
            if not start <= at < end:
                turn = Turn(record, place, number, skipped=True)
            elif does is Does.IN and (out := moves.arrivals.get(place)) is not None:
                sent = history.at(out)
                time = sent.time if sent is not None and sent.time >= window.start else carried.get(out)
                if time is None:
                    problems.append(_lost(history, record, out, window))
                    continue
                late = int(at <= time)
                shift = (time - at) * late
                turn = Turn(record, place, number, late, shift, sent=out)
            elif does is Does.OUT:
                come = received.get(place)
                arrived = history.at(come) if come is not None else None
                moved = arrived.quantity if arrived is not None else transit.get(place, 0)
                turn = Turn(record, place, number, sent=place if moved else None, moved=moved)
            else:
                turn = Turn._make((record, place, number, 0, 0, False, None, 0))
            found.append((at + shift, late, number, position, turn))
    if problems:
        raise InputError(problems)
    found.sort()
    return [turn for *_, turn in found]


def _lost(history: History, record: Record, out: Place, window: Window) -> Problem:
    return Problem(
        history.where(record),
        f"{describe(record)} is of the withdrawal {out}, which was worked before {format_time(window.start)} "
        "and is not in transit in the standing",
        "make the standing again with this deposit's page, or let it be no move: match none",
    )
