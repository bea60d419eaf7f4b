"""The range table: each constraint, message and term is needed, and it offers nothing that is out of range."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.support.counts import count
from tests.support.dropped_terms import accepted
from tests.support.link_tables import description, some_pools, whole
from tests.support.link_tables import run as tables
from tests.support.mutants import mutants
from tests.support.range_lies import LIES, of_height, put
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.shared.ranges import PAIRS_A_ROW, RANGE_ROWS, U15_A_ROW
from zkharvest.spec import P


def broken(made, of=None):
    return Board(made, of or description()).verdict()


def own(kind):
    return [m for m in mutants(description()) if m.kind == kind and m.name.startswith("range")]


def test_every_constraint_has_a_lie():
    assert {m.name for m in own("constraint")} - {"range.blind_on_bit"} == LIES.keys()


@pytest.mark.parametrize("name", LIES)
def test_each_lie_breaks_one_constraint_and_nothing_else(name):
    assert broken(LIES[name]()) == {name}


def test_the_checker_agrees():
    made = LIES["range.lo_step"]()
    found = check(description(), list(made.traces.values()), made.public)
    assert [(v.table, v.constraint) for v in found] == [("range", "lo_step")]


def test_every_term_is_needed():
    runs = [whole(), of_height(2 * RANGE_ROWS)]
    assert [broken(made) for made in runs] == [set(), set()]
    found, left = accepted(description(), runs, "range")
    assert left == []
    count("terms of the range table dropped", len(found))


def test_every_message_is_needed():
    """Without one of its messages what was looked up there is not offered: the prover loses by it."""
    made = tables(pools=some_pools(128))  # more than a thousand numbers are looked up
    asked = [m for m in own("interaction") if m.bus != "blind"]
    assert len(asked) == PAIRS_A_ROW + U15_A_ROW
    for mutant in asked:
        assert broken(made, mutant.make()) == {mutant.fault}, mutant.name


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (RANGE_ROWS - 1, {"lo": 256}),
        (RANGE_ROWS, {"active": 1, "hi": 256, "lo": 0, "row": RANGE_ROWS}),
        (17, {"hi": 300}),
        (17, {"row": 1 << 15}),
        (17, {"active": 0}),
        (31, {"wrap": 0}),
    ],
)
def test_nothing_out_of_range_is_offered(row, cells):
    """A byte of 256 or a limb of 2^15 cannot be put on offer: the counters are pinned at both ends and in between."""
    assert any(name.startswith("range.") for name in broken(put(of_height(2 * RANGE_ROWS), row, **cells)))


def test_a_count_cannot_wrap():
    """p copies of a false value would be none, and p - 1 of them one too few: counts are sums in the field."""
    made = whole()
    column = next(t for t in description()["tables"] if t["name"] == "range")["columns"].index("pair_count0")
    cells = made.traces["range"] = made.traces["range"].astype(np.int64)
    cells[0, column] -= 1
    assert broken(made) == {"bus bytes"}
    cells[0, column] += P
    assert broken(made) == {"bus bytes"}


def test_an_idle_row_counts_nothing():
    assert broken(put(of_height(2 * RANGE_ROWS), 2 * RANGE_ROWS - 1, pair_count3=5, u15_count1=7)) == set()
