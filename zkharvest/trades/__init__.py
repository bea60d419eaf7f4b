"""Trades: the canonical record, its CSV form, and importers for what exchanges export."""

from __future__ import annotations

from zkharvest.lazy import loader

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

__getattr__ = loader(__name__, _PLACES)
