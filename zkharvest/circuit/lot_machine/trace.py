"""A table while it is filled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Cell
from zkharvest.circuit.gadgets import Compare
from zkharvest.simd.residues import residues

from . import words
from .words import Ints

Rows = Ints | slice


class Trace:
    """One table under construction: (columns, rows) canonical elements, so that a column is filled in one stride."""

    def __init__(self, columns: int, rows: int) -> None:
        self.cells = np.zeros((columns, rows), np.uint32)

    def put(self, cell: Cell, rows: Rows, values: Any) -> None:
        """Set one column on some rows; the values are in 0..p-1."""
        self.cells[cell.index, rows] = values

    def put_signed(self, cell: Cell, rows: Rows, values: Ints) -> None:
        """The same for values that may be negative."""
        self.cells[cell.index, rows] = residues(values)

    def column(self, cell: Cell, rows: Rows) -> Ints:
        """One column on some rows."""
        values: Ints = self.cells[cell.index, rows].astype(np.int64)
        return values

    def put_all(self, cells: list[Cell], rows: Ints, values: Ints) -> None:
        """Set neighbouring columns from an (n, k) array."""
        for j, cell in enumerate(cells):
            self.cells[cell.index, rows] = values[:, j]

    def get(self, cells: list[Cell], rows: Ints) -> Ints:
        """(n, k) values of some columns."""
        return np.stack([self.column(c, rows) for c in cells]).T

    def put_compare(self, c: Compare, rows: Ints, x: Ints, y: Ints) -> None:
        """Fill a comparison of (n, k) rows, most significant lane first, where x <= y."""
        flags, gap = words.compare(x, y)
        gap = gap - flags.sum(axis=1)
        self.put_all(c.flags, rows, flags)
        self.put(c.low, rows, gap & 0x7FFF if c.high is not None else gap)
        if c.high is not None:
            self.put(c.high, rows, gap >> 15)

    @property
    def table(self) -> NDArray[np.uint32]:
        """The same memory as (rows, columns): nothing is turned here, the prover copies it once anyhow."""
        return self.cells.T


class NamedCells:
    """A small table while it is filled: (rows, columns) canonical elements, set by the columns' names."""

    def __init__(self, table: Table, rows: int) -> None:
        self.table = table
        self.cells = np.zeros((rows, len(table.columns)), np.uint32)

    def put(self, rows: Rows | int, /, **columns: Any) -> None:
        """Set columns on some rows, reduced modulo p: a number or (n,) values for a column, (n, k) values for the
        columns name0, name1, ...

        Raises KeyError if the table has no such column.
        """
        for name, values in columns.items():
            given = np.asarray(values, np.int64)
            if given.ndim == 2:
                first, last = (self.table.index(f"{name}{i}") for i in (0, given.shape[1] - 1))
                self.cells[rows, first : last + 1] = residues(given)
            else:
                self.cells[rows, self.table.index(name)] = residues(given)
