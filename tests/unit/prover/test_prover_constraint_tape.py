"""The sums of a table's constraints, by class, against the verifier's evaluation of every row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.bus_circuit import DESCRIPTION
from zkharvest.prover import constraint_tape as made
from zkharvest.prover import field
from zkharvest.prover.plain import P
from zkharvest.prover.tape import View
from zkharvest.verifier import field as ext
from zkharvest.verifier.constraints import Compression, TableValues, table_constraints
from zkharvest.verifier.description import Constraint, Table
from zkharvest.verifier.messages import LookupChallenges

ROWS = 32
PUBLICS = (7, P - 2)


def draw(*shape, seed):
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def element(seed):
    return tuple(int(c) for c in draw(5, seed=seed))


CHALLENGES = LookupChallenges(element(1), element(2), element(3))
DELTA = element(4)
POWERS = np.array(ext.powers(DELTA, 40), dtype=np.uint64)

_SQUARES = [("mul", i, i) for i in range(4)]
_MATRIX = [
    ("lin", 3 * j, ((1, 4 + j), *((int(k), 8 + i) for i, k in enumerate(draw(4, seed=20 + j))))) for j in range(4)
]
MATRIX = Table(
    "matrix",
    tuple("abcdefgh"),
    (),
    (*[("col", i, 0) for i in range(8)], *_SQUARES, *_MATRIX, ("public", 0), ("sub", 0, 16), ("add", 8, 0),
     ("sub", 12, 13)),
    tuple(Constraint(str(node), "all", node) for node in (12, 13, 14, 15, 17, 18, 19, 8)),
    (), (), (), (),
)  # fmt: skip
"""Sums of the same squares, one of them needed elsewhere too, and sums of other nodes."""

ALONE = replace(MATRIX, nodes=MATRIX.nodes[:16], constraints=MATRIX.constraints[:4])
TABLES = {"walk": DESCRIPTION.tables[0], "plain": DESCRIPTION.tables[1], "matrix": MATRIX, "alone": ALONE}


def by_rows(table, main, public, aux, selectors, of, top):
    """The sums of classes top, ..., 1 in every row."""
    compression = Compression(CHALLENGES, DESCRIPTION)
    found = []
    for row in range(ROWS):
        here, after = ([int(x) for x in main[(row + off) % ROWS]] for off in (0, 1))
        known, later = ([int(x) for x in public[(row + off) % ROWS]] for off in (0, 1))
        helpers = [tuple(int(c) for c in value) for value in aux[row].reshape(-1, 5)]
        phi_after = tuple(int(c) for c in aux[(row + 1) % ROWS, -5:])
        values = TableValues(
            [ext.from_base(x) for x in here], dict(enumerate(map(ext.from_base, after))),
            [ext.from_base(x) for x in known], [ext.from_base(x) for x in later],
            helpers[:-1], helpers[-1], phi_after, element(5),
        )  # fmt: skip
        sums = dict.fromkeys(range(top, 0, -1), ext.ZERO)
        for k, (where, value) in enumerate(table_constraints(table, values, PUBLICS, compression, ROWS)):
            factor = 1 if where == "all" else int(selectors[row, made.SELECTED[where]])
            term = ext.mul(ext.power(DELTA, k), ext.scale(value, factor))
            sums[of[k]] = ext.add(sums[of[k]], term)
        found.append([c for value in sums.values() for c in value])
    return found


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("top", [2, 3])
def test_sums_by_class_are_the_verifiers(name, shift, top):
    """Any assignment of classes will do: each level's part must have all that its constraints need."""
    table = TABLES[name]
    main, public = draw(ROWS, len(table.columns), seed=6), draw(ROWS, len(table.public_columns), seed=7)
    aux, selectors = draw(ROWS, 5 * table.extension_columns, seed=8), draw(ROWS, 3, seed=9)
    of = [1 + (shift + k // 4) % top for k in range(table.constraint_count)]
    share = ext.scale(element(5), pow(ROWS, -1, P))
    tape = made.constraint_tape(table, PUBLICS, CHALLENGES, POWERS[: len(of)], share, of, top)
    expected = np.array(by_rows(table, main, public, aux, selectors, of, top))
    views = [View(field.to_mont(matrix)) for matrix in (main, public, aux, selectors)]
    for least in range(1, top + 1):
        out = field.empty(ROWS, 5 * (top - least + 1))
        tape.at_least(least, out.shape[1]).run(views, ROWS, View(out))
        assert np.array_equal(field.from_mont(out), expected[:, : out.shape[1]])


def test_a_node_of_many_sums_is_weighed_once():
    """Four rows of a matrix are never computed, but two are where another constraint needs the other two."""
    of = [1] * MATRIX.constraint_count
    apart = made._linear_terms(MATRIX, of)
    assert [len(apart[k][1]) for k in range(4)] == [1] * 4
    assert [len(terms) for _, terms in made._linear_terms(ALONE, of).values()] == [5] * 4
    assert [len(terms) for _, terms in made._linear_terms(ALONE, [1, 2, 3, 4]).values()] == [1] * 4


def test_what_does_not_fit_on_four_cosets_is_refused():
    table = replace(MATRIX, nodes=(*MATRIX.nodes, ("mul", 8, 9), ("mul", 20, 1)))
    assert max(made.classes(table, 64, 3, 32).of) == 1
    table = replace(table, constraints=(Constraint("fifth", "all", 21),))
    with pytest.raises(ValueError, match="4 N"):
        made.classes(table, 64, 3, 32)
    assert made.classes(table, 64, 0, 64).of == (3, 1)
