"""Countries: average cost beside the lot methods, named totals, and elections that a law does not allow."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings

from tests.support.ledgers import ledgers
from tests.support.make import COIN, UNIT, trade
from zkharvest.errors import UsageError
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.ledger.regimes import REGIMES, find
from zkharvest.ledger.report import lots_json, report_json
from zkharvest.trades.model import CLOSES_LOT, Kind, Trade

CANADA = Election(None, Pooling.UNIVERSAL, "America/Toronto", 2025, "canada")
AVERAGE = Election(None, Pooling.WALLET, "UTC", 2025, "average")


def test_a_textbook_s_example_of_average_cost() -> None:
    """Introduction to Canadian tax (Kwantlen Polytechnic University, kpu.pressbooks.pub/intercdntax), question 17:
    1,000 for 25,000 and 1,111 for 24,998; 1,001 of them cost 23,708; the rest 23.68 each."""
    trades = [
        trade("2024-01-02", "w/1", "buy", 1000, 25_000),
        trade("2024-02-02", "v/2", "buy", 1111, 24_998),
        trade("2025-03-02", "w/3", "sell", 1001, 30_000, 10),
    ]
    run = run_ledger(trades, CANADA)
    (part,) = run.disposals
    assert (round(part.basis / COIN), part.term) == (23_708, "")
    assert part.gain == 29_990 * COIN - part.basis
    assert run.totals["net"] == run.totals["gains"] == part.gain
    (lot,) = run.open_lots
    assert lot.quantity == 1110 * UNIT
    assert round(lot.value / COIN / 1110, 2) == 23.68
    assert not hasattr(run.totals, "short_term_gain")


def test_a_purchase_after_a_sale_changes_the_average_of_what_is_left() -> None:
    """By hand, in the way of canada.ca, "Identical properties": disposals do not affect the cost of a unit."""
    trades = [
        trade("2024-01-02", "w/1", "buy", 100, 1500),
        trade("2024-02-02", "v/2", "buy", 150, 3000),
        trade("2025-03-02", "w/3", "sell", 200, 4000, 10),
        trade("2025-04-02", "w/4", "buy", 350, 7350),
    ]
    run = run_ledger(trades, CANADA)
    assert [(part.basis, part.gain) for part in run.disposals] == [(3600 * COIN, 390 * COIN)]
    (lot,) = run.open_lots
    assert (lot.quantity, lot.value) == (400 * UNIT, 8250 * COIN)


def test_average_cost_by_wallet_moves_its_share() -> None:
    trades = [
        trade("2024-01-02", "w/1", "buy", 1, 10),
        trade("2024-01-03", "w/2", "buy", 1, 20),
        trade("2024-01-04", "v/3", "buy", 1, 45),
        trade("2024-01-05", "w/4", "transfer", 1, to="v"),
        trade("2025-01-06", "v/5", "sell", 1, 40),
    ]
    run = run_ledger(trades, AVERAGE)
    assert [(part.basis, part.gain) for part in run.disposals] == [(30 * COIN, 10 * COIN)]
    assert [(lot.pool.wallet, lot.quantity, lot.value) for lot in run.open_lots] == [
        ("v", UNIT, 30 * COIN),
        ("w", UNIT, 15 * COIN),
    ]


@settings(max_examples=80, deadline=None)
@given(ledgers())
def test_average_cost_is_the_mean_of_what_is_held(trades: list[Trade]) -> None:
    """Against exact fractions: each disposal's basis is within one unit of its share of the whole cost."""
    run = run_ledger(trades, Election(None, Pooling.UNIVERSAL, "UTC", 2500, "average"))
    cost: dict[tuple[str, int], int] = {}
    held: dict[tuple[str, int], int] = {}
    parts = {part.trade: part for part in run.disposals}
    assert len(parts) == sum(one.kind in CLOSES_LOT for one in trades)
    for place, one in enumerate(run.trades):
        if one.kind is Kind.TRANSFER:
            continue
        short = one.kind in (Kind.SHORT, Kind.COVER) or (place in parts and parts[place].side == 1)
        key = (one.asset, int(short))
        if place in parts:
            part = parts[place]
            value = part.proceeds if short else part.basis
            assert 0 <= Fraction(cost[key] * one.quantity, held[key]) - value < 1
            cost[key], held[key] = cost[key] - value, held[key] - one.quantity
        else:
            value = one.amount - one.fee if short else one.amount + one.fee
            cost[key], held[key] = cost.get(key, 0) + value, held.get(key, 0) + one.quantity
    assert sum(cost.values()) == sum(lot.value for lot in run.open_lots)
    assert run.totals["net"] == run.totals["gain"]


def test_a_report_says_which_rules_it_leaves_out() -> None:
    run = run_ledger([trade("2024-01-02", "w/1", "buy", 1, 10)], CANADA)
    report = report_json(run)
    assert (report["regime"], report["method"], report["pooling"]) == ("canada", "average", "universal")
    assert "superficial losses" in report["not_applied"][0]
    assert lots_json(run)["lots"][0]["basis"] == "10.00000000"


@pytest.mark.parametrize(
    ("election", "message"),
    [
        (Election(Method.FIFO, Pooling.UNIVERSAL, "UTC", 2025, "canada"), "Canada does not know the method fifo"),
        (Election(None, Pooling.WALLET, "UTC", 2025, "canada"), "Canada does not pool lots by wallet"),
        (Election(None, Pooling.WALLET, "UTC", 2025), "United States: no method given"),
        (Election(None, Pooling.WALLET, "UTC", 2025, "mars"), 'unknown regime "mars"'),
    ],
)
def test_elections_that_the_law_does_not_allow(election: Election, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run_ledger([trade("2024-01-02", "w/1", "buy", 1, 10)], election)


def test_every_regime_describes_itself() -> None:
    for name, regime in REGIMES.items():
        assert find(name) is regime
        assert regime.title
        assert regime.poolings
        assert type(regime).__doc__
