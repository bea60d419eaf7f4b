# mypy: disable-error-code="import-untyped,misc"
"""Traces side by side in one matrix, row by row and in Montgomery form, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import load, load_some, splat, store, store_some, transpose

TOGETHER = 64
"""Rows that are written together: of a trace that is held by columns they are four cache lines of each."""


@helper
def _bits(count: Any) -> Any:
    """The lowest `count` bits, at most sixteen."""
    return np.uint32((1 << min(16, count)) - 1)


@kernel
def put_rows(start: Any, stop: Any, rows: Any, trace: Any, columns: Any, out: Any, width: Any, place: Any) -> None:
    """Rows 64 start .. 64 stop of `trace` (rows, columns) to columns place .. of `out` (rows, width)."""
    factor = splat(np.uint32(kb.R_SQUARED))
    for row in range(TOGETHER * start, min(rows, TOGETHER * stop)):
        for column in range(0, columns, 16):
            bits = _bits(columns - column)
            value = kb.mul(load_some(trace, row * columns + column, bits, splat(np.uint32(0))), factor)
            store_some(out, row * width + place + column, bits, value)


@kernel
def put_columns(start: Any, stop: Any, rows: Any, trace: Any, columns: Any, out: Any, width: Any, place: Any) -> None:
    """The same of a trace that is held by columns: `trace` (columns, rows)."""
    factor, nothing = splat(np.uint32(kb.R_SQUARED)), splat(np.uint32(0))
    memory = np.empty(16 * 16 + 16, dtype=np.uint32)
    tile = memory[(-(memory.ctypes.data // 4)) % 16 :]
    for first in range(TOGETHER * start, min(rows, TOGETHER * stop), TOGETHER):
        for column in range(0, columns, 16):
            some, bits = min(16, columns - column), _bits(columns - column)
            for row in range(first, min(rows, first + TOGETHER), 16):
                count = min(16, rows - row)
                for k in range(some):
                    value = load_some(trace, (column + k) * rows + row, _bits(count), nothing)
                    store(tile, 16 * k, kb.mul(value, factor))
                transpose(tile, 0)
                for k in range(count):
                    store_some(out, (row + k) * width + place + column, bits, load(tile, 16 * k))
