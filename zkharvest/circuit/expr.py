"""Polynomial expressions over the columns of one table.

An `Expr` is kept in normal form as a linear combination of *atoms* (a column cell, a public column cell, a public
scalar, or a product of two expressions), so that sums never nest: the linear layers of a hash become one node a lane,
however they were written. `Emitter` turns expressions into the numbered nodes of a frozen description.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from zkharvest.spec import P

Atom = tuple[Any, ...]
"""("col", index, offset) | ("pub", index, offset) | ("public", index) | ("mul", Expr, Expr)"""


class Expr:
    """c + sum of coefficient * atom over F_p; immutable, hashable, with its polynomial degree.

    Hash and degree are computed when somebody asks: of most sums nobody does.
    """

    __slots__ = ("_degree", "_hash", "const", "terms")

    def __init__(self, const: int, terms: Mapping[Atom, int]) -> None:
        self.const = const % P
        self.terms = {atom: factor for atom, k in terms.items() if (factor := k % P)}
        self._degree: int | None = None
        self._hash: int | None = None

    @property
    def degree(self) -> int:
        """The degree in the columns."""
        if self._degree is None:
            self._degree = max((atom_degree(atom) for atom in self.terms), default=0)
        return self._degree

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.const, frozenset(self.terms.items())))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expr):
            return NotImplemented
        return hash(self) == hash(other) and self.const == other.const and self.terms == other.terms

    def __add__(self, other: Expr | int) -> Expr:
        o = lift(other)
        terms = dict(self.terms)
        for atom, k in o.terms.items():
            terms[atom] = terms.get(atom, 0) + k
        return Expr(self.const + o.const, terms)

    __radd__ = __add__

    def __neg__(self) -> Expr:
        return self.scale(-1)

    def __sub__(self, other: Expr | int) -> Expr:
        return self + (-lift(other))

    def __rsub__(self, other: Expr | int) -> Expr:
        return lift(other) - self

    def __mul__(self, other: Expr | int) -> Expr:
        o = lift(other)
        if not o.terms:
            return self.scale(o.const)
        if not self.terms:
            return o.scale(self.const)
        return Expr(0, {("mul", self, o): 1})

    __rmul__ = __mul__

    def scale(self, k: int) -> Expr:
        """k * self."""
        return Expr(self.const * k, {a: c * k for a, c in self.terms.items()})


class Cell(Expr):
    """A column at the current row; `.next` is the same column one row on."""

    __slots__ = ("index", "kind", "name")

    def __init__(self, kind: str, index: int, name: str) -> None:
        super().__init__(0, {(kind, index, 0): 1})
        self.kind = kind
        self.index = index
        self.name = name

    __hash__ = Expr.__hash__

    @property
    def next(self) -> Expr:
        """The cell of the following row (cyclic)."""
        return Expr(0, {(self.kind, self.index, 1): 1})


def lift(value: Expr | int) -> Expr:
    """An integer as a constant expression."""
    return value if isinstance(value, Expr) else Expr(value, {})


def following(cells: Iterable[Cell]) -> list[Expr]:
    """The same columns one row on."""
    return [c.next for c in cells]


def total(items: Iterable[Expr | int]) -> Expr:
    """The sum, built in one pass (quadratic otherwise)."""
    const = 0
    terms: dict[Atom, int] = {}
    for item in items:
        e = lift(item)
        const += e.const
        for atom, k in e.terms.items():
            terms[atom] = terms.get(atom, 0) + k
    return Expr(const, terms)


def mixed(matrix: Sequence[Sequence[int]], exprs: Sequence[Expr]) -> list[Expr]:
    """A matrix of integers times a vector of expressions, on the matrix of their coefficients."""
    atoms = {atom: place for place, atom in enumerate(dict.fromkeys(atom for e in exprs for atom in e.terms))}
    held = np.zeros((len(exprs), len(atoms) + 1), dtype=np.uint64)
    for row, e in zip(held, exprs, strict=True):
        row[[atoms[atom] for atom in e.terms]] = list(e.terms.values())
        row[-1] = e.const
    weights = np.array([[k % P for k in row] for row in matrix], dtype=np.uint64)
    sums = np.zeros((len(matrix), len(atoms) + 1), dtype=np.uint64)
    for factors, row in zip(weights.T, held, strict=True):
        sums = (sums + factors[:, None] * row) % P  # below 2^62 + 2^31
    return [Expr(const, dict(zip(atoms, terms, strict=True))) for *terms, const in sums.tolist()]


def shifted(expr: Expr) -> Expr:
    """The same expression one row on.

    Raises ValueError if it already reads the next row.
    """
    terms: dict[Atom, int] = {}
    for atom, k in expr.terms.items():
        if atom[0] in {"col", "pub"}:
            if atom[2]:
                raise ValueError("an expression can reach only one row ahead")
            terms[(atom[0], atom[1], 1)] = k
        elif atom[0] == "mul":
            terms[("mul", shifted(atom[1]), shifted(atom[2]))] = k
        else:
            terms[atom] = k
    return Expr(expr.const, terms)


def atom_degree(atom: Atom) -> int:
    """Degree in the columns; scalars count nothing."""
    if atom[0] in {"col", "pub"}:
        return 1
    if atom[0] == "mul":
        left: Expr = atom[1]
        right: Expr = atom[2]
        return left.degree + right.degree
    return 0


class Emitter:
    """Numbers the nodes of a table; equal expressions share one number."""

    def __init__(self) -> None:
        self.nodes: list[list[Any]] = []
        self._seen: dict[Any, int] = {}

    def emit(self, expr: Expr) -> int:
        """The number of the node that computes `expr`, adding what is missing."""
        if expr in self._seen:
            return self._seen[expr]
        if not expr.terms:
            number = self._push(["const", expr.const])
        elif expr.const == 0 and len(expr.terms) == 1 and next(iter(expr.terms.values())) == 1:
            number = self._atom(next(iter(expr.terms)))
        else:
            pairs = sorted((self._atom(a), k) for a, k in expr.terms.items())
            number = self._push(["lin", expr.const, [[k, a] for a, k in pairs]])
        self._seen[expr] = number
        return number

    def _atom(self, atom: Atom) -> int:
        if atom in self._seen:
            return self._seen[atom]
        number = self._push(["mul", self.emit(atom[1]), self.emit(atom[2])] if atom[0] == "mul" else list(atom))
        self._seen[atom] = number
        return number

    def _push(self, node: list[Any]) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1
