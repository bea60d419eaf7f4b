"""Commitment trees against the plain permutation, node by node."""

from __future__ import annotations

import numpy as np
import pytest

from zkharvest.commitment.encoding import digest_bytes
from zkharvest.commitment.poseidon import compress
from zkharvest.commitment.standing import nothing_carried
from zkharvest.commitment.tree import DEPTH, TAG_NODE, build_tree
from zkharvest.spec import EMPTY_TREE

SALT = [11, 12, 13, 14, 15]
ZERO = (0,) * 9


def leaves(count):
    return np.arange(1, 9 * count + 1, dtype=np.uint32).reshape(count, 9)


def plain_root(level, salt):
    """The root by the definition: absent subtrees are the zero digest."""
    level = [tuple(int(x) for x in row) for row in level]
    for depth in range(1, DEPTH + 1):
        if depth == DEPTH and not level:
            level = [ZERO]
        pairs = [(level[i], level[i + 1] if i + 1 < len(level) else ZERO) for i in range(0, len(level), 2)]
        last = salt if depth == DEPTH else [0] * 5
        level = [compress([TAG_NODE, *left, *right, *last]) for left, right in pairs]
    return digest_bytes(level[0])


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8])
def test_the_root_is_that_of_the_definition(count):
    tree = build_tree(leaves(count), np.array(SALT, np.uint32))
    assert tree.root == plain_root(leaves(count), SALT)


def test_the_hashed_nodes_are_kept_level_by_level():
    tree = build_tree(leaves(5), np.array(SALT, np.uint32))
    assert [len(level) for level in tree.nodes] == [3, 2, *([1] * 18)]
    assert tree.count == 23
    for number, level in enumerate(tree.nodes[:-1]):
        digests = [compress(row.tolist()) for row in level]
        above = tree.nodes[number + 1].reshape(-1)
        for i, digest in enumerate(digests):
            start = 24 * (i // 2) + 1 + 9 * (i % 2)
            assert tuple(above[start : start + 9].tolist()) == digest
    assert (tree.nodes[-1][0, 19:] == SALT).all()
    assert not any(level[:, 19:].any() for level in tree.nodes[:-1])


def test_place_and_number_of_leaves_count():
    salt = np.array(SALT, np.uint32)
    a, b = leaves(2)
    roots = {build_tree(np.array(x, np.uint32).reshape(-1, 9), salt).root for x in ([a], [b], [a, b], [b, a], [a, a])}
    assert len(roots) == 5


def test_the_salt_hides_an_empty_tree():
    assert build_tree(leaves(0), np.array(SALT, np.uint32)).root != nothing_carried().tree.root == EMPTY_TREE


def test_too_many_leaves_are_refused():
    many = np.broadcast_to(np.zeros((1, 9), np.uint32), (2**20 + 1, 9))
    with pytest.raises(ValueError, match=r"at most 2\^20 leaves"):
        build_tree(many, np.zeros(5, np.uint32))
