"""Hashes of v2: roots are the commitments', each constraint is broken by a lie of its own, a proof stands."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.support import hashes as support
from tests.support.counts import count
from tests.support.dropped_terms import OF_ROUNDS, HonestValues, candidates, dropped
from tests.support.hashes import (
    FULL,
    TREES,
    Hashed,
    description,
    digest_of,
    edited,
    hashed,
    record,
    run,
    run_of,
    standing,
    with_pairs,
    wrong_permutation,
)
from tests.support.mutants import mutants
from zkharvest.circuit.lot_machine.v2.buses import LEAF, PAIR
from zkharvest.circuit.lot_machine.v2.poseidon import PAIR as PAIR_ROW
from zkharvest.circuit.lot_machine.v2.poseidon import REGISTER as REGISTER_ROW
from zkharvest.circuit.lot_machine.v2.poseidon import SECOND, Hashes
from zkharvest.circuit.lot_machine.v2.sums.keys import STANDING_LANES
from zkharvest.commitment.encoding import DIGEST, WIDTH, digest_elements
from zkharvest.commitment.pages import page_roots
from zkharvest.commitment.poseidon import ROUND_CONSTANTS, P
from zkharvest.commitment.tree import DEPTH, TAG_NODE
from zkharvest.prover.stark import prove_circuit
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.stark import verify_proof

TEST = PRESETS["test"].params
PAGES = [([record(k) for k in range(5)], b"k" * 32), ([record(9)], b"m" * 32), ([], b"n" * 32)]
EMPTY = [PAGES[2]]
"""A page without records: its root is the one row, and both children are left out."""
HALF = (P + 1) // 2
IDLE = 240
BEFORE, AFTER = standing(3, 3, 2, 2), standing(4, 2, 1, 9)


def whole():
    """Pages, a standing carried in, and one carried out."""
    return run(PAGES, BEFORE, AFTER)


def broken(made, of=None):
    return Board(made, of or description()).verdict()


def root_row(made, tree):
    """The row of a tree's root."""
    return int(np.flatnonzero((made.marks[:, 1] == tree) & (made.marks[:, 2] == DEPTH))[0])


# ------------------------------------------------------------------------------------------------ honest


@pytest.mark.parametrize("counts", [(0,), (1,), (2, 0, 3), (64, 1)])
def test_roots_are_those_of_the_commitment(counts):
    pages = [([record(100 * n + k) for k in range(count)], bytes([n]) * 32) for n, count in enumerate(counts)]
    made = run(pages, rows=256)
    assert broken(made) == set()
    assert [page[:DIGEST] for page in made.public.lists[0]] == [list(digest_elements(r)) for r in page_roots(pages)]


@pytest.mark.parametrize(("before", "after"), [((0, 0, 0), (0, 0, 0)), ((1, 0, 1), (0, 1, 1)), ((3, 2, 4), (9, 0, 17))])
def test_standings_are_read_whole(before, after):
    assert broken(run(PAGES, standing(1, *before), standing(2, *after), rows=512)) == set()


def test_every_term_is_needed():
    """No honest run accepts a sum that lacks a term, but for those of a selector, which let a lie pass."""
    honest = HonestValues(description(), [whole()])
    left = {}
    for mutant in candidates(description()):
        table = description()["tables"][mutant.drop.table]
        if mutant.of_bus:
            act = table["interactions"][mutant.place]
            assert not honest.balance(table, mutant.drop, act, mutant.of_bus), mutant.name
        elif honest.accept(table, mutant.drop, table["constraints"][mutant.place]["where"]):
            left[mutant.name] = mutant
    assert left.keys() == TERM_LIES.keys()
    for name, mutant in left.items():
        made = TERM_LIES[name]()
        assert broken(made) == {mutant.fault}
        assert broken(made, mutant.made(description())) == set(), name


@pytest.mark.audit
def test_every_term_of_a_round_is_needed():
    """None of the 112,603 sums that lack a term of a round holds on the honest run: no state is 0 there."""
    honest, found = HonestValues(description(), [whole()]), 0
    for t, table in enumerate(description()["tables"]):
        for c in table["constraints"]:
            if c["name"].startswith(OF_ROUNDS):
                for drop in dropped(table, t, c["node"], inside=False):
                    found += 1
                    assert not honest.accept(table, drop, c["where"]), (c["name"], drop.text)
    count("terms of the hash's rounds dropped", found)


def test_every_message_is_needed():
    for mutant in mutants(description()):
        if mutant.kind in ("interaction", "public") and "blind" not in mutant.name:
            assert broken(whole(), mutant.make()) == {mutant.fault}, mutant.name


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="54 permutations do not fit in 32 rows"):
        run(PAGES, rows=32)


# ------------------------------------------------------------------------------------------------ lies


def permuted(number, lane):
    """The root of an empty page by a permutation that adds one to a lane."""
    made = run(EMPTY)
    cells = made.traces["poseidon"]
    columns = wrong_permutation([int(x) for x in cells[0, :WIDTH]], number, lane)
    cells[0, : len(columns)] = columns
    made.public.lists[0][0][:DIGEST] = digest_of(made, 0)
    return made


def changed_root(change, pages=EMPTY):
    """The last page's root with other inputs; the statement names what comes out."""
    found = hashed(pages)
    row = root_row(found, len(pages) - 1)
    change(found.inputs[row])
    made = run_of(found)
    made.public.lists[0][-1][:DIGEST] = digest_of(made, row)
    return made


def tag():
    """A node under another tag."""

    def change(inputs):
        inputs[0] = TAG_NODE + (1 << 24)

    return changed_root(change)


def left_out(side, lane):
    """The root leaves out a child that is not zero: all records below it."""

    def change(inputs):
        inputs[1 + lane + (DIGEST if side == "right" else 0)] = 5

    return edited(changed_root(change), ("poseidon", 0, f"no_{side}", 1))


def child_of_nothing(side):
    """A row that is not a node gives back a child, which the root takes."""
    flag = f"no_{side}"
    return edited(run(EMPTY), ("poseidon", 0, flag, 0), ("poseidon", IDLE, flag, 1), ("poseidon", IDLE, "level", DEPTH))


def leaf_level(tree=0):
    """A leaf at level 1, a record or (in a tree of lots) a second half, with one node less above it."""
    found = hashed([PAGES[1]], after=standing(9, 1, 0, 0))
    own = found.marks[:, 1] == tree
    leaves = int((found.marks[own, 2] == 0).sum())
    keep = own.copy()
    keep[np.flatnonzero(own)[leaves]] = False
    inputs, marks = found.inputs[keep], found.marks[keep]
    marks[:leaves, 2] = 1
    for row in range(leaves, len(inputs)):
        child = digest_of(run_of(Hashed(inputs[row - 1 : row], marks[row - 1 : row] * 0, [], found.trees)), 0)
        inputs[row, 1 : 1 + DIGEST] = child
    both = np.concatenate([inputs, found.inputs[~own]]), np.concatenate([marks, found.marks[~own]])
    made = run_of(Hashed(*both, found.pages, found.trees))
    root = digest_of(made, len(inputs) - 1)
    if tree:
        made.public.publics[DIGEST : 2 * DIGEST] = root
    else:
        made.public.lists[0][0][:DIGEST] = root
    return made


def halved(flag):
    """A row, or a pair, stands twice, each time half: half a message and half a message is one."""
    made = whole()
    table = support.definition()[1]
    cells = made.traces["poseidon"]
    full = (cells[:, table.index("no_left")] == 0) & (cells[:, table.index("no_right")] == 0)
    row = int(np.flatnonzero((cells[:, table.index(flag)] == 1) & full)[-1])
    blinds = [table.index(name) for name in ("blind_on", "blind_out", "blind_in")]
    own = [i for i in range(cells.shape[1]) if i not in blinds]
    flags = [flag, *(["is_second"] if flag in ("is_pair", "is_register") else [])]
    for k, name in enumerate(flags):
        cells[IDLE + k, own] = cells[row + k, own]
        made = edited(made, ("poseidon", row + k, name, HALF), ("poseidon", IDLE + k, name, HALF))
        cells = made.traces["poseidon"]
    return made


def other_second(change, name="lots_out", without_first=False):
    """A standing carried out whose second halves are other than they should be; its root is the statement's."""
    found, trees, numbers = Hashes(), {}, dict(zip(TREES, (32768, 32769, 32771, 32770), strict=True))
    pairs = dict(zip(TREES, (standing(7, 0, 0, 0).pairs()[0], AFTER.pairs()[0]) * 2, strict=True))
    pairs["sums_in"], pairs["sums_out"] = standing(7, 0, 0, 0).pairs()[1], AFTER.pairs()[1]
    pairs[name] = with_pairs(name, pairs[name].first, pairs[name].second, change)
    for tree, of in pairs.items():
        found.add_pairs(of, PAIR_ROW if tree.startswith("lots") else REGISTER_ROW, numbers[tree])
        trees[tree] = list(digest_elements(of.tree.root))
    inputs, marks = found.rows()
    if without_first:
        keep = np.arange(len(marks)) != int(np.flatnonzero(marks[:, 0] == PAIR_ROW)[-1])
        inputs, marks = inputs[keep], marks[keep]
    return run_of(Hashed(inputs, marks, [], trees))


def other_tag(second):
    """Under the tag of a register's second half: a lot could be read as one."""
    second[:, 0] += 2 << 24


def other_half(lane, name="lots_out"):
    """A second half of another first one: unit and dates of one lot, quantity and value of another."""

    def change(second):
        second[0, 1 + lane] = (int(second[0, 1 + lane]) + 1) % P

    return other_second(change, name)


LIES = {
    "is_record_bit": lambda: halved("is_record"),
    "is_node_bit": lambda: halved("is_node"),
    "is_pair_bit": lambda: halved("is_pair"),
    "is_register_bit": lambda: halved("is_register"),
    "leaf_level": leaf_level,
    "second_tag": lambda: other_second(other_tag),
    "two_halves": lambda: other_second(lambda second: None, without_first=True),
    **{f"half_link{lane}": lambda lane=lane: other_half(lane) for lane in range(DIGEST)},
    "is_node_tag": tag,
    **{f"no_{side}_node": lambda side=side: child_of_nothing(side) for side in ("left", "right")},
    **{
        f"no_{side}_zero{lane}": lambda side=side, lane=lane: left_out(side, lane)
        for side in ("left", "right")
        for lane in range(DIGEST)
    },
}
TERM_LIES = {
    "poseidon.leaf_level without is_record": leaf_level,
    "poseidon.leaf_level without is_second": lambda: leaf_level(32769),
    **{
        f"poseidon.half_link{lane} without {flag}": lambda lane=lane, name=name: other_half(lane, name)
        for lane in range(DIGEST)
        for flag, name in (("is_pair", "lots_out"), ("is_register", "sums_out"))
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


def erased():
    return {m.name: m for m in mutants(description()) if m.kind == "field"}


@pytest.mark.parametrize(("bus", "stub", "fields"), [("leaf", "records", LEAF), ("pair", "pairs", PAIR)])
def test_another_leaf_than_is_hashed_is_stopped(bus, stub, fields):
    """Every field of what the machine reads, and without that field nothing stops it."""
    for k, name in enumerate(fields):
        made = whole()
        made.traces[stub][1, 1 + k] += 1
        assert broken(made) == {f"bus {bus}"}, name
        assert broken(made, erased()[f"bus {bus}[{k}]"].make()) == set(), name


def test_another_register_than_is_hashed_is_stopped():
    """Every lane and field of a key, and whether it is carried in or out, and its number."""
    made = whole()
    for k in range(2):
        lie = edited(made, ("registers", 1, f"key{k}", int(made.traces["registers"][1, k]) + 1))
        assert broken(lie) == {"bus standing"}
        assert broken(lie, erased()[f"bus standing[{k}]"].make()) == set()
    weights = [m for m in mutants(description()) if m.kind == "weight" and m.name.startswith("poseidon")]
    assert len(weights) == STANDING_LANES
    for k, mutant in enumerate(weights):
        lie = edited(made, *(("registers", row, f"weight{k}", 0) for row in range(11)))
        assert broken(lie) == {"bus standing"}
        assert broken(lie, mutant.make()) == set(), mutant.name


def test_another_place_or_digest_of_a_node_is_stopped():
    """Pages change places, a node stands at another level or index, a root has another digest."""
    lies = {0: run(PAGES), **{3 + k: run(PAGES) for k in range(DIGEST)}}
    lies[0].public.lists[0][:2] = lies[0].public.lists[0][1::-1]
    for k in range(DIGEST):
        root = lies[3 + k].public.lists[0][1]
        root[k] = (root[k] + 1) % P
    last = root_row(hashed(PAGES), 2)
    lies[1] = edited(run(PAGES), ("poseidon", last, "level", DEPTH + 1))
    lies[2] = edited(run(PAGES), ("poseidon", last, "index", 1))
    for k, made in lies.items():
        assert broken(made) == {"bus node"}
        assert broken(made, erased()[f"bus node[{k}]"].make()) == set()


@pytest.mark.parametrize("name", TREES)
def test_another_root_of_a_standing_is_stopped(name):
    made = whole()
    at = DIGEST * TREES.index(name)
    made.public.publics[at : at + DIGEST] = (
        made.public.publics[:DIGEST] if at else made.public.publics[DIGEST : 2 * DIGEST]
    )
    assert broken(made) == {"bus node"}


def test_a_pair_has_one_kind():
    """A register's rows as a lot's and a lot's as a register's: what goes out says of itself that it is neither."""
    for kind, other in (("is_register", "is_pair"), ("is_pair", "is_register")):
        made = whole()
        row = int(np.flatnonzero(made.traces["poseidon"][:, support.definition()[1].index(kind)])[0])
        assert made.traces["poseidon"][row + 1, support.definition()[1].index("is_second")] == 1
        lie = edited(made, ("poseidon", row, kind, 0), ("poseidon", row, other, 1))
        assert {"bus pair", "bus standing"} <= broken(lie)
    marks = hashed(PAGES, BEFORE, AFTER).marks
    assert (marks[:, 0] == SECOND).sum() == 5 + 3 + 2 + 9


# ------------------------------------------------------------------------------------------------ proof


def test_roots_are_proven():
    """A real proof of three pages and two standings; with a digit of a root changed it is nothing."""
    made, (digest, read) = run(PAGES, BEFORE, AFTER, rows=1 << 13), support.frozen()
    proof = prove_circuit(read, digest, TEST, support.public_data(made), list(made.traces.values()))
    heights = (13,) * 4
    verify_proof(read, digest, TEST, heights, support.public_data(made), proof)
    made.public.publics[DIGEST] ^= 1
    with pytest.raises(Reject):
        verify_proof(read, digest, TEST, heights, support.public_data(made), proof)


def test_size():
    """What docs/lot-machine-v2.md says of the table."""
    table = support.definition()[1]
    assert (len(table.columns), 5 * (len(table.groups()) + 1)) == (252, 20)
