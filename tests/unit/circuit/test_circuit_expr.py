"""Expressions in normal form, and the numbering of their nodes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adversary.kit.evaluate import value
from zkharvest.circuit.expr import Cell, Emitter, Expr, P, lift, mixed, shifted, total

COLUMNS = [Cell("col", i, f"c{i}") for i in range(4)]
SCALAR = Expr(0, {("public", 0): 1})
GIVEN = Cell("pub", 0, "given")
PUBLIC = {"given": [(5, 7)], "publics": [11]}


def emitted(expr, now, after):
    """The value of an expression from its numbered nodes, as a description's reader computes it."""
    out = Emitter()
    last = out.emit(expr)
    values = []
    for node in out.nodes:
        match node:
            case ["const", c]:
                values.append(c)
            case ["col", i, off]:
                values.append((after if off else now)[i])
            case ["pub", i, off]:
                values.append(PUBLIC["given"][i][off])
            case ["public", i]:
                values.append(PUBLIC["publics"][i])
            case ["mul", a, b]:
                values.append(values[a] * values[b] % P)
            case ["lin", c, pairs]:
                values.append((c + sum(k * values[a] for k, a in pairs)) % P)
    return values[last]


@st.composite
def programs(draw):
    """Steps of a straight-line program: operation, two places among what is there, a constant."""
    step = st.tuples(st.sampled_from("+-*kns"), st.integers(0, 20), st.integers(0, 20), st.integers(-3, P))
    return draw(st.lists(step, min_size=1, max_size=12))


def run(program, leaves, limit=4):
    """Run it over expressions or over numbers; products above the degree limit become sums."""
    pool, degree = list(leaves), [1] * len(leaves)
    for op, first, second, k in program:
        i, j = first % len(pool), second % len(pool)
        a, b = pool[i], pool[j]
        multiply = op == "*" and degree[i] + degree[j] <= limit
        pool.append(a * b if multiply else {"-": a - b, "k": a * k, "n": -a, "s": k - a}.get(op, a + b))
        degree.append(degree[i] + degree[j] if multiply else max(degree[i], degree[j]))
    return pool[-1], degree[-1]


@given(programs(), st.lists(st.integers(0, P - 1), min_size=8, max_size=8))
@settings(max_examples=150, deadline=None)
def test_arithmetic_is_that_of_the_field(program, cells):
    now, after = cells[:4], cells[4:]
    expr, bound = run(program, [*COLUMNS, COLUMNS[0].next, COLUMNS[3].next, GIVEN, SCALAR])
    number, _ = run(program, [*now, after[0], after[3], 5, 11])
    assert value(expr, now, after, **PUBLIC) == emitted(expr, now, after) == number % P
    assert expr.degree <= bound <= 4


def test_sums_never_nest_and_cancel_to_nothing():
    a, b = COLUMNS[:2]
    assert (a + b + a - b).terms == (a * 2).terms
    assert (a - a) == lift(0)
    assert (a * b - a * b).degree == 0
    assert total([a, 3, b, a]) == a * 2 + b + 3
    assert a * P == lift(0)
    assert (a + (P + 5)).const == 5


def test_equal_expressions_are_equal_however_written():
    a, b = COLUMNS[:2]
    assert 2 * a + b == b + a + a
    assert hash(2 * a + b) == hash(b + a + a)
    assert a + 1 != a
    assert a.__eq__(1) is NotImplemented


def test_what_is_known_beforehand_has_no_degree():
    a = COLUMNS[0]
    assert (a * lift(7)).degree == (lift(7) * a).degree == 1
    assert (a * SCALAR).degree == 1  # a public scalar is known when degrees are counted
    assert (GIVEN * a).degree == 2  # a public column is a polynomial
    assert (a * a * (a + 1) * GIVEN.next).degree == 4


def test_shifting_reads_the_next_row():
    a, b = COLUMNS[:2]
    expr = shifted(a * b + GIVEN - SCALAR + 4)
    assert expr == a.next * b.next + GIVEN.next - SCALAR + 4
    with pytest.raises(ValueError, match="one row ahead"):
        shifted(a.next + b)


def test_equal_nodes_get_one_number():
    a, b = COLUMNS[:2]
    out = Emitter()
    first = out.emit(a * b + a)
    count = len(out.nodes)
    assert out.emit(a + a * b) == first
    assert len(out.nodes) == count
    assert out.emit(a + 0) == out.emit(a)  # no node for a sum of one
    assert out.emit(a * b) < first


def test_a_matrix_times_expressions_is_the_sums_of_products():
    cells = [Cell("col", i, f"c{i}") for i in range(4)]
    exprs = [cells[0] + 5, cells[1] * cells[2] - cells[0], 3 * cells[3], lift(7), cells[0] - cells[0]]
    matrix = [[1, P - 1, 2, 3, 4], [0, 0, 0, 0, 9], [P - 1] * 5, [-1, 2**40, 0, 0, 1]]
    found = mixed(matrix, exprs)
    assert found == [total(e * k for e, k in zip(exprs, row, strict=True)) for row in matrix]
    order = list(dict.fromkeys(atom for e in exprs for atom in e.terms))  # nodes are numbered by it
    for one, row in zip(found, matrix, strict=True):
        assert list(one.terms) == [atom for atom in order if atom in one.terms], row
