"""The machine of lot-machine/v2 on its own: `steps` and the range table; stubs answer on every other bus.

A stub answers with what the statement and the standings truly have: records, pages, days, lots and tokens carried in
and out, the heads of lists, and the sums of what is posted. How often a look-up is answered follows what asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from tests.adversary.kit.lenient import counting_what_is_in_range
from tests.models.lot_machine_v2.chain import Link
from tests.support.machine_rows import rows_of
from zkharvest.circuit.blinding import blind, uniform
from zkharvest.circuit.builder import Bus, Circuit, Table
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine import words as limbs
from zkharvest.circuit.lot_machine.shared.lists import KEY, LANE_MAX, SEQ_MAX
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS, range_table, range_trace
from zkharvest.circuit.lot_machine.v2.buses import (
    KIND_LOT,
    KIND_TOKEN,
    LOG_ROWS,
    TREE_LOTS_IN,
    declare,
)
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op
from zkharvest.circuit.lot_machine.v2.steps.fill import StepsWitness
from zkharvest.circuit.lot_machine.v2.steps.table import Steps
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, SLOTS
from zkharvest.commitment.page_record import TAG_RECORD
from zkharvest.spec import METHODS, P

ANSWERS = ("leaf", "page", "calendar", "days", "pair", "link")
ONCE = ("leaf", "pair", "link")
"""Answered once each; the others are look-ups."""
LEAST_ROWS = 256


@cache
def definition() -> tuple[Circuit, Steps]:
    """The circuit."""
    circuit = Circuit("machine", 2, degree=4, log_rows=LOG_ROWS, tallies=SLOTS)
    buses, publics = declare(circuit)
    circuit.public_messages.clear()  # of tables that are not here
    steps = Steps(circuit.table("steps", "the machine"), buses, publics)
    steps.constrain()
    for name in ANSWERS:
        _stub(circuit, name, getattr(buses, name))
    stub = circuit.table("post", "stands for the registers")
    key, weight = stub.column_list("key", len(FIELDS)), stub.column_list("weight", SLOTS)
    stub.collect(buses.sums.post, key, dict(enumerate(weight)))
    range_table(circuit, buses.ranges)
    circuit.blind_terminals()
    return circuit, steps


def _stub(circuit: Circuit, name: str, bus: Bus) -> Table:
    stub = circuit.table(name, f"answers on {name}")
    count, message = stub.column("count"), stub.column_list("field", bus.width)
    stub.send(bus, message, count)
    return stub


@cache
def description() -> dict[str, Any]:
    """As plain data."""
    return definition()[0].compile()


@dataclass
class Run:
    """Traces by table, the statement, and what they were filled from."""

    traces: dict[str, np.ndarray]
    public: PublicValues
    rows: MachineRows
    witness: StepsWitness
    answers: dict[str, dict[tuple[int, ...], int]] = field(default_factory=dict)

    def cells(self) -> np.ndarray:
        """Of `steps`."""
        return self.traces["steps"]

    def at(self, kind: str) -> list[int]:
        """The rows of `steps` of a kind."""
        cell = getattr(definition()[1], kind)
        return np.flatnonzero(self.cells()[:, cell.index]).tolist()

    def get(self, row: int, name: str) -> int:
        """A cell of `steps`."""
        return int(self.cells()[row, definition()[1].t.index(name)])

    def put(self, row: int, **values: int) -> None:
        """Set cells of `steps`."""
        for name, value in values.items():
            self.cells()[row, definition()[1].t.index(name)] = value % P


def run(link: Link, change: Callable[[Run], None] | None = None, rows: MachineRows | None = None) -> Run:
    """A run of a link; `change` edits cells of `steps` before anything answers."""
    _circuit, steps = definition()
    rows = rows_of(link) if rows is None else rows
    height = max(LEAST_ROWS, 1 << (2 * len(rows.op)).bit_length())
    witness = StepsWitness(steps, rows, height)
    witness.fill()
    made = Run({"steps": witness.trace.table.copy()}, _public(rows), rows, witness)
    made.answers = answers_of(made)
    if change is not None:
        change(made)
    answer(made)
    return made


def _public(rows: MachineRows) -> PublicValues:
    circuit, around = definition()[0], rows.around
    end = limbs.limbs15(np.array([around.window_end]))[0].tolist()
    given = {method: int(method == around.method) for method in METHODS}
    given |= {"wallet": int(around.wallet), "covered": around.covered % P} | {f"end{i}": end[i] for i in range(3)}
    return PublicValues([given.get(name, 0) for name in circuit.public_names], [[] for _ in circuit.lists], {})


def answers_of(made: Run) -> dict[str, dict[tuple[int, ...], int]]:
    """What the stubs have: messages, and how often where that does not follow who asks."""
    rows, around = made.rows, made.rows.around
    records, lanes = rows.records, rows.records.lanes.astype(np.int64)
    leaves = np.column_stack((records.page, records.position, lanes[:, 0] - TAG_RECORD, lanes[:, 1:]))
    of_pages = around.page_code, around.page_early, around.page_late, around.page_first, around.page_last
    pages = np.column_stack((np.arange(len(around.page_code)), *of_pages))
    start, long = limbs.limbs15(around.start), limbs.limbs15(around.long_from)
    calendar = np.column_stack((start[:-1], start[1:], long, around.phase, around.day, np.arange(len(long))))
    days = np.column_stack((around.day, long))[around.day > 0]
    found = {
        name: dict.fromkeys(map(tuple, messages.tolist()), 1)
        for name, messages in (("leaf", leaves), ("page", pages), ("calendar", calendar), ("days", days))
    }
    return found | {"pair": dict.fromkeys(_pairs(rows), 1), "link": _heads(made)}


def _pairs(rows: MachineRows) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    counts: Counter[int] = Counter()
    entries, tokens = rows.entries, rows.tokens
    for k in np.flatnonzero(np.isin(rows.op, (Op.LOAD, Op.LOAD_TOKEN, Op.CLOSE, Op.CLOSE_TOKEN))).tolist():
        op = rows.op[k]
        out = int(op in (Op.CLOSE, Op.CLOSE_TOKEN))
        where = [TREE_LOTS_IN + out, counts[out]]
        counts[out] += 1
        if op in (Op.LOAD, Op.CLOSE):
            n = rows.node[k]
            pool = rows.pools[entries.pool[n]].tolist()
            quantity = int(rows.lot_lo[k]) + (int(rows.lot_hi[k]) << 64)
            found.append((*where, KIND_LOT, *pool[:8], *_lanes(quantity, 5), *_lanes(int(rows.lot_value[k]), 3),
                          int(entries.order[n]), 0, *_unit(entries.unit[n]), *_long(entries.long_from[n]),
                          int(entries.day[n]), pool[8], int(entries.own[n])))  # fmt: skip
        else:
            n = rows.token[k]
            quantity = int(tokens.quantity_lo[n]) + (int(tokens.quantity_hi[n]) << 64)
            time = int(tokens.time[n])
            found.append((*where, KIND_TOKEN, *tokens.asset[n].tolist(), time % 2**30, time >> 30,
                          *tokens.ref[n].tolist(), *_lanes(quantity, 5), *_lanes(int(tokens.value[n]), 3),
                          int(tokens.order[n]), int(tokens.seq[n]), *_unit(tokens.unit[n]),
                          *_long(tokens.long_from[n]), int(tokens.day[n]), int(tokens.part[n]),
                          int(tokens.last[n])))  # fmt: skip
    return found


def _lanes(number: int, count: int) -> list[int]:
    return [number >> 24 * i & 0xFFFFFF for i in range(count)]


def _unit(octets: np.ndarray) -> list[int]:
    return _lanes(int.from_bytes(octets.tobytes(), "little"), 7)


def _long(at: int) -> list[int]:
    return [int(at) >> 15 * i & 0x7FFF for i in range(3)]


def _heads(made: Run) -> dict[tuple[int, ...], int]:
    """The empty list of every pool, given and taken back."""
    found: Counter[tuple[int, ...]] = Counter()
    tail = [0, *[LANE_MAX] * (KEY - 1), SEQ_MAX]
    for pool, last in zip(made.rows.pools.tolist(), made.witness.head_write.tolist(), strict=True):
        found[(*pool, 0, 0, *[0] * KEY, *tail)] += 1
        found[(*pool, 0, last, *[0] * KEY, *tail)] -= 1
    return {message: times for message, times in found.items() if times}


def asked(made: Run, name: str) -> Counter[tuple[int, ...]]:
    """What `steps` takes from a bus, message by message (modulo p)."""
    from tests.adversary.kit.local import numbers

    board = _board(made)
    t = board.names.index("steps")
    outcome = board.outcome(t, np.arange(len(board.traces[t])))
    found: Counter[tuple[int, ...]] = Counter()
    for k, act in enumerate(numbers(board.tables[t])):
        if board.buses[act["bus"] - 1] != name:
            continue
        used = np.flatnonzero(outcome.mult[:, k])
        for message, mult in zip(outcome.messages[k][used].tolist(), outcome.mult[used, k].tolist(), strict=True):
            found[(*message, *act["slot"])] -= mult
    return Counter({message: n % P for message, n in found.items() if n % P})


def _board(made: Run) -> Any:
    from tests.adversary.kit.local import Board

    empty = {t.name: np.zeros((1, len(t.columns)), np.uint32) for t in definition()[0].tables}
    return Board(type("Partial", (), {"traces": {**empty, **made.traces}, "public": made.public}), description())


def answer(made: Run) -> None:
    """Fill the stubs, the registers and the range table after `steps`."""
    circuit, _ = definition()
    by_name = {t.name: t for t in circuit.tables}
    for name in ANSWERS:
        have = made.answers[name]
        if name not in ONCE:
            wanted = asked(made, name)
            have = {message: wanted[message] for message in have if wanted[message]}
        cells = np.zeros((_height(len(have)), len(by_name[name].columns)), np.uint32)
        for row, (message, times) in enumerate(have.items()):
            cells[row, 0], cells[row, 1 : 1 + len(message)] = times % P, [x % P for x in message]
        made.traces[name] = cells
    sums: dict[tuple[int, ...], dict[int, int]] = {}
    for message, weight in asked(made, "post").items():
        sums.setdefault(message[: len(FIELDS)], {})[message[-1]] = -weight % P
    cells = np.zeros((_height(len(sums)), len(by_name["post"].columns)), np.uint32)
    for row, (key, slots) in enumerate(sums.items()):
        cells[row, : len(FIELDS)] = key
        for slot, weight in slots.items():
            cells[row, len(FIELDS) + slot] = weight
    made.traces["post"] = cells
    made.traces = {t.name: made.traces[t.name] for t in circuit.tables if t.name != "range"}
    with counting_what_is_in_range():
        made.traces["range"] = range_trace(circuit, by_name["range"], made.traces, RANGE_ROWS)
    blind(circuit, made.traces, uniform(len(circuit.tables)))


def _height(used: int) -> int:
    return 1 << max(5, used.bit_length())


def registers_of(made: Run) -> dict[tuple[int, ...], dict[int, int]]:
    """What is posted, slot by slot and signed, under each key; nothing that adds up to 0."""
    cells, found = made.traces["post"].astype(np.int64), {}
    for row in cells[:, : len(FIELDS) + SLOTS]:
        slots = {s: int(w) if w < P // 2 else int(w) - P for s, w in enumerate(row[len(FIELDS) :]) if w}
        if slots:
            found[tuple(row[: len(FIELDS)].tolist())] = slots
    return found
