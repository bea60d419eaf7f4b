"""An honest link of two sources with a move between them, and edits of it: what the cheats begin with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.models.lot_machine_v2.chain import Link, check_chain, check_link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.words import DAY, Page, Rec, Refused

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


def carried(ref, when):
    """A withdrawal in 2024 that is still in transit at the year's end."""
    a, _ = story(out_time=when, out_ref=ref)
    made = pages(a, ())
    return make_link(made, Book(amounts={OUT: 3 * UNIT}), rules(), 2024, None)


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
