"""Commitments against hashlib, and their openings through the verifier's eyes."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from zkharvest.prover import field
from zkharvest.prover.commit import Commitment
from zkharvest.prover.plain import P
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier import merkle

SIZE = 64


def matrices(*widths):
    rng = np.random.default_rng(1)
    return [rng.integers(0, P, (SIZE, width), dtype=np.uint32) for width in widths]


def commit(parts, currency="USD", seed=b"s" * 32):
    return Commitment([field.to_mont(part) for part in parts], Randomness(seed))


@pytest.mark.parametrize("widths", [(1,), (20,), (5, 5, 5, 5)])
def test_root_is_over_salted_rows(widths):
    parts = matrices(*widths)
    salts = Randomness(b"s" * 32).octets(SIZE, 16)
    rows = np.concatenate(parts, axis=1).astype("<u4")
    level = [sha256(b"\0" + salts[i].tobytes() + rows[i].tobytes()).digest() for i in range(SIZE)]
    while len(level) > 1:
        half = len(level) // 2
        level = [sha256(b"\1" + level[j] + level[j + half]).digest() for j in range(half)]
    assert commit(parts).root == level[0]


@pytest.mark.parametrize("indices", [[0], [63], [5, 5, 37], [1, 2, 33, 34, 60], list(range(SIZE))])
def test_openings_lead_to_the_root(indices):
    parts = matrices(3, 4)
    tree = commit(parts)
    data = tree.open(indices)
    distinct = sorted(set(indices))
    leaf_bytes = 16 + 4 * 7
    rows = np.concatenate(parts, axis=1)
    leaves = {}
    for position, index in enumerate(distinct):
        leaf = data[position * leaf_bytes : (position + 1) * leaf_bytes]
        assert np.array_equal(np.frombuffer(leaf[16:], dtype="<u4"), rows[index])
        leaves[index] = merkle.leaf_hash(leaf)
    rest = data[leaf_bytes * len(distinct) :]
    siblings = [rest[i : i + 32] for i in range(0, len(rest), 32)]
    assert merkle.root_of(leaves, 6, siblings) == tree.root


def test_every_leaf_has_its_own_salt_and_every_commitment_too():
    parts = [np.zeros((SIZE, 2), dtype=np.uint32)]
    shared = Randomness(b"s" * 32)
    first, second = Commitment(parts, shared), Commitment(parts, shared)
    assert first.root != second.root
    opened = first.open(range(SIZE)) + second.open(range(SIZE))
    assert (
        len({opened[i : i + 16] for half in (0, len(opened) // 2) for i in range(half, half + SIZE * 24, 24)})
        == 2 * SIZE
    )
