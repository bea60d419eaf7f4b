"""dYdX v4: fills as the indexer answers them, in JSON; funding payments are read by a map."""

from zkharvest.trades.importers.dydx import fills

FORMATS = fills.FORMATS
