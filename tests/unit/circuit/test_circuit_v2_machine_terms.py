"""Mutants of the machine whose sums lack a term: each takes a lie, or asks for no less, with the reason.

Those that an honest run of `machine_mutants` does not satisfy are not asked about. The others take a change of one
cell, the lie about their constraint, or a lie of their own (`machine_term_lies`).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.adversary.kit.local import Board
from tests.support import machine_circuit as machine
from tests.support import machine_mutants as support
from tests.support.counts import count
from tests.support.dropped_terms import candidates
from tests.support.implied_terms import CASES
from tests.support.machine_lies_lists import loaded
from tests.support.machine_lying import run
from tests.support.machine_mutants import TERM_LIES
from tests.support.machine_rows import rows_of
from tests.support.machine_term_lies import IMPLIED
from tests.support.machine_term_lies_rows import waiting
from tests.support.settled import settled

LOOKED_UP = ("steps <- u15 without is_load", "steps <- u15 without is_load_token")


def by_name():
    return {m.name: m for m in candidates(machine.description()) if m.drop.table == support.STEPS}


def test_the_honest_runs_are_honest():
    for name, made in support.honest().items():
        assert Board(made, machine.description()).verdict() == set(), name


@pytest.mark.parametrize("name", sorted(TERM_LIES)[::40])
def test_some_lies_are_taken_where_their_term_is_gone(name):
    lie, mutant = TERM_LIES[name](), by_name()[name]
    assert Board(lie, machine.description()).verdict() == {mutant.fault}
    assert Board(lie, mutant.made(machine.description())).verdict() == set()


@pytest.mark.parametrize(("name", "link"), [(LOOKED_UP[0], lambda: loaded((5, 7))[0]), (LOOKED_UP[1], waiting)])
def test_what_came_before_is_bounded_by_lots_and_by_tokens(name, link):
    lie = run(link(), rows=replace(rows_of(link()), first_seq=1 << 27))
    assert Board(lie, machine.description()).verdict() == {"bus u15"}
    mutant = by_name()[name].made(machine.description())
    assert Board(settled(lie, mutant), mutant).verdict() == set()


@pytest.mark.audit
def test_each_lie_breaks_one_constraint_and_nothing_else():
    found = {name: Board(lie(), machine.description()).verdict() for name, lie in TERM_LIES.items()}
    assert {name: faults for name, faults in found.items() if faults != {name.split(" without ")[0]}} == {}


@pytest.mark.audit
def test_every_mutant_takes_a_lie_or_asks_for_no_less():
    mutants = support.accepted()
    implied = {m.name for m in mutants if support.implied(m)}
    assert implied == CASES.keys()  # each reason is checked case by case (`test_circuit_v2_implied_terms`)
    killed = support.by_one_cell([m for m in mutants if not m.of_bus])
    rest = [m for m in mutants if not m.of_bus and m.name not in killed | implied]
    killed |= support.by_lies(rest)
    left = {m.name for m in mutants} - killed - implied - set(LOOKED_UP)
    assert left == set()
    assert not [p for p in IMPLIED if not any(support.matches(name, p) for name in implied - killed)]
    count("terms of the machine dropped, of which honest runs accept", len(mutants))
    count("of these taken by a lie", len(killed))
