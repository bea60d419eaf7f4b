"""Cheats of the design's section 10 with pages and chains of links: each is refused by the rule that is to stop it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.models.lot_machine_v2.chain import check_chain
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import (
    IN,
    OUT,
    carried,
    honest,
    pages,
    refused,
    repaged,
    rules,
    story,
    two_years,
)
from tests.models.lot_machine_v2.words import Lot, Page, Rec, Refused

# ------------------------------------------------------------------------------------------------- pages, 1 to 15


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
