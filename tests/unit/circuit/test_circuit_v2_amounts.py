"""Amounts of the machine's rows are filled by a kernel: each cell against Python's integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.circuit.lot_machine.v2.steps import amounts_kernel as kernel
from zkharvest.circuit.lot_machine.v2.steps.amounts import _inverses_up_to
from zkharvest.spec import P

QUANTITY, MONEY = 2**112, 2**64
quantities = st.one_of(st.sampled_from([1, 255, 256, 2**64 - 1, 2**64, QUANTITY - 1]), st.integers(1, QUANTITY - 1))
moneys = st.one_of(st.sampled_from([0, 1, 255, 256, MONEY - 1]), st.integers(0, MONEY - 1))
INVERSES = _inverses_up_to(14 * 255)
SIZES = {"a": 8, "b": 14, "c": 14, "q": 20, "r": 14, "e": 14, "g": 8}
FIRST = {name: getattr(kernel, name.upper()) for name in SIZES}
REST = kernel.LINE + 1
PAIRED = (Op.TAKE, Op.OUT, Op.DROP)
AMOUNTS = ("part", "lot", "rest", "lot_value", "part_value", "rest_value", "close_value")


def words_of(values, count):
    return [np.array([v >> 64 * k & (1 << 64) - 1 for v in values], np.uint64) for k in range(count)]


def filled(ops, *, alone=False, fill=None):
    """The rows (n, columns) of operations, dicts of `op` and amounts: each has two rows, a unit and a token."""
    n = len(ops)

    def of(name, default=0):
        return [one.get(name, default) for one in ops]

    number, none = np.arange(n), np.full(n, -1)
    cells = np.zeros((REST + 8, 2 * n), np.uint32)
    two = [word for name in AMOUNTS[:3] for word in words_of(of(name), 2)]
    one = [words_of(of(name), 1)[0] for name in AMOUNTS[3:]]
    does = np.array(of("op"), np.int64)
    end = 2 * number + (np.isin(does, PAIRED) & (not alone))
    unit = [np.stack(words_of(of(name), 3), axis=1) for name in ("unit", "token_unit")]
    token = [*words_of(of("token_quantity"), 2), words_of(of("token_value"), 1)[0]]
    args = (
        cells, 0, np.arange(REST, REST + 8), INVERSES, does, 2 * number, end, np.array(of("record", -1)),
        none if alone else number, number, np.array(of("emptied")), *two, *one, *unit, *token,
    )  # fmt: skip
    (fill or kernel.fill)(0, n, *args)
    return cells.T


def number(row, first, count, bits=8):
    return sum(int(x) << bits * k for k, x in enumerate(row[first : first + count]))


def signed(value):
    return int(value) - P if value > P // 2 else int(value)


def check(row, *, divides=False, counted=False, valued=False, inverse=None, **expected):
    """A row has these numbers, and what follows from them; all else is 0."""
    found = {name: number(row, FIRST[name], size) for name, size in SIZES.items()}
    assert (row[: kernel.E + 22] < 256).all()
    a, b, c, q = (expected.get(name, 0) for name in "abcq")
    assert found == {
        "a": a, "b": b, "c": c, "q": q, "r": a * b - q * c if divides else 0,
        "e": c - b if counted else 0, "g": a - (q & MONEY - 1) if valued else 0,
    }  # fmt: skip
    assert row[kernel.BORROW_E : kernel.BORROW_G].tolist() == (borrows(c, b, 7) if counted else [0] * 6)
    assert row[kernel.BORROW_G : kernel.FLAGS].tolist() == (borrows(a, q, 4) if valued else [0] * 3)
    if divides:
        check_division(row)
    else:
        assert not row[kernel.CARRY : kernel.BORROW_E].any()
        assert not row[kernel.FLAGS : kernel.LINE].any()
    assert row[kernel.LEFT_INVERSE] == (0 if inverse is None else INVERSES[inverse])


def borrows(whole, part, limbs):
    """The carries of part + rest, limb by limb, but the last."""
    low = [(1 << 16 * (m + 1)) - 1 for m in range(limbs - 1)]
    return [int((part & mask) > (whole & mask)) for mask in low]


def check_division(row):
    """a * b = q * c + r, column by column of two bytes, with carries that fit 15 bits; r is below c."""
    octets = {name: [int(x) for x in row[FIRST[name] : FIRST[name] + size]] for name, size in SIZES.items()}
    carries = [signed(x) for x in row[kernel.CARRY : kernel.BORROW_E]]
    assert -(2**14) <= min(carries) <= max(carries) < 2**14
    carry = 0
    for m in range(17):
        column = carry
        for at in (2 * m, 2 * m + 1):
            for one, other, sign in (("a", "b", 1), ("q", "c", -1)):
                terms = (x * octets[other][at - i] for i, x in enumerate(octets[one]) if 0 <= at - i < 14)
                column += sign * 256 ** (at % 2) * sum(terms)
            column -= 256 ** (at % 2) * (octets["r"][at] if at < 14 else 0)
        carry = carries[m] if m < 16 else 0
        assert column == carry << 16
        assert abs(column) < P  # so the equation holds over the integers
    r, c = (number(row, FIRST[name], 14) for name in "rc")
    lane = next(k for k in range(5) if r >> 24 * (4 - k) != c >> 24 * (4 - k))
    gap = (c >> 24 * (4 - lane)) - (r >> 24 * (4 - lane)) - 1
    assert row[kernel.FLAGS : kernel.LOW].tolist() == [int(k == lane) for k in range(5)]
    assert [row[kernel.LOW], row[kernel.HIGH]] == [gap & 0x7FFF, gap >> 15]


def digits(value):
    return sum(value.to_bytes(14, "little"))


@given(st.lists(st.tuples(quantities, quantities, quantities, moneys, moneys, st.booleans()), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_parts_of_lots_and_of_records(drawn):
    ops = []
    for n, (x, y, more, lot_value, rest_value, emptied) in enumerate(drawn):
        part, lot = min(x, y), max(x, y)
        rest = max(part, more)
        ops.append({
            "op": PAIRED[n % 3], "record": 0, "part": part, "lot": lot, "rest": rest, "lot_value": lot_value,
            "part_value": lot_value * part // lot, "rest_value": rest_value,
            "close_value": rest_value * part // rest, "emptied": int(emptied),
        })  # fmt: skip
    rows = filled(ops)
    for n, one in enumerate(ops):
        first, second = rows[2 * n], rows[2 * n + 1]
        left = None if one["emptied"] else digits(one["lot"] - one["part"])
        check(
            first, divides=True, counted=True, valued=True, inverse=left, a=one["lot_value"], b=one["part"],
            c=one["lot"], q=one["part_value"],
        )  # fmt: skip
        of_record = {"counted": True, "inverse": digits(one["part"]), "b": one["part"], "c": one["rest"]}
        if one["op"] == Op.TAKE:
            of_record |= {"divides": True, "valued": True, "a": one["rest_value"], "q": one["close_value"]}
        elif one["op"] == Op.OUT:
            of_record |= {"a": one["part_value"]}
        check(second, **of_record)
        for row in (first, second):
            assert number(row, REST, 5, 24) == one["rest"]
            assert number(row, REST + 5, 3, 24) == one["rest_value"]


@given(st.lists(st.tuples(moneys, quantities, moneys, quantities), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_what_is_opened_loaded_carried_out_and_arrives(drawn):
    kinds = (Op.OPEN, Op.LOAD, Op.CLOSE, Op.LOAD_TOKEN, Op.CLOSE_TOKEN, Op.ARRIVE, Op.SKIP)
    ops = [
        {
            "op": op, "record": 0 if op in (Op.OPEN, Op.ARRIVE, Op.SKIP) else -1, "lot": lot, "lot_value": value,
            "unit": value * 2**96 // lot, "token_quantity": min(lot, other), "token_value": paid,
            "token_unit": paid * 2**96 // other, "rest": max(lot, other), "rest_value": paid,
        }
        for op in kinds
        for value, lot, paid, other in drawn
    ]  # fmt: skip
    rows = filled(ops)
    for n, one in enumerate(ops):
        lot = {"a": one["lot_value"], "c": one["lot"]}
        token = {"a": one["token_value"], "b": one["token_quantity"]}
        expected = {
            Op.OPEN: {**lot, "b": 2**96, "q": one["unit"], "divides": True},
            Op.LOAD: {**lot, "q": one["unit"]},
            Op.CLOSE: lot,
            Op.LOAD_TOKEN: {**token, "q": one["token_unit"]},
            Op.CLOSE_TOKEN: token,
            Op.ARRIVE: {**token, "c": one["rest"], "counted": True},
            Op.SKIP: {},
        }
        check(rows[2 * n], **expected[one["op"]])
        assert number(rows[2 * n], REST, 5, 24) == (one["rest"] if one["record"] >= 0 else 0)
        assert not rows[2 * n + 1].any()


def test_coins_without_a_lot_take_one_row():
    """Universal pooling: no lot is taken, the record is counted down on the only row."""
    one = {"op": Op.OUT, "record": 3, "part": 300, "rest": 70000, "part_value": 0, "rest_value": 9}
    first, second = filled([one], alone=True)
    check(first, counted=True, b=300, c=70000, inverse=digits(300))
    assert not second.any()


@pytest.mark.parametrize("parts", [(0, 1), (0, 3), (1, 3), (2, 2)])
def test_operations_may_be_filled_in_any_ranges(parts):
    ops = [
        {"op": Op.OPEN, "record": n, "lot": n + 3, "lot_value": 7 * n, "unit": 7 * n * 2**96 // (n + 3)}
        for n in range(3)
    ]
    whole = filled(ops)
    some = filled(ops, fill=lambda _start, _stop, *args: kernel.fill(*parts, *args))
    expected = np.zeros_like(whole)
    expected[2 * parts[0] : 2 * parts[1]] = whole[2 * parts[0] : 2 * parts[1]]
    assert np.array_equal(some, expected)
