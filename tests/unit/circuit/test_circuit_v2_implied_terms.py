"""Mutants of the machine without a term that are said to take nothing new: the reasons, checked case by case."""

from __future__ import annotations

from functools import cache

import pytest

from tests.support import machine_circuit as machine
from tests.support import machine_mutants as support
from tests.support.dropped_terms import candidates
from tests.support.implied_terms import CASES, WRONG, counterexamples
from tests.support.machine_term_lies import IMPLIED


@cache
def mutants():
    return {m.name: m for m in candidates(machine.description()) if m.drop.table == support.STEPS}


def number(name, case, **options):
    return counterexamples(machine.description(), mutants()[name], case, **options)


def test_each_reason_has_its_cases():
    for pattern in IMPLIED:
        assert any(support.matches(name, pattern) for name in CASES), pattern
    for name in CASES:
        assert support.implied(mutants()[name]), name


def test_wherever_the_mutant_holds_the_constraint_does():
    assert {name: found for name, case in CASES.items() if (found := number(name, case))} == {}


def test_each_constraint_that_a_reason_rests_on_is_needed():
    """Without any one of them the mutant takes more: no case is empty, and none leans on what it does not name."""
    for name, case in CASES.items():
        for rule in (*case.rules, *case.later):
            assert number(name, case, less=rule) > 0, (name, rule)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_reason_is_found_out(name):
    """They take a lie each (`machine_term_lies`)."""
    assert number(name, WRONG[name]) > 0
    assert name in support.TERM_LIES
