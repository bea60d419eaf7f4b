"""Cells of the machine that are bits though no constraint of theirs says so: every value of a small field is tried.

`late`, `named`, `more`, `emptied`, `skip`, `found`, `declared`, `unclear`, `income` (ARGUMENT.md of the circuit). Of
67 elements the kinds of records are distinct, and everything that the reasons use is a product that is 0.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import machine_circuit as machine
from tests.support.cell_cases import Cases
from zkharvest.circuit.lot_machine.v2.rows import DECLARED_KINDS, GONE_KINDS, UNEXPLAINED
from zkharvest.spec import P

Q = 67
ALL = range(Q)
SOME = range(7)
BIT = (0, 1)
MORE = ("settle", "send", "gone", "arrive")
STEPS = machine.description()["tables"][0]


def cases(here, then=None, modulus=Q):
    return Cases(STEPS, here, then, modulus=modulus)


def test_an_arrival_alone_is_late_and_only_at_its_withdrawal_s_instant():
    """With a time of 0 the differences are those of `past`; 7 elements, and six unknowns."""
    made = cases(
        dict.fromkeys(("is_arrive",), BIT) | dict.fromkeys(("late", "past0", "past2", "apart0", "apart1"), SOME),
        modulus=7,
    )
    good = made.hold("late_low", "late_high", "apart")
    late, arrives = made.cell("late"), made.cell("is_arrive")
    instant = (made.cell("past0") == 0) & (made.cell("past2") == 0)
    assert (late[good] == (arrives & instant)[good]).all()
    assert {(int(a), int(b)) for a, b in zip(arrives[good], instant[good], strict=True)} == {
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    }
    for name in ("late_low", "late_high", "apart"):
        rest = made.hold(*{"late_low", "late_high", "apart"} - {name})
        assert (late[rest] != (arrives & instant)[rest]).any(), name


def test_a_shift_is_a_late_arrival_s():
    made = cases({"late": ALL, "shift0": SOME, "shift1": (0,)})
    good = made.hold("shift_where")
    assert set(made.cell("late")[good & (made.cell("shift0") != 0)].tolist()) == {1}
    # both limbs are looked up: shift0 + 2^15 shift1 is below 2^22, and 0 where both are
    assert P > (1 << 15) - 1 + ((1 << 7) - 1 << 15)


@pytest.mark.parametrize(("name", "by"), [("named", ("close_token", "arrive")), ("more", MORE)])
def test_a_cell_is_a_bit_and_0_but_on_some_rows(name, by):
    made = cases({name: ALL, **dict.fromkeys((f"is_{kind}" for kind in {*by, "open", "take"}), BIT)})
    good = made.hold(f"{name}_where", "one_kind")
    stands = sum(made.cell(f"is_{kind}") for kind in by)
    assert set(made.cell(name)[good & (stands == 1)].tolist()) == {0, 1}
    assert set(made.cell(name)[good & (stands == 0)].tolist()) == {0}
    assert not (good & (stands > 1)).any()


def test_a_lot_is_emptied_if_nothing_of_it_is_left():
    """`e0` stands for the sum of its bytes."""
    halves = ("is_take", "is_out", "is_drop")
    made = cases({"emptied": ALL, "e0": SOME, "left_inverse": ALL, **dict.fromkeys((*halves, "is_close"), BIT)})
    good = made.hold("emptied_where", "close_empties", "emptied_left", "kept_left", "one_kind")
    half, close, emptied = sum(made.cell(name) for name in halves), made.cell("is_close"), made.cell("emptied")
    assert (emptied[good] == np.where(half == 1, made.cell("e0") == 0, close)[good]).all()
    assert {*zip(half[good].tolist(), close[good].tolist(), strict=True)} == {(0, 0), (1, 0), (0, 1)}


def test_what_opens_of_a_deposit_is_found_or_declared():
    made = cases({"is_open": BIT, "code_moves": BIT, "found": ALL, "declared": ALL, "class_kind": range(64)})
    good = made.hold("found_where", "kind_found", "kind_declared")
    found, declared, kind = (made.cell(name)[good] for name in ("found", "declared", "class_kind"))
    deposit = (made.cell("is_open") & made.cell("code_moves"))[good]
    assert set(zip(deposit.tolist(), found.tolist(), declared.tolist(), strict=True)) == {
        (0, 0, 0),
        (1, 1, 0),
        (1, 0, 1),
    }
    assert set(kind[found == 1].tolist()) == {UNEXPLAINED}
    assert set(kind[declared == 1].tolist()) == {int(kind) for kind in DECLARED_KINDS}


def test_what_is_gone_has_one_of_its_kinds():
    made = cases({"is_drop": BIT, "unclear": ALL, "class_kind": range(64)})
    good = made.hold("kind_gone", "kind_unclear")
    drop, unclear, kind = (made.cell(name)[good] for name in ("is_drop", "unclear", "class_kind"))
    assert set(unclear[drop == 0].tolist()) == {0}
    assert set(unclear.tolist()) == {0, 1}
    assert set(kind[drop == 1].tolist()) == {int(kind) for kind in GONE_KINDS}


def test_income_is_what_opens_a_long_lot_and_is_no_trade():
    bits = {f"kind_bit{i}": BIT for i in range(6)}
    made = cases({"is_open": BIT, "code_short": BIT, "income": ALL, "left_inverse": ALL, **bits})
    good = made.hold("income_kind", "trade_kind")
    trade = sum(made.cell(f"kind_bit{i}") << i for i in range(6)) == 1
    expected = made.cell("is_open") & (1 - made.cell("code_short")) & ~trade
    assert (made.cell("income")[good] == expected[good]).all()
    assert set(expected[good].tolist()) == {0, 1}


def test_what_is_skipped_is_a_bit():
    """By its page alone: the sum of flags is not asked."""
    made = cases({"is_skip": ALL, "phase": ALL, "page_early": BIT, "page_late": BIT})
    good = made.hold("skip_phase", "skip_page")
    skip, phase, early, late = (made.cell(name)[good] for name in ("is_skip", "phase", "page_early", "page_late"))
    assert set(skip.tolist()) == {0, 1}
    assert set(zip(phase[skip == 1].tolist(), strict=True)) == {(2,), (3,)}
    assert early[(skip == 1) & (phase == 2)].all()
    assert late[(skip == 1) & (phase == 3)].all()
