"""The `steps` table of stage 1: the rooms of v1 that do not change, and posts to registers in place of tallies.

Records are still v1's: one value with its fee in it, no kind. Pages and moves of their own bring those.
"""

from __future__ import annotations

from zkharvest.circuit.builder import Table
from zkharvest.circuit.lot_machine.v1 import buses as v1_buses
from zkharvest.circuit.lot_machine.v1.steps import amounts, day, gain, kinds, lists, record
from zkharvest.circuit.lot_machine.v1.steps.amounts import AmountColumns
from zkharvest.circuit.lot_machine.v1.steps.day import DayColumns
from zkharvest.circuit.lot_machine.v1.steps.kinds import KindColumns
from zkharvest.circuit.lot_machine.v1.steps.lists import ListColumns
from zkharvest.circuit.lot_machine.v1.steps.record import RecordColumns
from zkharvest.circuit.lot_machine.v1.steps.table import Steps as V1Steps
from zkharvest.circuit.lot_machine.v2.buses import Buses

from . import posting
from .posting import PostingColumns


class Steps(PostingColumns, V1Steps):
    """The table: every room's columns by name."""

    def __init__(self, t: Table, buses: Buses, publics: v1_buses.Publics) -> None:
        self.t, self.buses, self.publics, self.sums = t, buses, publics, buses.sums
        KindColumns.__init__(self, t)
        RecordColumns.__init__(self, t, buses.ranges)
        DayColumns.__init__(self, t, buses.ranges)
        AmountColumns.__init__(self, t, buses.ranges)
        ListColumns.__init__(self, t, buses.ranges)
        PostingColumns.__init__(self, t, buses.ranges)

    def constrain(self) -> None:
        """All constraints, room by room."""
        kinds.sequence(self)
        record.order(self)
        record.record(self)
        day.constrain(self)
        amounts.proportion(self)
        amounts.rests(self)
        amounts.flow(self)
        lists.keys(self)
        lists.links(self)
        lists.contents(self)
        lists.inventories(self)
        gain.term(self)
        posting.result(self)
        posting.classes(self)
        posting.posts(self)
