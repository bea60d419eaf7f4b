"""What a filled table posts, by its own interactions: registers are filled from what the constraints will see.

Expressions are evaluated on the rows that post anything; there is no second description of a table's posts to go wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Bus, Table
from zkharvest.circuit.expr import Atom, Expr
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.circuit.parts import Interaction
from zkharvest.simd.threads import cores, each
from zkharvest.spec import P

from . import posts_kernel as kernel
from .sums.keys import FIELDS, SLOTS
from .sums.registers import by_key

Cells = NDArray[np.uint32]
CHUNK = 1 << 12
"""A thread has at least so many rows."""


class Program:
    """Expressions over a table's rows as `posts_kernel` evaluates them: each has a register, and is computed once."""

    def __init__(self, publics: Mapping[int, int]) -> None:
        self.publics = publics
        self.code: list[int] = []
        self.registers = 0
        self._sums: dict[Expr, int] = {}
        self._atoms: dict[Atom, int] = {}

    def of(self, expr: Expr) -> int:
        """The register of an expression. Raises ValueError for one of other than columns and scalars."""
        if not expr.const and list(expr.terms.values()) == [1]:
            (atom,) = expr.terms
            if atom[0] != "public":
                return self._atom(atom)
        if expr not in self._sums:
            constant = expr.const
            terms: list[int] = []
            for atom, k in expr.terms.items():
                if atom[0] == "public":
                    constant += k * self.publics[atom[1]]
                else:
                    terms += (self._atom(atom), k if k <= P // 2 else k - P)
            count = len(terms) // 2
            if count > kernel.MOST_TERMS:
                raise ValueError(f"a sum of {count} terms is longer than those of posts")
            self._sums[expr] = self._write(kernel.SUM, constant % P, count, *terms)
        return self._sums[expr]

    def _atom(self, atom: Atom) -> int:
        if atom not in self._atoms:
            match atom[0]:
                case "col":
                    self._atoms[atom] = self._write(kernel.COLUMN, atom[1], atom[2])
                case "mul":
                    self._atoms[atom] = self._write(kernel.PRODUCT, self.of(atom[1]), self.of(atom[2]))
                case _:
                    raise ValueError(f"no value is known of {atom!r}")
        return self._atoms[atom]

    def _write(self, kind: int, *operands: int) -> int:
        self.code += (kind, self.registers, *operands)
        self.registers += 1
        return self.registers - 1


def posted(table: Table, bus: Bus, cells: Cells, used: int, publics: Mapping[int, int]) -> tuple[Ints, Ints]:
    """Keys (n, FIELDS) and slots (n, SLOTS, signed) of all that a table posts, each key once.

    cells: (columns, rows), contiguous; rows from `used` on post nothing; `publics`: scalars by number.
    """
    acts = [act for act in table.interactions if act.bus is bus and act.weights]
    program = _program(acts, publics)
    shares = max(1, min(cores(), used // CHUNK))
    edges = [used * share // shares for share in range(shares + 1)]
    nothing = np.zeros((0, len(FIELDS)), np.int64), np.zeros((0, SLOTS), np.int64)
    found = [nothing] * shares

    def work(share: int) -> None:
        found[share] = kernel.add_up(edges[share], edges[share + 1], cells, *program, SLOTS)

    each(work, range(shares))
    keys, slots = zip(*found, strict=True)
    return by_key(np.concatenate(keys), np.concatenate(slots)) if shares > 1 else found[0]


def _program(acts: Sequence[Interaction], publics: Mapping[int, int]) -> tuple[Ints, int, Ints, Ints, Ints, Ints]:
    """What `posts_kernel.add_up` takes of interactions."""
    program = Program(publics)
    messages = [[program.of(part) for part in act.message] for act in acts]
    weights = [[(weight.slot, program.of(weight.value)) for weight in act.weights] for act in acts]
    begins = np.cumsum([0, *map(len, weights)])
    pairs = np.array([pair for of_act in weights for pair in of_act], np.int64).reshape(-1, 2)
    code = np.array([*program.code, kernel.END], np.int64)
    signs = np.array([act.sign for act in acts], np.int64)
    return code, program.registers, np.array(messages, np.int64).reshape(-1, len(FIELDS)), signs, begins, pairs
