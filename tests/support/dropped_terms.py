"""Mutants whose sums lack a term: in multiplicities, weights and constraints, wherever a sum stands under a product.

Such a mutant may accept more, reject more, or both. Those that an honest run breaks are found out by any test of the
prover; kept are those that every honest run satisfies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.adversary.kit.local import RANGES, Board
from zkharvest.circuit.expr import P

LOOKED_UP = {*RANGES, "source", "calendar"}
"""Buses on which a table offers messages as often as the prover says."""

OF_ROUNDS = ("round", "partial")
"""What the constraints of the hash's rounds are called."""
Description = dict[str, Any]
Path = tuple[tuple[int, int], ...]
"""From the root to the sum that lacks a term: (node, which operand of it comes next), the sum last."""


@dataclass(frozen=True)
class Dropped:
    """A term that is gone from a sum below a root: of a constraint, a multiplicity or a weight."""

    table: int
    root: int
    path: Path
    term: int  # place in the sum; -1 its constant
    text: str


def text_of(table: Description, node: int) -> str:
    """A node as a short formula."""
    match table["nodes"][node]:
        case ["const", c]:
            return str(c)
        case ["col", i, off]:
            return str(table["columns"][i]) + "'" * off
        case ["pub", i, off]:
            return str(table["public_columns"][i]) + "'" * off
        case ["public", i]:
            return f"public{i}"
        case ["mul", a, b]:
            return "*".join(text_of(table, x) for x in (a, b))
        case ["lin", c, pairs]:
            parts = [*(_signed(k, text_of(table, a)) for k, a in pairs), *([_signed(c, "1")] if c else [])]
            return f"({''.join(parts).removeprefix('+')})"
    raise ValueError(f"unknown node {table['nodes'][node]!r}")


def _signed(factor: int, text: str) -> str:
    factor = factor - P if factor > P // 2 else factor
    size = text if abs(factor) == 1 else str(abs(factor)) if text == "1" else f"{abs(factor)}*{text}"
    return f"{'-' if factor < 0 else '+'}{size}"


def dropped(table: Description, number: int, root: int, *, inside: bool) -> Iterator[Dropped]:
    """Every term of every sum below the root; with `inside` not those of the root itself."""

    def sums(node: int, path: Path) -> Iterator[tuple[int, Path]]:
        match table["nodes"][node]:
            case ["mul", a, b]:
                for side, child in enumerate((a, b)):
                    yield from sums(child, (*path, (node, side)))
            case ["lin", _, pairs]:
                yield node, path
                for place, (_, child) in enumerate(pairs):
                    yield from sums(child, (*path, (node, place)))

    for node, path in sums(root, ()):
        if inside and not path:
            continue
        _, constant, pairs = table["nodes"][node]
        for place, (factor, child) in enumerate(pairs):
            if len(pairs) > 1 or constant:
                text = _signed(factor, text_of(table, child)).removeprefix("+")
                yield Dropped(number, root, (*path, (node, 0)), place, text)
        if constant:
            yield Dropped(number, root, (*path, (node, 0)), -1, _signed(constant, "1").removeprefix("+"))


def without(table: Description, drop: Dropped) -> tuple[list[Any], int]:
    """The table's nodes with a changed copy of the root, and its number."""
    (node, _) = drop.path[-1]
    _, constant, pairs = table["nodes"][node]
    rest = [p for i, p in enumerate(pairs) if i != drop.term]
    nodes = [*table["nodes"], ["lin", constant if drop.term >= 0 else 0, rest]]
    for parent, place in reversed(drop.path[:-1]):
        made = len(nodes) - 1
        match table["nodes"][parent]:
            case ["mul", a, b]:
                nodes.append(["mul", made, b] if place == 0 else ["mul", a, made])
            case ["lin", c, own]:
                nodes.append(["lin", c, [[k, made if i == place else a] for i, (k, a) in enumerate(own)]])
    return nodes, len(nodes) - 1


class HonestValues:
    """Every node of a table on every row of honest runs."""

    def __init__(self, description: Description, runs: Sequence[Any]) -> None:
        self.boards = [Board(run, description) for run in runs]
        self.values: dict[tuple[int, int], list[np.ndarray]] = {}

    @classmethod
    def of(cls, values: dict[tuple[int, int], list[np.ndarray]]) -> HonestValues:
        """Of values that are known: by board and table."""
        made = cls.__new__(cls)
        made.boards, made.values = [], values
        return made

    def at(self, board: int, t: int) -> list[np.ndarray]:
        """The values of a table's nodes."""
        key = board, t
        if key not in self.values:
            self.values[key] = self.boards[board].nodes(t)
        return self.values[key]

    def changed(self, board: int, table: Description, drop: Dropped) -> tuple[np.ndarray, np.ndarray]:
        """The root's values, and what they are without the term."""
        values = self.at(board, drop.table)
        (node, _) = drop.path[-1]
        _, constant, pairs = table["nodes"][node]
        gone = constant if drop.term < 0 else pairs[drop.term][0] * values[pairs[drop.term][1]]
        new = (values[node] - gone) % P
        for parent, place in reversed(drop.path[:-1]):
            match table["nodes"][parent]:
                case ["mul", a, b]:
                    new = new * values[b if place == 0 else a] % P
                case ["lin", _, own]:
                    factor, child = own[place]
                    new = (values[parent] + factor * (new - values[child])) % P
        return values[drop.root], new

    def accept(self, table: Description, drop: Dropped, where: str) -> bool:
        """Whether the constraint without the term holds on all honest runs."""
        for board in range(len(self.boards)):
            _, new = self.changed(board, table, drop)
            applies = np.ones(len(new), bool)
            applies[{"first": slice(1, None), "last": slice(-1)}.get(where, slice(0))] = False
            if where == "transition":
                applies[-1] = False
            if new[applies].any():
                return False
        return True

    def balance(self, table: Description, drop: Dropped, act: Description, bus: str) -> bool:
        """Whether the messages sent without the term are those of the honest runs (lookups are counted anew).

        Of a weight: whether each key is posted the same. The slot is one, so that keys alone tell sums apart.
        """
        for board in range(len(self.boards)):
            old, new = self.changed(board, table, drop)
            rows = np.flatnonzero(old != new)
            if bus in LOOKED_UP:
                continue  # the prover counts what is looked up
            values = self.at(board, drop.table)
            changes: Counter[tuple[int, ...]] = Counter()
            for row in rows.tolist():
                changes[tuple(int(values[m][row]) for m in act["message"])] += int(new[row]) - int(old[row])
            if any(count % P for count in changes.values()):
                return False
        return True


@dataclass(frozen=True)
class TermMutant:
    """A description in which one sum lacks a term; `fault` is what the checker says of a witness that needs it gone."""

    name: str
    fault: str
    drop: Dropped
    place: int  # the constraint, or the interaction
    of_bus: str = ""
    weight: int = -1  # which weight of the interaction; -1 its multiplicity

    def made(self, description: Description) -> Description:
        """The mutated description."""
        table = description["tables"][self.drop.table]
        nodes, root = without(table, self.drop)
        part, key = ("interactions", "mult") if self.of_bus else ("constraints", "node")
        changed = list(table[part])
        if self.weight < 0:
            changed[self.place] = {**changed[self.place], key: root}
        else:
            weights = list(changed[self.place]["weights"])
            weights[self.weight] = [weights[self.weight][0], root]
            changed[self.place] = {**changed[self.place], "weights": weights}
        tables = list(description["tables"])
        tables[self.drop.table] = {**table, "nodes": nodes, part: changed}
        return {**description, "tables": tables}


def candidates(description: Description) -> Iterator[TermMutant]:
    """All of them but those of the hash's rounds, whose sums are of numbers that no honest run has as zero."""
    seen: Counter[str] = Counter()
    for t, table in enumerate(description["tables"]):
        for k, c in enumerate(table["constraints"]):
            if c["name"].startswith(OF_ROUNDS):
                continue
            name = f"{table['name']}.{c['name']}"
            for drop in dropped(table, t, c["node"], inside=False):
                yield TermMutant(_numbered(seen, f"{name} without {drop.text}"), name, drop, k)
        for i, act in enumerate(table["interactions"]):
            bus = description["buses"][act["bus"] - 1]["name"]
            name = f"{table['name']} {'->' if act['sign'] > 0 else '<-'} {bus}"
            for drop in dropped(table, t, act["mult"], inside=False):
                yield TermMutant(_numbered(seen, f"{name} without {drop.text}"), f"bus {bus}", drop, i, bus)
            for w, (slot, node) in enumerate(act.get("weights", [])):
                for drop in dropped(table, t, node, inside=False):
                    text = _numbered(seen, f"{name}[{slot}] without {drop.text}")
                    yield TermMutant(text, f"bus {bus}", drop, i, bus, w)


def _numbered(seen: Counter[str], name: str) -> str:
    """The same text may stand in several sums of one constraint."""
    seen[name] += 1
    return name if seen[name] == 1 else f"{name} (#{seen[name]})"


def accepted(description: Description, runs: Sequence[Any], table: str) -> tuple[list[TermMutant], list[TermMutant]]:
    """All mutants of a table but those of the ring that blinds; and those that every honest run satisfies."""
    honest, found, left = HonestValues(description, runs), [], []
    for mutant in candidates(description):
        own = description["tables"][mutant.drop.table]
        if own["name"] != table or mutant.of_bus == "blind":
            continue
        found.append(mutant)
        if mutant.of_bus:
            good = honest.balance(own, mutant.drop, own["interactions"][mutant.place], mutant.of_bus)
        else:
            good = honest.accept(own, mutant.drop, own["constraints"][mutant.place]["where"])
        if good:
            left.append(mutant)
    return found, left
