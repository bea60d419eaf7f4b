"""The pages that the statement lists: whose each is, its period, and which of its records may be passed over.

A page's number is its place in the statement's list, where the verifier has put its root, the code of its account, the
two bits that say whether records before the window (`early`) and behind it (`late`) may be skipped, and the numbers of
the calendar's intervals with which its period begins (`first`) and ends (`last`). The machine looks a page up for each
of its records, as often as it likes; what it finds is what the verifier has listed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints

from .buses import Buses
from .sums.keys import PLACE

Cells = NDArray[np.uint32]


def pages_table(circuit: Circuit, buses: Buses) -> Table:
    """Each listed page, and how often it is looked up."""
    t = circuit.table(
        "pages", "the listed pages: number, account, period, and whether early or late records may be skipped"
    )
    active, number, count = t.column("active"), t.column("number"), t.column("count")
    code = t.column_list("code", PLACE)
    page = [number, *code, *(t.column(name) for name in ("early", "late", "first", "last"))]
    t.boolean(active)
    t.receive(buses.listed, page, active)
    t.send(buses.page, page, active * count)
    return t


def pages_trace(table: Table, listed: Ints, looked_up: Ints, rows: int) -> Cells:
    """Pages as the statement lists them (n, 8: code x4, early, late, first, last), and the page of each look-up.

    Raises ValueError if there are more pages than rows.
    """
    if len(listed) > rows:
        raise ValueError(f"{len(listed)} pages do not fit in {rows} rows")
    filled = NamedCells(table, rows)
    number = np.arange(len(listed))
    filled.put(number, active=1, number=number, code=listed[:, :PLACE])
    early, late, first, last = listed[:, PLACE:].T
    filled.put(number, early=early, late=late, first=first, last=last)
    filled.put(number, count=np.bincount(looked_up, minlength=len(listed)))
    return filled.cells
