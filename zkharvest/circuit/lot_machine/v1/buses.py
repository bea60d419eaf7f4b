"""The buses that join the lot machine's tables, and the statement's public scalars."""

from __future__ import annotations

from dataclasses import dataclass

from zkharvest.circuit.builder import Bus, Circuit
from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import Ranges
from zkharvest.circuit.lot_machine.shared.lists import KEY
from zkharvest.commitment.encoding import DEPTH, DIGEST, LOT_LANES, SOURCE_LANES, TREE_CLOSING, TREE_OPENING
from zkharvest.spec import MAX_SOURCES, METHODS, TOTAL_BYTES, TOTALS

TALLY_BYTES = 8

POOL = 8
"""A pool in a message: asset x6, wallet, side."""


@dataclass(frozen=True, slots=True)
class MachineBuses:
    """The buses of the machine, but for those of its figures."""

    ranges: Ranges
    record: Bus
    node: Bus
    lot: Bus
    listed: Bus
    source: Bus
    calendar: Bus
    link: Bus
    content: Bus


@dataclass(frozen=True, slots=True)
class Buses(MachineBuses):
    """Every bus of the machine."""

    total: Bus


@dataclass(frozen=True, slots=True)
class Publics:
    """The statement's scalars as expressions."""

    fifo: Expr
    lifo: Expr
    hifo: Expr
    lofo: Expr
    specific: Expr
    wallet: Expr
    proceeds_negative: Expr
    year: Expr
    currency: Expr


def machine_buses(circuit: Circuit) -> MachineBuses:
    """The machine's buses, new in a circuit."""
    return MachineBuses(
        ranges=Ranges(bytes=circuit.bus("bytes", 2), u15=circuit.bus("u15", 1)),
        record=circuit.bus("record", 20),
        node=circuit.bus("node", 3 + DIGEST),
        lot=circuit.bus("lot", 2 + LOT_LANES + 7 + 3 + 2),
        listed=circuit.bus("listed", 1 + SOURCE_LANES),
        source=circuit.bus("source", 1 + SOURCE_LANES),
        calendar=circuit.bus("calendar", 10),
        link=circuit.bus("link", POOL + 2 + KEY + 1 + KEY),
        content=circuit.bus("content", 2 + 5 + 3 + 7 + 1 + 3),
    )


def declare(circuit: Circuit) -> tuple[Buses, Publics]:
    """Buses, public scalars and the messages that the verifier accounts for itself."""
    m = machine_buses(circuit)
    inherited = (m.ranges, m.record, m.node, m.lot, m.listed, m.source, m.calendar, m.link, m.content)
    buses = Buses(*inherited, total=circuit.bus("total", 3))
    fifo, lifo, hifo, lofo, specific = (circuit.public(m) for m in METHODS)
    wallet, negative = circuit.public("wallet"), circuit.public("proceeds_negative")
    year, currency = circuit.public("year"), circuit.public("currency")
    publics = Publics(fifo, lifo, hifo, lofo, specific, wallet, negative, year, currency)
    first_total = len(circuit.public_names)
    for bucket in TOTALS:
        for k in range(TOTAL_BYTES):
            circuit.public(f"{bucket}_{k}")
    tree_messages(circuit, buses)
    for b in range(len(TOTALS)):
        for k in range(TOTAL_BYTES):
            circuit.public_message(buses.total, -1, [b, k, ["public", first_total + b * TOTAL_BYTES + k]])
    return buses, publics


def tree_messages(circuit: Circuit, buses: MachineBuses) -> None:
    """The roots of the sources, which are a public list, and of the inventories, which are scalars."""
    first_root = len(circuit.public_names)
    for kind in ("opening", "closing"):
        for i in range(DIGEST):
            circuit.public(f"{kind}_root_{i}")
    names = [*(f"root_{i}" for i in range(DIGEST)), *(f"code_{i}" for i in range(SOURCE_LANES))]
    circuit.public_list("sources", names, MAX_SOURCES)

    circuit.public_message(buses.node, -1, [["index"], DEPTH, 0, *(["item", i] for i in range(DIGEST))], each="sources")
    circuit.public_message(
        buses.listed, 1, [["index"], *(["item", DIGEST + i] for i in range(SOURCE_LANES))], each="sources"
    )
    for tree, base in ((TREE_OPENING, first_root), (TREE_CLOSING, first_root + DIGEST)):
        circuit.public_message(buses.node, -1, [tree, DEPTH, 0, *(["public", base + i] for i in range(DIGEST))])
