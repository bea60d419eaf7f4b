"""Sums over rows, and rows evaluated by parts, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from zkharvest.prover import field, plain
from zkharvest.prover.plain import P
from zkharvest.prover.weighted import values_at, weighted_sums

SHIFT = pow(3, 4, P)


def draw(*shape, seed):
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def exact(matrix, weights):
    return weights.astype(object) @ matrix.astype(object) % P


@pytest.mark.parametrize("rows", [1, 2, 3, 32, 33, 511, 512, 513, 1100])
@pytest.mark.parametrize(("columns", "width", "count"), [(1, None, 1), (16, 16, 10), (40, 17, 5), (33, 33, 7)])
def test_sums_of_any_shape(rows, columns, width, count):
    matrix, weights = draw(rows, columns, seed=rows), draw(count, rows, seed=count)
    found = field.from_mont(weighted_sums(field.to_mont(matrix), field.to_mont(weights), width))
    assert (found == exact(matrix[:, : width or columns], weights)).all()


def test_sums_that_are_not_wanted_are_nothing():
    matrix, weights = draw(70, 40, seed=1), draw(4, 70, seed=2)
    found = field.from_mont(weighted_sums(field.to_mont(matrix), field.to_mont(weights), wanted=[2, 0, 4]))
    whole = exact(matrix, weights)
    whole[2:, :16] = 0
    whole[:, 16:32] = 0
    assert (found == whole).all()


@pytest.mark.parametrize("rows", [64, 4096])
def test_the_largest_sums_do_not_overflow(rows):
    """Every representative p - 1: sums of four products are then as close to 2^64 as they come."""
    worst = np.full((rows, 17), P - 1, dtype=np.uint32)
    found = weighted_sums(worst, np.full((3, rows), P - 1, dtype=np.uint32))
    assert (field.from_mont(found) == rows * field.unmont(P - 1) ** 2 % P).all()


def test_sums_of_nothing_and_what_is_refused():
    matrix, weights = draw(64, 20, seed=1), draw(3, 64, seed=2)
    assert weighted_sums(matrix[:, :0], weights).shape == (3, 0)
    for wrong in (
        {"weights": weights[:, :63]},
        {"width": 21},
        {"wanted": [1]},
        {"wanted": [4, 3]},
        {"wanted": [0, -1]},
    ):
        with pytest.raises(ValueError, match=r"weights for|are wanted"):
            weighted_sums(matrix, **{"weights": weights, **wrong})


def evaluated(coefficients, x):
    total, power = np.zeros(coefficients.shape[1], dtype=object), 1
    for row in coefficients.astype(object):
        total, power = (total + power * row) % P, power * x % P
    return total


@pytest.mark.parametrize(
    ("n", "more", "columns", "blowup", "count"),
    [
        (32, 0, 5, 4, 3), (32, 32, 1, 8, 10), (64, 7, 16, 2, 1), (256, 44, 37, 8, 79), (256, 256, 17, 16, 9),
        (1024, 64, 33, 4, 30),
    ],
)  # fmt: skip
def test_rows_by_parts(n, more, columns, blowup, count):
    """Polynomials of n coefficients and of up to twice as many, at points of any cosets, some twice."""
    coefficients = draw(n + more, columns, seed=n + more)
    indices = np.random.default_rng(count).integers(0, blowup * n, count).tolist()
    indices[-1] = indices[0]
    found = field.from_mont(values_at(field.to_mont(coefficients), n, blowup, SHIFT, indices))
    root = plain.root_of_unity((blowup * n).bit_length() - 1)
    assert found.shape == (count, columns)
    for row, index in zip(found, indices, strict=True):
        assert (row == evaluated(coefficients, SHIFT * pow(root, index, P) % P)).all()


def test_every_part_of_every_coset():
    """One point of each of the eight residues of each coset, all coefficients as large as they come."""
    n, blowup = 64, 4
    worst = np.full((n + 9, 3), P - 1, dtype=np.uint32)
    indices = [b + blowup * j for b in range(blowup) for j in range(8)]
    found = field.from_mont(values_at(worst, n, blowup, SHIFT, indices))
    root = plain.root_of_unity(8)
    for row, index in zip(found, indices, strict=True):
        assert (row == evaluated(field.from_mont(worst), SHIFT * pow(root, index, P) % P)).all()


@pytest.mark.parametrize(("rows", "n"), [(16, 16), (31, 32), (65, 32)])
def test_coefficients_that_do_not_fit_are_refused(rows, n):
    with pytest.raises(ValueError, match="do not fit"):
        values_at(draw(rows, 3, seed=1), n, 8, SHIFT, [0])
