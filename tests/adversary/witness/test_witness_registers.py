"""Cells of registers changed at random: what is held against the statement and the posts never changes alone."""

from __future__ import annotations

from random import Random

import pytest

from tests.adversary.kit.local import Board
from tests.support import registers as support
from tests.support.register_runs import carried, classes
from zkharvest.circuit.lot_machine.v2.sums.keys import LANES
from zkharvest.spec import P

FREE = {"blind_in", "blind_out", "shown"}
"""The ring's numbers, and how often a figure is received, which is as often as the statement has it."""
BEHIND = {"octet", "pack"}
"""Free on the last lane, which has no byte of the key."""
OUTSIDE = {"bus post", "bus figure", "bus standing"}
"""What would follow a lie, if another table or the statement told it too."""


@pytest.mark.parametrize("make", [classes, carried])
@pytest.mark.parametrize("cells", [1, 2, 3])
def test_no_other_cells_are_a_register(make, cells):
    """Not even for a liar whose posts, figures and standings say what the changed register says."""
    run, rng = make(), Random(cells)
    board = Board(run, support.description())
    t = board.names.index("sums")
    columns, trace = board.tables[t]["columns"], board.traces[t]
    edits = []
    for _ in range(3000):
        row = rng.randrange(LANES * len(run.found.keys))
        free = FREE | BEHIND if row % LANES == LANES - 1 else FREE
        held = [c for c, name in enumerate(columns) if name not in free]
        edit = {}
        for column in rng.sample(held, cells):
            v = int(trace[row, column])
            others = (0, 1, 2, v + 1, v - 1, -v, v + 256, v - 256, (v * (P + 1) // 2), rng.randrange(P))
            edit[column] = rng.choice([x % P for x in others if x % P != v])
        edits.append((row, edit))
    passed = [
        (row, {columns[c]: x for c, x in edit.items()}, broken)
        for (row, edit), broken in zip(edits, board.single(t, edits), strict=True)
        if broken <= OUTSIDE
    ]
    assert passed == []
