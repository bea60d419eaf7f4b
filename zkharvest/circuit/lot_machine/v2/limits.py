"""How tall a link is, known before its tables are filled, and the largest that can be proven.

Two tables grow with a link. The Poseidon table has a row for each record and each node of its page's tree (two rows a
record, near enough), two rows and a node for each lot and token that is carried in or out (three), the same for each
register, and 20 for each page and standing. The table of steps has a row for each operation, two where a part of a lot
is taken. `sums` has two rows a register. No table is taller than 2^20 rows (docs/performance.md says what stops it
there).
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.commitment.tree import DEPTH
from zkharvest.errors import InputError, Problem

from .buses import LOG_ROWS

MOST_ROWS = 1 << LOG_ROWS[1]
"""Of every table."""


class TooTall(InputError):
    """A link that has no proof, since a table would be too tall; `why` says which."""

    def __init__(self, why: str) -> None:
        what = f"the records are too many for one proof: {why}, a proof has at most {MOST_ROWS:,}"
        super().__init__([Problem("", what, "prove fewer at a time: cut the year into links")])


def tree_rows(leaves: int) -> int:
    """Nodes that are hashed for a tree of so many leaves (`commitment.tree`)."""
    count, level = 0, leaves
    for _ in range(DEPTH - 1):
        level = (level + 1) // 2
        count += level
    return count + 1  # the root, of no leaves too


def page_rows(records: Sequence[int]) -> int:
    """Rows of the Poseidon table for pages: how many records each has."""
    return sum(count + tree_rows(count) for count in records)


def pair_rows(count: int) -> int:
    """Rows of the Poseidon table for a tree of so many lots and tokens, or of so many registers."""
    return 2 * count + tree_rows(count)


def check_records(records: Sequence[int], carried: int = 0, registers: int = 0) -> None:
    """Refuse what is too tall whatever the machine makes of it: records a page, lots with tokens, and registers in.

    Raises TooTall, an InputError.
    """
    needed = page_rows(records) + pair_rows(carried) + pair_rows(registers) + 2 * pair_rows(0)
    if needed > MOST_ROWS:
        raise TooTall(f"their pages and what is carried in take {needed:,} rows")
