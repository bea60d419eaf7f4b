"""Gemini: the transaction history."""

from zkharvest.trades.importers.gemini import history

FORMATS = history.FORMATS
