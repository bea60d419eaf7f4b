"""Mutants that leave out a row and take no lie: what they ask for there follows from the rest, and why.

The names are those of `restricted_rows.RowMutant`. `test_circuit_v2_rows` checks what of it a machine can.
"""

from __future__ import annotations

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
    "sums.first_bit but the last row": "a first half there is behind a second one, and so on up to row 0, its own",
    # Both rows of what is held and left out say so (`empty_held`), and nothing else does (`empty_where`).
    "sums.empty_bit but the first row": "the register's second row has the same, and there it is a bit",
    "sums.empty_bit but the last row": "the register's first row has the same, and there it is a bit",
    # Row 0 of the range table counts from 0.
    "range.wrap_bit but the first row": "the low byte is 0 there, and wraps at 248 alone (`wrap_at`)",
    "range.hi_end but the first row": "the low byte is 0 there, so the table does not end (`lo_end`)",
    "range.lo_end but the first row": "the high byte is 0 there, so the table does not end (`hi_end`)",
}
