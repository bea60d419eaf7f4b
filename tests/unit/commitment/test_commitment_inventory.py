"""Inventories: two hashes a lot, a tree over them, salts of their own."""

from __future__ import annotations

import numpy as np

from zkharvest.commitment.encoding import LOT_LANES, TAG_LOT_A, TAG_LOT_B
from zkharvest.commitment.inventory import commit_inventory
from zkharvest.commitment.opening import salts
from zkharvest.commitment.poseidon import compress
from zkharvest.commitment.tree import build_tree

SEED = bytes(range(32))


def lots(count):
    made = np.arange(1, LOT_LANES * count + 1, dtype=np.uint32).reshape(count, LOT_LANES)
    unit = np.arange(101, 101 + 7 * count, dtype=np.uint32).reshape(count, 7)
    term = np.arange(201, 201 + 4 * count, dtype=np.uint32).reshape(count, 4)
    return made, unit, term


def test_a_leaf_binds_every_lane_of_its_lot():
    made, unit, term = lots(3)
    inventory = commit_inventory(made, unit, term, 2024, SEED, "2024")
    salt = salts(SEED, "lot\x002024", 3)
    leaves = []
    for i in range(3):
        first = [TAG_LOT_A, *made[i].tolist(), *salt[i].tolist()]
        assert inventory.first[i].tolist() == first
        second = [TAG_LOT_B, *compress(first), *unit[i].tolist(), *term[i].tolist(), 2024, 0, 0]
        assert inventory.second[i].tolist() == second
        leaves.append(compress(second))
    root_salt = salts(SEED, "inventory\x002024", 1)[0]
    assert inventory.tree.root == build_tree(np.array(leaves, np.uint32), root_salt).root


def test_every_lane_moves_the_root():
    made, unit, term = lots(1)
    roots = {commit_inventory(made, unit, term, 2024, SEED, "x").tree.root}
    for array in (made, unit, term):
        for lane in range(array.shape[1]):
            array[0, lane] += 1
            roots.add(commit_inventory(made, unit, term, 2024, SEED, "x").tree.root)
            array[0, lane] -= 1
    roots.add(commit_inventory(made, unit, term, 2025, SEED, "x").tree.root)
    assert len(roots) == 1 + LOT_LANES + 7 + 4 + 1


def test_statements_have_salts_of_their_own():
    """The same lots carried out of two statements cannot be seen to be the same."""
    first, second = (commit_inventory(*lots(2), 2024, SEED, label) for label in ("a", "b"))
    assert (first.first[:, :19] == second.first[:, :19]).all()
    assert not (first.first[:, 19:] == second.first[:, 19:]).any()
    assert first.tree.root != second.tree.root


def test_an_empty_inventory_is_hidden_by_its_salt():
    empty = [np.zeros((0, n), np.uint32) for n in (LOT_LANES, 7, 4)]
    roots = {commit_inventory(*empty, 2024, SEED, label).tree.root for label in ("a", "b")}
    assert len(roots) == 2
