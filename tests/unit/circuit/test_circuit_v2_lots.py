"""Lots used twice, taken from elsewhere or in another order, moved with another basis, left out at the year's end.

Whole lies, told as a cheater would: rows, lists, standings and registers follow, so that what is broken is what is
meant to forbid it. Lies of single cells: `test_circuit_v2_machine_lies`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from unittest import mock

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row, sort_key
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support import machine_circuit as machine
from tests.support import machine_rows
from tests.support.machine_lies_amounts import chosen, operations
from tests.support.machine_lying import buy, page, run, sale
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op

METHODS = ("fifo", "lifo", "hifo", "lofo")
HALF = UNIT // 2
LISTS = {"bus link", "bus content"}
"""What an entry leads to, and what is in it: each is read once after it was written."""


def broken(link: Link, rows: MachineRows | None = None) -> set[str]:
    return set(Board(run(link, rows=rows), machine.description()).verdict())


def accounts(a: tuple[Rec, ...], b: tuple[Rec, ...] = (), **more: str) -> Link:
    """Records of two accounts, honest."""
    pages = [Page(name, f"{name}-1", 0, at(2024), at(2025), records) for name, records in (("A", a), ("B", b))]
    return make_link(pages, Book(), rules(**more), 2024, None)


# ------------------------------------------------------------------------------------------------ used twice


def test_a_whole_lot_is_used_twice():
    """The second sale takes the cheap lot again instead of the dear one."""
    link = page(buy(0, UNIT, 9), buy(1, UNIT, 7), sale(2), sale(3))
    rows = rows_of(link)
    take = operations(rows, Op.TAKE)[1]
    rows.node[take], rows.lot_value[take], rows.part_value[take] = 0, 9, 9
    assert broken(link, rows) == LISTS


def test_a_part_of_a_lot_is_used_twice():
    link = page(buy(0, 2 * UNIT, 14), sale(1), sale(2))
    rows = rows_of(link)
    take = operations(rows, Op.TAKE)[1]
    rows.lot_lo[take], rows.lot_value[take], rows.emptied[take] = 2 * UNIT, 14, 0
    assert broken(link, rows) == LISTS


def test_a_lot_leaves_the_list_with_something_left():
    """Half of the lot is sold, and the rest is thrown away with it."""
    link = page(buy(0, UNIT, 8), sale(1, HALF))
    rows = rows_of(link)
    rows.emptied[operations(rows, Op.TAKE)[0]] = 1
    rows = chosen(rows, [0, 1])
    assert broken(link, rows) == {"steps.emptied_left"}


def test_a_part_of_nothing():
    """A sale begins with nothing of a lot: its gain and its count would be split as suits."""
    rows = chosen(rows_of(page(buy(), sale())), [0, 1, 1])
    rows.part_lo[1] = rows.part_value[1] = rows.close_value[1] = rows.emptied[1] = 0
    assert broken(page(buy(), sale()), rows) == {"steps.head_first", "steps.something"}


# ------------------------------------------------------------------------------------------------ from elsewhere

OTHERS = {
    "account": (accounts((buy(0, UNIT, 7), sale(2)), (buy(1, UNIT, 9),)), ("X", "B", 0)),
    "asset": (accounts((buy(0, UNIT, 7), Rec(T + 1, "open", "Y", UNIT, 9), sale(2))), ("Y", "A", 0)),
    "side": (accounts((buy(0, UNIT, 7), Rec(T + 1, "open", "X", UNIT, 9, side=1), sale(2))), ("X", "A", 1)),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_lot_of_another_list(what):
    """A sale takes the dear lot of another account, of another asset, or of the other side."""
    link, other = OTHERS[what]
    assert broken(link) == set()
    rows_before = rows_of(link)
    with mock.patch.object(machine_rows._Maker, "_of", lambda self, row: self.pools[other]):
        rows = rows_of(link, follow=True)
    assert rows.node.tolist() != rows_before.node.tolist()
    assert broken(link, rows) == {"bus link"}


def test_all_accounts_in_one_list_under_wallet_pooling():
    link = accounts((buy(0, UNIT, 7), sale(2)), (buy(1, UNIT, 9),), method="hifo")
    pooled = replace(link, rules=replace(link.rules, pooling="universal"))
    universal = make_link(list(link.pages), Book(), pooled.rules, 2024, None)
    rows = rows_of(universal)
    rows = replace(rows, around=rows_of(link).around)
    assert broken(link, rows) == {"bus link"}


# ------------------------------------------------------------------------------------------------ another order

IN_EVERY_ORDER = (buy(0, UNIT, 20), buy(DAY, UNIT, 40), buy(2 * DAY, UNIT, 10), buy(3 * DAY, UNIT, 30), sale(4 * DAY))


@pytest.mark.parametrize(("method", "other"), list(permutations(METHODS, 2)))
def test_another_method_s_list(method, other):
    """Lots stand where another method would put them, and are taken from the head."""
    link = page(*IN_EVERY_ORDER, method=method)
    with mock.patch.object(machine_rows, "sort_key", lambda _, lot: sort_key(other, lot)):
        rows = rows_of(link, follow=True)
    assert broken(link, rows) == {"bus u15"}


@pytest.mark.parametrize(("method", "other"), list(permutations(METHODS, 2)))
def test_another_method_s_choice(method, other):
    """The list is right, but what is taken is not its head."""
    link = page(*IN_EVERY_ORDER, method=method)
    assert broken(link, choosing(link, other)) == {"steps.head"}


def choosing(link: Link, method: str) -> MachineRows:
    """Rows in which a sale takes out of the list, from where it stands, the lot that is first under another method."""

    def elsewhere(self: machine_rows._Maker, row: Row) -> dict[str, int]:
        pool = self._of(row)
        entries = list(self.lists[pool])
        place = entries.index(min(entries, key=lambda number: sort_key(method, self.entries[number])))
        self.lists[pool] = [entries[place], *entries[:place], *entries[place + 1 :]]
        found = self.take(pool, row.part) | {"close_value": row.close_value}
        around = {"pred": entries[place - 1] if place else -1, "next": [*entries, -1][place + 1]}
        return found | around

    with mock.patch.object(machine_rows._Maker, "_take", elsewhere):
        return rows_of(link, follow=True)


# ------------------------------------------------------------------------------------------------ the year's end


def closing(change: Callable[[MachineRows, list[int]], MachineRows]) -> set[str]:
    link = page(buy(0, UNIT, 7), buy(1, UNIT, 9), sale(2, HALF))
    rows = rows_of(link)
    return broken(link, change(rows, operations(rows, Op.CLOSE)))


def test_a_lot_is_missing_from_what_is_carried_out():
    assert closing(lambda rows, _: chosen(rows, list(range(len(rows.op) - 1)))) == LISTS


def test_a_lot_is_carried_out_twice():
    assert closing(lambda rows, _: chosen(rows, [*range(len(rows.op)), len(rows.op) - 1])) == LISTS


@pytest.mark.parametrize(("name", "by"), [("lot_lo", 1), ("lot_value", 1)])
def test_a_lot_is_carried_out_as_another_one(name, by):
    def change(rows: MachineRows, closes: list[int]) -> MachineRows:
        getattr(rows, name)[closes[0]] += np.uint64(by)
        return rows

    assert closing(change) == {"bus content"}
