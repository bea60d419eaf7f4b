"""Openings out of the domain, and the function F that FRI is run on (FORMAT.md section 4).

Columns are polynomials here, masks included: a matrix has a coefficient a row, N + h or K of them. F is put together
in coefficients and extended once: for each lane of the stacks one combination of all columns and one division,
whatever the width of the trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkharvest.prover import field, plain
from zkharvest.prover.deep_kernel import divide
from zkharvest.prover.field import EXTENSION_DEGREE, Words, mont
from zkharvest.prover.tape import MAIN, Assembler, View
from zkharvest.prover.tape_kernel import STRIDE
from zkharvest.prover.weighted import weighted_sums
from zkharvest.simd.threads import over_ranges
from zkharvest.verifier import field as ext
from zkharvest.verifier.field import Ext


def dot_powers(coefficients: Words, point: Ext) -> list[Ext]:
    """The polynomials with these coefficients (k, c) at an extension point."""
    weights = field.ext_powers(point, coefficients.shape[0])
    return column_sums(coefficients, weights, weights)[0]


def column_sums(matrix: Words, here: Words, following: Words) -> tuple[list[Ext], list[Ext]]:
    """sum_i weight_i * matrix[i] for every column, with two sets of extension weights (rows, 5)."""
    sums = field.from_mont(weighted_sums(matrix, np.concatenate((here, following), axis=1)))
    first, second = ([_ext(part[:, c]) for c in range(matrix.shape[1])] for part in (sums[:5], sums[5:]))
    return first, second


def _ext(words: Words) -> Ext:
    c0, c1, c2, c3, c4 = (int(word) for word in words)
    return c0, c1, c2, c3, c4


def words(value: Ext) -> Words:
    return np.array([mont(c) for c in value], dtype=np.uint32)


def open_columns(coefficients: Words, z: Ext, log_rows: int) -> tuple[list[Ext], list[Ext]]:
    """Every column's values at z and at w z, w of order 2^log_rows, from coefficients (k, c)."""
    count = coefficients.shape[0]
    following = ext.scale(z, plain.root_of_unity(log_rows))
    return column_sums(coefficients, field.ext_powers(z, count), field.ext_powers(following, count))


def combine_rows(matrix: Words, *combinations: Sequence[Ext]) -> Words:
    """sum_j factors[j] * column j in every row, for each of the given lists of factors: (rows, lists, 5)."""
    rows, columns = matrix.shape
    assembler = Assembler((columns, 0, 0, 0))
    width = EXTENSION_DEGREE * len(combinations)
    result = assembler.allocate(width)
    for k, factors in enumerate(combinations):
        terms = [(factor, assembler.column(MAIN, j)) for j, factor in enumerate(factors) if factor != ext.ZERO]
        assembler.extension_lin(result + EXTENSION_DEGREE * STRIDE * k, ext.ZERO, terms)
    out = field.empty(rows, width)
    assembler.finish(result, width).run((View(matrix), None, None, None), rows, View(out))
    return out.reshape(rows, len(combinations), EXTENSION_DEGREE)


@dataclass(frozen=True, slots=True)
class Lanes:
    """What the batch takes of the tables of one height: the factors of their columns, and the claims.

    `here` and `ahead` (z and w z) have, for every matrix of base words, lane by lane the factor of each column, 0 where
    a column is not of this lane; `claimed_here` and `claimed_ahead` have the claims combined, lane by lane.
    """

    here: Sequence[Sequence[Sequence[Ext]]]
    ahead: Sequence[Sequence[Sequence[Ext]]]
    claimed_here: Sequence[Ext]
    claimed_ahead: Sequence[Ext]


def batched(columns: Sequence[Words], pieces: Words | None, lanes: Lanes, z: Ext, log_rows: int, bound: int) -> Words:
    """The share in F of the stacks of one height, in coefficients: (lanes * bound, 5).

    With s lanes it is sum_i X^i ((A_i(Y) - a_i) / (Y - z) + (B_i(Y) - b_i) / (Y - w z)), Y = X^s: A_i and B_i are the
    combinations of lane i's columns opened at z and at w z, a_i and b_i those of the claimed values. The matrices of
    coefficients are `columns`, of at most `bound` rows, and then `pieces` (bound, c), which are opened at z only. A
    remainder, which only a false claim has, is dropped.
    """
    count = len(lanes.claimed_here)
    numerators = np.zeros((bound, 2 * count, EXTENSION_DEGREE), dtype=np.uint32)
    if pieces is not None:
        numerators[:, :count] = combine_rows(pieces, *lanes.here[len(columns)])
    for matrix, here, ahead in zip(columns, lanes.here[: len(columns)], lanes.ahead[: len(columns)], strict=True):
        part = numerators[: len(matrix)]
        numerators[: len(matrix)] = field.add(part, combine_rows(matrix, *here, *ahead))
    claims = np.array([words(value) for value in (*lanes.claimed_here, *lanes.claimed_ahead)], dtype=np.uint32)
    numerators[0] = field.sub(numerators[0], claims)
    points = np.array([words(z), words(ext.scale(z, plain.root_of_unity(log_rows)))], dtype=np.uint32)
    over_ranges(divide, 2 * count, numerators.reshape(-1), bound, count, points.reshape(-1))
    at_z, at_next = (np.ascontiguousarray(part) for part in (numerators[:, :count], numerators[:, count:]))
    return field.add(at_z, at_next).reshape(-1, EXTENSION_DEGREE)
