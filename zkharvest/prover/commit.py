"""Commitments: salted SHA-256 trees over the rows of extended matrices (FORMAT.md section 4, "Trees")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from zkharvest.prover import field
from zkharvest.prover.field import Words
from zkharvest.prover.merkle import MerkleTree
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.sha256 import SALT_BYTES, hash_rows


class Commitment:
    """A committed matrix: its rows (side by side in `parts`, Montgomery form), a fresh salt a row, the tree."""

    def __init__(self, parts: Sequence[Words], randomness: Randomness) -> None:
        self._parts = parts
        self._salts = randomness.octets(parts[0].shape[0], SALT_BYTES)
        self._tree = MerkleTree.build(hash_rows(parts, self._salts))

    @property
    def root(self) -> bytes:
        """What the transcript absorbs."""
        return self._tree.root

    def open(self, indices: Iterable[int]) -> bytes:
        """The proof's part for this tree: salt and row of every distinct index, increasing; then the digests."""
        known = sorted(set(indices))
        rows = [field.from_mont(np.ascontiguousarray(part[known])).astype("<u4") for part in self._parts]
        out = bytearray()
        for position, index in enumerate(known):
            out += self._salts[index].tobytes()
            for row in rows:
                out += row[position].tobytes()
        for digest in self._tree.multiproof(known):
            out += digest
        return bytes(out)
