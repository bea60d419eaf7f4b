"""Kraken: the ledgers export, and the trades export."""

from zkharvest.trades.importers.kraken import ledgers, trades

FORMATS = (*ledgers.FORMATS, *trades.FORMATS)
