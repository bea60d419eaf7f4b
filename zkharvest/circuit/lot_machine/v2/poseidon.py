"""The Poseidon table of v2, as far as it goes: the records of pages, and the trees over them up to the page's root.

A row is one permutation, as in v1. A page is a tree of depth 20 under tags of its own (16 for records, 17 for nodes):
nothing that v1 has hashed is a record or node of a page. Its number is its place in the statement's list of roots.

Who would cheat how: a record that the page does not have (its digest has no way up); one left out (a child that is not
zero must be taken, and what is taken must be given); one shown at another position or in another page (the node's
message has both, from the root down); a node shown as a record. The last is for the reader of the leaf: the tag's lane
goes out as the code, less the tag of records, and `steps` takes it apart into 22 bits, while the tag of a node is 2^24
further. So a row has one kind, though no constraint here says so; a table that reads leaves must have these bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Bus, Circuit, Table
from zkharvest.circuit.expr import lift
from zkharvest.circuit.lot_machine.v1.poseidon import climb, permutation, poseidon_trace
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import DIGEST
from zkharvest.commitment.page_record import SALT, TAG_RECORD, WIDTH
from zkharvest.commitment.pages import DEPTH, TAG_NODE
from zkharvest.commitment.tree import Tree

Cells = NDArray[np.uint32]

KINDS = ("is_record", "is_node")
LEAF = 2 + WIDTH - SALT
"""A record in a message: page, position, code, and its 18 lanes but for the salt."""
MAX_ROOTS = 4096
"""Pages that a statement can list, each by its root."""


@dataclass(frozen=True, slots=True)
class PageBuses:
    """What the hashes of pages join: records to who works them, nodes among themselves and to the roots."""

    leaf: Bus
    node: Bus


def page_buses(circuit: Circuit) -> PageBuses:
    """Records and nodes; the roots are a public list, which the verifier takes itself."""
    buses = PageBuses(circuit.bus("leaf", LEAF), circuit.bus("node", 3 + DIGEST))
    circuit.public_list("pages", [f"root_{i}" for i in range(DIGEST)], MAX_ROOTS)
    root = [["index"], DEPTH, 0, *(["item", i] for i in range(DIGEST))]
    circuit.public_message(buses.node, -1, root, each="pages")
    return buses


def poseidon_table(circuit: Circuit, buses: PageBuses) -> Table:
    """Build the table."""
    t = circuit.table("poseidon", "one permutation a row: records of pages and the nodes over them")
    x = t.column_list("in", WIDTH)
    out = permutation(t, x)
    record, node = (t.column(name) for name in KINDS)
    tree, level, index = (t.column(name) for name in ("tree", "level", "index"))
    left_out = t.column("no_left"), t.column("no_right")
    t.boolean(record, node)
    digest = [o + i for o, i in zip(out[:DIGEST], x[:DIGEST], strict=True)]
    with t.when(record):
        t.zero("leaf_level", lift(level), "records stand at level 0: else one could stand for all below it")
    with t.when(node):
        t.equal("is_node_tag", x[0], TAG_NODE, "the domain tag of nodes: else a record's digest could be a node's")
    climb(t, buses.node, (tree, level, index), x, digest, node, lift(record), left_out)
    t.send(buses.leaf, [tree, index, x[0] - TAG_RECORD, *x[1 : WIDTH - SALT]], record)
    return t


def page_hashes(pages: Sequence[tuple[Cells, Tree]]) -> tuple[Cells, Ints]:
    """All permutations of pages, given as leaves' inputs (n, 24) and tree: inputs (m, 24) and marks (m, 4).

    A mark is kind (a place in KINDS), tree, level, index.
    """
    inputs: list[Cells] = [np.zeros((0, WIDTH), np.uint32)]
    marks: list[Ints] = [np.zeros((0, 4), np.int64)]
    for number, (leaves, tree) in enumerate(pages):
        for level, rows in enumerate((leaves, *tree.nodes)):
            at = np.arange(len(rows))
            inputs.append(rows)
            marks.append(np.stack([at * 0 + min(level, 1), at * 0 + number, at * 0 + level, at], axis=1))
    return np.concatenate(inputs), np.concatenate(marks)


def page_trace(table: Table, inputs: Cells, marks: Ints, rows: int) -> Cells:
    """The filled table (rows, columns). Raises ValueError if there are more permutations than rows."""
    if len(inputs) > rows:
        raise ValueError(f"{len(inputs)} permutations do not fit in {rows} rows")
    return poseidon_trace(table, inputs, marks, rows, KINDS)
