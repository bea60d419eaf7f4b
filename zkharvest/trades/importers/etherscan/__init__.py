"""Etherscan and its family (BscScan, PolygonScan, Arbiscan ...): three files of one address, joined by hash."""

from zkharvest.trades.importers.etherscan import files

FORMATS = files.FORMATS
