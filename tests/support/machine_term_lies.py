"""Lies that the machine takes where a sum lacks a term: names as in `tests/support/dropped_terms.py`.

`told` has those that are about one kind of row, or one byte; what one lie of `machine_lies` kills, or a change of one
cell, is not told again. `IMPLIED` has the mutants that take nothing new, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import Page, Rec
from tests.support.machine_circuit import Run
from tests.support.machine_lies_amounts import (
    CLOSINGS,
    GIANT,
    LANES,
    VALUE_LANES,
    bits,
    kept,
    large_quotient,
    lost,
    marks,
    operations,
    part_same,
    put_quantity,
    put_record,
    put_unit,
    quantity_held,
    taken,
    unfinished,
)
from tests.support.machine_lies_lists import keyed, loaded, next_key, unit_lane, written
from tests.support.machine_lies_moves import arrival, arriving
from tests.support.machine_lying import buy, page, run, sale
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op

Lie = Callable[[], Run]
TERM_LIES: dict[str, Lie] = {}


def told(name: str, make: Callable[..., Run], *arguments: Any, **options: Any) -> None:
    """Register a lie by the mutant's name, less `steps.`."""
    assert f"steps.{name}" not in TERM_LIES, name
    TERM_LIES[f"steps.{name}"] = partial(make, *arguments, **options)


# ------------------------------------------------------------------------------------------------ amounts


def quantity_open(flag: str, lane: int) -> Run:
    """A record is worked as one of more than it says, from its first half on."""
    make, second, _ = CLOSINGS[flag]
    link = make(GIANT, of=LANES)
    rows = rows_of(link)
    put_record(rows, 1, LANES - (1 << 24 * lane))

    def change(made: Run) -> None:
        for row in (made.at(flag)[0], made.at(second)[0]):
            made.put(row, **{f"rest_quantity{lane}": made.get(row, f"rest_quantity{lane}") - 1})

    return run(link, change, rows)


def value_open(lane: int) -> Run:
    """A sale for more than its record says."""
    link = taken(UNIT, of=UNIT, paid=VALUE_LANES)
    rows = rows_of(link)
    put_record(rows, 1, UNIT, VALUE_LANES - (1 << 24 * lane))

    def change(made: Run) -> None:
        for row in (made.at("take")[0], made.at("settle")[0]):
            made.put(row, **{f"rest_value{lane}": made.get(row, f"rest_value{lane}") - 1})

    return run(link, change, rows)


def oversold(flag: str, limb: int) -> Run:
    """A lot gives more than the record is of."""
    make, second, op = CLOSINGS[flag]
    more, of = 1 << 16 * limb, 7
    link = make(GIANT, of=of)
    rows = rows_of(link)
    (operation,), (close,) = operations(rows, op), operations(rows, Op.CLOSE)
    put_quantity(rows, "part", operation, of + more)
    put_quantity(rows, "lot", close, GIANT - of - more)
    if flag == "out":
        rows.tokens.quantity_lo[:], rows.tokens.quantity_hi[:] = (of + more) & (1 << 64) - 1, of + more >> 64

    def change(made: Run) -> None:
        (row,) = made.at(second)
        bits(made, row, "e", 0, 14)
        made.put(row, **{f"borrow_e{i}": 0 for i in range(6)})

    return run(link, change, rows)


for _flag, (_, _second, _) in CLOSINGS.items():
    for _i in range(5):
        told(f"rest_quantity{_i}_held without is_{_flag}", quantity_held, _flag, _i)
        told(f"open_quantity{_i} without is_{_second}", quantity_open, _flag, _i)
    for _i in range(14):
        told(f"part{_i}_same without is_{_flag}", part_same, _flag, _i)
    for _i in (4, 5, 6):
        told(f"quantity_rest{_i} without is_{_second}", oversold, _flag, _i)
    told(f"emptied_left without is_{_flag}", lost, _flag, 3)
for _i in range(3):
    told(f"open_value{_i} without is_settle", value_open, _i)
for _i in range(14):
    told(f"used_up without e{_i}", unfinished, "take", _i)
    told(f"emptied_left without e{_i}", lost, "take", _i)
told("quantity_rest6 without is_drop", kept, "drop", 1 << 96)


def dear(octet: int, place: int) -> Run:
    """A lot of 256^place whose unit basis is 256^octet too large, with no remainder."""
    link = page(buy(0, 256**place, 0))
    rows = rows_of(link)
    rows.entries.unit[0, octet] = 1

    def change(made: Run) -> None:
        made.put(0, **{f"r{i}": 0 for i in range(14)}, **{f"carry{i}": 0 for i in range(16)})
        marks(made, 0, "remainder", 5, [4 - place // 3], 256 ** (place % 3) - 1)

    return run(link, change, rows)


for _i in range(20):
    for _j in range(14):
        _m, _half = divmod(_i + _j, 2)
        _term = f"-256*q{_i}*c{_j}" if _half else f"-q{_i}*c{_j}"
        if _i >= 8 and _m <= 16:
            told(f"product{_m} without {_term}", large_quotient, "take", _i, _j)
for _m in range(10, 17):
    _i = min(2 * _m - 12, 19)
    for _row in ("take", "settle"):
        told(f"product{_m} without is_{_row}", large_quotient, _row, _i, 2 * _m - _i)
    told(f"product{_m} without is_open", dear, _i, 2 * _m - _i)


def other_quotient(flag: str, octet: int, place: int) -> Run:
    """The same of a part that moves, or is gone."""
    make, *_ = CLOSINGS[flag]
    link = make(256**place, of=256**place)
    return run(link, lambda made: made.put(made.at(flag)[0], **{f"q{octet}": 1}))


for _m in range(10, 17):
    _i = min(2 * _m - 12, 19)
    for _flag in ("out", "drop"):
        told(f"product{_m} without is_{_flag}", other_quotient, _flag, _i, 2 * _m - _i)


def carried(octet: int, value: int, lot: int, carry: int, by: int) -> Run:
    """A quotient too large, and a carry that takes it away, or brings it."""
    whole = lot * 256**13
    link = taken(whole, of=whole)
    return run(link, lambda made: made.put(made.at("take")[0], **{f"q{octet}": value, f"carry{carry}": by}))


for _m in range(11, 17):
    told(f"product{_m} without carry{_m - 1}", carried, 2 * _m - 14, 16, 16, _m - 1, -1)
    told(f"product{_m - 1} without -65536*carry{_m - 1}", carried, 2 * _m - 13, 1, 1, _m - 1, 1)


# ------------------------------------------------------------------------------------------------ lists


def arriving_key(lane: int) -> Run:
    """What arrives is sorted by another key."""
    link = arrival()
    rows = rows_of(link)
    (first, *_) = operations(rows, Op.ARRIVE)
    return keyed(link, int(rows.node[first]), lane)


def loaded_key(lane: int) -> Run:
    """What is carried in is."""
    return keyed(loaded((UNIT, 7), method="fifo")[0], 0, lane)


for _i in range(8):
    told(f"key{_i} without is_load", loaded_key, _i)
    told(f"key{_i} without public5*is_arrive", arriving_key, _i)
    if _i != 6:
        told(f"key{_i} without is_open", lambda i=_i: keyed(page(buy()), 0, i))
told("key6 without is_open", lambda: keyed(page(buy()), 0, 6))


def other_unit(lane: int) -> Run:
    """A lot is said to have another unit basis than its quotient."""
    link = page(buy())
    rows, honest = rows_of(link), run(link)
    rows.entries.unit[:] = unit_lane(lane)(rows.entries.unit)
    names = [*(f"q{i}" for i in range(20)), *(f"r{i}" for i in range(14)), *(f"carry{i}" for i in range(16))]
    names += [*(f"remainder_at{i}" for i in range(5)), "remainder_low", "remainder_high"]
    return run(link, lambda made: made.put(0, **{name: honest.get(0, name) for name in names}), rows)


for _i in range(7):
    told(f"unit{_i} without is_open", other_unit, _i)


def carried_over(*values: int, method: str) -> Link:
    """A year that begins with lots of one unit each, and sells them all."""
    a = tuple(buy(n, UNIT, value) for n, value in enumerate(values))
    first = make_link([Page("A", "A-1", 0, at(2024), at(2025), a)], Book(), rules(), 2024, None)
    sold = sale(at(2025, 2) - buy().time, len(values) * UNIT)
    after = Page("A", "A-1", 1, at(2025), at(2026), (sold,), first.pages[0].id)
    return make_link([after], Book(), rules(2025, method), 2025, first.closing)


def loaded_next_key(lane: int) -> Run:
    """LIFO: the second lot carried in stores another key of the first."""

    def change(made: Run) -> None:
        first, second = made.at("take")
        for row, stem in ((1, "node_next_key"), (first, "node_next_key"), (second, "pred_next_key")):
            made.put(row, **{f"{stem}{lane}": made.get(row, f"{stem}{lane}") + 1})

    return run(carried_over(7, 9, method="lifo"), change)


def loaded_nowhere(made: Run) -> None:
    """LOFO: the second lot carried in leads nowhere until the third comes between."""
    made.put(1, node_next=0)
    made.put(2, pred_next=0)


for _i in range(8):
    told(f"entry_next_key{_i} without is_load", loaded_next_key, _i)
    told(f"entry_next_key{_i} without is_open", next_key, _i)
told("entry_next without is_load", lambda: run(carried_over(30, 10, 20, method="lofo"), loaded_nowhere))
told(
    "entry_write without is_load", lambda: run(carried_over(7, method="fifo"), lambda m: written(m, 0, m.at("take")[0]))
)
told("entry_write without is_open", lambda: run(page(buy(), sale()), lambda m: written(m, 0, m.at("take")[0])))


# ------------------------------------------------------------------------------------------------ what arrives


def moved(of: int, *, come: int | None = None) -> tuple[Link, MachineRows]:
    """A giant lot's part goes from A to B: of how much the withdrawal is, and what the deposit's record says."""
    out, there = Rec(T + 1, "out", "X", of, ref=7, kind="move"), Rec(T + 2, "in", "X", of, ref=7, kind="move")
    made = [Page(s, f"{s}-1", 0, at(2024), at(2025), r) for s, r in (("A", (buy(0, GIANT, 0), out)), ("B", (there,)))]
    book = Book(matched={("B", 0, 0): ("A", 0, 1)}, amounts={("A", 0, 1): of})
    link = make_link(made, book, rules(), 2024, None)
    rows = rows_of(link)
    (arrives,) = operations(rows, Op.ARRIVE)
    put_record(rows, int(rows.record[arrives]), of if come is None else come)
    return link, rows


def more_arrives(lane: int) -> Run:
    """More arrives than the deposit says."""
    link, rows = moved(LANES, come=LANES - (1 << 24 * lane))

    def change(made: Run) -> None:
        (row,) = made.at("arrive")
        made.put(row, **{f"rest_quantity{lane}": made.get(row, f"rest_quantity{lane}") - 1})

    return run(link, change, rows)


def more_than_is_left(limb: int) -> Run:
    """A part that arrives is more than what is left of the deposit."""
    link, rows = moved(7 + (1 << 16 * limb), come=7)
    (arrives,) = operations(rows, Op.ARRIVE)
    put_quantity(rows, "rest", arrives, 7)

    def change(made: Run) -> None:
        (row,) = made.at("arrive")
        bits(made, row, "e", 0, 14)
        made.put(row, **{f"borrow_e{i}": 0 for i in range(6)})

    return run(link, change, rows)


for _i in range(5):
    told(f"open_quantity{_i} without is_arrive", more_arrives, _i)
for _i in (4, 5, 6):
    told(f"quantity_rest{_i} without is_arrive", more_than_is_left, _i)
told("part_start without is_arrive", arriving, part=[1, 2])


@cache
def _found(octet: int) -> Run:
    link = page(Rec(T, "in", "X", UNIT, kind="move"))
    rows = rows_of(link)
    rows.lot_value[:] = 256**octet
    put_unit(rows, 0, 256**octet, UNIT)
    return run(link, rows=rows)


for _i in range(1, 8):
    told(f"found_value without a{_i}", _found, _i)


# ------------------------------------------------------------------------------------------------ what needs no lie

IMPLIED = {
    "steps.since_marked without since_at*": "a mark is a bit: where the others are 0 their sum is one without it",
    "steps.above_marked without above_at*": "the same",
    "steps.held_marked without held_at*": "the same",
    "steps.result_marked without result_at*": "the same",
    "steps.one_kind without *": "the flag is a bit by itself, and where it is set the other factor still asks for one",
    "steps.first_start without -is_take": "nothing can be taken on the first row: no content is older",
    "steps.first_start without -is_out": "the same",
    "steps.first_start without -is_drop": "the same",
    "steps.idle_last without -is_*": "it asks more: that nothing begins after such a row either",
    "steps.loads_first without -is_load_token": "it asks more: that no lot is loaded behind a token",
    "steps.late_held without is_take": "`late` is 0 but on arrivals",
    "steps.late_held without is_out": "the same",
    "steps.late_held without is_drop": "the same",
    "steps.two_refs* without is_close_token": "a token that is carried out without being named has no reference",
    "steps.work_in_time without is_take": "both halves of a part have one phase, and the other one says it",
    "steps.work_in_time without is_settle": "the same",
    "steps.work_in_time without is_out": "the same",
    "steps.work_in_time without is_drop": "the same",
    "steps.work_in_time without is_gone": "the same",
    "steps.open_value* without -found": "it asks more: a value of 0 in the record of a deposit",
    "steps.open_sign without -found": "it asks more: of deposits too",
    "steps.open_sign without -declared": "the same",
    "steps.kind_* without class_kind": "it asks more: the factor is never 0, and one kind less is allowed",
    "steps.first_start without -is_arrive": "nothing can arrive on the first row: no token is older",
    "steps.out_code without -code_inward": "by wallet a token follows, and `send_code` says it of the same record",
    "steps.idle_last without -public5": "it asks more: by wallet too, where a token follows a lot's part",
    "steps.closes_last without -public5": "the same",
    "steps.first_start without -public5": "it asks more, of a row that cannot be the first",
    "steps.remainder_equal* without -remainder_at1": "it asks more: below that mark too lanes are equal",
    "steps.order_equal3 without -is_load*": "it asks more of the last row that loads",
}
