"""A trades CSV and the pages and book made of it are one ledger: report, lots and figures to the last digit."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.counts import count
from tests.support.ledgers import random_ledger
from tests.support.make import at
from zkharvest.files.book import Book, book_text, parse_book
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.model import Kind, Trade
from zkharvest.workflow.histories import history_of, report
from zkharvest.workflow.own_pages import own_pages
from zkharvest.workflow.pages import Period

ASSETS = {"A0": "slip44:900", "A1": "slip44:901"}
SEED = bytes(range(32))
BEGIN = at("2020-01-01")


def spread(trades: list[Trade]) -> list[Trade]:
    """At instants of their own: at one instant pages have another order than a file, and deposits come last."""
    found, last = [], BEGIN
    for trade in trades:
        last = max(trade.time, last + 1)
        found.append(replace(trade, time=last, id=f"{trade.id}-{last}" if trade.kind is Kind.TRANSFER else trade.id))
    return found


def with_deposits(rng: Random, trades: list[Trade]) -> list[Trade]:
    """Some purchases as deposits of declared basis, day or neither, and some sales as withdrawals."""
    found = []
    for trade in trades:
        if trade.kind is Kind.BUY and trade.amount and rng.random() < 0.3:
            acquired = rng.choice((None, trade.time - 86_400_000 * rng.randrange(700)))
            amount = rng.choice((trade.amount, 0))
            trade = replace(trade, kind=Kind.DEPOSIT, fee=0, amount=amount, acquired=acquired)  # noqa: PLW2901
        elif trade.kind is Kind.SELL and rng.random() < 0.3:
            category = rng.choice(("", "gift", "lost"))
            trade = replace(trade, kind=Kind.WITHDRAW, fee=0, amount=0, category=category)  # noqa: PLW2901
        found.append(trade)
    return found


def shown(run, zone):
    calendar = Calendar(zone)
    lots = sorted(
        (x.pool.asset, x.pool.wallet, x.pool.side, x.quantity, x.value, x.unit, calendar.date_of(x.acquired))
        for x in run.open_lots
    )
    parts = [(x.quantity, x.proceeds, x.basis, x.term, x.in_year) for x in run.disposals]
    return dict(run.totals), lots, sorted(parts)


@given(st.integers(0, 10**9), st.sampled_from(list(Method)), st.sampled_from(["UTC", "America/New_York"]))
@settings(max_examples=120, deadline=None)
@example(45510, Method.FIFO, "UTC")  # a withdrawal that two deposits fit, one after the other
def test_pages_of_ones_own_are_the_ledger_of_the_file(seed, method, zone):
    rng = Random(seed)
    trades = with_deposits(rng, spread(random_ledger(rng, 40)))
    last = trades[-1].time + 1
    period = Period("", BEGIN, last, "USD")
    made = own_pages(trades, period, SEED, ASSETS, zone)
    openings = [(one.opening.header.label, one.opening) for one in made.made]
    rng.shuffle(openings)
    book = parse_book(book_text(made.lines), "book.csv")
    named = {name: asset for asset, name in ASSETS.items()}
    year = int(Calendar(zone).date_of(last).year)
    election = Election(method, Pooling.WALLET, zone, year)
    own = report(history_of(openings), Book(book.decisions, book.stated), [election])
    theirs = run_ledger(trades, election)
    totals, lots, parts = shown(own, zone)
    lots = sorted((named[asset], wallet.removesuffix("/own"), *rest) for asset, wallet, *rest in lots)
    assert (totals, lots, parts) == shown(theirs, zone)
    count("trades CSVs held against pages and a book made of them", 1)
