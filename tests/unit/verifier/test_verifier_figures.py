"""Figures: which registers there are, what the circuit is asked to show of them, and what the counters say."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.circuit.lot_machine.v2.sums import keys as table
from zkharvest.circuit.lot_machine.v2.sums.registers import registers
from zkharvest.commitment.assets import id_code
from zkharvest.spec import P, account_code
from zkharvest.verifier import figures
from zkharvest.verifier.figures import (
    GROUPS,
    IN_TRANSIT,
    Counters,
    Figure,
    Key,
    asset_code,
    counters_of,
    key_elements,
    read_figures,
)
from zkharvest.verifier.rejections import Reason, Reject

ACCOUNTS = [("coinbase", "C-1"), ("kraken", "K-1")]
DISPOSAL = Key("L1", "slip44:0", 1, 1, "venue", "c", "long", "gain", "0")
KEYS = [
    DISPOSAL,
    Key("L0", "slip44:0", 0, 62, "none", side="0"),
    Key("L1", "slip44:0", 0, 6, "venue", term="income", side="0"),
    Key("L2", source=1, covered="n", term="short"),
    Key("L3", term="short", result="loss"),
    Key("L3", term="income", result="gain"),
    Key("L4", term="long"),
    Key("NET"),
    Key("COUNT", kind=28, origin="declared"),
    Key("COUNT", kind=IN_TRANSIT, origin="ref"),
    Key("HOLD", "slip44:0", 0, side="1"),
]


def figure(key, **values):
    return Figure(key, values or {"events": 1})


def reason(value):
    with pytest.raises(Reject) as error:
        read_figures(value, len(ACCOUNTS))
    return error.value.reason


def test_the_words_are_those_of_the_circuit():
    for name in ("LEVELS", "ORIGINS", "COVERED", "TERMS", "RESULTS", "SIDES", "GROUPS", "SIGNED_GROUPS"):
        assert getattr(figures, name) == getattr(table, name), name
    assert figures.DIFFERENCE_LEVELS == table.DIFFERENCE_LEVELS
    assert asset_code("eip155:1/erc20:0xab") == id_code("eip155:1/erc20:0xab")
    key = key_elements(DISPOSAL, ACCOUNTS)
    assert len(key) == len(table.FIELDS)
    named = dict(zip(table.FIELDS, key, strict=True))
    assert named["level"] == table.level_number("L1")
    assert tuple(named[f"asset{i}"] for i in range(4)) == id_code("slip44:0")
    assert tuple(named[f"source{i}"] for i in range(4)) == account_code("kraken", "K-1")
    assert [named[n] for n in ("kind", "origin", "told", "covered", "term", "result", "side")] == [1, 1, 0, 1, 2, 1, 1]


@pytest.mark.parametrize("key", KEYS)
def test_a_figure_is_read_as_it_was_written(key):
    made = figure(key, events=3)
    assert read_figures([made.to_map()], len(ACCOUNTS)) == (made,)


@given(st.integers(-(2**96) + 1, 2**96 - 1), st.integers(-(2**144) + 1, 2**144 - 1), st.integers(0, 2**24 - 1))
def test_lanes_are_the_registers_own(basis, units, events):
    """What the verifier sends is what the table of registers holds of the same amounts, lane by lane."""
    key = Key("NET")
    (read,) = read_figures([figure(key, basis=basis, units=units, events=events).to_map()], 2)
    slots = np.zeros(table.SLOTS, np.int64)
    for name, amount in (("basis", basis), ("units", units), ("events", events)):
        first, count = GROUPS[name]
        sign = -1 if amount < 0 else 1
        for i, octet in enumerate(abs(amount).to_bytes(3 * count, "little")):
            slots[3 * first + i] = sign * octet
    made = registers(np.array([key_elements(key, ACCOUNTS)]), slots[None, :])
    signed = made.signed[0]
    shown = {lane[-2] - 1: lane[-1] for lane in read.lanes(ACCOUNTS)}
    wanted = table.lanes_of("basis", "units", "events")
    assert sorted(shown) == sorted(wanted)
    for lane in wanted:
        value = sum(int(signed[3 * lane + j]) << 8 * j for j in range(3))
        assert shown[lane] == value % P


def test_told_is_derived_and_cannot_be_stated():
    """A register of zeros under a key that is never posted to would hide a counter: told is what the circuit posts."""
    for origin in table.ORIGINS[1:]:
        key = Key("COUNT", kind=28, origin=origin)
        told = key_elements(key, ACCOUNTS)[table.field("told")]
        assert told == int(origin in ("declared", "none", "gone", "window"))
    assert key_elements(Key("COUNT", kind=IN_TRANSIT, origin="ref"), ACCOUNTS)[table.field("told")] == 1
    assert key_elements(Key("L3", term="short", result="gain"), ACCOUNTS)[table.field("told")] == 0
    assert reason([{**figure(KEYS[8]).to_map(), "told": 0}]) is Reason.STATEMENT_FIELDS


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        (DISPOSAL, {"covered": ""}), (DISPOSAL, {"result": ""}), (DISPOSAL, {"side": ""}),
        (DISPOSAL, {"origin": "declared"}), (DISPOSAL, {"origin": ""}), (DISPOSAL, {"kind": 0}),
        (DISPOSAL, {"kind": 64}), (DISPOSAL, {"kind": IN_TRANSIT}), (DISPOSAL, {"source": 2}),
        (DISPOSAL, {"source": -1}), (DISPOSAL, {"asset": ""}), (DISPOSAL, {"asset": "a\nb"}),
        (DISPOSAL, {"asset": "x" * 321}), (DISPOSAL, {"term": "forever"}), (DISPOSAL, {"side": "2"}),
        (KEYS[1], {"covered": "c"}), (KEYS[2], {"result": "gain"}), (KEYS[3], {"term": "income"}),
        (KEYS[3], {"covered": ""}), (KEYS[3], {"term": ""}), (KEYS[4], {"result": ""}), (KEYS[5], {"result": "loss"}),
        (KEYS[6], {"term": ""}), (KEYS[8], {"origin": ""}), (KEYS[9], {"origin": "declared"}), (KEYS[10], {"side": ""}),
    ],
)  # fmt: skip
def test_registers_that_there_are_none_of(key, changes):
    value = {**figure(key).to_map(), **changes}
    assert reason([value]) is Reason.LINK_FIGURE


@pytest.mark.parametrize(
    ("key", "values", "wanted"),
    [
        (KEYS[7], {}, Reason.STATEMENT_FIELDS),
        (KEYS[7], {"gain": "1"}, Reason.STATEMENT_FIELDS),
        (KEYS[7], {"basis": 1}, Reason.STATEMENT_FIELDS),
        (KEYS[7], {"basis": "01"}, Reason.LINK_FIGURE),
        (KEYS[7], {"basis": "-0"}, Reason.LINK_FIGURE),
        (KEYS[7], {"basis": "+1"}, Reason.LINK_FIGURE),
        (KEYS[7], {"basis": "1" * 51}, Reason.LINK_FIGURE),
        (KEYS[7], {"basis": str(2**96)}, Reason.LINK_FIGURE),
        (KEYS[7], {"events": "-1"}, Reason.LINK_FIGURE),
        (KEYS[7], {"fee": "-1"}, Reason.LINK_FIGURE),
        (KEYS[10], {"units": "-1"}, Reason.LINK_FIGURE),
        (KEYS[8], {"units": "0"}, Reason.LINK_FIGURE),
        (KEYS[3], {"units": "0"}, Reason.LINK_FIGURE),
    ],
)
def test_values_that_no_register_has(key, values, wanted):
    assert reason([{**figure(key).to_map(), "values": values}]) is wanted


PURCHASE = Key("L1", "ETH", 0, 1, "venue")
UNPOSTED = [
    Key("HOLD", "BTC", 0, side="0"),
    Key("HOLD", "\u0455lip44:0", 0, side="0"),  # a Cyrillic letter: it prints as slip44:0
    Key("HOLD", "bip122:000000000019d6689c085ae165831e93/slip44:0", 0, side="0"),  # CAIP-19, not the canonical id
    PURCHASE,  # a purchase is of a side
    replace(PURCHASE, kind=6, side="0"),  # what is no trade is income
    replace(PURCHASE, term="income", side="0"),  # a trade is none
    replace(PURCHASE, kind=6, term="income"),  # income is of side 0
    replace(PURCHASE, kind=28, origin="declared", term="income", side="0"),
    replace(PURCHASE, kind=28, origin="declared"),
    replace(PURCHASE, kind=5, origin="gone"),
    replace(PURCHASE, level="L0"),
]


@pytest.mark.parametrize("key", UNPOSTED)
def test_zeros_alone_may_be_of_a_key_that_no_row_posts_to(key):
    assert reason([figure(key, basis=0, proceeds=0).to_map()]) is Reason.LINK_FIGURE
    assert reason([figure(key, **dict.fromkeys(GROUPS, 0)).to_map()]) is Reason.LINK_FIGURE


@pytest.mark.parametrize("key", KEYS)
def test_a_zero_is_shown_beside_what_is_not_0_and_alone_of_sums_with_few_keys(key):
    (read,) = read_figures([figure(key, basis=0, events=1).to_map()], len(ACCOUNTS))
    assert dict(read.values) == {"basis": 0, "events": 1}
    zero = [figure(key, basis=0).to_map()]
    if key.level in ("L0", "L1", "HOLD"):
        assert reason(zero) is Reason.LINK_FIGURE
    else:
        assert read_figures(zero, len(ACCOUNTS))


def test_figures_are_sorted_each_register_once():
    made = [figure(key).to_map() for key in sorted(KEYS, key=lambda key: key.order)]
    assert len(read_figures(made, 2)) == len(KEYS)
    for one, other in itertools.pairwise(range(len(made))):
        swapped = [*made]
        swapped[one], swapped[other] = made[other], made[one]
        assert reason(swapped) is Reason.LINK_FIGURE
        assert reason([made[one], made[one]]) is Reason.LINK_FIGURE
    assert reason([made[0]] * 513) is Reason.LINK_FIGURE
    assert reason({"a": 1}) is Reason.STATEMENT_FIELDS
    assert reason([1]) is Reason.STATEMENT_FIELDS
    assert reason([{**made[0], "level": "L9"}]) is Reason.STATEMENT_FIELDS
    assert reason([{**made[0], "more": 1}]) is Reason.STATEMENT_FIELDS
    assert reason([{**figure(DISPOSAL).to_map(), "source": True}]) is Reason.STATEMENT_FIELDS


def test_counters_are_what_is_told_and_nothing_else():
    shown = [
        figure(Key("COUNT", kind=28, origin="declared"), events=2),
        figure(Key("COUNT", kind=15, origin="declared"), events=3),
        figure(Key("COUNT", kind=62, origin="none"), events=5),
        figure(Key("COUNT", kind=4, origin="gone"), events=7),
        figure(Key("COUNT", kind=14, origin="window"), events=11),
        figure(Key("COUNT", kind=IN_TRANSIT, origin="ref"), events=13),
        figure(Key("COUNT", kind=IN_TRANSIT, origin="window"), events=17),
        figure(Key("COUNT", kind=1, origin="venue"), events=1000),
        figure(Key("L0", "slip44:0", 0, 62, "none", side="0"), events=1000),
    ]
    found = counters_of(shown)
    assert found == Counters(5, 5, 7, 11, 30, 17)
    assert counters_of([]) == Counters()
    assert found.then(Counters(1, 1, 1, 1, 2, 1)) == Counters(6, 6, 8, 12, 2, 1)
