"""Zero-knowledge on a tiny field, exactly: over all randomness, every witness gives the same distribution.

The model (`small_field.py`) is the prover with p = 17, four rows and two columns in one stack; its steps are held
against the prover's own on the real field first. Witnesses are the ways to set bits in a circle of four rows without
two neighbours: seven of them, no public input; the second column is private too. A verifier's coins are fixed, and what
it sees (values at z and g z, rows of stacks, layer leaves, the last polynomial) is compared as an exact distribution
over the 17^28 choices of both masks, t and R.
"""

from __future__ import annotations

import itertools
import random
from types import SimpleNamespace

import numpy as np
import pytest

from tests.adversary.hiding import small_field as model
from tests.adversary.hiding.small_field import Coins, Shape
from tests.support.counts import count
from zkharvest.prover import deep, field, fri, ntt, plain, quotient
from zkharvest.prover.extension import Extended, interpolated
from zkharvest.prover.plain import P
from zkharvest.prover.stacks import Stacking
from zkharvest.verifier.description import Constraint, Description, Table
from zkharvest.verifier.messages import LookupChallenges

SMALL = Shape(p=17, root=4, n=4, h=4, k=8)
"""h = 4: one query's y and g y for y = x^2, z and g z: more than enough, as a row shows one combination of a stack.
H = {1, 4, 16, 13}; D = 3 <2> are the non-squares, so that y is one of {2, 8, 9, 15}; z is outside of both."""
WITNESSES = [w for w in itertools.product((0, 1), repeat=4) if not any(w[i] and w[i - 1] for i in range(4))]
USABLE = DOMAIN = (3, 5, 6, 7, 10, 11, 12, 14)


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
    """y and g y: what is told of g y by the quotient at y is opened as well; three points and z, g z: h = 5."""
    shape = Shape(p=17, root=4, n=4, h=5, k=10)
    chosen = coins(9, queries=(3, 6))  # 9 and 4 * 9 = 2
    assert same_for_all(chosen, shape, [WITNESSES[0], WITNESSES[1], WITNESSES[-1]])
    count("distributions compared exactly", 3)
    apart = coins(9, queries=(3, 5))  # 9 and 8: two more values of a stack, and no coefficient left for them at h = 2
    assert not same_for_all(apart, Shape(p=17, root=4, n=4, h=2, k=8), [WITNESSES[0], WITNESSES[1]])


def test_two_queries_with_one_image():
    """x and -x: both lanes of a stack are shown at y = x^2, no more points than one query shows."""
    chosen = coins(4, queries=(3, 14))
    assert same_for_all(chosen, witnesses=[WITNESSES[0], WITNESSES[1], WITNESSES[-1]])
    count("distributions compared exactly", 3)


MUTANTS = {
    "no masks": {"masks": np.zeros((1, 4), dtype=np.int64)},
    "masks of one coefficient": {"masks": model.everything(17, 1) * np.array([[1, 0, 0, 0]])},
    "no mask in the other lane": {"other": False},
    "no quotient masks": {"quotient": False},
    "no batch mask": {"batch": False},
    "no coefficient for the query": {"shape": Shape(p=17, root=4, n=4, h=2, k=8)},
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
        r, other, t, extra = (rng.integers(0, 17, (50, size)) for size in (4, 4, 4, 16))
        whole = model.proof(witness, r, other, [t], extra, chosen, SMALL)
        rest = model.proof(witness, r, 0 * other, [0 * t], 0 * extra, chosen, SMALL)
        assert ((whole - rest - np.concatenate([other, t, extra], axis=1) @ a.T) % 17 == 0).all()


# ------------------------------------------------------------------ the model is the prover

REAL = Shape(p=P, root=plain.root_of_unity(5), n=32, h=32, k=64, stack=4)
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
    """Mask, quotient, split, randomise, stack, combine, fold: the model at p = KoalaBear against `zkharvest.prover`."""
    bits = np.zeros(32, dtype=np.uint32)
    bits[[1, 5, 9, 30]] = 1
    other = draw(32, seed=5)
    masks = draw(32, 2, seed=1)
    t, extra = draw(32, seed=2), draw(4 * 64, seed=3)
    delta, z, batch, fold = (int(x) for x in draw(4, seed=4))
    blowup = 8
    size = 32 * blowup
    at = SimpleNamespace(degree_bound=64, rows=32, lde_size=size, shift=3**4, log_domain=10, mask=32)
    points = [3**4 * pow(plain.root_of_unity(8), i, P) % P for i in range(size)]

    # the masked columns on their coset, and the quotient
    columns = [model.masked(values, masks[None, :, k].astype(np.int64), REAL) for k, values in enumerate((bits, other))]
    values = field.to_mont(np.stack([bits, other], axis=1))
    matrix = interpolated(values, field.to_mont(masks))
    extended = ntt.lde_masked(values, field.to_mont(masks), blowup, at.shift)
    for k, column in enumerate(columns):
        assert field.from_mont(extended)[:, k].tolist() == [int(model.at(column, y, P)[0]) for y in points]
    none, empty = LookupChallenges(*[embedded(1)] * 3), Extended(np.zeros((32, 5), dtype=np.uint32), at)
    found = quotient.quotient_coefficients(
        CIRCUIT.tables, [0], (), none, embedded(delta), [embedded(0)], 5, at.shift,
        Extended(np.ascontiguousarray(matrix[:, :1]), at), empty,
        [np.zeros((128, 0), dtype=np.uint32)],
    )  # fmt: skip
    whole = model.divided(model.constraints(columns[0], delta, REAL), 32, P)
    assert field.from_mont(found)[: whole.shape[1], 0].tolist() == whole[0].tolist()
    assert not found[whole.shape[1] :].any()

    # its pieces
    drawn = np.zeros((32, 1, 5), dtype=np.uint32)
    drawn[:, 0, 0] = field.to_mont(t)
    pieces, exact = quotient.split(found, 2, REAL.step, REAL.k)
    quotient.randomise(pieces, drawn, REAL.step)
    expected = model.randomised(model.split(whole, REAL), [t[None].astype(np.int64)], REAL)
    assert exact
    assert (pieces == spread(np.concatenate(expected))).all()

    # what is opened at z, and F, folded
    index = 7
    x = 3 * pow(plain.root_of_unity(10), index, P) % P
    chosen = Coins(delta, z, batch, fold, (x,))
    seen = model.opened(columns, expected, extra[None].astype(np.int64), chosen, REAL)[0].tolist()
    here, after = deep.open_columns(matrix, embedded(z), 5)
    polynomials = np.ascontiguousarray(spread(np.concatenate(expected))[:, :, 0])
    rest = deep.dot_powers(polynomials, embedded(z))
    assert [value[0] for value in (*here, *rest, *after)] == seen[:6]
    powers = [embedded(pow(batch, j, P)) for j in range(4)]
    nothing = embedded(0)
    by_lane = [[[power if lane == k else nothing for k in range(2)] for lane in range(4)] for power in powers[:3]]
    first, second, third = (
        [plain.ext_mul(powers[j], values[lane]) if lane < 2 else nothing for lane in range(4)]
        for j, values in enumerate((here, rest, after))
    )
    claimed = [plain.ext_add(one, two) for one, two in zip(first, second, strict=True)]
    lanes = deep.Lanes([by_lane[0], by_lane[1]], [by_lane[2]], claimed, third)
    f = deep.batched([matrix], polynomials, lanes, embedded(z), 5, at.degree_bound)
    mask = spread(extra[None].astype(np.int64))[:, 0]
    f = ntt.coset_lde(field.add(f, field.ext_mul(mask, deep.words(powers[3]))), 4 * size, 3)
    mask = ntt.coset_lde(mask, 4 * size, 3)
    last = fri.final_polynomial(fri.fold(f, 3, 2, embedded(fold)), 9)
    assert field.from_mont(last)[:128, 0].tolist() == seen[6 : 6 + 128]
    assert not field.from_mont(last)[128:].any()
    assert seen[-2:] == field.from_mont(f)[[index, index + 2 * size], 0].tolist()

    # the opened row: the stacks above y, and R
    above = Stacking([[0], [1], [-1], [-1]], 1, 10).rows(extended, slice(None))
    assert seen[-5] == int(field.from_mont(above[index // size].copy())[index % size, 0])
    assert seen[-3] == int(field.from_mont(mask)[index, 0])
