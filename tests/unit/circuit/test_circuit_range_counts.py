"""Range checks are counted by a kernel: the same numbers as by numpy, for every form of check and layout of a table."""

from __future__ import annotations

import numpy as np
import pytest

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.gadgets import Ranges
from zkharvest.circuit.lot_machine.shared.ranges import PAIRS, U15, _counted
from zkharvest.spec import P


def checked():
    """A table with checks of all forms: single cells, a constant, sums, and checks of some rows alone."""
    circuit = Circuit("ranges", 1, degree=4, log_rows=(13, 14), tallies=0)
    ranges = Ranges(circuit.bus("bytes", 2), circuit.bus("u15", 1))
    t = circuit.table("t", "")
    octets, (limb, on) = t.column_list("x", 5), (t.column("y"), t.column("on"))
    ranges.check_bytes(t, octets)
    ranges.check_u15(t, limb + 0, limb - octets[0], limb * pow(2, -1, P) * 2)
    t.receive(ranges.bytes, [octets[1], octets[1] * 256], on)
    t.receive(ranges.u15, [limb + octets[2] + 32767 * (1 - on)], on)
    return t


def plain(table, trace):
    """The same, check by check and row by row, with Python's integers."""
    found = np.zeros(PAIRS + U15, np.int64)

    def value(expr, row):
        return (expr.const + sum(k * int(trace[row, atom[1]]) for atom, k in expr.terms.items())) % P

    for check in table.interactions:
        for row in range(len(trace)):
            if value(check.mult, row):
                numbers = [value(m, row) for m in check.message]
                found[numbers[0] << 8 | numbers[1] if len(numbers) == 2 else PAIRS + numbers[0]] += 1
    return found


def cells(rows):
    random = np.random.default_rng(rows)
    trace = np.zeros((rows, 7), np.uint32)
    trace[:, :5] = random.integers(0, 256, (rows, 5)) * (random.random((rows, 1)) < 0.7)  # runs of zeros, too
    trace[:, 5], trace[:, 6] = random.integers(255, 32000, rows), random.integers(0, 2, rows)
    trace[:, 1] = np.where(trace[:, 6] == 1, 0, trace[:, 1])
    return trace


@pytest.mark.parametrize("rows", [1, 2, 511, 513, 8191, 8192, 8193, 20000])
def test_counts_are_those_of_single_rows(rows):
    table, trace = checked(), cells(rows)
    found = _counted(table, table.interactions, trace)
    assert np.array_equal(found, plain(table, trace))
    for other in (np.asfortranarray(trace), np.repeat(trace, 2, axis=0)[::2]):  # column by column; every second row
        assert np.array_equal(_counted(table, table.interactions, other), found)


@pytest.mark.parametrize("rows", [1, 9000])
@pytest.mark.parametrize(("column", "value", "name"), [(0, 256, "x0, x1"), (3, P - 1, "x2, x3"), (4, 300, "x4")])
def test_what_is_out_of_range_is_named(rows, column, value, name):
    table, trace = checked(), cells(rows)
    for row in (rows - 1, rows // 2):
        trace[row, column] = value
        with pytest.raises(ValueError, match=rf"t, row {row}: {name} is out of range"):
            _counted(table, table.interactions, trace)


def test_a_row_that_does_not_count_may_be_out_of_range():
    table, trace = checked(), cells(100)
    trace[:, 1] = 255
    trace[:, 6] = 0
    assert _counted(table, table.interactions, trace).sum() == 100 * 6


def test_a_cell_of_the_next_row_cannot_be_checked():
    table = checked()
    table.receive(table.interactions[0].bus, [table.columns[0], table.columns[1].next])
    with pytest.raises(ValueError, match="the row's own cells"):
        _counted(table, table.interactions, cells(4))
