"""The Poseidon table of v2: records of pages, lots, tokens and registers of standings, and the trees over all of them.

A row is one permutation. Pages and standings are trees of depth 20 with one tag of nodes; a page's number is
its place in the statement's list of roots, those of the standings are constants. A lot, token or register is a pair of
rows: the second holds the digest of the first and is the leaf.

Who would cheat how: a record that the page does not have (its digest has no way up); one left out (a child that is not
zero must be taken, and what is taken must be given); one shown at another position or in another tree (the node's
message has both, from the root down); one thing shown as another. Each kind has tags of its own, and a tag's lane goes
out less that tag: the reader of a leaf takes it apart into 22 bits, the reader of a pair states 0 or 2^24, `sums` reads
what it adds to a register's tags as 8 * level + term and as 15 bits. Tags are 2^24 apart. So a row has one kind, though
no constraint here says so; nor that a second half is a bit, which follows from the kinds of the row before.

Nothing says that the salts of inner nodes are 0, as the format has them: a root names its leaves whatever the salts are
(docs/lot-machine-v2.md, section 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.expr import Cell, Expr, following
from zkharvest.circuit.lot_machine.shared.hashing import climb, permutation, poseidon_trace
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import DIGEST, SALT, WIDTH
from zkharvest.commitment.page_record import TAG_RECORD
from zkharvest.commitment.standing import (
    LANES_FIRST,
    PAIR_SECOND,
    TAG_LOT,
    TAG_REGISTER,
    TAG_REGISTER_SECOND,
    TAG_SECOND,
    Pairs,
)
from zkharvest.commitment.tree import TAG_NODE, Tree

from .buses import TREE_LOTS_IN, TREE_LOTS_OUT, TREE_SUMS_IN, TREE_SUMS_OUT, HashBuses
from .sums.keys import LANES, PLACE

Cells = NDArray[np.uint32]

KINDS = ("is_record", "is_pair", "is_register", "is_second", "is_node")
RECORD, PAIR, REGISTER, SECOND, NODE = range(len(KINDS))
_SALTED = slice(1, WIDTH - SALT)
_BEHIND_DIGEST = slice(1 + DIGEST, WIDTH)


def poseidon_table(circuit: Circuit, buses: HashBuses) -> Table:
    """Build the table."""
    t = circuit.table("poseidon", "one permutation a row: records of pages, pairs of standings, and nodes")
    x = t.column_list("in", WIDTH)
    out = permutation(t, x)
    record, pair, register, second, node = (t.column(name) for name in KINDS)
    tree, level, index = (t.column(name) for name in ("tree", "level", "index"))
    left_out = t.column("no_left"), t.column("no_right")
    t.boolean(record, pair, register, node)
    digest = [o + i for o, i in zip(out[:DIGEST], x[:DIGEST], strict=True)]
    leaf = record + second
    with t.when(leaf):
        t.zero("leaf_level", level, "leaves stand at level 0: else one could stand for all below it")
    with t.when(node):
        t.equal("is_node_tag", x[0], TAG_NODE, "the domain tag of nodes: else a leaf's digest could be a node's")
    with t.when(pair):
        t.equal("second_tag", x[0].next, TAG_SECOND, "the domain tag of second halves of lots and tokens")
    climb(t, buses.node, (tree, level, index), x, digest, node, leaf, left_out)
    t.send(buses.leaf, [tree, index, x[0] - TAG_RECORD, *x[_SALTED]], record)

    # Cyclic: a second half on the first row would belong to a first half on the last.
    first = pair + register
    t.equal("two_halves", second.next, first, "the two halves of a pair stand on neighbouring rows")
    with t.when(first):
        t.equals("half_link{}", following(x[1 : 1 + DIGEST]), digest, "the second half holds the digest of the first")
    behind = following(x[_BEHIND_DIGEST])
    lanes = [*x[_SALTED], *behind[:PAIR_SECOND]]
    t.send(buses.pair, [tree.next, index.next, x[0] - TAG_LOT, *lanes], pair)
    slots: dict[int, Expr | int] = {k: register * lane for k, lane in enumerate(register_slots(x, behind))}
    t.collect(buses.standing, [tree.next - TREE_SUMS_OUT, index.next], slots)
    return t


def register_slots(x: Sequence[Cell], behind: Sequence[Expr]) -> list[Expr]:
    """A register's slots on `standing`, in the order of `keys.STANDING_FIELDS`: from its first row, and the second's
    lanes behind the digest; the second's tag is read a row ahead.
    """
    small = x[0].next - TAG_REGISTER_SECOND
    places, numbers = x[1 : 1 + 2 * PLACE], x[1 + 2 * PLACE : WIDTH - SALT]
    rest = LANES - LANES_FIRST
    return [*numbers, *behind[:rest], x[0] - TAG_REGISTER, *places, small, *behind[rest:]]


@dataclass
class Hashes:
    """The permutations of a statement, collected: inputs (n, 24), and marks (n, 4): kind, tree, level, index."""

    inputs: list[Cells] = field(default_factory=lambda: [np.zeros((0, WIDTH), np.uint32)])
    marks: list[Ints] = field(default_factory=lambda: [np.zeros((0, 4), np.int64)])

    def add(self, inputs: Cells, kind: Ints | int, tree: int, level: int, index: Ints) -> None:
        """Rows of one level of one tree."""
        marks = np.empty((len(inputs), 4), np.int64)
        for j, value in enumerate((kind, tree, level, index)):
            marks[:, j] = value
        self.inputs.append(inputs)
        self.marks.append(marks)

    def add_nodes(self, tree: Tree, number: int) -> None:
        """The nodes over leaves."""
        for level, inputs in enumerate(tree.nodes, start=1):
            self.add(inputs, NODE, number, level, np.arange(len(inputs)))

    def add_page(self, leaves: Cells, tree: Tree, number: int) -> None:
        """A page: its records' inputs (n, 24), and the tree over them."""
        self.add(leaves, RECORD, number, 0, np.arange(len(leaves)))
        self.add_nodes(tree, number)

    def add_pairs(self, pairs: Pairs, kind: int, number: int) -> None:
        """A tree of a standing; `kind` is PAIR or REGISTER."""
        n = len(pairs.first)
        rows = np.empty((2 * n, WIDTH), np.uint32)
        rows[0::2], rows[1::2] = pairs.first, pairs.second
        self.add(rows, np.where(np.arange(2 * n) % 2, SECOND, kind), number, 0, np.arange(2 * n) // 2)
        self.add_nodes(pairs.tree, number)

    def add_standing(self, lots: Pairs, registers: Pairs, *, out: bool) -> None:
        """Both trees of the standing carried in, or out."""
        self.add_pairs(lots, PAIR, TREE_LOTS_OUT if out else TREE_LOTS_IN)
        self.add_pairs(registers, REGISTER, TREE_SUMS_OUT if out else TREE_SUMS_IN)

    @property
    def count(self) -> int:
        """Permutations so far."""
        return sum(len(inputs) for inputs in self.inputs)

    def rows(self) -> tuple[Cells, Ints]:
        """All of them: inputs and marks."""
        return np.concatenate(self.inputs), np.concatenate(self.marks)


def hash_trace(table: Table, inputs: Cells, marks: Ints, rows: int) -> Cells:
    """The filled table (rows, columns). Raises ValueError if there are more permutations than rows."""
    if len(inputs) > rows:
        raise ValueError(f"{len(inputs)} permutations do not fit in {rows} rows")
    return poseidon_trace(table, inputs, marks, rows, KINDS)
