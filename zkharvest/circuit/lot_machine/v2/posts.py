"""What a filled table posts, by its own interactions: registers are filled from what the constraints will see.

Expressions are evaluated on the rows that post anything; there is no second description of a table's posts to go wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Bus, Interaction, Table
from zkharvest.circuit.expr import Atom, Expr
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.simd.residues import residues
from zkharvest.simd.threads import each
from zkharvest.spec import P

from .sums.keys import FIELDS, SLOTS
from .sums.registers import by_key

Cells = NDArray[np.uint32]
CHUNK = 1 << 14
"""Rows that are evaluated at once: what is in work stays in the cache."""
_MOST = 1 << 31
"""How much the factors of a sum may come to before it is reduced, with its constant: 2^31 p is below 2^62."""


class Values:
    """The values of expressions on some rows of a table, (columns, rows) canonical elements; each is computed once."""

    def __init__(self, cells: Cells, rows: Ints, publics: Mapping[int, int]) -> None:
        self.cells, self.rows, self.publics = cells, rows, publics
        self.after = (rows + 1) % cells.shape[1]
        self._known: dict[Atom, Ints] = {}

    def of(self, expr: Expr) -> Ints:
        """(rows,) values in 0..p-1; not to be written to."""
        if not expr.const and list(expr.terms.values()) == [1]:
            return self._atom(*expr.terms)
        total = np.full(len(self.rows), expr.const, np.int64)
        weight = 1  # of what is in the total and not reduced, its constant too; each atom is below p
        for atom, k in expr.terms.items():
            factor = k if k <= P // 2 else k - P
            weight += abs(factor)
            if weight >= _MOST:
                total = residues(total)
                weight = 1 + abs(factor)
            total += self._atom(atom) if factor == 1 else self._atom(atom) * factor
        return residues(total)

    def _atom(self, atom: Atom) -> Ints:
        if atom not in self._known:
            match atom[0]:
                case "col":
                    found = self.cells[atom[1], self.after if atom[2] else self.rows].astype(np.int64)
                case "public":
                    found = np.full(len(self.rows), self.publics[atom[1]] % P, np.int64)
                case "mul":
                    found = residues(self.of(atom[1]) * self.of(atom[2]))
                case _:
                    raise ValueError(f"no value is known of {atom!r}")
            self._known[atom] = found
        return self._known[atom]


def posted(table: Table, bus: Bus, cells: Cells, used: int, publics: Mapping[int, int]) -> tuple[Ints, Ints]:
    """Keys (n, FIELDS) and slots (n, SLOTS, signed) of all that a table posts, each key once.

    cells: (columns, rows); rows from `used` on post nothing; `publics`: scalars by number.
    """
    starts = range(0, used, CHUNK)
    found: list[list[tuple[Ints, Ints]]] = [[] for _ in starts]

    def work(chunk: int) -> None:
        values = Values(cells, np.arange(starts[chunk], min(starts[chunk] + CHUNK, used)), publics)
        found[chunk] = [_posts(act, values) for act in table.interactions if act.bus is bus and act.weights]

    each(work, range(len(starts)))
    nothing = np.zeros((0, len(FIELDS)), np.int64), np.zeros((0, SLOTS), np.int64)
    keys, slots = zip(nothing, *(posts for posts_of in found for posts in posts_of), strict=True)
    return by_key(np.concatenate(keys), np.concatenate(slots))


def _posts(act: Interaction, values: Values) -> tuple[Ints, Ints]:
    """What one interaction posts on some rows, each key once."""
    weights = [(weight.slot, values.of(weight.value)) for weight in act.weights]
    some = np.zeros(len(values.rows), bool)
    for _, number in weights:
        some |= number != 0
    rows = np.flatnonzero(some)
    slots = np.zeros((len(rows), SLOTS), np.int64)
    for slot, number in weights:
        weight = number[rows]
        slots[:, slot] = np.where(weight > P // 2, weight - P, weight) * act.sign
    return by_key(np.stack([values.of(part)[rows] for part in act.message], axis=1), slots)
