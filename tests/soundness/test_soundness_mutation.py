"""Mutants of every frozen circuit: each lets a dishonest witness pass that the circuit rejects for one fault.

A mutant lacks a constraint, a kind of row in a constraint, a message, a field of a bus, a tally entry or a message of
the statement (`tests/mutation`). Some mutants only reject more: they are listed with the reason, and reject an honest
witness. `make audit` looks at all of them, and asks the constraint checker itself; here it is a sample.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.mutation.mutants import KINDS, Mutant, frozen, mutants
from tests.mutation.verdicts import by_the_checker, results, try_kill, witnesses
from tests.support.counts import count
from tests.support.lies.every import LIES, MUTANT_LIES, STARVED

ALL = [(name, mutant) for name, description in frozen().items() for mutant in mutants(description)]
SPREAD = [pair for kind in KINDS for pair in [p for p in ALL if p[1].kind == kind][::37]]


def tell(kind: str, killed: int) -> None:
    what = {"constraint": "constraints", "weakened": "constraints on a kind of row", "public": "public messages"}
    names = {"interaction": "interactions", "field": "bus fields", "tally": "tally entries", **what}
    count(f"{names[kind]} mutated")
    count(f"{names[kind]} killed", killed)


def test_every_mutant_has_a_witness():
    missing = [m.name for _, m in ALL if not witnesses(m) and m.key not in STARVED]
    assert not missing


def test_no_witness_is_for_nothing():
    """A lie whose mutant is gone would be kept for years."""
    keys = {m.key for _, m in ALL}
    assert {*MUTANT_LIES, *STARVED, *LIES} <= keys
    assert not set(STARVED) & set(MUTANT_LIES)


def test_names_are_names():
    for name in frozen():
        counts = Counter(m.key for of, m in ALL if of == name)
        assert max(counts.values()) == 1


@pytest.mark.parametrize(("circuit", "mutant"), SPREAD, ids=lambda x: x.name if isinstance(x, Mutant) else "")
def test_some_mutants_by_both_checkers(circuit, mutant):
    description = frozen()[circuit]
    result = try_kill(description, mutant)
    tell(mutant.kind, result.killed)
    assert result.killed, result.reason
    before, after = by_the_checker(description, mutant)
    if mutant.key in STARVED:
        assert (before, after) == (set(), {mutant.fault})
    else:
        assert (before, after) == ({mutant.fault}, set())


@pytest.mark.audit
@pytest.mark.parametrize("circuit", frozen())
def test_all_mutants(circuit):
    found = results(frozen()[circuit])
    for result in found:
        tell(result.mutant.kind, result.killed)
    assert not [(r.mutant.name, r.reason) for r in found if not r.killed]


@pytest.mark.audit
@pytest.mark.parametrize("circuit", frozen())
def test_the_checker_says_the_same_of_all(circuit):
    """The verdicts of `test_all_mutants` are those of quick integer arithmetic; the checker's of galois arrays."""
    description = frozen()[circuit]
    for mutant in mutants(description):
        expected = (set(), {mutant.fault}) if mutant.key in STARVED else ({mutant.fault}, set())
        assert by_the_checker(description, mutant) == expected, mutant.name
        count("mutants, by the constraint checker")
