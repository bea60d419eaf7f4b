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
from zkharvest.ledger.fast_tape import TAKE, Tape
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


def _takes(tape: Tape, node_has: int) -> list[int]:
    """Places of the takes from the first entry that has that many."""
    places = np.flatnonzero(tape.op == TAKE)
    nodes, counts = np.unique(tape.node[places], return_counts=True)
    node = nodes[np.flatnonzero(counts == node_has)[0]]
    return [int(place) for place in places if tape.node[place] == node]


def basis_moved(tape: Tape) -> Tape:
    """A unit of basis goes with the first of two parts of a lot instead of the second."""
    first, second = _takes(tape, 2)
    part, lot = tape.part_value.copy(), tape.lot_value.copy()
    one = np.uint64(1)
    part[first] += one
    lot[second] -= one
    if tape.emptied[second]:
        part[second] -= one
    return replace(tape, part_value=part, lot_value=lot)


def basis_from_nowhere(tape: Tape) -> Tape:
    """A part of a lot comes back with more basis than it was left with."""
    _, second = _takes(tape, 2)
    part, lot = tape.part_value.copy(), tape.lot_value.copy()
    part[second] += np.uint64(10**8)
    lot[second] += np.uint64(10**8)
    return replace(tape, part_value=part, lot_value=lot)


def lot_used_twice(tape: Tape) -> Tape:
    """A part is taken once more from what the lot was before, as if it had not been used."""
    first, second = _takes(tape, 2)
    held = ("lot_q_lo", "lot_q_hi", "lot_value")
    fields = {name: getattr(tape, name).copy() for name in (*held, "part_value", "emptied")}
    for name in held:
        fields[name][second] = fields[name][first]
    quantity = int(tape.lot_q_lo[first]) | int(tape.lot_q_hi[first]) << 64
    part = int(tape.part_q_lo[second]) | int(tape.part_q_hi[second]) << 64
    fields["part_value"][second] = int(tape.lot_value[first]) * part // quantity
    fields["emptied"][second] = part == quantity
    return replace(tape, **fields)


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
