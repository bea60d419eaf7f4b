"""Integers of many bytes as arrays, against Python's integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.circuit.lot_machine import words

QUANTITY, MONEY = 2**112, 2**64
quantities = st.one_of(st.sampled_from([1, 255, 256, 2**64 - 1, 2**64, QUANTITY - 1]), st.integers(1, QUANTITY - 1))
moneys = st.one_of(st.sampled_from([0, 1, 255, 256, MONEY - 1]), st.integers(0, MONEY - 1))


def octets(values, count):
    """(n, count) little-endian bytes, by Python."""
    return np.array([list(v.to_bytes(count, "little")) for v in values], np.int64)


def number(row, bits):
    return sum(int(x) << (bits * i) for i, x in enumerate(row))


@given(st.lists(quantities, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_bytes_and_lanes_hold_the_number(values):
    low = np.array([v % 2**64 for v in values], np.uint64)
    high = np.array([v >> 64 for v in values], np.uint64)
    out = words.to_bytes(low, high, 14)
    assert (out == octets(values, 14)).all()
    lanes = words.lanes24(out)
    assert lanes.shape[1] == 5
    assert [number(r, 24) for r in lanes] == values
    assert (words.from_lanes24(lanes, 14) == out).all()


@given(st.lists(moneys, min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_one_word_is_enough_for_money(values):
    out = words.to_bytes(np.array(values, np.uint64), None, 8)
    assert [number(r, 8) for r in out] == values
    assert [number(r, 24) for r in words.lanes24(out)] == values


@given(st.lists(st.integers(0, 2**45 - 1), min_size=1, max_size=5))
def test_instants_have_three_limbs(values):
    assert [number(r, 15) for r in words.limbs15(np.array(values, np.int64))] == values


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 6), min_size=1, max_size=6))
def test_comparing_marks_the_first_difference(rows):
    x, y = (np.array([r[i : i + 3] for r in rows], np.int64) for i in (0, 3))
    flags, gap = words.compare(x, y)
    for a, b, f, g in zip(x.tolist(), y.tolist(), flags.tolist(), gap.tolist(), strict=True):
        place = next((i for i in range(3) if a[i] != b[i]), None)
        assert f == [int(i == place) for i in range(3)]
        assert g == (0 if place is None else b[place] - a[place])
