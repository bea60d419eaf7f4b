"""Bitfinex: the ledgers export; its trades export is a map (`maps/bitfinex-trades.toml`)."""

from zkharvest.trades.importers.bitfinex import ledger

FORMATS = ledger.FORMATS
