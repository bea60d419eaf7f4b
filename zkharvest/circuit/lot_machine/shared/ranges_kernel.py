# mypy: disable-error-code="no-untyped-call"
"""The compiled part of counting range checks: how often each pair of bytes and each 15-bit integer is looked up."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd.compiling import helper, kernel
from zkharvest.spec import P

PAIRS = 1 << 16
U15 = 1 << 15
BLOCK_ROWS = 512
"""Rows on which all checks are counted before the next: a table that lies row by row is read from memory once."""

HIGH, LOW, MULT = range(3)
"""The expressions of a check: the upper byte (0 of an integer of 15 bits), the lower byte or the integer, and how often
it is checked."""


@helper
def _value(cells: Any, at: Any, terms: Any, first: Any, behind: Any, constant: Any) -> Any:
    total = np.uint64(constant)
    for t in range(first, behind):
        total = (total + np.uint64(cells[at + terms[t, 0]]) * np.uint64(terms[t, 1])) % np.uint64(P)
    return total


@kernel
def count(
    start: Any, stop: Any, cells: Any, step: Any, bounds: Any, constants: Any, terms: Any, plain: Any, wide: Any,
    counts: Any, wrong: Any,
) -> None:  # fmt: skip
    """Count the checks of rows start..stop, of `cells` that lie `step` words a row apart.

    Expression e of check i is constants[i, e] + the sum of terms[bounds[i, e]:bounds[i, e + 1]], pairs of a cell's
    place in its row and a factor. `plain`: both values are single cells (of 15 bits one, which both terms name), and
    each row counts. `wide`: 15 bits are checked. counts: PAIRS and then U15 numbers; a value out of range is not
    counted, and wrong is set to the first check that has one and its first row.
    """
    for block in range(start, stop, BLOCK_ROWS):
        behind = min(block + BLOCK_ROWS, stop)
        for i in range(len(plain)):
            limit = np.uint64(U15 - 1 if wide[i] else 255)
            mask = np.uint64(0 if wide[i] else 0xFFFFFFFF)
            offset = np.int64(PAIRS if wide[i] else 0)
            b0, b1, b2, b3 = bounds[i, 0], bounds[i, 1], bounds[i, 2], bounds[i, 3]
            before, run = np.int64(offset), np.uint32(0)  # equal values behind each other are counted together
            for row in range(block, behind):
                at = row * step
                if plain[i]:
                    high, low = np.uint64(cells[at + terms[b0, 0]]) & mask, np.uint64(cells[at + terms[b1, 0]])
                else:
                    if _value(cells, at, terms, b2, b3, constants[i, MULT]) == 0:
                        continue
                    high = _value(cells, at, terms, b0, b1, constants[i, HIGH]) & mask
                    low = _value(cells, at, terms, b1, b2, constants[i, LOW])
                if low > limit or high > np.uint64(255):
                    if i < wrong[0]:
                        wrong[0], wrong[1] = i, row
                    continue
                key = offset + np.int64(high << np.uint64(8) | low)
                if key != before:
                    counts[before] += run
                    before, run = key, np.uint32(0)
                run += np.uint32(1)
            counts[before] += run
