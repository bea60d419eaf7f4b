"""The `steps` table: the columns of its rooms in their frozen order, and all constraints."""

from __future__ import annotations

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Cell
from zkharvest.circuit.lot_machine.shared import terms
from zkharvest.circuit.lot_machine.shared.lists import ListColumns, links
from zkharvest.circuit.lot_machine.shared.proportions import AmountColumns, proportion
from zkharvest.circuit.lot_machine.v1.buses import MachineBuses, Publics

from . import amounts, day, gain, kinds, lists, record
from .day import DayColumns
from .gain import GainColumns
from .kinds import KindColumns
from .record import RecordColumns


class Steps(KindColumns, RecordColumns, DayColumns, AmountColumns, ListColumns, GainColumns):
    """The table: every room's columns by name, so that the constraints of one room can speak of another's."""

    def __init__(self, t: Table, buses: MachineBuses, publics: Publics) -> None:
        self.t, self.buses, self.publics = t, buses, publics
        self.machine_columns(t, buses)
        GainColumns.__init__(self, t, buses.ranges)

    def machine_columns(self, t: Table, buses: MachineBuses) -> None:
        """All columns but those of what counts where."""
        KindColumns.__init__(self, t)
        RecordColumns.__init__(self, t, buses.ranges)
        DayColumns.__init__(self, t, buses.ranges)
        AmountColumns.__init__(self, t, buses.ranges)
        ListColumns.__init__(self, t, buses.ranges)

    def constrain(self) -> None:
        """All constraints, room by room."""
        self.constrain_machine()
        gain.weights(self)

    def constrain_machine(self) -> None:
        """All constraints but those of what counts where."""
        kinds.sequence(self)
        record.order(self)
        record.record(self)
        day.constrain(self)
        proportion(self.t, self.buses.ranges, self, self.divides, self.open)
        amounts.rests(self)
        amounts.flow(self)
        lists.keys(self)
        from_head = (self.take + self.out) * (1 - self.publics.specific) + self.close
        links(self.t, self.buses.link, self.buses.ranges, self, from_head)
        lists.contents(self)
        lists.inventories(self)
        terms.term(self.t, self, self.take, self.side, self.time, self.long_from)
        terms.result(self.t, self, self.take, self.side, self.negative, self.q)

    def held_by_trade(self) -> list[Cell]:
        """Columns that stay the same on all rows of one trade."""
        return [
            self.code_close,
            self.code_move,
            self.side,
            self.negative,
            self.to,
            *self.time,
            self.tie,
            self.source,
            self.position,
            *self.asset,
            self.seq,
            self.phase,
        ]
