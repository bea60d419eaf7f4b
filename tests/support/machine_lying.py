"""How lies about the machine of lot-machine/v2 are told: what a cheater would write, and all that follows.

`told` ones are rows of the model that it does not accept; others change cells of an honest run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest import mock

import numpy as np

from tests.adversary.kit.lenient import wrapping
from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import T, rules
from tests.models.lot_machine_v2.words import Page, Rec
from tests.support import machine_circuit as machine
from tests.support.machine_circuit import Run
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows
from zkharvest.circuit.lot_machine.v2.steps import fill as filling
from zkharvest.circuit.lot_machine.v2.steps import tokens

Lie = Callable[[], Run]
LIES: dict[str, Lie] = {}


@contextmanager
def lenient() -> Iterator[None]:
    """A filling that does not mind what no row can show."""
    with ExitStack() as stack:
        for patch in (mock.patch.object(tokens, "check_moves", lambda *_: None), *wrapping()):
            stack.enter_context(patch)
        yield


def run(link: Link, change: Callable[[Run], None] | None = None, rows: MachineRows | None = None) -> Run:
    """A run that may lie."""
    with lenient():
        return machine.run(link, change, rows=rows)


def lie(name: str) -> Callable[[Lie], Lie]:
    """Register a lie for a constraint of `steps`."""

    def register(make: Lie) -> Lie:
        assert name not in LIES
        LIES[name] = make
        return make

    return register


def told(link: Link, rows: list[Row], change: Callable[[Run], None] | None = None) -> Run:
    """A link whose rows are others; lists, closes and registers follow."""
    return run(link, change, rows_of(replace(link, rows=tuple(rows)), follow=True))


def page(*records: Rec, pooling: str = "wallet", method: str = "fifo") -> Link:
    """A link of one account, honest."""
    made = [Page("A", "A-1", 0, at(2024), at(2025), records)]
    return make_link(made, Book(), rules(pooling=pooling, method=method), 2024, None)


def buy(n: int = 0, quantity: int = UNIT, value: int = 7) -> Rec:
    """A purchase, `n` ms after T."""
    return Rec(T + n, "open", "X", quantity, value)


def sale(n: int = 1, quantity: int = UNIT, value: int = 9) -> Rec:
    """A sale."""
    return Rec(T + n, "close", "X", quantity, value)


@contextmanager
def one_row(operation: int) -> Iterator[None]:
    """An operation of two rows has only the first; the second is written over by what follows."""
    lay_out = filling.lay_out

    def without_second(rows: MachineRows, height: int) -> filling.Plan:
        plan = lay_out(rows, height)
        later = np.arange(len(plan.at))
        behind = later > operation
        return filling.Plan(plan.at - behind, plan.end - behind, plan.used - 1, height)

    with mock.patch.object(filling, "lay_out", without_second):
        yield


@contextmanager
def idle_before(operation: int) -> Iterator[None]:
    """An idle row stands before an operation."""
    lay_out = filling.lay_out

    def with_gap(rows: MachineRows, height: int) -> filling.Plan:
        plan = lay_out(rows, height)
        later = np.arange(len(plan.at)) >= operation
        return filling.Plan(plan.at + later, plan.end + later, plan.used + 1, height)

    with mock.patch.object(filling, "lay_out", with_gap):
        yield


RECORD = (
    *("late", "shift0", "shift1", "worked0", "worked1", "page", "position", "phase", "time0", "time1", "time2"),
    *(f"asset{i}" for i in range(4)),
    *(f"place{i}" for i in range(4)),
    *("ref0", "ref1", "code_closes", "code_moves", "code_inward", "code_short", "code_negative", "code_joined"),
    *("code_money", *(f"kind_bit{i}" for i in range(6))),
)


LOT = (*(f"unit{i}" for i in range(7)), "lot_seq", "acquired", *(f"long_from{i}" for i in range(3)))
"""Columns of a lot on its way."""


def copy(made: Run, source: int, target: int, names: tuple[str, ...] = RECORD) -> None:
    """The same cells on another row."""
    made.put(target, **{name: made.get(source, name) for name in names})


def follow(made: Run, record: int, row: int, names: tuple[str, ...] = RECORD) -> None:
    """A row behind a record that reads as its last: the next record is compared with it."""
    copy(made, record, row, names)
    lanes = [[made.get(r, "time2"), made.get(r, "worked1"), 2 * made.get(r, "worked0")] for r in (row, row + 1)]
    (mark, gap), *_ = [(i, y - x - 1) for i, (x, y) in enumerate(zip(*lanes, strict=True)) if x != y]
    made.put(row, **{f"order_at{i}": int(i == mark) for i in range(5)}, order_low=gap & 0x7FFF, order_high=gap >> 15)


def low(limb1: int) -> int:
    """An instant of 2024 whose middle limb is this, and whose low limb is 5."""
    return ((at(2024, 3) >> 30) + 1 << 30) + (limb1 << 15) + 5
