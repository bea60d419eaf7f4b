"""The front of the ledger: orders the trades, cuts them at the end of the year, and picks an engine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, timedelta
from operator import attrgetter
from typing import Literal

from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.machine import run_plain
from zkharvest.ledger.results import LedgerRun, Totals
from zkharvest.ledger.rules import Election
from zkharvest.trades.model import Trade, in_order

Engine = Literal["auto", "plain", "fast"]
FAST_FROM = 50_000  # trades; below, loading the compiled kernels takes longer than the plain run


def run_ledger(
    trades: Iterable[Trade], election: Election, *, until: date | None = None, engine: Engine = "auto"
) -> LedgerRun:
    """Compute gains, losses and inventory under an election, exactly.

    Trades at or after the end of the tax year are left alone; with `until`, those after that local day instead.
    Every engine gives identical results. Raises InputError where the trades cannot be run, with all flaws that a trade
    has by itself, or else the first that the lots held give rise to (such as a disposal of more than is held).
    """
    ordered = in_order(trades)
    calendar = Calendar(election.timezone)
    window = calendar.year_window(election.year)
    cut = window[1] if until is None else calendar.first_instant(until + timedelta(days=1))
    count = bisect_left(ordered, cut, key=attrgetter("time"))
    ran, later = ordered[:count], len(ordered) - count
    if engine == "fast" or (engine == "auto" and count >= FAST_FROM):
        from zkharvest.ledger.fast import run_fast  # numba only where it pays

        return run_fast(ran, election, window, cut, later)
    disposals, open_lots = run_plain(ran, election, window)
    return LedgerRun(election, ran, later, window, cut, Totals.of(disposals), lambda: disposals, lambda: open_lots)
