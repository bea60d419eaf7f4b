"""A table of Poseidon: one permutation a row, whose digests climb the commitment trees.

Each row hashes 24 lanes to nine: `digest = Trunc(P(x) + x)` (feed-forward: truncation alone has trivial collisions).
Committed columns are the inputs, the states after each full round and the cubed lane of each partial round; everything
between is linear. What is absent from a tree is the zero digest, and a row may only leave out a child that is zero:
that the flag of this is a bit follows, because nobody else can take or give a zero child
(circuits/lot-machine/v2/ARGUMENT.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Bus, Table
from zkharvest.circuit.expr import Cell, Expr, mixed
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import DIGEST, WIDTH
from zkharvest.commitment.poseidon import MDS, ROUND_CONSTANTS
from zkharvest.commitment.poseidon_kernel import trace_many

Cells = NDArray[np.uint32]

HALF_FULL = 4
PARTIAL = 23


def _cube(x: Expr) -> Expr:
    return x * x * x


def permutation(t: Table, inputs: list[Cell]) -> list[Cell]:
    """Constrain a permutation of `inputs`; returns its output columns."""
    rounds = [
        [t.column(f"partial{r - HALF_FULL}")] if _partial(r) else t.column_list(f"round{r}_", WIDTH)
        for r in range(len(ROUND_CONSTANTS))
    ]
    if t.circuit.constrained:
        _constrain(t, inputs, rounds)
    return rounds[-1]


def _partial(r: int) -> bool:
    return HALF_FULL <= r < HALF_FULL + PARTIAL


def _constrain(t: Table, inputs: list[Cell], rounds: list[list[Cell]]) -> None:
    state: list[Expr] = list(inputs)
    for r, columns in enumerate(rounds):
        state = [s + c for s, c in zip(state, ROUND_CONSTANTS[r], strict=True)]
        if _partial(r):
            (cubed,) = columns
            t.equal(f"{cubed.name}_cube", cubed, _cube(state[0]), f"lane 0 is cubed in round {r}")
            state = mixed(MDS, [cubed, *state[1:]])
        else:
            after = mixed(MDS, [_cube(s) for s in state])
            t.equals(f"round{r}_lane{{}}", columns, after, f"full round {r}: cube every lane, then the MDS matrix")
            state = list(columns)


def climb(
    t: Table,
    bus: Bus,
    place: tuple[Cell, Cell, Cell],
    x: list[Cell],
    digest: list[Expr],
    node: Cell,
    leaf: Expr,
    left_out: tuple[Cell, Cell],
) -> None:
    """Leaves and nodes give their digest to the node above; a node takes two, or leaves out what is zero.

    `place` is tree, level and index. A level is one below its parent's, so that what is given is taken at last by the
    statement's root: a circle would need as many rows as the field has elements.
    """
    tree, level, index = place
    (no_left, no_right), left, right = left_out, x[1 : 1 + DIGEST], x[1 + DIGEST : 1 + 2 * DIGEST]
    for flag, child in ((no_left, left), (no_right, right)):
        with t.when(flag):
            t.equal(f"{flag.name}_node", 1, node, "only a node can lack a child")
            t.zeros(f"{flag.name}_zero{{}}", child, "a child that is left out is the zero digest")
    t.send(bus, [tree, level, index, *digest], leaf + node)
    t.receive(bus, [tree, level - 1, index * 2, *left], node - no_left)
    t.receive(bus, [tree, level - 1, index * 2 + 1, *right], node - no_right)


def poseidon_trace(table: Table, inputs: Cells, marks: Ints, rows: int, kinds: Sequence[str]) -> Cells:
    """The filled table; idle rows permute zeros. Inputs and states come from the kernel, column for column.

    `kinds` names the columns of a row's kind, by the number that `marks` has for it.
    """
    padded = np.zeros((rows, inputs.shape[1]), np.uint32)
    padded[: len(inputs)] = inputs
    filled = NamedCells(table, rows)
    trace_many(padded, out=filled.cells)
    used = slice(len(inputs))
    for kind, name in enumerate(kinds):
        filled.put(used, **{name: marks[:, 0] == kind})
    filled.put(used, tree=marks[:, 1], level=marks[:, 2], index=marks[:, 3])
    node = marks[:, 0] == kinds.index("is_node")
    left, right = inputs[:, 1 : 1 + DIGEST], inputs[:, 1 + DIGEST : 1 + 2 * DIGEST]
    filled.put(used, no_left=node & ~left.any(axis=1), no_right=node & ~right.any(axis=1))
    return filled.cells
