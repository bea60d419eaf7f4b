"""The ledger: exact gains and losses from trades, under the lot method and basis rule a taxpayer declares."""

from zkharvest.ledger.results import Disposal, LedgerRun, OpenLot, Totals
from zkharvest.ledger.rules import Basis, Method, Pool, Regime, Side
from zkharvest.ledger.run import run_ledger

__all__ = ["Basis", "Disposal", "LedgerRun", "Method", "OpenLot", "Pool", "Regime", "Side", "Totals", "run_ledger"]
