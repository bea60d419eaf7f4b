"""Commitments: salted SHA-256 trees over rows of field elements (FORMAT.md section 4, "Trees")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from zkharvest.prover import field
from zkharvest.prover.field import Words
from zkharvest.prover.merkle import MerkleTree
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.sha256 import DIGEST_BYTES, SALT_BYTES, hash_rows
from zkharvest.prover.stacks import Stacking

_CHUNK = 2048  # rows whose leaves are made at a time, so that they stay in the cache until they are hashed


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
        rows = self._rows(known)
        out = bytearray()
        for position, index in enumerate(known):
            out += self._salts[index].tobytes() + rows[position].tobytes()
        for digest in self._tree.multiproof(known):
            out += digest
        return bytes(out)

    def _rows(self, known: list[int]) -> Words:
        """The rows at these indices as they stand on the wire: canonical, little-endian."""
        parts = [field.from_mont(np.ascontiguousarray(part[known])) for part in self._parts]
        return np.concatenate(parts, axis=1).astype("<u4")


class StackedCommitment(Commitment):
    """A tree over stacks of columns; the columns stay as they are, and leaves are made where they are needed.

    columns: the extended columns, (|D|/k, words), Montgomery form. extra: more words a leaf, (|D|, words).
    """

    def __init__(self, columns: Words, stacking: Stacking, randomness: Randomness, extra: Words | None = None) -> None:
        self._columns, self._stacking, self._extra = columns, stacking, extra
        size = columns.shape[0]
        self._salts = randomness.octets(stacking.stack * size, SALT_BYTES)
        digests = np.empty((stacking.stack * size, DIGEST_BYTES), dtype=np.uint8)
        for first in range(0, size, _CHUNK):
            chunk = slice(first, min(first + _CHUNK, size))
            for above, rows in enumerate(stacking.rows(columns, chunk)):
                leaves = slice(above * size + chunk.start, above * size + chunk.stop)
                parts = [rows] if extra is None else [rows, extra[leaves]]
                digests[leaves] = hash_rows(parts, self._salts[leaves])
        self._tree = MerkleTree.build(digests)

    def _rows(self, known: list[int]) -> Words:
        size = self._columns.shape[0]
        indices = np.array(known, dtype=np.int64)
        above = np.stack(self._stacking.rows(self._columns, indices % size))
        rows = above[indices // size, np.arange(len(known))]
        if self._extra is not None:
            rows = np.concatenate((rows, self._extra[indices]), axis=1)
        return field.from_mont(np.ascontiguousarray(rows)).astype("<u4")
