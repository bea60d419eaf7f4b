"""Comparisons and range checks: true exactly where they should be, on all small lanes and at the edges of p."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adversary.kit.evaluate import value
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import PublicValues, check
from zkharvest.circuit.expr import P
from zkharvest.circuit.gadgets import LIMB, WIDEST, Ranges, compare_columns, less, pack16, pack24
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS, range_table, range_trace

MOST = 2**28  # the largest lane that `less` promises to compare
EDGES = (0, 1, 2, 2**15 - 1, 2**15, 2**24, MOST - 1, MOST)


class Comparer:
    """A table with one comparison of x and y (most significant lane first), `active` a flag and `turn` 1 or -1."""

    def __init__(self, lanes, *, strict, wide=True):
        circuit = Circuit("compare", 1, degree=4, log_rows=(13, 14), tallies=0)
        ranges = Ranges(circuit.bus("bytes", 2), circuit.bus("u15", 1))
        self.t = circuit.table("t", "")
        x, y = self.t.column_list("x", lanes), self.t.column_list("y", lanes)
        active, turn = self.t.column("active"), self.t.column("turn")
        compare = compare_columns(self.t, ranges, "c", lanes, wide=wide)
        pairs = list(zip(x, y, strict=True))
        less(
            self.t,
            "c",
            compare,
            pairs,
            active + 0,
            below=1 << 28 if wide else LIMB,
            strict=strict,
            turn=turn + 0,
            note="",
        )
        self.lanes, self.wide, self.compare = lanes, wide, compare

    def broken(self, x, y, flags, gap, active=1, turn=1):
        """Constraints that this advice breaks; the gap is given as its limbs."""
        cells = [*x, *y, active, turn % P, *(f % P for f in flags), *gap]
        return {c.name for c in self.t.constraints if value(c.expr, cells)}

    def possible(self, x, y, active=1, turn=1):
        """Whether any advice satisfies every constraint and range check: the flags leave one gap to try."""
        for flags in product((0, 1), repeat=self.lanes):
            gap = (sum(f * turn * (b - a) for f, a, b in zip(flags, x, y, strict=True)) - sum(flags)) % P
            limbs = (gap & 0x7FFF, gap >> 15) if self.wide else (gap,)
            if all(limb < 2**15 for limb in limbs) and not self.broken(x, y, flags, limbs, active, turn):
                return True
        return False


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_every_pair_of_small_lanes(lanes, strict):
    comparer = Comparer(lanes, strict=strict)
    values = range({1: 9, 2: 4, 3: 3}[lanes])
    for x, y in product(product(values, repeat=lanes), repeat=2):
        assert comparer.possible(x, y) == (x < y or (x == y and not strict)), (x, y)
        assert comparer.possible(x, y, turn=-1) == (y < x or (x == y and not strict)), (x, y)


@pytest.mark.parametrize("strict", [True, False])
def test_lanes_as_large_as_promised_do_not_wrap(strict):
    comparer = Comparer(2, strict=strict)
    for x, y in product(product(EDGES, repeat=2), repeat=2):
        assert comparer.possible(x, y) == (x < y or (x == y and not strict)), (x, y)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_eight_lanes(data):
    comparer = Comparer(8, strict=True)
    x = data.draw(st.lists(st.integers(0, MOST), min_size=8, max_size=8))
    y = data.draw(st.lists(st.integers(0, MOST), min_size=8, max_size=8))
    equal = data.draw(st.integers(0, 8))
    y[:equal] = x[:equal]
    place = next((i for i in range(8) if x[i] != y[i]), None)
    flags = [int(i == place) for i in range(8)]
    gap = 0 if place is None else (y[place] - x[place] - 1) % P
    limbs = (gap & 0x7FFF, gap >> 15)
    honest = not comparer.broken(x, y, flags, limbs) and limbs[1] < 2**15
    assert honest == (x < y)


def test_beyond_the_promise_a_lane_wraps():
    """Why every lane that is compared is bounded elsewhere: p - 5 counts as less than 3."""
    comparer = Comparer(1, strict=True)
    assert comparer.possible((P - 5,), (3,))
    assert not comparer.possible((MOST,), (0,))
    assert P - MOST > 2**30 + 1  # a negative difference of lanes up to 2^28 has no limbs
    assert comparer.possible((2**30 - 1,), (5,))
    assert not comparer.possible((WIDEST - 1,), (0,))


@pytest.mark.parametrize(("wide", "below"), [(True, WIDEST), (False, LIMB)])
def test_lanes_that_are_too_wide_are_refused(wide, below):
    """A lane of 30 bits is: of two that are far apart the larger would pass for the smaller."""
    circuit = Circuit("c", 1, degree=4, log_rows=(3, 5), tallies=0)
    ranges = Ranges(circuit.bus("bytes", 2), circuit.bus("u15", 1))
    t = circuit.table("t", "")
    x, y, active = (t.column(name) for name in ("x", "y", "active"))
    compare = compare_columns(t, ranges, "c", 1, wide=wide)
    assert below <= 1 << 30
    with pytest.raises(ValueError, match=f"c: lanes below {below + 1} cannot be compared"):
        less(t, "c", compare, [(x + 0, y + 0)], active + 0, below=below + 1, strict=True, note="")
    less(t, "c", compare, [(x + 0, y + 0)], active + 0, below=below, strict=True, note="")


def test_narrow_lanes_have_one_limb():
    comparer = Comparer(1, strict=True, wide=False)
    assert comparer.possible((0,), (2**15,))
    assert not comparer.possible((0,), (2**15 + 1,))
    assert not comparer.possible((2**15 - 1,), (0,))


def test_flags_that_are_no_marks_are_refused():
    """Marks of 2 and -1 would let a smaller lane pass for the larger; they are no bits."""
    comparer = Comparer(2, strict=True)
    x, y = (5, 9), (5, 3)  # x > y
    flags = (2, -1)
    gap = (flags[0] * (y[0] - x[0]) + flags[1] * (y[1] - x[1]) - 1) % P
    assert comparer.broken(x, y, flags, (gap, 0)) == {"c_at0_bit", "c_at1_bit"}


def test_each_constraint_of_a_comparison_is_needed():
    """For each there is advice that breaks it and nothing else, and claims something false."""
    comparer = Comparer(2, strict=True)
    assert comparer.broken((1, 5), (1, 7), (0, 1), (1, 0)) == set()
    assert comparer.broken((1, 5), (0, 7), (0, 1), (1, 0)) == {"c_equal0"}
    assert comparer.broken((1, 5), (1, 4), (0, 1), (0, 0)) == {"c_gap"}
    assert comparer.broken((1, 5), (1, 5), (0, 0), (0, 0)) == {"c_marked"}
    assert comparer.broken((1, 5), (1, 5), (1, 0), (P - 1, 0)) == set()  # that gap is no pair of limbs
    assert comparer.broken((1, 5), (2, 5), (0, 0), (P - 1, 0)) >= {"c_marked", "c_equal0"}
    loose = Comparer(2, strict=False)
    assert loose.broken((1, 5), (1, 5), (0, 0), (0, 0)) == set()
    assert loose.broken((1, 5), (0, 5), (0, 0), (0, 0)) == {"c_equal0"}
    assert loose.broken((1, 5), (1, 4), (0, 0), (0, 0)) == {"c_equal1"}
    assert loose.broken((1, 5), (3, 5), (1, 1), (0, 0)) == {"c_marked"}


def test_an_inactive_comparison_marks_nothing():
    for strict in (True, False):
        comparer = Comparer(2, strict=strict)
        assert comparer.possible((5, 5), (3, 3), active=0)
        for flags in ((0, 1), (1, 0)):
            assert comparer.broken((3, 3), (5, 5), flags, (1, 0), active=0)


def test_packing():
    t = Circuit("pack", 1, degree=4, log_rows=(13, 14), tallies=0).table("t", "")
    cells = t.column_list("x", 8)
    octets = [1, 2, 3, 4, 5, 6, 7, 8]
    assert [value(e, octets) for e in pack24(cells)] == [0x030201, 0x060504, 0x0807]
    assert [value(e, octets) for e in pack16(cells)] == [0x0201, 0x0403, 0x0605, 0x0807]


def ranged(octets, limbs):
    """What a table with these three bytes and one 15-bit limb breaks."""
    circuit = Circuit("ranges", 1, degree=4, log_rows=(13, 14), tallies=0)
    ranges = Ranges(circuit.bus("bytes", 2), circuit.bus("u15", 1))
    t = circuit.table("t", "")
    ranges.check_bytes(t, t.column_list("x", 3))
    ranges.check_u15(t, t.column("y") + 0)
    table = range_table(circuit, ranges)
    trace = np.array([[*octets, *limbs]], np.uint32)
    clipped = np.array([[*(min(x, 255) for x in octets), *(min(x, 2**15 - 1) for x in limbs)]], np.uint32)
    counts = range_trace(circuit, table, {"t": clipped}, RANGE_ROWS + 1)
    found = check(circuit.compile(), [trace, counts], PublicValues([], [], {}))
    return {v.constraint for v in found}


@pytest.mark.parametrize("octet", [0, 1, 255])
@pytest.mark.parametrize("limb", [0, 1, 2**15 - 1])
def test_values_in_range_pass(octet, limb):
    assert ranged([octet, 255 - octet, octet], [limb]) == set()


@pytest.mark.parametrize("octet", [256, 257, 65536, P - 1])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_no_other_value_is_a_byte(octet, place):
    octets = [7, 7, 7]
    octets[place] = octet
    assert ranged(octets, [5]) == {"bus bytes"}


@pytest.mark.parametrize("limb", [2**15, 2**15 + 1, 2**16, P - 1])
def test_no_other_value_has_fifteen_bits(limb):
    assert ranged([1, 2, 3], [limb]) == {"bus u15"}


def test_the_range_witness_names_what_is_out_of_range():
    circuit = Circuit("ranges", 1, degree=4, log_rows=(13, 14), tallies=0)
    ranges = Ranges(circuit.bus("bytes", 2), circuit.bus("u15", 1))
    t = circuit.table("t", "")
    ranges.check_u15(t, t.column("y") + 0)
    table = range_table(circuit, ranges)
    with pytest.raises(ValueError, match="t, row 1: y is out of range"):
        range_trace(circuit, table, {"t": np.array([[3], [2**15]], np.uint32)}, RANGE_ROWS)
