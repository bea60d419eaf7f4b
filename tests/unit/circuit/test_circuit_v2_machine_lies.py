"""Every constraint of the machine has a lie that only it stops, or is one of v1's, with the lie that it has there."""

from __future__ import annotations

from random import Random

import pytest

from tests.adversary.kit.local import Board
from tests.support import machine_circuit as machine
from tests.support import statement
from tests.support.machine_lies import LIES, found
from zkharvest.circuit.check import check
from zkharvest.spec import P

FOUND = found()
TOLD = {**FOUND, **LIES}


def steps(description):
    return next(t for t in description["tables"] if t["name"] == "steps")


def values(description, absent):
    """Every constraint's value, by name, at random cells; columns that the other version lacks are 0."""
    table, known = steps(description), []

    def cell(name, off):
        return 0 if name in absent else Random(f"{name} {off}").randrange(P)

    for node in table["nodes"]:
        match node:
            case ["const", c]:
                known.append(c)
            case ["col", i, off]:
                known.append(cell(table["columns"][i], off))
            case ["public", i]:
                known.append(cell(description["publics"][i], "public"))
            case ["mul", a, b]:
                known.append(known[a] * known[b] % P)
            case ["lin", c, pairs]:
                known.append((c + sum(k * known[a] for k, a in pairs)) % P)
    return {c["name"]: (c["where"], known[c["node"]]) for c in table["constraints"]}


def of_v1():
    """Constraints that say the same as v1's of that name, on rows of the kinds that both have."""
    old, new = statement.description(), machine.description()
    mine, theirs = (set(steps(d)["columns"]) for d in (new, old))
    before, after = values(old, theirs - mine), values(new, mine - theirs)
    return {name for name, value in after.items() if value[1] and before.get(name) == value}


SHARED = of_v1()
BITS = {"is_load_bit", "is_load_token_bit", "is_close_bit", "is_close_token_bit"}
"""A row has one kind, so that no lie is about one of these flags alone: it takes two that are no bits."""


def test_every_constraint_has_a_lie_or_is_v1_s():
    names = {c["name"] for c in steps(machine.description())["constraints"]}
    assert names - SHARED - TOLD.keys() - BITS - {"blind_on_bit"} == set()
    assert TOLD.keys() <= names


@pytest.mark.parametrize("name", TOLD)
def test_a_lie_breaks_one_constraint_and_nothing_else(name):
    made = TOLD[name]()
    assert Board(made, machine.description()).verdict() == {f"steps.{name}"}


def test_the_checker_agrees():
    made = TOLD["send_code"]()
    broken = check(machine.description(), list(made.traces.values()), made.public)
    assert {(v.table, v.constraint) for v in broken} == {("steps", "send_code")}
