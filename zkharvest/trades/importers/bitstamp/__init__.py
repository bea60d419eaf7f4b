"""Bitstamp: the transactions export, with either header."""

from zkharvest.trades.importers.bitstamp import transactions

FORMATS = transactions.FORMATS
