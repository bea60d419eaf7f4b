"""The ledger: exact gains and losses from trades, under the lot method and basis rule a taxpayer declares."""

from zkharvest.ledger.results import Disposal, LedgerRun, OpenLot, Totals
from zkharvest.ledger.rules import Election, Method, Pool, Pooling, Side
from zkharvest.ledger.run import run_ledger

__all__ = ["Disposal", "Election", "LedgerRun", "Method", "OpenLot", "Pool", "Pooling", "Side", "Totals", "run_ledger"]
