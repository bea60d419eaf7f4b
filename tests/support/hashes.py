"""The hashes of v2 on their own (`zkharvest/circuit/lot_machine/v2/poseidon.py`): stubs read what is hashed.

A run is made of permutations and marks, so that a lie can hash what it likes; the roots it names are the statement's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tests.support.freeze import freeze, given
from zkharvest.circuit.blinding import BLIND_ROWS, blind, uniform
from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine.v2.buses import (
    LEAF,
    LOG_ROWS,
    NODE,
    PAGE,
    PAIR,
    HashBuses,
    page_messages,
    standing_messages,
)
from zkharvest.circuit.lot_machine.v2.poseidon import PAIR as PAIR_ROW
from zkharvest.circuit.lot_machine.v2.poseidon import RECORD, Hashes, hash_trace, poseidon_table
from zkharvest.circuit.lot_machine.v2.poseidon import REGISTER as REGISTER_ROW
from zkharvest.circuit.lot_machine.v2.sums.keys import SLOTS, STANDING_LANES
from zkharvest.commitment.encoding import DIGEST, SALT, WIDTH, digest_elements
from zkharvest.commitment.page_record import TAG_RECORD, Flag, PageRecord, RecordKind
from zkharvest.commitment.pages import page_tree, salted
from zkharvest.commitment.poseidon import MDS, ROUND_CONSTANTS
from zkharvest.commitment.poseidon_kernel import compress_many
from zkharvest.commitment.standing import (
    KEY_FIELDS,
    PAIR_LANES,
    REGISTER_LANES,
    TAG_LOT,
    TAG_REGISTER,
    TAG_REGISTER_SECOND,
    Pairs,
    commit_lots,
    commit_registers,
)
from zkharvest.commitment.tree import build_tree
from zkharvest.spec import P
from zkharvest.verifier.public import PublicData

FULL = [0, 1, 2, 3, 27, 28, 29, 30]
"""Rounds in which every lane is cubed."""
TREES = ("lots_in", "lots_out", "sums_in", "sums_out")


@cache
def definition() -> tuple[Circuit, Table]:
    """The circuit: stubs `records`, `pairs`, `registers`, and `poseidon`."""
    circuit = Circuit("hashes", 1, degree=4, log_rows=LOG_ROWS, tallies=SLOTS)
    names = {"leaf": len(LEAF), "node": len(NODE), "pair": len(PAIR), "standing": 2}
    buses = HashBuses(*(circuit.bus(name, width) for name, width in names.items()))
    page_messages(circuit, buses.node)
    standing_messages(circuit, buses.node)
    for name, bus in (("records", buses.leaf), ("pairs", buses.pair)):
        stub = circuit.table(name, "stands for the machine")
        on, fields = stub.column("on"), stub.column_list("field", bus.width)
        stub.boolean(on)
        stub.receive(bus, fields, on)
    stub = circuit.table("registers", "stands for sums")
    key, weights = stub.column_list("key", 2), stub.column_list("weight", STANDING_LANES)
    stub.post(buses.standing, key, dict(enumerate(weights)), most=None)
    made = poseidon_table(circuit, buses)
    circuit.blind_terminals()
    return circuit, made


@cache
def description() -> dict[str, Any]:
    """As plain data."""
    return definition()[0].compile()


@cache
def frozen() -> tuple[bytes, Any]:
    """Digest, and the description as the verifier reads it."""
    return freeze(definition()[0])


@dataclass
class Run:
    """Traces by table, and the statement."""

    traces: dict[str, np.ndarray]
    public: PublicValues


Page = tuple[Sequence[PageRecord], bytes]


@dataclass(frozen=True)
class Standing:
    """What a standing holds, as lanes."""

    lots: np.ndarray
    tokens: np.ndarray
    keys: np.ndarray
    lanes: np.ndarray
    key: bytes = b"s" * 32

    def pairs(self) -> tuple[Pairs, Pairs]:
        """Its trees."""
        return commit_lots(self.lots, self.tokens, self.key), commit_registers(self.keys, self.lanes, self.key)


def standing(seed: int, lots: int, tokens: int, registers: int) -> Standing:
    """A standing of which no lane is 0, and some of a register are negative."""
    rng = np.random.default_rng(seed)
    pairs = rng.integers(1, 1 << 24, (lots + tokens, PAIR_LANES))
    keys = rng.integers(1, 1 << 24, (registers, KEY_FIELDS))
    keys[:, 9:] = 1 + np.arange(7)
    keys[:, 0] = 1 + np.arange(registers) % 8
    lanes = rng.integers(1, 1 << 24, (registers, REGISTER_LANES))
    lanes[:, 6:14] *= -1
    return Standing(pairs[:lots], pairs[lots:], keys, lanes, bytes([seed]) * 32)


def record(number: int, flags: Flag = Flag.CLOSES | Flag.MONEY) -> PageRecord:
    """A record that no other is."""
    return PageRecord(
        flags, RecordKind.TRADE, 1_700_000_000_000 + number, 10**20 + number, 10**10, "slip44:0", 7, f"r/{number}"
    )


@dataclass
class Hashed:
    """Permutations, marks and roots: of pages by number, and of the standings' trees by name."""

    inputs: np.ndarray
    marks: np.ndarray
    pages: list[list[int]]
    trees: dict[str, list[int]]


def hashed(pages: Sequence[Page] = (), before: Standing | None = None, after: Standing | None = None) -> Hashed:
    """An honest statement's. Without a standing its trees are empty."""
    found, roots, trees = Hashes(), [], {}
    for number, page in enumerate(pages):
        tree = page_tree(*page)
        roots.append(list(digest_elements(tree.root)))
        found.add_page(salted(*page)[0], tree, number)
    for name, of in (("in", before), ("out", after)):
        lots, registers = (of or standing(7, 0, 0, 0)).pairs()
        found.add_standing(lots, registers, out=name == "out")
        trees |= {f"lots_{name}": lots.tree.root, f"sums_{name}": registers.tree.root}
    return Hashed(*found.rows(), roots, {name: list(digest_elements(trees[name])) for name in TREES})


def with_pairs(name: str, first: np.ndarray, second: np.ndarray, change: Callable[[np.ndarray], None]) -> Pairs:
    """Pairs whose second halves are changed once they hold their digests, and the tree over what comes out."""
    second = second.copy()
    change(second)
    salt = np.full(SALT, len(name), np.uint32)
    return Pairs(first, second, build_tree(np.asarray(compress_many(second)), salt))


def run_of(made: Hashed, *, rows: int = 256) -> Run:
    """A run on these permutations; the stubs read what they hold."""
    circuit, table = definition()
    inputs, marks = made.inputs, made.marks
    used = np.flatnonzero(marks[:, 0] == RECORD)
    records = np.zeros((rows, 1 + len(LEAF) + 3), np.uint32)
    records[: len(used), 0] = 1
    records[: len(used), 1:3] = marks[used][:, [1, 3]]
    records[: len(used), 3 : 1 + len(LEAF)] = inputs[used, : WIDTH - SALT]
    records[: len(used), 3] = (records[: len(used), 3].astype(np.int64) - TAG_RECORD) % P
    whole = inputs.astype(np.int64)
    used = np.flatnonzero(marks[:, 0] == PAIR_ROW)
    pairs = np.zeros((rows, 1 + len(PAIR) + 3), np.uint32)
    pairs[: len(used), 0] = 1
    pairs[: len(used), 1:3] = marks[used][:, [1, 3]]
    lanes = np.concatenate([whole[used, : WIDTH - SALT], whole[used + 1, 1 + DIGEST : WIDTH - 1]], axis=1)
    lanes[:, 0] -= TAG_LOT
    pairs[: len(used), 3:-3] = lanes % P
    used = np.flatnonzero(marks[:, 0] == REGISTER_ROW)
    registers = np.zeros((max(rows, BLIND_ROWS), 2 + STANDING_LANES + 3), np.uint32)
    registers[: len(used), 0] = marks[used, 1] - 32770
    registers[: len(used), 1] = marks[used, 3]
    a, b = whole[used], whole[used + 1]
    slots = [*a[:, 9:19].T, *b[:, 10:19].T, a[:, 0] - TAG_REGISTER, *a[:, 1:9].T]
    slots += [b[:, 0] - TAG_REGISTER_SECOND, *b[:, 19:].T]
    registers[: len(used), 2:-3] = np.stack(slots, axis=1) % P
    traces = {
        "records": records,
        "pairs": pairs,
        "registers": registers,
        "poseidon": hash_trace(table, inputs, marks, rows),
    }
    blind(circuit, traces, uniform(len(circuit.tables)))
    publics = [word for name in TREES for word in made.trees[name]]
    return Run(traces, PublicValues(publics, [[[*root, *([0] * len(PAGE[1:]))] for root in made.pages]], {}))


def run(
    pages: Sequence[Page] = (), before: Standing | None = None, after: Standing | None = None, *, rows: int = 256
) -> Run:
    """An honest run."""
    return run_of(hashed(pages, before, after), rows=rows)


def edited(made: Run, *edits: tuple[str, int, str, int]) -> Run:
    """With other values (table, row, column, value) in cells."""
    traces = {name: trace.copy() for name, trace in made.traces.items()}
    for table, row, column, value in edits:
        of = next(t for t in definition()[0].tables if t.name == table)
        traces[table][row, of.index(column)] = value % P
    return Run(traces, made.public)


def public_data(made: Run) -> PublicData:
    """What the verifier is given."""
    return given(made.public, b"hashes")


def digest_of(made: Run, row: int) -> list[int]:
    """What the columns of a row say that its digest is."""
    cells, table = made.traces["poseidon"].astype(np.int64), definition()[1]
    out = table.index("round30_0")
    return [int(cells[row, out + i] + cells[row, i]) % P for i in range(DIGEST)]


def wrong_permutation(inputs: list[int], wrong_round: int, lane: int) -> list[int]:
    """All columns of a permutation that adds one to a lane after a round, and goes on from there."""
    state, columns, partial, late = list(inputs), list(inputs), [], []
    for number, constants in enumerate(ROUND_CONSTANTS):
        state = [(x + c) % P for x, c in zip(state, constants, strict=True)]
        if number in FULL:
            state = [pow(x, 3, P) for x in state]
            state = [sum(m * x for m, x in zip(row, state, strict=True)) % P for row in MDS]
            state[lane] = (state[lane] + (number == wrong_round)) % P
            (columns if number < 4 else late).extend(state)
        else:
            state[0] = (pow(state[0], 3, P) + (number == wrong_round)) % P
            partial.append(state[0])
            state = [sum(m * x for m, x in zip(row, state, strict=True)) % P for row in MDS]
    return columns + partial + late
