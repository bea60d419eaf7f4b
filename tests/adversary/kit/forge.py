"""Dishonest witnesses: the generator is run with a lie in it, so that everything that follows from the lie agrees.

A lie is told where the generator decides: in the operations, in the records that the machine reads, in the steps
before the dependent tables are made, in the hashes, or in the finished cells. What the cheater can still repair is
repaired (totals, multiplicities), as a real one would.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import Any
from unittest import mock

import numpy as np

from tests.adversary.kit.lenient import counting_what_is_in_range, hashes_seen_once, in_short, wrapping
from tests.support import statement
from zkharvest.circuit import check as checker
from zkharvest.circuit.blinding import BLIND_ROWS
from zkharvest.circuit.check import PublicValues, Violation
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared import ranges
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS
from zkharvest.circuit.lot_machine.trace import Trace
from zkharvest.circuit.lot_machine.v1 import witness as generator
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness
from zkharvest.commitment.opening import Opening
from zkharvest.commitment.records import Records, encode
from zkharvest.ledger import Election
from zkharvest.ledger.operations import Operations
from zkharvest.trades.model import Trade

KINDS = ("load", "open", "take", "settle", "out", "into", "skip", "close")


class Sheet:
    """Cells of one table by column name; `sheet["clk"]` is the column's array, to be read and written."""

    def __init__(self, table: str, cells: np.ndarray) -> None:
        self.table, self.cells = table, cells  # (columns, rows), canonical elements

    def __getitem__(self, name: str) -> np.ndarray:
        return self.cells[statement.column_number(self.table, name)]

    def get(self, row: int, stem: str) -> list[int]:
        """The columns stem0, stem1, ... of a row."""
        names = statement.column_names(self.table)
        count = sum(n.startswith(stem) and n[len(stem) :].isdigit() for n in names)
        return [int(self[f"{stem}{i}"][row]) for i in range(count)]

    def set(self, row: int, /, **values: int) -> None:
        """Set cells of a row, reduced mod p."""
        for name, value in values.items():
            self[name][row] = value % P

    def put(self, row: int, stem: str, values: Sequence[int]) -> None:
        """Set the columns stem0, stem1, ... of a row."""
        self.set(row, **{f"{stem}{i}": int(v) for i, v in enumerate(values)})

    def compare(self, row: int, name: str, x: Sequence[int], y: Sequence[int]) -> None:
        """Fill a comparison's advice as for x <= y, lanes most significant first; where it is false, no gap."""
        place = next((i for i, (a, b) in enumerate(zip(x, y, strict=True)) if a != b), None)
        gap = 0 if place is None else max(int(y[place]) - int(x[place]) - 1, 0)
        self.put(row, f"{name}_at", [int(i == place) for i in range(len(x))])
        self.set(row, **{f"{name}_low": gap & 0x7FFF})
        if f"{name}_high" in statement.column_names(self.table):
            self.set(row, **{f"{name}_high": gap >> 15})

    def rows(self, flag: str) -> list[int]:
        """The rows on which a flag is set."""
        return [int(r) for r in np.flatnonzero(self[flag] == 1)]

    def copy_row(self, source: int, target: int, *, but: Sequence[str] = ("clk",)) -> None:
        """Make a row like another one, but for some columns."""
        kept = {name: int(self[name][target]) for name in but}
        self.cells[:, target] = self.cells[:, source]
        self.set(target, **kept)


@dataclass
class Forgery:
    """Traces by table name with the statement they pretend to prove."""

    traces: dict[str, np.ndarray]
    public: PublicValues
    witness: generator.Witness

    def sheet(self, table: str) -> Sheet:
        """Cells of a finished table."""
        return Sheet(table, self.traces[table].T)

    def public_names(self) -> list[str]:
        """Names of the public scalars."""
        return list(statement.description()["publics"])

    def claim(self, **scalars: int) -> None:
        """Change public scalars."""
        publics = list(self.public.publics)
        for name, value in scalars.items():
            publics[self.public_names().index(name)] = value % P
        self.public = PublicValues(publics, self.public.lists, self.public.columns)

    def recount(self) -> None:
        """Make the range table's multiplicities follow the other tables: what is out of range stays uncounted."""
        circuit = statement.definition()[0]
        table = circuit.tables[statement.table_number("range")]
        before = self.traces["range"]
        after = _lenient_range(circuit, table, self.traces, len(before))
        blind = [c.index for c in table.columns if c.name.startswith("blind")]
        after[:, blind] = before[:, blind]
        self.traces["range"] = after

    def violations(self) -> list[Violation]:
        """What the constraint checker says."""
        names = [t["name"] for t in statement.description()["tables"]]
        with hashes_seen_once():
            traces = [self.traces[n] for n in names]
            return checker.check(statement.description(), traces, self.public, limit=1000)

    def checked(self) -> set[str]:
        """The same in short: "table.constraint", "bus name" or "tally n"."""
        return in_short(self.violations())

    def broken(self) -> set[str]:
        """The same by quick integer arithmetic (tests compare the two): what the lie breaks."""
        from tests.adversary.kit.local import Board

        return Board(self).verdict()


def forge(
    opening: Opening,
    regime: Election,
    *,
    steps: Callable[[Sheet], None] | None = None,
    operations: Callable[[Sequence[Trade], Election], Operations] | None = None,
    carried: Sequence[Trade] = (),
    replace: Mapping[str, Any] | None = None,
    patches: Sequence[tuple[Any, str, Any]] = (),
    idle: int = 2,
) -> Forgery:
    """Run the witness generator with lies: give it other `operations`, `replace` functions of its module, make other
    `patches` (object, name, value), and edit the finished `steps` before totals, ranges and statement follow from them.

    Tables are cut to their used rows and `idle` more (the checker does not ask for one common height).
    """
    given = dict(replace or {})
    fill_lists = given.pop("fill_lists", generator.fill_lists)

    def lists(filled: StepsWitness) -> list[int]:
        head = fill_lists(filled)
        sheet = Sheet("steps", filled.trace.cells)
        if steps is not None:
            steps(sheet)
        filled.slot_sums = _sums(sheet)
        return list(head)

    def no_range(_circuit: Any, table: Any, _traces: Any, _rows: int) -> np.ndarray:
        return np.zeros((RANGE_ROWS + idle, len(table.columns)), np.uint32)

    def put_compare(self: Trace, c: Any, rows: Any, x: np.ndarray, y: np.ndarray) -> None:
        """Where x is not below y there is no gap: zero is as good as any."""
        flags, gap = words.compare(x, y)
        gap = gap - flags.sum(axis=1)
        gap = np.where((gap < 0) | (gap >= (1 << 30 if c.high is not None else 1 << 15)), 0, gap)
        self.put_all(c.flags, rows, flags)
        self.put(c.low, rows, gap & 0x7FFF)
        if c.high is not None:
            self.put(c.high, rows, gap >> 15)

    module = {"range_trace": no_range, "_check_sides": lambda *_: None, "LOG_ROWS": (5, 20), **given}
    with ExitStack() as stack:
        for patch in (*wrapping(), mock.patch.object(Trace, "put_compare", put_compare)):
            stack.enter_context(patch)
        for name, value in {**module, "fill_lists": lists}.items():
            stack.enter_context(mock.patch.object(generator, name, value))
        for where, name, value in patches:
            stack.enter_context(mock.patch.object(where, name, value))
        run = operations or generator.run_operations
        told = run(generator.worked_trades(opening, regime, carried), regime)
        witness = generator.make_witness(opening, told, carried=carried, definition=statement.definition())
    return shortened(opening, regime, witness, idle=idle)


def shortened(opening: Opening, regime: Election, witness: generator.Witness, *, idle: int = 2) -> Forgery:
    """A witness with its tables cut to their used rows and `idle` more: a tenth of the time to check."""
    names = [t["name"] for t in statement.description()["tables"]]
    least = {"calendar": len(witness.calendar_columns[0]), "range": RANGE_ROWS}
    traces = {
        name: _cut(name, trace, least.get(name, BLIND_ROWS), idle)
        for name, trace in zip(names, witness.traces, strict=True)
    }
    forgery = Forgery(traces, statement.public_values(opening, regime, witness), witness)
    forgery.recount()
    return forgery


def pretend(opening: Opening, trades: Sequence[Trade]) -> Opening:
    """An opening that feeds the machine `trades` in this order, while the hashes stay those of `opening`.

    A trade of `opening` keeps its record; any other is encoded and stands behind the records of its source.
    """
    real = opening.records
    place = {id(t): i for i, t in enumerate(opening.trades)}
    made = {f.name: [] for f in fields(Records) if f.name != "sources"}
    for t in trades:
        if id(t) in place:
            record, at = real, place[id(t)]
        else:
            at = 0
            record = encode([t], opening.currency)
            number = real.sources.index(t.source)
            there = np.array([int((real.source == number).sum())])
            to = np.array([real.sources.index(t.to) if t.to else 0])
            record = dataclasses.replace(record, source=np.array([number]), position=there, to=to)
        for name, rows in made.items():
            rows.append(getattr(record, name)[at])
    fake = Opening(tuple(trades), opening.currency, opening.seed)
    records = {name: np.array(rows, getattr(real, name).dtype) for name, rows in made.items()}
    fake.__dict__.update(records=Records(real.sources, **records), leaves=opening.leaves, trees=opening.trees)
    return fake


def _cut(table: str, trace: np.ndarray, least: int, idle: int) -> np.ndarray:
    """The used rows of a table, and at least so many, and some idle ones."""
    used = trace != trace[-1]
    if table == "steps":
        used[:, statement.column_number("steps", "clk")] = False
    busy = np.flatnonzero(used.any(axis=1))
    count = int(busy[-1]) + 1 if len(busy) else 0
    return np.ascontiguousarray(trace[: min(max(count, least) + idle, len(trace))])


def _sums(sheet: Sheet) -> np.ndarray:
    """The tallied byte sums of the steps as they are now, as signed integers."""
    weights = np.stack([sheet[f"bucket_weight{k}"] for k in range(5)]).astype(np.int64)
    octets = np.stack([sheet[f"q{k}"] for k in range(8)]).astype(np.int64)
    rows = np.flatnonzero(weights.any(axis=0))
    weights = np.where(weights > P // 2, weights - P, weights)[:, rows].astype(object)
    sums = weights.dot(octets[:, rows].T.astype(object)) % P if len(rows) else np.zeros((5, 8), object)
    return np.where(sums > P // 2, sums - P, sums).astype(np.int64)


def _lenient_range(circuit: Any, table: Any, traces: dict[str, np.ndarray], rows: int) -> np.ndarray:
    """Multiplicities of what is in range; nothing can be done about the rest."""
    with counting_what_is_in_range():
        return ranges.range_trace(circuit, table, traces, rows)
