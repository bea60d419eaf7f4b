"""The range table: every pair of bytes and every 15-bit integer, and how often each is looked up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Interaction, Table
from zkharvest.circuit.expr import lift
from zkharvest.circuit.gadgets import Ranges
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.simd.threads import cores, each

from . import ranges_kernel as kernel
from .ranges_kernel import PAIRS, U15

Cells = NDArray[np.uint32]
Flags = NDArray[np.bool_]

RANGE_ROWS = 8192
PAIRS_A_ROW = 8
U15_A_ROW = 4
_TOGETHER = 1 << 13
"""Rows that are counted by one thread at a time."""


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


def range_trace(circuit: Circuit, table: Table, traces: dict[str, Cells], rows: int) -> Cells:
    """Counts every range check of the other tables.

    Raises ValueError naming table, row and columns if a value is out of range (the witness is not honest).
    """
    total = np.zeros(PAIRS + U15, np.int64)
    for other in circuit.tables:
        checks = [i for i in other.interactions if i.bus.name in {"bytes", "u15"}]
        if other is not table and checks:
            total += _counted(other, checks, traces[other.name])
    filled = NamedCells(table, rows)
    r = np.arange(RANGE_ROWS)
    lo = 8 * (r & 31)
    filled.put(r, active=1, row=r, hi=r >> 5, lo=lo, wrap=lo == 248)
    pairs, u15 = total[:PAIRS], total[PAIRS:]
    filled.put(r, pair_count=pairs.reshape(-1, PAIRS_A_ROW), u15_count=u15.reshape(-1, U15_A_ROW))
    return filled.cells


def _counted(table: Table, checks: Sequence[Interaction], trace: Cells) -> Ints:
    """How often the checks of a table look up each pair of bytes, and behind these each integer of 15 bits."""
    rows, columns = trace.shape
    by_row = trace.flags.c_contiguous
    cells = (trace if by_row else np.ascontiguousarray(trace.T)).reshape(-1)
    step, apart = (columns, 1) if by_row else (1, rows)
    described = _described(checks, apart)
    ranges = [(start, min(start + _TOGETHER, rows)) for start in range(0, rows, _TOGETHER)]
    shares = [ranges[first :: cores()] for first in range(min(cores(), len(ranges)))]
    counts = np.zeros((len(shares), PAIRS + U15), np.uint32)
    wrong = np.full((len(ranges), 2), len(checks), np.int64)

    def count(share: int) -> None:
        for start, stop in shares[share]:
            kernel.count(start, stop, cells, step, *described, counts[share], wrong[start // _TOGETHER])

    each(count, range(len(shares)))
    check, row = min(wrong.tolist())
    if check < len(checks):
        names = ", ".join(sorted({table.columns[a[1]].name for m in checks[check].message for a in m.terms}))
        raise ValueError(f"{table.name}, row {row}: {names} is out of range")
    found: Ints = counts.sum(axis=0, dtype=np.int64)
    return found


def _described(checks: Sequence[Interaction], apart: int) -> tuple[Ints, Ints, Ints, Flags, Flags]:
    """Checks as `ranges_kernel.count` takes them; `apart`: words between a row's neighbouring cells."""
    bounds, constants, plain, wide = [], [], [], []
    terms: list[tuple[int, int]] = []
    for check in checks:
        of_u15 = check.bus.name == "u15"
        single = all(not m.const and list(m.terms.values()) == [1] for m in check.message)
        plain.append(single and check.mult.const == 1 and not check.mult.terms)
        wide.append(of_u15)
        high = (check.message[0] if plain[-1] else lift(0)) if of_u15 else check.message[0]
        three = (high, check.message[-1], check.mult)
        constants.append([expr.const for expr in three])
        at = [len(terms)]
        for expr in three:
            if any(atom[0] != "col" or atom[2] for atom in expr.terms):
                raise ValueError("range checks are linear in the row's own cells")
            terms += [(atom[1] * apart, k) for atom, k in expr.terms.items()]
            at.append(len(terms))
        bounds.append(at)
    pairs = np.array(terms, np.int64).reshape(-1, 2)
    return np.array(bounds), np.array(constants), pairs, np.array(plain), np.array(wide)
