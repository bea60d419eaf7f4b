"""The Poseidon table: one permutation a row; leaves, lots and nodes of the commitment trees.

Each row hashes 24 lanes to nine: `digest = Trunc(P(x) + x)` (feed-forward: truncation alone has trivial collisions).
Committed columns are the inputs, the states after each full round and the cubed lane of each partial round; everything
between is linear. A tree has depth 24; what is absent is the zero digest, and a row may only leave out a child
that is zero.

A row has at most one kind, though no constraint says so: kinds have different tags, and no record has another kind's
tag. Whether a zero child is left out is a bit because nobody else can take or give it (docs/adr/0009).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.expr import following
from zkharvest.circuit.lot_machine.shared.hashing import climb, permutation
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import (
    DIGEST,
    LOT_LANES,
    TAG_LOT_A,
    TAG_LOT_B,
    TAG_NODE,
    TAG_RECORD,
    TREE_CLOSING,
    TREE_OPENING,
    WIDTH,
)
from zkharvest.commitment.inventory import Inventory
from zkharvest.commitment.opening import Opening
from zkharvest.commitment.tree import Tree

from .buses import MachineBuses

Cells = NDArray[np.uint32]

KINDS = ("is_record", "is_lot_a", "is_lot_b", "is_node")


def poseidon_table(circuit: Circuit, buses: MachineBuses) -> Table:
    """Build the table."""
    t = circuit.table("poseidon", "one permutation a row: records, lots and nodes of the commitment trees")
    x = t.column_list("in", WIDTH)
    out = permutation(t, x)
    record, lot_a, lot_b, node = (t.column(n) for n in KINDS)
    tree, level, index = (t.column(n) for n in ("tree", "level", "index"))
    no_left, no_right = t.column("no_left"), t.column("no_right")
    t.boolean(record, lot_a, node)
    digest = [o + i for o, i in zip(out[:DIGEST], x[:DIGEST], strict=True)]

    with t.when(record + lot_b):
        t.zero("leaf_level", level, "leaves stand at level 0")
    for flag, tag in ((node, TAG_NODE), (lot_a, TAG_LOT_A), (lot_b, TAG_LOT_B)):
        with t.when(flag):
            t.equal(f"{flag.name}_tag", x[0], tag, f"the domain tag of `{flag.name}`")
    climb(t, buses.node, (tree, level, index), x, digest, node, record + lot_b, (no_left, no_right))

    t.send(buses.record, [tree, index, x[0] - TAG_RECORD, *x[1:18]], record)

    # Cyclic: a second half on the first row would belong to a first half on the last.
    t.equal("lot_pair", lot_b.next, lot_a, "the two halves of a lot stand on neighbouring rows")
    with t.when(lot_a):
        t.equals("lot_link{}", following(x[1 : 1 + DIGEST]), digest, "the second half holds the digest of the first")
    nature = following(x[10:22])  # unit basis, long-from, side, year
    t.send(buses.lot, [tree.next, index.next, *x[1 : 1 + LOT_LANES], *nature], lot_a)
    return t


class _Hashes:
    """Collects rows of the Poseidon table."""

    def __init__(self) -> None:
        self.inputs: list[Cells] = []
        self.marks: list[Ints] = []  # kind (a place in KINDS), tree, level, index

    def add(self, inputs: Cells, kind: Ints | int, tree: int, level: int, index: Ints) -> None:
        n = len(inputs)
        marks = np.empty((n, 4), np.int64)
        for j, value in enumerate((kind, tree, level, index)):
            marks[:, j] = value
        self.inputs.append(inputs)
        self.marks.append(marks)

    def add_nodes(self, tree: Tree, number: int) -> None:
        for level, inputs in enumerate(tree.nodes, start=1):
            self.add(inputs, 3, number, level, np.arange(len(inputs)))

    def add_inventory(self, inventory: Inventory, number: int) -> None:
        n = len(inventory.first)
        pairs = np.empty((2 * n, inventory.first.shape[1]), np.uint32)
        pairs[0::2], pairs[1::2] = inventory.first, inventory.second
        self.add(pairs, np.arange(2 * n) % 2 + 1, number, 0, np.arange(2 * n) // 2)
        self.add_nodes(inventory.tree, number)


def hash_rows(opening: Opening, first: Inventory, last: Inventory) -> tuple[Cells, Ints]:
    """All permutations of a statement: (m, 24) inputs and their marks."""
    rows = _Hashes()
    for number, (leaves, tree) in enumerate(zip(opening.leaves, opening.trees, strict=True)):
        rows.add(leaves, 0, number, 0, np.arange(len(leaves)))
        rows.add_nodes(tree, number)
    rows.add_inventory(first, TREE_OPENING)
    rows.add_inventory(last, TREE_CLOSING)
    return np.concatenate(rows.inputs), np.concatenate(rows.marks)
