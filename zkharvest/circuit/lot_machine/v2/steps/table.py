"""The `steps` table: the columns of its rooms, and all constraints."""

from __future__ import annotations

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr
from zkharvest.circuit.lot_machine.shared import terms
from zkharvest.circuit.lot_machine.shared.lists import links
from zkharvest.circuit.lot_machine.shared.proportions import AmountColumns, proportion
from zkharvest.circuit.lot_machine.v2.buses import Buses, Publics

from . import amounts, classes, day, kinds, lists, record, tokens
from .classes import ClassColumns
from .day import DayColumns
from .kinds import KindColumns
from .lists import LotColumns
from .record import RecordColumns
from .tokens import TokenColumns


class Steps(KindColumns, RecordColumns, DayColumns, AmountColumns, LotColumns, TokenColumns, ClassColumns):
    """The table: every room's columns by name, so that the constraints of one room can speak of another's."""

    def __init__(self, t: Table, buses: Buses, publics: Publics) -> None:
        self.t, self.buses, self.publics = t, buses, publics
        KindColumns.__init__(self, t, publics.wallet)
        RecordColumns.__init__(self, t, buses.ranges, publics.wallet)
        DayColumns.__init__(self, t, buses.ranges)
        AmountColumns.__init__(self, t, buses.ranges)
        LotColumns.__init__(self, t, buses.ranges)
        TokenColumns.__init__(self, t, buses.ranges)
        ClassColumns.__init__(self, t, buses.ranges)
        self.bought: Expr = self.open - self.found - self.declared  # an open that is no deposit

    def constrain(self) -> None:
        """All constraints, room by room."""
        t, ranges = self.t, self.buses.ranges
        kinds.sequence(self)
        record.order(self)
        record.record(self)
        day.constrain(self)
        proportion(t, ranges, self, self.divides, self.open)
        amounts.rests(self)
        amounts.flow(self)
        lists.keys(self)
        links(t, self.buses.link, ranges, self, self.halves * (1 - self.publics.specific) + self.close)
        lists.contents(self)
        lists.standings(self)
        tokens.constrain(self)
        terms.term(t, self, self.take, self.side, self.time, self.long_from)
        terms.result(t, self, self.take, self.side, self.negative, self.q)
        classes.classes(self)
        classes.weights(self)
        classes.posts(self)

    def held_by_record(self) -> dict[str, Expr]:
        """What stays the same on all rows of one record, by name."""
        return record.held(self)
