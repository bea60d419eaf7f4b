"""Honest runs of the machine by what its last row does, in tables that have no row more; and by what its first does.

On the last row no lot comes and no token is sent, since nothing could read what it writes; no record goes on behind it
(`ends_whole`). What is left is the end of a disposal, or of what is gone; a deposit (universal pooling), a skipped
record, a lot or a token that is carried out; and nothing. No lot or token is older than the first row, and a first half
has none to take: it loads, passes over a record, opens a lot, or sends coins (universal pooling); or nothing stands in
the whole table.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from tests.support.machine_lies_lists import loaded
from tests.support.machine_lying import buy, page, sale
from tests.support.machine_rows import rows_of
from tests.support.machine_term_lies_rows import waiting
from zkharvest.circuit.lot_machine.v2.rows import MachineRows

ROWS = 32


def cut(link: Link, rows: MachineRows | None = None) -> Run:
    """A run of as many rows as are used."""

    def change(made: Run) -> None:
        assert made.witness.plan.used == ROWS, made.witness.plan.used
        made.traces["steps"] = made.cells()[:ROWS].copy()

    return machine.run(link, change, rows)


def carried_out() -> Link:
    """Sixteen lots."""
    return page(*(buy(n, UNIT, 7 + n) for n in range(16)))


def used_up(kind: str) -> Link:
    """Ten lots, of which a sale or a gift takes a half, and another one all that is left."""
    more = {"value": 90} if kind == "close" else {"kind": "gift"}
    parts = (UNIT // 2, 10 * UNIT - UNIT // 2)
    taken = tuple(Rec(T + 20 + n, kind, "X", part, **more) for n, part in enumerate(parts))
    made = [Page("A", "A-1", 0, at(2024), at(2025), (*(buy(n, UNIT, 7 + n) for n in range(10)), *taken))]
    gone = {("A", 0, 10 + n): "gift" for n in range(2)} if kind == "out" else {}
    return make_link(made, Book(gone=gone), rules(), 2024, None)


def in_transit() -> Link:
    """Two lots, sent in ten parts that do not arrive."""
    late = at(2025) - DAY
    sent = tuple(Rec(late + n, "out", "X", UNIT // 5, ref=7 + n, kind="move") for n in range(10))
    made = [Page("A", "A-1", 0, at(2024), at(2025), (buy(0), buy(1), *sent))]
    return make_link(made, Book(amounts={("A", 0, 2 + n): UNIT // 5 for n in range(10)}), rules(), 2024, None)


def to_and_fro() -> Link:
    """Universal pooling: coins that go from A to B and back, eight times."""
    records: dict[str, list[Rec]] = {"A": [], "B": []}
    matched, amounts = {}, {}
    for n in range(16):
        source, target = ("A", "B") if n % 2 == 0 else ("B", "A")
        out, come = (source, 0, len(records[source])), (target, 0, len(records[target]))
        records[source].append(Rec(T + 4 * n, "out", "X", UNIT, ref=7 + n, kind="move"))
        records[target].append(Rec(T + 4 * n + 1, "in", "X", UNIT, ref=7 + n, kind="move"))
        matched[come], amounts[out] = out, UNIT
    made = [Page(s, f"{s}-1", 0, at(2024), at(2025), tuple(r)) for s, r in records.items()]
    return make_link(made, Book(matched=matched, amounts=amounts), rules(pooling="universal"), 2024, None)


def skipped() -> tuple[Link, MachineRows]:
    """Records behind the window."""
    passed = tuple(Rec(at(2025) + n, "close", "X", UNIT, 9) for n in range(ROWS))
    link = page()
    made = replace(link.pages[0], records=passed)
    told = tuple(Row("skip", 0, n, record) for n, record in enumerate(passed))
    rows = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=told))
    rows.around.page_late[:] = 1
    assert not np.isin(rows.around.phase, (0, 1))[-1]
    return link, rows


def full_tables() -> dict[str, Run]:
    """By what the last row does."""
    return {
        "close": cut(carried_out()),
        "settle": cut(used_up("close")),
        "gone": cut(used_up("out")),
        "close_token": cut(in_transit()),
        "arrive": cut(to_and_fro()),
        "skip": cut(*skipped()),
        "idle": machine.run(page(buy())),
    }


def coins_in_transit() -> Link:
    """Universal pooling: coins are still on their way when the year ends."""
    out = Rec(at(2025) - DAY, "out", "X", UNIT, ref=7, kind="move")
    made = [Page("A", "A-1", 0, at(2024), at(2025), (out,))]
    return make_link(made, Book(amounts={("A", 0, 0): UNIT}), rules(pooling="universal"), 2024, None)


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
        "send": machine.run(coins_in_transit()),
        "idle": machine.run(page()),
    }
