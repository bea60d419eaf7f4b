"""Lies of one cell: which fault each breaks alone, and which mutants take it.

Every cell of a table is changed for trial, on rows of each kind and on the first and last, to a few other values each.
A change that breaks one constraint and nothing else is a lie about it. The mutant that lacks the constraint takes it;
so does one whose constraint lacks a term, or speaks of fewer rows, if what is left of the constraint holds.

Buses in `follow` are filled after the table, and never broken; of the range buses a message may change if it is in
range. A change of any other message counts as a fault, so that nothing here is a lie that is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tests.adversary.kit.local import RANGES, Board, numbers
from tests.support.dropped_terms import HonestValues, TermMutant
from tests.support.mutants import columns_of
from zkharvest.circuit.expr import P

Edit = tuple[int, int, int]  # row, column, value


@dataclass
class Trial:
    """Edits that break constraint `broken` alone, each on a board of its own; values at the row and at the one before.

    `places` are the rows where the constraint was looked at, `values` those of the table's nodes there.
    """

    run: str
    broken: int
    edits: list[Edit]
    places: list[np.ndarray]
    values: list[list[np.ndarray]]


class OneCell:
    """The lies of one cell about a table, over honest runs by name."""

    def __init__(
        self, description: Mapping[str, Any], table: str, runs: Mapping[str, Any], follow: Collection[str] = ()
    ) -> None:
        self.description, self.follow = description, follow
        self.boards = {name: Board(run, description) for name, run in runs.items()}
        self.t = next(iter(self.boards.values())).names.index(table)
        self.table = description["tables"][self.t]
        self.columns: list[str] = self.table["columns"]
        self.buses = [b["name"] for b in description["buses"]]
        self.acts = numbers(self.table)
        self.honest = {name: board.nodes(self.t) for name, board in self.boards.items()}

    @cached_property
    def read_by(self) -> dict[str, tuple[list[int], list[int], set[int]]]:
        """Of each column the constraints and interactions that read it, and the nodes below these."""
        found: dict[str, tuple[list[int], list[int], set[int]]] = defaultdict(lambda: ([], [], set()))
        for kind, roots in enumerate(
            ([[c["node"]] for c in self.table["constraints"]], [[a["mult"], *a["message"]] for a in self.acts])
        ):
            for number, nodes in enumerate(roots):
                below = self._below(nodes)
                for column in {c.rstrip("'") for node in nodes for c in columns_of(self.table, node)}:
                    found[column][kind].append(number)
                    found[column][2].update(below)
        return dict(found)

    def _below(self, roots: Iterable[int]) -> set[int]:
        found, left = set(), list(roots)
        while left:
            node = left.pop()
            if node in found:
                continue
            found.add(node)
            match self.table["nodes"][node]:
                case ["mul", a, b]:
                    left += [a, b]
                case ["lin", _, pairs]:
                    left += [a for _, a in pairs]
        return found

    def rows(self, board: Board, kinds: Sequence[str], each: int = 2) -> list[int]:
        """The first rows and the last, and some of each kind: where other flags are set."""
        trace, rng = board.traces[self.t], np.random.default_rng(1)
        at = [self.columns.index(name) for name in kinds]
        of: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for row, flags in enumerate(trace[:, at].tolist()):
            of[tuple(flags)].append(row)
        found = {0, 1, len(trace) - 2, len(trace) - 1}
        for rows in of.values():
            found |= set(rng.choice(rows, min(each, len(rows)), replace=False).tolist())
        return sorted(found)

    def lies(self, kinds: Sequence[str], values: Sequence[int] = (0, 1, 2, P - 1), each: int = 2) -> Iterator[Trial]:
        """Trials column by column; a cell gets its neighbours' values beside `values`. `kinds` are flags of rows."""
        for name, board in self.boards.items():
            rows = self.rows(board, kinds, each)
            for column in self.read_by:
                if column not in self.columns:
                    continue
                place = self.columns.index(column)
                edits = []
                for row in rows:
                    old = int(board.traces[self.t][row, place])
                    edits += [(row, place, v) for v in sorted({*values, (old + 1) % P, (old - 1) % P} - {old})]
                yield from self._tried(name, column, edits)

    def _tried(self, name: str, column: str, edits: list[Edit]) -> Iterator[Trial]:
        board, (constraints, acts, nodes) = self.boards[name], self.read_by[column]
        trace = board.traces[self.t]
        height = len(trace)
        rows, values = np.array([e[0] for e in edits]), np.array([e[2] for e in edits])
        here = trace[rows].copy()
        here[:, edits[0][1]] = values
        before = (rows - 1) % height
        places = [rows, before]
        known = [
            board.values(self.t, rows, here, trace[(rows + 1) % height], nodes),
            board.values(self.t, before, trace[before], here, nodes),
        ]
        broken: list[set[Any]] = [set() for _ in edits]
        for at, v in zip(places, known, strict=True):
            for k in constraints:
                c = self.table["constraints"][k]
                for m in np.flatnonzero((v[c["node"]] != 0) & applies(c["where"], at, height)):
                    broken[m].add(k)
            for i in acts:
                for m in self._messages(name, i, at, v):
                    broken[m].add("bus")
        for k in constraints:
            good = [m for m, faults in enumerate(broken) if faults == {k}]
            if good:
                kept = [[x[good] if len(x) else x for x in v] for v in known]
                yield Trial(name, k, [edits[m] for m in good], [at[good] for at in places], kept)

    def _messages(self, name: str, i: int, at: np.ndarray, v: list[np.ndarray]) -> Iterator[int]:
        """The trials in which an interaction says something else than in the honest run, and may not."""
        act, old = self.acts[i], self.honest[name]
        bus = self.buses[act["bus"] - 1]
        if bus in self.follow:
            return
        was = np.stack([old[n][at] for n in act["message"]], axis=1)
        now = np.stack([v[n] for n in act["message"]], axis=1)
        mult, new = old[act["mult"]][at], v[act["mult"]]
        differs = ((mult != new) | (was != now).any(axis=1)) & ((mult != 0) | (new != 0))
        if bus in RANGES:
            differs &= (now >= RANGES[bus]).any(axis=1)
        yield from np.flatnonzero(differs).tolist()

    def takes(self, trial: Trial, mutant: TermMutant) -> list[Edit]:
        """The lies of a trial that a mutant of its constraint takes."""
        height = len(self.boards[trial.run].traces[self.t])
        where = self.table["constraints"][trial.broken]["where"]
        good = np.ones(len(trial.edits), bool)
        for at, v in zip(trial.places, trial.values, strict=True):
            honest = HonestValues.of({(0, self.t): v})
            _, new = honest.changed(0, self.table, mutant.drop)
            good &= (new == 0) | ~applies(where, at, height)
        return [trial.edits[m] for m in np.flatnonzero(good)]

    def only_on(self, trial: Trial, which: str) -> list[Edit]:
        """The lies of a trial that break their constraint on the "last" row alone, or on the "first"."""
        height = len(self.boards[trial.run].traces[self.t])
        node = self.table["constraints"][trial.broken]["node"]
        good = np.ones(len(trial.edits), bool)
        for at, v in zip(trial.places, trial.values, strict=True):
            good &= (v[node] == 0) | applies(which, at, height)
        return [trial.edits[m] for m in np.flatnonzero(good)]


def applies(where: str, at: np.ndarray, height: int) -> np.ndarray:
    """Whether a constraint of these rows speaks of each."""
    every = np.ones(len(at), bool)
    return {"all": every, "first": at == 0, "last": at == height - 1, "transition": at != height - 1}[where]
