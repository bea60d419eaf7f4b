"""Mutants whose constraints leave out a row: the last, the first, or all (one of the first or last row alone is gone).

An honest run satisfies each of them, since it asks for less. So each takes a lie that breaks its constraint on that row
alone and nothing else, or there is an argument why no witness does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.adversary.kit.local import Board
from tests.support.one_cell import applies
from zkharvest.spec import P

Description = dict[str, Any]


@dataclass(frozen=True)
class RowMutant:
    """A constraint that leaves out a row: "first" or "last"."""

    table: str
    constraint: str
    row: str

    @property
    def name(self) -> str:
        """As tests and lists have it."""
        return f"{self.table}.{self.constraint} but the {self.row} row"


def row_mutants(description: Description, table: str) -> Iterator[RowMutant]:
    """Of constraints on all rows both, of those from row to row the first, of a single row itself."""
    (of,) = (t for t in description["tables"] if t["name"] == table)
    rows = {"all": ("first", "last"), "transition": ("first",), "first": ("first",), "last": ("last",)}
    for c in of["constraints"]:
        for row in rows[c["where"]]:
            yield RowMutant(table, c["name"], row)


def faults(board: Board) -> dict[str, list[int]]:
    """What a run breaks: each constraint with its rows, each bus with none."""
    whole = [board.outcome(t, np.arange(len(board.traces[t]))) for t in range(len(board.tables))]
    found: dict[str, list[int]] = {}
    for t, table in enumerate(board.tables):
        height = len(board.traces[t])
        for k in np.flatnonzero(whole[t].constraints.any(axis=0)):
            c = table["constraints"][k]
            at = np.arange(height)
            rows = np.flatnonzero((whole[t].constraints[:, k] != 0) & applies(c["where"], at, height))
            found[f"{board.names[t]}.{c['name']}"] = rows.tolist()
    balance = board._imbalance(whole, Counter())
    found |= {f"bus {bus}": [] for bus, messages in balance.items() if any(n % P for n in messages.values())}
    return found


def taken_by(board: Board) -> set[str]:
    """Names of the mutants that take a lie: what it breaks is one constraint, on one row."""
    found = faults(board)
    if len(found) != 1:
        return set()
    ((fault, rows),) = found.items()
    if len(rows) != 1:
        return set()
    table, constraint = fault.split(".")
    last = len(board.traces[board.names.index(table)]) - 1
    return {RowMutant(table, constraint, row).name for row, at in (("first", 0), ("last", last)) if rows == [at]}
