"""Lies about codes and the order of records (`machine_lying`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, honest, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec, Token
from tests.support.machine_circuit import Run
from tests.support.machine_lying import (
    LIES,
    buy,
    lie,
    low,
    one_row,
    page,
    run,
    sale,
    told,
)
from tests.support.machine_rows import rows_of
from zkharvest.commitment.page_record import Flag


def as_other(record: Rec, *before: Rec, pooling: str = "wallet", **row: Any) -> Run:
    """A record worked as what it is not: `row` is the model's."""
    link = page(*before, buy(10 * DAY), pooling=pooling)
    made = replace(link.pages[0], records=(*before, record))
    link = replace(link, pages=(made,), leaves=(made.records,))
    rows = [r for r in link.rows if r.op == "open"][: len(before)]
    return told(link, [*rows, Row(page=0, position=len(before), record=record, **row)])


@lie("open_code")
def _() -> Run:
    """A sale worked as a purchase."""
    return as_other(sale(), op="open", value=9)


@lie("take_code")
def _() -> Run:
    """A purchase worked as a sale: a loss from nothing."""
    return as_other(buy(1, value=0), buy(), op="take", part=UNIT, value=7, close_value=0)


def sent(pooling: str, **changes: Any) -> Run:
    """A sale worked as a withdrawal, in transit for ever."""
    record = sale()
    token = Token(2, 0, True, "X", record.time, record.ref, UNIT, 0, 0, 0, 0)
    return as_other(record, buy(), pooling=pooling, op="out", part=UNIT, token=replace(token, **changes))


@lie("send_code")
def _() -> Run:
    """Late in the year, so that the token could still arrive."""
    record = Rec(at(2025) - DAY, "close", "X", UNIT, 9)
    token = Token(2, 0, True, "X", record.time, 0, UNIT, 0, 0, 0, 0)
    return as_other(record, buy(), pooling="universal", op="out", part=UNIT, token=token)


@lie("drop_code")
def _() -> Run:
    """A sale given away."""
    return as_other(sale(), buy(), op="drop", part=UNIT, value=7, kind="gift")


@lie("arrive_code")
def _() -> Run:
    """An income that comes out of transit, with the basis of a lot that was bought dear."""
    out = Rec(T + 1, "out", "X", UNIT)
    book = Book(amounts={("A", 0, 1): UNIT})
    link = make_link([Page("A", "A-1", 0, at(2024), at(2025), (buy(), out))], book, rules(end=T + DAY), 2024, None)
    income = Rec(T + 2, "open", "X", UNIT, 1, kind="staking")
    made = replace(link.pages[0], records=(buy(), out, income))
    link = replace(link, pages=(made,), leaves=(made.records,))
    send = next(row for row in link.rows if row.op == "out")
    rows = [row for row in link.rows if row.op in ("open", "out")]
    return told(link, [*rows, Row("arrive", 0, 2, income, token=send.token)])


@lie("one_code")
def _() -> Run:
    """A record that closes and moves."""
    link = page(buy(), sale())
    rows = rows_of(link)
    rows.records.lanes[1, 0] += int(Flag.MOVES)
    return run(link, rows=rows)


@lie("moves_long")
def _() -> Run:
    """A deposit on the short side: proceeds from nowhere."""
    link = page(Rec(T, "in", "X", UNIT, kind="move"))
    rows = rows_of(link)
    rows.records.lanes[0, 0] += int(Flag.SHORT)
    rows.pools[0, 8] = 1
    return run(link, rows=rows)


@lie("out_code")
def _() -> Run:
    """Under universal pooling a lot's part is taken by a withdrawal, and nothing follows: neither gone nor held."""
    out = Rec(T + 1, "out", "X", 1, kind="gift")
    made = [Page("A", "A-1", 0, at(2024), at(2025), (buy(0, 2, 8), out))]
    link = make_link(made, Book(gone={("A", 0, 1): "gift"}), rules(pooling="universal"), 2024, None)

    def change(made: Run) -> None:
        (drop,), (close,) = made.at("drop"), made.at("close")
        made.put(drop, is_drop=0, is_out=1, class_kind=14, unclear=0, basis_weight=0)
        made.put(close, is_gone=0, token_last=1, **{f"place{i}": made.get(drop, f"place{i}") for i in range(4)})

    with one_row(1):
        return run(link, change)


# ------------------------------------------------------------------------------------------------ order


def skipped(phase: int, early: int, late: int) -> Run:
    """A sale that is left out: of a day of that phase, in a page with these bits."""
    link = page(buy(), sale(DAY))
    rows = rows_of(replace(link, rows=(link.rows[0], Row("skip", 0, 1, sale(DAY)))), follow=True)
    day = np.searchsorted(rows.around.start, T + DAY, side="right") - 1
    rows.around.phase[day] = phase
    rows.around.page_early[:], rows.around.page_late[:] = early, late
    return run(link, rows=rows)


LIES["skip_page"] = lambda: skipped(2, 0, 1)
LIES["skip_phase"] = lambda: skipped(0, 1, 1)  # (3 - 0) + (0 - 2) = 1
LIES["shift_where"] = lambda: shifted(1000)


def shifted(by: int) -> Run:
    """A record that is no arrival is put off."""
    link = page(buy(), sale())
    rows = rows_of(link)
    rows.records.shift[1] = by
    return run(link, rows=rows)


@lie("work_in_time")
def _() -> Run:
    """A sale of the next year is counted in this one."""
    link = page(buy(), sale(DAY))
    rows = rows_of(link)
    rows.around.phase[np.searchsorted(rows.around.start, T + DAY, side="right") - 1] = 3
    return run(link, rows=rows)


@lie("worked0")
def _() -> Run:
    """2^15 * 65024 = -1: a carry that is no bit moves a record by a millisecond and 12 days."""

    def change(made: Run) -> None:
        made.put(0, worked0=6, worked1=1 + 32256)

    return run(page(Rec(low(1), "open", "X", UNIT, 7)), change)


@lie("worked1")
def _() -> Run:
    """The upper carry: worked in another age of the world."""

    def change(made: Run) -> None:
        made.put(0, worked1=2)

    return run(page(Rec(low(1), "open", "X", UNIT, 7)), change)


def marked(lane: int, one: Rec, two: Rec, gap: int) -> Run:
    """The comparison of two records reads a lower lane, though a higher one differs."""
    link = page(one, two)

    def change(made: Run) -> None:
        made.put(0, **{f"order_at{i}": int(i == lane) for i in range(5)}, order_low=gap & 0x7FFF, order_high=gap >> 15)

    return run(link, change)


LIES["order_equal0"] = lambda: marked(2, buy(), buy((1 << 30) + 5), 9)
LIES["order_equal1"] = lambda: marked(2, buy(), buy((1 << 15) + 5), 9)


@lie("order_equal2")
def _() -> Run:
    """A late deposit behind its withdrawal, by its page and not because it is late."""

    def change(made: Run) -> None:
        made.put(made.at("send")[-1], order_at2=0, order_at3=1)

    return run(honest(in_time=T), change)


@lie("order_equal3")
def _() -> Run:
    """Two records of one instant, by their positions and not by their pages."""
    a = Page("A", "A-1", 0, at(2024), at(2025), (buy(),))
    b = Page("B", "B-1", 0, at(2024), at(2025), (buy(-1), buy()))
    link = make_link([a, b], Book(), rules(), 2024, None)

    def change(made: Run) -> None:
        made.put(1, order_at3=0, order_at4=1)

    return run(link, change)
