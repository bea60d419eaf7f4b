"""Which columns are committed as one polynomial, a *stack*, and what a stack says at a query (FORMAT.md section 4).

A stack of the columns f_0, ..., f_(s-1) is F(X) = sum_i X^i f_i(X^s), after fflonk (ePrint 2021/1167): a column in
lane i of it. All s claims f_i(z) = v_i together are one: X^s - z divides F - I, with I(X) = sum_i v_i X^i. At a point x
of the stacks' coset, with y = x^s a point of the columns' coset, F(x) = sum_i x^i f_i(y).

The tallest tables, of 2^n rows, have k lanes a stack. A table of 2^(n-j) rows has k 2^j lanes: its columns have 2^j
times fewer coefficients, so that every stack has k K, and all of them lie in the same trees and the same FRI.

Columns share a stack if their tables have one height and they are of one kind: what is opened in the next row as well
(main columns that a constraint reads there, running sums), and what is not. Column c of a kind with w stacks, counted
in the order of the tree, is column u = c div w of stack c mod w, in lane (u mod 2^j) k + u div 2^j. The 2^j lanes
l, l + k, l + 2 k, ... together are one column of the tallest, sum_m Y^m f_(l + k m)(Y^(2^j)) with Y = X^k, so that few
of those are needed. Lanes that no column fills hold the zero polynomial: the claim about them is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zkharvest.verifier.description import Description
from zkharvest.verifier.field import DEGREE


@dataclass(frozen=True, slots=True)
class Kind:
    """Columns that share stacks: their numbers, in order; `width` stacks of `stack` * `short` lanes."""

    columns: tuple[int, ...]
    width: int
    stack: int  # k
    short: int  # 2^j: columns of this height in one of the tallest

    def lane(self, number: int) -> tuple[int, int]:
        """Stack (counted within the kind) and lane of the column at a place of `columns`."""
        within, place = divmod(number, self.width)
        return place, within % self.short * self.stack + within // self.short


@dataclass(frozen=True, slots=True)
class Part:
    """The stacks of one height in one tree: first those opened in the next row too, then the others.

    `first` stacks, of taller tables, stand before them in an opened row; `degree` words a stack.
    """

    following: Kind
    others: Kind
    degree: int  # words of a column: 1 in F, 5 in E
    first: int

    @property
    def stacks(self) -> int:
        """How many there are."""
        return self.following.width + self.others.width

    @property
    def words(self) -> slice:
        """Where they stand in an opened row."""
        return slice(self.degree * self.first, self.degree * (self.first + self.stacks))

    def placed(self) -> Iterator[tuple[int, int, int]]:
        """(column, stack, lane) of every column; stacks counted within the part."""
        for kind, first in ((self.following, 0), (self.others, self.following.width)):
            for number, column in enumerate(kind.columns):
                place, lane = kind.lane(number)
                yield column, first + place, lane


@dataclass(frozen=True, slots=True)
class Height:
    """The stacks of all tables of 2^log_rows rows: `lanes` columns a stack, a part in each tree."""

    log_rows: int
    lanes: int
    trees: tuple[Part, Part, Part]


@dataclass(frozen=True, slots=True)
class Stacks:
    """The stacks of a circuit, tallest tables first. R, in the quotient tree, is a polynomial of its own."""

    heights: tuple[Height, ...]

    @property
    def words(self) -> tuple[int, int, int]:
        """Base elements in an opened row of the main, the aux and the quotient tree; the last holds R as well."""
        main, aux, quotient = (sum(h.trees[t].degree * h.trees[t].stacks for h in self.heights) for t in range(3))
        return main, aux, quotient + DEGREE

    @property
    def pairs(self) -> int:
        """Functions that the batch combines: every stack at z, those that look ahead at g z, and R."""
        return sum(part.stacks + part.following.width for h in self.heights for part in h.trees) + 1


def stacks_of(description: Description, heights: Sequence[int], stack: int) -> Stacks:
    """The stacks of a circuit whose tables have 2^heights[t] rows, `stack` columns each in the tallest tables.

    The quotient's pieces are columns of the tallest height.
    """
    tallest = max(heights)
    main_of = [h for h, table in zip(heights, description.tables, strict=True) for _ in table.columns]
    aux_of = [h for h, table in zip(heights, description.tables, strict=True) for _ in range(table.extension_columns)]
    trees = (
        (main_of, frozenset(description.next_main), 1),
        (aux_of, frozenset(description.next_aux), DEGREE),
        ([tallest] * description.pieces, frozenset[int](), DEGREE),
    )
    found: list[Height] = []
    for log_rows in sorted(set(heights), reverse=True):
        lanes = stack << (tallest - log_rows)
        parts = []
        for t, (height_of, ahead, degree) in enumerate(trees):
            mine = [column for column, height in enumerate(height_of) if height == log_rows]
            following, others = ([c for c in mine if (c in ahead) is wanted] for wanted in (True, False))
            first = sum(h.trees[t].stacks for h in found)
            parts.append(Part(_kind(following, stack, lanes), _kind(others, stack, lanes), degree, first))
        main, aux, quotient = parts
        found.append(Height(log_rows, lanes, (main, aux, quotient)))
    return Stacks(tuple(found))


def _kind(columns: Sequence[int], stack: int, lanes: int) -> Kind:
    return Kind(tuple(columns), -(-len(columns) // lanes), stack, lanes // stack)
