"""docs/protocol.md, section 6: what a proof shows of the random polynomial R is uniform, but for what V can check.

R is committed as five base columns R_c, which the powers of lambda multiply one by one, and which are opened at z one
by one. So F and the opened values are not independent: the openings say what F is at z's conjugates. Here everything
that is shown of R (rows at the queries, values at z, FRI's leaves, the last polynomial) is a matrix over F_p in the
coefficients of R, made with the verifier's own fold; its rank is counted.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from zkharvest.verifier import field
from zkharvest.verifier.field import DEGREE, GENERATOR, P
from zkharvest.verifier.fri import fold, inverse_dft

TERMS, LOG_DOMAIN, ARITY, FINAL, QUERIES = 256, 9, 4, 16, 3  # two folds: 256, 64, 16 coefficients
SIZES = [1 << LOG_DOMAIN, (1 << LOG_DOMAIN) // ARITY, (1 << LOG_DOMAIN) // ARITY**2]
UNIT = inverse_dft(ARITY)


@dataclass(frozen=True)
class Transcript:
    batch: field.Ext
    z: field.Ext
    folds: tuple[field.Ext, field.Ext]
    queries: tuple[int, ...]


def transcript(batch=None):
    source = random.Random(6)

    def draw():
        return tuple(source.randrange(P) for _ in range(DEGREE))

    return Transcript(batch or draw(), draw(), (draw(), draw()), tuple(source.sample(range(SIZES[0]), QUERIES)))


def coset(level):
    shift, generator = pow(GENERATOR, ARITY**level, P), field.root_of_unity(LOG_DOMAIN - 2 * level)
    return [shift * pow(generator, i, P) % P for i in range(SIZES[level])]


def fibre(leaves, level):
    """The positions in layer `level` that leaves hold, leaf by leaf."""
    return [leaf + slot * SIZES[level + 1] for leaf in leaves for slot in range(ARITY)]


def next_layer(values, leaves, level, challenge):
    points = coset(level)
    return {leaf: fold([values[i] for i in fibre([leaf], level)], points[leaf], challenge, UNIT) for leaf in leaves}


@cache
def shown(run):
    """(matrix, dimension): a row for each coefficient of R, a column for each coordinate that is shown.

    The dimension is how many elements of E are left free by what a verifier can check: a fold for each opened leaf, and
    F(x) (x - z) + A(z) = A(x) at each query.
    """
    points = coset(0)
    leaves = sorted({index % SIZES[1] for index in run.queries})
    deeper = sorted({leaf % SIZES[2] for leaf in leaves})
    last = list(range(FINAL))  # as many values of the last layer determine its polynomial
    middle = sorted({*fibre(deeper, 1), *fibre(last, 1)})
    needed = sorted({*fibre(leaves, 0), *fibre(middle, 0)})
    over = dict(
        zip(needed, field.batch_inverse([field.add_base(field.neg(run.z), points[i]) for i in needed]), strict=True)
    )
    at_z, weights = field.powers(run.z, TERMS), field.powers(run.batch, DEGREE)
    rows = []
    for k in range(TERMS):
        # F of the polynomial X^k; all else is linear in it over E.
        power = {i: pow(points[i], k, P) for i in (*needed, *run.queries)}
        quotient = {i: field.mul(field.sub(field.from_base(power[i]), at_z[k]), over[i]) for i in needed}
        folded = next_layer(quotient, middle, 0, run.folds[0])
        final = next_layer(folded, last, 1, run.folds[1])
        seen = [quotient[i] for i in fibre(leaves, 0)]
        seen += [folded[i] for i in fibre(deeper, 1)] + [final[i] for i in last]
        for c in range(DEGREE):
            row = [word for value in seen for word in field.mul(value, weights[c])]
            row += [word for column in range(DEGREE) for word in (at_z[k] if column == c else field.ZERO)]
            row += [power[i] if column == c else 0 for i in run.queries for column in range(DEGREE)]
            rows.append(row)
    elements = len(rows[0]) // DEGREE
    return np.array(rows, dtype=np.int64), elements - len(leaves) - len(deeper) - len(run.queries)


def rank(matrix):
    """Over F_p; products of residues stay below 2^62."""
    matrix, found = matrix.copy(), 0
    for column in range(matrix.shape[1]):
        below = np.flatnonzero(matrix[found:, column])
        if below.size == 0:
            continue
        matrix[[found, found + below[0]]] = matrix[[found + below[0], found]]
        matrix[found] = matrix[found] * pow(int(matrix[found, column]), -1, P) % P
        rest = found + 1 + np.flatnonzero(matrix[found + 1 :, column])
        matrix[rest] = (matrix[rest] - matrix[rest, column, None] * matrix[found] % P) % P
        found += 1
    return found


def test_all_that_is_shown_of_the_random_polynomial_is_free_but_for_what_can_be_checked():
    matrix, dimension = shown(transcript())
    assert rank(matrix) == DEGREE * dimension


@pytest.mark.parametrize("batch", [(0, 0, 0, 0, 0), (123456789, 0, 0, 0, 0)])
def test_a_batch_challenge_in_the_base_field_would_not_hide(batch):
    """The exception that the document counts with 2^-124: the powers of such a lambda are dependent over F_p."""
    matrix, dimension = shown(transcript(batch))
    assert rank(matrix) < DEGREE * dimension


def test_a_short_random_polynomial_would_not_hide():
    """The mutants: R of too few coefficients, or none."""
    matrix, dimension = shown(transcript())
    assert rank(matrix[: DEGREE * (dimension - 1)]) < DEGREE * dimension
    assert rank(matrix[:0]) == 0
