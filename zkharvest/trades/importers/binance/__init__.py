"""Binance: the account statement, the spot trade histories, the futures history; Binance.US."""

from zkharvest.trades.importers.binance import statement, trades

FORMATS = (*statement.FORMATS, *trades.FORMATS)
