"""Lies about tokens: their parts, times and references (`machine_lying`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import OUT, T, carried, honest, pages, rules, story
from tests.models.lot_machine_v2.words import DAY, Page, Rec, Token
from tests.support.machine_circuit import Run
from tests.support.machine_lying import (
    LIES,
    buy,
    lie,
    low,
    page,
    run,
    sale,
    told,
)
from tests.support.machine_rows import rows_of
from zkharvest.spec import P


@lie("head_first")
def _() -> Run:
    """A lot is taken in two parts though it would do in one: shares are rounded twice."""
    link = page(buy(value=7), sale(1, UNIT - 2, 9))
    record = sale(1, UNIT - 2, 9)
    half = UNIT // 2 - 1
    parts = [{"part": half, "value": 3, "close_value": 4}, {"part": half, "value": 3, "close_value": 5}]
    return told(link, [link.rows[0], *(Row("take", 0, 1, record, **part) for part in parts)])


@lie("part_held")
def _() -> Run:
    """A token that is called part 1, which no deposit begins with."""

    def change(made: Run) -> None:
        made.put(made.at("out")[0], token_part=0)

    return in_transit(change, part=[1, 1], one=True)


def in_transit(change: Callable[[Run], None] | None = None, *, one: bool = False, ref: int = 7, **columns: Any) -> Run:
    """Two lots, or one, on their way at the year's end; `columns` are of the tokens."""
    record = Rec(at(2025) - DAY, "out", "X", UNIT if one else 2 * UNIT, ref=ref, kind="move")
    made = [Page("A", "A-1", 0, at(2024), at(2025), (buy(), *([] if one else [buy(1)]), record))]
    place = ("A", 0, 1 if one else 2)
    link = make_link(made, Book(amounts={place: record.quantity}), rules(), 2024, None)
    rows = rows_of(link)
    for name, values in columns.items():
        getattr(rows.tokens, name)[:] = values[: len(rows.tokens.seq)]
    return run(link, change, rows)


LIES["part_step"] = lambda: in_transit(part=[0, 0])
LIES["part_start"] = lambda: in_transit(part=[1, 2])
LIES["last_sent"] = lambda: in_transit(last=[1, 1])
LIES["day_moved"] = lambda: in_transit(day=[5, 6], one=True)


@lie("head_last")
def _() -> Run:
    """A part that is not the last leaves some of its lot."""
    record = Rec(at(2025) - DAY, "out", "X", UNIT, kind="move")
    link = page(buy(value=8))
    link = replace(link, pages=(replace(link.pages[0], records=(buy(value=8), record)),))
    rows = [link.rows[0]]
    for part in (0, 1):
        nature = (UNIT // 2, 4, (8 << 96) // UNIT, 1, T // DAY)
        token = Token(2, part, part == 1, "X", record.time, 0, *nature)
        rows.append(Row("out", 0, 1, record, part=UNIT // 2, value=4, token=token))
    return told(link, rows)


def arrival(when: int = at(2025, 1, 8)) -> Link:
    """What was in transit at the year's end arrives."""
    first = carried(7, at(2024, 7, 1))
    come = Rec(when, "in", "X", 3 * UNIT, ref=7)
    seqs = {OUT: first.closing.tokens[0].seq}
    book = Book(matched={("B", 1, 0): OUT}, amounts={OUT: 3 * UNIT}, seqs=seqs)
    made = [
        Page("A", "A-1", 1, at(2025), at(2026), (), first.pages[0].id),
        Page("B", "B-1", 1, at(2025), at(2026), (come,), first.pages[1].id),
    ]
    return make_link(made, book, rules(2025), 2025, first.closing)


def arriving(change: Callable[[Run], None] | None = None, *, when: int = at(2025, 1, 8), **columns: Any) -> Run:
    """An arrival that lies; `columns` are of the tokens, as the standing has them."""
    link = arrival(when)
    rows = rows_of(link)
    for name, values in columns.items():
        getattr(rows.records if name == "late" else rows.tokens, name)[:] = values
    return run(link, change, rows)


def long_before(change: Callable[[Run], None] | None = None) -> Run:
    """What is carried in is said to have 2^27 records behind it, as no chain has."""
    link = arrival()
    return run(link, change, replace(rows_of(link), first_seq=1 << 27))


@lie("seq_small")
def _() -> Run:
    """A link counts on from 2^27; after 32 of them orders would differ by more than a comparison holds."""

    def change(made: Run) -> None:
        for row in (*made.at("load"), *made.at("load_token")):
            made.put(row, content_age1=0)

    return long_before(change)


LIES["part_follows"] = lambda: arriving(part=[0, 0])
LIES["one_withdrawal"] = lambda: arriving(seq=[3, 2])
LIES["last_arrives"] = lambda: arriving(last=[1, 1])


@lie("late_high")
def _() -> Run:
    """Worked 2^30 ms, or some times that, behind its withdrawal: late, of the same low limbs."""
    ahead = (at(2025, 1, 8) - at(2024, 7, 1) >> 30) + 1
    return arriving(when=at(2024, 7, 1) + (ahead << 30), late=1)


@lie("apart")
def _() -> Run:
    """Both ends state one instant, and the deposit is not late: it comes before what else happens at that instant."""
    link = honest(in_time=T)
    rows = [replace(row, late=0) if row.op == "arrive" else row for row in link.rows]
    return told(link, rows)


@lie("late_held")
def _() -> Run:
    """The second part of a late deposit is not late."""

    def change(made: Run) -> None:
        row = made.at("arrive")[1]
        made.put(row, late=0, shift0=0, worked0=made.get(row, "time0"), apart0=pow(-5, -1, P))

    link = honest(in_time=T - 5)
    b = replace(link.pages[1], records=link.pages[1].records[:1])
    rows = [row for row in link.rows if row.op in ("open", "out", "arrive")]
    return told(replace(link, pages=(link.pages[0], b), leaves=(link.leaves[0], b.records)), rows, change)


def matched(change: Callable[[Run], None] | None = None, **changes: Any) -> Run:
    """The honest story over records that are others, without its sale; tokens are as the withdrawal is."""
    link, (a, (come, _)) = honest(), story(**changes)
    made = pages(a, (come,))
    rows = []
    for row in link.rows:
        if row.op in ("open", "out", "arrive"):
            record = made[row.page].records[row.position]
            token = replace(row.token, time=record.time, ref=record.ref) if row.op == "out" else row.token
            rows.append(replace(row, record=record, token=token))
    return told(replace(link, pages=tuple(made), leaves=(tuple(a), (come,))), rows, change)


def called_named(made: Run) -> None:
    """Both parts say that they have a common reference."""
    for row in made.at("arrive"):
        some = made.get(row, "token_ref0") or made.get(row, "token_ref1")
        made.put(row, named=1, node_age0=int(made.get(row, "token_ref0") == 0), node_age1=0)
        made.put(row, left_inverse=pow(some, -1, P))


LIES["two_refs00"] = lambda: matched(in_ref=8)
LIES["two_refs10"] = lambda: matched(in_ref=8 << 30)
LIES["two_refs01"] = lambda: matched(in_ref=8, out_ref=7 << 30)
LIES["two_refs11"] = lambda: matched(in_ref=8 << 30, out_ref=7 << 30)
LIES["named_ref0"] = lambda: matched(called_named, in_ref=8)
LIES["named_ref1"] = lambda: matched(called_named, in_ref=7 + (1 << 30))
LIES["reach_high"] = lambda: matched(in_ref=0, in_time=T + (1 << 30))


@lie("reach_low")
def _() -> Run:
    """2^15 * 65024 = -1 again: a deposit 24 days behind, by a carry that is no bit."""
    sent = low(1)

    def change(made: Run) -> None:
        for row in made.at("arrive"):
            made.put(row, node_age0=4, node_age1=0)

    return matched(change, in_ref=0, out_time=sent, in_time=sent + (1 << 30) + (32256 << 15) + 5)


@lie("named_where")
def _() -> Run:
    """What is gone is called named: the counter need not be told."""
    link = page(buy(value=7), Rec(T + 1, "out", "X", UNIT // 2, kind="gift"))
    link = make_link(list(link.pages), Book(gone={("A", 0, 1): "gift"}), rules(), 2024, None)

    def change(made: Run) -> None:
        (row,) = made.at("drop")
        made.put(row, named=1, token_ref0=pow(made.get(row, "left_inverse"), -1, P))
        made.put(row, past0=made.get(row, "worked0"), past1=made.get(row, "worked1"), past2=made.get(row, "time2"))

    return run(link, change)


def at_the_end(limb: int) -> Run:
    """A token is timed by another instant than the window's end."""

    def change(made: Run) -> None:
        for row in made.at("close_token"):
            made.put(row, **{f"time{limb}": made.get(row, f"time{limb}") + 1})
            made.put(row, **{f"worked{limb}": made.get(row, f"worked{limb}") + 1})

    return in_transit(change)


LIES["close_time0"] = lambda: at_the_end(0)
LIES["close_time1"] = lambda: at_the_end(1)


def unnamed(ref: int) -> Run:
    """A token with a reference is counted among those that have none."""

    def change(made: Run) -> None:
        for row in made.at("close_token"):
            made.put(row, named=0, left_inverse=0, node_age0=DAY & 0x7FFF, node_age1=DAY >> 15)

    return in_transit(change, ref=ref)


LIES["stale_ref0"] = lambda: unnamed(7)
LIES["stale_ref1"] = lambda: unnamed(7 << 30)
