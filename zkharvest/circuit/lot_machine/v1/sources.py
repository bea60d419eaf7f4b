"""The sources of the statement, by number and code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import SOURCE_LANES
from zkharvest.spec import source_code

from .buses import MachineBuses

Cells = NDArray[np.uint32]


def sources_table(circuit: Circuit, buses: MachineBuses) -> Table:
    """The statement's sources by number and code: what a transfer or an inventory names is found here.

    A number is a place in the statement's list, which is the prover's to arrange; hashes hold the code of the name.
    """
    t = circuit.table("sources", "the number and the code of every listed source")
    active, number, count = t.column("active"), t.column("number"), t.column("count")
    code = t.column_list("code", SOURCE_LANES)
    t.boolean(active)
    t.receive(buses.listed, [number, *code], active)
    t.send(buses.source, [number, *code], active * count)
    return t


def sources_trace(table: Table, sources: Sequence[str], named: Ints, rows: int) -> Cells:
    """Every listed source, and how often it is named."""
    filled = NamedCells(table, rows)
    number = np.arange(len(sources))
    codes = np.array([source_code(name) for name in sources], np.int64)
    filled.put(number, active=1, number=number, count=np.bincount(named, minlength=len(sources)), code=codes)
    return filled.cells
