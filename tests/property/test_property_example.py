"""The shipped example: for every method, pooling and year, the proof states what `ledger report` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import statement
from zkharvest.circuit.lot_machine.v1.witness import make_witness, operations_of
from zkharvest.commitment.opening import commit
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.spec import TOTALS
from zkharvest.trades import load_trades

TRADES = Path(__file__).parents[2] / "examples" / "taxpayer" / "trades.csv"


@pytest.fixture(scope="module")
def opening():
    return commit(load_trades(TRADES), currency="USD", seed=statement.SEED)


@pytest.mark.parametrize("year", [2023, 2024, 2025])
@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("method", Method)
def test_the_example_s_totals_are_those_of_the_report(opening, method, pooling, year):
    election = Election(method, pooling, "America/New_York", year)
    stated = make_witness(opening, operations_of(opening, election), definition=statement.definition()).totals
    plain, fast = (run_ledger(opening.trades, election, engine=engine) for engine in ("plain", "fast"))
    assert plain.totals == fast.totals
    assert plain.disposals == fast.disposals
    told = plain.totals
    expected = (told.short_term_gain, told.short_term_loss, told.long_term_gain, told.long_term_loss, told.proceeds)
    assert tuple(stated[b] for b in TOTALS) == expected
    assert told.basis == told.proceeds - told.gain
