"""Constraints on pairs of rows of which a few cells are given, in many combinations, and all others are 0.

Over another modulus than p a formula is the same polynomial, its constants read as signed numbers: over a small field
all values of a cell can be tried. What follows there by factoring alone, follows in every field in which the constants
differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zkharvest.spec import P

Values = Mapping[str, Sequence[int]]


class Cases:
    """All combinations of cells of two rows, `here` and `then` (column -> values), and what formulas are there."""

    def __init__(
        self,
        table: Mapping[str, Any],
        here: Values,
        then: Values | None = None,
        *,
        publics: Mapping[int, int] | None = None,
        modulus: int = P,
    ) -> None:
        self.table, self.modulus, self.publics = table, modulus, dict(publics or {})
        self._nodes = {c["name"]: c["node"] for c in table["constraints"]}
        names = [(0, name, values) for name, values in here.items()]
        names += [(1, name, values) for name, values in (then or {}).items()]
        grid = np.meshgrid(*(np.array(values, np.int64) % modulus for _, _, values in names), indexing="ij")
        self.count = grid[0].size
        self._cells = {
            (row, table["columns"].index(name)): cells.ravel()
            for (row, name, _), cells in zip(names, grid, strict=True)
        }
        self._known: dict[tuple[int, int], np.ndarray] = {}

    def cell(self, name: str, row: int = 0) -> np.ndarray:
        """A cell's values, from 0."""
        return self._cells[row, self.table["columns"].index(name)]

    def constraint(self, name: str, row: int = 0) -> np.ndarray:
        """What a constraint is on the first row, or on the second (behind it come zeros)."""
        return self.at(self._nodes[name], row)

    def hold(self, *names: str, row: int = 0) -> np.ndarray:
        """Where constraints are all 0."""
        good = np.ones(self.count, bool)
        for name in names:
            good &= self.constraint(name, row) == 0
        return good

    def at(self, node: int, row: int = 0) -> np.ndarray:
        """A node's values."""
        key = row, node
        if key not in self._known:
            self._known[key] = self._of(self.table["nodes"][node], row)
        return self._known[key]

    def _of(self, node: Any, row: int) -> np.ndarray:
        zeros = np.zeros(self.count, np.int64)
        match node:
            case ["const", c]:
                return zeros + self._signed(c)
            case ["col", i, off]:
                return self._cells.get((row + off, i), zeros)
            case ["public", i]:
                return zeros + self.publics.get(i, 0) % self.modulus
            case ["mul", a, b]:
                return self.at(a, row) * self.at(b, row) % self.modulus
            case ["lin", c, pairs]:
                total = zeros + self._signed(c)
                for factor, a in pairs:
                    total = (total + self._signed(factor) * self.at(a, row)) % self.modulus
                return total
        raise ValueError(f"unknown node {node!r}")

    def _signed(self, c: int) -> int:
        return (c - P if c > P // 2 else c) % self.modulus
