"""The terminals of the buses are public; a ring of random messages between the tables makes them uniform.

Table i sends 17 random r in messages (i, r) to table i + 1: its terminal is what its rows give, plus B_i, less
B_(i-1), with B_i the sum of 1 / (alpha + bus + beta i + beta^2 r). How far B_i is from uniform on E is computed exactly
on small fields and bounded on the real one, by Weil's bound on sums of characters: for a character psi and c / b not in
F_p, |sum over r of psi(1 / (c + b r))| <= (2 e - 2) sqrt(p) + 1, e the degree of E (the poles are e conjugates).
"""

from __future__ import annotations

from math import log2, sqrt

import numpy as np
import pytest

from tests.adversary.hiding.alarms import alarms
from tests.adversary.hiding.two_histories import COINS, circuit, proven
from tests.support.counts import count, least
from tests.support.whole_links import definition
from zkharvest.circuit.blinding import BLIND_ROWS, blind, uniform
from zkharvest.prover import field, logup
from zkharvest.prover.levels import public_columns_on_h
from zkharvest.verifier.field import DEGREE, P


def weil(p, e):
    """The largest absolute value of an average psi(1 / (c + b r)) over r."""
    return ((2 * e - 2) * sqrt(p) + 1) / p


def far_from_uniform(p, e, terms):
    """Half the sum of |probability - p^-e| for a sum of `terms` such fractions is at most this, as bits."""
    return 1 - log2(p) * e / 2 - terms * log2(weil(p, e))


def fractions(p, nonresidue, c, b):
    """How often 1 / (c + b r) is each element of F_p[x]/(x^2 - nonresidue), as a (p, p) array."""
    counts = np.zeros((p, p))
    for r in range(p):
        u, v = (c[0] + b[0] * r) % p, (c[1] + b[1] * r) % p
        norm = pow(u * u - nonresidue * v * v, -1, p)
        counts[u * norm % p, -v * norm % p] += 1
    return counts


@pytest.mark.parametrize(("p", "nonresidue"), [(103, 3), (211, 2), (251, 6)])
def test_weil_s_bound_and_what_follows_from_it_on_small_fields(p, nonresidue):
    """Exactly, by Fourier transform over F_p^2: no character is above the bound, and 16 fractions are near uniform."""
    assert pow(nonresidue, (p - 1) // 2, p) == p - 1
    rng = np.random.default_rng(p)
    for _ in range(5):
        c, b = rng.integers(1, p, (2, 2)).tolist()
        if (c[0] * b[1] - c[1] * b[0]) % p == 0:
            continue  # c / b in F_p: then some r has no fraction
        spectrum = np.fft.fft2(fractions(p, nonresidue, c, b) / p)
        sizes = np.abs(spectrum)
        sizes[0, 0] = 0
        assert sizes.max() <= weil(p, 2)
        for terms in (4, 16):
            distance = np.abs(np.fft.ifft2(spectrum**terms).real - 1 / p**2).sum() / 2
            assert distance <= 2 ** -far_from_uniform(p, 2, terms) + 1e-9
        assert distance < 1e-4


def test_the_messages_of_a_ring_are_enough_for_the_real_field():
    """Each B_i, and so all terminals together but for their sum, is uniform to within 2^-133; with 16 to 2^-120."""
    bits = far_from_uniform(P, DEGREE, BLIND_ROWS) - log2(len(circuit()[0].tables))
    assert bits > 133
    assert far_from_uniform(P, DEGREE, 16) < 124
    least("bits, terminals indistinguishable from uniform", bits)


def terminals(name, proofs, ring=None):
    """Of the link of a history at the same challenges: the coordinates of all terminals, a row for each proof."""
    described, told, lookup = definition().circuit, proven(name), COINS.lookup
    description, _ = circuit()
    heights, traces = told.part.log_rows, {table: cells.copy() for table, cells in told.witness.traces.items()}
    known = public_columns_on_h(description, told.public, heights)
    parts = [[t for t, height in enumerate(heights) if height == level] for level in sorted(set(heights))]
    cells = list(traces.values())
    mains = [field.to_mont(np.concatenate([cells[t] for t in part], axis=1)) for part in parts]
    rows = []
    for _ in range(proofs):
        blind(described, traces, uniform(len(described.tables)) if ring is None else ring)
        found = {}
        for main, part in zip(mains, parts, strict=True):
            main[:BLIND_ROWS] = field.to_mont(np.concatenate([cells[t][:BLIND_ROWS] for t in part], axis=1))
            tables = [description.tables[t] for t in part]
            _, sums = logup.auxiliary_trace(tables, told.public.publics, lookup, main, [known[t] for t in part])
            found |= dict(zip(part, sums, strict=True))
        rows.append([coordinate for t in sorted(found) for coordinate in found[t]])
    return {"terminals": np.array(rows)}


def test_terminals_of_the_lot_machine_are_uniform_for_every_ledger():
    """At the same challenges, with a fresh ring each time; without it they are constants that tell ledgers apart."""
    first, second = (terminals(name, 16) for name in ("few", "many"))
    assert alarms(first, second) == set()
    # a table's blinds are in two neighbouring tables, so all of them but the sum are free
    assert len({tuple(row) for row in first["terminals"].tolist()}) == 16
    constant = np.zeros((len(definition().circuit.tables), BLIND_ROWS), dtype=np.uint32)
    first, second = (terminals(name, 2, constant) for name in ("few", "many"))
    for found in (first["terminals"], second["terminals"]):
        assert (found[0] == found[1]).all()  # so is every further one
    first, second = ({"terminals": np.repeat(found["terminals"][:1], 16, axis=0)} for found in (first, second))
    assert ("value: witnesses differ", "terminals") in alarms(first, second)
    count("mutant provers caught")
    assert int(first["terminals"].max()) < P
