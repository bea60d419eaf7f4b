"""Which columns are committed as one polynomial, a *stack*, and what a stack says at a query (FORMAT.md section 4).

A stack of the columns f_0, ..., f_(k-1) is F(X) = sum_i X^i f_i(X^k), after fflonk (ePrint 2021/1167): a column in
lane i of it. All k claims f_i(z) = v_i together are one: X^k - z divides F - I, with I(X) = sum_i v_i X^i. At a point x
of the stacks' coset, with y = x^k a point of the columns' coset, F(x) = sum_i x^i f_i(y).

Columns of one kind share stacks, and kinds do not mix: what is opened in the next row as well (main columns that a
constraint reads there, running sums) and what is not. Column c of a kind with s stacks, counted in the order of the
tree, is lane c div s of stack c mod s. Lanes that no column fills hold the zero polynomial: the claim about them is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkharvest.verifier.description import Description
from zkharvest.verifier.field import DEGREE


@dataclass(frozen=True, slots=True)
class Kind:
    """Columns that share stacks: their numbers, in order; `width` stacks of k lanes."""

    columns: tuple[int, ...]
    width: int

    def lane(self, number: int) -> tuple[int, int]:
        """Stack (counted within the kind) and lane of the column at a place of `columns`."""
        return number % self.width, number // self.width


@dataclass(frozen=True, slots=True)
class Tree:
    """The stacks of one tree: first those opened in the next row too, then the others; `degree` words a stack."""

    following: Kind
    others: Kind
    degree: int  # words of a column: 1 in F, 5 in E

    @property
    def stacks(self) -> int:
        """How many there are."""
        return self.following.width + self.others.width

    @property
    def words(self) -> int:
        """Base elements in an opened row."""
        return self.degree * self.stacks

    def lanes(self, stack: int) -> list[list[int]]:
        """For each of the `stack` lanes the column in every stack of the tree, -1 where there is none."""
        found = [[-1] * self.stacks for _ in range(stack)]
        for kind, first in ((self.following, 0), (self.others, self.following.width)):
            for number, column in enumerate(kind.columns):
                place, lane = kind.lane(number)
                found[lane][first + place] = column
        return found


@dataclass(frozen=True, slots=True)
class Stacks:
    """The trees of a circuit at k columns a stack. R, in the quotient tree, is a polynomial of its own."""

    stack: int
    main: Tree
    aux: Tree
    quotient: Tree

    @property
    def trees(self) -> tuple[Tree, Tree, Tree]:
        """In the order of the proof."""
        return self.main, self.aux, self.quotient

    @property
    def pairs(self) -> int:
        """Functions that the batch combines: every stack at z, those that look ahead at g z, and R."""
        return sum(tree.stacks + tree.following.width for tree in self.trees) + 1


def stacks_of(description: Description, stack: int) -> Stacks:
    """The stacks of a circuit's columns, `stack` (a power of two) columns each."""

    def kind(columns: Sequence[int]) -> Kind:
        return Kind(tuple(columns), -(-len(columns) // stack))

    def tree(count: int, following: Sequence[int], degree: int) -> Tree:
        ahead = frozenset(following)
        return Tree(kind(following), kind([c for c in range(count) if c not in ahead]), degree)

    return Stacks(
        stack,
        tree(description.main_width, description.next_main, 1),
        tree(description.extension_columns, description.next_aux, DEGREE),
        tree(description.pieces, (), DEGREE),
    )
