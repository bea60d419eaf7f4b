"""The records of a window in the order in which the machine works them, and what each does there.

Strictly by (time, late, page, position). A deposit whose clock is at or behind its withdrawal's is late: it is worked
at the withdrawal's instant, behind all else of that instant (docs/lot-machine-v2.md, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.rules import Method, Pooling
from zkharvest.trades.text import format_time

from .matching import Moves
from .records import Does, History, Page, Place, Record, describe, rows_of
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
    listed = {page: n for n, page in enumerate(pages_of(history, window))}
    halves = _Halves(history, window, moves, transit, opening)
    turns: list[Turn] = []
    keys: list[int] = []  # twice the instant, and 1 more for what is late there
    for page, records, moving in zip(history.pages, history.records, history.moving, strict=True):
        if page in listed:
            on_page = _on_page(page, listed[page], records, window)
            keys_on_page = [2 * record.time for record in records]
            for position in (record.position for record in moving):
                on_page[position] = turn = halves.known(on_page[position])
                keys_on_page[position] = 2 * turn.worked + turn.late
            turns += on_page
            keys += keys_on_page
    if halves.problems:
        raise InputError(halves.problems)
    # Stable: what is worked at one instant stays in the order of pages and positions.
    return [turns[n] for n in sorted(range(len(turns)), key=keys.__getitem__)]


def _on_page(page: Page, number: int, records: Sequence[Record], window: Window) -> list[Turn]:
    """The turns of a page's records in its own order, as if none were half of a move."""
    count, start, end = len(records), window.start, window.end
    skipped = [not start <= record.time < end for record in records]
    places = rows_of(Place, *(repeat(name, count) for name in page.place), range(count))
    zeros = [0] * count  # neither late nor shifted, and nothing is moved
    return list(rows_of(
        Turn, records, places, repeat(number, count), zeros, zeros, skipped, repeat(None, count), zeros
    ))  # fmt: skip


class _Halves:
    """What is known of withdrawals and deposits, and the problems that come up where something is not."""

    def __init__(
        self,
        history: History,
        window: Window,
        moves: Moves,
        transit: Mapping[Place, int],
        opening: Standing | None,
    ) -> None:
        self.history, self.window, self.moves, self.transit = history, window, moves, transit
        self.received = {out: come for come, out in moves.arrivals.items()}
        self.carried = {token.sent: token.time for token in (opening.tokens if opening else ()) if token.sent}
        self.problems: list[Problem] = []

    def known(self, turn: Turn) -> Turn:
        """The turn of a withdrawal or deposit with what it moves, and when."""
        record, place, page = turn.record, turn.place, turn.page
        if turn.skipped:
            return turn
        if record.does is Does.OUT:
            come = self.received.get(place)
            arrived = self.history.at(come) if come is not None else None
            moved = arrived.quantity if arrived is not None else self.transit.get(place, 0)
            return Turn(record, place, page, sent=place, moved=moved) if moved else turn
        out = self.moves.arrivals.get(place)
        if out is None:
            return turn
        sent = self.history.at(out)
        time = sent.time if sent is not None and sent.time >= self.window.start else self.carried.get(out)
        if time is None:
            self.problems.append(_lost(self.history, record, out, self.window))
            return turn
        late = int(record.time <= time)
        return Turn(record, place, page, late, (time - record.time) * late, sent=out)


def _lost(history: History, record: Record, out: Place, window: Window) -> Problem:
    return Problem(
        history.where(record),
        f"{describe(record)} is of the withdrawal {out}, which was worked before {format_time(window.start)} "
        "and is not in transit in the standing",
        "make the standing again with this deposit's page, or let it be no move: match none",
    )
