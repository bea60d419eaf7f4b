"""Trees against a plain twin with hashlib, and multiproofs against the verifier's reading of them."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.prover.merkle import MerkleTree
from zkharvest.prover.sha256 import Bytes
from zkharvest.verifier import merkle as verifier


def digests(count: int) -> Bytes:
    return np.random.default_rng(count).integers(0, 256, (count, 32), dtype=np.uint8)


def plain_levels(leaves: list[bytes]) -> list[list[bytes]]:
    levels = [leaves]
    while len(levels[-1]) > 1:
        level = levels[-1]
        half = len(level) // 2
        levels.append([sha256(b"\x01" + level[j] + level[j + half]).digest() for j in range(half)])
    return levels


def plain_root(known: dict[int, bytes], size: int, proof: list[bytes]) -> bytes:
    """Rebuild the root level by level; every digest of the proof must be used."""
    rest = list(proof)
    while size > 1:
        size //= 2
        parents = {}
        for parent in sorted({index % size for index in known}):
            pair = [known[child] if child in known else rest.pop(0) for child in (parent, parent + size)]
            parents[parent] = sha256(b"\x01" + pair[0] + pair[1]).digest()
        known = parents
    assert not rest
    return known[0]


@pytest.mark.parametrize("log_size", range(9))
def test_levels_equal_the_plain_tree(log_size: int) -> None:
    leaves = digests(1 << log_size)
    tree = MerkleTree.build(leaves)
    expected = plain_levels([leaf.tobytes() for leaf in leaves])
    assert [[node.tobytes() for node in level] for level in tree.levels] == expected
    assert tree.root == expected[-1][0] and tree.size == 1 << log_size


@given(st.integers(0, 7), st.data())
@settings(max_examples=60, deadline=None)
def test_multiproofs_lead_to_the_root(log_size: int, data: st.DataObject) -> None:
    size = 1 << log_size
    indices = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=40))
    leaves = digests(size)
    tree = MerkleTree.build(leaves)
    proof = tree.multiproof(sorted(indices))
    known = {index: leaves[index].tobytes() for index in indices}
    assert plain_root(known, size, proof) == tree.root
    assert len(proof) == verifier.sibling_count(indices, log_size)
    assert verifier.root_of(known, log_size, proof) == tree.root


def test_paths_are_the_siblings() -> None:
    leaves = digests(16)
    tree = MerkleTree.build(leaves)
    for index in range(16):
        path = tree.path(index)
        assert path[0] == leaves[(index + 8) % 16].tobytes()
        assert plain_root({index: leaves[index].tobytes()}, 16, path) == tree.root


def test_all_leaves_need_no_digests() -> None:
    assert MerkleTree.build(digests(32)).multiproof(range(32)) == []


def test_wrong_shapes_and_indices_are_refused() -> None:
    for shape in ((0, 32), (3, 32), (4, 31)):
        with pytest.raises(ValueError, match="power-of-two"):
            MerkleTree.build(np.zeros(shape, dtype=np.uint8))
    tree = MerkleTree.build(digests(4))
    for indices in ([], [-1], [4]):
        with pytest.raises(ValueError, match="name leaves"):
            tree.multiproof(indices)
