"""Zero-knowledge of tables of two heights on a tiny field, exactly: all witnesses give the same distribution.

A tall and a low table share a stack and a quotient (`small_heights.py`). Over all masks of each the share of what a
verifier sees has one distribution, whatever that table's witness; so has the sum of both, over the 41^76 choices of
both masks, t and R. The steps that heights add are held against the prover's own at the end.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.adversary.hiding import small_heights as model
from tests.adversary.hiding.small_field import Coins, Shape, everything
from tests.adversary.hiding.small_heights import Shapes
from tests.support.counts import count
from zkharvest.prover import deep, field, plain
from zkharvest.prover.extension import interpolated
from zkharvest.prover.stacks import pack

P, ROOT = 41, 6**5 % 41
THREE = Shapes(Shape(p=P, root=ROOT, n=8, h=3, k=16, pieces=3, stack=4))
"""One query's y, z and g_t z: three coefficients are what ADR 0017 counts, in the low table as in the tall one."""
TWO = Shapes(Shape(p=P, root=ROOT, n=8, h=4, k=16, pieces=2, stack=4))
"""With two pieces one more."""
DOMAIN = [x for x in range(1, P) if pow(x, 32, P) != 1]
"""Points x whose x^4 is not in H, nor x^8 in the low table's."""
TALL = [(0,) * 8, (1, 0, 0, 0, 0, 0, 0, 0), (1, 0, 1, 0, 0, 1, 0, 0)]
LOW = [(0,) * 4, (1, 0, 0, 0), (0, 1, 0, 1)]


def coins(seed):
    """z is outside of both domains, and neither x^4 nor x^8 nor a neighbour of them."""
    rng = random.Random(seed)
    x = rng.choice(DOMAIN)
    shown = {pow(x, e, P) * pow(ROOT, i, P) % P for e in (4, 8) for i in range(8)}
    z = rng.choice([z for z in range(1, P) if pow(z, 8, P) != 1 and z not in shown])
    delta, batch, fold = (rng.randrange(2, P) for _ in range(3))
    return Coins(delta, z, batch, fold, (x,))


def same(runs):
    first, *others = runs
    return all(
        len(first[0]) == len(other[0]) and (first[0] == other[0]).all() and (first[1] == other[1]).all()
        for other in others
    )


def shares(number, witnesses, chosen, shapes, **switches):
    return [model.distribution(number, witness, chosen, shapes, **switches) for witness in witnesses]


@pytest.mark.parametrize("number", [0, 1])
def test_every_witness_of_either_table_gives_the_same_distribution(number):
    runs = shares(number, (TALL, LOW)[number], coins(number), THREE)
    assert same(runs)
    assert len(runs[0][0]) > P  # what is seen says something of the masks, and nothing of the witness
    count("distributions compared exactly", len(runs))


@pytest.mark.audit
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("seed", range(4))
def test_the_same_for_other_coins(number, seed):
    assert same(shares(number, (TALL, LOW)[number], coins(100 + seed), THREE))
    count("distributions compared exactly", 3)


@pytest.mark.audit
@pytest.mark.parametrize("number", [0, 1])
def test_the_same_with_two_pieces(number):
    assert same(shares(number, (TALL, LOW)[number][:2], coins(7), TWO))
    count("distributions compared exactly", 2)


NONE = np.zeros((1, 3), dtype=np.int64)
ONE = everything(P, 1) * np.array([[1, 0, 0]])
MUTANTS = {
    "no mask": {"masks": NONE},
    "a mask of one coefficient": {"masks": ONE},
    "no quotient masks": {"quotient": False},
    "no batch mask": {"batch": False},
    "a coefficient too few": {"shapes": Shapes(Shape(p=P, root=ROOT, n=8, h=2, k=16, pieces=3, stack=4))},
}


SLOW = ("no quotient masks", "no batch mask")
"""In the audit for the low table: t and R are those of the tall one."""


@pytest.mark.parametrize(
    ("number", "mutant"),
    [
        pytest.param(number, mutant, marks=[pytest.mark.audit] if number and mutant in SLOW else [])
        for number in (0, 1)
        for mutant in MUTANTS
    ],
)
def test_each_part_of_the_randomness_is_needed_in_either_table(number, mutant):
    """Two witnesses of one table are told apart, although the other table's share is added."""
    switches = dict(MUTANTS[mutant])
    shapes = switches.pop("shapes", THREE)
    chosen, witnesses = coins(3), (TALL, LOW)[number]
    first, second = shares(number, witnesses[:2], chosen, shapes, **switches)
    switches.pop("masks", None)
    (beside,) = shares(1 - number, [(TALL, LOW)[1 - number][1]], chosen, shapes, **switches)
    assert model.differ(first, second, beside, P)
    count("mutant provers caught")


def test_what_is_opened_is_the_sum_of_the_shares():
    """Of one proof with both columns, t and R."""
    rng = np.random.default_rng(1)
    shapes, chosen = THREE, coins(5)
    tall, low = shapes.tall, shapes.low
    masks = [rng.integers(0, P, (20, tall.h)) for _ in range(2)]
    t = [rng.integers(0, P, (20, tall.h)) for _ in range(tall.pieces - 1)]
    extra = rng.integers(0, P, (20, tall.stack * tall.k))
    columns, quotients = zip(
        *(model.shares(masks[n], (TALL[2], LOW[1])[n], chosen, (tall, low)[n]) for n in (0, 1)), strict=True
    )
    quotient = quotients[0].copy()
    quotient[:, : quotients[1].shape[1]] += quotients[1] * (chosen.delta**2 + 1)
    pieces = model.one.randomised(model.one.split(quotient % P, tall), t, tall)
    whole = model.opened(*columns, pieces, extra, chosen, shapes)
    parts = [model.of_table(n, masks[n], (TALL[2], LOW[1])[n], chosen, shapes) for n in (0, 1)]
    rest = np.concatenate([*t, extra], axis=1) @ model.linear_part(chosen, shapes).T
    assert ((whole - parts[0] - parts[1] - rest) % P == 0).all()


def draw(*shape, seed):
    return np.random.default_rng(seed).integers(0, field.P, shape, dtype=np.uint32)


def test_the_steps_that_heights_add_are_those_of_the_prover():
    """A low column in the lane of a stack, and its share of F, at p = KoalaBear against `zkharvest.prover`."""
    shapes = Shapes(Shape(field.P, plain.root_of_unity(5), n=32, h=16, k=64, stack=4))
    low, z, batch = shapes.low, 12345, 678
    column = model.one.masked(draw(16, seed=1), draw(1, 16, seed=2).astype(np.int64), low)
    matrix = interpolated(field.to_mont(draw(16, seed=1)[:, None]), field.to_mont(draw(16, seed=2)[:, None]))
    assert field.from_mont(matrix)[:, 0].tolist() == column[0].tolist()

    whole = field.empty(2 * len(matrix), 1)
    pack(matrix, [[0, -1]], 1, whole, 0)  # G(Y) = s(Y^2)
    in_stack = model.lanes(column, 1, low)[0].tolist()
    assert field.from_mont(whole)[:, 0].tolist() == in_stack[1::4]
    assert not any(in_stack[0::4] + in_stack[2::4] + in_stack[3::4])

    def embedded(value):
        return int(value), 0, 0, 0, 0

    after = z * low.root % field.P
    claims = [int(model.one.at(column, point, field.P)[0]) for point in (z, after)]
    here, ahead = deep.open_columns(matrix, embedded(z), 4)
    assert [here[0][0], ahead[0][0]] == claims
    factors = [pow(batch, j, field.P) for j in range(2)]
    by_lane = [[[embedded(by if lane == 1 else 0)] for lane in range(8)] for by in factors]
    values = [
        [embedded(by * claim % field.P if lane == 1 else 0) for lane in range(8)]
        for by, claim in zip(factors, claims, strict=True)
    ]
    share = deep.batched([matrix], None, deep.Lanes([by_lane[0]], [by_lane[1]], *values), embedded(z), 4, 32)
    expected = sum(
        by * model.lanes(model.one.over(column, point, field.P), 1, low) % field.P
        for by, point in zip(factors, (z, after), strict=True)
    )
    assert field.from_mont(share)[:, 0].tolist() == (expected[0] % field.P).tolist()
