"""A circuit as plain data (FORMAT.md section 2): what prover, constraint checker and verifier all start from.

`description_reader.read_description` makes one from the frozen bytes, and is the only maker: it promises that every
reference is in range, every message has its bus's width, every degree is within the declared bound, every column
is constrained and every interaction is in exactly one group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Node = tuple[Any, ...]
"""("const", c), ("col", i, off), ("pub", i, off), ("public", i), ("add"|"sub"|"mul", a, b) or
("lin", c, ((k, a), ...))."""

Term = tuple[str, int]
"""Of a public message: ("const", c), ("public", i), ("item", k) or ("index", 0)."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """`nodes[node]` vanishes on the rows `where`."""

    name: str
    where: str
    node: int


@dataclass(frozen=True, slots=True)
class Interaction:
    """Every row sends (sign 1) or receives (-1) the message `mult` times on bus number `bus`.

    `weights`, pairs (slot, node), are numbers that go with it: for each message and slot they add up to zero too.
    """

    bus: int
    sign: int
    mult: int
    message: tuple[int, ...]
    weights: tuple[tuple[int, int], ...] = ()

    @property
    def numerator(self) -> tuple[int, ...]:
        """The nodes of the numerator."""
        return (self.mult, *(node for _, node in self.weights))


@dataclass(frozen=True, slots=True)
class Tally:
    """Every row adds `nodes[node]` to a slot; over all tables a slot's sum is zero."""

    slot: int
    node: int


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `next_columns` are the columns that some node reads in the next row, increasing."""

    name: str
    columns: tuple[str, ...]
    public_columns: tuple[str, ...]
    nodes: tuple[Node, ...]
    constraints: tuple[Constraint, ...]
    interactions: tuple[Interaction, ...]
    tally: tuple[Tally, ...]
    groups: tuple[tuple[int, ...], ...]
    next_columns: tuple[int, ...]

    @property
    def extension_columns(self) -> int:
        """The helpers h_0, h_1, ..., then phi."""
        return len(self.groups) + 1

    @property
    def constraint_count(self) -> int:
        """The table's own, one per group, one for the sum."""
        return len(self.constraints) + len(self.groups) + 1


@dataclass(frozen=True, slots=True)
class PublicList:
    """A public list of records of base elements."""

    name: str
    fields: tuple[str, ...]
    max: int


@dataclass(frozen=True, slots=True)
class Bus:
    """Its number is its position + 1."""

    name: str
    width: int


@dataclass(frozen=True, slots=True)
class PublicMessage:
    """Sent or received once by the statement itself; `each` is the position of a list, or None."""

    bus: int
    sign: int
    each: int | None
    message: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """A whole circuit."""

    name: str
    version: int
    degree: int
    log_rows: tuple[int, int]
    publics: tuple[str, ...]
    lists: tuple[PublicList, ...]
    buses: tuple[Bus, ...]
    tallies: int
    tables: tuple[Table, ...]
    public_messages: tuple[PublicMessage, ...]

    @property
    def pieces(self) -> int:
        """P, the number of quotient pieces."""
        return self.degree - 1

    @property
    def main_width(self) -> int:
        """Base columns of all tables."""
        return sum(len(table.columns) for table in self.tables)

    @property
    def extension_columns(self) -> int:
        """Extension columns of all tables."""
        return sum(table.extension_columns for table in self.tables)

    def fractions(self, heights: Sequence[int]) -> int:
        """How many interactions and public messages a proof with tables of 2^heights[t] rows can hold at most.

        It stays below p (`description_reader` sees to it): a message sent once per interaction and row is then never
        sent a multiple of p times, which a sum of fractions over F_p could not tell from never. It says nothing of
        weights, whose sums a circuit must keep below p itself (`circuit/builder.py: Circuit.compile`).
        """
        interactions = sum(len(table.interactions) << h for h, table in zip(heights, self.tables, strict=True))
        messages = sum(1 if entry.each is None else self.lists[entry.each].max for entry in self.public_messages)
        return interactions + messages

    @property
    def next_main(self) -> tuple[int, ...]:
        """Positions in the main tree's row that are opened at g z too, increasing."""
        positions: list[int] = []
        offset = 0
        for table in self.tables:
            positions.extend(offset + i for i in table.next_columns)
            offset += len(table.columns)
        return tuple(positions)

    @property
    def next_aux(self) -> tuple[int, ...]:
        """Extension columns (positions among all tables') opened at g z too: every phi."""
        positions: list[int] = []
        offset = 0
        for table in self.tables:
            offset += table.extension_columns
            positions.append(offset - 1)
        return tuple(positions)
