"""Solana: the transfers of an address as Solscan exports them."""

from zkharvest.trades.importers.solana import transfers

FORMATS = transfers.FORMATS
