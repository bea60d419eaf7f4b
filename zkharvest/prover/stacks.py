# mypy: disable-error-code="import-untyped,misc"
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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover import field, plain
from zkharvest.prover.field import Words
from zkharvest.simd import koalabear as kb
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import load, splat, splat_at, store
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P
from zkharvest.verifier.stacks import Part, Stacks

_LANES = 16


@helper
def _quarter(a0: Any, a1: Any, a2: Any, a3: Any, root: Any) -> Any:
    """sum_i root^(s i) a_i for s = 0..3, root of order 4."""
    e0, e1 = kb.add(a0, a2), kb.sub(a0, a2)
    o0, o1 = kb.add(a1, a3), kb.mul(kb.sub(a1, a3), root)
    return kb.add(e0, o0), kb.add(e1, o1), kb.sub(e0, o0), kb.sub(e1, o1)


@kernel
def _stack(
    start: Any, stop: Any, matrix: Any, columns: Any, places: Any, width: Any, stack: Any, points: Any, roots: Any,
    total: Any, out: Any,
) -> None:  # fmt: skip
    """Rows start..stop: out[s, row, :] for the `stack` points above each row.

    `places[c]` is where column c goes, lane * width + word; `points` is (rows, stack) with t^i, `roots` has u^0 to
    u^(k-1); `out` is (stack, total, width), width a multiple of 16.
    """
    lanes = np.zeros(stack * width, dtype=np.uint32)
    i4 = splat(roots[stack // 4])
    for row in range(start, stop):
        base = row * columns
        for c in range(columns):
            lanes[places[c]] = matrix[base + c]
        p = row * stack
        for g in range(0, width, 16):
            a0 = load(lanes, g)
            if stack == 4:
                y0, y1, y2, y3 = _quarter(
                    a0,
                    kb.mul(load(lanes, width + g), splat_at(points, p + 1)),
                    kb.mul(load(lanes, 2 * width + g), splat_at(points, p + 2)),
                    kb.mul(load(lanes, 3 * width + g), splat_at(points, p + 3)),
                    i4,
                )
                store(out, row * width + g, y0)
                store(out, (total + row) * width + g, y1)
                store(out, (2 * total + row) * width + g, y2)
                store(out, (3 * total + row) * width + g, y3)
            else:
                e0, e1, e2, e3 = _quarter(
                    a0,
                    kb.mul(load(lanes, 2 * width + g), splat_at(points, p + 2)),
                    kb.mul(load(lanes, 4 * width + g), splat_at(points, p + 4)),
                    kb.mul(load(lanes, 6 * width + g), splat_at(points, p + 6)),
                    i4,
                )
                o0, o1, o2, o3 = _quarter(
                    kb.mul(load(lanes, width + g), splat_at(points, p + 1)),
                    kb.mul(load(lanes, 3 * width + g), splat_at(points, p + 3)),
                    kb.mul(load(lanes, 5 * width + g), splat_at(points, p + 5)),
                    kb.mul(load(lanes, 7 * width + g), splat_at(points, p + 7)),
                    i4,
                )
                o1, o2, o3 = kb.mul(o1, splat(roots[1])), kb.mul(o2, splat(roots[2])), kb.mul(o3, splat(roots[3]))
                store(out, row * width + g, kb.add(e0, o0))
                store(out, (total + row) * width + g, kb.add(e1, o1))
                store(out, (2 * total + row) * width + g, kb.add(e2, o2))
                store(out, (3 * total + row) * width + g, kb.add(e3, o3))
                store(out, (4 * total + row) * width + g, kb.sub(e0, o0))
                store(out, (5 * total + row) * width + g, kb.sub(e1, o1))
                store(out, (6 * total + row) * width + g, kb.sub(e2, o2))
                store(out, (7 * total + row) * width + g, kb.sub(e3, o3))


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

    lanes: for each of the k lanes the column in every stack, -1 for none (`verifier.stacks.Tree.lanes`).
    degree: words of a column, 1 or 5. A matrix has degree consecutive words a column.
    """

    def __init__(self, lanes: Sequence[Sequence[int]], degree: int, log_domain: int) -> None:
        self.stack = len(lanes)
        self.words = degree * len(lanes[0])
        self._width = -(-self.words // _LANES) * _LANES
        self._log_domain = log_domain
        count = sum(column >= 0 for lane in lanes for column in lane)
        self._places = np.zeros(degree * count, dtype=np.int64)
        for lane, columns in enumerate(lanes):
            for place, column in enumerate(columns):
                for word in range(degree if column >= 0 else 0):
                    self._places[degree * column + word] = lane * self._width + degree * place + word

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
            _stack, part.shape[0], part.reshape(-1), part.shape[1], self._places, self._width, self.stack,
            powers.reshape(-1), roots, part.shape[0], out.reshape(-1), grain=64,
        )  # fmt: skip
        return [above[:, : self.words] for above in out]


def packed(coefficients: Words, members: Sequence[Sequence[int]], degree: int) -> Words:
    """Short columns as columns of the tallest tables: G(Y) = sum_m Y^m f_m(Y^s), s the length of a list of members.

    coefficients: (K / s, words), Montgomery form, `degree` consecutive words a column. members: for each of the columns
    to make the s short ones, -1 for none. Returns (K, degree * len(members)).
    """
    rows, short = coefficients.shape[0], len(members[0])
    out = np.zeros((rows, short, len(members), degree), dtype=np.uint32)
    for number, columns in enumerate(members):
        for m, column in enumerate(columns):
            if column >= 0:
                out[:, m, number] = coefficients[:, degree * column : degree * (column + 1)]
    return out.reshape(rows * short, degree * len(members))


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
