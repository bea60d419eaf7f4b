"""Commitments: salted SHA-256 trees over rows of field elements (FORMAT.md section 4, "Trees")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from zkharvest.prover import field
from zkharvest.prover.extension import Extended
from zkharvest.prover.field import Words
from zkharvest.prover.merkle import MerkleTree, SomeDigests
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.sha256 import DIGEST_BYTES, SALT_BYTES, hash_nodes, hash_rows
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
        for digest in self._tree_over(known).multiproof(known):
            out += digest
        return bytes(out)

    def _tree_over(self, known: list[int]) -> MerkleTree:
        """The tree, at least what of it is beside the paths of these leaves."""
        del known
        return self._tree

    def _rows(self, known: list[int]) -> Words:
        """The rows at these indices as they stand on the wire: canonical, little-endian."""
        parts = [field.from_mont(np.ascontiguousarray(part[known])) for part in self._parts]
        return np.concatenate(parts, axis=1).astype("<u4")


class StackedCommitment(Commitment):
    """A tree over stacks of columns: the columns are extended and their leaves hashed coset by coset of H.

    columns: as polynomials, or all their values (|D|/k, words), Montgomery form. extra: more words a leaf,
    (|D|, words).

    The k leaves above one row of the columns have one node above them, log2 k levels up. The tree is kept from these
    nodes on, a k-th of it; what is below is hashed again where it is opened, from the same rows.
    """

    def __init__(
        self, columns: Extended | Words, stacking: Stacking, randomness: Randomness, extra: Words | None = None
    ) -> None:
        self._columns, self._stacking, self._extra = columns, stacking, extra
        size = columns.size if isinstance(columns, Extended) else columns.shape[0]
        self._size = size
        count = stacking.stack * size
        self._salts = randomness.octets(count, SALT_BYTES)
        room = np.empty((count + count // 2, DIGEST_BYTES), dtype=np.uint8) if stacking.room is None else stacking.room
        digests = room[:count]
        if isinstance(columns, Extended):
            for b in columns.order:
                stacking.hash(columns.coset(b), b, columns.blowup, self._salts, digests, extra)
        else:
            stacking.hash(columns, 0, 1, self._salts, digests, extra)
        whole = MerkleTree.build(digests, room[count : count + count // 2])
        self._tree = MerkleTree(whole.levels[stacking.stack.bit_length() - 1 :])
        stacking.room = None  # it is free for the next tree
        self._opened: tuple[list[int], list[Words]] = ([], [])

    def _above(self, places: list[int]) -> list[Words]:
        """The k rows of stacks above each of these rows of the columns, Montgomery form; the last are remembered."""
        if self._opened[0] != places:
            at = np.array(places, dtype=np.int64)
            values = self._columns.at(at) if isinstance(self._columns, Extended) else self._columns[at]
            self._opened = places, self._stacking.rows(values, at)
        return self._opened[1]

    def _rows(self, known: list[int]) -> Words:
        places = sorted({index % self._size for index in known})
        place = {p: i for i, p in enumerate(places)}
        above = np.stack(self._above(places))
        rows = above[[index // self._size for index in known], [place[index % self._size] for index in known]]
        if self._extra is not None:
            rows = np.concatenate((rows, self._extra[known]), axis=1)
        return field.from_mont(np.ascontiguousarray(rows)).astype("<u4")

    def _tree_over(self, known: list[int]) -> MerkleTree:
        places = sorted({index % self._size for index in known})
        level = []
        for s, rows in enumerate(self._above(places)):
            leaves = s * self._size + np.array(places, dtype=np.int64)
            parts = [rows] if self._extra is None else [rows, self._extra[leaves]]
            level.append(hash_rows(parts, self._salts[leaves]))
        lower = []
        while len(level) > 1:
            found = {s * self._size + p: bytes(one[i]) for s, one in enumerate(level) for i, p in enumerate(places)}
            lower.append(SomeDigests(len(level) * self._size, found))
            half = len(level) // 2
            level = [hash_nodes(level[s], level[s + half]) for s in range(half)]
        return MerkleTree((*lower, *self._tree.levels))
