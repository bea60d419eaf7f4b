"""The buses of stage 1: v1's machine on v1's commitments, with registers in place of tallies.

It goes when the machine of v2 takes its place (`buses` has what that joins).
"""

from __future__ import annotations

from dataclasses import dataclass

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.expr import lift
from zkharvest.circuit.lot_machine.v1.buses import MachineBuses, Publics, machine_buses, tree_messages
from zkharvest.spec import METHODS

from .buses import SumBuses, sum_buses


@dataclass(frozen=True, slots=True)
class StageOneBuses(MachineBuses):
    """v1's, and those of registers."""

    sums: SumBuses


def declare(circuit: Circuit) -> tuple[StageOneBuses, Publics]:
    """All buses, public scalars and lists, and the messages that the verifier accounts for itself."""
    m = machine_buses(circuit)
    inherited = (m.ranges, m.record, m.node, m.lot, m.listed, m.source, m.calendar, m.link, m.content)
    fifo, lifo, hifo, lofo, specific = (circuit.public(name) for name in METHODS)
    wallet, year, currency = (circuit.public(name) for name in ("wallet", "year", "currency"))
    tree_messages(circuit, m)
    buses = StageOneBuses(*inherited, sums=sum_buses(circuit, m.ranges))
    return buses, Publics(fifo, lifo, hifo, lofo, specific, wallet, lift(0), year, currency)
