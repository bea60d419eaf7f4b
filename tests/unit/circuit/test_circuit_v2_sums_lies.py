"""Every constraint, lookup and weight of the registers is needed: without it a lie passes, with it none does."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.kit.local import Board, numbers
from tests.support import registers as support
from tests.support.counts import count
from tests.support.dropped_terms import accepted
from tests.support.mutants import columns_of, mutants
from tests.support.register_every import every
from tests.support.register_lies import LIES, LOOKUPS, TERM_LIES
from tests.support.register_runs import carried, classes, followed, full, halves, ladder, net_of_nothing, nothing
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.v2.sums.keys import STANDING_FIELDS


def verdict(lie, description=None):
    run, edits = lie
    board = Board(run, description or support.description())
    if not edits:
        return board.verdict()
    tables, found = board.names, {}
    for table, row, column, value in followed(run, edits):
        t = tables.index(table)
        found[t, row, board.tables[t]["columns"].index(column)] = value
    return board.broken(found)


def own(kind):
    return [m for m in mutants(support.description()) if m.kind == kind and m.name.startswith("sums")]


def test_the_honest_runs_are_honest():
    for run in (ladder(), classes(), carried(), full(), nothing(), net_of_nothing(), halves()):
        assert Board(run, support.description()).verdict() == set()


def test_every_constraint_has_a_lie_and_no_lie_is_for_nothing():
    blinding = {"sums.blind_on_bit"}
    assert {m.name for m in own("constraint")} - blinding == LIES.keys()


@pytest.mark.parametrize("name", LIES)
def test_each_lie_breaks_one_constraint_and_nothing_else(name):
    assert verdict(LIES[name]()) == {name}


@pytest.mark.parametrize("columns", LOOKUPS, ids="-".join)
def test_each_lookup_is_needed(columns):
    """The lie breaks that lookup's bus, and a table without the lookup takes it."""
    description = support.description()
    (table,) = (t for t in description["tables"] if t["name"] == "sums")
    (place,) = (
        i
        for i, act in enumerate(table["interactions"])
        if description["buses"][act["bus"] - 1]["name"] in ("bytes", "u15")
        and tuple(c for m in act["message"] for c in columns_of(table, m)) == columns
    )
    lie = LOOKUPS[columns]()
    bus = description["buses"][table["interactions"][place]["bus"] - 1]["name"]
    assert verdict(lie) == {f"bus {bus}"}
    assert verdict(lie, own("interaction")[place].make()) == set()


def test_every_lookup_has_a_lie():
    description = support.description()
    (table,) = (t for t in description["tables"] if t["name"] == "sums")
    buses = [description["buses"][act["bus"] - 1]["name"] for act in table["interactions"]]
    assert sum(bus in ("bytes", "u15") for bus in buses) == len(LOOKUPS)


def test_every_term_is_needed():
    """An honest run rejects a sum that lacks a term, but for some that let a lie pass."""
    for made in every():
        assert Board(made, support.description()).verdict() == set()
    found, left = accepted(support.description(), every(), "sums")
    by_name = {m.name: m for m in left}
    assert by_name.keys() == TERM_LIES.keys()
    for name, mutant in by_name.items():
        assert verdict(TERM_LIES[name]()) == {mutant.fault}
        assert verdict(TERM_LIES[name](), mutant.made(support.description())) == set(), name
    count("terms of sums dropped", len(found))
    count("of these taken by a lie", len(left))


def test_every_weight_is_needed():
    """On a run where every byte is there, an interaction that lacks a weight no longer balances."""
    board = Board(full(), support.description())
    assert board.verdict() == set()
    t = board.names.index("sums")
    outcome = board.outcome(t, np.arange(len(board.traces[t])))
    acts = numbers(board.tables[t])
    weights = [k for k, act in enumerate(acts) if act["slot"]]
    assert len(weights) == len(own("weight")) == 57 + 39 + 39 + 57 + 34
    # A difference of proceeds and basis reaches the two highest lanes of units only above 2^96.
    unused = [
        (act["bus"], act["slot"][0]) for k, act in enumerate(acts) if k in weights and not outcome.mult[:, k].any()
    ]
    post = acts[weights[0]]["bus"]
    assert {slot for bus, slot in unused if bus == post} <= set(range(12, 18))
    # Of a key fields that no disposal has: told, side, and what its place leaves empty.
    assert {STANDING_FIELDS[slot - 19] for bus, slot in unused if bus != post} <= {"told", "side"}


def test_the_checker_agrees():
    """Of one lie, the constraint checker itself."""
    run, edits = LIES["sums.negative_where"]()
    made = run.edited(*edits)
    found = check(support.description(), list(made.traces.values()), made.public)
    assert [(v.table, v.constraint) for v in found] == [("sums", "negative_where")]
