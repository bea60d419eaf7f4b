"""Commitment trees taken apart and grown again: other leaves, other places, other roots, with honest hashes.

Leaves are what the statement's roots are made of; a liar's tree is hashed as well as an honest one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from tests.adversary.kit.forge import Forgery
from tests.adversary.witness.lies.registry import run
from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine.shared.hashing import poseidon_trace
from zkharvest.circuit.lot_machine.v1.poseidon import KINDS
from zkharvest.commitment.encoding import DEPTH, DIGEST, TAG_NODE, TREE_CLOSING, TREE_OPENING, WIDTH
from zkharvest.commitment.poseidon_kernel import compress_many

RECORD, LOT_A, LOT_B, NODE = range(4)
INVENTORIES = {TREE_OPENING: "opening", TREE_CLOSING: "closing"}


@dataclass
class Row:
    """A permutation of the table."""

    kind: int
    tree: int
    level: int
    index: int
    inputs: list[int]


@dataclass
class Forest:
    """The rows of a forgery's hash table."""

    forged: Forgery
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        sheet = self.forged.sheet("poseidon")
        flags = [sheet[name] for name in ("is_record", "is_lot_a", "is_lot_b", "is_node")]
        for r in np.flatnonzero(np.any(flags, axis=0)):
            kind = next(k for k, flag in enumerate(flags) if flag[r])
            marks = (int(sheet[name][r]) for name in ("tree", "level", "index"))
            self.rows.append(Row(kind, *marks, [int(x) for x in sheet.cells[:WIDTH, r]]))

    def leaves(self, tree: int) -> list[Row]:
        """The rows of a tree that are no nodes."""
        return [row for row in self.rows if row.tree == tree and row.kind != NODE]

    def cut(self, tree: int) -> None:
        """Take a tree out."""
        self.rows = [row for row in self.rows if row.tree != tree]

    def grow(self, tree: int, leaves: list[Row], *, level: int = 0) -> list[int]:
        """Plant leaves (a lot has two rows), which stand at a level, under a new root; returns it.

        Second halves take up the digest of the first.
        """
        self.cut(tree)
        known: dict[int, list[int]] = {}
        for place, row in enumerate(leaves):
            row.tree, row.level = tree, level
            if row.kind == LOT_B:
                row.inputs[1 : 1 + DIGEST] = digest(leaves[place - 1].inputs)
            if row.kind != LOT_A:
                known[row.index] = digest(row.inputs)
        self.rows += leaves
        return self.branch(tree, known, level)

    def branch(self, tree: int, known: Mapping[int, list[int]], level: int = 0) -> list[int]:
        """Nodes above digests of a level, up to the root, which is returned."""
        nothing = [0] * DIGEST
        for above in range(level + 1, DEPTH + 1):
            parents = sorted({i // 2 for i in known} | ({0} if above == DEPTH else set()))
            made = {}
            for i in parents:
                inputs = [TAG_NODE, *known.get(2 * i, nothing), *known.get(2 * i + 1, nothing)]
                inputs += [0] * (WIDTH - len(inputs))
                self.rows.append(Row(NODE, tree, above, i, inputs))
                made[i] = digest(inputs)
            known = made
        return list(known[0])

    def plant(self) -> Forgery:
        """Write the rows back, with the ring that was there."""
        circuit = statement.definition()[0]
        table = circuit.tables[statement.table_number("poseidon")]
        before = self.forged.traces["poseidon"]
        height = max(len(before), len(self.rows) + 2)
        inputs = np.array([row.inputs for row in self.rows], np.uint32).reshape(-1, WIDTH)
        marks = np.array([(row.kind, row.tree, row.level, row.index) for row in self.rows], np.int64).reshape(-1, 4)
        after = poseidon_trace(table, inputs, marks, height, KINDS)
        after[: len(before), -3:] = before[:, -3:]
        self.forged.traces["poseidon"] = after
        return self.forged

    def claim(self, tree: int, root: list[int]) -> None:
        """The statement names this root."""
        if tree in INVENTORIES:
            self.forged.claim(**{f"{INVENTORIES[tree]}_root_{i}": x for i, x in enumerate(root)})
            return
        public = self.forged.public
        records = [list(record) for record in public.lists[0]]
        records[tree][:DIGEST] = root
        self.forged.public = PublicValues(public.publics, [records], public.columns)


def digest(inputs: list[int]) -> list[int]:
    """The hash of 24 lanes."""
    return [int(x) for x in np.asarray(compress_many(np.array([inputs], np.uint32)))[0]]


def regrown(
    forged: Forgery, tree: int, change: Callable[[list[Row]], None] = lambda _: None, *, level: int = 0
) -> Forgery:
    """One tree with changed leaves, and its new root in the statement."""
    forest = Forest(forged)
    leaves = forest.leaves(tree)
    change(leaves)
    forest.claim(tree, forest.grow(tree, leaves, level=level))
    return forest.plant()


def without(forged: Forgery, tree: int, root: list[int] | None = None) -> Forgery:
    """One tree is not hashed at all; the statement names any root."""
    forest = Forest(forged)
    forest.cut(tree)
    forest.claim(tree, root or [7] * DIGEST)
    return forest.plant()


def empty_year() -> Forgery:
    """An honest run of nothing: no sources, no trades, no lots."""
    forged = run([trade("2024-01-01", "a/1", "transfer", 1, to="b")], basis="universal")  # has no effect
    steps, sources = forged.sheet("steps"), forged.sheet("sources")
    for row in range(len(steps["clk"])):
        steps.copy_row(-1, row, but=("clk", "blind_on", "blind_out", "blind_in"))
    steps["seq"][:] = 0
    for name in ("active", "number", "code0", "code1", "code2"):
        sources[name][:] = 0
    forged.sheet("calendar")["count"][:] = 0
    forged.public = PublicValues(forged.public.publics, [[]], forged.public.columns)
    forest = Forest(forged)
    for tree in (0, 1):
        forest.cut(tree)
    forest.plant()
    forged.recount()
    return forged
