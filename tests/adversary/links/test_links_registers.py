"""Cells of registers changed at random: what is held against the statement and the posts never changes alone."""

from __future__ import annotations

from random import Random

import pytest

from tests.adversary.kit.local import Board
from tests.support import registers as support
from tests.support.register_runs import carried, classes
from zkharvest.circuit.lot_machine.v2.sums.table import BYTES, CARRYING, ENDS, SHOWN
from zkharvest.spec import P

FREE = {"blind_in", "blind_out", *(f"shown{k}" for k in SHOWN)}
"""The ring's numbers, and how often a figure is received, which is as often as the statement has it."""
BESIDE = {f"{name}{k}" for name in ("byte", "value") for k in range(BYTES - 3, BYTES)}
CARRIES = {f"carry_{limb}{at}": byte for limb in ("low", "high") for at, byte in enumerate(CARRYING)}
"""Free on a second row: its last place, which is empty, and carries where a number of it ends; and all carries of a
register that is carried in."""
OUTSIDE = {"bus post", "bus figure", "bus standing"}
"""What would follow a lie, if another table or the statement told it too."""
NUMBERS = ("byte", "value", "carry")
"""Cells that say what is collected: with others it is another sum, and what was posted is the only one."""


@pytest.mark.parametrize("make", [classes, carried])
@pytest.mark.parametrize("cells", [1, 2, 3])
def test_no_other_cells_are_a_register(make, cells):
    """Not even for a liar whose posts, figures and standings say what the changed register says, its sum apart."""
    run, rng = make(), Random(cells)
    board = Board(run, support.description())
    t = board.names.index("sums")
    columns, trace = board.tables[t]["columns"], board.traces[t]
    signed = [[columns.index(f"byte{k}") for k in of] for of in (range(12), range(12, BYTES))]
    edits = []
    for _ in range(3000):
        row = rng.randrange(2 * len(run.found.keys))
        unused = {*CARRYING} if run.found.prior[row // 2] else {*ENDS[1], *range(27, BYTES)} if row % 2 else set()
        free = FREE | {name for name, byte in CARRIES.items() if byte in unused} | (BESIDE if row % 2 else set())
        free = free | {f"negative{n}" for n, at in enumerate(signed) if not trace[row, at].any()}  # 0 has either sign
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
        if broken <= (OUTSIDE - {"bus post"} if any(columns[c].startswith(NUMBERS) for c in edit) else OUTSIDE)
    ]
    assert passed == []
