"""Importers: exchange exports into canonical trades.

One file an exchange, each headed by its model: what its columns mean and what becomes of each kind of row.
`detect` knows the formats by their headers, `draft` what an event is in canonical trades, `pairing` makes
transfers of withdrawals and deposits, `run` puts it together.
"""

from zkharvest.trades.importers.detect import NAMES
from zkharvest.trades.importers.run import ImportResult, import_exports

__all__ = ["NAMES", "ImportResult", "import_exports"]
