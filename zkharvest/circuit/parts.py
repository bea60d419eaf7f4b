"""What a table is made of: buses, constraints, and the messages on buses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .expr import Expr

Where = Literal["all", "first", "last", "transition"]


@dataclass(frozen=True, slots=True)
class Bus:
    """A LogUp bus: a multiset of messages of one fixed width (an injective fingerprint needs a fixed width)."""

    name: str
    number: int
    width: int


@dataclass(frozen=True, slots=True)
class Constraint:
    """`expr` is zero on the rows `where`; `note` says in English what is promised."""

    name: str
    where: Where
    expr: Expr
    note: str


@dataclass(frozen=True, slots=True)
class Weight:
    """What an interaction adds to a slot of its message; `most` bounds what all rows add, None if one alone does."""

    slot: int
    value: Expr
    most: int | None


@dataclass(frozen=True, slots=True)
class Interaction:
    """A message sent (+1) to or received (-1) from a bus, `mult` times, and what is added to its slots."""

    bus: Bus
    sign: int
    mult: Expr
    message: tuple[Expr, ...]
    weights: tuple[Weight, ...] = ()

    @property
    def degree(self) -> int:
        """Degree of the denominator."""
        return max((m.degree for m in self.message), default=0)

    @property
    def numerator_degree(self) -> int:
        """Degree of the numerator: of the multiplicity or a weight."""
        return max(self.mult.degree, *(w.value.degree for w in self.weights), 0)
