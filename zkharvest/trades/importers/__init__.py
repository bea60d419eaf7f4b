"""Importers: exchange exports into canonical trades.

One folder a venue, each file headed by its model: what its columns mean and what becomes of each kind of row; venues
whose rows each stand for themselves need no code but a map (`maps/*.toml`, read by `mapped`). What they share:

* `table`, `rows`, `cells`: a file as rows under known columns; `detect` knows the formats by their headers;
* `names` and `renames` with `data/`: one coin has one name, and goes on under another;
* `agree`: whether money columns agree; `prices`: fair values;
* `values`: cells, and what things are worth; `draft`: what an event is in canonical trades;
* `gather`: what was found, notes and problems;
* `netting`: what stays inside an account; `pairing`: transfers of withdrawals and deposits;
* `order`: the one order of it all;
* `repeats` and `doubles`: what two exports tell twice;
* `manual`: what the user says of single rows; `choices`: the lots that he identified;
* `run` puts it together, `grouping` tells its problems.
"""

from zkharvest.lazy import loader

TYPE_CHECKING = False

if TYPE_CHECKING:
    from zkharvest.trades.importers.detect import NAMES
    from zkharvest.trades.importers.run import Answers, ImportRefused, ImportResult, import_exports

__all__ = ["NAMES", "Answers", "ImportRefused", "ImportResult", "import_exports"]

_RUN = "zkharvest.trades.importers.run"
__getattr__ = loader(
    "zkharvest.trades.importers",
    {
        "NAMES": "zkharvest.trades.importers.detect",
        **dict.fromkeys(("Answers", "ImportRefused", "ImportResult", "import_exports"), _RUN),
    },
)  # who asks for a coin's name needs no format of any venue
