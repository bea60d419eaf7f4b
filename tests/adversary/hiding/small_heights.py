"""The model of `small_field.py` with tables of two heights, small enough to go through all their masks.

A tall table has one private column, a low one, of half the height, another. They share a stack of four as the prover
packs them: F(X) = a(X^4) + X G(X^4) with G(Y) = s(Y^2). So a query at x shows a at x^4 and s at x^8 in one sum, and the
quotient of both tables is one (docs/adr/0017).

What is opened is a sum of what the tall column gives, what the low one gives, and a linear function of the quotient's
masks t and of R: so it has one distribution for all witnesses if each of the first two has, seen modulo the third.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tests.adversary.hiding import small_field as one
from tests.adversary.hiding.small_field import Shape


@dataclass(frozen=True)
class Shapes:
    """The tall table's letters; the low one has half of its rows and coefficients, and twice the lanes."""

    tall: Shape

    @property
    def low(self):
        s = self.tall
        return replace(s, root=s.root**2 % s.p, n=s.n // 2, k=s.k // 2, stack=2 * s.stack)


def lanes(f, lane, s):
    """A polynomial in one of the lanes of a stack, (batch, stack coefficients)."""
    return one.stacked([f if i == lane else np.zeros_like(f) for i in range(s.stack)], s)


def opened(tall, low, pieces, extra, coins, shapes):
    """Everything that a verifier sees but digests, (batch, values): evaluations, last polynomial, rows, leaves."""
    p = shapes.tall.p
    columns = [(tall, 0, shapes.tall), (low, 1, shapes.low)]
    claims = [(f, lane, s, coins.z) for f, lane, s in columns]
    claims += [(f, lane, s, coins.z * s.root % p) for f, lane, s in columns]
    seen = [one.at(f, point, p) for f, _, _, point in claims] + [one.at(f, coins.z, p) for f in pieces]
    parts = [lanes(one.over(f, point, p), lane, s) for f, lane, s, point in claims]
    parts.append(sum(lanes(one.over(f, coins.z, p), lane, shapes.tall) for lane, f in enumerate(pieces)))
    whole = sum(pow(coins.batch, j, p) * part for j, part in enumerate([*parts, extra])) % p
    seen += list(((whole[:, 0::2] + coins.fold * whole[:, 1::2]) % p).T)
    rows = [
        sum(lanes(f, lane, s) for f, lane, s in columns) % p,
        sum(lanes(f, lane, shapes.tall) for lane, f in enumerate(pieces)) % p,
    ]
    for x in coins.queries:
        seen += [one.at(f, x, p) for f in (*rows, extra, whole)] + [one.at(whole, -x % p, p)]
    return np.stack(seen, axis=1)


def shares(masks, witness, coins, s):
    """A table's masked column and its share of the quotient."""
    column = one.masked(witness, masks, s)
    return column, one.divided(one.constraints(column, coins.delta, s), s.n, s.p)


def of_table(number, masks, witness, coins, shapes):
    """What is opened of one table's column alone: the other's, t and R are zero."""
    tall = shapes.tall
    s = (tall, shapes.low)[number]
    column, quotient = shares(masks, witness, coins, s)
    quotient = quotient * (1, coins.delta**2 + 1)[number] % s.p
    none = np.zeros((len(masks), (shapes.low, tall)[number].k), dtype=np.int64)
    extra = np.zeros((len(masks), tall.stack * tall.k), dtype=np.int64)
    both = (column, none) if number == 0 else (none, column)
    return opened(*both, one.split(quotient, tall), extra, coins, shapes)


def linear_part(coins, shapes, *, quotient=True, batch=True):
    """What is opened of t and R alone, (values, unknowns)."""
    tall, low = shapes.tall, shapes.low
    sizes = [tall.h * (tall.pieces - 1), tall.stack * tall.k]
    free, extra = np.split(np.eye(sum(sizes), dtype=np.int64), [sizes[0]], axis=1)
    zero = np.zeros((len(free), tall.k), dtype=np.int64)
    pieces = one.randomised([zero] * tall.pieces, np.split(free, tall.pieces - 1, axis=1), tall)
    values = opened(zero, zero[:, : low.k], pieces, extra, coins, shapes).T
    kept = [*range(sizes[0] if quotient else 0), *range(sizes[0], sum(sizes) if batch else sizes[0])]
    return values[:, kept]


def distribution(number, witness, coins, shapes, *, masks=None, quotient=True, batch=True):
    """The exact distribution of one table's share of what is opened, over its masks, modulo what t and R add.

    Keys (n, checks) in lexical order, each once, and how often.
    """
    s = shapes.tall
    masks = one.everything(s.p, s.h) if masks is None else masks
    checks = one.null_space(linear_part(coins, shapes, quotient=quotient, batch=batch), s.p)
    keys = [
        of_table(number, part, witness, coins, shapes) @ checks.T % s.p
        for part in np.array_split(masks, -(-len(masks) // 50_000))
    ]
    return np.unique(np.concatenate(keys), axis=0, return_counts=True)


def differ(one_run, other_run, beside, p, tries=40):
    """Whether two shares, each together with the share `beside` of the other table, show different distributions.

    Told by linear functions of the keys: of a sum of independent shares each has the cyclic convolution of theirs.
    """
    rng = np.random.default_rng(1)
    for _ in range(tries):
        by = rng.integers(0, p, one_run[0].shape[1])
        first, second, rest = (counted(run, by, p) for run in (one_run, other_run, beside))
        change = np.array(first, dtype=object) * sum(second) - np.array(second, dtype=object) * sum(first)
        if any(sum(change[i] * rest[(k - i) % p] for i in range(p)) for k in range(p)):
            return True
    return False


def counted(run, by, p):
    """How often a linear function of the keys has each value."""
    keys, often = run
    found = [0] * p
    for value, count in zip((keys @ by % p).tolist(), often.tolist(), strict=True):
        found[value] += count
    return found
