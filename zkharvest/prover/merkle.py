"""Merkle trees of leaf digests, opened at many leaves at once (FORMAT.md section 4).

A level of size m is folded to m/2 by pairing j with j + m/2, so that leaf i lies under node i mod m/2, then
i mod m/4, and so on: the indices to which FRI folds a query. The verifier's side is `zkharvest.verifier.merkle`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zkharvest.prover.sha256 import DIGEST_BYTES, Bytes, hash_nodes


@dataclass(frozen=True, slots=True)
class SomeDigests:
    """A level of `size` digests of which some are known, by number."""

    size: int
    known: Mapping[int, bytes]

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, number: int) -> bytes:
        return self.known[number]


@dataclass(frozen=True, slots=True)
class MerkleTree:
    """All levels, from the leaves (2^k, 32) to the root (1, 32)."""

    levels: tuple[Bytes | SomeDigests, ...]

    @classmethod
    def build(cls, leaf_digests: Bytes, room: Bytes | None = None) -> MerkleTree:
        """The tree over a power-of-two number of leaf digests (2^k, 32). `room` (2^(k-1), 32) takes the next level."""
        size = leaf_digests.shape[0]
        if leaf_digests.shape != (size, DIGEST_BYTES) or size == 0 or size & (size - 1):
            raise ValueError(f"not a power-of-two number of digests: {leaf_digests.shape}")
        levels = [leaf_digests]
        while size > 1:
            size //= 2
            levels.append(hash_nodes(levels[-1][:size], levels[-1][size:], room if len(levels) == 1 else None))
        return cls(tuple(levels))

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self.levels[0])

    @property
    def root(self) -> bytes:
        """The commitment: 32 bytes."""
        return bytes(self.levels[-1][0])

    def path(self, index: int) -> list[bytes]:
        """The siblings of one leaf, from the leaf level up."""
        return self.multiproof([index])

    def multiproof(self, indices: Iterable[int]) -> list[bytes]:
        """The digests that, beside these leaves, lead to the root.

        Level by level from the leaves up; within a level of size m, for every parent j of a known node (the known
        indices mod m/2, distinct, increasing) of which one child only is known, the other child, j or j + m/2.
        """
        known = set(indices)
        if not known or min(known) < 0 or max(known) >= self.size:
            raise ValueError("indices must name leaves, at least one")
        proof: list[bytes] = []
        for level in self.levels[:-1]:
            half = len(level) // 2
            parents = sorted({index % half for index in known})
            for parent in parents:
                proof.extend(bytes(level[child]) for child in (parent, parent + half) if child not in known)
            known = set(parents)
        return proof
