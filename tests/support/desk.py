"""Small ledgers for the desk's tests, written as people write them, and the same set for every test that needs one."""

from __future__ import annotations

from pathlib import Path

from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.csv_in import trades_from_text

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "taxpayer" / "trades.csv"
HEADER = "time,source,id,kind,asset,quantity,amount,fee,to,lots\n"


def ledger(text, year=2025, method="fifo", pooling="wallet", zone="UTC"):
    """A run over rows of the canonical CSV, without its header."""
    trades = trades_from_text(HEADER + text.strip() + "\n", "trades.csv")
    return run_ledger(trades, Election(Method(method), Pooling(pooling), zone, year))


def example(method="hifo", year=2025):
    """The shipped example's run."""
    from zkharvest.trades.csv_in import load_trades

    return run_ledger(load_trades(EXAMPLE), Election(Method(method), Pooling.WALLET, "America/New_York", year))
