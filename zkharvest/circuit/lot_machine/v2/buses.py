"""The buses that join the tables of v2, and the statement's public values, as far as its tables go."""

from __future__ import annotations

from dataclasses import dataclass

from zkharvest.circuit.builder import Bus, Circuit
from zkharvest.circuit.expr import Expr, lift
from zkharvest.circuit.gadgets import Ranges
from zkharvest.circuit.lot_machine.v1.buses import MachineBuses, Publics, machine_buses, tree_messages
from zkharvest.spec import METHODS

from .sums.keys import FIELDS, SLOTS

LOG_ROWS = (13, 20)
MAX_FIGURES = 1024
"""Lanes of figures that a statement can show."""


@dataclass(frozen=True, slots=True)
class SumBuses:
    """What `sums` joins: posts of the machine, figures of the statement, registers of the standings carried in and out.

    `same_year` is the public scalar that says whether the standing carried in is of the same tax year.
    """

    ranges: Ranges
    post: Bus
    figure: Bus
    standing: Bus
    same_year: Expr


@dataclass(frozen=True, slots=True)
class Buses(MachineBuses):
    """Every bus of the machine that has a table."""

    sums: SumBuses


def sum_buses(circuit: Circuit, ranges: Ranges) -> SumBuses:
    """Posts, figures, standings. Figures are a public list that the verifier sends: key, lane from 1, signed value.

    Raises ValueError if the circuit has too few slots.
    """
    if circuit.tallies < SLOTS:
        raise ValueError(f"registers have {SLOTS} slots, the circuit {circuit.tallies}")
    post, figure = circuit.bus("post", len(FIELDS)), circuit.bus("figure", len(FIELDS) + 2)
    buses = SumBuses(ranges, post, figure, circuit.bus("standing", 2), circuit.public("same_year"))
    names = [*FIELDS, "lane", "value"]
    circuit.public_list("figures", names, MAX_FIGURES)
    circuit.public_message(buses.figure, 1, [["item", i] for i in range(len(names))], each="figures")
    return buses


def declare(circuit: Circuit) -> tuple[Buses, Publics]:
    """All buses, public scalars and lists, and the messages that the verifier accounts for itself."""
    m = machine_buses(circuit)
    inherited = (m.ranges, m.record, m.node, m.lot, m.listed, m.source, m.calendar, m.link, m.content)
    fifo, lifo, hifo, lofo, specific = (circuit.public(name) for name in METHODS)
    wallet, year, currency = (circuit.public(name) for name in ("wallet", "year", "currency"))
    tree_messages(circuit, m)
    buses = Buses(*inherited, sums=sum_buses(circuit, m.ranges))
    return buses, Publics(fifo, lifo, hifo, lofo, specific, wallet, lift(0), year, currency)
