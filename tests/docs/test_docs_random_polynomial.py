"""docs/protocol.md, section 6: what a proof shows of the random polynomial R is uniform, but for what V can check.

F is a sum of which lambda^r R is a part, and R is opened at the queries only. So F is uniform for lambda != 0, and R's
opened rows are what V computes from it. Here everything that is shown of R (rows at the queries, FRI's leaves, the
last polynomial) is a matrix over F_p in the coefficients of R, made with the verifier's own fold; its rank is counted.
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
    folds: tuple[field.Ext, field.Ext]
    queries: tuple[int, ...]


def transcript(batch=None):
    source = random.Random(6)

    def draw():
        return tuple(source.randrange(P) for _ in range(DEGREE))

    drawn = draw() if batch is None else batch
    return Transcript(drawn, (draw(), draw()), tuple(source.sample(range(SIZES[0]), QUERIES)))


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
    F(x) = (what the other rows give) + lambda R(x) at each query.
    """
    points = coset(0)
    leaves = sorted({index % SIZES[1] for index in run.queries})
    deeper = sorted({leaf % SIZES[2] for leaf in leaves})
    last = list(range(FINAL))  # as many values of the last layer determine its polynomial
    middle = sorted({*fibre(deeper, 1), *fibre(last, 1)})
    needed = sorted({*fibre(leaves, 0), *fibre(middle, 0)})
    units = field.by_coordinate(run.batch)  # lambda times 1, x, ..., x^4
    rows = []
    for k in range(TERMS):
        # F of the polynomial X^k; all else is linear in it over E.
        power = {i: pow(points[i], k, P) for i in (*needed, *run.queries)}
        layer = {i: field.from_base(power[i]) for i in needed}
        folded = next_layer(layer, middle, 0, run.folds[0])
        final = next_layer(folded, last, 1, run.folds[1])
        seen = [layer[i] for i in fibre(leaves, 0)]
        seen += [folded[i] for i in fibre(deeper, 1)] + [final[i] for i in last]
        for c in range(DEGREE):
            row = [word for value in seen for word in field.mul(value, units[c])]
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


@pytest.mark.parametrize(("batch", "hides"), [((0, 0, 0, 0, 0), False), ((123456789, 0, 0, 0, 0), True)])
def test_only_the_challenge_zero_would_not_hide(batch, hides):
    """R is added as one element of E: any lambda but 0 will do, those of the base field too."""
    matrix, dimension = shown(transcript(batch))
    assert (rank(matrix) == DEGREE * dimension) is hides


def test_a_short_random_polynomial_would_not_hide():
    """The mutants: R of too few coefficients, or none."""
    matrix, dimension = shown(transcript())
    assert rank(matrix[: DEGREE * (dimension - 1)]) < DEGREE * dimension
    assert rank(matrix[:0]) == 0
