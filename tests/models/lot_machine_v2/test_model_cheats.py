"""Cheats of the design's section 10 with moves and sums, as edits of the model's input: each is refused by its rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.models.lot_machine_v2 import sums
from tests.models.lot_machine_v2.chain import check_chain, check_link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import (
    IN,
    OUT,
    T,
    carried,
    edit,
    edit_token,
    honest,
    pages,
    refused,
    rows_of,
    rules,
    story,
)
from tests.models.lot_machine_v2.words import DAY, REACH, SHIFT_LIMIT, Page, Rec, Refused, Token


def test_the_story_itself_is_accepted():
    assert check_chain([honest()], first=True) == "accepted"
    assert [row.op for row in honest().rows] == [
        "open",
        "open",
        "out",
        "out",
        "arrive",
        "arrive",
        "take",
        "close",
        "close",
        "close",
    ]


# ------------------------------------------------------------------------------------------------- moves, 26 to 38


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"in_asset": "Y"}, "arrive_asset"),  # 26
        ({"in_quantity": 4 * UNIT}, "parts_whole"),  # 27, larger
        ({"in_quantity": 2 * UNIT}, "parts_whole"),  # 27, smaller than what was sent
        ({"in_ref": 8}, "two_refs"),  # 31
        ({"in_ref": 0, "in_time": T + REACH}, "too_late"),  # 32
        ({"in_time": T - 1}, "record_order"),  # a deposit before its withdrawal, worked in its turn
    ],
)
def test_deposits_that_are_not_their_withdrawals(changes, rule):
    """The rows of the honest story over records that are others."""
    link, (a, b) = honest(), story(**changes)
    made = pages(a, b)
    rows = []
    for row in link.rows:
        if row.record is None:
            rows.append(row)
            continue
        record = made[row.page].records[row.position]
        token = replace(row.token, time=record.time, ref=record.ref) if row.op == "out" else row.token
        rows.append(replace(row, record=record, token=token))
    refused(replace(link, pages=tuple(made), leaves=(tuple(a), tuple(b)), rows=tuple(rows)), rule)


def test_a_move_of_two_withdrawals():
    """27: the parts of one deposit come from two withdrawals of half the amount."""
    a, b = story()
    half = replace(a[2], quantity=UNIT)
    other = replace(a[2], time=T + 1, quantity=2 * UNIT)
    book = Book(matched={IN: OUT}, amounts={OUT: UNIT, ("A", 0, 3): 2 * UNIT})
    first = make_link(pages([*a[:2], half, other], (replace(b[0], quantity=UNIT),)), book, rules(), 2024, None)
    tokens = [row.token for row in first.rows if row.op == "out"]
    arrive = first.rows[rows_of(first, "arrive")[0]]
    record = b[0]
    rows = [r for r in first.rows if r.op in ("open", "out")]
    rows += [replace(arrive, record=record, token=token) for token in tokens]
    made = pages([*a[:2], half, other], (record,))
    link = replace(first, pages=tuple(made), leaves=tuple(p.records for p in made), rows=tuple(rows))
    refused(link, "parts_whole", "arrive_part")


def test_a_token_arrives_twice():
    """28: the same parts once more, at another deposit of the same amount."""
    a, b = story()
    again = replace(b[0], time=T + 2 * DAY)
    made = pages(a, [b[0], again, b[1]])
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    link = make_link(made, book, rules(), 2024, None)
    arrivals = [link.rows[n] for n in rows_of(link, "arrive")]
    rows = []
    for row in link.rows:
        if row.op == "open" and row.record == again:
            rows += [replace(one, record=again, position=1) for one in arrivals]
        else:
            rows.append(row)
    lots = [row.lot for row in rows if row.op == "close"]
    assert lots
    refused(replace(link, rows=tuple(rows)), "bus_transit", "close_head", "head_last", "part_range", "part_value")


def test_the_bus_alone_does_not_order():
    """29, 30: a deposit before its withdrawal balances on the bus, and so does a circle; clocks refuse both."""
    link = honest()
    number = rows_of(link, "arrive")[0]
    refused(edit(link, number, token=replace(link.rows[number].token, clock=99)), "arrive_clock")
    a = (Rec(T + 2, "in", "X", UNIT, ref=2), Rec(T + 3, "out", "X", UNIT, ref=1))
    b = (Rec(T + 4, "in", "X", UNIT, ref=1), Rec(T + 5, "out", "X", UNIT, ref=2))
    made = pages(a, b)
    nature = {"asset": "X", "quantity": UNIT, "value": 10**12, "unit": 1, "order": 0, "day": 1, "part": 0, "last": True}
    ahead = Token(seq=4, time=T + 5, ref=2, clock=4, **nature)  # sent by B after it arrived at A: lots from nothing
    base = replace(link, pages=tuple(made), leaves=tuple(p.records for p in made))
    first = replace(link.rows[number], page=0, position=0, record=a[0], token=ahead)
    refused(replace(base, rows=(first,)), "arrive_clock")


@pytest.mark.parametrize(
    ("shift", "late", "rule"),
    [
        (1000, 0, "shift_where"),
        (60_000, 1, "shift"),  # not its withdrawal's time
        (59_999, 1, "shift"),
    ],
)
def test_an_arrival_is_in_its_turn_or_at_its_withdrawals_time(shift, late, rule):
    """33: no arrival can be put off to choose what is sold before it."""
    link = honest(in_time=T + 1)
    number = rows_of(link, "arrive")[0]
    refused(edit(link, number, shift=shift, late=late), rule)


def test_what_states_one_instant_comes_last_of_it():
    """A deposit and its withdrawal of one instant: else the owner chooses what is sold between them."""
    link = honest(in_time=T)
    number = rows_of(link, "arrive")[0]
    assert link.rows[number].late == 1
    refused(edit(link, number, late=0), "apart")


def test_a_clock_that_ran_behind():
    """The deposit says an hour before its withdrawal: worked at the withdrawal's time, as an honest owner does."""
    for lag, fine in ((SHIFT_LIMIT - 1, True), (SHIFT_LIMIT, False)):
        try:
            link = honest(in_time=T - lag)
            assert check_chain([link], first=True) == "accepted"
            assert fine
        except Refused as error:
            assert not fine
            assert error.rule == "shift_range"
    assert check_chain([honest(in_time=T)], first=True) == "accepted"  # the same instant, whichever page sorts first


@pytest.mark.parametrize("change", [{"value": 10**12}, {"unit": 5}, {"day": 1}, {"order": 9}, {"quantity": UNIT}])
def test_what_arrives_is_what_was_sent(change):
    """34: date, unit, order or value lost on the way."""
    refused(
        edit_token(honest(), **change),
        "bus_transit",
        "close_head",
        "part_value",
        "parts_whole",
        "head",
        "used_up",
        "record_order",
        "part_range",
        "arrive_part",
        "take_kind",
        "one_record",
    )


def test_a_stale_token_is_not_carried_out():
    """35: what could not arrive any more is gone, and counted; with a reference it can still arrive."""
    assert check_chain([carried(0, at(2025) - REACH + 1)], first=True) == "accepted"
    with pytest.raises(Refused, match="stale_token"):
        carried(0, at(2025) - REACH)
    link = carried(7, at(2024, 7, 1))
    shown = [f for f in link.figures if f.key.kind == "in transit" and f.group == "events"]
    assert [figure.value for figure in shown] == [1]


def test_sent_and_dropped():
    """36: the same units as token and as gift."""
    link = honest()
    number = rows_of(link, "out")[1]
    row = link.rows[number]
    drop = replace(row, op="drop", kind="gift", token=None)
    rows = [*link.rows[: number + 1], drop, *link.rows[number + 1 :]]
    refused(replace(link, rows=tuple(rows)), "one_record", "used_up", "record_order", "bus_leaf")


def unexplained(**row):
    """The deposit at B without a token."""
    a, b = story()
    link = make_link(pages(a[:2], b), Book(), rules(), 2024, None)
    number = next(n for n in rows_of(link, "open") if link.rows[n].record == b[0])
    return edit(link, number, **row) if row else link


def test_basis_is_declared_or_nothing():
    """37, 38."""
    assert check_chain([unexplained()], first=True) == "accepted"
    refused(unexplained(value=10**10), "basis")
    refused(unexplained(value=10**10, declared=(10**10, 19000)), "declared_kind")
    refused(unexplained(value=10**10, kind="trade", declared=(10**10, 19000)), "declared_kind")
    refused(unexplained(value=10**10, kind="declared", declared=(10**10, 10**6)), "declared_day")
    refused(unexplained(value=10**10, kind="declared", declared=(10**10, -1)), "declared_day")


# ------------------------------------------------------------------------------------------------- sums, 47 to 53


def declared_link():
    a, b = story()
    book = Book(declared={IN: ("declared", 4 * 10**10, 19500)})
    return make_link(pages(a[:2], b), book, rules(), 2024, None)


def test_registers_are_what_was_posted():
    link = declared_link()
    assert check_chain([link], first=True) == "accepted"
    for register in link.table:
        for slot in (0, 20, 31, 56):
            by = 1 if register.data[slot] < 255 else -1
            table = sums.edited(list(link.table), register.key, slot, by)
            refused(replace(link, table=tuple(table)), "lane_sum", "last_carry")
    carried_over = sums.edited(sums.edited(list(link.table), link.table[0].key, 0, -1), link.table[0].key, 1, 0)
    refused(replace(link, table=tuple(carried_over)), "lane_sum", "byte_range")
    doubled = [link.table[0], *link.table]
    refused(replace(link, table=tuple(doubled)), "key_order")  # 47
    for n, register in enumerate(link.table):
        rest = link.table[:n] + link.table[n + 1 :]
        refused(replace(link, table=rest), "bus_post")
        assert register.key


def test_a_unit_between_two_keys_is_noticed():
    """A keyed tally agrees key by key: what one register lacks cannot stand in another."""
    link = declared_link()
    levels = [r for r in link.table if r.key.level == "L1"]
    one, other = levels[0], levels[1]
    slot = next(s for s in range(18) if one.data[s])
    table = sums.edited(sums.edited(list(link.table), one.key, slot, -1), other.key, slot, 1)
    refused(replace(link, table=tuple(table)), "lane_sum", "byte_range", "last_carry")


def test_figures_are_the_registers():
    """50, 51: slack on an exact figure, negative slack, a counter that is hidden or low."""
    link = declared_link()
    key = sums.Key("COUNT", kind="declared", origin="declared")
    (figure,) = [f for f in link.figures if (f.key, f.group) == (key, "events")]
    assert figure.value == 1
    others = tuple(f for f in link.figures if f is not figure)
    refused(replace(link, figures=others), "counter_hidden")
    refused(replace(link, figures=(*others, replace(figure, value=0, slack=1))), "slack_exact")
    refused(replace(link, figures=(*others, replace(figure, value=0))), "figure")
    refused(replace(link, figures=(*others, replace(figure, value=0, slack=1, exact=False))), "counter_hidden")
    net = next(r for r in link.table if r.key.level == "NET").get("units")
    at_least = sums.Figure(sums.Key("NET"), "units", -net - 5, exact=False, slack=5, factor=-1)
    check_link(replace(link, figures=(*link.figures, at_least)))
    refused(replace(link, figures=(*link.figures, replace(at_least, value=-net + 1, slack=-1))), "slack_range")


def test_an_account_cannot_end_below_zero():
    """52: under universal pooling B sells what only A holds."""
    a, b = story()
    sale = replace(b[1], time=at(2024, 6, 2))
    with pytest.raises(Refused) as error:
        check_link(make_link(pages(a[:2], (sale,)), Book(), rules(pooling="universal"), 2024, None))
    assert error.value.rule == "sign_where"


def test_what_was_moved_is_not_covered():
    """53: a lot that was moved counts as covered."""
    link = honest()
    number = rows_of(link, "take")[0]
    refused(edit(link, number, kind="cshort"), "class")
    (key,) = [r.key for r in link.table if r.key.level == "L2"]
    assert (key.covered, key.term) == ("n", "short")


def test_short_lots_are_counted_by_themselves():
    """A short position is no negative holding: sides have registers of their own."""
    records = (Rec(T, "open", "P", 5 * UNIT, 10**9, side=1, kind="short"),)
    link = make_link([Page("A", "A-1", 0, at(2024), at(2025), records)], Book(), rules(), 2024, None)
    assert check_chain([link], first=True) == "accepted"
    (hold,) = [r for r in link.table if r.key.level == "HOLD"]
    assert (hold.key.side, hold.get("units")) == ("1", 5 * UNIT)


def test_a_fee_above_the_proceeds_makes_a_negative_register():
    records = (Rec(T, "open", "X", UNIT, 10), Rec(T + 1, "close", "X", UNIT, -7, fee=9))
    link = make_link([Page("A", "A-1", 0, at(2024), at(2025), records)], Book(), rules(), 2024, None)
    assert check_chain([link], first=True) == "accepted"
    (net,) = [r for r in link.table if r.key.level == "NET"]
    assert (net.get("proceeds"), net.get("basis"), net.get("units")) == (-7, 10, -17)
