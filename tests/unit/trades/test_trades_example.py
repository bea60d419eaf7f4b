"""The shipped example: made again byte for byte, imported byte for byte, and good for every method."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.trades import Kind, load_trades
from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.importers import Answers, import_exports

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FOLDER = EXAMPLES / "taxpayer"
EXPORTS = [FOLDER / name for name in ("coinbase.csv", "kraken-ledgers.csv", "deribit.csv")]
ANSWERS = Answers(prices=[FOLDER / "prices.csv"], lots=FOLDER / "lots.csv")

NET_2025 = {  # dollars, as examples/README.md states them
    ("fifo", "wallet"): "-20,410.43",
    ("lifo", "wallet"): "-32,503.11",
    ("hifo", "wallet"): "-34,525.15",
    ("lofo", "wallet"): "-20,607.34",
    ("specific", "wallet"): "-34,671.07",
    ("fifo", "universal"): "-4,491.52",
    ("lifo", "universal"): "-32,956.67",
    ("hifo", "universal"): "-35,584.20",
    ("lofo", "universal"): "-4,332.60",
    ("specific", "universal"): "-34,671.07",
}


@pytest.fixture(scope="module")
def trades():
    return load_trades(FOLDER / "trades.csv")


def test_the_import_is_the_shipped_file(trades) -> None:
    made = import_exports(EXPORTS, answers=ANSWERS)
    assert trades_to_text(made.trades).encode() == (FOLDER / "trades.csv").read_bytes()
    assert made.trades == trades


def test_the_order_of_the_files_makes_no_difference(trades) -> None:
    made = import_exports(EXPORTS[::-1], answers=ANSWERS)
    assert trades_to_text(made.trades).encode() == (FOLDER / "trades.csv").read_bytes()


def test_the_exports_are_made_by_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    try:
        import make_example

        for name, text in make_example.files().items():
            assert text.encode() == (FOLDER / name).read_bytes(), name
        plain = import_exports(EXPORTS, answers=Answers(prices=[FOLDER / "prices.csv"]))
        books = make_example.table(["trade", "lots"], make_example.identify(plain.trades))
        assert books.encode() == (FOLDER / "lots.csv").read_bytes()
    finally:
        for name in ("make_example", "venues"):
            sys.modules.pop(name, None)


@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("method", Method)
def test_every_regime_runs_and_ends_in_the_stated_loss(trades, method: Method, pooling: Pooling) -> None:
    totals = run_ledger(trades, Election(method, pooling, "America/New_York", 2025), engine="plain").totals
    net = totals.short_term_gain - totals.short_term_loss + totals.long_term_gain - totals.long_term_loss
    cents = (abs(net) + 500_000) // 1_000_000
    assert f"-{cents // 100:,}.{cents % 100:02d}" == NET_2025[method.value, pooling.value]
    assert net < 0
    text = (EXAMPLES / "README.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith(f"| {method.value} "))
    assert NET_2025[method.value, pooling.value] in row


def test_it_has_what_it_says(trades) -> None:
    assert len(trades) == 451
    assert {trade.kind for trade in trades} == set(Kind) - {Kind.DEPOSIT, Kind.WITHDRAW, Kind.CONVERT}
    assert {trade.source for trade in trades} == {"coinbase", "kraken", "deribit"}
    moves = {(trade.source, trade.to) for trade in trades if trade.kind is Kind.TRANSFER}
    assert {("coinbase", "kraken"), ("kraken", "coinbase"), ("coinbase", "deribit"), ("deribit", "kraken")} <= moves
    times = [trade.time for trade in trades]
    assert len(times) - len(set(times)) > 100  # same instants
    assert any(trade.time // 86_400_000 == 19_782 and trade.kind is Kind.BUY for trade in trades)  # 2024-02-29
    assert min(trade.quantity for trade in trades) <= 10**10
    assert any(trade.kind is Kind.SELL and trade.fee > trade.amount for trade in trades)
    assert any(trade.id.endswith("-open") and trade.kind is Kind.BUY and "-C" in trade.asset for trade in trades)
    shorts = {trade.asset for trade in trades if trade.kind is Kind.SHORT}
    assert any(trade.kind is Kind.EXPIRE and trade.asset in shorts for trade in trades)
    assert any(trade.kind is Kind.EXPIRE and trade.asset not in shorts for trade in trades)
