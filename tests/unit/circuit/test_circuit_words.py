"""Integers of many bytes as arrays, against Python's integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.circuit.lot_machine import words

QUANTITY, MONEY, UNIT = 2**112, 2**64, 2**160
quantities = st.one_of(st.sampled_from([1, 255, 256, 2**64 - 1, 2**64, QUANTITY - 1]), st.integers(1, QUANTITY - 1))
moneys = st.one_of(st.sampled_from([0, 1, 255, 256, MONEY - 1]), st.integers(0, MONEY - 1))


def octets(values, count):
    """(n, count) little-endian bytes, by Python."""
    return np.array([list(v.to_bytes(count, "little")) for v in values], np.int64)


def number(row, bits):
    return sum(int(x) << (bits * i) for i, x in enumerate(row))


@given(st.lists(quantities, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_bytes_lanes_and_limbs_hold_the_number(values):
    low = np.array([v % 2**64 for v in values], np.uint64)
    high = np.array([v >> 64 for v in values], np.uint64)
    out = words.to_bytes(low, high, 14)
    assert (out == octets(values, 14)).all()
    lanes = words.lanes24(out)
    assert lanes.shape[1] == 5
    assert [number(r, 24) for r in lanes] == values
    assert (words.from_lanes24(lanes, 14) == out).all()
    limbs = words.limbs16(out)
    assert [number(r, 16) for r in limbs] == values
    assert (words.from_limbs16(limbs) == out).all()


@given(st.lists(moneys, min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_one_word_is_enough_for_money(values):
    out = words.to_bytes(np.array(values, np.uint64), None, 8)
    assert [number(r, 8) for r in out] == values
    assert [number(r, 24) for r in words.lanes24(out)] == values


@given(st.lists(st.integers(0, 2**45 - 1), min_size=1, max_size=5))
def test_instants_have_three_limbs(values):
    assert [number(r, 15) for r in words.limbs15(np.array(values, np.int64))] == values


@given(st.lists(st.tuples(quantities, quantities), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_subtracting_borrows_as_on_paper(pairs):
    whole, part = [max(p) for p in pairs], [min(p) for p in pairs]
    rest, carries = words.subtract(words.limbs16(octets(whole, 14)), words.limbs16(octets(part, 14)))
    assert [number(r, 16) for r in rest] == [w - p for w, p in zip(whole, part, strict=True)]
    assert set(carries.flatten().tolist()) <= {0, 1}
    assert (carries[:, -1] == 0).all()
    p, w = (words.limbs16(octets(x, 14)) for x in (part, whole))
    carried = np.concatenate((np.zeros((len(w), 1), np.int64), carries[:, :-1]), axis=1)
    assert (p + rest + carried == w + (carries << 16)).all()


@given(st.lists(st.tuples(moneys, quantities, quantities), min_size=1, max_size=4))
@settings(max_examples=80, deadline=None)
def test_a_quotient_leaves_the_remainder_and_carries_of_the_circuit(triples):
    """a * b = q * c + r, column by column of two bytes, with carries that fit the circuit's 15-bit check."""
    triples = [(a, min(b, c), max(b, c)) for a, b, c in triples]
    check_division(triples, [a * b // c for a, b, c in triples])


@given(st.lists(st.tuples(moneys, quantities), min_size=1, max_size=4))
@settings(max_examples=80, deadline=None)
def test_unit_bases_divide_alike(pairs):
    check_division([(a, 2**96, c) for a, c in pairs], [a * 2**96 // c for a, c in pairs])


def check_division(triples, quotients):
    a, b, c = (octets([t[i] for t in triples], size) for i, size in ((0, 8), (1, 14), (2, 14)))
    q = octets(quotients, 20)
    remainder, carries = words.divide_columns(a, b, q, c)
    assert [number(r, 8) for r in remainder] == [x * y % z for x, y, z in triples]
    assert carries.min() >= -(2**14)
    assert carries.max() < 2**14
    for row in range(len(triples)):
        carry = 0
        for m in range(17):
            column = carry
            for k in (0, 1):
                at = 2 * m + k
                column += 256**k * sum(int(a[row, i]) * int(b[row, at - i]) for i in range(8) if 0 <= at - i < 14)
                column -= 256**k * sum(int(q[row, i]) * int(c[row, at - i]) for i in range(20) if 0 <= at - i < 14)
            if m < 7:
                column -= int(words.limbs16(remainder)[row, m])
            carry = int(carries[row, m]) if m < 16 else 0
            assert column == carry << 16
            assert abs(column) < 2**31 - 2**24 - 1  # so the equation holds over the integers


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 6), min_size=1, max_size=6))
def test_comparing_marks_the_first_difference(rows):
    x, y = (np.array([r[i : i + 3] for r in rows], np.int64) for i in (0, 3))
    flags, gap = words.compare(x, y)
    for a, b, f, g in zip(x.tolist(), y.tolist(), flags.tolist(), gap.tolist(), strict=True):
        place = next((i for i in range(3) if a[i] != b[i]), None)
        assert f == [int(i == place) for i in range(3)]
        assert g == (0 if place is None else b[place] - a[place])
