"""What a few changed cells break, without evaluating the whole trace again.

`Board` holds an honest run. A change of cells can only break constraints on the rows that read them, buses whose
messages changed, and tallies: those are compared before and after, in integer arithmetic modulo p. It is the checker's
verdict (a test says so), a thousand times as fast.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from zkharvest.circuit import check as checker
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.expr import P

Cell = tuple[int, int, int]  # table, row, column
_hashes: dict[tuple[int, bytes], Any] = {}
RANGES = {"bytes": 256, "u15": 1 << 15}
_NOTHING = np.zeros(0, np.int64)


def numbers(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table's interactions, each weight as one of its own: its slot stands in `slot`, which else is ()."""
    found = []
    for act in table["interactions"]:
        found.append({**act, "slot": ()})
        found += [{**act, "mult": node, "slot": (slot,)} for slot, node in act.get("weights", [])]
    return found


class Run(Protocol):
    """Traces by table name, and the statement that they pretend to prove."""

    @property
    def traces(self) -> Mapping[str, np.ndarray]:
        """Rows by columns."""

    @property
    def public(self) -> PublicValues:
        """The statement."""


@dataclass
class Outcome:
    """Values of constraints, messages and tallies of one table on some rows."""

    rows: np.ndarray
    constraints: np.ndarray  # (rows, constraints), zero where the constraint does not apply
    mult: np.ndarray  # (rows, interactions as `numbers` has them), signed by direction
    messages: list[np.ndarray]  # per interaction (rows, width)
    tallies: np.ndarray  # (rows, tally entries)


class Board:
    """An honest run, whose cells can be changed for trial."""

    def __init__(self, run: Run, description: Mapping[str, Any]) -> None:
        self.description = description
        self.tables = self.description["tables"]
        self.names = [t["name"] for t in self.tables]
        self.traces = [run.traces[n].astype(np.int64) for n in self.names]
        self.public = run.public
        self.given = [self._given(t) for t in range(len(self.tables))]
        self.buses = [b["name"] for b in self.description["buses"]]

    def _given(self, t: int) -> np.ndarray:
        rows = len(self.traces[t])
        out = np.zeros((rows, len(self.tables[t]["public_columns"])), np.int64)
        for (table, column), values in self.public.columns.items():
            if table == t:
                out[: len(values), column] = values
        return out

    def nodes(self, t: int) -> list[np.ndarray]:
        """The value of every node of table t on every row."""
        rows = np.arange(len(self.traces[t]))
        return self.values(t, rows, self.traces[t], self.traces[t][(rows + 1) % len(rows)])

    def values(
        self, t: int, rows: np.ndarray, now: np.ndarray, after: np.ndarray, only: Collection[int] | None = None
    ) -> list[np.ndarray]:
        """The value of every node of table t where the cells of each row are `now` and those of the next `after`.

        With `only` those nodes alone, which hold all that they are made of; the others are empty.
        """
        table, height = self.tables[t], len(self.traces[t])
        given, given_after = self.given[t][rows], self.given[t][(rows + 1) % height]
        v: list[np.ndarray] = []
        for number, node in enumerate(table["nodes"]):
            if only is not None and number not in only:
                v.append(_NOTHING)
                continue
            match node:
                case ["const", c]:
                    v.append(np.full(len(rows), c, np.int64))
                case ["col", i, off]:
                    v.append((after if off else now)[:, i])
                case ["pub", i, off]:
                    v.append((given_after if off else given)[:, i])
                case ["public", i]:
                    v.append(np.full(len(rows), self.public.publics[i] % P, np.int64))
                case ["mul", a, b]:
                    v.append(v[a] * v[b] % P)
                case ["lin", c, pairs]:
                    total = np.full(len(rows), c, np.int64)
                    for k, a in pairs:
                        total = (total + k * v[a]) % P
                    v.append(total)
                case _:
                    raise ValueError(f"unknown node {node!r}")
        return v

    def evaluate(self, t: int, rows: np.ndarray, now: np.ndarray, after: np.ndarray) -> Outcome:
        """Everything of table t where the cells of each row are `now` and those of the next row `after`."""
        table, height = self.tables[t], len(self.traces[t])
        v = self.values(t, rows, now, after)
        last = rows == height - 1
        applies = {"all": True, "first": rows == 0, "last": last, "transition": ~last}
        zero = np.zeros((len(rows), 0), np.int64)
        constraints = [v[c["node"]] * applies[c["where"]] for c in table["constraints"]]
        acts = numbers(table)
        return Outcome(
            rows,
            np.stack(constraints, axis=1) if constraints else zero,
            np.stack([v[i["mult"]] * i["sign"] % P for i in acts], axis=1) if acts else zero,
            [np.stack([v[m] for m in i["message"]], axis=1) for i in acts],
            np.stack([v[e["node"]] for e in table["tally"]], axis=1) if table["tally"] else zero,
        )

    def around(self, t: int, rows: Iterable[int]) -> np.ndarray:
        """The rows that read the given ones: themselves and those before."""
        height = len(self.traces[t])
        return np.array(sorted({r % height for row in rows for r in (row - 1, row)}))

    def outcome(self, t: int, rows: np.ndarray, cells: np.ndarray | None = None) -> Outcome:
        """The table on some rows, with these cells or the honest ones."""
        trace = self.traces[t] if cells is None else cells
        return self.evaluate(t, rows, trace[rows], trace[(rows + 1) % len(trace)])

    def verdict(self) -> set[str]:
        """What is broken on the whole board: "table.constraint", "bus name" or "tally n"."""
        found: set[str] = set()
        tallies: Counter[int] = Counter()
        whole = [self._whole(t) for t in range(len(self.tables))]
        for t, table in enumerate(self.tables):
            for k in np.flatnonzero(whole[t].constraints.any(axis=0)):
                found.add(f"{self.names[t]}.{table['constraints'][k]['name']}")
        balance = self._imbalance(whole, tallies)
        found |= {f"bus {bus}" for bus, messages in balance.items() if any(n % P for n in messages.values())}
        return found | {f"tally {slot}" for slot, value in tallies.items() if value % P}

    def imbalance(self) -> dict[str, Counter[tuple[int, ...]]]:
        """By bus, how often each message is sent more than received (modulo p)."""
        return self._imbalance([self._whole(t) for t in range(len(self.tables))], Counter())

    def _imbalance(self, whole: Sequence[Outcome], tallies: Counter[int]) -> dict[str, Counter[tuple[int, ...]]]:
        """The same of tables that are evaluated already; `tallies` are added up on the way."""
        balance: dict[str, Counter[tuple[int, ...]]] = defaultdict(Counter)
        for t, outcome in enumerate(whole):
            self._count(t, outcome, 1, balance, tallies)
        for number, bus in enumerate(self.buses, start=1):
            for message, sign in checker._public_messages(self.description, number, self.public):
                balance[bus][tuple(message)] += sign
        return balance

    def _whole(self, t: int) -> Outcome:
        """A whole table; hash tables, the same from lie to lie, are not evaluated again."""
        rows = np.arange(len(self.traces[t]))
        if self.names[t] != "poseidon":
            return self.outcome(t, rows)
        key = id(self.tables[t]), hashlib.sha256(self.traces[t].tobytes()).digest()
        if key not in _hashes:
            _hashes[key] = self.tables[t], self.outcome(t, rows)  # the table is kept, so that its id stays its own
        return _hashes[key][1]

    def _count(self, t: int, outcome: Outcome, sign: int, balance: Any, tallies: Counter[int]) -> None:
        for i, act in enumerate(numbers(self.tables[t])):
            rows = np.flatnonzero(outcome.mult[:, i])
            count = balance[self.buses[act["bus"] - 1]]
            for message, mult in zip(outcome.messages[i][rows].tolist(), outcome.mult[rows, i].tolist(), strict=True):
                count[(*message, *act["slot"])] += sign * mult  # longer than a message: they cannot meet
        for e, entry in enumerate(self.tables[t]["tally"]):
            tallies[entry["slot"]] += sign * int(outcome.tallies[:, e].sum())

    def broken(self, edits: Mapping[Cell, int]) -> set[str]:
        """What the edits (cell -> new value) break, together; the range table's multiplicities follow."""
        found: set[str] = set()
        balance: dict[str, Counter[tuple[int, ...]]] = defaultdict(Counter)
        tallies: Counter[int] = Counter()
        for t in sorted({cell[0] for cell in edits}):
            own = {(r, c): value for (table, r, c), value in edits.items() if table == t}
            rows = self.around(t, {r for r, _ in own})
            cells = self.traces[t].copy()
            for (r, c), value in own.items():
                cells[r, c] = value % P
            before, after = self.outcome(t, rows), self.outcome(t, rows, cells)
            for k in np.flatnonzero(after.constraints.any(axis=0)):
                found.add(f"{self.names[t]}.{self.tables[t]['constraints'][k]['name']}")
            for sign, outcome in ((-1, before), (1, after)):
                self._count(t, outcome, sign, balance, tallies)
        for bus, messages in balance.items():
            off = [m for m, count in messages.items() if count % P]
            if bus in RANGES:
                off = [m for m in off if any(x >= RANGES[bus] for x in m)]
            if off:
                found.add(f"bus {bus}")
        found |= {f"tally {slot}" for slot, value in tallies.items() if value % P}
        return found

    def single(self, t: int, edits: Sequence[tuple[int, Mapping[int, int]]]) -> list[set[str]]:
        """What each edit of one row of table t (row, column -> new value) breaks, each on its own.

        The range table's multiplicities follow, but for edits of that table itself.
        """
        follows = self.names[t] != "range"
        rows = np.array([row for row, _ in edits])
        trace, height = self.traces[t], len(self.traces[t])
        here, before, after = trace[rows].copy(), trace[rows - 1], trace[(rows + 1) % height]
        for m, (_, cells) in enumerate(edits):
            for column, value in cells.items():
                here[m, column] = value % P
        out: list[set[str]] = [set() for _ in edits]
        changed: list[dict[str, Counter[Any]]] = [defaultdict(Counter) for _ in edits]
        for at, honest, now, then in (
            (rows, trace[rows], here, after),
            ((rows - 1) % height, before, before, here),
        ):
            old = self.evaluate(t, at, honest, trace[(at + 1) % height])
            new = self.evaluate(t, at, now, then)
            for m, k in zip(*np.nonzero(new.constraints), strict=True):
                out[m].add(f"{self.names[t]}.{self.tables[t]['constraints'][k]['name']}")
            for i, act in enumerate(numbers(self.tables[t])):
                bus = self.buses[act["bus"] - 1]
                differs = (new.mult[:, i] != old.mult[:, i]) | (new.messages[i] != old.messages[i]).any(axis=1)
                for m in np.flatnonzero(differs & ((new.mult[:, i] != 0) | (old.mult[:, i] != 0))):
                    for sign, outcome in ((-1, old), (1, new)):
                        count = sign * int(outcome.mult[m, i])
                        changed[m][bus][(*outcome.messages[i][m].tolist(), *act["slot"])] += count
            for e, entry in enumerate(self.tables[t]["tally"]):
                for m in np.flatnonzero(new.tallies[:, e] != old.tallies[:, e]):
                    changed[m]["tally"][entry["slot"]] += int(new.tallies[m, e] - old.tallies[m, e])
        for m, buses in enumerate(changed):
            for bus, messages in buses.items():
                off = [key for key, count in messages.items() if count % P]
                if bus == "tally":
                    out[m] |= {f"tally {slot}" for slot in off}
                elif bus in RANGES and follows:
                    off = [key for key in off if any(x >= RANGES[bus] for x in key)]
                if off and bus != "tally":
                    out[m].add(f"bus {bus}")
        return out
