"""Mutants of every frozen circuit: each lets a dishonest witness pass that the circuit rejects for one fault.

A mutant lacks a constraint, a kind of row in a constraint, a message, a field of a bus, a tally entry or a message of
the statement (`tests/adversary/mutation`). Some mutants only reject more: they are listed with the reason, and
reject an honest witness. `make audit` looks at all of them, and asks the constraint checker itself;
here it is a sample.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.adversary.kit.local import Board
from tests.adversary.mutation.repair import apply, cells_of, repaired
from tests.adversary.mutation.verdicts import by_the_checker, frozen, results, try_kill, witnesses
from tests.adversary.witness.lies.cells import ROWS
from tests.adversary.witness.lies.every import LIES, MUTANT_LIES, STARVED
from tests.adversary.witness.lies.registry import run
from tests.support import statement
from tests.support.counts import count
from tests.support.mutants import KINDS, Mutant, interactions, mutants

ALL = [(name, mutant) for name, description in frozen().items() for mutant in mutants(description)]
MADE = [kind for kind in KINDS if any(m.kind == kind for _, m in ALL)]  # no frozen circuit has weights yet
SPREAD = [pair for kind in KINDS for pair in [p for p in ALL if p[1].kind == kind][::53]]


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
def test_some_mutants(circuit, mutant):
    result = try_kill(frozen()[circuit], mutant)
    tell(mutant.kind, result.killed)
    assert result.killed, result.reason


@pytest.mark.parametrize("kind", MADE)
def test_the_checker_says_the_same_of_one(kind):
    circuit, mutant = next(pair for pair in SPREAD if pair[1].kind == kind)
    expected = (set(), {mutant.fault}) if mutant.key in STARVED else ({mutant.fault}, set())
    assert by_the_checker(frozen()[circuit], mutant) == expected


def test_the_search_finds_a_witness_of_a_mutant_and_none_of_the_circuit():
    """Where a remainder's bytes are not looked up, one may be too large and the other below zero."""
    description = statement.description()
    (name,) = (n for n, cells in interactions(description, "steps", "bytes").items() if cells == ["r0", "r1"])
    mutant = next(m for m in mutants(description) if m.key == name)
    forged = run(ROWS)
    board, mutated = Board(forged), Board(forged, mutant.make())
    sheet = forged.sheet("steps")
    start = cells_of(board, "steps", 0, {"r0": int(sheet["r0"][0]) + 256, "r1": int(sheet["r1"][0]) - 1})
    edits = repaired(mutated, start, tries=20)
    assert edits is not None
    assert board.broken(edits) == {mutant.fault} == {"bus bytes"}
    assert repaired(board, start, tries=20) is None
    assert Board(apply(forged, board, edits)).verdict() == {"bus bytes"}


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
