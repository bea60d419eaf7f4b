"""Lies that break a constraint of the machine on the first row of its table alone, and nothing else.

There a lot or a token is loaded, a record opens a lot or is passed over, coins are sent (universal pooling), or nothing
stands in the whole table. What lies elsewhere tell of the first row anyway is not told again (`tests/support/
machine_lies*.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support.machine_circuit import Run
from tests.support.machine_full import coins_in_transit
from tests.support.machine_last_lies import LIMBS, MARKS, ring
from tests.support.machine_last_lies_moves import BEGIN, END, SINCE, UNTIL, day_at, marked, of_all_days
from tests.support.machine_lies_amounts import UPPER, marks, put_quantity, put_record
from tests.support.machine_lies_lists import HIGH_TO_LOW, loaded, of_unit
from tests.support.machine_lying import Lie, buy, page, run
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.shared.lists import SEQ_MAX
from zkharvest.circuit.lot_machine.v2.rows import MachineRows
from zkharvest.commitment.page_record import Flag
from zkharvest.spec import P

FIRST: dict[str, Lie] = {}
"""By constraint."""


def first(name: str) -> Callable[[Lie], Lie]:
    """Register a lie about the first row."""

    def register(make: Lie) -> Lie:
        assert name not in FIRST
        FIRST[name] = make
        return make

    return register


def on_first(link: Link, rows: MachineRows | None = None, **cells: int) -> Run:
    """A run whose first row has these cells."""
    return run(link, lambda made: made.put(0, **cells), rows)


def idle(**cells: int) -> Run:
    """Nothing stands in the table but these cells."""
    return on_first(page(), **cells)


# ------------------------------------------------------------------------------------------------ where nothing stands

for _i in range(5):
    FIRST[f"order_at{_i}_bit"] = lambda i=_i: idle(**{f"order_at{i}": -1, f"order_at{(i + 1) % 5}": 1})
FIRST["shift_where"] = lambda: idle(shift0=1, worked0=1)
FIRST["one_code"] = lambda: idle(code_closes=1, code_moves=1)
FIRST["kind_unclear"] = lambda: idle(unclear=1, class_kind=2)
FIRST["blind_on_bit"] = lambda: ring(0)

# ------------------------------------------------------------------------------------------------ a record passed over


def passed(when: int, of: int | None = None, *, early: bool = True, **cells: int) -> Run:
    """The only record is skipped, on its own day or on the one that begins at `of`."""
    record = Rec(when, "close", "X", UNIT, 9)
    link = page()
    made = replace(link.pages[0], records=(record,), start=BEGIN - DAY)  # whole days in the calendar
    rows = rows_of(replace(link, pages=(made,), leaves=(made.records,), rows=(Row("skip", 0, 0, record),)))
    rows.around.page_early[:], rows.around.page_late[:] = int(early), 1
    of_all_days(rows)
    if of is not None:
        cells = day_at(rows, when, of) | cells
    return on_first(link, rows, **cells)


for _name, (_when, _marks, _gap) in SINCE.items():
    FIRST[f"since_{_name}"] = lambda when=_when, marks=_marks, gap=_gap: passed(
        when, END, **marked("since", *marks, gap=gap)
    )
for _name, (_when, _marks, _gap) in UNTIL.items():
    FIRST[f"until_{_name}"] = lambda when=_when, marks=_marks, gap=_gap: passed(
        when, BEGIN - DAY, **marked("until", *marks, gap=gap)
    )
FIRST["skip_phase"] = lambda: passed(BEGIN)
FIRST["skip_page"] = lambda: passed(BEGIN - 1, early=False)


@first("work_in_time")
def _() -> Run:
    """A purchase before the window."""
    link = page(buy())
    rows = rows_of(link)
    when = BEGIN - 1
    of_all_days(rows)
    rows.records.lanes[0, 1:3] = when % 2**30, when >> 30
    rows.entries.day[0] -= T // DAY - when // DAY
    rows.entries.long_from[0] = int(rows.around.long_from[rows.around.start.searchsorted(when, side="right") - 1])
    return on_first(link, rows)


# ------------------------------------------------------------------------------------------------ what is bought


def bought(quantity: int, unit: int = 0, **cells: int) -> Run:
    """A lot of this quantity that cost nothing, and has this unit basis."""
    link = page(buy(0, quantity, 0))
    rows = rows_of(link)
    rows.entries.unit[0] = list(unit.to_bytes(20, "little"))
    lane = 4 - (quantity.bit_length() - 1) // 24
    gap = (quantity >> 24 * (4 - lane)) - 1
    whole = {f"r{i}": 0 for i in range(14)} | {f"carry{i}": 0 for i in range(16)}
    compared = {f"remainder_at{i}": int(i == lane) for i in range(5)}
    compared |= {"remainder_low": gap & 0x7FFF, "remainder_high": gap >> 15}
    return on_first(link, rows, **(whole | compared | cells))


def compared(quantity: int, marked: tuple[int, ...], gap: int) -> Run:
    """The remainder is compared with the quantity at these lanes."""
    return bought(quantity, **{f"remainder_at{i}": mark for i, mark in enumerate(marked)}, remainder_low=gap)


for _i, _of in enumerate(MARKS):
    FIRST[f"remainder_at{_i}_bit"] = lambda of=_of: compared(*of)
FIRST["remainder_marked"] = lambda: compared(5, (0, 0, 0, 0, 0), 0)
for _i in range(4):
    FIRST[f"remainder_equal{_i}"] = lambda i=_i: compared(
        (5 << 24 * (4 - i)) + (7 << 24 * (3 - i)), tuple(int(k == i + 1) for k in range(5)), 6
    )
for _i in range(4, 17):
    _octet = max(0, 2 * _i - 19)
    FIRST[f"product{_i}"] = lambda i=_i, m=_octet: bought(256**m, 256 ** (2 * i - m))


def inserted(method: str, quantity: int, value: int, name: str, at_lanes: dict[int, int], gap: int) -> Run:
    """The first lot is compared with the head's key or the end's at these lanes."""
    cells = {f"{name}_at{i}": at_lanes.get(i, 0) for i in range(8)}
    cells |= {f"{name}_low": gap & 0x7FFF, f"{name}_high": gap >> 15}
    return on_first(page(buy(0, quantity, value), method=method), **cells)


TAIL = SEQ_MAX - 1 - 1
"""From the order of the first lot to that of the end, less 1."""
FIRST["above_at0_bit"] = lambda: inserted("lofo", UNIT, 0, "above", {0: -1, 1: 1, 7: 1}, 0)


@first("above_at7_bit")
def _() -> Run:
    def change(made: Run) -> None:
        marks(made, 0, "above", 8, [0, 1], made.get(0, "acquired") - 1 - 1)
        made.put(0, above_at7=-1)

    return run(page(buy()), change)


@first("above_marked")
def _() -> Run:
    """Two marks, of a lot that the standing says is of no record: the last lanes are equal."""
    link, made = loaded(of_unit(6, 4, 9))
    made.entries.order[:] = 0
    return run(link, lambda made: marks(made, 0, "above", 8, [0, 7], 4 - 2), made)


for _i in range(7):
    _quantity, _value = of_unit(HIGH_TO_LOW[_i], 1, 0)
    FIRST[f"above_equal{_i}"] = lambda q=_quantity, v=_value: inserted("lofo", q, v, "above", {7: 1}, 0)
    FIRST[f"below_equal{_i}"] = lambda q=_quantity, v=_value: inserted("hifo", q, v, "below", {7: 1}, TAIL)
    FIRST[f"below_at{_i}_bit"] = lambda i=_i: inserted("hifo", UNIT, 0, "below", {i: -1, (i + 1) % 7: 1, 7: 1}, TAIL)
FIRST["above_equal7"] = lambda: inserted("lofo", UNIT, 0, "above", {}, 0)
FIRST["below_marked"] = lambda: inserted("hifo", UNIT, 0, "below", {}, 0)
FIRST["below_at7_bit"] = lambda: inserted(  # six marks, and -5 of 2^28: modulo p it is small again
    "hifo", UNIT, 0, "below", {**dict.fromkeys(range(6), 1), 7: -5}, -1 - 5 * (TAIL + 1) + P
)

# ------------------------------------------------------------------------------------------------ what is sent


def sent(more: int = 0, without: int = 0, **cells: int) -> Run:
    """Universal pooling: coins are sent and arrive. The record is of so much more than its token."""
    out, come = (Rec(T + n, op, "X", LIMBS, ref=7, kind="move") for n, op in enumerate(("out", "in")))
    made = [Page(s, f"{s}-1", 0, at(2024), at(2025), (record,)) for s, record in (("A", out), ("B", come))]
    book = Book(matched={("B", 0, 0): ("A", 0, 0)}, amounts={("A", 0, 0): LIMBS})
    link = make_link(made, book, rules(pooling="universal"), 2024, None)
    rows = rows_of(link)
    put_record(rows, 0, LIMBS + more)
    put_quantity(rows, "rest", 0, LIMBS + more)
    rows.records.lanes[0, 0] += without
    return on_first(link, rows, **cells)


_whole = {f"e{k}": 0 for k in range(14)}
for _i in range(6):
    FIRST[f"borrow_e{_i}_bit"] = lambda i=_i: sent(
        -(1 + (32512 << 16) << 16 * i), **_whole, **{f"borrow_e{k}": UPPER if k == i else 0 for k in range(6)}
    )
for _i in range(7):
    FIRST[f"quantity_rest{_i}"] = lambda i=_i: sent(-(1 << 16 * i), **_whole, **{f"borrow_e{k}": 0 for k in range(6)})
FIRST["used_up"] = lambda: sent(1)
FIRST["send_code"] = lambda: sent(without=int(Flag.INWARD))


def called(part: int = 0, last: int = 1) -> Run:
    """They are called this part."""
    link = coins_in_transit()
    rows = rows_of(link)
    rows.tokens.part[:], rows.tokens.last[:] = part, last
    return on_first(link, rows)


FIRST["part_start"] = lambda: called(part=1)
FIRST["last_sent"] = lambda: called(last=0)
