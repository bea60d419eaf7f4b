"""A witness generator and a checker that do not mind a lie: what is out of range wraps, and is not counted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import numpy as np

from zkharvest.circuit.check import Violation
from zkharvest.circuit.lot_machine.shared import ranges
from zkharvest.circuit.lot_machine.trace import Trace
from zkharvest.spec import P


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

    def counted(_table: Any, checks: Any, trace: np.ndarray) -> np.ndarray:
        found = np.zeros(ranges.PAIRS + ranges.U15, np.int64)
        for check in checks:
            values = [_linear(m, trace) for m in check.message]
            good = _linear(check.mult, trace) == 1
            if check.bus.name == "bytes":
                good &= (values[0] < 256) & (values[1] < 256)
                found[: ranges.PAIRS] += np.bincount((values[0] * 256 + values[1])[good], minlength=ranges.PAIRS)
            else:
                good &= values[0] < ranges.U15
                found[ranges.PAIRS :] += np.bincount(values[0][good], minlength=ranges.U15)
        return found

    return mock.patch.object(ranges, "_counted", counted)


def _linear(expr: Any, trace: np.ndarray) -> np.ndarray:
    """A linear expression over the rows of a table."""
    out = np.full(len(trace), expr.const, np.int64)
    for (_, column, _), k in expr.terms.items():
        out = (out + trace[:, column].astype(np.int64) * k) % P
    return out


def in_short(violations: list[Violation]) -> set[str]:
    """What is broken: "table.constraint", "bus name" or "tally n"."""
    return {
        v.constraint if v.constraint.startswith(("bus ", "tally ")) else f"{v.table}.{v.constraint}" for v in violations
    }
