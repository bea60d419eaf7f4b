"""Every field of a lot's content, of a post and of a figure is read: where it differs, the bus says so, and it alone.

The other buses' fields have such lies beside their tables (`test_circuit_v2_machine_messages`, `..._tables`,
`..._hashes`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import UNIT
from tests.support import machine_circuit as machine
from tests.support import registers
from tests.support.machine_lying import buy, page, run, sale
from tests.support.mutants import mutants
from tests.support.register_runs import classes
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS
from zkharvest.spec import P

CONTENT = (
    "node", "content_write", *(f"c{3 * i}" for i in range(5)), *(f"a{3 * i}" for i in range(3)),
    *(f"unit{i}" for i in range(7)), "lot_seq", *(f"long_from{i}" for i in range(3)), "acquired", "own",
)  # fmt: skip
"""A cell of each field, in the order of the message."""
READ = (
    *(f"c{i}" for i in range(14)), *(f"a{i}" for i in range(8)), *(name for name in CONTENT[10:]), "content_write",
)  # fmt: skip


def erased(description, bus):
    """The circuits that lack a field of the bus."""
    return [m.make() for m in mutants(description) if m.kind == "field" and m.bus == bus]


def closed(change):
    """Two lots, carried out as they are not; the standing has them so."""

    def told(made):
        change(made, made.at("close"))
        made.answers["pair"] = dict(machine.asked(made, "pair"))

    return run(page(buy(0, UNIT, 7), buy(1, UNIT, 9)), told)


def exchanged(made, rows):
    """Each lot's row reads the other's content."""
    cells = [{name: made.get(row, name) for name in READ} for row in rows]
    for row, other in zip(rows, reversed(cells), strict=True):
        made.put(row, **other, content_age0=made.get(row, "clk") - other["content_write"] - 1)


def another(name):
    """One field of what is carried out is another than it was."""

    def change(made, rows):
        value = made.get(rows[1], name)
        made.put(rows[1], **{name: value - 1 if value else 1})
        if name == "content_write":
            made.put(rows[1], content_age0=made.get(rows[1], "content_age0") + 1)

    return change


EACH = pytest.mark.parametrize("each", [5, pytest.param(1, marks=pytest.mark.audit)], ids=("some", "all"))
"""Every fifth field here, and all of them in the audit."""


@EACH
def test_the_content_s_fields(each):
    without = erased(machine.description(), "content")
    assert len(without) == len(CONTENT)
    for name, mutant in list(zip(CONTENT, without, strict=True))[::each]:
        lie = closed(exchanged if name == "node" else another(name))
        assert Board(lie, machine.description()).verdict() == {"bus content"}, name
        assert Board(lie, mutant).verdict() == set(), name


def of_stub(made, table, each):
    """By field, runs in which a row of a stub differs in that one of its key."""
    cells = made.traces[table]
    row = int(np.flatnonzero(cells[:, len(FIELDS) : -3].any(axis=1))[0])
    for k in range(0, len(FIELDS), each):
        changed = cells.copy()
        changed[row, k] = (int(changed[row, k]) + 7) % P
        yield k, replace(made, traces={**made.traces, table: changed})


@EACH
@pytest.mark.parametrize(
    ("made", "description", "table"),
    [
        (lambda: machine.run(page(buy(), sale())), machine.description, "post"),
        (classes, registers.description, "posts"),
    ],
    ids=("of the machine", "of registers"),
)
def test_the_fields_of_what_is_posted(made, description, table, each):
    """Key by key, as the machine posts and as registers collect."""
    without = erased(description(), "post")
    assert len(without) == len(FIELDS)
    for k, lie in of_stub(made(), table, each):
        assert Board(lie, description()).verdict() == {"bus post"}, FIELDS[k]
        assert Board(lie, without[k]).verdict() == set(), FIELDS[k]


@EACH
def test_the_fields_of_a_figure(each):
    """What the statement shows differs in a field of the key, in the lane's number or its value."""
    made, without = classes(), erased(registers.description(), "figure")
    (shown,) = made.public.lists
    assert len(without) == len(FIELDS) + 2 == len(shown[0])
    for k, mutant in list(enumerate(without))[::each]:
        other = [[(x + 7 * (j == k)) % P for j, x in enumerate(shown[0])], *shown[1:]]
        lie = replace(made, public=replace(made.public, lists=[other]))
        assert Board(lie, registers.description()).verdict() == {"bus figure"}, k
        assert Board(lie, mutant).verdict() == set(), k
