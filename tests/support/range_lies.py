"""Lies of the range table, which is one for all circuits: a table that counts from elsewhere, skips rows, or goes on.

They are told on the board of `link_tables`. Whatever is looked up is counted where it now stands.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.support.link_tables import Run, definition, run
from zkharvest.circuit.lot_machine.shared.ranges import PAIRS_A_ROW, RANGE_ROWS, U15_A_ROW
from zkharvest.spec import P

LIES: dict[str, Callable[[], Run]] = {}
COUNTS = [(f"pair_count{j}", True) for j in range(PAIRS_A_ROW)] + [(f"u15_count{j}", False) for j in range(U15_A_ROW)]


def column(name: str) -> int:
    """The number of a column."""
    return next(t for t in definition().tables if t.name == "range").index(name)


def of_height(rows: int) -> Run:
    """An honest run whose range table has so many rows: fewer leave out its end."""
    made = run()
    cells = made.traces["range"]
    longer = np.zeros((rows, cells.shape[1]), np.uint32)
    longer[: len(cells)] = cells[:rows]
    made.traces["range"] = longer
    return made


def put(made: Run, at: int | slice, **values: int | np.ndarray) -> Run:
    """Cells of the range table."""
    for name, value in values.items():
        made.traces["range"][at, column(name)] = value % P
    return made


def ranged(count: int, *, row: int = 0, hi: int = 0, lo: int = 0, skip: tuple[int, int, int] = (0, 0, 0)) -> Run:
    """`count` rows that count from elsewhere, or skip rows, pairs' rows or high bytes on the way."""
    made = of_height(RANGE_ROWS if count <= RANGE_ROWS else 2 * RANGE_ROWS)
    cells, numbers = made.traces["range"], np.arange(count)
    honest = {name: cells[:RANGE_ROWS, column(name)].copy() for name, _ in COUNTS}
    late = numbers > count - 100
    pairs = PAIRS_A_ROW * (numbers - (lo < 0) + skip[1] * late) + 256 * hi
    pairs += 256 * skip[2] * (numbers >= RANGE_ROWS - 64)
    rows = numbers + row + skip[0] * late
    put(made, slice(None), active=0, row=0, hi=0, lo=0, wrap=0)
    put(made, slice(count), active=1, row=rows, hi=pairs >> 8, lo=pairs & 255, wrap=(pairs & 255) == 248)
    if lo:
        put(made, 0, hi=0, lo=lo, wrap=0)
    of_pairs, of_rows = (
        {int(number): at for at, number in enumerate(standing)} for standing in (pairs // PAIRS_A_ROW, rows)
    )
    for name, pair in COUNTS:
        cells[:, column(name)] = 0
        for number in np.flatnonzero(honest[name]):
            cells[(of_pairs if pair else of_rows)[int(number)], column(name)] = honest[name][number]
    return made


def _again() -> Run:
    """A second block of rows, which counts whatever it likes."""
    made = of_height(2 * RANGE_ROWS)
    put(made, RANGE_ROWS + 1, row=10**6 - 1, hi=255, lo=240)
    return put(made, RANGE_ROWS + 2, active=1, row=10**6, hi=255, lo=248)


LIES["range.active_once"] = _again
LIES["range.row_start"] = lambda: ranged(RANGE_ROWS, row=-1)
LIES["range.hi_start"] = lambda: ranged(RANGE_ROWS + 32, hi=-1)
LIES["range.lo_start"] = lambda: ranged(RANGE_ROWS + 1, lo=-8)
LIES["range.row_step"] = lambda: ranged(RANGE_ROWS, skip=(1, 0, 0))
LIES["range.lo_step"] = lambda: ranged(RANGE_ROWS - 1, skip=(0, 1, 0))
LIES["range.hi_step"] = lambda: ranged(RANGE_ROWS - 32, skip=(0, 0, 1))
LIES["range.hi_end"] = lambda: ranged(RANGE_ROWS + 32)
LIES["range.lo_end"] = lambda: ranged(RANGE_ROWS - 1)
LIES["range.wrap_bit"] = lambda: put(of_height(RANGE_ROWS), RANGE_ROWS - 1, wrap=6)
LIES["range.wrap_at"] = lambda: put(of_height(2 * RANGE_ROWS), RANGE_ROWS, wrap=1)
# The table ends with an active row, too early; what is missing is not looked up.
LIES["range.lo_end_last"] = lambda: of_height(RANGE_ROWS - 1)
LIES["range.hi_end_last"] = lambda: of_height(RANGE_ROWS - 32)
