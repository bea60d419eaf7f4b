"""How tall a statement is, known before its tables are filled, and the largest that can be proven.

Two tables grow with a ledger. The Poseidon table has a row for each record and each node of its source's tree (two
rows a trade, near enough) and, for each lot that is carried in or out, two rows and a node (three a lot). The table of
steps has a row for each operation, two where a lot is taken, and one for each lot left at the end. No table is taller
than 2^20 rows (`definition.LOG_ROWS`; docs/performance.md says what stops it there), so a year may be refused before
anything is computed from the number of its trades, and exactly once the ledger has run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from zkharvest.commitment.encoding import DEPTH
from zkharvest.commitment.opening import Opening
from zkharvest.errors import InputError
from zkharvest.ledger.operations import Operations

from .definition import LOG_ROWS
from .steps.layout import lay_out

MOST_ROWS = 1 << LOG_ROWS[1]
"""Of every table."""

_HINT = "prove fewer trades: one source or an earlier year at a time"


def tree_rows(leaves: int) -> int:
    """Nodes that are hashed for a tree of so many leaves (`commitment.tree`)."""
    count, level = 0, leaves
    for _ in range(DEPTH - 1):
        level = (level + 1) // 2
        count += level
    return count + 1  # the root, of no leaves too


def record_rows(records: Sequence[int]) -> int:
    """Rows of the Poseidon table for the records of sources: how many each has."""
    return sum(count + tree_rows(count) for count in records)


def lot_rows(lots: int) -> int:
    """Rows of the Poseidon table for an inventory of so many lots."""
    return 2 * lots + tree_rows(lots)


def check_records(opening: Opening) -> None:
    """Refuse what is too tall whatever the ledger makes of it. Raises InputError."""
    counts = Counter(trade.source for trade in opening.trades)
    needed = record_rows(list(counts.values())) + 2 * lot_rows(0)
    if needed > MOST_ROWS:
        raise _too_tall(len(opening.trades), f"their commitments alone take {needed:,} rows")


def check_run(opening: Opening, operations: Operations, carried: int = 0, early: int = 0) -> None:
    """Refuse a run of the ledger that is too tall. `carried` lots, `early` trades: see `lay_out`. Raises InputError."""
    counts = Counter(trade.source for trade in opening.trades)
    left = len(operations.final_node)
    hashed = record_rows(list(counts.values())) + lot_rows(carried) + lot_rows(left)
    if hashed > MOST_ROWS:
        raise _too_tall(len(opening.trades), f"their commitments and {left:,} lots left open take {hashed:,} rows")
    steps = lay_out(operations, len(opening.trades), carried, early).used
    if steps > MOST_ROWS:
        raise _too_tall(len(opening.trades), f"taking their lots takes {steps:,} rows")


def _too_tall(trades: int, why: str) -> InputError:
    what = f"{trades:,} trades are too many for one proof: {why}, a proof has at most {MOST_ROWS:,}"
    return InputError.one("", what, _HINT)
