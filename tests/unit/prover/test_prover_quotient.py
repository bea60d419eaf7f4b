"""The quotient against polynomials that are multiplied out and divided by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.support import polynomials as poly
from tests.support.bus_circuit import DESCRIPTION, honest
from zkharvest.prover import extension, field, logup, ntt, plain, quotient
from zkharvest.prover.constraint_tape import classes
from zkharvest.prover.extension import Extended, interpolated
from zkharvest.prover.plain import P
from zkharvest.verifier import circuits
from zkharvest.verifier.messages import LookupChallenges

LOG_ROWS = 5
N = 1 << LOG_ROWS
BLOWUP = 8
MASK = 3
AT = SimpleNamespace(rows=N, lde_size=BLOWUP * N, shift=3, mask=MASK)


def draw(*shape, seed):
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def element(seed):
    return tuple(int(c) for c in draw(5, seed=seed))


CHALLENGES = LookupChallenges(element(1), element(2), element(3))
DELTA = element(4)
FIRSTS = [sum(table.constraint_count for table in DESCRIPTION.tables[:t]) for t in range(len(DESCRIPTION.tables))]


class Setting:
    """Masked columns, their extensions, and the terminals of a trace."""

    def __init__(self, traces, public):
        self.public = public
        known = [np.zeros((N, len(table.public_columns)), dtype=np.uint32) for table in DESCRIPTION.tables]
        known[0][:, 0] = public.columns[0, 0]
        self.known = [field.to_mont(matrix) for matrix in known]
        main = field.to_mont(np.concatenate(traces, axis=1))
        aux, self.terminals = logup.auxiliary_trace(DESCRIPTION.tables, public.publics, CHALLENGES, main, self.known)
        self.main, self.aux = main, aux
        self.main_masks = draw(MASK, main.shape[1], seed=5)
        self.aux_masks = draw(MASK, aux.shape[1], seed=6)

    def coefficients(self):
        extended = [ntt.coset_lde(ntt.intt(matrix), 4 * N, 3) if matrix.shape[1] else matrix for matrix in self.known]
        return field.from_mont(
            quotient.quotient_coefficients(
                DESCRIPTION.tables, FIRSTS, self.public.publics, CHALLENGES, DELTA, self.terminals, LOG_ROWS, 3,
                Extended(interpolated(self.main, self.main_masks), AT),
                Extended(interpolated(self.aux, self.aux_masks), AT),
                extended,
            )
        )  # fmt: skip

    def polynomials(self, values, masks):
        values, masks = field.from_mont(values).T.tolist(), field.from_mont(masks).T.tolist()
        return [poly.masked(column, mask) for column, mask in zip(values, masks, strict=True)]

    def naive(self):
        """sum of delta^k sel_k C_k, all multiplied out."""
        total = []
        for k, value in enumerate(self.constraints()):
            total = poly.add(total, poly.scale(value, plain.ext_pow(DELTA, k)))
        return total

    def constraints(self):
        """sel_k C_k of all tables."""
        main = self.polynomials(self.main, self.main_masks)
        base = self.polynomials(self.aux, self.aux_masks)
        units = [tuple(int(i == c) for i in range(5)) for c in range(5)]
        aux = []
        for k in range(0, len(base), 5):
            total = []
            for unit, column in zip(units, base[k : k + 5], strict=True):
                total = poly.add(total, poly.scale(column, unit))
            aux.append(total)
        root = plain.root_of_unity(LOG_ROWS)
        last = plain.inverse(root)
        share = plain.inverse(N)
        selectors = {
            "all": poly.poly(1),
            "first": poly.poly(*[share] * N),
            "last": poly.poly(*[last * share * pow(last, N - 1 - i, P) for i in range(N)]),
            "transition": poly.poly(-last, 1),
        }
        found = []
        for t, (table, terminal) in enumerate(zip(DESCRIPTION.tables, self.terminals, strict=True)):
            own, main = main[: len(table.columns)], main[len(table.columns) :]
            helpers, aux = aux[: table.extension_columns], aux[table.extension_columns :]
            phi = helpers.pop()
            shown = [poly.interpolate(column) for column in field.from_mont(self.known[t]).T.tolist()]
            nodes = []
            for kind, *rest in table.nodes:
                if kind in ("col", "pub"):
                    source = (own if kind == "col" else shown)[rest[0]]
                    nodes.append(poly.compose_with_scale(source, root) if rest[1] else source)
                elif kind == "lin":
                    total = poly.poly(rest[0])
                    for k, a in rest[1]:
                        total = poly.add(total, poly.scale(nodes[a], k))
                    nodes.append(total)
                elif kind in ("const", "public"):
                    nodes.append(poly.poly(rest[0] if kind == "const" else self.public.publics[rest[0]]))
                else:
                    nodes.append({"add": poly.add, "sub": poly.sub, "mul": poly.mul}[kind](*(nodes[a] for a in rest)))
            found += [poly.mul(nodes[c.node], selectors[c.where]) for c in table.constraints]
            denominators = []
            for item in table.interactions:
                d = poly.poly(plain.ext_add(CHALLENGES.alpha, (item.bus, 0, 0, 0, 0)))
                for i, node in enumerate(item.message):
                    d = poly.add(d, poly.scale(nodes[node], plain.ext_pow(CHALLENGES.beta, i + 1)))
                denominators.append(d)
            for helper, group in zip(helpers, table.groups, strict=True):
                value = helper
                for i in group:
                    value = poly.mul(value, denominators[i])
                for i in group:
                    item = table.interactions[i]
                    part = nodes[item.mult]
                    for slot, node in item.weights:
                        part = poly.add(part, poly.scale(nodes[node], plain.ext_pow(CHALLENGES.gamma, slot + 1)))
                    part = poly.scale(part, item.sign % P)
                    for j in group:
                        if j != i:
                            part = poly.mul(part, denominators[j])
                    value = poly.sub(value, part)
                found.append(value)
            value = poly.sub(poly.compose_with_scale(phi, root), phi)
            for helper in helpers:
                value = poly.sub(value, helper)
            for entry in table.tally:
                value = poly.sub(value, poly.scale(nodes[entry.node], plain.ext_pow(CHALLENGES.gamma, entry.slot + 1)))
            found.append(poly.add(value, poly.scale(poly.poly(terminal), share)))
        return found


def test_equals_naive_division():
    setting = Setting(*honest(N))
    expected = poly.divide_by_vanishing(setting.naive(), N)
    found = [tuple(row) for row in setting.coefficients().tolist()]
    assert found[: len(expected)] == expected
    assert not any(any(value) for value in found[len(expected) :])
    assert len(expected) <= 3 * N + 4 * MASK


def test_constraints_have_no_more_coefficients_than_their_class_allows():
    found = Setting(*honest(N)).constraints()
    for table, first in zip(DESCRIPTION.tables, FIRSTS, strict=True):
        own = classes(table, N, MASK, 2 * N)
        sizes = [len(value) for value in found[first : first + table.constraint_count]]
        assert all(size <= N + most for size, most in zip(sizes, own.coefficients, strict=True))
        assert all(most <= (m + 2) * N for m, most in zip(own.of, own.coefficients, strict=True))
        assert max(sizes) + 4 >= N + max(own.coefficients)


@pytest.mark.parametrize("log_rows", [6, 8])
@pytest.mark.parametrize("shift", [3, 81])
@pytest.mark.parametrize("top", [1, 2, 3])
def test_shares_of_all_classes_are_joined(log_rows, shift, top):
    """Values of random shares at the points that each is evaluated at, against the shares."""
    rows, sampled = 1 << log_rows, 32
    root = plain.root_of_unity(log_rows + 2)
    shares = [np.zeros((4 * rows, 5), dtype=np.uint32) for _ in range(top)]
    limits = [11, 0, 30][:top]
    for m, share in enumerate(shares, start=1):
        share[: m * rows + limits[m - 1]] = draw(m * rows + limits[m - 1], 5, seed=m)

    def values(c, classes):
        """Of the numerators, side by side."""
        x = shift * pow(root, c, P) % P
        vanishing = np.array([field.mont(pow(x, rows, P) - 1)], dtype=np.uint32)
        on_coset = [ntt.coset_lde(field.to_mont(shares[m - 1]), 4 * rows, x)[::4] for m in classes]
        return np.concatenate([field.mul(one, vanishing) for one in on_coset], axis=1)

    on_cosets = [values(c, range(top, c, -1)) for c in range(top)]
    few = np.ascontiguousarray(values(3, range(top, 0, -1))[:: rows // sampled])
    found = quotient.joined(on_cosets, few, limits, log_rows, shift)
    total = np.sum(shares, axis=0, dtype=np.uint64) % P
    assert np.array_equal(field.from_mont(found), total)
    few[3, 5 * top - 1] ^= 1  # class 1
    assert quotient.joined(on_cosets, few, limits, log_rows, shift)[-1].any()


def test_cosets_that_are_made_again_have_all_that_is_read_of_them(monkeypatch):
    """Of the circuit's tall tables: nothing is kept, what is in the buffer at first would show."""
    tables = circuits.load(circuits.PINNED[-1]).tables[:2]
    rows, low = 64, 9
    at = SimpleNamespace(rows=rows, lde_size=4 * rows, shift=3, mask=MASK)
    widths = sum(len(t.columns) for t in tables) + low, sum(5 * t.extension_columns for t in tables) + low
    columns = [draw(rows + MASK, width, seed=20 + width) for width in widths]
    firsts = [0, tables[0].constraint_count]
    publics, known = [3] * 64, [np.zeros((4 * rows, 0), dtype=np.uint32)] * 2
    asked = []

    def quotient_of(keep):
        monkeypatch.setattr(extension, "KEEP", keep)
        of = [Extended(one, at, np.full((rows, one.shape[1]), 7, dtype=np.uint32)) for one in columns]
        for one in of:
            for b in one.order:
                one.coset(b)
        made = ntt.on_coset

        def watched(coefficients, out, point, tiles=()):
            asked.append(sum(tile.stop - tile.start for tile in tiles))
            return made(coefficients, out, point, tiles)

        with monkeypatch.context() as patch:
            patch.setattr(ntt, "on_coset", watched)
            return quotient.quotient_coefficients(
                tables, firsts, publics, CHALLENGES, DELTA, [element(8), element(9)], 6, 3, *of, known
            )

    kept = quotient_of(1 << 30)
    assert asked == []
    assert np.array_equal(quotient_of(0), kept)
    assert len(asked) == 4
    assert 0 < asked[0] < widths[0] - low
    assert 0 < asked[1] < widths[1] - low
    assert asked[2:] == [0, 0]


@pytest.mark.parametrize("row", [0, 1, N - 1])
def test_a_broken_constraint_leaves_a_remainder(row):
    traces, public = honest(N)
    traces[0][row, 2] ^= 1
    setting = Setting(traces, public)
    with pytest.raises(ArithmeticError):
        poly.divide_by_vanishing(setting.naive(), N)
    assert setting.coefficients()[-1].any()


def test_selectors_are_one_on_their_row_and_zero_elsewhere():
    """Interpolated from the coset, the first two are indicators on H, the third vanishes in the last row only."""
    chosen = quotient.selectors(LOG_ROWS, 3)
    unshift = field.powers(plain.inverse(3), 4 * N)
    coefficients = field.mul(ntt.intt(chosen), np.repeat(unshift, 3).reshape(4 * N, 3))
    assert not coefficients[N:].any()
    on_rows = field.from_mont(ntt.coset_lde(np.ascontiguousarray(coefficients[:N]), N, 1))
    assert on_rows[:, 0].tolist() == [1] + [0] * (N - 1)
    assert on_rows[:, 1].tolist() == [0] * (N - 1) + [1]
    assert np.flatnonzero(on_rows[:, 2] == 0).tolist() == [N - 1]


@pytest.mark.parametrize("pieces", [2, 3])
def test_pieces_add_up_and_randomising_them_changes_only_the_pieces(pieces):
    step, bound, h = 40, 48, 8
    size = (pieces - 1) * step + bound
    coefficients = np.zeros((size + 20, 5), dtype=np.uint32)
    coefficients[:size] = draw(size, 5, seed=7)
    split, exact = quotient.split(coefficients, pieces, step, bound)
    assert exact and split.shape == (bound, pieces, 5)

    def joined(parts):
        total = np.zeros((size, 5), dtype=np.uint64)
        for i in range(pieces):
            total[i * step : i * step + bound] += parts[:, i]
        return total % P

    assert np.array_equal(joined(split), coefficients[:size])
    before = split.copy()
    quotient.randomise(split, draw(h, pieces - 1, 5, seed=8), step)
    assert np.array_equal(joined(split), coefficients[:size])
    assert all((before[:, i] != split[:, i]).any() for i in range(pieces))
    coefficients[size] = 1
    assert not quotient.split(coefficients, pieces, step, bound)[1]
