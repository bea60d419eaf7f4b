"""Lies that break a constraint of the machine on the last row of its table alone, and nothing else.

The table is full, so that its last row is at work (`machine_full`), or nothing stands there. Where no number is
compared and no list is touched, a lie of a few cells is enough; others are records that say something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT
from tests.models.lot_machine_v2.story import T
from tests.models.lot_machine_v2.words import Rec
from tests.support.machine_circuit import Run
from tests.support.machine_full import ROWS
from tests.support.machine_lies_amounts import UPPER, put_quantity, put_record
from tests.support.machine_lying import Lie, buy, page, run
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows

LAST: dict[str, Lie] = {}
"""By constraint."""


def last(name: str) -> Callable[[Lie], Lie]:
    """Register a lie about the last row."""

    def register(make: Lie) -> Lie:
        assert name not in LAST
        LAST[name] = make
        return make

    return register


def on_last(link: Link, rows: MachineRows | None = None, before: Mapping[str, int] | None = None, **cells: int) -> Run:
    """A run of as many rows as are used, whose last row has these cells, and the one before it those."""

    def change(made: Run) -> None:
        assert made.witness.plan.used == ROWS, made.witness.plan.used
        made.traces["steps"] = made.cells()[:ROWS].copy()
        made.put(ROWS - 1, **cells)
        made.put(ROWS - 2, **(before or {}))

    return run(link, change, rows)


def idle(**cells: int) -> Run:
    """Nothing stands on the last row but these cells."""
    return run(page(buy()), lambda made: made.put(len(made.cells()) - 1, **cells))


# ------------------------------------------------------------------------------------------------ where nothing stands

LAST["worked0"] = lambda: idle(worked0=1, worked1=32256)  # the carry is -1/2^15, which is 65024
LAST["shift_where"] = lambda: idle(shift0=1, worked0=1)
LAST["one_code"] = lambda: idle(code_closes=1, code_moves=1)
LAST["moves_long"] = lambda: idle(code_moves=1, code_short=1)
LAST["named_where"] = lambda: idle(named=1, token_ref0=1, left_inverse=1)
LAST["found_where"] = lambda: idle(
    found=1, class_kind=62, code_short=1, **{f"kind_bit{i}": 62 >> i & 1 for i in range(6)}
)
LAST["income_kind"] = lambda: idle(income=1, class_term=5, kind_bit0=1, a0=5)
LAST["trade_kind"] = lambda: idle(income=1, class_term=5, left_inverse=-1, a0=5)
LAST["kind_gone"] = lambda: idle(unclear=1, class_kind=61)


def two_deposits(kind: int) -> Run:
    """A deposit that is found once and declared minus once, on no record."""

    def change(made: Run) -> None:
        row = len(made.cells()) - 1
        around = made.rows.around
        day = int(np.flatnonzero(around.day > 0)[0])
        long = {
            f"{name}{i}": int(around.long_from[day]) >> 15 * i & 0x7FFF
            for i in range(3)
            for name in ("long_from", "day_long")
        }
        number = int(around.day[day])
        made.put(row, found=1, declared=-1, class_kind=kind, acquired=number, day=number, **long)

    return run(page(buy()), change)


LAST["kind_found"] = lambda: two_deposits(5)
LAST["kind_declared"] = lambda: two_deposits(62)


def ring(row: int) -> Run:
    """A message of the ring twice, on one row; two rows of the table before sent it, two of the next take it."""
    made = run(page(buy()))
    tables = list(made.traces)
    place = tables.index("steps")
    on = {name: made.traces[name].shape[1] - 3 for name in tables}  # blind_on, blind_out, blind_in
    made.traces["steps"][:2, on["steps"]] = 0
    made.traces["steps"][row, on["steps"] :] = 2, 6, 4
    made.traces[tables[place - 1]][:2, on[tables[place - 1]] + 1] = 4
    made.traces[tables[place + 1]][:2, on[tables[place + 1]] + 2] = 6
    return made


# ------------------------------------------------------------------------------------------------ the end of a sale


def sold(quantity: int, value: int = 7, paid: int = 9) -> Link:
    """Ten lots, of which the last one has this quantity and value; the last sale is of that lot alone."""
    lots = (*(buy(n) for n in range(9)), buy(9, quantity, value))
    parts = (UNIT // 2, 9 * UNIT - UNIT // 2, quantity)
    return page(*lots, *(Rec(T + 20 + n, "close", "X", part, (90, 90, paid)[n]) for n, part in enumerate(parts)))


def settled(quantity: int, before: Mapping[str, int] | None = None, **cells: int) -> Run:
    """The last sale is of this quantity; its last row has these cells."""
    return on_last(sold(quantity), before=before, **cells)


def counted(quantity: int, more: int = 0, **cells: int) -> Run:
    """The last lot has this quantity, and the sale takes it, but its record is of so much more. Nothing is paid."""
    link = sold(quantity, paid=0)
    rows = rows_of(link)
    put_record(rows, 12, quantity + more)
    put_quantity(rows, "rest", len(rows.op) - 1, quantity + more)
    return on_last(link, rows, **cells)


LOW, HIGH = 5, 5 << 96
"""Quantities that only the lowest, or the highest lane has."""
MARKS = [
    *((LOW, marked, 4) for marked in ((-1, 1, 0, 0, 1), (1, -1, 0, 0, 1))),
    *((HIGH, marked, 4) for marked in ((1, 1, -1, 0, 0), (1, 1, 0, -1, 0), (1, 1, 0, 0, -1))),
]


def compared(quantity: int, marked: tuple[int, ...], gap: int) -> Run:
    """The remainder is compared with the quantity at these lanes."""
    return settled(quantity, **{f"remainder_at{i}": mark for i, mark in enumerate(marked)}, remainder_low=gap)


for _i, (_quantity, _marked, _gap) in enumerate(MARKS):
    LAST[f"remainder_at{_i}_bit"] = lambda of=(_quantity, _marked, _gap): compared(*of)
LAST["remainder_marked"] = lambda: compared(LOW, (0, 0, 0, 0, 0), 0)
for _i in range(4):
    LAST[f"remainder_equal{_i}"] = lambda i=_i: compared(
        (5 << 24 * (4 - i)) + (7 << 24 * (3 - i)), tuple(int(k == i + 1) for k in range(5)), 6
    )
for _i in range(3, 6):
    LAST[f"product{_i}"] = lambda i=_i: settled(HIGH, **{f"r{2 * i}": 1})
LAST["product6"] = lambda: settled(HIGH, r12=1, remainder_low=3)
for _i in range(7, 17):
    _octet = 0 if _i < 10 else 12 if _i < 16 else 13
    LAST[f"product{_i}"] = lambda i=_i, m=_octet: settled(256**m, **{f"q{2 * i - m}": 1})

LIMBS = sum(40_000 << 16 * i for i in range(7))
for _i in range(6):
    LAST[f"borrow_e{_i}_bit"] = lambda i=_i: counted(
        LIMBS,
        -(1 + (32512 << 16) << 16 * i),
        **{f"e{k}": 0 for k in range(14)},
        **{f"borrow_e{k}": UPPER if k == i else 0 for k in range(6)},
    )
for _i in range(3):
    LAST[f"borrow_g{_i}_bit"] = lambda i=_i: settled(
        UNIT, **{f"g{2 * i}": 1, f"g{2 * i + 3}": 127, f"borrow_g{i}": UPPER}
    )
for _i in range(7):
    LAST[f"quantity_rest{_i}"] = lambda i=_i: counted(
        LIMBS, -(1 << 16 * i), **{f"e{k}": 0 for k in range(14)}, **{f"borrow_e{k}": 0 for k in range(6)}
    )
LAST["used_up"] = lambda: counted(UNIT, 1)


def recorded(lane: int, name: str, quantity: int = 0, value: int = 0) -> Run:
    """The record's leaf says less than both rows count."""
    whole, paid = sum(3 << 24 * i for i in range(5)), sum(3 << 24 * i for i in range(3))
    link = sold(whole, paid=paid)
    rows = rows_of(link)
    put_record(rows, 12, whole - quantity, paid - value)
    return on_last(link, rows, {f"{name}{lane}": 2}, **{f"{name}{lane}": 2})


for _i in range(5):
    LAST[f"open_quantity{_i}"] = lambda i=_i: recorded(i, "rest_quantity", quantity=1 << 24 * i)
for _i in range(3):
    LAST[f"open_value{_i}"] = lambda i=_i: recorded(i, "rest_value", value=1 << 24 * i)
