"""The shipped example: for every method, pooling and year, the link states what `ledger report` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.figures import stated
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.trades import load_trades
from zkharvest.workflow.links import Wanted, prepare_links
from zkharvest.workflow.own_folder import commit_pages

TRADES = Path(__file__).parents[2] / "examples" / "taxpayer" / "trades.csv"


@pytest.fixture(scope="module")
def trades():
    return load_trades(TRADES)


@pytest.fixture(scope="module")
def own(trades):
    return commit_pages(trades, currency="USD", seed=bytes(range(32)))


@pytest.mark.parametrize("year", [2023, 2024, 2025])
@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("method", Method)
def test_the_example_s_totals_are_those_of_the_report(trades, own, method, pooling, year):
    election = Election(method, pooling, "America/New_York", year)
    pages = [(opening.header.label, opening) for opening in own.openings]
    (link,) = prepare_links(pages, Wanted([election], preset="test"), book=own.decided())
    plain, fast = (run_ledger(trades, election, engine=engine) for engine in ("plain", "fast"))
    assert plain.totals == fast.totals
    assert plain.disposals == fast.disposals
    assert stated(link.statement) == dict(plain.totals)
    assert plain.totals.basis == plain.totals.proceeds - plain.totals.gain
