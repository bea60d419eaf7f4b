"""Coinbase: the retail report, and Coinbase Advanced (formerly Pro, GDAX)."""

from zkharvest.trades.importers.coinbase import advanced, report

FORMATS = (*report.FORMATS, *advanced.FORMATS)
