"""The prover's masking steps over any prime field, as polynomials: small enough to go through all randomness.

The same steps in the same order as `zkharvest.prover.stark`, challenges in the base field (e = 1), one fold of arity 2.
Two columns share a stack: the constraints read one, of the other they know nothing. `test_hiding_exhaustive.py` holds
the steps against the prover's own functions on the real field. Arrays are (batch, coefficients), so that many masks
are tried at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shape:
    """The letters of FORMAT.md section 4."""

    p: int
    root: int  # generates H
    n: int  # N
    h: int  # coefficients of a mask
    k: int  # K
    pieces: int = 2
    stack: int = 2

    @property
    def step(self):  # M
        return self.k - self.h


@dataclass(frozen=True)
class Coins:
    """A verifier's challenges."""

    delta: int
    z: int
    batch: int
    fold: int
    queries: tuple[int, ...]  # points x of D; x^stack is never in H


def at(polynomials, x, p):
    """Values at a point, (batch,)."""
    result = np.zeros(len(polynomials), dtype=np.int64)
    for column in polynomials.T[::-1]:
        result = (result * x + column) % p
    return result


def interpolated(values, s):
    """Coefficients of the polynomial with these values on H."""
    w = pow(s.root, -1, s.p)
    matrix = np.array([[pow(w, i * j, s.p) for j in range(s.n)] for i in range(s.n)], dtype=np.int64)
    return (matrix * np.array(values, dtype=np.int64) % s.p).sum(axis=1) % s.p * pow(s.n, -1, s.p) % s.p


def masked(values, masks, s):
    """f + (X^N - 1) r, (batch, K)."""
    out = np.zeros((len(masks), s.k), dtype=np.int64)
    out[:, : s.n] = interpolated(values, s)
    out[:, : s.h] -= masks
    out[:, s.n : s.n + s.h] += masks
    return out % s.p


def product(a, b, p):
    out = np.zeros((len(a), a.shape[1] + b.shape[1] - 1), dtype=np.int64)
    for i, column in enumerate(a.T):
        out[:, i : i + b.shape[1]] += column[:, None] * b % p
    return out % p  # each term was reduced: no overflow for p below 2^31


def following(f, s):
    """f(g X)."""
    return f * np.array([pow(s.root, i, s.p) for i in range(f.shape[1])], dtype=np.int64) % s.p


def constraints(f, delta, s):
    """A bit in every row, and no two neighbours set: f (f - 1) + delta f(g X) f."""
    minus = f.copy()
    minus[:, 0] -= 1
    return (product(f, minus % s.p, s.p) + delta * product(following(f, s), f, s.p)) % s.p


def divided(a, n, p):
    """a / (X^n - 1), exactly."""
    quotient = np.zeros((len(a), max(a.shape[1] - n, 1)), dtype=np.int64)
    rest = a.copy()
    for i in range(a.shape[1] - 1, n - 1, -1):
        quotient[:, i - n] = rest[:, i]
        rest[:, i - n] = (rest[:, i - n] + rest[:, i]) % p
    if rest[:, :n].any():
        raise ArithmeticError("the constraints do not hold")
    return quotient


def split(quotient, s):
    """Pieces, (batch, K) each."""
    out = [np.zeros((len(quotient), s.k), dtype=np.int64) for _ in range(s.pieces)]
    for i, piece in enumerate(out):
        last = i == s.pieces - 1
        part = quotient[:, i * s.step : None if last else (i + 1) * s.step]
        piece[:, : part.shape[1]] = part
    return out


def randomised(pieces, masks, s):
    """X^M t_i is added to piece i and t_i taken off the next."""
    out = [piece.copy() for piece in pieces]
    for i, t in enumerate(masks):
        out[i][:, s.step : s.step + s.h] += t
        out[i + 1][:, : s.h] -= t
    return [piece % s.p for piece in out]


def over(f, x, p):
    """(f - f(x)) / (X - x), one coefficient fewer."""
    quotient = np.zeros_like(f)
    carry = np.zeros(len(f), dtype=np.int64)
    for i in range(f.shape[1] - 1, 0, -1):
        carry = (carry * x + f[:, i]) % p
        quotient[:, i - 1] = carry
    return quotient


def stacked(lanes, s):
    """sum_i X^i f_i(X^stack), (batch, stack coefficients)."""
    out = np.zeros((len(lanes[0]), s.stack * lanes[0].shape[1]), dtype=np.int64)
    for i, lane in enumerate(lanes):
        out[:, i :: s.stack] = lane
    return out


def opened(columns, pieces, extra, coins, s):
    """Everything that a verifier sees but digests, (batch, values): values at z, last polynomial, rows, leaves."""
    after = coins.z * s.root % s.p
    groups = [(columns, coins.z), (pieces, coins.z), (columns, after)]
    seen = [at(f, point, s.p) for lanes, point in groups for f in lanes]
    whole = pow(coins.batch, len(groups), s.p) * extra % s.p
    for j, (lanes, point) in enumerate(groups):
        whole = (whole + pow(coins.batch, j, s.p) * stacked([over(f, point, s.p) for f in lanes], s)) % s.p
    last = (whole[:, 0::2] + coins.fold * whole[:, 1::2]) % s.p
    seen += list(last.T)
    for x in coins.queries:
        seen += [at(stacked(lanes, s), x, s.p) for lanes in (columns, pieces)] + [at(extra, x, s.p)]
        seen += [at(whole, x, s.p), at(whole, -x % s.p, s.p)]
    return np.stack(seen, axis=1)


def beside(witness):
    """The values of the column that shares a stack with the witness: as private as it is."""
    return [(5 * bit + 3 * place * bit + 1) % 11 for place, bit in enumerate(reversed(witness))]


def proof(witness, masks, other, t, extra, coins, s):
    """What is opened of proofs of a witness; both columns' masks are (batch, h), as is each of t.

    extra is (batch, stack K).
    """
    column, neighbour = masked(witness, masks, s), masked(beside(witness), other, s)
    quotient = divided(constraints(column, coins.delta, s), s.n, s.p)
    return opened([column, neighbour], randomised(split(quotient, s), t, s), extra, coins, s)


def null_space(matrix, p):
    """Rows that span all y with y A = 0."""
    rows, columns = matrix.shape
    a = np.concatenate([matrix % p, np.eye(rows, dtype=np.int64)], axis=1)
    done = 0
    for c in range(columns):
        pivot = next((r for r in range(done, rows) if a[r, c]), None)
        if pivot is None:
            continue
        a[[done, pivot]] = a[[pivot, done]]
        a[done] = a[done] * pow(int(a[done, c]), -1, p) % p
        for r in range(rows):
            if r != done:
                a[r] = (a[r] - a[r, c] * a[done]) % p
        done += 1
    return a[done:, columns:]


def everything(p, count):
    """All vectors of `count` elements, (p^count, count)."""
    return np.stack([axis.ravel() for axis in np.meshgrid(*[np.arange(p, dtype=np.int64)] * count)], axis=1)


def distribution(witness, coins, s, *, masks=None, other=True, quotient=True, batch=True):
    """The exact distribution of what is opened, over all masks r, r', t, R: (sorted keys, how often).

    For every r what is opened is an affine function of r' (the other column's mask), t and R, with a linear part A that
    is the same for all r: it is uniform on a coset of A's image. A coset is known by its products with the left null
    space of A, so counting those over all r gives the distribution over everything. `masks` replaces all r by some;
    without `other`, `quotient` or `batch` r', t or R is zero.
    """
    masks = everything(s.p, s.h) if masks is None else masks
    checks = null_space(linear_part(coins, s, other=other, quotient=quotient, batch=batch), s.p)
    weights = s.p ** np.arange(len(checks), dtype=np.int64)
    assert s.p ** len(checks) < 2**62
    keys = []
    for part in np.array_split(masks, -(-len(masks) // 100_000)):
        none = np.zeros((len(part), s.h), dtype=np.int64)
        nothing = np.zeros((len(part), s.stack * s.k), dtype=np.int64)
        values = proof(witness, part, none, [none] * (s.pieces - 1), nothing, coins, s)
        keys.append((values @ checks.T % s.p) @ weights)
    return np.unique(np.concatenate(keys), return_counts=True)


def linear_part(coins, s, *, other=True, quotient=True, batch=True):
    """A: what is opened of r', t and R alone, (values, unknowns)."""
    sizes = [s.h, s.h * (s.pieces - 1), s.stack * s.k]
    units = np.eye(sum(sizes), dtype=np.int64)
    own, free, extra = np.split(units, np.cumsum(sizes)[:-1], axis=1)
    zero = np.zeros((len(units), s.k), dtype=np.int64)
    neighbour = masked([0] * s.n, own, s)
    pieces = randomised([zero] * s.pieces, np.split(free, s.pieces - 1, axis=1), s)
    values = opened([zero, neighbour], pieces, extra, coins, s).T
    ends = np.cumsum([0, *sizes])
    chosen = [range(a, b) for a, b, kept in zip(ends, ends[1:], (other, quotient, batch), strict=False) if kept]
    return values[:, [k for part in chosen for k in part]]
