"""Openings out of the domain, and the function F that FRI is run on (FORMAT.md section 4).

A masked column is f + (X^N - 1) r, with the values of f on the trace domain H at hand. For z outside of H

    f(z) = sum_i L_i(z) f(w^i),   L_i(z) = (z^N - 1) / N * w^i / (z - w^i)      (the barycentric formula)

and L_i(w z) = L_(i-1)(z), so that the same weights serve both points. F is put together before it is extended:
one combination of all columns on H, one transform of ten base columns, whatever the width of the trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkharvest.prover import field, ntt, plain
from zkharvest.prover.deep_kernel import SLABS, dot_columns
from zkharvest.prover.field import EXTENSION_DEGREE, Words, mont, unmont
from zkharvest.prover.quotient import SHIFT
from zkharvest.prover.tape import MAIN, Assembler, View
from zkharvest.prover.tape_kernel import STRIDE
from zkharvest.simd.threads import over_ranges
from zkharvest.verifier import field as ext
from zkharvest.verifier.field import Ext


@dataclass(frozen=True, slots=True)
class Masked:
    """Committed columns f + (X^N - 1) r: values of f on H (N, c), coefficients of r (h, c)."""

    values: Words
    masks: Words


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
    sums = field.from_mont((parts.astype(np.uint64).sum(axis=0) % field.P).astype(np.uint32))
    first, second = ([_ext(sums[s, :, c]) for c in range(columns)] for s in range(2))
    return first, second


def _ext(words: Words) -> Ext:
    c0, c1, c2, c3, c4 = (int(word) for word in words)
    return c0, c1, c2, c3, c4


def barycentric_weights(log_rows: int, z: Ext) -> Words:
    """L_i(z) for every point of H, (N, 5)."""
    rows = 1 << log_rows
    points = field.powers(plain.root_of_unity(log_rows), rows)
    factor = ext.scale(ext.sub(ext.power(z, rows), ext.ONE), plain.inverse(rows))
    spread = np.zeros((rows, EXTENSION_DEGREE), dtype=np.uint32)
    spread[:, 0] = points
    numerators = field.ext_mul(spread, _words(factor))
    return field.ext_mul(numerators, field.ext_inverse(_differences(points, z, negate=True)))


def _differences(points: Words, z: Ext, negate: bool = False) -> Words:
    """x - z for base points x (or z - x)."""
    out = field.empty(points.size, EXTENSION_DEGREE)
    out[:] = _words(z if negate else ext.neg(z))
    first = np.array([mont(z[0])], dtype=np.uint32)
    difference = field.sub(points, first)
    out[:, 0] = field.sub(np.zeros_like(difference), difference) if negate else difference
    return out


def _words(value: Ext) -> Words:
    return np.array([mont(c) for c in value], dtype=np.uint32)


def open_masked(columns: Masked, weights: Words, z: Ext, log_rows: int) -> tuple[list[Ext], list[Ext]]:
    """Every column's values at z and at w z; `weights` are `barycentric_weights(log_rows, z)`."""
    rows = 1 << log_rows
    vanishing = ext.sub(ext.power(z, rows), ext.ONE)  # the same at w z
    following = ext.scale(z, plain.root_of_unity(log_rows))
    h = columns.masks.shape[0]
    plain_values = column_sums(columns.values, weights, np.roll(weights, 1, axis=0))
    mask_values = column_sums(columns.masks, field.ext_powers(z, h), field.ext_powers(following, h))
    first, second = (
        [ext.add(f, ext.mul(vanishing, r)) for f, r in zip(values, masks, strict=True)]
        for values, masks in zip(plain_values, mask_values, strict=True)
    )
    return first, second


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


def deep_function(
    masked: Sequence[tuple[Masked, Sequence[Ext], Sequence[Ext]]],
    polynomials: tuple[Words, Sequence[Ext]],
    claimed: tuple[Ext, Ext],
    z: Ext,
    log_rows: int,
    domain_size: int,
) -> Words:
    """F on D, (|D|, 5): ((A - a) / (X - z)) + ((B - b) / (X - w z)).

    A and B are the combinations of all columns opened at z and at w z, a and b (`claimed`) those of the claimed
    values. `masked` has, for each matrix, its columns' factors in A and in B (0 where not opened); `polynomials`
    are coefficients (K, c) with their factors in A.
    """
    coefficients, factors = polynomials
    bound, rows = coefficients.shape[0], 1 << log_rows
    numerators = np.zeros((bound, 2, EXTENSION_DEGREE), dtype=np.uint32)
    numerators[:, :1] = combine_rows(coefficients, factors)
    values = np.zeros((rows, 2, EXTENSION_DEGREE), dtype=np.uint32)
    for matrix, *by_point in masked:
        values = field.add(values, combine_rows(matrix.values, *by_point))
        masks = combine_rows(matrix.masks, *by_point)
        h = len(masks)
        numerators[:h] = field.sub(numerators[:h], masks)
        numerators[rows : rows + h] = field.add(numerators[rows : rows + h], masks)
    whole = ntt.intt(values.reshape(rows, -1)).reshape(values.shape)
    numerators[:rows] = field.add(numerators[:rows], whole)
    for side in range(2):
        numerators[:1, side] = field.sub(numerators[:1, side], _words(claimed[side]).reshape(1, -1))
    on_domain = ntt.coset_lde(numerators.reshape(bound, 2 * EXTENSION_DEGREE), domain_size, SHIFT)

    log_domain = domain_size.bit_length() - 1
    points = field.powers(plain.root_of_unity(log_domain), domain_size, first=SHIFT)
    from_z = _differences(points, z)
    from_next = _differences(points, ext.scale(z, plain.root_of_unity(log_rows)))
    at_z = np.ascontiguousarray(on_domain[:, :EXTENSION_DEGREE])
    at_next = np.ascontiguousarray(on_domain[:, EXTENSION_DEGREE:])
    numerator = field.add(field.ext_mul(at_z, from_next), field.ext_mul(at_next, from_z))
    return field.ext_mul(numerator, field.ext_inverse(field.ext_mul(from_z, from_next)))


def to_ext(words: Words) -> Ext:
    """A Montgomery extension element as canonical ints."""
    c0, c1, c2, c3, c4 = (unmont(int(word)) for word in words)
    return c0, c1, c2, c3, c4
