"""Trades: the canonical record, its CSV form, and importers for what exchanges export."""

from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.model import Kind, LotPick, Trade

__all__ = ["Kind", "LotPick", "Trade", "load_trades"]
