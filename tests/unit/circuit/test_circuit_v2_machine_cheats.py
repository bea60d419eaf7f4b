"""The cheats of the design with records and moves, told to the circuit: each is stopped by the constraint meant for it.

A cheater's rows follow his lie: lists, standings carried out, registers and look-ups are what it makes of them.
"""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest

from tests.adversary.kit.lenient import wrapping
from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, T, carried, honest, pages, rules, story
from tests.models.lot_machine_v2.words import DAY, REACH, Page, Rec
from tests.support import machine_circuit as machine
from tests.support.machine_rows import lanes_of, rows_of
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.circuit.lot_machine.v2.steps import tokens
from zkharvest.circuit.lot_machine.v2.sums.keys import GROUPS, ORIGINS
from zkharvest.spec import P

GONE, EVENTS = ORIGINS.index("gone"), 3 * GROUPS["events"][0]
SALE = Rec(at(2024, 6, 1), "close", "X", UNIT, 10**10)


def broken(link, change=None, rows=None):
    """What a lie breaks, moves that no row can show included."""
    patches = [mock.patch.object(tokens, "check_moves", lambda *_: None), *wrapping()]
    for patch in patches:
        patch.start()
    try:
        made = machine.run(link, change, rows=rows)
    finally:
        for patch in patches:
            patch.stop()
    return Board(made, machine.description()).verdict()


def told(link, rows):
    """A link with other rows of the model, as the circuit's, which follow them."""
    return rows_of(replace(link, rows=tuple(rows)), follow=True)


def test_the_story_itself_breaks_nothing():
    link = honest()
    assert broken(link) == broken(link, rows=told(link, link.rows)) == set()


# ------------------------------------------------------------------------------------------------ records


def without(link, number):
    """The rows of a link in which one record's rows are one that skips it."""
    place = link.rows[number].page, link.rows[number].position
    rows = [row for row in link.rows if (row.page, row.position) != place]
    first = next(n for n, row in enumerate(link.rows) if (row.page, row.position) == place)
    return [*rows[:first], Row("skip", *place, link.rows[number].record), *rows[first:]]


def test_a_record_of_the_window_is_not_skipped():
    """A sale left out, in whatever page: the phase of its day says that it counts."""
    link = honest()
    sale = next(n for n, row in enumerate(link.rows) if row.op == "take")
    rows = told(link, without(link, sale))
    assert broken(link, rows=rows) == {"steps.skip_phase", "steps.skip_page"}
    for early, late in ((0, 1), (1, 0), (1, 1)):
        rows.around.page_early[:], rows.around.page_late[:] = early, late
        assert "steps.skip_phase" in broken(link, rows=rows)


@pytest.mark.parametrize(("phase", "bits"), [(2, (0, 1)), (3, (1, 0)), (2, (0, 0)), (3, (0, 0))])
def test_what_is_outside_is_skipped_only_in_a_page_that_is_open_there(phase, bits):
    """11, 12: before the window in a fresh page, behind it in a finished one."""
    link = honest()
    sale = next(n for n, row in enumerate(link.rows) if row.op == "take")
    rows = told(link, without(link, sale))
    day = np.searchsorted(rows.around.start, SALE.time, side="right") - 1
    rows.around.phase[day] = phase
    rows.around.page_early[:], rows.around.page_late[:] = bits
    assert broken(link, rows=rows) == {"steps.skip_page"}
    rows.around.page_early[:], rows.around.page_late[:] = 1 - bits[0], 1 - bits[1]
    if any(bits):
        assert broken(link, rows=rows) == set()


@pytest.mark.parametrize("phase", [2, 3])
def test_what_is_outside_has_no_effect(phase):
    link = honest()
    rows = rows_of(link)
    day = np.searchsorted(rows.around.start, SALE.time, side="right") - 1
    rows.around.phase[day] = phase
    assert broken(link, rows=rows) == {"steps.work_in_time"}


def test_records_are_worked_in_turn_and_once():
    """Out of turn the gap of the comparison is below zero, which has no limbs of 15 bits."""
    lot = story()[0][0]
    bought = make_link(pages((lot, replace(lot, time=lot.time + 1)), ()), Book(), rules(), 2024, None)
    one, two = bought.rows[:2]
    assert broken(bought, rows=told(bought, [two, one])) == {"bus u15"}
    twice = rows_of(bought)
    twice.records.position[1], twice.records.lanes[1] = twice.records.position[0], twice.records.lanes[0]
    assert broken(bought, rows=twice) == {"bus leaf", "steps.order_marked"}
    left_out = machine.run(bought, rows=told(bought, [one]))
    left_out.answers = machine.run(bought).answers | {
        "link": left_out.answers["link"],
        "pair": left_out.answers["pair"],
    }
    machine.answer(left_out)
    assert Board(left_out, machine.description()).verdict() == {"bus leaf"}


def test_records_far_apart_in_one_span_do_not_change_places():
    """A comparison holds for lanes below p - 2^30. Time in one lane of 30 bits has pairs with a gap that wraps."""
    base = ((T >> 30) + 1) << 30
    one, two = Rec(base + 5, "open", "X", UNIT, 7), Rec(base + (1 << 30) - 1000, "open", "X", UNIT, 7)
    assert (one.time - two.time - 1) % P < 1 << 30
    link = make_link(pages((one, two), ()), Book(), rules(), 2024, None)

    def change(made):
        for lane, name in ((1, "worked1"), (2, "worked0")):
            gap = (made.get(1, name) - made.get(0, name)) * lane - 1
            if gap % P < 1 << 30:
                made.put(0, **{f"order_at{i}": int(i == lane) for i in range(5)}, order_low=gap, order_high=0)

    assert broken(link, change, told(link, [link.rows[1], link.rows[0]])) & {"bus u15", "steps.order_equal1"}


def test_another_record_than_the_page_has_is_no_leaf():
    """Each lane, and the place: the leaf is taken as it is."""
    link = honest()
    for lane in range(19):
        made = machine.run(link)
        (leaf, *_) = made.answers["leaf"]
        del made.answers["leaf"][leaf]
        made.answers["leaf"][*leaf[: 2 + lane], leaf[2 + lane] + 1, *leaf[3 + lane :]] = 1
        machine.answer(made)
        assert Board(made, machine.description()).verdict() == {"bus leaf"}


def test_a_node_is_no_record():
    """A node's first lane is 2^24 above the tag of records: bits do not reach it."""
    steps = machine.definition()[1]
    most = steps.code.const + sum(k for k in steps.code.terms.values())
    assert most < 1 << 22
    for bit in (*steps.bits, *steps.kind_bit):
        assert f"{bit.name}_bit" in {c.name for c in steps.t.constraints}


# ------------------------------------------------------------------------------------------------ moves, 26 to 38


def moved(**changes):
    """The honest story's rows over records that are others; the tokens are as the withdrawal is."""
    link, (a, (come, _)) = honest(), story(**changes)
    made = pages(a, (come,))
    rows = []
    for row in link.rows:
        if row.op not in ("open", "out", "arrive"):
            continue
        record = made[row.page].records[row.position]
        token = replace(row.token, time=record.time, ref=record.ref) if row.op == "out" else row.token
        rows.append(replace(row, record=record, token=token))
    other = replace(link, pages=tuple(made), leaves=(tuple(a), (come,)))
    return broken(other, rows=told(other, rows))


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"in_asset": "Y"}, {"bus transit"}),  # 26: what arrives is of the deposit's asset
        ({"in_quantity": 4 * UNIT}, {"steps.used_up"}),  # 27, larger
        ({"in_quantity": 3 * UNIT - 1}, {"steps.quantity_rest6", "steps.used_up"}),  # 27, smaller than what was sent
        ({"in_ref": 8}, {"steps.two_refs00"}),  # 31
        ({"in_ref": 7 << 30}, {"steps.two_refs10"}),  # 31, in the other lane
        ({"in_ref": 0, "in_time": T + REACH}, {"steps.reach_high"}),  # 32
        ({"in_ref": 0, "in_time": T + REACH - 1}, set()),
        ({"in_ref": 0}, set()),
        ({"out_ref": 0}, set()),
    ],
)
def test_deposits_that_are_not_their_withdrawals(changes, faults):
    assert moved(**changes) == faults


def test_a_gap_that_is_wrapped_is_no_gap():
    """Between 2^30 and 2^31 ms one equation over both limbs could be met modulo p; limb by limb it is not."""
    for gap in (2**31 - 2**24 + 1, 2**31 - 2**24 + 1 + 1000, 2**31 - 1):
        assert moved(in_ref=0, in_time=T + gap) & {"steps.reach_low", "steps.reach_high"}


def test_a_move_of_two_withdrawals():
    """27: the parts of one deposit come from two withdrawals of half the amount."""
    a, b = story()
    half, other = replace(a[2], quantity=UNIT), replace(a[2], time=T + 1, quantity=2 * UNIT)
    book = Book(matched={IN: OUT}, amounts={OUT: UNIT, ("A", 0, 3): 2 * UNIT})
    made = pages([*a[:2], half, other], (replace(b[0], quantity=UNIT),))
    first = make_link(made, book, rules(), 2024, None)
    sent = [row.token for row in first.rows if row.op == "out"]
    arrive = next(row for row in first.rows if row.op == "arrive")
    made = pages([*a[:2], half, other], (b[0],))
    link = replace(first, pages=tuple(made), leaves=tuple(p.records for p in made))
    rows = [r for r in first.rows if r.op in ("open", "out")]
    found = broken(link, rows=told(link, [*rows, *(replace(arrive, record=b[0], token=token) for token in sent)]))
    assert found == {"steps.one_withdrawal", "steps.part_follows", "steps.last_arrives"}


def test_a_token_arrives_twice():
    """28: the same parts once more, at another deposit of the same amount."""
    a, b = story()
    again = replace(b[0], time=T + 2 * DAY)
    link = make_link(pages(a, [b[0], again]), Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT}), rules(), 2024, None)
    arrivals = [row for row in link.rows if row.op == "arrive"]
    rows = [row for row in link.rows if row.op in ("open", "out", "arrive") and row.record != again]
    rows += [replace(one, record=again, position=1) for one in arrivals]
    assert broken(link, rows=told(link, rows)) == {"bus transit"}


def test_the_bus_alone_does_not_order():
    """29, 30: B sends to A what A sent to B, before anybody had it; the bus balances, the clocks do not."""
    a = (Rec(T + 2, "in", "X", UNIT, ref=2), Rec(T + 3, "out", "X", UNIT, ref=1))
    b = (Rec(T + 4, "in", "X", UNIT, ref=1), Rec(T + 5, "out", "X", UNIT, ref=2))
    made = pages(a, b)
    honest_link = make_link(made, Book(), rules(), 2024, None)
    rows = rows_of(honest_link)
    # Each deposit takes the other's withdrawal: a token each way, the parts as `make_link` drops them.
    rows = circle(rows)
    assert broken(honest_link, rows=rows) == {"steps.sent_earlier"}


def circle(rows):
    """Deposits that arrive and withdrawals that send, in the rows of a link where none of them does."""
    deposits = np.flatnonzero(rows.op == Op.OPEN)
    drops = np.flatnonzero(rows.op == Op.DROP)
    assert (len(deposits), len(drops)) == (2, 2)
    rows.op[deposits], rows.op[drops], rows.kind[drops] = Op.ARRIVE, Op.OUT, 0
    rows.token[deposits], rows.token[drops] = [1, 0], [0, 1]
    rows.part_lo[deposits], rows.part_hi[deposits] = rows.lot_lo[deposits], rows.lot_hi[deposits]
    taken = rows.node[drops]
    entries, records = rows.entries, rows.records
    for name in ("unit", "order", "day", "long_from"):
        for node in rows.node[deposits]:
            getattr(entries, name)[node] = getattr(entries, name)[taken[0]]
    rows.lot_value[deposits] = rows.lot_value[drops] = rows.part_value[drops] = rows.part_value[drops][0]
    lanes = records.lanes[rows.record[drops]].astype(np.int64)
    seq = np.array([rows.record[k] + 1 for k in drops])
    held = tokens_of(rows, drops, taken, lanes, seq)
    return replace(rows, tokens=held)


def tokens_of(rows, drops, taken, lanes, seq):
    entries = rows.entries
    return replace(
        rows.tokens,
        seq=seq,
        part=seq * 0,
        last=seq * 0 + 1,
        asset=lanes[:, 11:15],
        time=lanes[:, 1] + (lanes[:, 2] << 30),
        ref=lanes[:, 17:19],
        quantity_lo=rows.part_lo[drops],
        quantity_hi=rows.part_hi[drops],
        value=rows.part_value[drops],
        unit=entries.unit[taken],
        order=entries.order[taken],
        day=entries.day[taken],
        long_from=entries.long_from[taken],
    )


@pytest.mark.parametrize(
    ("shift", "late", "faults"),
    [
        (1000, 0, {"steps.shift_where"}),
        (60_000, 1, {"steps.late_low"}),
        (1 << 22, 1, {"bus bytes", "steps.late_low"}),
        (0, 1, {"steps.late_low"}),
    ],
)
def test_an_arrival_is_in_its_turn_or_at_its_withdrawals_time(shift, late, faults):
    """33: no arrival can be put off to choose what is sold before it."""
    link = honest(in_time=T + 1)
    rows = rows_of(link)
    place = rows.record[np.flatnonzero(rows.op == Op.ARRIVE)[0]]
    rows.records.shift[place], rows.records.late[place] = shift, late
    assert broken(link, rows=rows) == faults


def test_only_an_arrival_is_late():
    link = honest()
    rows = rows_of(link)
    rows.records.late[0] = 1
    assert "steps.apart" in broken(link, rows=rows)


@pytest.mark.parametrize("name", ["value", "unit", "order", "day", "long_from", "seq", "part", "last", "time", "ref"])
def test_what_arrives_is_what_was_sent(name):
    """34: whatever a token has, it has on arrival."""
    link = honest(out_ref=0)

    def change(made):
        row = made.at("arrive")[0]
        column = {
            "value": "a0", "unit": "unit0", "order": "lot_seq", "day": "acquired", "long_from": "long_from0",
            "seq": "token_seq", "part": "token_part", "last": "token_last", "time": "past0", "ref": "token_ref0",
        }[name]  # fmt: skip
        made.put(row, **{column: made.get(row, column) + 1})

    assert "bus transit" in broken(link, change)


def test_a_stale_token_is_not_carried_out():
    """35: without a reference, and older than 12.4 days; a prover who calls it named has no reference to show."""
    link = carried(0, at(2025) - REACH + 1)
    assert broken(link) == set()
    stale = carried(7, at(2025) - REACH)
    assert broken(stale) == set()

    def unnamed(made):
        for row in made.at("close_token"):
            made.put(row, named=0, left_inverse=0, node_age0=0, node_age1=0)

    assert broken(stale, unnamed) >= {"steps.stale_ref0"}
    link = carried(0, at(2025) - REACH + 1)
    rows = rows_of(link)
    rows = replace(rows, around=replace(rows.around, window_end=rows.around.window_end + 1))
    assert broken(link, rows=rows) >= {"steps.reach_high"}

    def named(made):
        for row in made.at("close_token"):
            made.put(row, named=1)

    assert broken(link, named) == {"steps.named_some"}


def test_what_is_dropped_does_not_arrive():
    """36: a withdrawal whose coins are gone, and a deposit of the same."""
    link = honest()
    rows = [replace(row, op="drop", kind="gift", token=None) if row.op == "out" else row for row in link.rows]
    assert broken(link, rows=told(link, rows)) == {"bus transit"}


def test_what_is_gone_is_counted_though_a_token_came_first():
    """A withdrawal sends next to nothing and gives the rest away: the counter of gifts says so."""
    a, b = story(in_quantity=1)
    link = make_link(pages(a, b[:1]), Book(matched={IN: OUT}, amounts={OUT: 1}), rules(), 2024, None)
    gone = [slots for key, slots in machine.registers_of(machine.run(link)).items() if key[10] == GONE]
    assert [slots[EVENTS] for slots in gone] == [1]


# ------------------------------------------------------------------------------------------------ deposits


def deposit(declared=None):
    record = Rec(T, "in", "X", UNIT, kind="move")
    book = Book(declared={("A", 0, 0): declared} if declared else {})
    return make_link([Page("A", "A-1", 0, at(2024), at(2025), (record,))], book, rules(), 2024, None)


def put(kind, **values):
    """Cells of the first row of a kind."""

    def change(made):
        made.put(made.at(kind)[0], **values)

    return change


def test_a_basis_is_declared_or_nothing():
    """37: a value for a deposit that is called unexplained; a declared one is counted as such."""
    link, rows = deposit(), rows_of(deposit())
    rows.lot_value[:] = 5
    rows.entries.unit[0, 0:13] = list(((5 << 96) // UNIT).to_bytes(13, "little"))
    assert broken(link, rows=rows) == {"steps.found_value"}
    assert broken(deposit(("declared", 5, T // DAY - 3))) == set()


def test_a_declared_day_is_of_the_calendar_and_not_behind_the_deposit():
    """38."""
    for days, faults in ((1, {"steps.day_declared"}), (-900, {"bus days"})):
        link = deposit(("declared", 5, T // DAY - 3))
        rows = rows_of(link)
        assert rows.declared.any()
        rows.entries.day[0] += days + 3 * (days > 0)
        rows.entries.long_from[0] += (days + 3 * (days > 0)) * DAY
        found = broken(link, rows=rows)
        assert faults <= found or "bus u15" in found or "bus days" in found


def test_a_declared_deposit_has_a_kind_that_is_shown():
    link = deposit(("declared", 5, T // DAY - 3))
    assert broken(link, put("open", class_kind=1)) == {"steps.kind_declared"}
    assert broken(deposit(), put("open", class_kind=28)) == {"steps.kind_found"}
    assert broken(deposit(), put("open", found=0)) >= {"steps.found_where"}


def test_what_has_moved_is_not_covered():
    """53."""
    assert broken(honest(), put("arrive", own=1)) >= {"steps.own_moved"}


def test_nothing_is_covered_under_universal_pooling():
    """Coins move there without their lot: bought at A, sold at B, a lot would still be its account's own."""
    keys = {}
    for pooling in ("wallet", "universal"):
        lot, sold = Rec(T, "open", "X", UNIT, 5), Rec(T + DAY, "close", "X", UNIT, 9)
        link = make_link(pages((lot, sold), ()), Book(), rules(pooling=pooling), 2024, None)
        keys[pooling] = {key[12] for key in machine.registers_of(machine.run(link)) if key[13]}
        assert broken(link, put("take", covered=0)) >= {"steps.covered"} or pooling == "universal"
        assert broken(link, put("take", covered=1)) >= {"steps.covered"} or pooling == "wallet"
    assert keys == {"wallet": {1}, "universal": {2}}


def test_a_day_of_a_record_is_read_from_lanes():
    """The model's leaf is the format's: what `lanes_of` makes is what the machine takes apart."""
    assert lanes_of(SALE)[1] + (lanes_of(SALE)[2] << 30) == SALE.time
