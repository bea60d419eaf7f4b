"""The buses that join the tables of v2: so far those of `sums`."""

from __future__ import annotations

from dataclasses import dataclass

from zkharvest.circuit.builder import Bus, Circuit
from zkharvest.circuit.gadgets import Ranges

from .sums.keys import FIELDS, SLOTS

LOG_ROWS = (13, 20)
MAX_FIGURES = 1024
"""Lanes of figures that a statement can show."""


@dataclass(frozen=True, slots=True)
class Buses:
    """Every bus of the machine that has a table."""

    ranges: Ranges
    post: Bus
    figure: Bus


def declare(circuit: Circuit) -> Buses:
    """Buses, and the messages that the verifier accounts for itself. Raises ValueError if slots are too few."""
    if circuit.tallies < SLOTS:
        raise ValueError(f"registers have {SLOTS} slots, the circuit {circuit.tallies}")
    buses = Buses(
        ranges=Ranges(bytes=circuit.bus("bytes", 2), u15=circuit.bus("u15", 1)),
        post=circuit.bus("post", len(FIELDS)),
        figure=circuit.bus("figure", len(FIELDS) + 2),
    )
    fields = [*FIELDS, "lane", "value"]
    circuit.public_list("figures", fields, MAX_FIGURES)
    circuit.public_message(buses.figure, 1, [["item", i] for i in range(len(fields))], each="figures")
    return buses
