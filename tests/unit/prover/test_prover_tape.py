"""Tapes against plain integers: random expressions, the next row, constants, extension arithmetic, registers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.prover import field, plain
from zkharvest.prover.check import node_values
from zkharvest.prover.nodes import Nodes
from zkharvest.prover.plain import P
from zkharvest.prover.tape import AUX, MAIN, PUBLIC, Assembler, View, coordinates
from zkharvest.prover.tape_kernel import BLOCK_ROWS, STRIDE
from zkharvest.verifier.description import Table

COLUMNS, PUBLIC_COLUMNS, PUBLICS = 20, 2, (7, P - 3)
constants = st.one_of(st.sampled_from([0, 1, 2, P - 1, (P + 1) // 2]), st.integers(0, P - 1))


@st.composite
def node_lists(draw):
    nodes = [("col", draw(st.integers(0, COLUMNS - 1)), draw(st.integers(0, 1)))]
    for i in range(1, draw(st.integers(5, 60))):
        before = st.integers(0, i - 1)
        kind = draw(st.sampled_from(["const", "col", "pub", "public", "add", "sub", "mul", "mul", "lin", "lin"]))
        if kind in ("add", "sub", "mul"):
            nodes.append((kind, draw(before), draw(before)))
        elif kind == "lin":
            terms = draw(st.lists(st.tuples(constants, before), max_size=6))
            nodes.append((kind, draw(constants), tuple(terms)))
        elif kind == "const":
            nodes.append((kind, draw(constants)))
        elif kind == "public":
            nodes.append((kind, draw(st.integers(0, 1))))
        else:
            limit = COLUMNS if kind == "col" else PUBLIC_COLUMNS
            nodes.append((kind, draw(st.integers(0, limit - 1)), draw(st.integers(0, 1))))
    return tuple(nodes)


def table_of(nodes):
    return Table("t", ("c",) * COLUMNS, ("p",) * PUBLIC_COLUMNS, nodes, (), (), (), (), ())


def words(shape, seed):
    return np.random.default_rng(seed).integers(0, P, shape, dtype=np.uint32)


def run(assembler, result, width, height, main, public=None, aux=None):
    out = field.empty(height, width)
    views = [None if matrix is None else View(field.to_mont(matrix)) for matrix in (main, public, aux, None)]
    assert assembler.finish(result, width).run(views, height, View(out))
    return field.from_mont(out)


def by_integers(nodes, main, public, row):
    """Every node in one row, in Python integers."""
    values = []
    for kind, *rest in nodes:
        if kind in ("col", "pub"):
            matrix = main if kind == "col" else public
            values.append(int(matrix[(row + rest[1]) % len(matrix), rest[0]]))
        elif kind == "lin":
            values.append((rest[0] + sum(k * values[a] for k, a in rest[1])) % P)
        elif kind in ("const", "public"):
            values.append(rest[0] if kind == "const" else PUBLICS[rest[0]])
        else:
            a, b = values[rest[0]], values[rest[1]]
            values.append((a + b if kind == "add" else a - b if kind == "sub" else a * b) % P)
    return values


@settings(max_examples=60, deadline=None)
@given(nodes=node_lists(), data=st.data(), height=st.sampled_from([32, 64, BLOCK_ROWS, BLOCK_ROWS + 32]))
def test_random_expressions(nodes, data, height):
    main, public = words((height, COLUMNS), 1), words((height, PUBLIC_COLUMNS), 2)
    roots = data.draw(st.lists(st.integers(0, len(nodes) - 1), min_size=1, max_size=20))
    assembler = Assembler((COLUMNS, PUBLIC_COLUMNS, 0, 0))
    compiled = Nodes(assembler, table_of(nodes), PUBLICS, roots)
    result = assembler.allocate(len(roots))
    for k, root in enumerate(roots):
        known = compiled.known(root)
        if known is not None and k % 2:
            assembler.fill(result + k * STRIDE, known)
        else:
            assembler.add_constant(result + k * STRIDE, compiled.operand(root), 0)
        compiled.done(root)
    found = run(assembler, result, len(roots), height, main, public)
    for row in (0, 1, height // 2, height - 1):
        expected = by_integers(nodes, main, public, row)
        assert found[row].tolist() == [expected[root] for root in roots]
    columns = {
        node: np.roll((main if node[0] == "col" else public)[:, node[1]], -node[2]).astype(np.uint64)
        for node in nodes
        if node[0] in ("col", "pub")
    }
    twin = node_values(table_of(nodes), PUBLICS, columns, height)
    assert all(np.array_equal(found[:, k], twin[root]) for k, root in enumerate(roots))


@pytest.mark.parametrize("more", [[], [3]])
def test_what_stands_behind_nothing_is_not_computed(more):
    """A public value of 0 makes a root a constant; what it multiplies is computed only where it is needed."""
    nodes = (("public", 0), ("col", 0, 0), ("col", 1, 1), ("mul", 1, 2), ("mul", 0, 3), ("sub", 3, 1))
    roots, main = [4, *more, 4], words((64, COLUMNS), 5)
    assembler = Assembler((COLUMNS, PUBLIC_COLUMNS, 0, 0))
    compiled = Nodes(assembler, table_of(nodes), (0, 5), roots)
    result = assembler.allocate(len(roots))
    for k, root in enumerate(roots):
        assembler.add_constant(result + k * STRIDE, compiled.operand(root), 0)
        compiled.done(root)
    found = run(assembler, result, len(roots), 64, main, words((64, PUBLIC_COLUMNS), 2))
    product = main[:, 0].astype(object) * np.roll(main[:, 1], -1).astype(object) % P
    for k, root in enumerate(roots):
        assert found[:, k].tolist() == ([0] * 64 if root == 4 else product.tolist())


def test_a_view_of_every_fourth_row_wraps_around():
    matrix = words((4 * 64, 40), 3)
    assembler = Assembler((5, 0, 0, 0))
    result = assembler.allocate(2)
    assembler.add_constant(result, assembler.column(MAIN, 4), 0)
    assembler.add_constant(result + STRIDE, assembler.column(MAIN, 4, 1), 0)
    out = np.zeros((64, 7), dtype=np.uint32)
    views = (View(field.to_mont(matrix), column=30, first=3, step=4), None, None, None)
    assembler.finish(result, 2).run(views, 64, View(out, column=5))
    own = matrix[3::4, 34]
    assert np.array_equal(field.from_mont(out[:, 5].copy()), own)
    assert np.array_equal(field.from_mont(out[:, 6].copy()), np.roll(own, -1))
    assert not out[:, :5].any()


def test_extension_instructions():
    height = 64
    main = words((height, 16), 4)
    k = 10
    assembler = Assembler((16, 0, 0, 0))
    first, second = assembler.column(MAIN, 0), assembler.column(MAIN, 5)
    result = assembler.allocate(30)
    at = [result + 5 * STRIDE * i for i in range(6)]
    assembler.extension_mul(at[0], first, second)
    assembler.extension_scale(at[1], first, assembler.column(MAIN, k))
    assembler.extension_inverse(at[2], first)
    assembler.extension_add(at[3], first, second)
    assembler.extension_sub(at[4], first, second)
    e, f, c = (1, 2, 3, 4, 5), (P - 1, 0, P - 2, 7, 1), (9, 8, 7, 6, 5)
    assembler.extension_lin(at[5], c, [(e, assembler.column(MAIN, k)), (f, assembler.column(MAIN, 11))])
    assembler.extension_lin(at[5], plain.EXT_ZERO, [(f, assembler.column(MAIN, k))] * 3, onto=True)
    found = run(assembler, result, 30, height, main).reshape(height, 6, 5).tolist()
    for row in range(height):
        x, y = main[row, :5].tolist(), main[row, 5:10].tolist()
        s, t = ([int(main[row, j]), 0, 0, 0, 0] for j in (k, 11))
        total = plain.ext_add(c, plain.ext_add(plain.ext_mul(e, s), plain.ext_mul(f, t)))
        for _ in range(3):
            total = plain.ext_add(total, plain.ext_mul(f, s))
        expected = [
            plain.ext_mul(x, y),
            plain.ext_mul(x, s),
            plain.ext_inverse(x),
            plain.ext_add(x, y),
            plain.ext_sub(x, y),
            total,
        ]
        assert found[row] == [list(value) for value in expected]


@pytest.mark.parametrize("terms", [1, 2, 3, 4, 5, 6, 101])
def test_largest_values_do_not_overflow(terms):
    """Sums of products of p - 1 stay exact however long they are."""
    height = 32
    main = np.full((height, terms), P - 1, dtype=np.uint32)
    assembler = Assembler((terms, 0, 0, 0))
    result = assembler.allocate(18)
    registers = [assembler.column(MAIN, j) for j in range(terms)]
    worst = field.unmont(P - 1)  # whose representative is the largest
    assembler.lin(result, worst, [(worst, r) for r in registers])
    assembler.extension_lin(result + STRIDE, (worst,) * 5, [((worst,) * 5, r) for r in registers])
    assembler.lin(result + 6 * STRIDE, worst, [])
    assembler.extension_lin(result + 7 * STRIDE, (worst,) * 5, [])
    largest = result + 13 * STRIDE
    assembler.extension_lin(largest, (worst,) * 5, [])
    assembler.extension_mul(largest, largest, largest)
    found = run(assembler, result, 18, height, main)
    assert (found[:, :6] == (worst - terms * worst) % P).all()
    assert (found[:, 6:12] == worst).all()
    assert (found[:, 13:] == plain.ext_mul((worst,) * 5, (worst,) * 5)).all()


def test_a_zero_that_is_inverted_is_reported():
    main = words((64, 5), 5)
    main[63] = 0
    assembler = Assembler((0, 0, 5, 0))
    result = assembler.extension()
    assembler.extension_inverse(result, assembler.column(AUX, 0))
    out = field.empty(64, 5)
    tape = assembler.finish(result, 5)
    assert not tape.run((None, None, View(field.to_mont(main)), None), 64, View(out))
    assert not out[63].any()
    main[63, 4] = 1
    assert tape.run((None, None, View(field.to_mont(main)), None), 64, View(out))


def test_registers_are_used_again():
    """A chain of a thousand products needs a handful of registers."""
    nodes = [("col", 0, 0), *(("mul", i, 0) for i in range(1000))]
    assembler = Assembler((COLUMNS, PUBLIC_COLUMNS, 0, 0))
    compiled = Nodes(assembler, table_of(tuple(nodes)), PUBLICS, [1000])
    result = compiled.operand(1000)
    tape = assembler.finish(result, 1)
    assert tape.registers <= 32 + 16 + 3 + 15
    main = words((32, COLUMNS), 6)
    found = run_tape(tape, main)
    assert found.tolist() == [[pow(int(x), 1001, P)] for x in main[:, 0]]


def run_tape(tape, main):
    out = field.empty(len(main), tape.result_width)
    public = np.zeros((len(main), PUBLIC_COLUMNS), dtype=np.uint32)
    tape.run((View(field.to_mont(main)), View(public), None, None), len(main), View(out))
    return field.from_mont(out)


def test_what_does_not_fit_is_refused():
    assembler = Assembler((4, 0, 0, 0))
    with pytest.raises(ValueError, match="no column"):
        assembler.column(MAIN, 4)
    with pytest.raises(ValueError, match="no column"):
        assembler.column(PUBLIC, 0)
    with pytest.raises(ValueError, match="constant"):
        assembler.extension_lin(assembler.extension(), plain.EXT_ONE, [], onto=True)
    result = assembler.allocate(1)
    tape = assembler.finish(result, 1)
    main, out = np.zeros((64, 4), dtype=np.uint32), np.zeros((64, 1), dtype=np.uint32)
    for views, height, target in (
        ((View(main), None, None, None), 48, View(out)),
        ((View(main), None, None, None), 128, View(out)),
        ((View(main, column=1), None, None, None), 64, View(out)),
        ((View(main, first=1), None, None, None), 64, View(out)),
        ((View(main[:, :3]), None, None, None), 64, View(out)),
        ((None, None, None, None), 64, View(out)),
        ((View(main), None, None, None), 64, View(out[:32])),
    ):
        with pytest.raises(ValueError, match=r"missing|multiple of|are not in"):
            tape.run(views, height, target)


@pytest.mark.parametrize("least", [0, 1, 2])
def test_a_level_s_part_computes_what_the_whole_does_and_no_more(least):
    """Columns of higher levels alone are brought, so that the others may even be missing."""
    nodes = (
        ("col", 0, 0), ("col", 17, 1), ("col", 19, 0), ("mul", 0, 1), ("mul", 1, 1), ("lin", 5, ((3, 3), (1, 4))),
        ("mul", 2, 2), ("sub", 6, 1), ("mul", 4, 4),
    )  # fmt: skip
    roots = {8: 2, 5: 1, 7: 0}  # by level, the highest first
    main = words((64, COLUMNS), 8)
    assembler = Assembler((COLUMNS, PUBLIC_COLUMNS, 0, 0))
    compiled = Nodes(assembler, table_of(nodes), PUBLICS, list(roots), list(roots.values()))
    result = assembler.allocate(3)
    for k, (root, level) in enumerate(roots.items()):
        assembler.level = level
        operand = compiled.operand(root)
        assert assembler.level == level
        assembler.add_constant(result + k * STRIDE, operand, 0)
        compiled.done(root)
    whole = assembler.finish(result, 3)
    part = whole.at_least(least, 3 - least)
    if least == 2:
        main[:, :16] = 0
    out = field.empty(64, 3 - least)
    part.run((View(field.to_mont(main)), View(main), None, None), 64, View(out))
    expected = by_integers(nodes, main, main, 5)
    assert field.from_mont(out)[5].tolist() == [expected[root] for root in roots][: 3 - least]
    assert len(part.code) <= len(whole.code) - 4 * least
    assert len(part.loads) == (1 if least == 2 else 2)


def test_coordinates_are_neighbouring_registers():
    assert list(coordinates()) == [0, STRIDE, 2 * STRIDE, 3 * STRIDE, 4 * STRIDE]
