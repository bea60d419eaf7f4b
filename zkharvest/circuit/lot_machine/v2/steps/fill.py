"""The `steps` table while it is filled from the machine's rows: each room fills its own columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.lot_machine.trace import Trace
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.simd.threads import each

from . import amounts, classes, day, kinds, lists, record, tokens
from .table import Steps

_PAIRED = (Op.TAKE, Op.OUT, Op.DROP)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each operation stands: its first row and its last; rows in use, and the table's height."""

    at: Ints
    end: Ints
    used: int
    height: int


def lay_out(rows: MachineRows, height: int) -> Plan:
    """Rows of every operation. Raises ValueError if they do not fit."""
    size = np.where(np.isin(rows.op, _PAIRED) & ~_alone(rows), 2, 1)
    end = np.cumsum(size) - 1
    used = int(size.sum())
    if used > height:
        raise ValueError(f"{used} rows do not fit in {height}")
    return Plan(end + 1 - size, end, used, height)


def _alone(rows: MachineRows) -> NDArray[np.bool_]:
    """Operations that send coins without a lot."""
    alone: NDArray[np.bool_] = (rows.op == Op.OUT) & (rows.node < 0)
    return alone


class StepsWitness:
    """The table as it is filled, and what other tables need of it.

    head_write: the last write of each pool's head; interval: the calendar's row of each record.
    """

    def __init__(self, s: Steps, rows: MachineRows, height: int) -> None:
        self.s, self.rows, self.plan = s, rows, lay_out(rows, height)
        self.trace = Trace(len(s.t.columns), height)
        self.alone = _alone(rows)
        changes = np.flatnonzero(np.diff(rows.record, prepend=-2))
        starts = np.zeros(len(rows.op), bool)
        starts[changes] = True
        self.begins = starts & (rows.record >= 0)  # the first operation of its record
        self.ends = np.append(self.begins | (rows.record < 0), True)[1:] | np.append(np.diff(rows.record) != 0, True)
        self.counted = np.isin(rows.op, (*_PAIRED, Op.ARRIVE))
        self.halves = np.flatnonzero(np.isin(rows.op, _PAIRED) & ~self.alone)
        lanes = rows.records.lanes.astype(np.int64)
        self.stated = lanes[:, 1] + (lanes[:, 2] << 30)  # of each record
        self.worked = self.stated + rows.records.shift
        self.interval = np.searchsorted(rows.around.start, self.stated, side="right") - 1
        in_work = np.flatnonzero(rows.record >= 0)
        both = np.concatenate((in_work, self.halves))
        at = np.concatenate((self.plan.at[in_work], self.plan.end[self.halves]))
        order = np.argsort(at, kind="stable")
        self.record_rows = at[order]
        self.record_places = rows.record[both[order]]
        counts = np.zeros(height, np.int64)
        counts[self.plan.at[self.begins & (rows.op != Op.SKIP)]] = 1
        self.seq_on_rows = rows.first_seq + np.cumsum(counts)
        self.head_write: Ints

    def of(self, *ops: Op) -> Ints:
        """The places of some operations."""
        return np.flatnonzero(np.isin(self.rows.op, ops))

    def kind_on(self, rows: Ints) -> Ints:
        """The record's kind, on rows that have one."""
        bits = self.trace.get(self.s.kind_bit, rows)
        return bits @ (1 << np.arange(bits.shape[1]))

    def fill(self) -> None:
        """All columns. Raises InputError for what the machine cannot show: it names the record."""
        kinds.fill(self)
        tasks: tuple[Callable[[], None], ...] = (self._but_amounts, partial(amounts.fill, self))
        each(lambda task: task(), tasks)  # neither reads what the other fills

    def _but_amounts(self) -> None:
        record.fill(self)
        day.fill(self)
        self.head_write = lists.fill(self)
        tokens.fill(self)
        classes.fill(self)
