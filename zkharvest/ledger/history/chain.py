"""Windows in a row: the run of a history from one standing to the next, as a chain of statements has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from zkharvest.collecting import without_collecting
from zkharvest.errors import UsageError
from zkharvest.ledger.calendar import Calendar

from .decisions import WITHDRAWAL_KINDS, Decisions, check_decisions
from .machine import Run, run_plain
from .matching import Moves, match_moves
from .order import Window, in_turn, pages_of
from .records import IN_TRANSIT, Does, History, Place
from .standing import Standing

Engine = Literal["auto", "plain", "fast"]
FAST_FROM = 50_000  # records; below, loading the compiled kernels takes longer than the plain run


def moves_of(
    history: History, decisions: Decisions, windows: Sequence[Window], opening: Standing | None = None
) -> Moves:
    """The moves of a history that is worked in these windows. Raises InputError as `match_moves`, `check_decisions`."""
    calendar = Calendar(windows[0].zone)
    check_decisions(history, decisions, lambda instant: calendar.date_of(instant).toordinal())
    edges = sorted({edge for window in windows for edge in (window.start, window.end)})
    since, sent = (opening.instant, opening.in_transit()) if opening is not None else (0, [])
    return match_moves(history, decisions, edges=edges, since=since, sent=sent)


def run_windows(
    history: History,
    decisions: Decisions,
    windows: Sequence[Window],
    opening: Standing | None = None,
    *,
    engine: Engine = "auto",
) -> list[Run]:
    """Work one window after the other, each from the standing that the one before led to; every engine does the same.

    Raises InputError with what cannot be worked in the first window that has any such thing, UsageError for windows
    that do not abut.
    """
    for before, window in zip([None, *windows], windows, strict=False):
        begin = before.end if before is not None else opening.instant if opening is not None else window.start
        if window.start != begin:
            raise UsageError("the windows do not follow each other", "each begins where the one before it ends")
    fast = engine == "fast" or (engine == "auto" and sum(map(len, history.records)) >= FAST_FROM)
    runs: list[Run] = []
    with without_collecting():
        moves = moves_of(history, decisions, windows, opening)
        transit = in_transit(history, decisions)
        for window in windows:
            turns = in_turn(history, window, moves, transit, opening)
            runs.append(_run(fast)(history, window, pages_of(history, window), turns, decisions, opening))
            opening = runs[-1].closing
    return runs


def _run(fast: bool) -> Callable[..., Run]:
    if not fast:
        return run_plain
    from .machine_fast import run_fast  # numba only where it pays

    return run_fast


def in_transit(history: History, decisions: Decisions) -> dict[Place, int]:
    """The withdrawals of which the owner says that they are to arrive behind the last page, and how much they are."""
    found = {}
    for place, decided in decisions.items():
        record = history.at(place)
        if WITHDRAWAL_KINDS.get(decided.kind) == IN_TRANSIT and record is not None and record.does is Does.OUT:
            found[place] = record.quantity
    return found
