"""Lies that the machine takes where a sum lacks a term (`machine_term_lies`): what follows a close, the table's end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec, Token
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from tests.support.machine_lies_amounts import chosen, marks, operations, sent
from tests.support.machine_lies_moves import arrival
from tests.support.machine_lying import RECORD, buy, copy, follow, idle_before, run
from tests.support.machine_lying import told as told_rows
from tests.support.machine_rows import rows_of
from tests.support.machine_term_lies import told
from zkharvest.circuit.lot_machine.v2.rows import Op

# ------------------------------------------------------------------------------------------------ after a close


def two_assets(pooling: str = "wallet") -> Link:
    """X is bought and stays; Y is bought and sent, and sold where it arrives."""
    late = at(2025) - DAY
    a = [buy(), Rec(T + 1, "open", "Y", UNIT, 7), Rec(late, "out", "Y", UNIT, ref=7, kind="move")]
    b = [Rec(late + 1, "in", "Y", UNIT, ref=7, kind="move"), Rec(late + 2, "close", "Y", UNIT, 9)]
    made = [Page(s, f"{s}-1", 0, at(2024), at(2025), tuple(r)) for s, r in (("A", a), ("B", b))]
    book = Book(matched={("B", 0, 0): ("A", 0, 2)}, amounts={("A", 0, 2): UNIT})
    return make_link(made, book, rules(pooling=pooling), 2024, None)


OF_RECORD = tuple(name for name in RECORD if not name.startswith(("asset", "place", "code_short")))
"""A close has these of its own."""


def goes_on(link: Link, before: Op) -> Run:
    """What is closed at the end is closed before an operation, and the year goes on."""
    rows = rows_of(link)
    (close,), (operation,) = operations(rows, Op.CLOSE), operations(rows, before)
    order = [n for n in range(len(rows.op)) if n != close]
    order.insert(order.index(operation), close)

    def change(made: Run) -> None:
        (row,) = made.at("close")
        follow(made, row - 1, row, OF_RECORD)

    return run(link, change, chosen(rows, order))


told("closes_last without is_out'", lambda: goes_on(two_assets(), Op.OUT))
told("closes_last without is_arrive'", lambda: goes_on(two_assets(), Op.ARRIVE))


def _skipped_last() -> Run:
    """A record behind the window is skipped after a token was carried out, at the window's end."""
    link, behind = sent(UNIT, of=UNIT), Rec(at(2025) + 5, "close", "X", UNIT, 9)
    page = link.pages[0]
    made = replace(page, records=(*page.records, behind))
    told_so = [row for row in link.rows if row.op in ("open", "out")]
    link = replace(link, pages=(made,), leaves=(made.records,), rows=(*told_so, Row("skip", 0, 2, behind)))
    rows = rows_of(link, follow=True)
    rows.around.page_late[:] = 1

    def change(made: Run) -> None:
        marks(made, made.at("close_token")[0], "order", 5, [2], 2 * 5 - 1)

    return run(link, change, chosen(rows, [0, 1, 3, 2]))


told("closes_last without is_close_token", _skipped_last)
for _term in ("(-public5+1)*is_send'", "1"):
    told(f"closes_last without {_term}", lambda: goes_on(two_assets("universal"), Op.OUT))


def _idle_then_arrives() -> Run:
    """A row that does nothing, and then a token arrives."""
    link = arrival()
    (first, *_) = operations(rows_of(link), Op.ARRIVE)

    def change(made: Run) -> None:
        (row, *_) = made.at("arrive")
        marks(made, row - 1, "order", 5, [0], made.get(row, "time2") - 1)

    with idle_before(first):
        return run(link, change)


told("idle_last without is_arrive'", _idle_then_arrives)

# ------------------------------------------------------------------------------------------------ out of turn


def late_and_later(by: int, unit: int) -> Run:
    """A deposit whose clock ran behind is worked after a purchase of two weeks later."""
    out = T + DAY
    a = (buy(), Rec(out, "out", "X", UNIT, ref=7, kind="move"), Rec(out + (1 << 30), "open", "Y", UNIT, 7))
    b = (Rec(out - by, "in", "X", UNIT, ref=7, kind="move"),)
    made = [Page(s, f"{s}-1", 0, at(2024), at(2025), r) for s, r in (("A", a), ("B", b))]
    book = Book(matched={("B", 0, 0): ("A", 0, 1)}, amounts={("A", 0, 1): UNIT})
    link = make_link(made, book, rules(), 2024, None)
    first, sent, came, bought, *closes = link.rows
    assert came.op == "arrive" and bought.op == "open"

    def change(made: Run) -> None:
        (row,) = made.at("arrive")
        gap = -1 - 1 + unit
        marks(made, row - 1, "order", 5, [0], gap)

    return told_rows(link, [first, sent, bought, came, *closes], change)


told("order_gap without -65024*shift1'", late_and_later, 1 << 15, 65024)
told("order_gap without -33292290*shift0'", late_and_later, 1, 33292290)

# ------------------------------------------------------------------------------------------------ the table's end

HEIGHT = 32
LOT = 1 << 60


def unended(op: str, *, more: bool = False) -> Run:
    """The table ends with a lot's half, or with a part that is not the last: what would go on stands on the first row.

    There the lot was carried in that is taken here, so that the first row has all that a second half would repeat.
    """
    first = make_link([Page("A", "A-1", 0, at(2024), at(2025), (buy(0, LOT, 1 << 34),))], Book(), rules(), 2024, None)
    when = at(2025, 3)
    passed = [Rec(when + n, "close", "X", LOT, 0) for n in range(HEIGHT - 2 - more)]
    kind = {"take": "close"}.get(op, "out")
    last = Rec(when + DAY, kind, "X", 5 * LOT if more else LOT, 0, ref=7 if op == "out" else 0)
    after = Page("A", "A-1", 1, at(2025), at(2026), (*passed, last), first.pages[0].id)
    empty = Page("A", "A-1", 1, at(2025), at(2026), (), first.pages[0].id)
    link = make_link([empty], Book(), rules(2025), 2025, first.closing)
    rows_before = [row for row in link.rows if row.op == "load"]
    rows_before += [Row("skip", 0, n, record) for n, record in enumerate(passed)]
    lot = rows_before[0].lot
    told_last = {
        "take": lambda: Row("take", 0, len(passed), last, part=LOT, value=1 << 34, close_value=0),
        "drop": lambda: Row("drop", 0, len(passed), last, part=LOT, value=1 << 34, kind="gift"),
        "out": lambda: Row(
            "out", 0, len(passed), last, part=LOT,
            token=Token(lot.order + 1, 0, True, "X", last.time, last.ref, LOT, 1 << 34, lot.unit, lot.order, lot.day),
        ),
    }[op]()  # fmt: skip
    rows = rows_of(replace(link, pages=(after,), leaves=(after.records,), rows=(*rows_before, told_last)), follow=True)
    day = np.searchsorted(rows.around.start, when, side="right") - 1
    rows.around.phase[day], rows.around.page_early[:] = 2, 1

    def change(made: Run) -> None:
        row = HEIGHT - 1
        held = (*(f"rest_quantity{i}" for i in range(5)), *(f"rest_value{i}" for i in range(3)))
        copy(made, row, 0, (*RECORD, *held, "loss", "long_term", "covered"))
        if more:
            made.put(row, more=1)
            made.put(0, **{f"rest_quantity{i}": 4 * LOT >> 24 * i & 0xFFFFFF for i in range(5)})
        else:
            copy(made, row, 0, tuple(f"b{i}" for i in range(14)))
        if op == "drop":
            copy(made, row, 0, ("class_kind",))
        made.traces["steps"] = made.cells()[:HEIGHT].copy()
        made.answers["pair"] = dict(machine.asked(made, "pair"))  # what follows is cut off, closes too

    return run(link, change, rows)


told("ends_whole without is_out", unended, "out")
told("ends_whole without is_drop", unended, "drop")
told("ends_whole without more", unended, "take", more=True)
