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


def _before_a_gap() -> Run:
    """All rows but the last one but one hold lists."""
    made = moved(link_tables.run(pools=some_pools(127)), "pools", {127: 126, 126: 127})
    gap = _cells(made, "pools", 127)["asset0"] - 1
    none = {f"order_at{k}": 0 for k in range(6)} | {"order_low": 0, "order_high": 0}
    marks = {**none, "order_at0": 1, "order_low": gap & 0x7FFF, "order_high": gap >> 15}
    edits = [("pools", row, name, value) for row, cells in ((125, none), (126, marks)) for name, value in cells.items()]
    return made.edited(*edits)


def last_two(one: list[int], two: list[int], *marks: tuple[str, int]) -> Run:
    """A full table whose last two lists have these six lanes, and these marks of how they compare."""
    from tests.unit.circuit import test_circuit_v2_tables as of_tables

    pools = some_pools(126)
    pools[:, 0] >>= 1
    pools = pools[np.lexsort(pools.T[::-1])]
    last = [of_tables.pool([lane + (1 << 23) for lane in lanes[:3]], lanes[3:]) for lanes in (one, two)]
    made = of_tables.rows_of(np.concatenate([pools, np.array(last)]))
    none = [(f"order_at{k}", 0) for k in range(6)]
    return made.edited(*(("pools", 126, name, value) for name, value in ({**dict(none), **dict(marks)}).items()))


def _skipped(lane: int) -> Run:
    """What differs in a higher lane, downwards, is compared in the next one."""
    one, two = [9] * 6, [9] * 6
    one[lane] += 1
    two[lane + 1] += 4
    return last_two(one, two, (f"order_at{lane + 1}", 1), ("order_low", (8 if lane == 4 else 4) - 1))


for _k in range(5):
    LIES[f"pools.order_equal{_k} but the last step"] = lambda k=_k: _skipped(k)
LIES["pools.order_marked but the last step"] = lambda: last_two([9] * 6, [9] * 6, ("order_low", 0))
LIES["pools.order_gap but the last step"] = lambda: last_two([9] * 6, [9] * 6, ("order_at5", 1), ("order_low", 0))
LIES["pools.active_once but the last step"] = _before_a_gap
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


def _to_the_end(*, wraps: bool) -> Run:
    """A range table of twice the height that goes on to its last row, where it ends as it should.

    Once `hi` is 255 it goes on, or `lo` does if it no longer wraps.
    """
    made, numbers = of_height(2 * RANGE_ROWS), np.arange(2 * RANGE_ROWS)
    high, low = numbers >> 5, numbers << 3 & 255
    if not wraps:
        high, low = np.minimum(high, 255), np.where(high < 255, low, (numbers << 3) - 255 * 256)
    put(made, slice(None), active=1, row=numbers, hi=high, lo=low, wrap=(low == 248) & (wraps | (high < 255)))
    return settled(put(made, -1, hi=255, lo=248, wrap=0), link_tables.description())


def _again() -> Run:
    """The last row is active behind idle ones, and offers whatever it likes."""
    made = of_height(2 * RANGE_ROWS)
    put(made, -2, row=10**6 - 1, hi=255, lo=240)
    return put(made, -1, active=1, row=10**6, hi=255, lo=248)


def _ends_early(rows: int) -> Run:
    """A table of this height whose last row is idle."""
    return settled(put(of_height(rows), -1, active=0, row=0, hi=0, lo=0, wrap=0), link_tables.description())


LIES["range.row_step but the last step"] = lambda: settled(
    put(of_height(RANGE_ROWS), -1, row=10**6), link_tables.description()
)
LIES["range.lo_step but the last step"] = lambda: _to_the_end(wraps=False)
LIES["range.hi_step but the last step"] = lambda: _to_the_end(wraps=True)
LIES["range.active_once but the last step"] = _again
LIES["range.lo_end but the last step"] = lambda: _ends_early(RANGE_ROWS)
LIES["range.hi_end but the last step"] = lambda: _ends_early(RANGE_ROWS - 31)


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
