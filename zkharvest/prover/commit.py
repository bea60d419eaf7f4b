"""Commitments: salted SHA-256 trees over rows of field elements (FORMAT.md section 4, "Trees")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from zkharvest.prover import field
from zkharvest.prover.extension import Extended
from zkharvest.prover.field import Words
from zkharvest.prover.merkle import MerkleTree
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.sha256 import DIGEST_BYTES, SALT_BYTES, hash_rows
from zkharvest.prover.stacks import Stacking


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
    """A tree over stacks of columns: the columns are extended and their leaves hashed coset by coset of H.

    columns: as polynomials, or all their values (|D|/k, words), Montgomery form. extra: more words a leaf,
    (|D|, words).
    """

    def __init__(
        self, columns: Extended | Words, stacking: Stacking, randomness: Randomness, extra: Words | None = None
    ) -> None:
        self._columns, self._stacking, self._extra = columns, stacking, extra
        size = columns.size if isinstance(columns, Extended) else columns.shape[0]
        self._size = size
        self._salts = randomness.octets(stacking.stack * size, SALT_BYTES)
        self._digests = np.empty((stacking.stack * size, DIGEST_BYTES), dtype=np.uint8)
        if isinstance(columns, Extended):
            for b in columns.order:
                stacking.hash(columns.coset(b), b, columns.blowup, self._salts, self._digests, extra)
        else:
            stacking.hash(columns, 0, 1, self._salts, self._digests, extra)
        self._tree = MerkleTree.build(self._digests)

    def _rows(self, known: list[int]) -> Words:
        indices = np.array(known, dtype=np.int64)
        places = indices % self._size
        values = self._columns.at(places) if isinstance(self._columns, Extended) else self._columns[places]
        above = np.stack(self._stacking.rows(values, places))
        rows = above[indices // self._size, np.arange(len(known))]
        if self._extra is not None:
            rows = np.concatenate((rows, self._extra[indices]), axis=1)
        return field.from_mont(np.ascontiguousarray(rows)).astype("<u4")
