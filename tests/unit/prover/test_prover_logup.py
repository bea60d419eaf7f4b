"""Bus columns against fractions in galois's extension field."""

from __future__ import annotations

import galois
import numpy as np
import pytest

from tests.support.bus_circuit import DESCRIPTION, honest
from zkharvest.prover import field, logup, plain
from zkharvest.prover.plain import P
from zkharvest.verifier.messages import LookupChallenges

BASE = galois.GF(P, primitive_element=plain.GENERATOR, verify=False)
QUINTIC = galois.Poly([1, 0, 0, 1, 0, P - 1], field=BASE)
EXT = galois.GF(P**5, irreducible_poly=QUINTIC, primitive_element=galois.Poly([1, 0], field=BASE), verify=False)
HEIGHT = 32


def pack(element):
    return EXT(sum(int(c) * P**k for k, c in enumerate(element)))


def unpack(value):
    return tuple(int(value) // P**k % P for k in range(5))


def challenges(seed=1):
    draw = np.random.default_rng(seed).integers(0, P, (3, 5)).tolist()
    return LookupChallenges(*(tuple(c) for c in draw))


def auxiliary(traces, public, chosen):
    main = field.to_mont(np.concatenate(traces, axis=1))
    known = [np.zeros((HEIGHT, len(table.public_columns)), dtype=np.uint32) for table in DESCRIPTION.tables]
    known[0][:, 0] = public.columns[0, 0]
    known = [field.to_mont(matrix) for matrix in known]
    aux, terminals = logup.auxiliary_trace(DESCRIPTION.tables, public.publics, chosen, main, known)
    return field.from_mont(aux).reshape(HEIGHT, -1, 5), terminals


def node_values(table, trace, public, row):
    """The nodes of a table in one row, as galois base elements."""
    values = []
    for kind, *rest in table.nodes:
        if kind in ("col", "pub"):
            at = (row + rest[1]) % HEIGHT
            values.append(BASE(int(trace[at, rest[0]] if kind == "col" else public.columns[0, rest[0]][at])))
        elif kind == "lin":
            values.append(sum((BASE(k) * values[a] for k, a in rest[1]), BASE(rest[0])))
        elif kind in ("const", "public"):
            values.append(BASE(rest[0] if kind == "const" else public.publics[rest[0]]))
        else:
            a, b = values[rest[0]], values[rest[1]]
            values.append(a + b if kind == "add" else a - b if kind == "sub" else a * b)
    return values


def test_helpers_and_sums_equal_naive_fractions():
    traces, public = honest(HEIGHT)
    chosen = challenges()
    found, terminals = auxiliary(traces, public, chosen)
    alpha, beta, gamma = pack(chosen.alpha), pack(chosen.beta), pack(chosen.gamma)
    column = 0
    for table, trace, terminal in zip(DESCRIPTION.tables, traces, terminals, strict=True):
        steps = []
        for row in range(HEIGHT):
            nodes = node_values(table, trace, public, row)
            step = EXT(0)
            for g, group in enumerate(table.groups):
                helper = EXT(0)
                for index in group:
                    item = table.interactions[index]
                    d = alpha + EXT(item.bus)
                    for i, node in enumerate(item.message):
                        d += beta ** (i + 1) * EXT(int(nodes[node]))
                    numerator = EXT(int(nodes[item.mult]))
                    for slot, node in item.weights:
                        numerator += gamma ** (slot + 1) * EXT(int(nodes[node]))
                    helper += EXT(item.sign % P) * numerator / d
                assert tuple(found[row, column + g]) == unpack(helper)
                step += helper
            for entry in table.tally:
                step += gamma ** (entry.slot + 1) * EXT(int(nodes[entry.node]))
            steps.append(step)
        total = sum(steps, EXT(0))
        assert unpack(total) == terminal
        phi = [pack(value) for value in found[:, column + len(table.groups)]]
        share = total / EXT(HEIGHT)
        for row in range(HEIGHT):
            assert phi[(row + 1) % HEIGHT] == phi[row] + steps[row] - share
        column += table.extension_columns
    assert column == found.shape[1]


@pytest.mark.parametrize("row", [0, 17, HEIGHT - 1])
@pytest.mark.parametrize("index", [0, 3, 5])
def test_a_vanishing_denominator_is_noticed(row, index):
    """alpha chosen after the fact, so that one message's denominator is zero."""
    traces, public = honest(HEIGHT)
    table, chosen = DESCRIPTION.tables[0], challenges()
    item = table.interactions[index]
    nodes = node_values(table, traces[0], public, row)
    d = EXT(item.bus)
    for i, node in enumerate(item.message):
        d += pack(chosen.beta) ** (i + 1) * EXT(int(nodes[node]))
    with pytest.raises(logup.VanishingDenominator):
        auxiliary(traces, public, LookupChallenges(unpack(-d), chosen.beta, chosen.gamma))


@pytest.mark.parametrize("rows", [1, 2, 32, 4096])
@pytest.mark.parametrize(("width", "column"), [(5, 0), (17, 0), (17, 12), (40, 20)])
def test_the_running_sum(rows, width, column):
    """phi(i + 1) = phi(i) + row i - S / N from 0, round the table; what is beside stays as it was."""
    values = np.random.default_rng(rows).integers(0, P, (rows, width), dtype=np.uint32)
    values[0, column] = P - 1
    matrix = field.to_mont(values)
    terminal = logup._running_sum(matrix[:, column : column + 5])
    found = field.from_mont(matrix)
    own = values[:, column : column + 5].astype(object)
    assert terminal == tuple(own.sum(axis=0) % P)
    share, phi = own.sum(axis=0) * pow(rows, -1, P) % P, np.zeros(5, dtype=object)
    for row in range(rows):
        assert (found[row, column : column + 5] == phi).all()
        phi = (phi + own[row] - share) % P
    assert (phi == 0).all()
    beside = np.delete(np.arange(width), np.arange(column, column + 5))
    assert (found[:, beside] == values[:, beside]).all()
