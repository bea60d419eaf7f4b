"""The front of the ledger: orders the trades, cuts them at the end of the year, and picks an engine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import Literal

from zkharvest.errors import InputError, UsageError
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.engine_plain import Ledger
from zkharvest.ledger.regimes import regime_of
from zkharvest.ledger.results import Disposal, LedgerRun, disposals_of, open_lots_of, totals_of
from zkharvest.ledger.rules import Election
from zkharvest.trades.model import Kind, Trade, in_order

Engine = Literal["auto", "plain", "fast"]
FAST_FROM = 50_000  # trades; below, loading the compiled kernels takes longer than the plain run


def run_ledger(
    trades: Iterable[Trade], election: Election, *, until: date | None = None, engine: Engine = "auto"
) -> LedgerRun:
    """Compute gains, losses and inventory under an election, exactly.

    Trades at or after the end of the tax year are left alone; with `until`, those after that local day instead.
    Every engine gives identical results. Raises InputError where the trades cannot be run, with all flaws that trades
    have by themselves, or else everything that the lots held give rise to (such as disposals of more than is held).
    """
    ordered = in_order(trades)
    calendar, law = Calendar(election.timezone), regime_of(election)
    window = law.tax_year(calendar, election.year)
    cut = window[1] if until is None else calendar.first_instant(until + timedelta(days=1))
    count = bisect_left(ordered, cut, key=attrgetter("time"))
    ran, later = ordered[:count], len(ordered) - count
    if (engine == "fast" or (engine == "auto" and count >= FAST_FROM)) and can_run_fast(ran, election):
        from zkharvest.ledger.results_fast import run_fast  # numba only where it pays

        try:
            return run_fast(ran, election, window, cut, later)
        except InputError:  # the compiled engine stops at the first error; the plain one finds them all
            Ledger(election).run(ran)
            raise
    ahead = _ahead(ordered, count, calendar, cut, law.days_ahead)
    ledger = Ledger(election).run(ran, ahead)
    ran = [*ran, *ahead]
    disposals = disposals_of(ledger.book.operations, ran, law, ledger.calendar, window)
    totals = totals_of(disposals, law, ledger.calendar)
    return LedgerRun(
        election, ran, later, window, cut, totals, lambda: disposals, lambda: open_lots_of(ledger.book, ran)
    )


def run_years(trades: Iterable[Trade], elections: Sequence[Election]) -> LedgerRun:
    """The last of several years, each under an election of its own: the lots of one go on into the next.

    `elections` are of years that follow each other; what lies before the first year is run under the first. The run is
    that of the last election, with the disposals of all years. Raises InputError as `run_ledger`, UsageError for years
    with gaps, or for laws that look ahead.
    """
    last = elections[-1]
    for before, after in pairwise(elections):
        same = (before.pooling, before.regime, before.timezone) == (after.pooling, after.regime, after.timezone)
        if after.year != before.year + 1 or not same:
            raise UsageError("the years do not follow each other", "name each year once; only the method may change")
    if len({one.method for one in elections}) == 1:
        return run_ledger(trades, last)
    ordered, calendar, law = in_order(trades), Calendar(last.timezone), regime_of(last)
    if law.days_ahead:
        raise UsageError(f"{law.title}: the law leaves no method that could change", "name one year")
    found: list[Disposal] = []
    window = law.tax_year(calendar, last.year)
    ledger, begin = Ledger(elections[0]), 0
    for election in elections:
        end = bisect_left(ordered, law.tax_year(calendar, election.year)[1], key=attrgetter("time"))
        ledger = Ledger.resumed(election, ordered[:begin], open_lots_of(ledger.book, ledger.trades))
        ledger.run(ordered[begin:end])
        found += disposals_of(ledger.book.operations, ledger.trades, law, calendar, window)
        begin = end
    disposals, final = tuple(found), ledger
    totals = totals_of(disposals, law, calendar)
    return LedgerRun(
        last, ordered[:begin], len(ordered) - begin, window, window[1], totals,
        lambda: disposals, lambda: open_lots_of(final.book, final.trades),
    )  # fmt: skip


def _ahead(ordered: Sequence[Trade], count: int, calendar: Calendar, cut: int, days: int) -> Sequence[Trade]:
    """The trades after the cut that a law which looks `days` ahead must see."""
    if not days:
        return ()
    last_day = calendar.date_of(cut - 1)
    end = calendar.first_instant(last_day + timedelta(days=days + 1))
    return ordered[count : bisect_left(ordered, end, key=attrgetter("time"))]


def ledger_at(run: LedgerRun) -> Ledger:
    """The ledger as it stands where a run stopped, to go on from: `ledger_at(run).copy().step(trade)`.

    Nothing is run again, and copies of it are cheap. Raises UsageError where the law looks ahead.
    """
    return Ledger.resumed(run.election, run.trades, run.open_lots)


def can_run_fast(trades: Iterable[Trade], election: Election) -> bool:
    """Whether the compiled engine knows the regime and all kinds of the trades."""
    return not regime_of(election).merges and Kind.CONVERT not in [trade.kind for trade in trades]
