"""Cheats of the design's section 10 as edits of the model's input: each is refused, by the rule that is to stop it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.models.lot_machine_v2 import sums
from tests.models.lot_machine_v2.chain import Link, check_chain, check_link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.words import DAY, REACH, SHIFT_LIMIT, Lot, Page, Rec, Refused, Token

T = at(2024, 3, 1)
OUT, IN = ("A", 0, 2), ("B", 0, 0)
END_2024 = at(2025)


def story(**changes):
    """Two purchases at A, a move to B, a sale at B; `changes` are fields of the withdrawal (out_), deposit (in_)."""
    out = {"time": T, "op": "out", "asset": "X", "quantity": 3 * UNIT, "ref": 7, "kind": "move"}
    come = {**out, "op": "in", "time": T + DAY}
    for name, value in changes.items():
        which, _, field = name.partition("_")
        (out if which == "out" else come)[field] = value
    a = (
        Rec(at(2024, 1, 5), "open", "X", 2 * UNIT, 10**10),
        Rec(at(2024, 2, 5), "open", "X", 2 * UNIT, 3 * 10**10),
        Rec(**out),
    )
    b = (Rec(**come), Rec(at(2024, 6, 1), "close", "X", UNIT, 10**10))
    return a, b


def pages(a, b, end=END_2024):
    return [Page("A", "A-1", 0, at(2024), end, tuple(a)), Page("B", "B-1", 0, at(2024), end, tuple(b))]


def rules(year=2024, method="fifo", start=None, end=None, pooling="wallet"):
    return Rules(start or at(year), end or at(year + 1), (at(year), at(year + 1)), method, pooling)


def honest(**changes) -> Link:
    a, b = story(**changes)
    book = Book(matched={IN: OUT}, amounts={OUT: b[0].quantity})
    return make_link(pages(a, b), book, rules(), 2024, None)


def rows_of(link, op):
    return [n for n, row in enumerate(link.rows) if row.op == op]


def edit(link, number, **changes):
    """The link with one row changed."""
    rows = list(link.rows)
    rows[number] = replace(rows[number], **changes)
    return replace(link, rows=tuple(rows))


def edit_token(link, **changes):
    """A token changed where it arrives, as if another had been sent."""
    number = rows_of(link, "arrive")[0]
    return edit(link, number, token=replace(link.rows[number].token, **changes))


def refused(thing, *names, chain=False, **options):
    with pytest.raises(Refused) as error:
        (check_chain if chain else check_link)(thing, **options)
    assert error.value.rule in names, error.value
    return True


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


def carried(ref, when):
    """A withdrawal in 2024 that is still in transit at the year's end."""
    a, _ = story(out_time=when, out_ref=ref)
    made = pages(a, ())
    return make_link(made, Book(amounts={OUT: 3 * UNIT}), rules(), 2024, None)


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


# ------------------------------------------------------------------------------------------------- pages, 1 to 15


def two_years(**second):
    """2024 and 2025 of two sources, a page a year; `second` changes the statement of 2025."""
    a, b = story()
    first = pages(a, b)
    a2 = Page("A", "A-1", 1, at(2025), at(2026), (Rec(at(2025, 2, 2), "open", "X", UNIT, 5),), first[0].id)
    b2 = Page("B", "B-1", 1, at(2025), at(2026), (Rec(at(2025, 3, 2), "close", "X", UNIT, 10**10),), first[1].id)
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    one = make_link(first, book, rules(), 2024, None)
    two = make_link([a2, b2], book, rules(2025, "hifo"), 2025, one.closing)
    return one, two


def repaged(link, *changed):
    """A link whose statement lists other pages: what the verifier sees first."""
    return replace(link, pages=tuple(changed), leaves=tuple(page.records for page in changed))


def test_two_years_under_two_methods_are_a_chain():
    assert check_chain(two_years(), first=True) == "accepted"


def test_pages_left_out_doubled_reissued_or_of_others():
    one, two = two_years()
    a2, b2 = two.pages
    cheats = {
        "one left out": ([b2], "source_gone"),
        "the other one left out": ([a2], "source_gone"),
        "two of one number": ([a2, replace(a2, records=()), b2], "pages_order"),
        "the page before reissued": ([replace(a2, prev=replace(one.pages[0], records=()).id), b2], "prev"),
        "listed twice": ([a2, a2, b2], "pages_order"),
        "another account": ([replace(a2, account="A-2"), b2], "account"),
        "a header edited": ([replace(a2, start=at(2025, 2)), b2], "page_gap"),
        "short of the window's end": ([replace(a2, end=at(2025, 12)), b2], "page_end"),
        "a known source at page 0": ([replace(a2, number=0, prev=""), b2], "new_source", "prev"),
        "a new source with a past": ([a2, b2, Page("C", "C-1", 0, at(2024), at(2026), ())], "new_source_period"),
        "a new source in its middle": ([a2, b2, Page("C", "C-1", 3, at(2025), at(2026), (), "x")], "new_source"),
        "another order of sources": ([b2, a2], "pages_order"),
    }
    for what, (listed, *names) in cheats.items():
        assert refused(repaged(two, *listed), *names), what
    closed = replace(one.closing, sources=tuple(replace(s, final=True) for s in one.closing.sources))
    refused(replace(two, opening=closed), "final")


def test_leaves_are_those_of_the_root():
    """8 to 10: a record of another page, another order, a subtree left closed."""
    link = honest()
    a, b = link.leaves
    for leaves in ((b, a), ((a[1], a[0], a[2]), b), (a[:2], b), (a, b[:1]), (a, (*b, b[0]))):
        refused(replace(link, leaves=leaves), "node")
    refused(replace(link, rows=link.rows[1:]), "bus_leaf", "head", "part_range", "part_value")
    refused(replace(link, rows=(link.rows[0], *link.rows)), "record_order", "bus_leaf")


def test_records_outside_the_window_are_skipped_only_where_a_page_is_open():
    """11 to 13: before the window in a fresh page, behind it in a finished one, a false bit."""
    a, b = story()
    early = Rec(at(2023, 12, 1), "open", "X", UNIT, 5)
    made = pages((early, *a), b)
    with pytest.raises(Refused) as error:
        make_link(made, Book(matched={("B", 0, 0): ("A", 0, 3)}, amounts={("A", 0, 3): 3 * UNIT}), rules(), 2024, None)
    assert error.value.rule == "skip_where"
    behind = Rec(at(2025, 1, 2), "open", "X", UNIT, 5)
    with pytest.raises(Refused) as error:
        make_link(pages((*a, behind), b), Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT}), rules(), 2024, None)
    assert error.value.rule == "skip_where"
    link = honest()
    refused(replace(link, rules=replace(link.rules, early=frozenset({0}))), "bits")
    refused(replace(link, rules=replace(link.rules, late=frozenset({1}))), "bits")


# ------------------------------------------------------------------------------------------------- chain, 16 to 25


def test_the_same_lots_cannot_be_used_under_two_methods():
    """16: HIFO 2024 and FIFO 2025, each from genesis."""
    one, _ = two_years()
    a, b = story()
    again = make_link(
        pages(a, b, end=at(2026)), Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT}),
        rules(2025, "hifo", start=at(2024)), 2025, None,
    )  # fmt: skip
    assert check_chain([again], first=False) == "policy/history"
    refused([one, again], "standing", chain=True, first=True)
    refused([two_years()[1]], "policy/standing", chain=True, standing="another")


def test_standings_are_not_to_be_edited():
    """17 to 22: an older opening, a fork, lots dropped, doubled or edited, tokens as lots, windows, order of links."""
    one, two = two_years()
    lots = one.closing.lots
    for edited in (lots[1:], (lots[0], *lots), (replace(lots[0], value=lots[0].value + 1), *lots[1:])):
        refused(replace(one, closing=replace(one.closing, lots=edited)), "bus_pair")
        forked = replace(two, opening=replace(two.opening, lots=edited))
        refused(forked, "bus_pair", "close_head", "part_value", "part_range")
    refused([two, one], "standing", chain=True, first=True)
    refused([one, replace(two, opening=None)], "prev", "new_source", "pages_order", chain=True, first=True)
    refused(replace(two, rules=replace(two.rules, start=at(2025) + 1)), "window")
    refused(replace(two, rules=replace(two.rules, start=at(2025) - 1)), "window")
    refused(replace(one, closing=replace(one.closing, instant=at(2025) + 1)), "closing_standing")
    transit = carried(7, at(2024, 7, 1))
    token = transit.closing.tokens[0]
    refused(replace(transit, closing=replace(transit.closing, tokens=())), "bus_pair")
    as_lot = Lot(token.asset, "A", 0, token.quantity, token.value, token.unit, token.order, token.day)
    refused(replace(transit, closing=replace(transit.closing, tokens=(), lots=(as_lot,))), "bus_pair")
    refused(replace(transit, closing=replace(transit.closing, tokens=(token, *transit.closing.tokens))), "bus_pair")


def test_sums_go_on_in_a_year_and_not_beyond():
    """23: sums dropped in the middle of a year, or last year's kept."""
    a, b = story()
    long = pages(a, b)
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    half = at(2024, 5, 1)
    first = make_link(long, book, rules(end=half), 2024, None)
    second = make_link(long, book, rules(start=half), 2024, first.closing)
    assert check_chain([first, second], first=True) == "accepted"
    bare = replace(first.closing, sums=())
    alone = make_link(long, book, rules(start=half), 2024, bare)
    refused([first, alone], "standing", "sign_where", chain=True, first=True)
    one, two = two_years()
    kept = tuple(sorted({r.key: r for r in (*one.table, *two.table)}.values(), key=lambda r: r.key))
    refused(replace(two, table=kept, closing=replace(two.closing, sums=kept)), "lane_sum", "last_carry", "bus_post")


def test_pooling_and_zone_do_not_change_on_the_way():
    """24, 25."""
    one, two = two_years()
    closing = replace(two.closing, pooling="universal")
    other = replace(two, rules=replace(two.rules, pooling="universal"), closing=closing)
    refused([one, other], "pooling", "head", "close_head", "part_range", "part_value", chain=True, first=True)
    a, b = story()
    half = at(2024, 5, 1)
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    first = make_link(pages(a, b), book, rules(end=half), 2024, None)
    second = make_link(pages(a, b), book, rules(start=half), 2024, first.closing)
    moved = replace(second, zone="Asia/Tokyo", closing=replace(second.closing, zone="Asia/Tokyo"))
    refused([first, moved], "zone", chain=True, first=True)
