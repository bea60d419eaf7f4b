"""Lies about the lists of open lots, and about standings (`machine_lying`): order, links, natures, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from tests.support.machine_lies_amounts import chosen, marks, operations, sent
from tests.support.machine_lies_moves import arrival
from tests.support.machine_lying import LIES, LOT, RECORD, buy, copy, lie, page, run, sale
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op
from zkharvest.circuit.lot_machine.v2.steps import lists

HIGH_TO_LOW = [6, 5, 4, 3, 2, 1, 0, 7]
"""Lanes of a key as comparisons read them."""


def entries(link: Link, **columns: Any) -> Run:
    """Entries of another order, date or nature than their records'; what is carried out follows."""
    rows = rows_of(link)
    for name, change in columns.items():
        getattr(rows.entries, name)[:] = change(getattr(rows.entries, name))
    return run(link, rows=rows)


LIES["seq_opened"] = lambda: entries(page(buy()), order=lambda x: x + 1)
for _i in range(3):
    LIES[f"long{_i}_opened"] = lambda i=_i: entries(page(buy()), long_from=lambda x: x + (1 << 15 * i))


def tokens(**columns: Any) -> Run:
    """A token of another age or nature than the part that was sent."""
    link = sent(UNIT, of=UNIT, value=7)
    rows = rows_of(link)
    for name, change in columns.items():
        getattr(rows.tokens, name)[:] = change(getattr(rows.tokens, name))
    return run(link, rows=rows)


def unit_lane(lane: int) -> Callable[[np.ndarray], np.ndarray]:
    """One more in a lane of a unit basis."""

    def change(octets: np.ndarray) -> np.ndarray:
        made = octets.copy()
        made[:, 3 * lane] += 1
        return made

    return change


LIES["seq_moved"] = lambda: tokens(order=lambda x: x + 1)
for _i in range(7):
    LIES[f"unit{_i}_moved"] = lambda i=_i: tokens(unit=unit_lane(i))
for _i in range(3):
    LIES[f"long{_i}_moved"] = lambda i=_i: tokens(long_from=lambda x: x + (1 << 15 * i))


# ------------------------------------------------------------------------------------------------ keys


@contextmanager
def other_keys(change: Callable[[np.ndarray], None]) -> Any:
    """Entries have other keys than the method gives them."""
    made = lists._entries

    def keys(f: Any) -> Any:
        unit, key = made(f)
        change(key)
        return unit, key

    with mock.patch.object(lists, "_entries", keys):
        yield


def keyed(link: Link, entry: int, lane: int) -> Run:
    """One entry's key is one more in a lane."""

    def change(key: np.ndarray) -> None:
        key[entry, lane] += 1

    with other_keys(change):
        return run(link)


for _i in (*range(6), 7):
    LIES[f"key{_i}"] = lambda i=_i: keyed(page(buy()), 0, i)


def two(first: tuple[int, int], second: tuple[int, int]) -> tuple[Link, MachineRows]:
    """LOFO: two lots, quantity and value of each, of which the second stands where it does not belong."""
    link = page(buy(0, *first), buy(1, *second), method="lofo")
    rows = rows_of(link)
    behind = not bool(rows.pred[1] >= 0)
    rows.pred[1], rows.next[1] = (0, -1) if behind else (-1, 0)
    closes = [3, 2]
    made = chosen(rows, [0, 1, *closes])
    made.next[2:] = [made.node[3], -1]
    return link, made


def of_unit(lane: int, upper: int, lower: int) -> tuple[int, int]:
    """A lot (quantity, value) of which the unit basis has these two lanes: `lane`, and the one below it."""
    value = upper << 24 | lower
    if lane == 6:
        return 1, value << 24
    if lane == 0:
        return 1 << 96, upper
    return 1 << 96 - 24 * (lane - 1), value


def out_of_order(lane: int, *, behind: bool) -> Run:
    """LOFO: a lot stands behind a cheaper one, or before a dearer one, as a lower lane of its unit says."""
    low, high = of_unit(lane, 1, 9), of_unit(lane, 2, 4)
    link, rows = two(*((high, low) if behind else (low, high)))
    name, place = ("above" if behind else "below"), HIGH_TO_LOW.index(lane)
    gap = 0 if lane == 0 else 9 - 4 - 1

    def change(made: Run) -> None:
        marks(made, 1, name, 8, [place + 1], gap)

    return run(link, change, rows)


for _i in range(7):
    _lane = HIGH_TO_LOW[_i]
    LIES[f"above_equal{_i}"] = lambda lane=_lane: out_of_order(lane, behind=True)
    if _lane:
        LIES[f"below_equal{_i}"] = lambda lane=_lane: out_of_order(lane, behind=False)


def loaded(*lots: tuple[int, int], method: str = "lofo") -> tuple[Link, MachineRows]:
    """A year that begins with these lots (quantity, value), all of one record, and has no record."""
    a = tuple(buy(n, *lot) for n, lot in enumerate(lots))
    first = make_link([Page("A", "A-1", 0, at(2024), at(2025), a)], Book(), rules(), 2024, None)
    empty = Page("A", "A-1", 1, at(2025), at(2026), (), first.pages[0].id)
    link = make_link([empty], Book(), rules(2025, method), 2025, first.closing)
    made = rows_of(link)
    made.entries.order[:] = 1
    return link, made


@lie("above_marked")
def _() -> Run:
    """Two marks, of two lots that the standing says are of one record: the last lanes are equal."""
    link, made = loaded(of_unit(6, 1, 9), of_unit(6, 4, 9))
    return run(link, lambda made: marks(made, 1, "above", 8, [0, 7], 3 + 0 - 2), made)


def turned(first: int, second: int) -> tuple[Link, MachineRows]:
    """Two lots carried in, of units that differ in the lowest lane: the second stands before the first."""
    link, made = loaded((1 << 96, first), (1 << 96, second))
    made.pred[1], made.next[1] = -1, 0
    made = chosen(made, [0, 1, *sorted(operations(made, Op.CLOSE), key=lambda n: -made.node[n])])
    made.next[2:] = [0, -1]
    return link, made


@lie("below_equal6")
def _() -> Run:
    """A dearer lot before a cheaper one, because it is older."""
    link, made = turned(1, 2)
    made.entries.order[0] = 2
    return run(link, lambda made: marks(made, 1, "below", 8, [7], 0), made)


@lie("below_marked")
def _() -> Run:
    """Two parts of one lot, the second before the first: neither sorts after the other."""
    return run(*_of(turned(1, 1)))


def _of(made: tuple[Link, MachineRows]) -> tuple[Link, None, MachineRows]:
    return made[0], None, made[1]


# ------------------------------------------------------------------------------------------------ links


def written(made: Run, row: int, reads: int) -> None:
    """An entry's first link says that it was written before it was."""
    made.put(row, node_write=0)
    made.put(reads, node_write=0, node_age0=made.get(reads, "clk") - 1)


LIES["entry_write"] = lambda: run(page(buy(), sale()), lambda made: written(made, 0, made.at("take")[0]))


@lie("entry_next")
def _() -> Run:
    """LOFO: the second lot leads nowhere until the third, which comes between, leads to the first again."""

    def change(made: Run) -> None:
        made.put(1, node_next=0)
        made.put(2, pred_next=0)

    return run(page(buy(0, UNIT, 30), buy(1, UNIT, 10), buy(2, UNIT, 20), method="lofo"), change)


def next_key(lane: int) -> Run:
    """LIFO: the second lot stores another key of the first, which nobody compares before it is gone."""

    def change(made: Run) -> None:
        first, second = made.at("take")
        for row, stem in ((1, "node_next_key"), (first, "node_next_key"), (second, "pred_next_key")):
            made.put(row, **{f"{stem}{lane}": made.get(row, f"{stem}{lane}") + 1})

    return run(page(buy(), buy(1), sale(2, 2 * UNIT), method="lifo"), change)


for _i in range(8):
    LIES[f"entry_next_key{_i}"] = lambda i=_i: next_key(i)


def second_first(part: int = UNIT) -> MachineRows:
    """FIFO: two lots of one quantity, and a sale that takes of the second."""
    link = page(buy(0, UNIT, 7), buy(1, UNIT, 9), sale(2, part, 11))
    made = rows_of(link)
    rows = made if part < UNIT else chosen(made, [0, 1, 2, 3])
    take = operations(rows, Op.TAKE)[0]
    rows.node[take], rows.pred[take], rows.next[take] = 1, 0, -1
    rows.lot_value[take] = 9
    rows.part_value[take] = 9 * part // UNIT
    return rows


@lie("head")
def _() -> Run:
    link = page(buy(0, UNIT, 7), buy(1, UNIT, 9), sale(2, UNIT, 11))
    rows = second_first()
    (close,) = operations(rows, Op.CLOSE)
    rows.node[close], rows.lot_value[close] = 0, 7
    return run(link, rows=rows)


@lie("entry_linked")
def _() -> Run:
    """A part of the second lot, reached over the head's link to the first one."""
    half = UNIT // 2
    link = page(buy(0, UNIT, 7), buy(1, UNIT, 9), sale(2, half, 11))
    rows = second_first(half)
    take, closes = operations(rows, Op.TAKE)[0], operations(rows, Op.CLOSE)
    rows.pred[take] = -1
    for close, quantity, value in zip(closes, (UNIT, UNIT - half), (7, 9 - 9 * half // UNIT), strict=True):
        rows.lot_lo[close], rows.lot_value[close] = quantity, value

    def change(made: Run) -> None:
        (row,) = made.at("take")
        made.put(row, pred_next=1, **{f"pred_next_key{i}": made.get(0, f"key{i}") for i in range(8)})

    return run(link, change, rows)


@lie("close_empties")
def _() -> Run:
    """A lot is carried out twice, the second time of nothing."""
    link = page(buy())
    rows = chosen(rows_of(link), [0, 1, 1])
    rows.emptied[1] = 0
    rows.lot_lo[2] = rows.lot_value[2] = 0
    return run(link, rows=rows)


@lie("entry_id")
def _() -> Run:
    """FIFO: three entries with each other's numbers. Links are by the clock: the second lot comes first."""
    link = page(*(buy(n, UNIT, 7 + n) for n in range(3)), *(sale(n, UNIT, 11) for n in (3, 4, 5)))
    rows = rows_of(link)
    turn = (1, 0, 2)
    for take, node in zip(operations(rows, Op.TAKE), turn, strict=True):
        rows.node[take], rows.lot_value[take], rows.part_value[take] = node, 7 + node, 7 + node
    return run(link, lambda made: renumbered(made, range(3), made.at("take")), rows)


def renumbered(made: Run, inserted: Sequence[int], taken: Sequence[int]) -> None:
    """Three insertions, and three rows that take the second, the first, the third: with each other's numbers."""
    clock, sold = ([made.get(row, "clk") for row in rows] for rows in (inserted, taken))
    number = (clock[2], clock[0], clock[1])
    keys = [[made.get(row, f"key{i}") for i in range(8)] for row in inserted]
    tail = [made.get(inserted[2], f"pred_next_key{i}") for i in range(8)]

    def key(row: int, stem: str, of: list[int]) -> None:
        made.put(row, **{f"{stem}{i}": lane for i, lane in enumerate(of)})

    for n, row in enumerate(inserted):
        made.put(row, node=number[n], pred=number[n - 1] if n else 0)
    # Taken: entry, where its link leads, when that was written, by which key it was found.
    read = ((1, 2, clock[2], 0), (0, 1, clock[1], 2), (2, None, clock[2], 1))
    for row, write, (entry, leads, when, found) in zip(taken, (clock[0], *sold[:2]), read, strict=True):
        clk = made.get(row, "clk")
        made.put(row, pred=0, pred_write=write, pred_age0=clk - write - 1, pred_next=number[entry])
        key(row, "pred_key", [0] * 8)
        key(row, "pred_next_key", keys[found])
        made.put(row, node=number[entry], node_write=when, node_age0=clk - when - 1)
        made.put(row, node_next=0 if leads is None else clock[leads])
        key(row, "key", keys[entry])
        key(row, "node_next_key", tail if leads is None else keys[leads])


@lie("emptied_where")
def _() -> Run:
    """A skipped record puts a second link of a lot, to itself, and nothing as its content into the lists.

    The sale takes the lot over that link; the standing carried out has it once more, of nothing.
    """
    passed, last = sale(DAY), sale(2 * DAY)
    link = page(buy(), passed)
    made = replace(link.pages[0], records=(buy(), passed, last))
    link = replace(link, pages=(made,), leaves=(made.records,))
    told = [link.rows[0], Row("skip", 0, 1, passed), Row("take", 0, 2, last, part=UNIT, value=7, close_value=9)]
    rows = rows_of(replace(link, rows=tuple(told)), follow=True)
    day = np.searchsorted(rows.around.start, T + DAY, side="right") - 1
    rows.around.phase[day], rows.around.page_early[:] = 2, 1
    rows = chosen(rows, [0, 1, 2, 0])
    rows.op[3], rows.record[3], rows.emptied[3] = Op.CLOSE, -1, 1
    for name in ("lot_lo", "lot_value", "rest_lo", "rest_value"):
        getattr(rows, name)[3] = 0

    def change(made: Run) -> None:
        lot, skip, taken, closed = 0, 1, 2, 4
        copy(made, lot, skip, (*LOT, "own"))
        for row in (skip, taken):
            made.put(row, node=1, node_write=1, node_age0=row - 1, node_next=1)
            for stem in ("key", "node_next_key"):
                made.put(row, **{f"{stem}{i}": made.get(lot, f"key{i}") for i in range(8)})
        made.put(skip, emptied=-1)
        made.put(closed, node_write=1, node_age0=closed - 1, content_write=skip + 1, content_age0=closed - skip - 1)

    return run(link, change, rows)


@lie("ends_whole")
def _() -> Run:
    """Five units sold of one: the table ends with the lot's half, and what would go on stands on the first row."""
    lot, height = 1 << 60, 32
    first = make_link(
        [Page("A", "A-1", 0, at(2024), at(2025), (buy(0, lot, 1 << 34),))], Book(), rules(), 2024, None
    )  # of its unit basis the low bytes, which are read as proceeds, are 0
    when = at(2025, 3)
    passed = [Rec(when + n, "close", "X", lot, 0) for n in range(height - 2)]
    last = Rec(when + DAY, "close", "X", 5 * lot, 0)
    after = Page("A", "A-1", 1, at(2025), at(2026), (*passed, last), first.pages[0].id)
    empty = Page("A", "A-1", 1, at(2025), at(2026), (), first.pages[0].id)
    link = make_link([empty], Book(), rules(2025), 2025, first.closing)
    told = [row for row in link.rows if row.op == "load"]
    told += [Row("skip", 0, n, record) for n, record in enumerate(passed)]
    told += [Row("take", 0, len(passed), last, part=lot, value=1 << 34, close_value=0)]
    rows = rows_of(replace(link, pages=(after,), leaves=(after.records,), rows=tuple(told)), follow=True)
    day = np.searchsorted(rows.around.start, when, side="right") - 1
    rows.around.phase[day], rows.around.page_early[:] = 2, 1

    def change(made: Run) -> None:
        (row,) = made.at("take")
        assert row == height - 1
        made.put(row, loss=1, class_result=2)
        marks(made, row, "result", 3, [1], (1 << 10) - 1)
        held = (*(f"rest_quantity{i}" for i in range(5)), *(f"rest_value{i}" for i in range(3)))
        copy(made, row, 0, (*RECORD, *held, *(f"b{i}" for i in range(14)), "loss", "long_term", "covered"))
        made.traces["steps"] = made.cells()[:height].copy()

    return run(link, change, rows)


# ------------------------------------------------------------------------------------------------ standings


def counted(made: Run, rows: list[int]) -> None:
    """A standing with a hole before these rows: what is loaded, or carried out, stands one further."""
    for row in rows:
        made.put(row, inventory=made.get(row, "inventory") + 1)
    made.answers["pair"] = dict(machine.asked(made, "pair"))


LIES["closing_start"] = lambda: run(page(buy()), lambda made: counted(made, made.at("close")))
LIES["inventory_step"] = lambda: run(page(buy(), buy(1)), lambda made: counted(made, made.at("close")[1:]))
LIES["inventory_start"] = lambda: run(
    arrival(), lambda made: counted(made, sorted((*made.at("load"), *made.at("load_token"))))
)
LIES["clk_start"] = lambda: run(page(), late_clock)


def late_clock(made: Run) -> None:
    """A clock that does not start at 1."""
    for row in range(len(made.cells())):
        made.put(row, clk=row + 5)


@lie("loads_first")
def _() -> Run:
    """A lot is loaded between records: no order is asked of what follows, and March comes before February."""
    first = make_link([Page("A", "A-1", 0, at(2024), at(2025), (buy(),))], Book(), rules(), 2024, None)
    a = (Rec(at(2025, 2), "open", "Y", UNIT, 5), Rec(at(2025, 3), "open", "Y", UNIT, 6))
    after = Page("A", "A-1", 1, at(2025), at(2026), a, first.pages[0].id)
    link = make_link([after], Book(), rules(2025), 2025, first.closing)
    rows = rows_of(link)
    assert rows.op[:3].tolist() == [Op.LOAD, Op.OPEN, Op.OPEN]
    made = replace(chosen(rows, [1, 0, *range(2, len(rows.op))]), first_seq=0)
    made.entries.order[1:] -= 1

    def change(made: Run) -> None:
        marks(made, 1, "order", 5, [], 0)

    return run(link, change, made)
