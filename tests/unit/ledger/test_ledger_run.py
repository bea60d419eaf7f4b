"""The front of the ledger: order, cut, engine."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from random import Random

import pytest

from tests.support.ledgers import random_ledger
from tests.support.make import trade, units
from zkharvest.ledger import Election, Method, Pooling, run, run_ledger

REGIME = Election(Method.FIFO, Pooling.WALLET, "America/New_York", 2025)


def test_trades_are_put_in_order_of_time() -> None:
    sale, buy = trade("2025-02-01", "s", "sell", 1, 3), trade("2025-01-02", "b", "buy", 1, 1)
    result = run_ledger(iter([sale, buy]), REGIME)
    assert list(result.trades) == [buy, sale]
    assert (result.disposals[0].trade, result.disposals[0].lot) == (1, 0)


def test_inventory_of_a_day() -> None:
    trades = [
        trade("2025-01-02", "b", "buy", 3, 1),
        trade("2025-03-31T23:59-04:00", "s1", "sell", 1, 3),
        trade("2025-04-01T00:00-04:00", "s2", "sell", 1, 3),
    ]
    until = run_ledger(trades, REGIME, until=date(2025, 3, 31))
    assert [lot.quantity for lot in until.open_lots] == [units(2)]
    assert (until.later, len(until.disposals)) == (1, 1)
    assert run_ledger(trades, REGIME, until=date(2026, 3, 31)).open_lots[0].quantity == units(1)


def test_a_day_after_the_year_does_not_add_to_its_totals() -> None:
    trades = [trade("2025-01-02", "b", "buy", 3, 1), trade("2026-02-01", "s", "sell", 1, 3)]
    later = run_ledger(trades, REGIME, until=date(2026, 12, 31))
    assert [part.in_year for part in later.disposals] == [False]
    assert later.totals.proceeds == 0


def test_results_are_made_once() -> None:
    for engine in ("plain", "fast"):
        result = run_ledger(random_ledger(Random(1), 40), REGIME, engine=engine)
        assert result.disposals is result.disposals
        assert result.open_lots is result.open_lots


@pytest.mark.parametrize(("threshold", "expected"), [(39, "fast"), (40, "fast"), (41, "plain")])
def test_the_engine_goes_by_size(threshold: int, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    monkeypatch.setattr(run, "FAST_FROM", threshold)

    class Spy(run.Ledger):
        def __init__(self, election: Election) -> None:
            used.append("plain")
            super().__init__(election)

    monkeypatch.setattr(run, "Ledger", Spy)
    run_ledger(random_ledger(Random(1), 40), Election(Method.FIFO, Pooling.WALLET, "UTC", 2400))
    assert used == (["plain"] if expected == "plain" else [])


def test_the_plain_ledger_loads_no_array_library() -> None:
    code = (
        "import sys, zkharvest.ledger, zkharvest.ledger.report as r;"
        "print([m for m in ('numpy', 'numba', 'galois', 'py_ecc', 'cryptography') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
