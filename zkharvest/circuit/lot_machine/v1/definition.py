"""The whole circuit `lot-machine/v1`."""

from __future__ import annotations

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.lot_machine.shared.ranges import range_table
from zkharvest.spec import TOTALS

from .buses import TALLY_BYTES, declare
from .calendar import calendar_table
from .pools import pools_table
from .poseidon import poseidon_table
from .sources import sources_table
from .steps.table import Steps
from .totals import totals_table

NAME, VERSION = "lot-machine", 1
LOG_ROWS = (13, 20)


def define() -> tuple[Circuit, Steps]:
    """Build the circuit; the `Steps` object names its columns for the witness generator."""
    circuit = Circuit(NAME, VERSION, degree=4, log_rows=LOG_ROWS, tallies=len(TOTALS) * TALLY_BYTES)
    buses, publics = declare(circuit)
    steps = Steps(circuit.table("steps", "the machine: one row an operation on the lists of open lots"), buses, publics)
    steps.constrain()
    poseidon_table(circuit, buses)
    pools_table(circuit, buses)
    sources_table(circuit, buses)
    calendar_table(circuit, buses)
    totals_table(circuit, buses, publics)
    range_table(circuit, buses.ranges)
    circuit.blind_terminals()
    return circuit, steps
