"""What the circuit leaves to the verifier, shown by witnesses that it takes (ARGUMENT.md, "What is given").

The verifier compares the pooling of the standing carried in with the statement's (`link/pooling`). Nothing in the
circuit does: a standing is a tree of lots and coins, and does not say how they were pooled.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import machine_circuit as machine
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.sums.keys import LEVELS, TERMS, field

PAID, PROCEEDS = 7, 31


def coins_under_way(pooling: str, then: str) -> machine.Run:
    """A purchase of a year before, sent at the end of that year; in the next one it arrives and is sold."""
    book = Book(matched={("A", 1, 0): ("A", 0, 1)}, amounts={("A", 0, 1): UNIT})
    a = Rec(at(2025) - 3 * DAY, "open", "X", UNIT, PAID), Rec(at(2025) - DAY, "out", "X", UNIT, ref=7, kind="move")
    first = Page("A", "A-1", 0, at(2024), at(2025), a)
    opening = make_link([first], book, rules(pooling=pooling), 2024, None).closing
    if pooling != then:
        opening = replace(opening, lots=())  # its lots are of a pool that no account has: they are carried on
    b = Rec(at(2025, 2), "in", "X", UNIT, ref=7, kind="move"), Rec(at(2025, 3), "close", "X", UNIT, PROCEEDS)
    second = Page("A", "A-1", 1, at(2025), at(2026), b, first.id)
    link = make_link([second], book, rules(2025, pooling=then), 2025, opening)
    rows = rows_of(link)
    if pooling != then:  # what a coin without a lot has
        for part in (rows.entries, rows.tokens):
            part.day[:], part.long_from[:] = 0, 0
    return machine.run(link, rows=rows)


def sold(made: machine.Run) -> tuple[str, int, int]:
    """Of the sale its term, proceeds and basis."""
    found = machine.registers_of(made).items()
    (sale,) = [(key, slots) for key, slots in found if key[0] == LEVELS.index("L1") + 1 and key[field("term")]]
    key, slots = sale
    return TERMS[key[field("term")]], slots[18], slots.get(30, 0)


@pytest.mark.parametrize("pooling", ["wallet", "universal"])
def test_coins_that_were_under_way_keep_their_basis_and_their_day(pooling):
    made = coins_under_way(pooling, pooling)
    assert Board(made, machine.description()).verdict() == set()
    assert sold(made) == ("short", PROCEEDS, PAID)


def test_without_the_verifier_coins_of_one_pool_arrive_by_account_as_a_lot_of_nothing():
    """The circuit takes it: it cost nothing, and is long term since 1970."""
    made = coins_under_way("universal", "wallet")
    assert Board(made, machine.description()).verdict() == set()
    assert sold(made) == ("long", PROCEEDS, 0)
