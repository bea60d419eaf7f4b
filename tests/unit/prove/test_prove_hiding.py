"""Zero-knowledge: what a proof opens is uniform over the masks (Haboeck, Al Kindi, ePrint 2024/1037).

Everything opened of a masked column is an affine function of its mask. The linear part is measured by running the
prover's own code on unit masks; where it has full row rank, uniform masks give uniform openings, whatever the column.
"""

from __future__ import annotations

import galois
import numpy as np
import pytest

from tests.support.tiny_traces import DESCRIPTION, DIGEST, LOG_ROWS, N, honest_traces
from zkharvest.prove import deep, field, ntt, plain, quotient, stark
from zkharvest.prove.plain import P
from zkharvest.prove.randomness import Randomness
from zkharvest.verify import proof as wire
from zkharvest.verify.messages import Rounds
from zkharvest.verify.params import LEAST_MASK, PRESETS, SALT_BYTES, sizes

BASE = galois.GF(P, primitive_element=plain.GENERATOR, verify=False)
REAL = [preset.params for preset in PRESETS.values() if preset.real]


def queried(params, seed=1):
    """Distinct query positions, as many as the preset has."""
    domain = N << params.log_blowup
    return np.random.default_rng(seed).choice(domain, size=params.queries, replace=False)


def functionals(masks, params, z):
    """Rows: the queries, the coordinates at z, those at g z; columns: the masks (h, columns) of zero columns."""
    columns = deep.Masked(np.zeros((N, masks.shape[1]), dtype=np.uint32), field.to_mont(masks))
    extended = ntt.lde_masked(columns.values, columns.masks, 1 << params.log_blowup, quotient.SHIFT)
    rows = field.from_mont(np.ascontiguousarray(extended[queried(params)]))
    here, after = deep.open_masked(columns, deep.barycentric_weights(LOG_ROWS, z), z, LOG_ROWS)
    return np.concatenate([rows, np.array(here, dtype=np.uint32).T, np.array(after, dtype=np.uint32).T])


def rank(matrix):
    return int(np.linalg.matrix_rank(BASE(matrix)))


Z = tuple(int(c) for c in np.random.default_rng(2).integers(0, P, 5))


@pytest.mark.parametrize("params", REAL, ids=lambda params: f"{params.queries} queries")
def test_all_openings_of_a_masked_column_are_independent(params):
    matrix = functionals(np.eye(params.mask, dtype=np.uint32), params, Z)
    assert matrix.shape == (params.queries + 10, params.mask)
    assert rank(matrix) == params.queries + 10


def test_without_masks_or_with_too_few_the_rank_test_fails():
    """The mutants: no mask at all, and masks of fewer coefficients than openings."""
    params = REAL[0]
    assert rank(functionals(np.zeros((params.mask, 8), dtype=np.uint32), params, Z)) == 0
    short = np.eye(params.queries + 9, dtype=np.uint32)
    assert rank(functionals(short, params, Z)) < params.queries + 10


@pytest.mark.parametrize("params", REAL, ids=lambda params: f"{params.queries} queries")
def test_quotient_pieces_are_uniform_up_to_their_sum(params):
    """For each t_i: piece i, at all queries and at z, is uniform; piece i + 1 then takes what makes the sum right."""
    at = sizes(LOG_ROWS + 1, params)  # the larger masks need room
    pieces = np.zeros((at.degree_bound, 2, params.mask, 5), dtype=np.uint32)
    masks = np.eye(params.mask, dtype=np.uint32).reshape(params.mask, 1, params.mask)
    for coordinate in range(5):
        part = np.ascontiguousarray(pieces[..., coordinate])
        quotient.randomise(part, masks, at.piece_step)
        pieces[..., coordinate] = part
    first = field.to_mont(np.ascontiguousarray(pieces[:, 0, :, 0]))
    extended = ntt.coset_lde(first, at.domain_size, quotient.SHIFT)
    rows = field.from_mont(np.ascontiguousarray(extended[queried(params)]))
    opened = np.array(deep.dot_powers(first, Z), dtype=np.uint32).T
    assert rank(np.concatenate([rows, opened])) == params.queries + 5


@pytest.mark.parametrize("log_blowup", [2, 3, 4, 5])
@pytest.mark.parametrize("log_rows", [13, 15, 18])
def test_no_opened_row_is_a_row_of_the_trace(log_blowup, log_rows):
    """D and H are disjoint: x^N is never 1 on D, so that every opened row carries (x^N - 1) r(x)."""
    shift = pow(quotient.SHIFT, 1 << log_rows, P)
    step = plain.root_of_unity(log_blowup)
    assert all(shift * pow(step, k, P) % P != 1 for k in range(1 << log_blowup))


class Opened:
    """What a verifier sees of a proof, parsed."""

    def __init__(self, data, public, params):
        at = sizes(LOG_ROWS, params)
        reader = wire.Reader(data)
        self.messages = wire.read_messages(reader, DESCRIPTION, at)
        nonces = iter(self.messages.nonces)
        rounds = Rounds(params, LOG_ROWS, lambda *_: next(nonces))
        rounds.statement(DIGEST, stark.public_data.encode(DESCRIPTION, public))
        rounds.main(self.messages.main)
        rounds.aux(self.messages.aux)
        rounds.quotient(self.messages.quotient)
        rounds.openings(self.messages.openings)
        for layer in self.messages.layers:
            rounds.fold(layer)
        indices = rounds.final(self.messages.final)
        queries = wire.read_queries(reader, DESCRIPTION, at, indices)
        reader.end()
        self.trees = [queries.main, queries.aux, queries.quotient, *queries.layers]
        self.salts = [salted[:SALT_BYTES] for tree in self.trees for salted in tree.salted.values()]
        self.words = [word for tree in self.trees[:3] for row in tree.rows.values() for word in row]


def test_nothing_is_shared_between_two_proofs_of_one_statement():
    """Roots, openings, final polynomials, salts, rows: all of it is drawn again."""
    traces, public = honest_traces()
    params = PRESETS["test"].params
    one, other = (
        Opened(stark.prove_circuit(DESCRIPTION, DIGEST, params, public, traces), public, params) for _ in "ab"
    )
    assert not {*one.salts} & {*other.salts}
    assert len({*one.salts}) == len(one.salts)
    a, b = one.messages, other.messages
    assert a.main != b.main and a.aux.root != b.aux.root and a.quotient != b.quotient
    assert not {*a.openings.at_z} & {*b.openings.at_z}
    assert not {*a.final.coefficients} & {*b.final.coefficients}
    assert not {layer.root for layer in a.layers} & {layer.root for layer in b.layers}
    assert len({*one.words} & {*other.words}) < 10  # of some thousand words below 2^31 each


def test_openings_at_one_place_vary_over_the_whole_field():
    """A trace of zeros, one fixed position of D, a thousand masks: the opened cells are uniform (chi-square)."""
    source = Randomness(b"h" * 32)
    count = 1000
    masks = source.elements(LEAST_MASK, count)
    extended = ntt.lde_masked(np.zeros((N, count), dtype=np.uint32), masks, 4, quotient.SHIFT)
    for row in (0, 1, 12345):
        cells = field.from_mont(np.ascontiguousarray(extended[row]))
        counts = np.histogram(cells, bins=20, range=(0, P))[0]
        assert ((counts - 50) ** 2 / 50).sum() < 55  # 19 degrees of freedom: one in 10^5 is above 55


def test_the_random_polynomial_covers_the_whole_batch():
    """R has as many random coefficients as a polynomial of the batch has, so F is uniform among all of them."""
    traces, public = honest_traces()
    at = sizes(LOG_ROWS, PRESETS["test"].params)
    job = stark._Proof(DESCRIPTION, DIGEST, PRESETS["test"].params, public, traces, at, False)
    polynomials = job._quotient_polynomials(np.zeros((4 * N, 5), dtype=np.uint32), Randomness(b"R" * 32))
    assert polynomials.shape == (at.degree_bound, 5 * (DESCRIPTION.pieces + 1))
    extra = polynomials[:, -5:]
    assert extra[-1].any() and np.unique(extra).size > extra.size - 20
    # The pieces of a quotient that is zero are random too, and only there.
    assert polynomials[at.piece_step :, 0].any() and not polynomials[: at.piece_step, 0].any()
