"""Rules of the model that no cheat of the design's list reaches: each refuses something of its own."""

from dataclasses import replace

import pytest

from tests.models.lot_machine_v2.chain import check_chain
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import (
    IN,
    OUT,
    T,
    carried,
    edit,
    honest,
    pages,
    refused,
    repaged,
    rows_of,
    rules,
    story,
    two_years,
)
from tests.models.lot_machine_v2.words import Page, Rec


def swapped(link, one, other):
    rows = list(link.rows)
    rows[one], rows[other] = rows[other], rows[one]
    return replace(link, rows=tuple(rows))


def test_parts_arrive_and_lots_close_in_order():
    link = honest()
    refused(swapped(link, *rows_of(link, "arrive")), "arrive_part")
    refused(swapped(link, *rows_of(link, "close")[1:]), "close_head")
    close = rows_of(link, "close")[0]
    refused(replace(link, rows=(*link.rows[:close], *link.rows[close + 1 :])), "head_last")
    rows = (*link.rows[:close], *link.rows[close + 1 :], link.rows[close - 1])
    refused(replace(link, rows=rows), "closes_last")


def test_the_last_token_says_so_and_no_other():
    link = honest()
    first, second = rows_of(link, "out")
    refused(edit(link, first, token=replace(link.rows[first].token, last=True)), "token_after_last", "part_range")
    refused(edit(link, second, token=replace(link.rows[second].token, last=False)), "token_last", "part_range")
    refused(edit(link, first, token=replace(link.rows[first].token, value=1)), "token")


def test_an_arrival_stays_in_its_window():
    link = honest()
    number = rows_of(link, "arrive")[0]
    refused(edit(link, number, late=1, shift=at(2025) - link.rows[number].record.time), "in_window")
    refused(edit(link, rows_of(link, "open")[0], late=1), "shift_where")


def test_nothing_is_taken_where_nothing_is():
    sale = Rec(T, "close", "X", UNIT, 5)
    with pytest.raises(Exception, match="head"):
        make_link([Page("A", "A-1", 0, at(2024), at(2025), (sale,))], Book(), rules(), 2024, None)
    link = honest()
    number = rows_of(link, "take")[0]
    refused(edit(link, number, close_value=1), "settle_value")
    refused(edit(link, number, value=1), "part_value")
    refused(edit(link, number, part=1), "part_range")
    refused(edit(link, number, op="out", token=link.rows[rows_of(link, "out")[0]].token), "out_kind")
    refused(edit(link, number, op="drop", kind="gift"), "drop_kind")
    refused(edit(link, rows_of(link, "out")[0], op="take"), "take_kind")
    refused(edit(link, number, op="open"), "open_kind")


def test_what_is_gone_has_a_kind():
    a, b = story(in_quantity=2 * UNIT)
    link = make_link(pages(a, b), Book(matched={IN: OUT}, amounts={OUT: 2 * UNIT}), rules(), 2024, None)
    assert check_chain([link], first=True) == "accepted"
    (number,) = rows_of(link, "drop")
    assert link.rows[number].kind == "shortfall"
    refused(edit(link, number, kind=""), "gone_kind")


def test_lots_and_tokens_carried_in_are_older_and_come_first():
    one, two = two_years()
    refused(replace(two, first_seq=0), "loaded_older")
    load = rows_of(two, "load")[-1]
    refused(swapped(two, load, load + 1), "loads_first")
    refused(replace(one, closing=replace(one.closing, sums=())), "closing_sums")
    sources = tuple(replace(state, page="x") for state in one.closing.sources)
    refused(replace(one, closing=replace(one.closing, sources=sources)), "closing_standing")


def test_a_loaded_token_has_the_clock_of_its_row():
    first = carried(7, at(2024, 7, 1))
    a, _ = story(out_time=at(2024, 7, 1))
    come = Rec(at(2025, 2, 2), "in", "X", 3 * UNIT, ref=7)
    book = Book(matched={("B", 1, 0): OUT}, amounts={OUT: 3 * UNIT}, seqs={OUT: first.closing.tokens[0].seq})
    made = [
        Page("A", "A-1", 1, at(2025), at(2026), (), first.pages[0].id),
        Page("B", "B-1", 1, at(2025), at(2026), (come,), first.pages[1].id),
    ]
    second = make_link(made, book, rules(2025), 2025, first.closing)
    assert check_chain([first, second], first=True) == "accepted"
    (number, *_) = rows_of(second, "load_token")
    token = second.rows[number].token
    refused(edit(second, number, token=replace(token, clock=0)), "token_clock")
    refused(edit(second, number, token=replace(token, value=token.value + 1)), "bus_transit", "bus_pair", "close_head")
    assert a


def test_pages_of_one_account_in_a_row():
    link = honest()
    a, b = link.pages
    other = replace(a, account="A-2", number=1, start=a.end, end=at(2026), records=(), prev=a.id)
    refused(repaged(link, a, other, b), "one_account")
    gap = replace(other, account="A-1", number=2)
    refused(repaged(link, a, gap, b), "page_number")
    behind = replace(gap, number=1)
    refused(repaged(link, a, behind, b), "page_behind")


def test_the_page_that_was_open_comes_again():
    a, b = story()
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    half = at(2024, 5, 1)
    first = make_link(pages(a, b), book, rules(end=half), 2024, None)
    second = make_link(pages(a, b), book, rules(start=half), 2024, first.closing)
    again = replace(second.pages[0], records=a[:2])
    refused(repaged(second, again, second.pages[1]), "open_page")
    following = replace(second.pages[0], number=1, prev=second.pages[0].id, start=half, end=at(2025), records=())
    refused(repaged(second, following, second.pages[1]), "open_page")


def test_currency_and_pooling_go_on():
    one, two = two_years()
    other = replace(two, currency="EUR", closing=replace(two.closing, currency="EUR"))
    refused([one, other], "currency", chain=True, first=True)
    a, b = story()
    free = make_link(pages(a[:2], ()), Book(), rules(pooling="universal"), 2024, None)
    made = [
        replace(page, number=1, prev=old.id, start=at(2025), end=at(2026), records=())
        for page, old in zip(free.pages, free.pages, strict=True)
    ]
    moved = make_link(made, Book(), rules(2025, pooling="universal"), 2025, free.closing)
    by_wallet = replace(
        moved, rules=replace(moved.rules, pooling="wallet"), closing=replace(moved.closing, pooling="wallet")
    )
    refused([free, by_wallet], "allot", chain=True, first=True)
    assert b
