"""Tables while they are filled: columns by name, numbers reduced, the rest zero."""

from __future__ import annotations

import numpy as np
import pytest

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.trace import NamedCells


def table():
    t = Circuit("test", 1, degree=4, log_rows=(13, 14), tallies=0).table("t", "")
    t.column("flag")
    t.column_list("byte", 3)
    t.column("sum")
    return t


def test_columns_are_set_by_name():
    filled = NamedCells(table(), 4)
    filled.put(np.arange(2), flag=1, byte=[[1, 2, 3], [4, 5, 6]], sum=[-1, P + 2])
    filled.put(3, flag=np.True_, byte2=7)
    assert filled.cells.tolist() == [[1, 1, 2, 3, P - 1], [1, 4, 5, 6, 2], [0] * 5, [1, 0, 0, 7, 0]]
    assert filled.cells.dtype == np.uint32


def test_a_name_that_is_not_there_is_refused():
    filled = NamedCells(table(), 4)
    for wrong in ({"flags": 1}, {"byte": 1}, {"byte": [[1, 2, 3, 4]]}):
        with pytest.raises(KeyError, match="t has no column"):
            filled.put(slice(1), **wrong)
    with pytest.raises(ValueError, match="broadcast"):
        filled.put(slice(2), sum=[1, 2, 3])
    assert not filled.cells.any()
