"""The ledger: exact gains and losses from trades, under what a taxpayer elects and a country's rules."""

from __future__ import annotations

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


def __getattr__(name: str) -> object:
    """A name, loaded when it is first used: whoever reads the rules alone need not load the engine."""
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
