"""Honest runs of the machine by what its first row does.

No lot or token is older than that row, and a first half has none to take. It loads, passes over a record, opens a lot
in one of several ways, or sends coins (universal pooling); or nothing stands in the whole table.
"""

from __future__ import annotations

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from tests.support.machine_first_lies import in_transit
from tests.support.machine_full import skipped
from tests.support.machine_lies_lists import loaded
from tests.support.machine_lying import buy, page, sale
from tests.support.machine_term_lies_rows import waiting


def deposit(book: Book) -> Link:
    """A deposit that no withdrawal of the pages explains."""
    come = Rec(T, "in", "X", UNIT)
    return make_link([Page("A", "A-1", 0, at(2024), at(2025), (come,))], book, rules(), 2024, None)


def first_rows() -> dict[str, Run]:
    """By what the first row does; more than one word tells how."""
    lots, rows = loaded((UNIT, 7), (UNIT, 9))
    behind, passed = skipped()
    opened = {
        "": page(buy(), sale()),
        " found": deposit(Book()),
        " declared": deposit(Book(declared={("A", 0, 0): ("declared", 7, T // DAY - 3)})),
        " income": page(Rec(T, "open", "X", UNIT, 7, kind="staking")),
        " short": page(Rec(T, "open", "X", UNIT, 7, kind="short", side=1)),
        " hifo": page(buy(), method="hifo"),
    }
    return {
        "load": machine.run(lots, rows=rows),
        "load_token": machine.run(waiting()),
        "skip": machine.run(behind, rows=passed),
        **{f"open{how}": machine.run(link) for how, link in opened.items()},
        "send": machine.run(in_transit()),
        "idle": machine.run(page()),
    }
