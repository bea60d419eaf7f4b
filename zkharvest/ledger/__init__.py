"""The ledger: exact gains and losses from trades, under what a taxpayer elects and a country's rules."""

from zkharvest.ledger.engine_plain import Ledger
from zkharvest.ledger.results import Disposal, LedgerRun, OpenLot, Totals
from zkharvest.ledger.rules import Election, Method, Pool, Pooling, Side
from zkharvest.ledger.run import ledger_at, run_ledger

__all__ = [
    "Disposal",
    "Election",
    "Ledger",
    "LedgerRun",
    "Method",
    "OpenLot",
    "Pool",
    "Pooling",
    "Side",
    "Totals",
    "ledger_at",
    "run_ledger",
]
