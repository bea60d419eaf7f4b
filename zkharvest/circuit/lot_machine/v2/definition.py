"""The whole circuit `lot-machine/v2`. Its frozen form is in `circuits/lot-machine/v2/`."""

from __future__ import annotations

from dataclasses import dataclass

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.lot_machine.shared.ranges import range_table

from .buses import LOG_ROWS, Buses, declare
from .calendar import calendar_table
from .pages import pages_table
from .pools import pools_table
from .poseidon import poseidon_table
from .steps.table import Steps
from .sums.keys import SLOTS
from .sums.table import SumsTable, sums_table

NAME, VERSION = "lot-machine", 2


@dataclass(frozen=True, slots=True)
class Definition:
    """The circuit, and the tables whose columns the witness names; `tables` by name."""

    circuit: Circuit
    buses: Buses
    steps: Steps
    sums: SumsTable
    tables: dict[str, Table]


def define(*, constrained: bool = True) -> Definition:
    """Build the circuit; without its constraints it serves to fill its tables alone."""
    circuit = Circuit(NAME, VERSION, degree=4, log_rows=LOG_ROWS, tallies=SLOTS, constrained=constrained)
    buses, publics = declare(circuit)
    steps = Steps(circuit.table("steps", "the machine: one row an operation on the lists of open lots"), buses, publics)
    steps.constrain()
    poseidon_table(circuit, buses.hashes)
    sums = sums_table(circuit, buses.sums)
    pages_table(circuit, buses)
    pools_table(circuit, buses)
    calendar_table(circuit, buses)
    range_table(circuit, buses.ranges)
    circuit.blind_terminals()
    return Definition(circuit, buses, steps, sums, {table.name: table for table in circuit.tables})
