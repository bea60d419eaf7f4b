"""Evaluations and F against the polynomials themselves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.support import polynomials as poly
from zkharvest.prover import deep, field, ntt, plain
from zkharvest.prover.extension import interpolated
from zkharvest.prover.plain import P

LOG_ROWS, BLOWUP, MASK, BOUND = 5, 8, 32, 64
N = 1 << LOG_ROWS


def draw(*shape, seed):
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def element(seed):
    return tuple(int(c) for c in draw(5, seed=seed))


def masked(columns, seed):
    values, masks = draw(N, columns, seed=seed), draw(MASK, columns, seed=seed + 1)
    return interpolated(field.to_mont(values), field.to_mont(masks)), [
        poly.masked(values[:, j].tolist(), masks[:, j].tolist()) for j in range(columns)
    ]


Z = element(9)
Z_NEXT = plain.ext_mul(Z, (plain.root_of_unity(LOG_ROWS), 0, 0, 0, 0))


@pytest.mark.parametrize("columns", [1, 15, 16, 21])
def test_openings(columns):
    matrix, polynomials = masked(columns, seed=columns)
    here, after = deep.open_columns(matrix, Z, LOG_ROWS)
    assert here == [poly.evaluate(f, Z) for f in polynomials]
    assert after == [poly.evaluate(f, Z_NEXT) for f in polynomials]


@pytest.mark.parametrize("ahead", [[], [0], [33, 2, 35], [15, 16]])
def test_openings_of_some_columns(ahead):
    """The first 36 at z, some of them at w z, whichever strip of sixteen they stand in."""
    matrix, polynomials = masked(40, seed=2)
    here, after = deep.open_columns(matrix, Z, LOG_ROWS, field.ext_powers(Z, 70), 36, ahead)
    assert here == [poly.evaluate(f, Z) for f in polynomials[:36]]
    assert after == [poly.evaluate(polynomials[j], Z_NEXT) for j in ahead]


@pytest.mark.parametrize("rows", [1, 2, 31, 33, 1000, 4096 + 17])
def test_column_sums_of_any_height(rows):
    coefficients = draw(rows, 3, seed=rows)
    found = deep.dot_powers(field.to_mont(coefficients), Z)
    assert found == [plain.ext_evaluate(coefficients[:, j].tolist(), Z) for j in range(3)]


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


def divided(coefficients, point):
    """f / (Y - point) by long division, without the remainder."""
    carried, out = plain.EXT_ZERO, []
    for a in reversed(coefficients):
        out.append(carried)
        carried = plain.ext_add(tuple(a), plain.ext_mul(carried, point))
    return out[::-1]


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16, 20, 32, 64])
@pytest.mark.parametrize("bound", [1, 7, 8, 34, 96])
def test_division_lane_by_lane(monkeypatch, lanes, bound):
    """Sixteen lanes at a time, and what is left of them, in stretches as `bound` allows; nothing else is written."""
    values = draw(bound, 2, lanes, 5, seed=lanes)
    room = np.full(5 * bound * lanes + 80, 7, dtype=np.uint32)
    matrix, real = field.to_mont(values), field.empty

    def empty(*shape):
        return room[: 5 * shape[0]].reshape(shape) if shape == (bound * lanes, 5) else real(*shape)

    with monkeypatch.context() as patch:
        patch.setattr(deep, "field", SimpleNamespace(empty=empty, from_mont=field.from_mont))
        out = deep.divided(matrix, Z, Z_NEXT)
    assert np.shares_memory(out, room)
    assert (room[5 * bound * lanes :] == 7).all()
    found = field.from_mont(out).reshape(bound, lanes, 5)
    for lane in range(lanes):
        parts = [divided(values[:, k, lane].tolist(), point) for k, point in enumerate((Z, Z_NEXT))]
        assert [tuple(row) for row in found[:, lane].tolist()] == [
            plain.ext_add(a, b) for a, b in zip(*parts, strict=True)
        ]


STACK = 4
AT = SimpleNamespace(
    degree_bound=BOUND,
    lde_size=N * BLOWUP,
    shift=pow(3, STACK, P),
    log_domain=LOG_ROWS + 3 + 2,
)
HOLDS = ([(0, 0), (0, 2), (1, 1)], [(2, 0), (2, 1), (2, 2), (2, 3), (3, 0)], [(4 + j // 4, j % 4) for j in range(10)])
"""Stack and lane of each column of the three matrices."""


def test_the_deep_function_by_its_formula():
    """F(x) = sum of lambda^j (F_j(x) - I_j(x)) / (x^k - point_j), at points of D, with F_j put together there."""
    first, first_polys = masked(3, seed=20)
    second, second_polys = masked(5, seed=30)
    coefficients = draw(BOUND, 10, seed=40)
    polys = [first_polys, second_polys, [poly.poly(*coefficients[:, j].tolist()) for j in range(10)]]
    by_z = [element(100 + stack) for stack in range(7)]
    by_next = {1: element(200), 3: element(201)}  # the stacks that are opened at the next row too
    lanes, claims = [], {Z: {}, Z_NEXT: {}}
    for lane in range(STACK):
        here, ahead, claimed = [], [], [plain.EXT_ZERO, plain.EXT_ZERO]
        for matrix, columns in zip(polys, HOLDS, strict=True):
            here.append([by_z[stack] if own == lane else plain.EXT_ZERO for stack, own in columns])
            of_lane = [by_next.get(stack, plain.EXT_ZERO) if own == lane else plain.EXT_ZERO for stack, own in columns]
            ahead.append(of_lane)
            for f, (stack, own) in zip(matrix, columns, strict=True):
                if own == lane:
                    for side, (point, factors) in enumerate(((Z, dict(enumerate(by_z))), (Z_NEXT, by_next))):
                        if stack in factors:
                            value = poly.evaluate(f, point)
                            claims[point].setdefault(stack, {})[lane] = value
                            claimed[side] = plain.ext_add(claimed[side], plain.ext_mul(factors[stack], value))
        lanes.append((here, ahead[:2], *claimed))
    heres, aheads, claimed_here, claimed_ahead = zip(*lanes, strict=True)
    by_matrix = deep.Lanes(
        list(zip(*heres, strict=True)), list(zip(*aheads, strict=True)), list(claimed_here), list(claimed_ahead)
    )
    whole = deep.batched([first, second], field.to_mont(coefficients), by_matrix, Z, LOG_ROWS, BOUND)
    assert whole.shape == (STACK * BOUND, 5)
    found = ntt.coset_lde(whole, STACK * AT.lde_size, 3)
    root = plain.root_of_unity(AT.log_domain)
    for index in (0, 1, 100, N * BLOWUP, 3 * N * BLOWUP + 5, STACK * N * BLOWUP - 1):
        x = 3 * pow(root, index, P) % P
        y = pow(x, STACK, P)
        total = plain.EXT_ZERO
        for point, factors in ((Z, dict(enumerate(by_z))), (Z_NEXT, by_next)):
            divisor = plain.ext_inverse(plain.ext_sub((y, 0, 0, 0, 0), point))
            for stack, factor in factors.items():
                value = plain.EXT_ZERO
                for matrix, columns in zip(polys, HOLDS, strict=True):
                    for f, (of, lane) in zip(matrix, columns, strict=True):
                        if of == stack:
                            claim = claims[point][stack][lane]
                            part = plain.ext_sub(poly.evaluate(f, (y, 0, 0, 0, 0)), claim)
                            value = plain.ext_add(value, plain.ext_mul(part, (pow(x, lane, P), 0, 0, 0, 0)))
                total = plain.ext_add(total, plain.ext_mul(factor, plain.ext_mul(value, divisor)))
        assert tuple(int(c) for c in field.from_mont(found[index].copy())) == total
