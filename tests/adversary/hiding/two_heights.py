"""All that a proof opens of tables of two heights, as linear functions of trace and masks over a small field.

The field has 12289 elements, E two coordinates. A tall and a low table have two columns each: one is free and opened
at z and g_t z, the other follows from it (b = a' - 2a on the rows) and is opened at z. Both constraints are multiplied
by known polynomials that fill all pieces of the quotient, so that everything stays linear and the rank is exact. Every
column has a stack of its own, where a query shows most of it.

F and R are left out: R shows at the queries alone, where F and the other rows say it, and F is uniform because of R.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

P, GENERATOR = 12289, 11
DEGREE = 2  # E = F[t]/(t^2 - 11)
STACK, BLOWUP = 4, 16


def root(order):
    return pow(GENERATOR, (P - 1) // order, P)


def times(a, b):
    return (a[0] * b[0] + GENERATOR * a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P


def rank(matrix):
    """By elimination."""
    left, found = matrix.copy() % P, 0
    for column in range(left.shape[1]):
        rows = np.flatnonzero(left[found:, column])
        if not len(rows):
            continue
        left[[found, found + rows[0]]] = left[[found + rows[0], found]]
        left[found] = left[found] * pow(int(left[found, column]), -1, P) % P
        left[found + 1 :] -= np.outer(left[found + 1 :, column], left[found])
        left[found + 1 :] %= P
        found += 1
        if found == len(left):
            break
    return found


@dataclass(frozen=True)
class Shape:
    """Letters of FORMAT.md section 4; the low table is 2^short times lower. Columns have 2 N_t coefficients."""

    rows: int  # N
    short: int
    mask: int  # h
    pieces: int

    @property
    def coset(self):  # B N
        return BLOWUP * self.rows

    def heights(self):
        return self.rows, self.rows >> self.short


class Unknowns:
    """Names for the coordinates of the space: traces first, then masks."""

    def __init__(self, shape):
        self.shape = shape
        tall, low = shape.heights()
        sizes = {"a": tall, "s": low}
        masks = ["r a", "r b", "r s", "r u"] + [f"t {i} {c}" for i in range(shape.pieces - 1) for c in range(DEGREE)]
        self.traces = tall + low
        sizes |= dict.fromkeys(masks, shape.mask)
        self.first, self.sizes, self.total = {}, sizes, 0
        for name, size in sizes.items():
            self.first[name] = self.total
            self.total += size

    def of(self, name):
        out = np.zeros((self.sizes[name], self.total), dtype=np.int64)
        out[np.arange(len(out)), self.first[name] + np.arange(len(out))] = 1
        return out

    def masked(self, values, mask):
        """f + (X^N_t - 1) r in 2 N_t coefficients, from the values of f on the rows."""
        rows, w = len(values), pow(root(len(values)), -1, P)
        inverse = np.array([[pow(w, i * j, P) for j in range(rows)] for i in range(rows)], dtype=np.int64)
        out = np.zeros((2 * rows, self.total), dtype=np.int64)
        out[:rows] = inverse @ values % P * pow(rows, -1, P) % P
        r = self.of(mask)
        out[: len(r)] -= r
        out[rows : rows + len(r)] += r
        return out % P


def powers(point, count):
    found = [(1, 0)]
    for _ in range(count - 1):
        found.append(times(found[-1], point))
    return np.array(found, dtype=np.int64)


def at(polynomial, point):
    """The two coordinates of a polynomial's value in E."""
    by = powers(point, len(polynomial))
    return [by[:, c] @ polynomial % P for c in range(DEGREE)]


def quotient_of(free, bound, known):
    """known * (free(g X) - 2 free - bound) / (X^N_t - 1): the division leaves nothing."""
    rows = len(free) // 2
    step = np.array([pow(root(rows), i, P) for i in range(len(free))], dtype=np.int64)[:, None]
    constraint = (free * step - 2 * free - bound) % P
    left = np.zeros((len(free) + len(known) - 1, free.shape[1]), dtype=np.int64)
    for i, by in enumerate(known):
        left[i : i + len(free)] = (left[i : i + len(free)] + by * constraint) % P
    for i in range(len(left) - 1, rows - 1, -1):
        left[i - rows] = (left[i - rows] + left[i]) % P
    assert not left[:rows].any()
    return left[rows:]


def pieces_of(quotient, unknowns):
    """The randomised pieces, [piece][coordinate]."""
    shape, bound = unknowns.shape, 2 * unknowns.shape.rows
    step, last = bound - shape.mask, shape.pieces - 1
    out = np.zeros((shape.pieces, DEGREE, bound, unknowns.total), dtype=np.int64)
    for c in range(DEGREE):
        assert not quotient[c][last * step + bound :].any()
        for i in range(shape.pieces):
            part = quotient[c][i * step : (i + 1) * step if i < last else last * step + bound]
            out[i, c, : len(part)] = part
        for i in range(last):
            t = unknowns.of(f"t {i} {c}")
            out[i, c, step : step + len(t)] += t
            out[i + 1, c, : len(t)] -= t
    return out % P


def leak(shape, queries, seed=7):
    """How many independent functions of the traces alone the openings at these points of D show."""
    rng, unknowns = Random(seed), Unknowns(shape)
    columns, quotient = [], np.zeros((DEGREE, 8 * shape.rows, unknowns.total), dtype=np.int64)
    for number, (name, other, rows) in enumerate(zip("as", "bu", shape.heights(), strict=True)):
        values = unknowns.of(name)
        free = unknowns.masked(values, f"r {name}")
        bound = unknowns.masked((np.roll(values, -1, axis=0) - 2 * values) % P, f"r {other}")
        columns.append((free, bound))
        part = quotient_of(free, bound, [rng.randrange(P) for _ in range(2 * rows + 1)])
        for c, factor in enumerate((1, 0) if number == 0 else (rng.randrange(P), rng.randrange(1, P))):
            quotient[c, : len(part)] += factor * part
    pieces = pieces_of(quotient % P, unknowns)
    z, opened = (rng.randrange(P), rng.randrange(1, P)), []
    generator = root(STACK * shape.coset)
    for index in queries:
        x = GENERATOR * pow(generator, index, P) % P
        for both, rows in zip(columns, shape.heights(), strict=True):
            y = pow(x, STACK * shape.rows // rows, P), 0
            opened += [at(column, y)[0] for column in both]
        for c in range(DEGREE):
            y = pow(x, STACK, P), 0
            opened.append(sum(pow(x, i, P) * at(piece[c], y)[0] for i, piece in enumerate(pieces)) % P)
    for both, rows in zip(columns, shape.heights(), strict=True):
        ahead = tuple(coordinate * root(rows) % P for coordinate in z)
        opened += [*at(both[0], z), *at(both[1], z), *at(both[0], ahead)]
    for piece in pieces:
        (c0, c1), (d0, d1) = at(piece[0], z), at(piece[1], z)
        opened += [(c0 + GENERATOR * d1) % P, (c1 + d0) % P]
    matrix = np.array(opened) % P
    return rank(matrix) - rank(matrix[:, unknowns.traces :])
