"""Stacked columns from the prover's side: F_j(X) = sum_i X^i f_(j,i)(X^k) on D (FORMAT.md section 4, "Stacks").

The columns are extended to y = 3^k w^r for r < |D|/k, as if they were committed one by one. Above each y lie the k
points x_s = t u^s with x_s^k = y, t = 3 v^r, v the generator of D's group and u = v^(|D|/k) of order k; x_s is point
s |D|/k + r of D. There sum_i x_s^i f_i(y) is a transform of k points of the t^i f_i(y), lane by lane: no second
extension, and the leaves need not be in memory all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover import field, plain
from zkharvest.prover.field import Words
from zkharvest.prover.sha256 import SALT_BYTES, Bytes
from zkharvest.prover.stacks_kernel import BLOCK_WORDS, hash_stacked, pack_rows, stack_chosen
from zkharvest.prover.stacks_lanes import hash_in_lanes
from zkharvest.simd import sha256_x86
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P
from zkharvest.verifier.stacks import Part, Stacks

_LANES = 16
_NONE = np.empty(0, dtype=np.uint32)

IN_LANES = not sha256_x86.available()
"""Whether leaves are hashed in the lanes of vectors, made there too: elsewhere by blocks of rows."""


@lru_cache(maxsize=2)
def _points(log_domain: int, stack: int) -> tuple[Words, Words]:
    """t^i for every row of the columns' coset, (|D|/k, k), and u^0, ..., u^(k-1)."""
    rows = (1 << log_domain) // stack
    v = plain.root_of_unity(log_domain)
    powers = [field.powers(pow(v, i, P), rows, first=pow(plain.GENERATOR, i, P)) for i in range(stack)]
    u = plain.root_of_unity(stack.bit_length() - 1)
    return np.ascontiguousarray(np.stack(powers, axis=1)), field.powers(u, stack)


class Stacking:
    """How the columns of one matrix lie in stacks, and the stacks' values above chosen rows.

    lanes: for each of the k lanes the column in every stack, -1 for none (`Layout.lanes`).
    degree: words of a column, 1 or 5. A matrix has degree consecutive words a column.
    room: memory (3 |D|/2, 32) that a tree over these stacks may use while it is built.
    """

    def __init__(self, lanes: Sequence[Sequence[int]], degree: int, log_domain: int, room: Bytes | None = None) -> None:
        self.stack = len(lanes)
        self.room = room
        self.words = degree * len(lanes[0])
        self._width = -(-self.words // _LANES) * _LANES
        self._log_domain = log_domain
        sources = np.full((self.stack, self._width), -1, dtype=np.int64)
        for lane, columns in enumerate(lanes):
            for place, column in enumerate(columns):
                for word in range(degree if column >= 0 else 0):
                    sources[lane, degree * place + word] = degree * column + word
        self._copies = copies_of(sources.reshape(-1).tolist())
        self._runs = runs_of(sources[:, : self.words].tolist(), SALT_BYTES // 4)

    def rows(self, values: Words, chosen: slice | NDArray[np.int64]) -> list[Words]:
        """The stacks at x_0, ..., x_(k-1) above the chosen rows of the columns' coset, whose values these are.

        k matrices (rows, words), of `values` (rows, columns).
        """
        points, roots = _points(self._log_domain, self.stack)
        part = np.ascontiguousarray(values)
        powers = np.ascontiguousarray(points[chosen])
        if len(powers) != len(part):
            raise ValueError(f"{len(part)} rows of values, {len(powers)} chosen")
        out = field.empty(self.stack * part.shape[0], self._width).reshape(self.stack, part.shape[0], self._width)
        over_ranges(
            stack_chosen, part.shape[0], part.reshape(-1), part.shape[1], self._copies, self._width,
            self.stack, powers.reshape(-1), roots, part.shape[0], out.reshape(-1), grain=64,
        )  # fmt: skip
        return [above[:, : self.words] for above in out]

    def hash(
        self, values: Words, first: int, step: int, salts: Bytes, digests: Bytes, extra: Words | None = None
    ) -> None:
        """Leaf digests above rows first, first + step, ... of the columns' coset, whose values these are.

        They go to `digests` (|D|, 32), where the leaves' salts (|D|, 16) and `extra` words (|D|, words) stand too.
        """
        points, roots = _points(self._log_domain, self.stack)
        rows, columns = values.shape
        size = len(points)
        by_leaf: list[Bytes | Words] = [salts, digests] if extra is None else [salts, digests, extra]
        if first + step * (rows - 1) >= size or any(len(one) != self.stack * size for one in by_leaf):
            raise ValueError(f"{rows} rows from {first} in steps of {step} do not lie in {size}")
        if not all(one.flags.c_contiguous for one in (values, *by_leaf)):
            raise ValueError("values, salts, digests and more words must be contiguous")
        more = 0 if extra is None else extra.shape[1]
        if IN_LANES:
            over_ranges(
                hash_in_lanes, -(-rows // _LANES), rows, values.reshape(-1), columns, *self._runs, self.words,
                self.stack, points.reshape(-1), first, step, roots, size, salts.view(np.uint32).reshape(-1),
                _NONE if extra is None else extra.reshape(-1), more, digests.view(np.uint32).reshape(-1),
                grain=4,
            )  # fmt: skip
            return
        block = max(32, BLOCK_WORDS // (self.stack * self._width) // 32 * 32)
        over_ranges(
            hash_stacked, -(-rows // block), rows, block, values.reshape(-1), columns, self._copies,
            self._width, self.words, self.stack, points.reshape(-1), first, step, roots, size, salts.ctypes.data,
            0 if extra is None else extra.ctypes.data, more, digests.ctypes.data,
        )  # fmt: skip


def runs_of(sources: Sequence[Sequence[int]], before: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How tiles are pieced together of runs of a row's columns: for `stacks_lanes.hash_in_lanes`.

    sources: for every lane the column of each word, -1 for none. before: words that stand in the leaf before these.
    Tile t of a lane is sixteen words of the leaf, words 16 t - before and on. Returns the runs, pairs of the column
    that would be a tile's first word and a bit for each word that is taken, and for every tile, lane after lane, the
    number of its first run, with their count at the end.
    """
    runs: list[tuple[int, int]] = []
    firsts: list[int] = []
    for lane in sources:
        words = [-1] * before + list(lane)
        for start in range(0, len(words), _LANES):
            firsts.append(len(runs))
            bits: dict[int, int] = {}
            for k, source in enumerate(words[start : start + _LANES]):
                if source >= 0:
                    bits[source - k] = bits.get(source - k, 0) | 1 << k
            runs += bits.items()
    return np.array(runs, dtype=np.int64).reshape(-1), np.array([*firsts, len(runs)], dtype=np.int64)


def copies_of(sources: Sequence[int]) -> NDArray[np.int64]:
    """How a row is put in the order of `sources` (-1: a zero) by copies of up to 16 words, in increasing order.

    Triples, one after the other: where to, where from, and a bit for each word that is there.
    """
    copies: list[int] = []
    start = 0
    while start < len(sources):
        first, count = sources[start], 1
        while count < _LANES and start + count < len(sources):
            if sources[start + count] != (first + count if first >= 0 else -1):
                break
            count += 1
        copies += (start, max(first, 0), (1 << count) - 1 if first >= 0 else 0)
        start += count
    return np.array(copies, dtype=np.int64)


def pack(coefficients: Words, members: Sequence[Sequence[int]], degree: int, out: Words, place: int) -> int:
    """Short columns as columns of the tallest tables: G(Y) = sum_m Y^m f_m(Y^s), s the length of a list of members.

    coefficients: (K / s, words), Montgomery form, `degree` consecutive words a column. members: for each of the columns
    to make the s short ones, -1 for none. They go to columns `place`, ... of `out` (at least K rows, contiguous), zero
    behind their K rows. Returns the column behind them.
    """
    rows, words = coefficients.shape
    short, count = len(members[0]), degree * len(members)
    sources = np.full((short, count), -1, dtype=np.int64)
    for number, columns in enumerate(members):
        for m, column in enumerate(columns):
            for word in range(degree if column >= 0 else 0):
                sources[m, degree * number + word] = degree * column + word
    over_ranges(
        pack_rows, rows, coefficients.reshape(-1), words, sources, out.reshape(-1), out.shape[1], place, grain=64
    )
    out[rows * short :, place : place + count] = 0
    return place + count


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one tree as the prover has them: those of the tallest tables, then packed ones, height by height.

    lanes: for each of the k lanes the column in every stack, -1 for none. members: for every lower height the packed
    columns, each the list of the columns (counted within the height) in it, -1 for none.
    """

    lanes: list[list[int]]
    members: list[list[list[int]]]


def layout(stacks: Stacks, tree: int, stack: int) -> Layout:
    """Where the columns of a tree stand."""
    total = sum(height.trees[tree].stacks for height in stacks.heights)
    lanes = [[-1] * total for _ in range(stack)]
    members: list[list[list[int]]] = []
    count = 0
    for height in stacks.heights:
        part, short = height.trees[tree], height.lanes // stack
        local = columns_of(part)
        families: dict[tuple[int, int], list[int]] = {}
        for column, place, lane in part.placed():
            family = families.setdefault((part.first + place, lane % stack), [-1] * short)
            family[lane // stack] = local[column]
        if short == 1:
            order = [(family[0], where) for where, family in families.items()]
        else:
            order = list(zip(range(count, count + len(families)), families, strict=True))
            members.append(list(families.values()))
        for column, (place, lane) in order:
            lanes[lane][place] = column
        count += len(families)
    return Layout(lanes, members)


def columns_of(part: Part) -> dict[int, int]:
    """The columns of a part, numbered in the order of the tree."""
    return {column: i for i, column in enumerate(sorted(part.following.columns + part.others.columns))}
