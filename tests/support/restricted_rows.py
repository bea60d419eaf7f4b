"""Mutants whose constraints leave out a row: the last, the first, or all (one of the first or last row alone is gone).

Of a constraint from row to row the first step, or the last one, from the last row but one.

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


LAST_STEP = "last step"
ROWS = {"all": ("first", "last"), "transition": ("first", LAST_STEP), "first": ("first",), "last": ("last",)}
"""By where a constraint holds, what its mutants leave out."""
ARGUED = {
    # No register lies around the end of the table: its key would be below that of row 1, and the largest.
    "sums.asset3_held but the last row": "the last row is no first half: keys are ranked without this lane",
    "sums.source3_held but the last row": "the last row is no first half: keys are ranked without this lane",
    "sums.place_held but the last row": "the last row is no first half: keys are ranked without the number",
    "sums.empty_held but the last row": "the last row is no first half: keys are ranked without it",
    "sums.level0_held but the last row": "row 0 is carried out, so numbers are not 0 on the last row, but held",
    "sums.level1_held but the last row": "row 0 is carried out, so numbers are not 0 on the last row, but held",
    "sums.negative1_bit but the last row": "the last row is no first half, and elsewhere it is 0 (`negative_where`)",
    "sums.counter_shown but the first row": "row 0 is no second half",
    "sums.place_step but the first row": "on row 1 no register begins: row 0 is no second half",
    "sums.place_step but the last step": "the last row is no first half",
    "sums.first_bit but the last row": "a first half there is behind a second one, and so on up to row 0, its own",
    # Both rows of what is held and left out say so (`empty_held`), and nothing else does (`empty_where`).
    "sums.empty_bit but the first row": "the register's second row has the same, and there it is a bit",
    "sums.empty_bit but the last row": "the register's first row has the same, and there it is a bit",
    # Row 0 of the range table counts from 0.
    "range.wrap_bit but the first row": "the low byte is 0 there, and wraps at 248 alone (`wrap_at`)",
    "range.hi_end but the first row": "the low byte is 0 there, so the table does not end (`lo_end`)",
    "range.lo_end but the first row": "the high byte is 0 there, so the table does not end (`hi_end`)",
}
"""By name, why a mutant takes no lie; `test_circuit_v2_rows` checks what of it a machine can."""


@dataclass(frozen=True)
class RowMutant:
    """A constraint that leaves out a row: "first" or "last"; or the "last step"."""

    table: str
    constraint: str
    row: str

    @property
    def name(self) -> str:
        """As tests and lists have it."""
        return f"{self.table}.{self.constraint} but the {self.row}{'' if self.row == LAST_STEP else ' row'}"


def row_mutants(description: Description, table: str) -> Iterator[RowMutant]:
    """Of constraints on all rows both, of those from row to row both steps, of one of a single row itself."""
    (of,) = (t for t in description["tables"] if t["name"] == table)
    for c in of["constraints"]:
        for row in ROWS[c["where"]]:
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
    t = board.names.index(table)
    last = len(board.traces[t]) - 1
    places = {"first": 0, "last": last, LAST_STEP: last - 1}
    (where,) = (c["where"] for c in board.tables[t]["constraints"] if c["name"] == constraint)
    return {RowMutant(table, constraint, row).name for row in ROWS[where] if rows == [places[row]]}
