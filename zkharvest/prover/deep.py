"""Openings out of the domain, and the function F that FRI is run on (FORMAT.md section 4).

Columns are polynomials here, masks included: a matrix has a coefficient a row, N + h or K of them. F is put together
before it is extended: for each lane of the stacks one combination of all columns and one transform of ten base columns,
whatever the width of the trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkharvest.prover import field, ntt, plain
from zkharvest.prover.deep_kernel import SLABS, dot_columns
from zkharvest.prover.field import EXTENSION_DEGREE, Words, mont, unmont
from zkharvest.prover.stacks import interleaved
from zkharvest.prover.tape import MAIN, Assembler, View
from zkharvest.prover.tape_kernel import STRIDE
from zkharvest.simd.threads import over_ranges
from zkharvest.spec import P
from zkharvest.verifier import field as ext
from zkharvest.verifier.field import Ext
from zkharvest.verifier.params import Sizes


def dot_powers(coefficients: Words, point: Ext) -> list[Ext]:
    """The polynomials with these coefficients (k, c) at an extension point."""
    weights = field.ext_powers(point, coefficients.shape[0])
    return column_sums(coefficients, weights, weights)[0]


def column_sums(matrix: Words, here: Words, following: Words) -> tuple[list[Ext], list[Ext]]:
    """sum_i weight_i * matrix[i] for every column, with two sets of extension weights (rows, 5)."""
    rows, columns = matrix.shape
    padded = -(-columns // 16) * 16
    parts = np.zeros((SLABS, 2, EXTENSION_DEGREE, padded), dtype=np.uint32)
    matrix = np.ascontiguousarray(matrix)
    over_ranges(
        dot_columns, SLABS, matrix.reshape(-1), rows, columns, here.reshape(-1), following.reshape(-1),
        parts.reshape(-1),
    )  # fmt: skip
    sums = field.from_mont((parts.astype(np.uint64).sum(axis=0) % P).astype(np.uint32))
    first, second = ([_ext(sums[s, :, c]) for c in range(columns)] for s in range(2))
    return first, second


def _ext(words: Words) -> Ext:
    c0, c1, c2, c3, c4 = (int(word) for word in words)
    return c0, c1, c2, c3, c4


def _differences(points: Words, z: Ext) -> Words:
    """x - z for base points x."""
    out = field.empty(points.size, EXTENSION_DEGREE)
    out[:] = words(ext.neg(z))
    out[:, 0] = field.sub(points, np.array([mont(z[0])], dtype=np.uint32))
    return out


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
class Lane:
    """One lane of all stacks: the factors of its columns at z and at w z, and the claims combined by them.

    `here` and `ahead` have a list of factors for each matrix of base words, 0 where a column is not of this lane.
    """

    here: Sequence[Sequence[Ext]]
    ahead: Sequence[Sequence[Ext]]
    claimed_here: Ext
    claimed_ahead: Ext


def deep_function(
    columns: Sequence[Words], pieces: Words, lanes: Sequence[Lane], z: Ext, log_rows: int, at: Sizes
) -> Words:
    """The batch without R on D, (|D|, 5): sum_i X^i G_i(X^k), G_i = (A_i - a_i) / (Y - z) + (B_i - b_i) / (Y - w z).

    A_i and B_i are the combinations of lane i's columns opened at z and at w z, a_i and b_i those of the claimed
    values. The matrices of coefficients are `columns` and then `pieces` (K, c), which are opened at z only.
    """
    bound, count = at.degree_bound, len(lanes)
    numerators = np.zeros((bound, 2 * count, EXTENSION_DEGREE), dtype=np.uint32)
    numerators[:, :count] = combine_rows(pieces, *(lane.here[len(columns)] for lane in lanes))
    for number, matrix in enumerate(columns):
        factors = [lane.here[number] for lane in lanes] + [lane.ahead[number] for lane in lanes]
        part = numerators[: len(matrix)]
        numerators[: len(matrix)] = field.add(part, combine_rows(matrix, *factors))

    points = field.powers(plain.root_of_unity(at.lde_size.bit_length() - 1), at.lde_size, first=at.shift)
    from_z = _differences(points, z)
    from_next = _differences(points, ext.scale(z, plain.root_of_unity(log_rows)))
    inverse = field.ext_inverse(field.ext_mul(from_z, from_next))
    over_z, over_next = field.ext_mul(inverse, from_next), field.ext_mul(inverse, from_z)
    parts = []
    for i, lane in enumerate(lanes):
        pair = np.ascontiguousarray(numerators[:, [i, count + i]])
        for side, claimed in enumerate((lane.claimed_here, lane.claimed_ahead)):
            pair[:1, side] = field.sub(pair[:1, side], words(claimed).reshape(1, -1))
        on_coset = ntt.coset_lde(pair.reshape(bound, 2 * EXTENSION_DEGREE), at.lde_size, at.shift)
        at_z = np.ascontiguousarray(on_coset[:, :EXTENSION_DEGREE])
        at_next = np.ascontiguousarray(on_coset[:, EXTENSION_DEGREE:])
        parts.append(field.add(field.ext_mul(at_z, over_z), field.ext_mul(at_next, over_next)))
    return interleaved(parts, at.log_domain)


def to_ext(words: Words) -> Ext:
    """A Montgomery extension element as canonical ints."""
    c0, c1, c2, c3, c4 = (unmont(int(word)) for word in words)
    return c0, c1, c2, c3, c4
