"""The machine's run of a history is `ledger report` of the same records: three years, every method, both poolings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.lot_machine_v2.histories import YEARS, at, make_history
from tests.support.counts import count
from tests.support.model_histories import decisions_of, history_of, window_of
from zkharvest.ledger.history.as_trades import trades_of, transit_wallet
from zkharvest.ledger.history.chain import run_windows
from zkharvest.ledger.history.decisions import Decision, Pick
from zkharvest.ledger.history.registers import totals_of
from zkharvest.ledger.history.steps import Do
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger, run_years

METHODS = [method.value for method in Method if method is not Method.SPECIFIC]


def lots_of(run):
    """Lots and coins in transit of a run, as the ledger's open lots tell them apart."""
    closing = run.closing
    found = [
        (x.asset, x.place.wallet if x.place else "", int(x.side), x.quantity, x.value, x.unit, date.fromordinal(x.day))
        for x in closing.lots
    ]
    if run.window.pooling is Pooling.WALLET:
        found += [
            (t.asset, transit_wallet(t.sent), 0, t.quantity, t.value, t.unit, date.fromordinal(t.day))
            for t in closing.tokens
        ]
    return sorted(found)


def ledger_lots(run):
    from zkharvest.ledger.calendar import Calendar

    calendar = Calendar(run.election.timezone)
    return sorted(
        (x.pool.asset, x.pool.wallet, int(x.pool.side), x.quantity, x.value, x.unit, calendar.date_of(x.acquired))
        for x in run.open_lots
    )


def as_named(runs, decisions):
    """The decisions with the lots that a run took, named: specific identification of what it did."""
    lots = defaultdict(list)
    for run in runs:
        for step in run.steps:
            if step.do in (Do.TAKE, Do.SEND, Do.DROP) and step.lot is not None:
                lots[run.turns[step.turn].place].append(Pick(step.lot.name, step.part))
    named = dict(decisions)
    for place, picks in lots.items():
        named[place] = replace(named.get(place, Decision()), lots=tuple(picks))
    return named


@given(
    st.integers(0, 10**9),
    st.sampled_from(["wallet", "universal"]),
    st.lists(st.sampled_from([*METHODS, "specific"]), min_size=3, max_size=3),
    st.sampled_from(METHODS),
)
@settings(max_examples=300, deadline=None)
def test_the_ledger_reports_what_the_machine_works(seed, pooling, methods, picker):
    """300 histories of several sources; under specific identification the picks are what another method took."""
    made = make_history(seed)
    history = history_of([page for pages in made.pages.values() for page in pages])
    decisions = decisions_of(made.book)

    def windows(names):
        return [window_of(at(y), at(y + 1), y, m, pooling) for y, m in zip(YEARS, names, strict=True)]

    if "specific" in methods:
        chosen = [picker if method == "specific" else method for method in methods]
        decisions = as_named(run_windows(history, decisions, windows(chosen)), decisions)
    runs = run_windows(history, decisions, windows(methods))
    trades = [trade for run in runs for trade in trades_of(run.turns, decisions, Pooling(pooling))]
    elections = [Election(Method(m), Pooling(pooling), "UTC", y) for y, m in zip(YEARS, methods, strict=True)]
    for number, run in enumerate(runs, start=1):
        reported = run_years(trades, elections[:number])
        assert totals_of(run.registers) == dict(reported.totals)
        assert lots_of(run) == ledger_lots(reported)
    if len(set(methods)) == 1:
        fast = run_ledger(trades, elections[-1], engine="fast")
        assert (dict(fast.totals), ledger_lots(fast)) == (dict(reported.totals), ledger_lots(reported))
    count("multi-source histories of three years, machine against report", 1)


@pytest.mark.parametrize("pooling", ["wallet", "universal"])
def test_named_lots_do_what_the_method_did_that_named_them(pooling):
    """HIFO 2023, and then its own picks: the same disposals one by one."""
    made = make_history(11)
    history = history_of([page for pages in made.pages.values() for page in pages])
    decisions = decisions_of(made.book)
    windows = [window_of(at(y), at(y + 1), y, "hifo", pooling) for y in YEARS]
    runs = run_windows(history, decisions, windows)
    named = as_named(runs, decisions)
    again = run_windows(history, named, [replace(one, method=Method.SPECIFIC) for one in windows])
    for one, other in zip(runs, again, strict=True):
        taken = [
            [(s.do, s.turn, s.part, s.part_value, s.close_value, s.lot and s.lot.order) for s in run.steps if s.do < 8]
            for run in (one, other)
        ]
        assert sorted(map(str, taken[0])) == sorted(map(str, taken[1]))
        assert one.registers == other.registers
