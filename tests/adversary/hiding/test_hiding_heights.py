"""What is seen of a column of a lower table: ranks over the field (docs/adr/0017, "Zero-knowledge")."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adversary.hiding import ranks
from tests.support.counts import count
from zkharvest.prover import field, plain, quotient
from zkharvest.spec import P
from zkharvest.verifier import field as ext
from zkharvest.verifier.params import PRESETS, sizes

REAL = [preset.params for preset in PRESETS.values() if preset.real]
Z = (5, 4, 3, 2, 1)
N = 15


def grouped(at, queries):
    """Points x of D, three above each y, as far as they go: what shows most of a column."""
    found = []
    for group in range(-(-queries // 3)):
        found += [group * 977 % at.lde_size + above * at.lde_size for above in range(3)]
    return found[:queries]


def seen_of_a_low_column(at, log_rows, indices):
    """Points of F at which the columns of a table of 2^log_rows rows show themselves, directly and through Q."""
    root, lanes = plain.root_of_unity(at.log_domain), at.stack << (at.log_rows - log_rows)
    points = {index: 3 * pow(root, index, P) % P for index in indices}
    shown = {pow(x, lanes, P) for x in points.values()}
    above = {}
    for x in points.values():
        above.setdefault(pow(x, at.stack, P), []).append(x)
    step = plain.root_of_unity(log_rows)
    for y, queries in above.items():
        if len(queries) >= 3:  # as many as there are pieces: Q(y) shows, and with it the columns at y and g y
            shown |= {y, step * y % P}
    return sorted(shown)


@pytest.mark.parametrize("grouping", [grouped, lambda at, queries: [i * 977 % at.domain_size for i in range(queries)]])
@pytest.mark.parametrize("params", REAL, ids=lambda params: str(params.queries))
def test_all_that_shows_of_a_low_column_is_independent(params, grouping):
    """At z and g z, at x^s of every query, at y and g y where three queries share y: full rank in h coefficients."""
    at, log_rows = sizes(N, params), params.least_log_rows
    points = seen_of_a_low_column(at, log_rows, grouping(at, params.queries))
    assert len(points) <= params.queries + 2
    rows = [[pow(w, i, P) * (pow(w, 1 << log_rows, P) - 1) % P for i in range(at.mask)] for w in points]
    for point in (Z, ext.scale(Z, plain.root_of_unity(log_rows))):
        vanishing = ext.sub(ext.power(point, 1 << log_rows), ext.ONE)
        values = [ext.mul(vanishing, power) for power in ext.powers(point, at.mask)]
        rows += [[value[c] for value in values] for c in range(5)]
    matrix = np.array(rows, dtype=np.uint32)
    assert ranks.rank(matrix) == len(points) + 10 <= at.mask
    count("openings shown independent", len(rows))


@pytest.mark.parametrize("above", [1, 2, 3])
def test_rows_of_pieces_are_uniform_below_as_many_points_as_pieces(above):
    """sum_i x^i q'_i(y) at one or two points x above each y is uniform whatever Q is; of three, Q(y) shows."""
    at = sizes(13, PRESETS["test"].params)
    positions = [17, 4000, 30001]
    masks = np.eye(2 * at.mask, dtype=np.uint32).reshape(2, at.mask, 2 * at.mask)
    pieces = np.zeros((at.degree_bound, 3, 2 * at.mask), dtype=np.uint32)
    for i in range(2):
        unit = np.zeros((at.mask, 2, 2 * at.mask), dtype=np.uint32)
        unit[:, i] = field.to_mont(np.ascontiguousarray(masks[i]))
        quotient.randomise(pieces, unit, at.piece_step)
    opened = [ranks.polynomials_opened(np.ascontiguousarray(pieces[:, i]), at, Z, positions) for i in range(3)]
    root, rows = plain.root_of_unity(at.log_domain), []
    for place, position in enumerate(positions):
        for s in range(above):
            x = 3 * pow(root, position + s * at.lde_size, P) % P
            rows.append(sum(pow(x, i, P) * opened[i][place].astype(object) for i in range(3)) % P)
    found = ranks.rank(np.array([[int(v) for v in row] for row in rows], dtype=np.uint32))
    assert found == len(positions) * min(above, 2)


def test_no_point_of_d_is_the_power_that_would_undo_a_mask_of_pieces():
    """(y^M - x) is not zero: x^(k M - 1) = 1 has no solution among points whose order is a multiple of 127."""
    for preset in PRESETS.values():
        for log_rows in range(preset.min_log_rows, preset.max_log_rows + 1):
            at = sizes(log_rows, preset.params)
            assert (at.stack * at.piece_step - 1) % 127 != 0
    assert (P - 1) % 127 == 0
    assert pow(plain.GENERATOR, (P - 1) // 127, P) != 1


@pytest.mark.parametrize("params", REAL, ids=lambda params: str(params.queries))
def test_a_low_column_s_coset_is_off_its_trace_domain(params):
    """At x^s the factor y^(N_t) - 1 of a mask is not zero, for every height below the tallest."""
    at = sizes(N, params)
    root = plain.root_of_unity(at.log_domain)
    for log_rows in range(params.least_log_rows, N + 1):
        lanes = at.stack << (N - log_rows)
        for index in (0, 1, 12345, at.domain_size - 1):
            y = pow(3 * pow(root, index, P), lanes, P)
            assert pow(y, 1 << log_rows, P) != 1
