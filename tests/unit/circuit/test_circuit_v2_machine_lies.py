"""Every constraint of the machine has a lie that only it stops."""

from __future__ import annotations

import pytest

from tests.adversary.kit.local import Board
from tests.support import machine_circuit as machine
from tests.support.machine_lies import LIES, found
from zkharvest.circuit.check import check

TOLD = {**found(), **LIES}
BITS = {"is_load_bit", "is_load_token_bit", "is_close_bit", "is_close_token_bit"}
"""A row has one kind, so that no lie is about one of these flags alone: it takes two that are no bits."""


def test_every_constraint_has_a_lie():
    (steps,) = (t for t in machine.description()["tables"] if t["name"] == "steps")
    assert {c["name"] for c in steps["constraints"]} == {*TOLD, *BITS, "blind_on_bit"}


# A sixth here, and all of them in the audit: a lie takes a quarter of a second.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if k % 6 == 0 else pytest.mark.audit) for k, name in enumerate(sorted(TOLD))]
)
def test_a_lie_breaks_one_constraint_and_nothing_else(name):
    assert Board(TOLD[name](), machine.description()).verdict() == {f"steps.{name}"}


def test_the_checker_agrees():
    for name in ("send_code", "borrow_e3_bit", "entry_id"):
        made = TOLD[name]()
        broken = check(machine.description(), list(made.traces.values()), made.public)
        assert {(v.table, v.constraint) for v in broken} == {("steps", name)}
