"""Committed columns as polynomials, and their values on the columns' coset, one coset of H at a time.

The columns' coset 3^k <w_BN> falls into B cosets of H: coset b is (3^k w_BN^b) H, and point j of it is row b + B j of
the whole. Each is a transform of N points of the same coefficients, so that nobody needs the B N rows at once: leaves
are hashed while the rows of one coset are in memory, the quotient reads cosets one after the other, and a query
lies in one. Cosets that the quotient reads are kept as far as `KEEP` and memory that is no longer needed allow; rows of
the others are evaluated where a query asks for them: fresh memory costs about as much as the transform that fills it
(docs/performance.md). Leaves of the coset that the quotient asks for first are hashed last: it is in the buffer still.

The quotient has little more than 3 N coefficients. So it reads three of four cosets that lie evenly, and of the fourth
a few points that are a coset themselves: they are set aside as its leaves are hashed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover import field, ntt, plain
from zkharvest.prover.field import Words
from zkharvest.prover.weighted import values_at
from zkharvest.spec import P
from zkharvest.verifier.params import Sizes

KEEP = 1 << 26
"""Words of kept cosets, of one matrix: 256 MiB. With 1 GiB 100,000 trades take 13.6 s in place of 11.5."""

COSETS = 4
"""Every B / 4-th coset of H: on the last the quotient is evaluated at a few points, on the others everywhere."""


def sampled_points(rows: int, mask: int) -> int:
    """T: a power of two, more than the 4 h coefficients at most that masks add to a quotient, but no more than N.

    At least 32, the fewest rows that a tape runs on.
    """
    return min(rows, max(32, 1 << (4 * mask).bit_length()))


def interpolated(values: Words, masks: Words, scratch: Words | None = None, out: Words | None = None) -> Words:
    """Coefficients (N + h, c) of the masked columns f + (X^N - 1) r: values of f on H (N, c), coefficients of r (h, c).

    `scratch`, an array like `values`, is overwritten. `out` takes the result, it may be columns of a wider array.
    """
    rows, columns = values.shape
    mask = masks.shape[0]
    if out is None:
        out = field.empty(rows + mask, columns)
    ntt.intt(values, scratch, out[:rows])
    out[:mask] = field.sub(out[:mask], masks)
    out[rows:] = masks
    return out


def sampled_rows(rows: int, sampled: int) -> NDArray[np.int64]:
    """Of N rows every (N / T)-th, each followed by the one after it, which is its next row: 2 T in all."""
    return ((np.arange(0, rows, rows // sampled)[:, None] + np.arange(2)) % rows).reshape(-1)


class Extended:
    """Columns with the given coefficients, at most K rows, Montgomery form; see the module for what a coset is.

    `buffer` (N, columns) and `spare`, of any size, are memory that nobody else needs: the one for the coset in work,
    the other for cosets that are kept.
    """

    def __init__(self, coefficients: Words, at: Sizes, buffer: Words | None = None, spare: Words | None = None) -> None:
        self.coefficients = coefficients
        self.width: int = coefficients.shape[1]
        self.rows, self.size = at.rows, at.lde_size
        self.blowup = at.lde_size // at.rows
        self._shift = at.shift
        self._root = plain.root_of_unity(at.lde_size.bit_length() - 1)
        self._buffer = field.empty(at.rows, self.width) if buffer is None else buffer
        self._held = -1  # the coset in the buffer, if all of it is
        self.mask: int = at.mask
        step = self.blowup // COSETS
        *read, self._last = range(0, self.blowup, step)
        read.reverse()
        self.sampled = sampled_points(at.rows, at.mask)
        self._samples: Words | None = None
        size = max(1, at.rows * self.width)
        fits = 0 if spare is None else min(len(read), spare.size // size)
        self._spare = [] if spare is None else list(spare.reshape(-1)[: fits * size].reshape(fits, at.rows, self.width))
        self._kept: dict[int, Words | None] = dict.fromkeys(read[: KEEP // size + fits])
        self.order = [*(b for b in range(self.blowup) if b not in read), *read]
        """The cosets in the order in which their leaves are hashed."""

    def coset(self, b: int, tiles: Sequence[slice] = ()) -> Words:
        """The values on coset b, (N, c); those that are not kept last until the next of them is asked for.

        tiles: only these columns are needed, each slice of a multiple of sixteen: the others may be anything.
        """
        kept = self._kept.get(b)
        if kept is not None:
            return kept
        if b in self._kept:
            tiles = ()
            out = self._spare.pop() if self._spare else field.empty(self.rows, self.width)
            self._kept[b] = out
        elif self._held == b:
            return self._buffer
        else:
            out, self._held = self._buffer, -1 if tiles else b
        ntt.on_coset(self.coefficients, out, self._point(b), tiles)
        if b == self._last and self._samples is None and not tiles:
            self._samples = out[sampled_rows(self.rows, self.sampled)]
        return out

    def samples(self) -> Words:
        """The rows `sampled_rows` of the last of the four cosets, (2 T, c); to be asked for before other cosets."""
        if self._samples is None:
            self.coset(self._last)
        assert self._samples is not None
        return self._samples

    def at(self, indices: NDArray[np.int64]) -> Words:
        """The rows at these places of the columns' coset."""
        out = field.empty(len(indices), self.width)
        cosets = indices % self.blowup
        missing = np.ones(len(indices), dtype=bool)
        for b in sorted(set(cosets.tolist())):
            if self._held == b or self._kept.get(b) is not None:
                chosen = cosets == b
                out[chosen] = self.coset(b)[indices[chosen] // self.blowup]
                missing[chosen] = False
        out[missing] = self._evaluated(indices[missing])
        return out

    def _evaluated(self, indices: NDArray[np.int64]) -> Words:
        """Rows by evaluating every column there: of a coset a few rows are asked for, a transform makes them all."""
        if len(indices) == 0:
            return field.empty(0, self.width)
        return values_at(self.coefficients, self.rows, self.blowup, self._shift, indices.tolist())

    def _point(self, b: int) -> int:
        """The shift of coset b, which is point b of the columns' coset."""
        return self._shift * pow(self._root, b, P) % P

    def whole(self) -> Words:
        """All rows, (B N, c): for tests, which hold the cosets against it."""
        return ntt.coset_lde(self.coefficients, self.size, self._shift)
