"""Openings and F against the polynomials themselves."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import polynomials as poly
from zkharvest.prover import deep, field, plain
from zkharvest.prover.plain import P

LOG_ROWS, BLOWUP, MASK, BOUND = 5, 8, 32, 64
N = 1 << LOG_ROWS


def draw(*shape, seed):
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def element(seed):
    return tuple(int(c) for c in draw(5, seed=seed))


def masked(columns, seed):
    values, masks = draw(N, columns, seed=seed), draw(MASK, columns, seed=seed + 1)
    return deep.Masked(field.to_mont(values), field.to_mont(masks)), [
        poly.masked(values[:, j].tolist(), masks[:, j].tolist()) for j in range(columns)
    ]


Z = element(9)
Z_NEXT = plain.ext_mul(Z, (plain.root_of_unity(LOG_ROWS), 0, 0, 0, 0))


@pytest.mark.parametrize("columns", [1, 15, 16, 21])
def test_openings(columns):
    matrix, polynomials = masked(columns, seed=columns)
    here, after = deep.open_masked(matrix, deep.barycentric_weights(LOG_ROWS, Z), Z, LOG_ROWS)
    assert here == [poly.evaluate(f, Z) for f in polynomials]
    assert after == [poly.evaluate(f, Z_NEXT) for f in polynomials]


@pytest.mark.parametrize("rows", [1, 2, 31, 33, 1000, 4096 + 17])
def test_column_sums_of_any_height(rows):
    coefficients = draw(rows, 3, seed=rows)
    found = deep.dot_powers(field.to_mont(coefficients), Z)
    assert found == [plain.ext_evaluate(coefficients[:, j].tolist(), Z) for j in range(3)]


def test_column_sums_do_not_overflow():
    worst = np.full((1000, 17), P - 1, dtype=np.uint32)
    weights = np.full((1000, 5), P - 1, dtype=np.uint32)
    first, second = deep.column_sums(worst, weights, weights)
    value = 1000 * field.unmont(P - 1) ** 2 % P
    assert first == second == [(value,) * 5] * 17


def test_rows_combined():
    matrix = draw(64, 19, seed=3)
    factors = [[element(10 + j) for j in range(19)], [plain.EXT_ZERO] * 18 + [element(50)]]
    found = field.from_mont(deep.combine_rows(field.to_mont(matrix), *factors))
    for row in (0, 33, 63):
        for k in range(2):
            total = plain.EXT_ZERO
            for value, factor in zip(matrix[row].tolist(), factors[k], strict=True):
                total = plain.ext_add(total, plain.ext_mul(factor, (value, 0, 0, 0, 0)))
            assert tuple(found[row, k]) == total


def test_the_deep_function_by_its_formula():
    """F(x) = sum of lambda^j (f_j(x) - v_j) / (x - point_j), at points of D, with f_j evaluated there."""
    first, first_polys = masked(3, seed=20)
    second, second_polys = masked(5, seed=30)
    coefficients = draw(BOUND, 10, seed=40)
    piece_polys = [poly.poly(*coefficients[:, j].tolist()) for j in range(10)]
    batch = element(5)
    everything = [*first_polys, *second_polys, *piece_polys]
    nexts = [(first_polys[1], 0, 1), (second_polys[4], 1, 4)]
    powers = [plain.ext_pow(batch, j) for j in range(len(everything) + len(nexts))]
    after = ([plain.EXT_ZERO] * 3, [plain.EXT_ZERO] * 5)
    pairs = [(f, Z, power) for f, power in zip(everything, powers[: len(everything)], strict=True)]
    for (f, matrix, column), power in zip(nexts, powers[len(everything) :], strict=True):
        after[matrix][column] = power
        pairs.append((f, Z_NEXT, power))
    claimed = [plain.EXT_ZERO, plain.EXT_ZERO]
    for f, point, power in pairs:
        side = int(point is Z_NEXT)
        claimed[side] = plain.ext_add(claimed[side], plain.ext_mul(power, poly.evaluate(f, point)))
    found = deep.deep_function(
        [(first, powers[:3], after[0]), (second, powers[3:8], after[1])],
        (field.to_mont(coefficients), powers[8:18]),
        (claimed[0], claimed[1]),
        Z,
        LOG_ROWS,
        N * BLOWUP,
    )
    root = plain.root_of_unity(LOG_ROWS + 3)
    for index in (0, 1, 100, N * BLOWUP - 1):
        x = (3 * pow(root, index, P) % P, 0, 0, 0, 0)
        total = plain.EXT_ZERO
        for f, point, power in pairs:
            difference = plain.ext_sub(poly.evaluate(f, x), poly.evaluate(f, point))
            quotient = plain.ext_mul(difference, plain.ext_inverse(plain.ext_sub(x, point)))
            total = plain.ext_add(total, plain.ext_mul(power, quotient))
        assert tuple(int(c) for c in field.from_mont(found[index].copy())) == total
