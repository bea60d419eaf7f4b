"""Folding against interpolation on each fibre, and against the coefficients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.prover import field, fri, ntt, plain
from zkharvest.prover.plain import P
from zkharvest.verifier import fri as verifier

LOG_SIZE = 8  # a fold leaves a multiple of 16 values
SIZE = 1 << LOG_SIZE


def draw(*shape, seed):
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def element(seed):
    return tuple(int(c) for c in draw(5, seed=seed))


def interpolated(points, values):
    """Coefficients over F, constant first, of the polynomial of least degree with these values (Lagrange)."""
    result = [0] * len(points)
    for x, value in zip(points, values, strict=True):
        basis, at_x = [1], 1
        for other in points:
            if other != x:
                basis = [(a - other * b) % P for a, b in zip([0, *basis], [*basis, 0], strict=True)]
                at_x = at_x * (x - other) % P
        factor = int(value) * pow(at_x, -1, P)
        result = [(r + factor * b) % P for r, b in zip(result, basis, strict=True)]
    return result


@settings(max_examples=12, deadline=None)
@given(log_arity=st.integers(1, 4), shift=st.integers(1, P - 1), seed=st.integers(0, 1000))
def test_fold_equals_interpolation_of_every_fibre(log_arity, shift, seed):
    """Values on x, x u, ..., x u^(a-1) are those of one polynomial of degree < a, whose value at b is the fold."""
    arity = 1 << log_arity
    values, challenge = draw(SIZE, 5, seed=seed), element(seed + 1)
    folded = field.from_mont(fri.fold(field.to_mont(values), shift, arity, challenge))
    width = SIZE // arity
    assert folded.shape == (width, 5)
    root = plain.root_of_unity(LOG_SIZE)
    for j in range(1, width, 37):
        points = [shift * pow(root, j + k * width, P) % P for k in range(arity)]
        total = plain.EXT_ZERO
        fibre = values[j::width]
        coordinates = [interpolated(points, fibre[:, c]) for c in range(5)]
        for i in range(arity):
            coefficient = [c[i] for c in coordinates]
            total = plain.ext_add(total, plain.ext_mul(plain.ext_pow(challenge, i), coefficient))
        assert tuple(folded[j]) == total


@pytest.mark.parametrize("arity", [2, 4, 8])
def test_fold_of_coefficients(arity):
    """The fold has the coefficients sum of b^i c_(a k + i), on the coset with shift^a."""
    coefficients, challenge = draw(40, 5, seed=1), element(2)
    values = ntt.coset_lde(field.to_mont(coefficients), SIZE, 3)
    folded = fri.fold(values, 3, arity, challenge)
    found = field.from_mont(fri.final_polynomial(folded, pow(3, arity, P)))
    for k in range(len(found)):
        expected = plain.EXT_ZERO
        for i, row in enumerate(coefficients[arity * k : arity * k + arity].tolist()):
            expected = plain.ext_add(expected, plain.ext_mul(plain.ext_pow(challenge, i), row))
        assert tuple(found[k]) == expected


@pytest.mark.parametrize("arity", [2, 4, 8])
def test_leaves_and_folds_are_what_the_verifier_computes(arity):
    values, challenge = draw(SIZE, 5, seed=3), element(4)
    montgomery = field.to_mont(values)
    parts = fri.leaf_parts(montgomery, arity)
    assert [part.shape for part in parts] == [(SIZE // arity, 5)] * arity
    folded = field.from_mont(fri.fold(montgomery, 3, arity, challenge))
    root = plain.root_of_unity(LOG_SIZE)
    for j in (0, 1, SIZE // arity - 1):
        leaf = [tuple(int(c) for c in field.from_mont(part[j].copy())) for part in parts]
        assert leaf == [tuple(values[j + k * SIZE // arity].tolist()) for k in range(arity)]
        x = 3 * pow(root, j, P) % P
        assert verifier.fold(leaf, x, challenge, verifier.inverse_dft(arity)) == tuple(folded[j])
