"""Stage 1 of lot-machine/v2: v1's machine on v1's commitments, its figures from registers; filled from ledger runs.

The tables that v2 does not change yet, and the columns that `steps` keeps, are those of v1's own witness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tests.adversary.kit.lenient import counting_what_is_in_range
from tests.support import statement
from tests.support.freeze import given
from tests.support.registers import standing_stub, standing_trace
from zkharvest.circuit.blinding import blind, uniform
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS, range_table, range_trace
from zkharvest.circuit.lot_machine.trace import Trace
from zkharvest.circuit.lot_machine.v1.calendar import calendar_table
from zkharvest.circuit.lot_machine.v1.pools import pools_table
from zkharvest.circuit.lot_machine.v1.poseidon import poseidon_table
from zkharvest.circuit.lot_machine.v1.sources import sources_table
from zkharvest.circuit.lot_machine.v2 import stage_one_posting as posting
from zkharvest.circuit.lot_machine.v2.buses import LOG_ROWS
from zkharvest.circuit.lot_machine.v2.stage_one import declare
from zkharvest.circuit.lot_machine.v2.stage_one_steps import Steps
from zkharvest.circuit.lot_machine.v2.sums.fill import Shown, figures, sums_trace, used_rows
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, RESULTS, SLOTS, TERMS, field, level_number
from zkharvest.circuit.lot_machine.v2.sums.registers import Registers, registers
from zkharvest.circuit.lot_machine.v2.sums.table import SumsTable, sums_table
from zkharvest.spec import P
from zkharvest.verifier.public import PublicData

LEAST_ROWS = 1 << 12
"""What masks need."""
CLASSES = {
    f"{term}_{result}": {"level": level_number("L3"), "term": TERMS.index(term), "result": RESULTS.index(result)}
    for term in ("short", "long")
    for result in ("gain", "loss")
}
NET = {"level": level_number("NET")}


@cache
def definition() -> tuple[Circuit, Steps, SumsTable]:
    """The circuit."""
    circuit = Circuit("stage-one", 1, degree=4, log_rows=LOG_ROWS, tallies=SLOTS)
    buses, publics = declare(circuit)
    steps = Steps(circuit.table("steps", "the machine: one row an operation on the lists of open lots"), buses, publics)
    steps.constrain()
    poseidon_table(circuit, buses)
    pools_table(circuit, buses)
    sources_table(circuit, buses)
    calendar_table(circuit, buses)
    standing_stub(circuit, buses.sums)
    sums = sums_table(circuit, buses.sums)
    range_table(circuit, buses.ranges)
    circuit.blind_terminals()
    return circuit, steps, sums


@cache
def description() -> dict[str, Any]:
    """As plain data."""
    return definition()[0].compile()


@dataclass
class Run:
    """Traces by table, the registers, the statement."""

    traces: dict[str, np.ndarray]
    found: Registers
    public: PublicValues
    shown: Shown

    @property
    def totals(self) -> dict[str, int]:
        """v1's totals, from registers."""
        found = {}
        for name, fields in CLASSES.items():
            amount = self.found.amount(self.row(fields), "units")
            found[name] = -amount if name.endswith("loss") else amount
        return {**found, "proceeds": self.found.amount(self.row(NET), "proceeds")}

    def row(self, fields: dict[str, int]) -> int:
        """The register of a key that has these fields and no other."""
        return next(n for n, key in enumerate(self.found.keys.tolist()) if key == _key(fields))


def _key(fields: dict[str, int]) -> list[int]:
    key = [0] * len(FIELDS)
    for name, value in fields.items():
        key[field(name)] = value
    return key


def run_of(forgery: Any, change: Callable[[Steps, Trace], None] | None = None, *, least: int = LEAST_ROWS) -> Run:
    """A run of v1 (`tests.adversary.kit.forge.Forgery`), its figures from registers.

    `change` edits cells of `steps` before anything is posted: a lie that all registers follow.
    """
    circuit, steps, sums = definition()
    old = {t.name: t for t in statement.definition()[0].tables}
    trace = Trace(len(steps.t.columns), len(forgery.traces["steps"]))
    for cell in steps.t.columns:
        if cell.name in {c.name for c in old["steps"].columns}:
            trace.put(cell, slice(None), forgery.traces["steps"][:, old["steps"].index(cell.name)])
    posting.fill(steps, trace)
    if change is not None:
        change(steps, trace)
    shown_keys = [*CLASSES.values(), NET]
    found = registers(*posting.posted(steps, trace), np.array([_key(fields) for fields in shown_keys]))
    made = Run({}, found, PublicValues([], [], {}), [])
    made.shown = [*((made.row(fields), "units") for fields in CLASSES.values()), (made.row(NET), "proceeds")]
    traces = {name: forgery.traces[name].copy() for name in ("poseidon", "pools", "sources", "calendar")}
    traces["steps"] = trace.finish()
    traces["standing"] = standing_trace(found, least)
    traces["sums"] = sums_trace(sums, found, made.shown, max(least, 1 << used_rows(found).bit_length()))
    traces = {t.name: traces[t.name] for t in circuit.tables if t.name != "range"}
    with counting_what_is_in_range():
        traces["range"] = range_trace(circuit, next(t for t in circuit.tables if t.name == "range"), traces, RANGE_ROWS)
    blind(circuit, traces, uniform(len(circuit.tables)))
    given = {"same_year": 0, **dict(zip(statement.description()["publics"], forgery.public.publics, strict=True))}
    columns = {(4, column): values for (_, column), values in forgery.public.columns.items()}
    shown = [[v % P for v in record] for record in figures(found, made.shown)]
    lists = [forgery.public.lists[0], shown]
    made.public = PublicValues([given[name] for name in description()["publics"]], lists, columns)
    made.traces = traces
    return made


def public_data(made: Run) -> PublicData:
    """What the verifier is given."""
    return given(made.public, b"stage one")
