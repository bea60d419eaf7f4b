"""Fills the tables beside `steps`: hashes, pools, calendar, totals, ranges, and the blinding of the terminals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Interaction, Table
from zkharvest.circuit.expr import Expr, P
from zkharvest.commitment.encoding import TREE_CLOSING, TREE_OPENING, source_code
from zkharvest.commitment.inventory import Inventory
from zkharvest.commitment.opening import Opening
from zkharvest.commitment.poseidon_kernel import trace_many
from zkharvest.commitment.tree import Tree

from . import words
from .buses import BUCKETS, TALLY_BYTES, TOTAL_BYTES
from .small_tables import PAIRS_A_ROW, RANGE_ROWS, U15_A_ROW
from .witness_trace import Trace
from .words import Ints

Cells = NDArray[np.uint32]
BLIND_ROWS = 17
"""Random messages in each link of the blinding ring: by Weil's bound on character sums all terminals are then within
2^-133 of uniform (docs/protocol.md, section 5); with 16 it were 2^-120."""


def column(table: Table, name: str) -> int:
    """Index of a named column."""
    return next(c.index for c in table.columns if c.name == name)


class _Hashes:
    """Collects rows of the Poseidon table."""

    def __init__(self) -> None:
        self.inputs: list[Cells] = []
        self.marks: list[Ints] = []  # kind (0 record, 1 lot A, 2 lot B, 3 node), tree, level, index

    def add(self, inputs: Cells, kind: Ints | int, tree: int, level: int, index: Ints) -> None:
        n = len(inputs)
        marks = np.empty((n, 4), np.int64)
        for j, value in enumerate((kind, tree, level, index)):
            marks[:, j] = value
        self.inputs.append(inputs)
        self.marks.append(marks)

    def add_nodes(self, tree: Tree, number: int) -> None:
        for level, inputs in enumerate(tree.nodes, start=1):
            self.add(inputs, 3, number, level, np.arange(len(inputs)))

    def add_inventory(self, inventory: Inventory, number: int) -> None:
        n = len(inventory.first)
        pairs = np.empty((2 * n, inventory.first.shape[1]), np.uint32)
        pairs[0::2], pairs[1::2] = inventory.first, inventory.second
        self.add(pairs, np.arange(2 * n) % 2 + 1, number, 0, np.arange(2 * n) // 2)
        self.add_nodes(inventory.tree, number)


def hash_rows(opening: Opening, first: Inventory, last: Inventory) -> tuple[Cells, Ints]:
    """All permutations of a statement: (m, 24) inputs and their marks."""
    rows = _Hashes()
    for number, (leaves, tree) in enumerate(zip(opening.leaves, opening.trees, strict=True)):
        rows.add(leaves, 0, number, 0, np.arange(len(leaves)))
        rows.add_nodes(tree, number)
    rows.add_inventory(first, TREE_OPENING)
    rows.add_inventory(last, TREE_CLOSING)
    return np.concatenate(rows.inputs), np.concatenate(rows.marks)


def poseidon_trace(table: Table, inputs: Cells, marks: Ints, rows: int) -> Cells:
    """The filled table; idle rows permute zeros."""
    padded = np.zeros((rows, inputs.shape[1]), np.uint32)
    padded[: len(inputs)] = inputs
    cells = np.zeros((rows, len(table.columns)), np.uint32)
    trace_many(padded, out=cells)
    at = column(table, "is_record")
    used = np.arange(len(inputs))
    cells[used, at + marks[:, 0]] = 1
    cells[used, at + 4], cells[used, at + 5], cells[used, at + 6] = marks[:, 1], marks[:, 2], marks[:, 3]
    node = marks[:, 0] == 3
    for name, start in (("no_left", 1), ("no_right", 10)):
        cells[used, column(table, name)] = node & ~inputs[:, start : start + 9].any(axis=1)
    return cells


def pools_trace(table: Table, pools: Ints, last_write: Sequence[int], rows: int) -> Cells:
    """Pools (n, 8: asset, wallet, side) in strictly increasing order."""
    trace = Trace(len(table.columns), rows)
    order = np.lexsort((pools[:, 6] * 2 + pools[:, 7], pools[:, 2], pools[:, 1], pools[:, 0]))
    pools = pools[order]
    used = np.arange(len(pools))
    c = table.columns
    trace.put(c[0], used, 1)
    trace.put_all(c[1:9], used, pools)
    trace.put(c[9], used, np.asarray(last_write, np.int64)[order])
    octets = np.concatenate([(pools[:, [i]] >> (8 * j)) & 255 for i in range(3) for j in range(3)], axis=1)
    trace.put_all(c[10:19], used, octets)
    if len(pools) > 1:
        rank = np.stack((*pools.T[:3], pools[:, 6] * 2 + pools[:, 7]), axis=1)
        flags, gap = words.compare(rank[:-1], rank[1:])
        at = column(table, "order_at0")
        trace.put_all(c[at : at + 4], used[:-1], flags)
        trace.put(c[at + 4], used[:-1], (gap - 1) & 0x7FFF)
        trace.put(c[at + 5], used[:-1], (gap - 1) >> 15)
    return trace.finish()


def sources_trace(table: Table, sources: Sequence[str], named: Ints, rows: int) -> Cells:
    """Every listed source, and how often it is named."""
    cells = np.zeros((rows, len(table.columns)), np.uint32)
    n = len(sources)
    cells[:n, 0] = 1
    cells[:n, 1] = np.arange(n)
    cells[:n, 2] = np.bincount(named, minlength=n)
    cells[:n, 3:6] = [source_code(name) for name in sources]
    return cells


def totals_trace(table: Table, sums: Ints, totals: Sequence[int], rows: int) -> Cells:
    """One row a byte of each total; `sums` (5, 8) may be negative, so may the last total."""
    cells = np.zeros((rows, len(table.columns)), np.int64)
    at = {name: column(table, name) for name in ("sum", "carry_in", "carry_out", "carry_low", "carry_high", "byte")}
    cells[:, at["carry_high"]] = 64
    for b, value in enumerate(totals):
        sign = -1 if value < 0 else 1
        carry = 0
        for k in range(TOTAL_BYTES):
            row = b * TOTAL_BYTES + k
            byte = abs(value) >> (8 * k) & 255
            tallied = int(sums[b, k]) if k < TALLY_BYTES else 0
            cells[row, at["carry_in"]] = carry
            carry = (tallied + carry - sign * byte) >> 8
            limbs = carry + 2**21
            cells[row, b] = cells[row, len(BUCKETS) + k] = 1
            for name, v in (
                ("sum", tallied),
                ("carry_out", carry),
                ("carry_low", limbs & 0x7FFF),
                ("carry_high", limbs >> 15),
                ("byte", byte),
            ):
                cells[row, at[name]] = v
    return (cells % P).astype(np.uint32)


def calendar_trace(table: Table, days_used: Ints, rows: int) -> Cells:
    """How often each day is looked up."""
    cells = np.zeros((rows, len(table.columns)), np.uint32)
    counts = np.bincount(days_used, minlength=rows)
    cells[:, 0] = counts
    return cells


def _linear(expr: Expr, trace: Cells) -> Ints:
    """A linear expression without next-row cells, over all rows."""
    out = np.full(len(trace), expr.const, np.int64)
    for atom, k in expr.terms.items():
        if atom[0] != "col" or atom[2]:
            raise ValueError("range checks are linear in the row's own cells")
        cell = trace[:, atom[1]].astype(np.int64)
        out += cell if k == 1 else cell * k % P
    return out if len(expr.terms) == 1 and expr.const == 0 else out % P


def range_trace(circuit: Circuit, table: Table, traces: dict[str, Cells], rows: int) -> Cells:
    """Counts every range check of the other tables.

    Raises ValueError naming the table and the check if a value is out of range (the witness is not honest).
    """
    pairs = np.zeros(65536, np.int64)
    u15 = np.zeros(32768, np.int64)
    for other in circuit.tables:
        if other is table:
            continue
        trace = traces[other.name]
        for i in other.interactions:
            if i.bus.name in {"bytes", "u15"}:
                _count(other.name, i, trace, pairs, u15)
    cells = np.zeros((rows, len(table.columns)), np.uint32)
    r = np.arange(RANGE_ROWS)
    lo = 8 * (r & 31)
    for j, value in enumerate((np.ones(RANGE_ROWS, np.int64), r, r >> 5, lo, lo == 248)):
        cells[:RANGE_ROWS, j] = value
    cells[:RANGE_ROWS, 5 : 5 + PAIRS_A_ROW] = pairs.reshape(RANGE_ROWS, PAIRS_A_ROW)
    cells[:RANGE_ROWS, 5 + PAIRS_A_ROW : 5 + PAIRS_A_ROW + U15_A_ROW] = u15.reshape(RANGE_ROWS, U15_A_ROW)
    return cells


def _count(where: str, i: Interaction, trace: Cells, pairs: Ints, u15: Ints) -> None:
    values = [_linear(m, trace) for m in i.message]
    mult = _linear(i.mult, trace)
    active = mult != 0
    if i.bus.name == "bytes":
        key, size, counts = values[0] * 256 + values[1], 65536, pairs
        good = (values[0] < 256) & (values[1] < 256)
    else:
        key, size, counts = values[0], 32768, u15
        good = values[0] < 32768
    bad = active & ~good
    if bad.any():
        names = sorted(f"column {a[1]}" for m in i.message for a in m.terms)
        raise ValueError(f"{where} row {int(np.argmax(bad))}: {', '.join(names)} is out of range")
    counts += np.bincount(key[active], minlength=size)


def blind(circuit: Circuit, traces: dict[str, Cells], random: NDArray[np.uint32]) -> None:
    """Fill the ring of random messages; `random` is (tables, BLIND_ROWS) uniform elements."""
    count = len(circuit.tables)
    for i, table in enumerate(circuit.tables):
        cells = traces[table.name]
        at = column(table, "blind_on")
        cells[:BLIND_ROWS, at] = 1
        cells[:BLIND_ROWS, at + 1] = random[i]
        cells[:BLIND_ROWS, at + 2] = random[(i - 1) % count]
