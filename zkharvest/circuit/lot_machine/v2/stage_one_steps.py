"""The `steps` table of stage 1: the rooms of v1 that do not change, and posts to registers in place of tallies.

Records are still v1's: one value with its fee in it, no kind. Pages and moves of their own bring those.
"""

from __future__ import annotations

from zkharvest.circuit.builder import Table
from zkharvest.circuit.lot_machine.v1.buses import Publics
from zkharvest.circuit.lot_machine.v1.steps.table import Steps as V1Steps
from zkharvest.circuit.lot_machine.v2.stage_one import StageOneBuses

from . import stage_one_posting as posting
from .stage_one_posting import PostingColumns


class Steps(PostingColumns, V1Steps):
    """The table: every room's columns by name."""

    def __init__(self, t: Table, buses: StageOneBuses, publics: Publics) -> None:
        self.t, self.buses, self.publics, self.sums = t, buses, publics, buses.sums
        self.machine_columns(t, buses)
        PostingColumns.__init__(self, t, buses.ranges)

    def constrain(self) -> None:
        """All constraints, room by room."""
        self.constrain_machine()
        posting.classes(self)
        posting.posts(self)
