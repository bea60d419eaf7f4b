"""Deribit: the transaction log of one currency."""

from zkharvest.trades.importers.deribit import log

FORMATS = log.FORMATS
