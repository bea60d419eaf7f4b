"""All that is opened of masked columns, of quotient pieces and of the batch is independent of what they hide."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.hiding import ranks
from tests.adversary.hiding.observing import PARAMS, Coins
from tests.adversary.hiding.ring_circuit import DESCRIPTION, LOG_ROWS
from tests.support.counts import count
from zkharvest.prover import plain, quotient
from zkharvest.prover.plain import P
from zkharvest.prover.randomness import Randomness
from zkharvest.verifier.params import PRESETS, sizes

REAL = [preset.params for preset in PRESETS.values() if preset.real]
Z = tuple(int(c) for c in np.random.default_rng(2).integers(0, P, 5))


def by_queries(params):
    return f"{params.queries} queries"


def spread_out(at, params, seed=1):
    """As many queries of distinct y as the preset has, anywhere."""
    return np.random.default_rng(seed).choice(at.lde_size, size=params.queries, replace=False).tolist()


def neighbours(at, params):
    """A chain y, g y, g^2 y, ...: what every query's quotient tells of is the next query."""
    step = at.lde_size // at.rows
    return [(5 + k * step) % at.lde_size for k in range(params.queries)]


def pairs(at, params):
    """y and g y, side by side, over half of the queries."""
    step = at.lde_size // at.rows
    half = spread_out(at, params)[: params.queries // 2]
    return [*half, *((index + step) % at.lde_size for index in half)]


@pytest.mark.parametrize("asked", [spread_out, neighbours, pairs])
@pytest.mark.parametrize("params", REAL, ids=by_queries)
def test_all_openings_of_a_masked_column_are_independent(params, asked):
    """At z, at g z, at y and g y of every query, unit masks: full row rank in the h coefficients.

    A query shows one combination of a stack's columns at y, not each of them: this gives it all of them.
    """
    at = sizes(LOG_ROWS + 1, params)
    positions = ranks.points(asked(at, params), at)
    matrix = ranks.columns_opened(np.eye(at.mask, dtype=np.uint32), at, Z, positions)
    assert matrix.shape == (len(positions) + 10, at.mask)
    assert ranks.rank(matrix) == len(positions) + 10 <= 2 * params.queries + 10
    count("openings shown independent", len(positions) + 10)


@pytest.mark.parametrize("params", REAL, ids=by_queries)
def test_a_mask_with_fewer_coefficients_would_not_do(params):
    at = sizes(LOG_ROWS + 1, params)
    positions = ranks.points(spread_out(at, params), at)
    short = np.eye(len(positions) + 9, dtype=np.uint32)
    assert ranks.rank(ranks.columns_opened(short, at, Z, positions)) < len(positions) + 10
    assert at.mask >= 2 * params.queries + 10


@pytest.mark.parametrize("params", REAL, ids=by_queries)
def test_quotient_pieces_are_uniform_up_to_their_sum(params):
    """For each t_i: piece i, at all queries and at z, is uniform; piece i + 1 then takes what makes the sum right."""
    at = sizes(LOG_ROWS + 1, params)
    queried = sorted(spread_out(at, params))
    pieces = np.zeros((at.degree_bound, 2, at.mask), dtype=np.uint32)
    masks = np.eye(at.mask, dtype=np.uint32).reshape(at.mask, 1, at.mask)
    quotient.randomise(pieces, masks, at.piece_step)
    for i in range(2):
        opened = ranks.polynomials_opened(np.ascontiguousarray(pieces[:, i]), at, Z, queried)
        assert ranks.rank(opened) == params.queries + 5
    # and Q stays: X^M t in one piece, t taken off at the next
    assert (pieces[at.piece_step : at.piece_step + at.mask, 0] == masks[:, 0]).all()
    assert ((pieces[: at.mask, 1].astype(np.int64) + masks[:, 0]) % P == 0).all()


def test_the_prover_s_own_draws_make_every_coordinate_independent():
    """Columns, all pieces but one together, the last piece, R: with the product's source nothing is weak."""
    at = sizes(LOG_ROWS, PARAMS)
    assert DESCRIPTION.pieces == 3
    indices = Coins(3, LOG_ROWS).indices
    assert len(ranks.points(indices, at)) < 2 * len(indices)  # some are neighbours
    assert ranks.weak(DESCRIPTION, PARAMS, at, Randomness(), Z, indices) == set()


@pytest.mark.parametrize("log_blowup", [2, 3, 4, 5])
@pytest.mark.parametrize("log_rows", [13, 15, 18])
def test_no_opened_row_is_a_row_of_the_trace(log_blowup, log_rows):
    """The columns' coset and H are disjoint: y^N is never 1 there, so that every column at y carries (y^N - 1) r(y)."""
    for log_stack in (2, 3):
        shift = pow(plain.GENERATOR, 1 << (log_stack + log_rows), P)
        step = plain.root_of_unity(log_blowup)
        assert all(shift * pow(step, k, P) % P != 1 for k in range(1 << log_blowup))


@pytest.mark.parametrize("params", REAL, ids=by_queries)
def test_what_is_opened_of_a_stack_is_independent_of_its_columns(params):
    """Of all columns of a stack together: every query's combination, two of them with one y, and each column at z, g z.

    Masks are unit vectors in one lane at a time; full row rank in k h coefficients.
    """
    at = sizes(LOG_ROWS + 1, params)
    chosen = spread_out(at, params)[:-1]
    queries = [index + (index % at.stack) * at.lde_size for index in chosen]
    queries.append((queries[0] + at.lde_size) % at.domain_size)
    positions = [index % at.lde_size for index in queries]
    unit = ranks.columns_opened(np.eye(at.mask, dtype=np.uint32), at, Z, positions)
    on_coset, out_of_domain = unit[: len(positions)], unit[len(positions) :]
    root = plain.root_of_unity(at.log_domain)
    points = [3 * pow(root, index, P) % P for index in queries]
    powers = np.array([[pow(x, lane, P) for lane in range(at.stack)] for x in points], dtype=np.int64)
    combined = np.concatenate([on_coset * powers[:, lane : lane + 1] % P for lane in range(at.stack)], axis=1)
    apart = np.kron(np.eye(at.stack, dtype=np.int64), out_of_domain.astype(np.int64))
    matrix = np.concatenate([combined, apart]).astype(np.uint32)
    assert matrix.shape == (params.queries + 10 * at.stack, at.stack * at.mask)
    assert ranks.rank(matrix) == matrix.shape[0]
    count("openings shown independent", matrix.shape[0])
