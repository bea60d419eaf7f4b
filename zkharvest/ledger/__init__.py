"""The ledger: exact gains and losses from trades, under what a taxpayer elects and a country's rules."""

from __future__ import annotations

from zkharvest.lazy import loader

TYPE_CHECKING = False

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

_PLACES = {
    "Ledger": "zkharvest.ledger.engine_plain",
    "Disposal": "zkharvest.ledger.results",
    "LedgerRun": "zkharvest.ledger.results",
    "OpenLot": "zkharvest.ledger.results",
    "Totals": "zkharvest.ledger.results",
    "Election": "zkharvest.ledger.rules",
    "Method": "zkharvest.ledger.rules",
    "Pool": "zkharvest.ledger.rules",
    "Pooling": "zkharvest.ledger.rules",
    "Side": "zkharvest.ledger.rules",
    "ledger_at": "zkharvest.ledger.run",
    "run_ledger": "zkharvest.ledger.run",
}

if TYPE_CHECKING:
    from zkharvest.ledger.engine_plain import Ledger
    from zkharvest.ledger.results import Disposal, LedgerRun, OpenLot, Totals
    from zkharvest.ledger.rules import Election, Method, Pool, Pooling, Side
    from zkharvest.ledger.run import ledger_at, run_ledger

__getattr__ = loader(__name__, _PLACES)
