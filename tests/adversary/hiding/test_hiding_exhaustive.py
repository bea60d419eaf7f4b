"""Zero-knowledge on a tiny field, exactly: over all randomness, every witness gives the same distribution.

The model (`small_field.py`) is the prover with p = 17, four rows and one column; its steps are held against the
prover's own on the real field first. Witnesses are the ways to set bits in a circle of four rows without two
neighbours: seven of them, no public input. A verifier's coins are fixed, and what it sees (openings at z and g z, rows,
layer leaves, the last polynomial) is compared as an exact distribution over the 17^16 choices of r, t and R.
"""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from tests.adversary.hiding import small_field as model
from tests.adversary.hiding.small_field import Coins, Shape
from tests.support.counts import count
from zkharvest.prover import deep, field, fri, ntt, plain, quotient
from zkharvest.prover.plain import P
from zkharvest.verifier.description import Constraint, Description, Table
from zkharvest.verifier.messages import LookupChallenges

SMALL = Shape(p=17, root=4, n=4, h=4, k=8)
"""h = 4: one query's x and g x, z and g z. H = {1, 4, 16, 13}, D = 3 <2> are the non-squares, z one of the rest."""
WITNESSES = [w for w in itertools.product((0, 1), repeat=4) if not any(w[i] and w[i - 1] for i in range(4))]
USABLE, DOMAIN = (2, 8, 9, 15), (3, 5, 6, 7, 10, 11, 12, 14)


def coins(seed, queries=None):
    rng = random.Random(seed)
    delta, batch, fold = (rng.randrange(1, 17) for _ in range(3))
    return Coins(delta, rng.choice(USABLE), batch, fold, queries or (rng.choice(DOMAIN),))


def same_for_all(chosen, shape=SMALL, witnesses=WITNESSES, **switches):
    """Whether all the witnesses have one distribution."""
    first, *others = (model.distribution(witness, chosen, shape, **switches) for witness in witnesses)
    return all(
        len(first[0]) == len(other[0]) and (first[0] == other[0]).all() and (first[1] == other[1]).all()
        for other in others
    )


@pytest.mark.parametrize("seed", range(2))
def test_every_witness_gives_the_same_distribution(seed):
    assert len(WITNESSES) == 7
    assert same_for_all(coins(seed))
    count("distributions compared exactly", len(WITNESSES))


@pytest.mark.audit
@pytest.mark.parametrize("z", USABLE)
@pytest.mark.parametrize("x", DOMAIN)
def test_the_same_for_every_point_that_a_verifier_may_ask(z, x):
    chosen = Coins(random.Random(z * 17 + x).randrange(1, 17), z, 5, 7, (x,))
    assert same_for_all(chosen)
    count("distributions compared exactly", len(WITNESSES))


@pytest.mark.audit
def test_two_queries_that_are_neighbours():
    """x and g x: what is told of g x by the quotient at x is opened as well; three points and z, g z: h = 5."""
    shape = Shape(p=17, root=4, n=4, h=5, k=10)
    chosen = coins(9, queries=(3, 3 * 4 % 17))
    assert same_for_all(chosen, shape, [WITNESSES[0], WITNESSES[1], WITNESSES[-1]])
    count("distributions compared exactly", 3)
    apart = coins(9, queries=(3, 6))  # x and g x of both are four points: one coefficient is missing now
    assert not same_for_all(apart, shape, [WITNESSES[0], WITNESSES[1]])


MUTANTS = {
    "no masks": {"masks": np.zeros((1, 4), dtype=np.int64)},
    "masks of one coefficient": {"masks": model.everything(17, 1) * np.array([[1, 0, 0, 0]])},
    "no quotient masks": {"quotient": False},
    "no batch mask": {"batch": False},
    "no coefficient for g x": {"shape": Shape(p=17, root=4, n=4, h=3, k=8)},
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_part_of_the_randomness_is_needed(mutant):
    """With one part missing two witnesses are told apart, whatever the coins."""
    pairs = [WITNESSES[:2], WITNESSES[1:3], WITNESSES[-2:]]
    assert not any(same_for_all(coins(k), witnesses=pair, **MUTANTS[mutant]) for k, pair in enumerate(pairs))
    count("mutant provers caught")


def test_an_affine_part_that_does_not_depend_on_the_mask():
    """What `distribution` rests on: A is the same at every r, and nothing else depends on t or R."""
    rng = np.random.default_rng(1)
    chosen, a = coins(2), model.linear_part(coins(2), SMALL)
    for witness in WITNESSES[::3]:
        r, t, extra = (rng.integers(0, 17, (50, size)) for size in (4, 4, 8))
        whole = model.proof(witness, r, [t], extra, chosen, SMALL)
        rest = model.proof(witness, r, [0 * t], 0 * extra, chosen, SMALL)
        assert ((whole - rest - np.concatenate([t, extra], axis=1) @ a.T) % 17 == 0).all()


# ------------------------------------------------------------------ the model is the prover

REAL = Shape(p=P, root=plain.root_of_unity(5), n=32, h=32, k=64)
RULES = Table(
    name="bits",
    columns=("f",),
    public_columns=(),
    nodes=(("col", 0, 0), ("col", 0, 1), ("const", 1), ("sub", 0, 2), ("mul", 0, 3), ("mul", 0, 1)),
    constraints=(Constraint("bit", "all", 4), Constraint("apart", "all", 5)),
    interactions=(),
    tally=(),
    groups=(),
    next_columns=(0,),
)
CIRCUIT = Description("bits", 1, 3, (5, 5), (), (), (), 0, (RULES,), ())


def draw(*shape, seed):
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def embedded(x):
    return (int(x), 0, 0, 0, 0)


def spread(polynomials):
    """Base coefficients (batch, K) -> (K, batch, 5), Montgomery form, first coordinates only."""
    out = np.zeros((polynomials.shape[1], len(polynomials), 5), dtype=np.uint32)
    out[:, :, 0] = polynomials.T
    return field.to_mont(out)


def test_the_steps_of_the_model_are_those_of_the_prover():
    """Mask, quotient, split, randomise, open, combine, fold: the model at p = KoalaBear against `zkharvest.prover`."""
    bits = np.zeros(32, dtype=np.uint32)
    bits[[1, 5, 9, 30]] = 1
    r, t, extra = draw(32, seed=1), draw(32, seed=2), draw(64, seed=3)
    delta, z, batch, fold = (int(x) for x in draw(4, seed=4))
    blowup = 8
    size = 32 * blowup
    points = [3 * pow(plain.root_of_unity(8), i, P) % P for i in range(size)]

    # the masked column on D, and its quotient
    column = model.masked(bits, r[None].astype(np.int64), REAL)
    matrix = deep.Masked(field.to_mont(bits[:, None]), field.to_mont(r[:, None]))
    extended = ntt.lde_masked(matrix.values, matrix.masks, blowup, 3)
    assert field.from_mont(extended)[:, 0].tolist() == [int(model.at(column, x, P)[0]) for x in points]
    none, empty = LookupChallenges(*[embedded(1)] * 3), np.zeros((size, 5), dtype=np.uint32)
    found = quotient.quotient_coefficients(
        CIRCUIT, (), none, embedded(delta), [embedded(0)], 5, extended, empty, [np.zeros((128, 0), dtype=np.uint32)]
    )
    whole = model.divided(model.constraints(column, delta, REAL), 32, P)
    assert field.from_mont(found)[: whole.shape[1], 0].tolist() == whole[0].tolist()
    assert not found[whole.shape[1] :].any()

    # its pieces
    masks = np.zeros((32, 1, 5), dtype=np.uint32)
    masks[:, 0, 0] = field.to_mont(t)
    pieces, exact = quotient.split(found, 2, REAL.step, REAL.k)
    quotient.randomise(pieces, masks, REAL.step)
    expected = model.randomised(model.split(whole, REAL), [t[None].astype(np.int64)], REAL)
    assert exact
    assert (pieces == spread(np.concatenate(expected))).all()

    # what is opened, and F, folded
    chosen = Coins(delta, z, batch, fold, (points[7],))
    seen = model.opened(column, expected, extra[None].astype(np.int64), chosen, REAL)[0].tolist()
    here, after = deep.open_masked(matrix, deep.barycentric_weights(5, embedded(z)), embedded(z), 5)
    polynomials = spread(np.concatenate([*expected, extra[None].astype(np.int64)]))[:, :, 0]
    rest = deep.dot_powers(np.ascontiguousarray(polynomials), embedded(z))
    assert [value[0] for value in (*here, *rest, *after)] == seen[:5]
    powers = [embedded(pow(batch, j, P)) for j in range(5)]
    values = [*here, *rest, *after]
    claimed = sum(pow(batch, j, P) * values[j][0] for j in range(4)) % P
    f = deep.deep_function(
        [(matrix, powers[:1], powers[4:])],
        (np.ascontiguousarray(polynomials), powers[1:4]),
        (embedded(claimed), embedded(pow(batch, 4, P) * values[4][0] % P)),
        embedded(z), 5, size,
    )  # fmt: skip
    last = fri.final_polynomial(fri.fold(f, 3, 2, embedded(fold)), 9)
    assert field.from_mont(last)[:32, 0].tolist() == seen[5 : 5 + 32]
    assert not field.from_mont(last)[32:].any()
    leaf = field.from_mont(f)[[7, 7 + size // 2], 0].tolist()
    assert seen[-2:] == leaf
    assert seen[-6:-2] == [int(model.at(g, points[7], P)[0]) for g in (column, *expected, extra[None].astype(np.int64))]
