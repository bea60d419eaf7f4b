"""Lies about the ledger: trades left out or changed, lots and terms that are not the lots' own, other statements.

Each is a function that changes what the witness is made from, for `make_lies.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from zkharvest.circuit.lot_machine.v1.calendar import CalendarRows
from zkharvest.ledger.operations import TAKE, Operations
from zkharvest.trades.model import Kind, Trade

Parts = dict[str, Any]


def one_unit(name: str, by: int) -> Callable[[Parts], None]:
    """A total 10^-8 off."""

    def change(parts: Parts) -> None:
        parts["totals"][name] = str(int(parts["totals"][name]) + by)

    return change


def without(ref: str) -> Callable[[list[Trade]], list[Trade]]:
    """A trade left out."""
    return lambda trades: [trade for trade in trades if trade.ref != ref]


def with_another(ref: str, kind: Kind) -> Callable[[list[Trade]], list[Trade]]:
    """A trade more: like another one, a second later."""

    def change(trades: list[Trade]) -> list[Trade]:
        model = next(trade for trade in trades if trade.ref == ref)
        return sorted([*trades, replace(model, id="more", kind=kind, time=model.time + 1000)], key=lambda t: t.time)

    return change


def dearer(ref: str, by: int) -> Callable[[list[Trade]], list[Trade]]:
    """A purchase at another amount than was committed."""
    return lambda trades: [replace(t, amount=t.amount + by) if t.ref == ref else t for t in trades]


def exchanged(one: str, other: str) -> Callable[[list[Trade]], list[Trade]]:
    """Two trades of one instant the other way round."""

    def change(trades: list[Trade]) -> list[Trade]:
        found = {trade.ref: trade for trade in trades}
        assert found[one].time == found[other].time
        swap = {one: other, other: one}
        return [found[swap.get(trade.ref, trade.ref)] for trade in trades]

    return change


def _takes(operations: Operations, node_has: int) -> list[int]:
    """Places of the takes from the first entry that has that many."""
    places = np.flatnonzero(operations.op == TAKE)
    nodes, counts = np.unique(operations.node[places], return_counts=True)
    node = nodes[np.flatnonzero(counts == node_has)[0]]
    return [int(place) for place in places if operations.node[place] == node]


def basis_moved(operations: Operations) -> Operations:
    """A unit of basis goes with the first of two parts of a lot instead of the second."""
    first, second = _takes(operations, 2)
    part, lot = operations.part_value.copy(), operations.lot_value.copy()
    one = np.uint64(1)
    part[first] += one
    lot[second] -= one
    if operations.emptied[second]:
        part[second] -= one
    return replace(operations, part_value=part, lot_value=lot)


def basis_from_nowhere(operations: Operations) -> Operations:
    """A part of a lot comes back with more basis than it was left with."""
    _, second = _takes(operations, 2)
    part, lot = operations.part_value.copy(), operations.lot_value.copy()
    part[second] += np.uint64(10**8)
    lot[second] += np.uint64(10**8)
    return replace(operations, part_value=part, lot_value=lot)


def lot_used_twice(operations: Operations) -> Operations:
    """A part is taken once more from what the lot was before, as if it had not been used."""
    first, second = _takes(operations, 2)
    held = ("lot_q_lo", "lot_q_hi", "lot_value")
    fields = {name: getattr(operations, name).copy() for name in (*held, "part_value", "emptied")}
    for name in held:
        fields[name][second] = fields[name][first]
    quantity = int(operations.lot_q_lo[first]) | int(operations.lot_q_hi[first]) << 64
    part = int(operations.part_q_lo[second]) | int(operations.part_q_hi[second]) << 64
    fields["part_value"][second] = int(operations.lot_value[first]) * part // quantity
    fields["emptied"][second] = part == quantity
    return replace(operations, **fields)


def a_day_early() -> list[AbstractContextManager[Any]]:
    """Lots turn long a day before they do, in the witness only."""
    make_calendar = CalendarRows.__init__

    def told(self: CalendarRows, *arguments: Any, **named: Any) -> None:
        make_calendar(self, *arguments, **named)
        self.long_at = np.where(self.long_at > 0, self.long_at - 86_400_000, 0)

    return [mock.patch.object(CalendarRows, "__init__", told)]


def set_part(name: str, value: Any) -> Callable[[Parts], None]:
    """Another value in the statement."""
    return lambda parts: parts.__setitem__(name, value)


def one_total_off(parts: Parts) -> None:
    """A dollar more of loss, for lies about the proof that have something to hide."""
    one_unit("short_loss", 10**8)(parts)
