"""The table `sums` of lot-machine/v2 on its own: a stub posts what the machine would, the range table looks up.

`posts_of` takes the paper model's posts; `Board` of the mutation kit runs on `Run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np

from tests.models.lot_machine_v2 import sums as model
from tests.support.freeze import freeze, given
from zkharvest.circuit.blinding import BLIND_ROWS, blind, uniform
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.gadgets import Ranges
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS, range_table, range_trace
from zkharvest.circuit.lot_machine.v2.buses import LOG_ROWS, SumBuses, sum_buses
from zkharvest.circuit.lot_machine.v2.sums import keys as words
from zkharvest.circuit.lot_machine.v2.sums.fill import figures, must_be_shown, standing, sums_trace, used_rows
from zkharvest.circuit.lot_machine.v2.sums.registers import Registers, registers
from zkharvest.circuit.lot_machine.v2.sums.table import SumsTable, sums_table
from zkharvest.spec import P
from zkharvest.verifier.public import PublicData

KINDS = (
    "", "trade", "short", "move", "gift", "lost", "fee", "shortfall", "unexplained", "income", "opening balance",
    "declared", "in transit", "staking",
)  # fmt: skip
TOLD = ("declared", "none", "gone", "window")


@cache
def definition() -> tuple[Circuit, SumsTable]:
    """The circuit: `posts`, `standing`, `sums`, `range`."""
    circuit = Circuit("registers", 1, degree=4, log_rows=LOG_ROWS, tallies=words.SLOTS)
    buses = sum_buses(circuit, Ranges(circuit.bus("bytes", 2), circuit.bus("u15", 1)))
    stub = circuit.table("posts", "stands for the machine")
    key, weight = stub.column_list("key", len(words.FIELDS)), stub.column_list("weight", words.SLOTS)
    stub.post(buses.post, key, dict(enumerate(weight)), most=255)
    standing_stub(circuit, buses)
    made = sums_table(circuit, buses)
    range_table(circuit, buses.ranges)
    circuit.blind_terminals()
    return circuit, made


def standing_stub(circuit: Circuit, buses: SumBuses) -> None:
    """Stands for the hashes of the standings (`test_circuit_v2_standings.py` has the real ones)."""
    stub = circuit.table("standing", "stands for the hashes of the standings")
    key, weight = stub.column_list("key", 2), stub.column_list("weight", words.STANDING_LANES)
    stub.collect(buses.standing, key, dict(enumerate(weight)))


def standing_trace(found: Registers, least: int = BLIND_ROWS) -> np.ndarray:
    """Its cells."""
    keys, lanes = standing(found)
    out = np.zeros((max(least, len(keys) + 1), 2 + words.STANDING_LANES + 3), np.uint32)
    out[: len(keys), :2] = keys
    out[: len(keys), 2:-3] = lanes % P
    return out


@cache
def description() -> dict[str, Any]:
    """As plain data."""
    return definition()[0].compile()


@cache
def frozen() -> tuple[bytes, Any]:
    """Digest, and the description as the verifier reads it."""
    return freeze(definition()[0])


def code(name: str, count: int = words.PLACE) -> list[int]:
    """Lanes that stand for an asset or a source; none for no name."""
    if not name:
        return [0] * count
    digest = sha256(name.encode()).digest()
    low = [int.from_bytes(digest[3 * i : 3 * i + 3], "little") for i in range(count - 1)]
    return [*low, int.from_bytes(digest[9:13], "little") % 2**30]


def key_of(key: model.Key) -> list[int]:
    """The model's key as the circuit has it."""
    told = key.level in ("L0", "L1", "COUNT") and (key.origin in TOLD or key.kind == "in transit")
    return [
        words.level_number(key.level), *code(key.asset), *code(key.source), KINDS.index(key.kind),
        words.ORIGINS.index(key.origin), int(told), words.COVERED.index(key.covered), words.TERMS.index(key.term),
        words.RESULTS.index(key.result), words.SIDES.index(key.side),
    ]  # fmt: skip


def posts_of(posts: model.Posts) -> tuple[np.ndarray, np.ndarray]:
    """Keys and slots of the model's posts."""
    keys = np.array([key_of(key) for key in posts], np.int64).reshape(-1, len(words.FIELDS))
    slots = np.zeros((len(keys), words.SLOTS), np.int64)
    for row, found in enumerate(posts.values()):
        for slot, weight in found.items():
            slots[row, slot] = weight
    return keys, slots


@dataclass
class Run:
    """An honest run, or a copy with cells changed."""

    traces: dict[str, np.ndarray]
    found: Registers
    public: PublicValues

    def edited(self, *edits: tuple[str, int, str, int]) -> Run:
        """With other values (table, row, column, value) in cells; the range table's counts follow what is in range."""
        traces = {name: trace.copy() for name, trace in self.traces.items()}
        circuit = definition()[0]
        for table, row, column, value in edits:
            of = next(t for t in circuit.tables if t.name == table)
            traces[table][row, of.index(column)] = value % P
        return Run(traces, self.found, self.public)

    def counted(self) -> Run:
        """With the range table's counts of what stands there now: another honest run."""
        circuit = definition()[0]
        table = next(t for t in circuit.tables if t.name == "range")
        traces = {name: trace.copy() for name, trace in self.traces.items()}
        traces["range"] = range_trace(circuit, table, {**traces, "range": traces["range"] * 0}, RANGE_ROWS)
        blind(circuit, traces, uniform(len(circuit.tables)))
        return Run(traces, self.found, self.public)


def run(
    keys: np.ndarray,
    slots: np.ndarray,
    *,
    shown: Sequence[tuple[Mapping[str, int], str]] = (),
    log_rows: int = 8,
    opening: Registers | None = None,
    same_year: bool = False,
) -> Run:
    """Fill all tables. `shown`: (fields of a key, group) of figures beside the counters that must be shown."""
    circuit, sums = definition()
    wanted = np.zeros((len(shown), len(words.FIELDS)), np.int64)
    for row, (fields, _) in enumerate(shown):
        for name, value in fields.items():
            wanted[row, words.field(name)] = value
    found = registers(keys, slots, wanted, opening=opening, same_year=same_year)
    place = {tuple(key): number for number, key in enumerate(found.own().keys.tolist())}
    open_to_see = {(place[tuple(key)], group) for key, (_, group) in zip(wanted.tolist(), shown, strict=True)}
    open_to_see |= set(must_be_shown(found))
    rows = 1 << max(log_rows, used_rows(found).bit_length())
    stub = np.zeros((1 << max(log_rows, len(keys).bit_length()), len(words.FIELDS) + words.SLOTS + 3), np.uint32)
    stub[: len(keys), : len(words.FIELDS)] = keys
    stub[: len(keys), len(words.FIELDS) : -3] = slots % P
    standings = standing_trace(found, 1 << log_rows)
    traces = {"posts": stub, "standing": standings, "sums": sums_trace(sums, found, sorted(open_to_see), rows)}
    traces["range"] = range_trace(circuit, next(t for t in circuit.tables if t.name == "range"), traces, RANGE_ROWS)
    blind(circuit, traces, uniform(len(circuit.tables)))
    return Run(traces, found, PublicValues([int(same_year)], [figures(found, sorted(open_to_see))], {}))


def public_data(made: Run) -> PublicData:
    """What the verifier is given."""
    return given(made.public, b"registers")
