"""Lies about pages, pools, look-ups and hashes that stand on one row alone: on the first or the last of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tests.support import hashes, link_tables
from tests.support.link_tables import Run, some_pools
from tests.support.range_lies import of_height, put
from tests.support.settled import settled
from zkharvest.circuit.lot_machine.shared.ranges import PAIRS_A_ROW, RANGE_ROWS
from zkharvest.spec import P

LIES: dict[str, Callable[[], Run]] = {}
"""By the mutant (`restricted_rows.RowMutant.name`) that takes it."""
LAST = {"first": 0, "last": 127}


def _cells(made: Run, table: str, row: int) -> dict[str, int]:
    """Of a row, but for the ring that blinds."""
    columns = next(t for t in link_tables.definition().tables if t.name == table).columns
    return {c.name: int(made.traces[table][row, k]) for k, c in enumerate(columns) if "blind" not in c.name}


def moved(made: Run, table: str, rows: dict[int, int]) -> Run:
    """Rows of a table have what others had (row -> row of before)."""
    return made.edited(
        *((table, row, name, value) for row, of in rows.items() for name, value in _cells(made, table, of).items())
    )


def thrice(row: int) -> Run:
    """A page stands three times, on this row -1 times; the first page stands elsewhere."""
    made = moved(link_tables.whole(), "pages", {60: 0, 0: 99, 4: 99, 50: 4, 51: 4, row: 4})
    edits = [("pages", 51, "count", 0), ("pages", row, "count", 0), ("pages", row, "active", -1)]
    return made.edited(*edits)


def _twice_at_the_end() -> Run:
    """The last list of a full table twice, both empty: they come and go by themselves."""
    pools = some_pools(128)
    pools = pools[np.lexsort(pools.T[::-1])]
    pools[-1, :9] = pools[-2, :9]
    pools[-1, 1] += 70_000  # it exceeds the list before in lane 1 alone
    made = link_tables.run(pools=pools)
    stub = int(np.flatnonzero((made.traces["takes"][:, 1 : 1 + pools.shape[1]] == pools[-1]).all(axis=1))[0])
    stubs = [(name, stub, "on", 0) for name in ("takes", "gives")]
    gap = 70_000 - 2
    marks = [("pools", 126, "order_at0", 1), ("pools", 126, "order_low", gap & 0x7FFF)]
    marks += [("pools", 126, "order_high", gap >> 15)]
    return made.edited(*stubs, *marks, ("pools", 127, "active", 2), ("pools", 127, "last_write", 0))


def _behind_a_gap() -> Run:
    """Lists from the second row on."""
    made = link_tables.run(pools=some_pools(6))
    made = moved(made, "pools", {**{row + 1: row for row in range(6)}, 0: 99})
    gap = _cells(made, "pools", 1)["asset0"] - 1
    marks = {"order_at0": 1, "order_low": gap & 0x7FFF, "order_high": gap >> 15}
    return made.edited(*(("pools", 0, name, value) for name, value in marks.items()))


LIES["pools.active_bit but the last row"] = _twice_at_the_end
LIES["pools.active_once but the first row"] = _behind_a_gap
for _which, _row in LAST.items():
    LIES[f"pages.active_bit but the {_which} row"] = lambda row=_row: thrice(row)


# ------------------------------------------------------------------------------------------------ range


def _from_second(rows: int, row: int = 1, hi: int = 0, lo: int = 8, **first: int) -> Run:
    """A range table that counts from elsewhere from its second row on; it answers what is asked as far as it can."""
    made = of_height(RANGE_ROWS)
    numbers = np.arange(rows - 1)
    pairs = PAIRS_A_ROW * numbers + 256 * hi + lo
    below = pairs < 256 * hi  # before the first wrap of a low byte that is below zero
    high, low = np.where(below, hi, pairs >> 8), np.where(below, pairs - 256 * hi, pairs & 255)
    put(made, slice(None), active=0, row=0, hi=0, lo=0, wrap=0)
    put(made, 0, active=1, **first)
    put(made, slice(1, rows), active=1, row=row + numbers, hi=high, lo=low, wrap=low == 248)
    return settled(made, link_tables.description())


LIES["range.row_step but the first row"] = lambda: _from_second(RANGE_ROWS, row=2)
LIES["range.lo_step but the first row"] = lambda: _from_second(RANGE_ROWS - 1, lo=16)
LIES["range.hi_step but the first row"] = lambda: _from_second(RANGE_ROWS - 32, hi=1)
LIES["range.wrap_at but the first row"] = lambda: _from_second(RANGE_ROWS, hi=1, lo=-248, wrap=1)


# ------------------------------------------------------------------------------------------------ hashes


def turned(made: Any, by: int) -> Any:
    """The rows of hashes begin elsewhere: all that is said of them is cyclic."""
    return replace(made, traces={**made.traces, "poseidon": np.roll(made.traces["poseidon"], by, axis=0)})


def thrice_hashed(made: Any, flag: str) -> Any:
    """A row, or a pair, stands three times, the last time -1 times: the messages are those of one."""
    table = hashes.definition()[1]
    cells = made.traces["poseidon"].astype(np.int64)
    whole = (cells[:, table.index("no_left")] == 0) & (cells[:, table.index("no_right")] == 0)
    row = int(np.flatnonzero((cells[:, table.index(flag)] == 1) & whole)[-1])
    own = [k for k, column in enumerate(table.columns) if "blind" not in column.name]
    half = [(0, flag), *([(1, "is_second")] if flag in ("is_pair", "is_register") else [])]
    for copy, times in ((220, 1), (240, -1)):
        for k, name in half:
            cells[copy + k, own] = cells[row + k, own]
            cells[copy + k, table.index(name)] = times % P
    return replace(made, traces={**made.traces, "poseidon": cells})
