"""The range table: every pair of bytes and every 15-bit integer, and how often each is looked up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Interaction, Table
from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import Ranges
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.simd.residues import residues
from zkharvest.simd.threads import each

Cells = NDArray[np.uint32]

RANGE_ROWS = 8192
PAIRS_A_ROW = 8
U15_A_ROW = 4
_TOGETHER = 8
"""Checks that are counted by one thread at a time."""


def range_table(circuit: Circuit, ranges: Ranges) -> Table:
    """Counts through all byte pairs, eight a row, and all 15-bit integers, four a row, in its first 8192 rows.

    No preprocessed column: the counters are pinned at both ends. From 0 by steps of 8, `lo` can return to 0 only from
    248; rows that end in (255, 248) are 8192 and leave no other count (8 * row = lo + 256 * hi throughout). `active` is
    a bit and 1 at first: that follows (circuits/lot-machine/v2/ARGUMENT.md).
    """
    t = circuit.table("range", "every pair of bytes and every 15-bit integer")
    active, r, hi, lo, wrap = (t.column(n) for n in ("active", "row", "hi", "lo", "wrap"))
    t.boolean(wrap)
    for cell in (r, hi, lo):
        t.zero(f"{cell.name}_start", cell, f"`{cell.name}` starts at 0", "first")
    with t.when(active.next):
        t.equal("active_once", 1, active, "active rows come first", "transition")
        t.equal("row_step", r.next, r + 1, "rows are counted", "transition")
        t.equal("lo_step", lo.next, lo + 8 - wrap * 256, "the low byte steps by eight and wraps", "transition")
        t.equal("hi_step", hi.next, hi + wrap, "the high byte counts the wraps", "transition")
    with t.when(wrap):
        t.equal("wrap_at", lo, 248, "the low byte wraps only at its end")
    for cell, end in ((hi, 255), (lo, 248)):
        with t.when(active):
            with t.when(1 - active.next):
                t.equal(f"{cell.name}_end", cell, end, f"the last active row: {cell.name} {end}", "transition")
            t.equal(f"{cell.name}_end_last", cell, end, f"so does an active last row: {cell.name} {end}", "last")
    for j in range(PAIRS_A_ROW):
        t.send(ranges.bytes, [hi, lo + j], active * t.column(f"pair_count{j}"))
    for j in range(U15_A_ROW):
        t.send(ranges.u15, [r * U15_A_ROW + j], active * t.column(f"u15_count{j}"))
    return t


def _linear(expr: Expr, trace: Cells) -> Ints | Cells:
    """A linear expression without next-row cells, over all rows; of a column alone the column itself."""
    if any(atom[0] != "col" or atom[2] for atom in expr.terms):
        raise ValueError("range checks are linear in the row's own cells")
    if not expr.const and list(expr.terms.values()) == [1]:
        ((_, column, _),) = expr.terms
        return trace[:, column]
    out = np.full(len(trace), expr.const, np.int64)
    for (_, column, _), k in expr.terms.items():
        cell = trace[:, column].astype(np.int64)
        out += cell if k == 1 else residues(cell * k)
    return residues(out)


def range_trace(circuit: Circuit, table: Table, traces: dict[str, Cells], rows: int) -> Cells:
    """Counts every range check of the other tables.

    Raises ValueError naming table, row and columns if a value is out of range (the witness is not honest).
    """
    others = [other for other in circuit.tables if other is not table]
    checks = [(other, i) for other in others for i in other.interactions if i.bus.name in {"bytes", "u15"}]
    parts = [checks[first : first + _TOGETHER] for first in range(0, len(checks), _TOGETHER)]
    counted: list[tuple[Ints, Ints]] = [(np.zeros(65536, np.int64), np.zeros(32768, np.int64)) for _ in parts]

    def count(part: int) -> None:
        for other, i in parts[part]:
            _count(other, i, traces[other.name], *counted[part])

    each(count, range(len(parts)))
    pairs, u15 = (np.sum(counts, axis=0) for counts in zip(*counted, strict=True))
    filled = NamedCells(table, rows)
    r = np.arange(RANGE_ROWS)
    lo = 8 * (r & 31)
    filled.put(r, active=1, row=r, hi=r >> 5, lo=lo, wrap=lo == 248)
    filled.put(r, pair_count=pairs.reshape(-1, PAIRS_A_ROW), u15_count=u15.reshape(-1, U15_A_ROW))
    return filled.cells


def _count(table: Table, i: Interaction, trace: Cells, pairs: Ints, u15: Ints) -> None:
    values = [_linear(m, trace) for m in i.message]
    active = _linear(i.mult, trace) != 0
    key: Ints | Cells
    if i.bus.name == "bytes":
        high, low = values
        key, size, counts = (high << 8) | low, 65536, pairs
        bad = (high | low) > 255
    else:
        (key,) = values
        size, counts = 32768, u15
        bad = key > 32767
    bad &= active
    if bad.any():
        names = ", ".join(sorted({table.columns[a[1]].name for m in i.message for a in m.terms}))
        raise ValueError(f"{table.name}, row {int(np.argmax(bad))}: {names} is out of range")
    counts += np.bincount(key[active], minlength=size)
