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
from zkharvest.prover.tape import AUX, MAIN, Assembler, View
from zkharvest.prover.tape_kernel import STRIDE
from zkharvest.prover.weighted import weighted_sums
from zkharvest.simd.threads import over_ranges
from zkharvest.verifier import field as ext
from zkharvest.verifier.field import Ext

_STRETCHED = 64
"""Lanes, of all stretches together, that divisions of few are brought to: four vectors, for two threads."""


def dot_powers(coefficients: Words, point: Ext, powers: Words | None = None) -> list[Ext]:
    """The polynomials with these coefficients (k, c) at a point; `powers`: the point's, (k, 5) or more, if known."""
    powers = field.ext_powers(point, len(coefficients)) if powers is None else powers
    return _elements(weighted_sums(coefficients, powers[: len(coefficients)].T))


def _elements(coordinates: Words) -> list[Ext]:
    """The columns of (5, c), Montgomery form, as extension elements."""
    return [(c0, c1, c2, c3, c4) for c0, c1, c2, c3, c4 in field.from_mont(coordinates).T.tolist()]


def words(value: Ext) -> Words:
    return np.array([mont(c) for c in value], dtype=np.uint32)


def open_columns(
    coefficients: Words,
    z: Ext,
    log_rows: int,
    powers: Words | None = None,
    width: int | None = None,
    ahead: Sequence[int] | None = None,
) -> tuple[list[Ext], list[Ext]]:
    """The values at z of the first `width` columns, and at w z of the columns `ahead`, w of order 2^log_rows.

    coefficients: (k, c). powers: those of z, (k, 5) or more, if they are known. Without numbers all columns are opened.
    """
    count = len(coefficients)
    powers = field.ext_powers(z, count) if powers is None else powers
    width = coefficients.shape[1] if width is None else width
    ahead = range(width) if ahead is None else ahead
    here = powers[:count]
    turns = np.repeat(field.powers(plain.root_of_unity(log_rows), count), EXTENSION_DEGREE).reshape(here.shape)
    weights = np.concatenate((here, field.mul(here, turns)), axis=1).T
    wanted = np.full(-(-width // 16), EXTENSION_DEGREE, dtype=np.int64)
    wanted[[column // 16 for column in ahead]] = 2 * EXTENSION_DEGREE
    sums = weighted_sums(coefficients, weights, width, wanted)
    return _elements(sums[:EXTENSION_DEGREE]), _elements(sums[EXTENSION_DEGREE:, list(ahead)])


def combine_rows(matrix: Words, *combinations: Sequence[Ext]) -> Words:
    """sum_j factors[j] * column j in every row, for each of the given lists of factors: (rows, lists, 5)."""
    out = field.empty(len(matrix), EXTENSION_DEGREE * len(combinations))
    _combine(matrix, combinations, out)
    return out.reshape(len(matrix), len(combinations), EXTENSION_DEGREE)


def _combine(matrix: Words, combinations: Sequence[Sequence[Ext]], out: Words, *, onto: bool = False) -> None:
    """`combine_rows` into the first rows and columns of `out`, or `onto` what these hold."""
    rows, columns = matrix.shape
    width = EXTENSION_DEGREE * len(combinations)
    assembler = Assembler((columns, 0, width if onto else 0, 0))
    result = assembler.allocate(width)
    for k, factors in enumerate(combinations):
        register = result + EXTENSION_DEGREE * STRIDE * k
        terms = [(factor, assembler.column(MAIN, j)) for j, factor in enumerate(factors) if factor != ext.ZERO]
        assembler.extension_lin(register, ext.ZERO, terms)
        if onto:
            assembler.extension_add(register, register, assembler.extension_column(AUX, EXTENSION_DEGREE * k))
    views = (View(matrix), None, View(out) if onto else None, None)
    assembler.finish(result, width).run(views, rows, View(out))


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
    numerators = field.empty(bound, 2 * count * EXTENSION_DEGREE)
    numerators[len(columns[0]) :] = 0
    for number, matrix in enumerate(columns):
        _combine(matrix, (*lanes.here[number], *lanes.ahead[number]), numerators, onto=number > 0)
    if pieces is not None:
        _combine(pieces, lanes.here[len(columns)], numerators, onto=True)
    claims = np.concatenate([words(value) for value in (*lanes.claimed_here, *lanes.claimed_ahead)])
    numerators[0] = field.sub(numerators[0], claims)
    return divided(
        numerators.reshape(bound, 2, count, EXTENSION_DEGREE), z, ext.scale(z, plain.root_of_unity(log_rows))
    )


def divided(values: Words, p: Ext, q: Ext) -> Words:
    """A / (Y - p) + B / (Y - q) lane by lane, remainders dropped: (bound * lanes, 5).

    values: (bound, 2, lanes, 5), in every row a coefficient of each A, then one of each B.

    A quotient's coefficients follow one from the other, so that few lanes fill neither vectors nor threads. Then rows
    are divided in stretches: first each as if nothing stood above it, for what it carries to the next; carried on from
    one to the other, that is what each begins with.
    """
    bound, _, lanes, _ = values.shape
    stretches = 1
    while lanes in (1, 2, 4, 8) and lanes * stretches < _STRETCHED and bound % (2 * stretches) == 0:
        stretches *= 2
    units = -(-lanes // 16) * -(-stretches // max(1, 16 // lanes))
    carries = np.zeros((units, 2, 16, EXTENSION_DEGREE), dtype=np.uint32)
    out = field.empty(bound * lanes, EXTENSION_DEGREE)
    points, flat = np.concatenate((words(p), words(q))), (values.reshape(-1), bound, lanes, stretches)
    if stretches > 1:
        over_ranges(divide, units, *flat, points, carries.reshape(-1), out.reshape(-1)[:0])
        _carry_on(carries, lanes, stretches, [ext.power(point, bound // stretches) for point in (p, q)])
    over_ranges(divide, units, *flat, points, carries.reshape(-1), out.reshape(-1))
    return out


def _carry_on(carries: Words, lanes: int, stretches: int, powers: Sequence[Ext]) -> None:
    """From what every stretch carries out alone to what it begins with; `powers` move a carry through one."""
    for side, power in enumerate(powers):
        own = carries[:, side].reshape(-1, EXTENSION_DEGREE)  # a copy
        alone = [tuple(one) for one in field.from_mont(own).tolist()]
        carried = [ext.ZERO] * lanes
        for first in range(lanes * (stretches - 1), -1, -lanes):
            own[first : first + lanes] = [words(one) for one in carried]
            here = alone[first : first + lanes]
            carried = [ext.add(ext.mul(one, power), more) for one, more in zip(carried, here, strict=True)]
        carries[:, side] = own.reshape(-1, 16, EXTENSION_DEGREE)
