"""What fills v2's tables: posts read off a table's own interactions, registers of a standing, how tall a link is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.hashes import hashed, record, standing
from tests.support.register_runs import classes
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.lot_machine.v2 import limits
from zkharvest.circuit.lot_machine.v2.buses import LOG_ROWS
from zkharvest.circuit.lot_machine.v2.posts import CHUNK, posted
from zkharvest.circuit.lot_machine.v2.sums.fill import lane_values
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, GROUPS, SLOTS
from zkharvest.circuit.lot_machine.v2.sums.registers import Registers, registers
from zkharvest.errors import InputError
from zkharvest.spec import P


def posting_table():
    """A table that posts twice a row, with a cell of the next and a scalar, and once on another bus."""
    circuit = Circuit("posts", 1, degree=4, log_rows=LOG_ROWS, tallies=SLOTS)
    bus, other = circuit.bus("post", len(FIELDS)), circuit.bus("other", len(FIELDS))
    wallet = circuit.public("wallet")
    t = circuit.table("machine", "posts")
    level, byte, on = t.column("level"), t.column("byte"), t.column("on")
    rest = [0] * (len(FIELDS) - 3)
    t.post(bus, [level, level * wallet, byte.next, *rest], {0: on * byte, 5: -on + 0}, most=255)
    t.post(bus, [level + 1, 0, 0, *rest], {0: on * byte * byte.next}, most=255)
    t.post(other, [level, 0, 0, *rest], {0: on * byte}, most=255)
    return t, bus


@pytest.mark.parametrize("rows", [4, 2 * CHUNK + 8])
def test_posts_are_those_of_the_table(rows):
    table, bus = posting_table()
    rng = np.random.default_rng(rows)
    level, byte, on = rng.integers(1, 4, rows), rng.integers(0, 3, rows), rng.integers(0, 2, rows)
    on[-1] = 0
    cells = np.stack([level, byte, on]).astype(np.uint32)
    expected = {}
    for k in range(rows - 1):
        if not on[k]:
            continue
        one = expected.setdefault((int(level[k]), 7 * int(level[k]), int(byte[k + 1])), [0] * SLOTS)
        one[0] += int(byte[k])
        one[5] -= 1
        if byte[k] * byte[k + 1]:
            two = expected.setdefault((int(level[k]) + 1, 0, 0), [0] * SLOTS)
            two[0] += int(byte[k] * byte[k + 1])
    keys, slots = posted(table, bus, cells, rows - 1, {0: 7})
    found = {tuple(key[:3]): row for key, row in zip(keys.tolist(), slots.tolist(), strict=True)}
    assert found == expected
    assert not keys[:, 3:].any()
    assert len(posted(table, bus, cells, 0, {0: 7})[0]) == 0


def evaluated(expr, row, cells, publics):
    """An expression on a row, by Python's integers."""
    total = expr.const
    for atom, k in expr.terms.items():
        if atom[0] == "col":
            value = int(cells[atom[1], (row + atom[2]) % cells.shape[1]])
        elif atom[0] == "public":
            value = publics[atom[1]]
        else:
            value = evaluated(atom[1], row, cells, publics) * evaluated(atom[2], row, cells, publics)
        total += k * value
    return total % P


@pytest.mark.parametrize("rows", [1, 255, 257, 3000])
def test_any_expression_may_be_posted(rows):
    """Factors of all sizes, products of sums, scalars; many keys; weights around p/2."""
    circuit = Circuit("posts", 1, degree=4, log_rows=LOG_ROWS, tallies=SLOTS)
    bus, wallet = circuit.bus("post", len(FIELDS)), circuit.public("wallet")
    t = circuit.table("machine", "posts")
    a, b, c = t.column("a"), t.column("b"), t.column("c")
    some = a * 3 - b.next * (1 << 25) + c * (P // 2) + wallet * (P - 5) + 11
    fields = [a, a + 7, some, a * b.next, (a - b) * (c + wallet), some * some, wallet, 5, *[a] * (len(FIELDS) - 8)]
    near = c * (P // 2)  # 0, or p/2 less a half
    t.post(bus, fields, {0: near, 1: near + c, 2: -c, 3: c * some, 56: some}, most=None)
    t.collect(bus, fields, {3: c * b}, most=None)
    rng = np.random.default_rng(rows)
    cells = np.stack([rng.integers(0, 900, rows), rng.integers(0, P, rows), rng.integers(0, 2, rows)]).astype(np.uint32)
    cells[1] = np.where(np.arange(rows) % 3, 1, cells[1])  # some keys come again
    expected = {}
    for row in range(rows):
        for act in t.interactions:
            weights = {one.slot: evaluated(one.value, row, cells, {0: 7}) for one in act.weights}
            if any(weights.values()):
                key = tuple(evaluated(part, row, cells, {0: 7}) for part in act.message)
                slots = expected.setdefault(key, [0] * SLOTS)
                for slot, weight in weights.items():
                    slots[slot] += act.sign * (weight - P if weight > P // 2 else weight)
    keys, slots = posted(t, bus, cells, rows, {0: 7})
    assert len(keys) == len(expected)
    assert {tuple(key): row for key, row in zip(keys.tolist(), slots.tolist(), strict=True)} == expected


def test_a_post_of_what_is_no_cell_is_refused():
    circuit = Circuit("posts", 1, degree=4, log_rows=LOG_ROWS, tallies=SLOTS)
    bus = circuit.bus("post", len(FIELDS))
    t = circuit.table("machine", "posts")
    t.post(bus, [t.public_column("day")] + [0] * (len(FIELDS) - 1), {0: t.column("on")}, most=1)
    with pytest.raises(ValueError, match="no value is known"):
        posted(t, bus, np.zeros((1, 4), np.uint32), 4, {})


def test_registers_come_back_from_their_lanes():
    """Signs by group; then they are carried in as those that were never away."""
    out = classes().found.carried_out()
    back = Registers.of_lanes(out.keys, lane_values(out))
    assert (back.octets == out.octets).all()
    for group in GROUPS:
        assert [back.amount(n, group) for n in range(len(out.keys))] == [
            out.amount(n, group) for n in range(len(out.keys))
        ]
    nothing = np.zeros((0, len(FIELDS)), np.int64), np.zeros((0, SLOTS), np.int64)
    one, two = (registers(*nothing, opening=of, same_year=True) for of in (out, back))
    assert (one.keys == two.keys).all()
    assert (one.signed == two.signed).all()
    assert (lane_values(one)[one.prior == 1] == lane_values(out)).all()


@pytest.mark.parametrize(("counts", "pairs", "sums"), [((0,), 0, 0), ((1, 5), 3, 1), ((64, 0, 33), 1, 17)])
def test_rows_of_hashes_are_known_before(counts, pairs, sums):
    pages = [([record(n) for n in range(count)], bytes([number]) * 32) for number, count in enumerate(counts)]
    made = hashed(pages, standing(1, pairs, 0, sums), standing(2, 0, pairs, sums))
    expected = limits.page_rows(list(counts)) + 2 * (limits.pair_rows(pairs) + limits.pair_rows(sums))
    assert len(made.inputs) == expected


def test_what_is_too_tall_is_refused_before_anything_is_computed():
    limits.check_records([10_000] * 12)
    with pytest.raises(InputError, match="the records are too many for one proof: their pages and what is carried in"):
        limits.check_records([100_000] * 6)
    with pytest.raises(InputError, match="cut the year into links"):
        limits.check_records([10], carried=400_000)
