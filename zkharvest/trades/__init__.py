"""Trades: the canonical record, its CSV form, and importers for what exchanges export."""

from __future__ import annotations

TYPE_CHECKING = False

__all__ = ["Kind", "LotPick", "Trade", "load_trades"]

_PLACES = {
    "load_trades": "zkharvest.trades.csv_in",
    "Kind": "zkharvest.trades.model",
    "LotPick": "zkharvest.trades.model",
    "Trade": "zkharvest.trades.model",
}

if TYPE_CHECKING:
    from zkharvest.trades.csv_in import load_trades
    from zkharvest.trades.model import Kind, LotPick, Trade


def __getattr__(name: str) -> object:
    """A name, loaded when it is first used: whoever reads the rules alone need not load the engine."""
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
