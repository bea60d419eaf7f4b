"""Strided trees and their multiproofs."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verify_reference_prover import open_levels

from zkharvest.verifier.merkle import leaf_hash, node_hash, root_of, sibling_count


def levels_of(leaves):
    levels = [leaves]
    while len(levels[-1]) > 1:
        level = levels[-1]
        half = len(level) // 2
        levels.append([sha256(b"\1" + level[j] + level[j + half]).digest() for j in range(half)])
    return levels


@st.composite
def openings(draw):
    log_size = draw(st.integers(0, 6))
    indices = draw(st.sets(st.integers(0, (1 << log_size) - 1), min_size=1))
    return log_size, sorted(indices)


@given(openings())
def test_an_opening_leads_to_the_root(case):
    log_size, indices = case
    leaves = [leaf_hash(bytes([i])) for i in range(1 << log_size)]
    levels = levels_of(leaves)
    siblings = open_levels(levels, indices)
    assert len(siblings) == sibling_count(indices, log_size)
    assert root_of({i: leaves[i] for i in indices}, log_size, siblings) == levels[-1][0]


@given(openings(), st.data())
@settings(max_examples=60)
def test_anything_else_does_not(case, data):
    log_size, indices = case
    leaves = [leaf_hash(bytes([i])) for i in range(1 << log_size)]
    levels = levels_of(leaves)
    siblings = open_levels(levels, indices)
    known = {i: leaves[i] for i in indices}
    victim = data.draw(st.sampled_from(indices))
    assert root_of({**known, victim: leaf_hash(b"else")}, log_size, siblings) != levels[-1][0]
    if siblings:
        at = data.draw(st.integers(0, len(siblings) - 1))
        changed = [*siblings[:at], bytes(32), *siblings[at + 1 :]]
        assert root_of(known, log_size, changed) != levels[-1][0]
    if len(set(siblings)) > 1:
        assert root_of(known, log_size, [*siblings[1:], siblings[0]]) != levels[-1][0]


def test_shapes_are_settled_before():
    leaves = [leaf_hash(bytes([i])) for i in range(8)]
    siblings = open_levels(levels_of(leaves), [3])
    assert len(siblings) == 3
    for known, log_size, given_ in (
        ({3: leaves[3]}, 3, siblings[:-1]),
        ({3: leaves[3]}, 3, [*siblings, bytes(32)]),
        ({3: leaves[3]}, 2, siblings),
        ({3: leaves[3]}, 4, siblings),
        ({}, 3, []),
    ):
        with pytest.raises(ValueError):
            root_of(known, log_size, given_)


def test_a_leaf_is_no_node():
    """RFC 9162, 2.1: without prefixes a node's preimage could be shown as a leaf."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)
    assert node_hash(left, right) == sha256(b"\1" + left + right).digest()
    assert leaf_hash(left + right) == sha256(b"\0" + left + right).digest()
    # the preimage of the root of two leaves, offered as the single leaf of a tree of height 0
    assert root_of({0: leaf_hash(left + right)}, 0, []) != root_of({0: left, 1: right}, 1, [])


def test_all_leaves_known_needs_no_siblings():
    assert sibling_count(range(16), 4) == 0
    assert sibling_count([0], 4) == 4
    assert sibling_count([0, 8], 4) == 3  # partners: 8 = 0 + 16/2
    assert sibling_count([0, 1], 4) == 6  # strided: neighbours meet at the last level only
