"""The story of the paper model as it is proven: its honest links, and how a liar's rows follow his lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from tests.adversary.links.forgery import FIRST_COVERED, Told, codes_of_accounts, make_any_link, tell
from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row, Rules
from tests.models.lot_machine_v2.owner import Book
from tests.models.lot_machine_v2.story import IN, OUT, pages, story
from tests.models.lot_machine_v2.story import rules as model_rules
from tests.models.lot_machine_v2.words import Page, Rec, Standing
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows

HALF = at(2024, 5, 1)
SALE = Rec(at(2025, 3, 2), "close", "X", UNIT, 10**10)
COME = Rec(at(2025, 2, 2), "open", "X", UNIT, 5)


def rules(*arguments: Any, **named: Any) -> Rules:
    """The story's, lots covered from 2000 on."""
    return replace(model_rules(*arguments, **named), covered_since=FIRST_COVERED)


def moves(quantity: int = 3 * UNIT) -> Book:
    """The owner's word on the story's one move."""
    return Book(matched={IN: OUT}, amounts={OUT: quantity})


def linked(
    listed: Sequence[Page], book: Book | None = None, year: int = 2024, opening: Standing | None = None, **more: Any
) -> Link:
    """A link of any pages."""
    made: Link = make_any_link(list(listed), book or Book(), rules(year, **more), year, opening)
    return made


# ------------------------------------------------------------------------------------------------ two honest years


@cache
def first(method: str = "fifo") -> Link:
    """2024."""
    return linked(pages(*story()), moves(), method=method)


def pages_2025() -> tuple[Page, Page]:
    """The next page of A and of B."""
    a, b = first().pages
    return (
        Page("A", "A-1", 1, at(2025), at(2026), (COME,), a.id),
        Page("B", "B-1", 1, at(2025), at(2026), (SALE,), b.id),
    )


@cache
def one(method: str = "fifo") -> Told:
    """2024, proven honestly."""
    return tell(first(method))


def later(listed: Sequence[Page], *, after: Told | None = None, known: tuple[Link, ...] = (), **more: Any) -> Told:
    """2025 of any pages, proven after 2024."""
    before = after or one()
    link = linked(listed, year=2025, opening=before.link.closing, **{"method": "hifo", **more})
    return tell(link, before, known=known)


@cache
def two() -> Told:
    """2025, proven honestly."""
    return later(pages_2025())


@cache
def halves() -> tuple[Told, Told]:
    """2024 in two links."""
    book = moves()
    start = linked(pages(*story()), book, end=HALF)
    rest = linked(pages(*story()), book, opening=start.closing, start=HALF)
    before = tell(start)
    return before, tell(rest, before)


# ------------------------------------------------------------------------------------------------ rows


def told(link: Link, rows: Sequence[Row]) -> MachineRows:
    """A link with other rows of the model, as the circuit's, which follow them."""
    with codes_of_accounts():
        return rows_of(replace(link, rows=tuple(rows)), follow=True)


def honest_rows(link: Link, change: Callable[[MachineRows], MachineRows | None] = lambda rows: None) -> MachineRows:
    """The rows of a link, changed in place or replaced."""
    with codes_of_accounts():
        rows = rows_of(link)
    return change(rows) or rows


def lying(link: Link, rows: Sequence[Row], before: Told | None = None, **more: Any) -> Told:
    """A link proven with these rows of the model."""
    return tell(link, before, rows=told(link, rows), **more)


def repaged(link: Link, *listed: Page) -> Link:
    """The same rows over other pages."""
    return replace(link, pages=listed, leaves=tuple(page.records for page in listed))
