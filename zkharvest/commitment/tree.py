"""Commitment trees: leaves from the left, an empty subtree is the zero digest, the root salted.

node: tag | left digest x9 | right digest x9 | salt x5 (zero but for the root)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from zkharvest.spec import P

from .encoding import DIGEST, SALT, WIDTH, digest_bytes
from .page_record import Lanes
from .poseidon_kernel import compress_many

DEPTH = 20
"""Levels of every tree, of pages and standings."""
TAG_NODE = 17 << 24


@dataclass(frozen=True, slots=True)
class Tree:
    """A built tree: `nodes[l - 1]` holds the (m, 24) hash inputs of level l's nodes, l = 1..depth."""

    leaves: Lanes
    nodes: tuple[Lanes, ...]
    root: bytes

    @property
    def count(self) -> int:
        """Number of hashed nodes."""
        return sum(len(level) for level in self.nodes)


def salts_of(secret: bytes, count: int) -> tuple[Lanes, Lanes]:
    """The root's salt (5,) and those of the leaves (count, 5), from a domain tag and a key.

    SHAKE-256, eight bytes an element, mod p: within 2^-33 of uniform.
    """
    stream = hashlib.shake_256(secret).digest(8 * SALT * (count + 1))
    drawn = (np.frombuffer(stream, "<u8") % np.uint64(P)).astype(np.uint32).reshape(count + 1, SALT)
    return drawn[0], drawn[1:]


def build_tree(leaves: Lanes, root_salt: Lanes) -> Tree:
    """Hash (n, 9) leaf digests up to the root; `root_salt` (5 elements) hides which root is that of few or no leaves.

    Raises ValueError for more than 2^20 leaves.
    """
    if len(leaves) > 1 << DEPTH:
        raise ValueError(f"a commitment tree has at most 2^{DEPTH} leaves")
    nodes: list[Lanes] = []
    level = np.ascontiguousarray(leaves, np.uint32).reshape(-1, DIGEST)
    for height in range(1, DEPTH + 1):
        m = (len(level) + 1) // 2
        if height == DEPTH:
            m = 1
        inputs = np.zeros((m, WIDTH), np.uint32)
        inputs[:, 0] = TAG_NODE
        children = np.zeros((2 * m, DIGEST), np.uint32)
        children[: len(level)] = level
        inputs[:, 1 : 1 + 2 * DIGEST] = children.reshape(m, 2 * DIGEST)
        if height == DEPTH:
            inputs[0, WIDTH - SALT :] = root_salt
        level = np.asarray(compress_many(inputs)) if m else np.zeros((0, DIGEST), np.uint32)
        nodes.append(inputs)
    return Tree(leaves, tuple(nodes), digest_bytes(tuple(int(x) for x in level[0])))
