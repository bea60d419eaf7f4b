"""The whole circuit `lot-machine/v1`."""

from __future__ import annotations

from zkharvest.circuit.builder import Circuit

from . import steps_amounts, steps_gain, steps_lists, steps_sequence
from .buses import BUCKETS, TALLY_BYTES, declare
from .poseidon_table import poseidon_table
from .small_tables import calendar_table, pools_table, range_table, sources_table, totals_table
from .steps_columns import Steps

NAME, VERSION = "lot-machine", 1
LOG_ROWS = (13, 20)


def define() -> tuple[Circuit, Steps]:
    """Build the circuit; the `Steps` object names its columns for the witness generator."""
    circuit = Circuit(NAME, VERSION, degree=4, log_rows=LOG_ROWS, tallies=len(BUCKETS) * TALLY_BYTES)
    buses, publics = declare(circuit)
    steps = Steps(circuit.table("steps", "the machine: one row an operation on the lists of open lots"), buses, publics)
    steps_sequence.sequence(steps)
    steps_sequence.order(steps)
    steps_sequence.record(steps)
    steps_sequence.day(steps)
    steps_amounts.proportion(steps)
    steps_amounts.rests(steps)
    steps_amounts.flow(steps)
    steps_lists.keys(steps)
    steps_lists.links(steps)
    steps_lists.contents(steps)
    steps_lists.inventories(steps)
    steps_gain.term(steps)
    steps_gain.result(steps)
    steps_gain.weights(steps)
    poseidon_table(circuit, buses)
    pools_table(circuit, buses)
    sources_table(circuit, buses)
    calendar_table(circuit, buses)
    totals_table(circuit, buses, publics)
    range_table(circuit, buses.ranges)
    circuit.blind_terminals()
    return circuit, steps
