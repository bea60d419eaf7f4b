"""Hashes of pages in v2: roots are the commitment's, each constraint is broken by a lie of its own, a proof stands."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.adversary.mutation.mutants import mutants
from tests.adversary.mutation.terms import HonestValues, candidates
from tests.adversary.witness.lies.hashes import FULL, wrong_permutation
from tests.support import page_hashes as support
from tests.support.page_hashes import description, digest_of, edited, hashed, record, run, run_of
from zkharvest.commitment.encoding import DIGEST, TAG_NODE, digest_elements
from zkharvest.commitment.page_record import WIDTH
from zkharvest.commitment.pages import DEPTH, page_roots
from zkharvest.commitment.poseidon import ROUND_CONSTANTS, P
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.stark import verify_proof

TEST = PRESETS["test"].params
PAGES = [([record(k) for k in range(5)], b"k" * 32), ([record(9)], b"m" * 32), ([], b"n" * 32)]
EMPTY = [PAGES[2]]
"""A page without records: its root is the one row, and both children are left out."""
HALF = (P + 1) // 2
IDLE = 62


def broken(made, of=None):
    return Board(made, of or description()).verdict()


# ------------------------------------------------------------------------------------------------ honest


@pytest.mark.parametrize("counts", [(0,), (1,), (2, 0, 3), (64, 1)])
def test_roots_are_those_of_the_commitment(counts):
    pages = [([record(100 * n + k) for k in range(count)], bytes([n]) * 32) for n, count in enumerate(counts)]
    made = run(pages, rows=256)
    assert broken(made) == set()
    assert made.public.lists[0] == [list(digest_elements(root)) for root in page_roots(pages)]


def test_every_term_is_needed():
    """No honest run accepts a sum that lacks a term."""
    honest = HonestValues(description(), [run(PAGES)])
    for mutant in candidates(description()):
        table = description()["tables"][mutant.drop.table]
        if mutant.of_bus:
            act = table["interactions"][mutant.place]
            assert not honest.balance(table, mutant.drop, act, mutant.of_bus), mutant.name
        else:
            where = table["constraints"][mutant.place]["where"]
            assert not honest.accept(table, mutant.drop, where), mutant.name


def test_every_message_is_needed():
    for mutant in mutants(description()):
        if mutant.kind in ("interaction", "public") and "blind" not in mutant.name:
            assert broken(run(PAGES), mutant.make()) == {mutant.fault}, mutant.name


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="50 permutations do not fit in 32 rows"):
        run(PAGES, rows=32)


# ------------------------------------------------------------------------------------------------ lies


def permuted(number, lane):
    """The root of an empty page by a permutation that adds one to a lane."""
    made = run(EMPTY)
    cells = made.traces["poseidon"]
    columns = wrong_permutation([int(x) for x in cells[0, :WIDTH]], number, lane)
    cells[0, : len(columns)] = columns
    made.public.lists[0][0] = digest_of(made, 0)
    return made


def changed_root(change, pages=EMPTY):
    """The last page's root with other inputs; the statement names what comes out."""
    inputs, marks, roots = hashed(pages)
    change(inputs[-1])
    made = run_of(inputs, marks, roots)
    made.public.lists[0][-1] = digest_of(made, len(inputs) - 1)
    return made


def tag():
    """A node under the tag of v1."""

    def change(inputs):
        inputs[0] = TAG_NODE

    return changed_root(change)


def left_out(side, lane):
    """The root leaves out a child that is not zero: all records below it."""

    def change(inputs):
        inputs[1 + lane + (DIGEST if side == "right" else 0)] = 5

    made = changed_root(change)
    return edited(made, ("poseidon", 0, f"no_{side}", 1))


def child_of_nothing(side):
    """A row that is not a node gives back a child, which the root takes."""
    flag = f"no_{side}"
    return edited(run(EMPTY), ("poseidon", 0, flag, 0), ("poseidon", IDLE, flag, 1), ("poseidon", IDLE, "level", DEPTH))


def leaf_level():
    """A record at level 1, with one node less above it."""
    inputs, marks, roots = hashed([PAGES[1]])
    keep = np.arange(len(inputs)) != 1
    inputs, marks = inputs[keep], marks[keep]
    marks[0, 2] = 1
    for row in range(1, len(inputs)):
        child = digest_of(run_of(inputs[row - 1 : row], marks[row - 1 : row], roots), 0)
        inputs[row, 1 : 1 + DIGEST] = child
    made = run_of(inputs, marks, roots)
    made.public.lists[0][0] = digest_of(made, len(inputs) - 1)
    return made


def halved(flag):
    """A row stands twice, each time half: half a message and half a message is one."""
    made = run(PAGES)
    table = support.definition()[1]
    cells = made.traces["poseidon"]
    full = (cells[:, table.index("no_left")] == 0) & (cells[:, table.index("no_right")] == 0)
    row = int(np.flatnonzero((cells[:, table.index(flag)] == 1) & full)[-1])
    blinds = [table.index(name) for name in ("blind_on", "blind_out", "blind_in")]
    own = [i for i in range(cells.shape[1]) if i not in blinds]
    cells[IDLE, own] = cells[row, own]
    return edited(made, ("poseidon", row, flag, HALF), ("poseidon", IDLE, flag, HALF))


LIES = {
    "is_record_bit": lambda: halved("is_record"),
    "is_node_bit": lambda: halved("is_node"),
    "leaf_level": leaf_level,
    "is_node_tag": tag,
    **{f"no_{side}_node": lambda side=side: child_of_nothing(side) for side in ("left", "right")},
    **{
        f"no_{side}_zero{lane}": lambda side=side, lane=lane: left_out(side, lane)
        for side in ("left", "right")
        for lane in range(DIGEST)
    },
}
ROUNDS = {}
for _number in range(len(ROUND_CONSTANTS)):
    if _number in FULL:
        for _lane in range(WIDTH):
            ROUNDS[f"round{_number}_lane{_lane}"] = lambda n=_number, lane=_lane: permuted(n, lane)
    else:
        ROUNDS[f"partial{_number - 4}_cube"] = lambda n=_number: permuted(n, 0)


def test_every_constraint_has_a_lie():
    made = [m for m in mutants(description()) if m.kind == "constraint" and m.name.startswith("poseidon.")]
    assert {m.name for m in made} == {f"poseidon.{name}" for name in (*LIES, *ROUNDS, "blind_on_bit")}


@pytest.mark.parametrize("name", [*LIES, *list(ROUNDS)[::17]])
def test_a_lie_breaks_one_constraint_and_nothing_else(name):
    assert broken({**LIES, **ROUNDS}[name]()) == {f"poseidon.{name}"}


@pytest.mark.slow
def test_a_lie_in_a_round_breaks_that_lane_and_nothing_else():
    for name, lie in ROUNDS.items():
        assert broken(lie()) == {f"poseidon.{name}"}, name


def test_another_leaf_than_the_page_has_is_stopped():
    """Every field of what the machine reads, and without that field nothing stops it."""
    erased = {m.name: m for m in mutants(description()) if m.kind == "field"}
    for k in range(support.LEAF):
        made = run(PAGES)
        made.traces["records"][2, 1 + k] += 1
        assert broken(made) == {"bus leaf"}
        assert broken(made, erased[f"bus leaf[{k}]"].make()) == set()


def test_another_place_or_digest_of_a_node_is_stopped():
    """Pages change places, a node stands at another level or index, a root has another digest."""
    erased = {m.name: m for m in mutants(description()) if m.kind == "field"}
    lies = {0: run(PAGES), **{3 + k: run(PAGES) for k in range(DIGEST)}}
    lies[0].public.lists[0][:2] = lies[0].public.lists[0][1::-1]
    for k in range(DIGEST):
        root = lies[3 + k].public.lists[0][1]
        root[k] = (root[k] + 1) % P
    root_row = len(hashed(PAGES)[0]) - 1
    lies[1] = edited(run(PAGES), ("poseidon", root_row, "level", DEPTH + 1))
    lies[2] = edited(run(PAGES), ("poseidon", root_row, "index", 1))
    for k, made in lies.items():
        assert broken(made) == {"bus node"}
        assert broken(made, erased[f"bus node[{k}]"].make()) == set()


# ------------------------------------------------------------------------------------------------ proof


def test_roots_are_proven():
    """A real proof of three pages; with a digit of a root changed it is nothing."""
    made, (digest, read) = run(PAGES, rows=1 << 13), support.frozen()
    proof = prove_circuit(read, digest, TEST, support.public_data(made), list(made.traces.values()))
    verify_proof(read, digest, TEST, (13, 13), support.public_data(made), proof)
    made.public.lists[0][1][0] ^= 1
    with pytest.raises(Reject):
        verify_proof(read, digest, TEST, (13, 13), support.public_data(made), proof)


def test_size():
    """What docs/lot-machine-v2.md says of the table."""
    table = support.definition()[1]
    assert (len(table.columns) - 3, 5 * len(table.groups())) == (246, 10)
