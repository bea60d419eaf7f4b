"""Lies that the machine takes where a sum lacks a term (`machine_term_lies`): of records, lists and standings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec, Token
from tests.support.machine_circuit import Run
from tests.support.machine_lies_amounts import (
    CLOSINGS,
    chosen,
    dropped,
    operations,
    put_quantity,
    sent,
    taken,
)
from tests.support.machine_lies_classes import given
from tests.support.machine_lies_lists import counted, loaded
from tests.support.machine_lies_moves import arrival
from tests.support.machine_lies_records import as_other, shifted
from tests.support.machine_lying import buy, follow, idle_before, page, run, sale
from tests.support.machine_rows import rows_of
from tests.support.machine_term_lies import told
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.commitment.page_record import KIND_SHIFT, Flag
from zkharvest.spec import P

# ------------------------------------------------------------------------------------------------ what a record holds


def sent_as(change: Callable[[Any], None], **cells: int) -> Run:
    """A token that is other than its record says: the row that sends it says so."""
    link = sent(UNIT, of=UNIT)
    rows = rows_of(link)
    change(rows.tokens)

    def told_so(made: Run) -> None:
        (row,) = made.at("send")
        made.put(row, **{name: made.get(row, name) + by for name, by in cells.items()})

    return run(link, told_so, rows)


def _more(name: str, place: Any, by: int) -> Callable[[Any], None]:
    def change(tokens: Any) -> None:
        getattr(tokens, name)[place] += by

    return change


told("time_low_held without is_out", sent_as, _more("time", slice(None), 1), time0=1, worked0=1)
told("time2_held without is_out", sent_as, _more("time", slice(None), 1 << 30), time2=1)
for _i in range(4):
    told(f"asset{_i}_held without is_out", sent_as, _more("asset", (slice(None), _i), 1), **{f"asset{_i}": 1})
for _i in range(2):
    told(f"ref{_i}_held without is_out", sent_as, _more("ref", (slice(None), _i), 1), **{f"ref{_i}": 1})


def second_half(flag: str, **cells: int) -> Run:
    """A part's second half is of another time than its first."""
    make, second, _ = CLOSINGS[flag]

    def change(made: Run) -> None:
        (row,) = made.at(second)
        made.put(row, **{name: made.get(row, name) + by for name, by in cells.items()})

    return run(make(UNIT, of=UNIT), change)


for _flag in ("take", "drop"):
    told(f"time_low_held without is_{_flag}", second_half, _flag, time0=1, worked0=1)
told("time2_held without is_drop", second_half, "drop", time2=1)


def other_list(lane: int) -> Run:
    """The second part of a sale takes a lot of another asset."""
    link = taken(UNIT, UNIT, of=2 * UNIT)
    rows = rows_of(link)
    pools = np.concatenate((rows.pools, rows.pools))
    pools[1, lane] += 1
    rows = replace(rows, pools=pools)
    rows.entries.pool[1] = 1
    rows.records.lanes[1, 11 + lane] += 1
    rows.pred[1] = -1
    rows.next[operations(rows, Op.TAKE)[0]] = -1

    def change(made: Run) -> None:
        for row in (made.at("take")[1], made.at("settle")[1]):
            made.put(row, **{f"asset{lane}": made.get(row, f"asset{lane}") + 1})

    return run(link, change, rows)


for _i in range(4):
    told(f"asset{_i}_held without more", other_list, _i)


def out_of_time(link: Link, flag: str) -> Run:
    """A record of the next year is worked."""
    rows = rows_of(link)
    place = int(rows.record[operations(rows, {"open": Op.OPEN, "arrive": Op.ARRIVE}[flag])[-1]])
    low, high = rows.records.lanes[place, 1:3].astype(np.int64)
    rows.around.phase[np.searchsorted(rows.around.start, low + (high << 30), side="right") - 1] = 3
    return run(link, rows=rows)


told("work_in_time without is_open", lambda: out_of_time(page(buy()), "open"))
told("work_in_time without is_arrive", lambda: out_of_time(arrival(), "arrive"))


# ------------------------------------------------------------------------------------------------ out of turn


def second_lot(flag: str, *, linked: bool) -> Run:
    """FIFO: a record takes the second of two lots; or reaches a part of it over the head's link to the first."""
    make, _, op = CLOSINGS[flag]
    of = UNIT // 2 if linked else UNIT
    link = make(UNIT, UNIT, of=of)
    rows = rows_of(link)
    (operation,), closes = operations(rows, op), operations(rows, Op.CLOSE)
    rows.node[operation], rows.pred[operation], rows.next[operation] = 1, -1 if linked else 0, -1
    if flag == "out":
        rows.tokens.order[:] = 2
    for close, node, left in zip(closes, (0, 1), (UNIT, UNIT - of), strict=False):
        rows.node[close] = node
        put_quantity(rows, "lot", close, left)

    def change(made: Run) -> None:
        if linked:
            (row,) = made.at(flag)
            made.put(row, pred_next=1, **{f"pred_next_key{i}": made.get(0, f"key{i}") for i in range(8)})

    return run(link, change, rows)


for _flag in ("out", "drop"):
    told(f"head without is_{_flag}", second_lot, _flag, linked=False)
    told(f"entry_linked without is_{_flag}", second_lot, _flag, linked=True)


@cache
def _closed_second_first() -> Run:
    """The second lot of a list is carried out before the first, its head."""
    rows = chosen(rows_of(page(buy(), buy(1))), [0, 1, 3, 2])
    rows.pred[2], rows.next[2] = 0, -1
    rows.next[3] = -1
    return run(page(buy(), buy(1)), rows=rows)


told("head without is_close", _closed_second_first)


def in_two(flag: str) -> Run:
    """A lot is taken in two parts though it would do in one."""
    make, _, op = CLOSINGS[flag]
    link = make(UNIT, of=UNIT - 2)
    rows = rows_of(link)
    (operation,) = operations(rows, op)
    rows = chosen(rows, [0, operation, operation, 2])
    half = UNIT // 2 - 1
    for n in (1, 2):
        put_quantity(rows, "part", n, half)
    put_quantity(rows, "lot", 2, UNIT - half)
    put_quantity(rows, "rest", 2, half)
    return run(link, rows=rows)


told("head_first without is_drop", in_two, "drop")


def closed_first(flag: str) -> Run:
    """A lot is carried out, and then the year goes on."""
    make, _, op = CLOSINGS[flag]
    link = make(UNIT, UNIT, of=UNIT)
    rows = rows_of(link)
    (operation,), (close,) = operations(rows, op), operations(rows, Op.CLOSE)
    rows = chosen(rows, [0, 1, close, operation])
    rows.node[2:], rows.next[2:] = [0, 1], [1, -1]
    return run(link, lambda made: follow(made, 1, 2), rows)


for _flag in ("take", "drop"):
    told(f"closes_last without is_{_flag}'", closed_first, _flag)


def after_idle(link: Link, operation: int, *, record: bool = True) -> Run:
    """An idle row stands before an operation."""

    def change(made: Run) -> None:
        if record:
            follow(made, operation - 1, operation)

    with idle_before(operation):
        return run(link, change)


told("idle_last without is_open'", lambda: after_idle(page(buy(), buy(1)), 1))
told("idle_last without is_out'", lambda: after_idle(sent(UNIT, of=UNIT), 1))
told("idle_last without is_drop'", lambda: after_idle(dropped(UNIT, of=UNIT), 1))
told("idle_last without is_close'", lambda: after_idle(page(buy()), 1, record=False))
told("idle_last without is_close_token'", lambda: after_idle(sent(UNIT, of=UNIT), 2, record=False))


# ------------------------------------------------------------------------------------------------ standings

_STEPS = ("(is_{0}+is_{0}_token)*(is_{0}'+is_{0}_token')", "is_{0}", "is_{0}'")


def hole(link: Link, flag: str, first: int) -> Run:
    """A standing with a hole before one of its lots, or tokens."""
    return run(link, lambda made: counted(made, made.at(flag)[first:]))


for _term in _STEPS:
    told(f"inventory_step without {_term.format('load')}", lambda: hole(loaded((UNIT, 7), (UNIT, 9))[0], "load", 1))
for _term in ("is_load_token", "is_load_token'"):
    told(f"inventory_step without {_term}", lambda: hole(arrival(), "load_token", 1))
for _term in ("is_close_token", "is_close_token'"):
    told(f"inventory_step without {_term}", lambda: hole(sent(UNIT, UNIT, of=2 * UNIT), "close_token", 1))
told("closing_start without is_close_token'", lambda: hole(sent(UNIT, of=UNIT), "close_token", 0))


def waiting() -> Link:
    """A year that begins with a token alone, and ends with it."""
    first = sent(UNIT, of=UNIT)
    empty = Page("A", "A-1", 1, at(2025), at(2026), (), first.pages[0].id)
    return make_link([empty], Book(), rules(2025), 2025, first.closing)


told("inventory_start without is_load_token", lambda: hole(waiting(), "load_token", 0))


def passed_over(*, nothing: bool) -> Run:
    """The first record is skipped, before the window; or no record is, on such a row."""
    passed, first = sale(0), buy(DAY)
    link = page(first)
    made = replace(link.pages[0], records=(passed, first))
    rows = (Row("skip", 0, 0, passed), replace(link.rows[0], position=1))
    filled = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=rows), follow=True)
    day = np.searchsorted(filled.around.start, T, side="right") - 1
    filled.around.phase[day], filled.around.page_early[:] = 2, 1
    if nothing:
        filled.entries.order[:] -= 1
        filled = replace(filled, first_seq=-1)

    def change(made: Run) -> None:
        if nothing:
            made.put(0, first=0, since_low=0, until_low=0)
            made.put(0, **{f"{name}_at{i}": 0 for name in ("since", "until") for i in range(3)})
            made.answers["leaf"] = dict(list(made.answers["leaf"].items())[1:])

    return run(link, change, filled)


told("first_start without -is_skip", passed_over, nothing=True)


# ------------------------------------------------------------------------------------------------ codes and kinds


def worked_as(op: str, record: Rec, **row: Any) -> Run:
    """A deposit worked as a withdrawal."""
    return as_other(record, buy(), op=op, **row)


_DEPOSIT = Rec(at(2025) - DAY, "in", "X", UNIT, kind="move")
_COINS = Token(2, 0, True, "X", _DEPOSIT.time, 0, UNIT, 0, 0, 0, 0)
told("drop_code without -code_inward", worked_as, "drop", _DEPOSIT, part=UNIT, value=7, kind="gift")
told("send_code without -code_inward", worked_as, "out", _DEPOSIT, part=UNIT, token=_COINS, pooling="universal")


@cache
def _opened_by_a_withdrawal() -> Run:
    link = page(Rec(T, "in", "X", UNIT, kind="move"))
    rows = rows_of(link)
    rows.records.lanes[0, 0] -= int(Flag.INWARD)
    return run(link, rows=rows)


told("open_code without code_moves*(-code_inward+1)", _opened_by_a_withdrawal)
told("kind_gone without -2", given, 0, 0, 0)
told("shift_where without 32768*shift1", shifted, 1 << 15)


def no_trade(bit: int) -> Run:
    """An income of another kind is called a purchase."""
    link = page(buy())
    rows = rows_of(link)
    rows.records.lanes[0, 0] += 1 << KIND_SHIFT + bit
    return run(link, lambda made: made.put(0, income=0, class_term=0), rows)


for _i, _size in enumerate((2, 4, 8, 16, 32), start=1):
    told(f"trade_kind without {_size}*kind_bit{_i}", no_trade, _i)


def short_income() -> Run:
    """A short position that a reward opens, as its record says, is called income."""
    link = page(Rec(T, "open", "X", UNIT, 9, kind="staking", side=1))
    kind = sum(run(link).get(0, f"kind_bit{i}") << i for i in range(6))
    return run(link, lambda made: made.put(0, income=1, class_term=5, left_inverse=pow(kind - 1, -1, P)))


told("trade_kind without -code_short", short_income)


def coins(**columns: int) -> Run:
    """Coins that are sent without a lot."""
    record = Rec(at(2025) - DAY, "out", "X", UNIT, ref=7, kind="move")
    made = [Page("A", "A-1", 0, at(2024), at(2025), (buy(), record))]
    link = make_link(made, Book(amounts={("A", 0, 1): UNIT}), rules(pooling="universal"), 2024, None)
    rows = rows_of(link)
    for name, value in columns.items():
        getattr(rows.tokens, name)[:] = value
    if not columns:
        rows.around.phase[np.searchsorted(rows.around.start, record.time, side="right") - 1] = 3
    return run(link, rows=rows)


told("part_start without is_send", coins, part=1)
told("work_in_time without is_send", coins)
