"""The hashes of pages on their own (`zkharvest/circuit/lot_machine/v2/poseidon.py`): a stub reads the records.

A run is made of permutations and marks, so that a lie can hash what it likes; the roots it names are the statement's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tests.support.freeze import freeze, given
from zkharvest.circuit.blinding import blind, uniform
from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine.v2.buses import LOG_ROWS
from zkharvest.circuit.lot_machine.v2.poseidon import (
    LEAF,
    page_buses,
    page_hashes,
    page_trace,
    poseidon_table,
)
from zkharvest.commitment.encoding import DIGEST, digest_elements
from zkharvest.commitment.page_record import SALT, TAG_RECORD, WIDTH, Flag, PageRecord, RecordKind
from zkharvest.commitment.pages import page_tree, salted
from zkharvest.spec import P
from zkharvest.verifier.public import PublicData


@cache
def definition() -> tuple[Circuit, Table]:
    """The circuit: `records`, `poseidon`."""
    circuit = Circuit("page-hashes", 1, degree=4, log_rows=LOG_ROWS, tallies=0)
    buses = page_buses(circuit)
    stub = circuit.table("records", "stands for the machine")
    on, record = stub.column("on"), stub.column_list("record", LEAF)
    stub.boolean(on)
    stub.receive(buses.leaf, record, on)
    made = poseidon_table(circuit, buses)
    circuit.blind_terminals()
    return circuit, made


@cache
def description() -> dict[str, Any]:
    """As plain data."""
    return definition()[0].compile()


@cache
def frozen() -> tuple[bytes, Any]:
    """Digest, and the description as the verifier reads it."""
    return freeze(definition()[0])


@dataclass
class Run:
    """Traces by table, and the statement."""

    traces: dict[str, np.ndarray]
    public: PublicValues


Page = tuple[Sequence[PageRecord], bytes]


def record(number: int, flags: Flag = Flag.CLOSES | Flag.MONEY) -> PageRecord:
    """A record that no other is."""
    return PageRecord(
        flags, RecordKind.TRADE, 1_700_000_000_000 + number, 10**20 + number, 10**10, "slip44:0", 7, f"r/{number}"
    )


def hashed(pages: Sequence[Page]) -> tuple[np.ndarray, np.ndarray, list[list[int]]]:
    """Permutations, marks and roots of pages."""
    trees = [page_tree(*page) for page in pages]
    leaves = [salted(*page)[0] for page in pages]
    roots = [list(digest_elements(tree.root)) for tree in trees]
    return *page_hashes(list(zip(leaves, trees, strict=True))), roots


def run_of(inputs: np.ndarray, marks: np.ndarray, roots: list[list[int]], *, rows: int = 64) -> Run:
    """A run on these permutations; the stub reads the records that they have."""
    circuit, table = definition()
    used = np.flatnonzero(marks[:, 0] == 0)
    stub = np.zeros((rows, 1 + LEAF + 3), np.uint32)
    stub[: len(used), 0] = 1
    stub[: len(used), 1:3] = marks[used][:, [1, 3]]
    stub[: len(used), 3 : 1 + LEAF] = inputs[used, : WIDTH - SALT]
    stub[: len(used), 3] = (stub[: len(used), 3].astype(np.int64) - TAG_RECORD) % P
    traces = {"records": stub, "poseidon": page_trace(table, inputs, marks, rows)}
    blind(circuit, traces, uniform(len(circuit.tables)))
    return Run(traces, PublicValues([], [roots], {}))


def run(pages: Sequence[Page], *, rows: int = 64) -> Run:
    """An honest run."""
    return run_of(*hashed(pages), rows=rows)


def edited(made: Run, *edits: tuple[str, int, str, int]) -> Run:
    """With other values (table, row, column, value) in cells."""
    traces = {name: trace.copy() for name, trace in made.traces.items()}
    for table, row, column, value in edits:
        of = next(t for t in definition()[0].tables if t.name == table)
        traces[table][row, of.index(column)] = value % P
    return Run(traces, made.public)


def public_data(made: Run) -> PublicData:
    """What the verifier is given."""
    return given(made.public, b"page hashes")


def digest_of(made: Run, row: int) -> list[int]:
    """What the columns of a row say that its digest is."""
    cells, table = made.traces["poseidon"].astype(np.int64), definition()[1]
    out = table.index("round30_0")
    return [int(cells[row, out + i] + cells[row, i]) % P for i in range(DIGEST)]
