"""Leaves of a tree from the rows that `Stacking.rows` gives, for provers that lie about rows of stacks."""

from __future__ import annotations

from zkharvest.prover.field import Words
from zkharvest.prover.sha256 import Bytes, hash_rows


class HashedFromRows:
    """In front of `Stacking`: `hash` hashes what `rows` says, where the prover's own makes both in one kernel."""

    room: Bytes | None = None
    """For the tree: it makes its own."""

    def hash(
        self, values: Words, first: int, step: int, salts: Bytes, digests: Bytes, extra: Words | None = None
    ) -> None:
        """As `Stacking.hash`."""
        size = len(salts) // self.stack  # type: ignore[attr-defined]
        high = first + step * len(values)
        for above, rows in enumerate(self.rows(values, slice(first, high, step))):  # type: ignore[attr-defined]
            leaves = slice(above * size + first, above * size + high, step)
            parts = [rows] if extra is None else [rows, extra[leaves]]
            hash_rows(parts, salts[leaves], digests[leaves])
