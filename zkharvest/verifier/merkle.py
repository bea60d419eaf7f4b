"""Salted SHA-256 trees with strided pairs, opened at many leaves at once (FORMAT.md section 4).

Leaf and node hashes have different prefixes (RFC 9162, section 2.1), and the shape of a tree (its height, the bytes of
a row) is the circuit's, never the proof's. A level of size m is folded to m/2 by pairing j with j + m/2, so that leaf
i lies under node i mod m/2, i mod m/4, ...: the same indices that FRI folds to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(salted_row: bytes) -> bytes:
    """H(0x00 || salt || row)."""
    return sha256(_LEAF + salted_row).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """H(0x01 || left || right)."""
    return sha256(_NODE + left + right).digest()


def sibling_count(indices: Collection[int], log_size: int) -> int:
    """How many digests a multiproof at these leaves of a tree with 2^log_size leaves holds."""
    known = set(indices)
    count = 0
    for level in range(log_size - 1, -1, -1):
        parents = {index % (1 << level) for index in known}
        count += 2 * len(parents) - len(known)
        known = parents
    return count


def root_of(leaves: Mapping[int, bytes], log_size: int, siblings: Sequence[bytes]) -> bytes:
    """The root that the known leaf hashes lead to; `siblings` has exactly `sibling_count` digests, in order.

    Indices are below 2^log_size and there is at least one; anything else is a ValueError, since shapes are
    settled before.
    """
    if not leaves or not 0 <= min(leaves) <= max(leaves) < 1 << log_size:
        raise ValueError("a multiproof of another shape: no leaf, or one outside the tree")
    if len(siblings) != sibling_count(leaves.keys(), log_size):
        raise ValueError("a multiproof of another shape")
    remaining = iter(siblings)
    known = leaves
    for level in range(log_size - 1, -1, -1):
        half = 1 << level
        parents: dict[int, bytes] = {}
        for parent in sorted({index % half for index in known}):
            left = known[parent] if parent in known else next(remaining)
            right = known[parent + half] if parent + half in known else next(remaining)
            parents[parent] = sha256(_NODE + left + right).digest()
        known = parents
    return known[0]
