"""Lies about amounts, terms and results (`machine_lying`): what is taken, what is left, and what it was worth.

A liar's rows follow the lie: a lot that is too large is carried out too large, and its content says so. `CLOSINGS` are
the three ways in which a record takes lots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support.machine_circuit import Run
from tests.support.machine_lying import LIES, buy, lie, page, run, sale
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op
from zkharvest.spec import P

LANES, VALUE_LANES = (sum(3 << 24 * i for i in range(count)) for count in (5, 3))
"""A quantity, and a value, of which each lane is 3."""
GIANT = 1 << 105
UPPER = pow(1 << 16, -1, P)
"""A borrow of this takes 1 from its own limb, and 32512 from the next one: it is -32512."""


def quantity(rows: MachineRows, name: str, operation: int) -> int:
    """A quantity of an operation: its "part", "lot" or "rest"."""
    return int(getattr(rows, f"{name}_lo")[operation]) + (int(getattr(rows, f"{name}_hi")[operation]) << 64)


def put_quantity(rows: MachineRows, name: str, operation: int, value: int) -> None:
    """Another one."""
    getattr(rows, f"{name}_lo")[operation] = value & (1 << 64) - 1
    getattr(rows, f"{name}_hi")[operation] = value >> 64


def put_unit(rows: MachineRows, entry: int, value: int, of: int) -> None:
    """The unit basis of an entry of this value and quantity."""
    rows.entries.unit[entry] = list(((value << 96) // of).to_bytes(20, "little"))


def put_record(rows: MachineRows, record: int, amount: int, value: int | None = None) -> None:
    """A record's leaf of another quantity, and value."""
    rows.records.lanes[record, 3:8] = [amount >> 24 * i & 0xFFFFFF for i in range(5)]
    if value is not None:
        rows.records.lanes[record, 8:11] = [value >> 24 * i & 0xFFFFFF for i in range(3)]


def chosen(rows: MachineRows, operations: list[int]) -> MachineRows:
    """Some operations, in this order."""
    columns = {name: getattr(rows, name) for name in rows.__slots__}
    ops = len(rows.op)
    own = {n: v[operations].copy() for n, v in columns.items() if isinstance(v, np.ndarray) and v.shape == (ops,)}
    return replace(rows, **own)


def bits(made: Run, row: int, name: str, number: int, count: int) -> None:
    """A number's bytes in the cells of a name."""
    made.put(row, **{f"{name}{i}": number >> 8 * i & 255 for i in range(count)})


def marks(made: Run, row: int, name: str, lanes: int, marked: list[int], gap: int) -> None:
    """Which lanes a comparison marks, and the difference less the number of marks."""
    made.put(row, **{f"{name}_at{i}": int(i in marked) for i in range(lanes)})
    made.put(row, **{f"{name}_low": gap & 0x7FFF})
    if gap >> 15 or name in ("order", "remainder", "above", "below", "result"):
        made.put(row, **{f"{name}_high": gap >> 15})


# ------------------------------------------------------------------------------------------------ ways to take lots


def taken(*lots: int, of: int, value: int = 0, paid: int = 0, method: str = "fifo") -> Link:
    """Lots of these quantities, each of a value, and a sale over them."""
    return page(*(buy(n, q, value) for n, q in enumerate(lots)), sale(len(lots), of, paid), method=method)


def dropped(*lots: int, of: int, value: int = 0) -> Link:
    """The same given away."""
    record = Rec(T + len(lots), "out", "X", of, kind="gift")
    link = page(*(buy(n, q, value) for n, q in enumerate(lots)), record)
    return make_link(list(link.pages), Book(gone={("A", 0, len(lots)): "gift"}), rules(), 2024, None)


def sent(*lots: int, of: int, value: int = 0) -> Link:
    """The same sent, and in transit at the year's end."""
    record = Rec(at(2025) - DAY, "out", "X", of, ref=7, kind="move")
    a = (*(buy(n, q, value) for n, q in enumerate(lots)), record)
    book = Book(amounts={("A", 0, len(lots)): of})
    return make_link([Page("A", "A-1", 0, at(2024), at(2025), a)], book, rules(), 2024, None)


CLOSINGS: dict[str, tuple[Callable[..., Link], str, Op]] = {
    "take": (taken, "settle", Op.TAKE), "out": (sent, "send", Op.OUT), "drop": (dropped, "gone", Op.DROP),
}  # fmt: skip
"""By the first row: the link, the second row, the operation."""


def operations(rows: MachineRows, op: Op) -> list[int]:
    """Places of an operation."""
    return np.flatnonzero(rows.op == op).tolist()


# ------------------------------------------------------------------------------------------------ what is opened


def opened(more: int = 0, dearer: int = 0) -> Run:
    """A lot larger, or dearer, than the purchase says."""
    link = page(buy(0, UNIT, 7))
    rows = rows_of(link)
    for operation in range(2):
        put_quantity(rows, "lot", operation, UNIT + more)
        rows.lot_value[operation] = 7 + dearer
    put_unit(rows, 0, 7 + dearer, UNIT + more)
    return run(link, rows=rows)


for _i in range(5):
    LIES[f"open_quantity{_i}"] = lambda i=_i: opened(more=1 << 24 * i)
for _i in range(3):
    LIES[f"open_value{_i}"] = lambda i=_i: opened(dearer=1 << 24 * i)


# ------------------------------------------------------------------------------------------------ a record's rest


def quantity_held(flag: str, lane: int) -> Run:
    """A record is worked as one of more than its first row says."""
    make, *_ = CLOSINGS[flag]
    link = make(GIANT, of=LANES)
    rows = rows_of(link)
    put_record(rows, 1, LANES - (1 << 24 * lane))

    def change(made: Run) -> None:
        (row,) = made.at(flag)
        made.put(row, **{f"rest_quantity{lane}": made.get(row, f"rest_quantity{lane}") - 1})

    return run(link, change, rows)


def quantity_step(flag: str, lane: int) -> Run:
    """The second part starts from more than the first has left."""
    make, _, op = CLOSINGS[flag]
    link = make(LANES, LANES, of=2 * LANES)
    rows = rows_of(link)
    whole = 2 * LANES - (1 << 24 * lane)
    put_record(rows, 2, whole)
    put_quantity(rows, "rest", operations(rows, op)[0], whole)
    return run(link, rows=rows)


def value_held(lane: int) -> Run:
    """A sale for more than its first row says."""
    link = taken(UNIT, of=UNIT, paid=VALUE_LANES)
    rows = rows_of(link)
    put_record(rows, 1, UNIT, VALUE_LANES - (1 << 24 * lane))

    def change(made: Run) -> None:
        (row,) = made.at("take")
        made.put(row, **{f"rest_value{lane}": made.get(row, f"rest_value{lane}") - 1})

    return run(link, change, rows)


def value_step(lane: int) -> Run:
    """The second part of a sale starts from more proceeds than the first has left."""
    link = taken(UNIT, UNIT, of=2 * UNIT, paid=2 * VALUE_LANES)
    rows = rows_of(link)
    first, second = operations(rows, Op.TAKE)
    paid = 2 * VALUE_LANES - (2 << 24 * lane)
    put_record(rows, 2, 2 * UNIT, paid)
    rows.rest_value[first], rows.close_value[first] = paid, paid // 2
    rows.rest_value[second] = rows.close_value[second] = paid // 2 + (1 << 24 * lane)
    return run(link, rows=rows)


for _i in range(5):
    LIES[f"rest_quantity{_i}_held"] = lambda i=_i: quantity_held("take", i)
    LIES[f"rest_quantity{_i}_step"] = lambda i=_i: quantity_step("take", i)
for _i in range(3):
    LIES[f"rest_value{_i}_held"] = lambda i=_i: value_held(i)
    LIES[f"rest_value{_i}_step"] = lambda i=_i: value_step(i)


OCTETS = sum(3 << 8 * i for i in range(13)) + (1 << 104)
"""A quantity of which no byte is 0."""


def part_same(flag: str, octet: int) -> Run:
    """A record counts more than the lot gives."""
    make, second, op = CLOSINGS[flag]
    less = OCTETS - 256**octet
    link = make(1 << 106, of=OCTETS)
    rows = rows_of(link)
    (operation,) = operations(rows, op)
    put_quantity(rows, "part", operation, less)
    (close,) = operations(rows, Op.CLOSE)
    put_quantity(rows, "lot", close, (1 << 106) - less)

    def change(made: Run) -> None:
        (row,) = made.at(second)
        bits(made, row, "b", OCTETS, 14)
        bits(made, row, "e", 0, 14)
        made.put(row, **{f"borrow_e{i}": 0 for i in range(6)})
        made.put(row, left_inverse=pow(sum(OCTETS >> 8 * i & 255 for i in range(14)), -1, P))

    return run(link, change, rows)


def unfinished(flag: str, octet: int) -> Run:
    """A record of which this much is never counted."""
    make, _, op = CLOSINGS[flag]
    less = OCTETS - 256**octet
    link = make(1 << 106, of=OCTETS)
    rows = rows_of(link)
    (operation,), (close,) = operations(rows, op), operations(rows, Op.CLOSE)
    put_quantity(rows, "part", operation, less)
    put_quantity(rows, "lot", close, (1 << 106) - less)
    if flag == "out":
        rows.tokens.quantity_lo[:], rows.tokens.quantity_hi[:] = less & (1 << 64) - 1, less >> 64
    return run(link, rows=rows)


def lost(flag: str, octet: int) -> Run:
    """A lot is called empty, and this much of it is gone."""
    make, _, op = CLOSINGS[flag]
    link = make(5 + 256**octet, of=5)
    rows = rows_of(link)
    (operation,), (close,) = operations(rows, op), operations(rows, Op.CLOSE)
    rows.emptied[operation] = 1
    return run(link, rows=chosen(rows, [n for n in range(len(rows.op)) if n != close]))


for _i in range(14):
    LIES[f"part{_i}_same"] = lambda i=_i: part_same("take", i)
LIES["used_up"] = lambda: unfinished("take", 3)
LIES["emptied_left"] = lambda: lost("take", 3)


@lie("moved_value0")
def _() -> Run:
    return moved_value(0)


def moved_value(octet: int) -> Run:
    """A lot gains value on its way."""
    link = sent(UNIT, of=UNIT, value=7)
    rows = rows_of(link)
    rows.tokens.value[:] += np.uint64(256**octet)

    def change(made: Run) -> None:
        (row,) = made.at("send")
        made.put(row, **{f"a{octet}": made.get(row, f"a{octet}") + 1})

    return run(link, change, rows)


for _i in range(1, 8):
    LIES[f"moved_value{_i}"] = lambda i=_i: moved_value(i)


# ------------------------------------------------------------------------------------------------ what a lot keeps


def kept(flag: str = "take", more: int = 0, dearer: int = 0, **cells: int) -> Run:
    """More of a lot is left, or of its value, than was there."""
    make, *_ = CLOSINGS[flag]
    value = (1 << 50) + 1
    link = make(GIANT + 1, of=1, value=value)
    rows = rows_of(link)
    (close,) = operations(rows, Op.CLOSE)
    put_quantity(rows, "lot", close, GIANT + more)
    rows.lot_value[close] = value + dearer

    def change(made: Run) -> None:
        (row,) = made.at(flag)
        bits(made, row, "e", GIANT + more, 14)
        bits(made, row, "g", value + dearer, 8)
        made.put(row, left_inverse=pow(sum(GIANT + more >> 8 * i & 255 for i in range(14)), -1, P), **cells)

    return run(link, change, rows)


for _i in range(7):
    LIES[f"quantity_rest{_i}"] = lambda i=_i: kept(more=1 << 16 * i)
for _i in range(4):
    LIES[f"value_rest{_i}"] = lambda i=_i: kept(dearer=1 << 16 * i)
for _i in range(6):
    LIES[f"borrow_e{_i}_bit"] = lambda i=_i: kept(more=1 + (32512 << 16) << 16 * i, **{f"borrow_e{i}": UPPER})
for _i in range(3):
    LIES[f"borrow_g{_i}_bit"] = lambda i=_i: kept(dearer=1 + (32512 << 16) << 16 * i, **{f"borrow_g{i}": UPPER})


# ------------------------------------------------------------------------------------------------ proportions


def large_quotient(row: str, octet: int, place: int) -> Run:
    """A lot of 256^place, or a sale of it: its quotient has a byte that nothing but the product shows."""
    link = taken(256**place, of=256**place)
    return run(link, lambda made: made.put(made.at(row)[0], **{f"q{octet}": 1}))


for _m in range(10, 17):
    LIES[f"product{_m}"] = lambda m=_m: large_quotient("take", 2 * m - 12 if m < 16 else 19, 12 if m < 16 else 13)


def remainder_equal(lane: int) -> Run:
    """A part's basis is one less: the remainder is not below the lot's quantity, but is in a lower lane."""
    upper = 4 - lane
    whole, value = (1 << 24 * upper) + (0xFFFFFF << 24 * (upper - 1)), 100
    link = taken(whole, of=whole - 1, value=value)
    rows = rows_of(link)
    (take,), (close,) = operations(rows, Op.TAKE), operations(rows, Op.CLOSE)
    rows.part_value[take], rows.lot_value[close] = value - 2, 2
    gap = value if upper == 1 else 1  # lower lanes of the remainder are full
    return run(link, lambda made: marks(made, made.at("take")[0], "remainder", 5, [lane + 1], gap), rows)


for _i in range(4):
    LIES[f"remainder_equal{_i}"] = lambda i=_i: remainder_equal(i)
