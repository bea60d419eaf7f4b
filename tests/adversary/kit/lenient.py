"""A witness generator and a checker that do not mind a lie: what is out of range wraps, and is not counted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import numpy as np

from zkharvest.circuit.check import Violation
from zkharvest.circuit.lot_machine.shared import ranges
from zkharvest.circuit.lot_machine.trace import Trace


def wrapping() -> list[AbstractContextManager[Any]]:
    """Patches: a table takes any number, modulo p."""

    def put_all(self: Trace, cells: list[Any], rows: Any, values: Any) -> None:
        for number, cell in enumerate(cells):
            self.put_signed(cell, rows, np.asarray(values)[:, number])

    return [
        mock.patch.object(Trace, "put", lambda s, cell, rows, v: s.put_signed(cell, rows, np.asarray(v) + 0)),
        mock.patch.object(Trace, "put_all", put_all),
    ]


def counting_what_is_in_range() -> AbstractContextManager[Any]:
    """Patch: the range table counts the lookups that it can answer; nothing can be done about the rest."""

    def count(_table: Any, i: Any, trace: np.ndarray, pairs: np.ndarray, u15: np.ndarray) -> None:
        values = [ranges._linear(m, trace) for m in i.message]
        good = ranges._linear(i.mult, trace) == 1
        if i.bus.name == "bytes":
            good &= (values[0] < 256) & (values[1] < 256)
            pairs += np.bincount((values[0] * 256 + values[1])[good], minlength=65536)
        else:
            good &= values[0] < 32768
            u15 += np.bincount(values[0][good], minlength=32768)

    return mock.patch.object(ranges, "_count", count)


def in_short(violations: list[Violation]) -> set[str]:
    """What is broken: "table.constraint", "bus name" or "tally n"."""
    return {
        v.constraint if v.constraint.startswith(("bus ", "tally ")) else f"{v.table}.{v.constraint}" for v in violations
    }
