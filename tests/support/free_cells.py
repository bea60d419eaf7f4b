"""Which cells of a table are free around an honest run: the kernel of the Jacobian of all that is said of them.

A small change of cells breaks nothing to first order if every constraint and every message stays what it is. Cells
that are looked up as bytes or numbers of 15 bits are held: integers do not change by a little. What two rows say to
each other on a bus of the table's own may change on both; what other tables offer or take may not, and of numbers that
are added up under a key, the sum. `directions` finds all such changes of many cells and rows at once, which trials of
cells one by one do not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from tests.adversary.kit.local import RANGES, Board
from zkharvest.circuit.expr import P

Vector = dict[int, int]  # unknown -> coefficient
Cell = tuple[int, int]  # row, column
OWN = ("link", "content", "transit")


class FreeCells:
    """The unknowns are the cells of some rows of a table that are not looked up in a range."""

    def __init__(self, board: Board, table: str, rows: Sequence[int]) -> None:
        self.board, self.t = board, board.names.index(table)
        self.table, self.trace = board.tables[self.t], board.traces[self.t]
        self.columns: list[str] = self.table["columns"]
        self.rows, self.height, self.width = list(rows), len(self.trace), len(self.columns)
        held = self._looked_up() | {n for n, name in enumerate(self.columns) if name.startswith("blind")}
        free = [column for column in range(self.width) if column not in held]
        self.unknown = {(row, column): n for n, (row, column) in enumerate((r, c) for r in self.rows for c in free)}
        self.cell = list(self.unknown)

    def directions(self) -> tuple[list[Cell], list[list[Cell]]]:
        """Cells that are free alone, and sets of cells that can change together only."""
        solved = _eliminated(self._equations())
        together: dict[int, list[int]] = defaultdict(list)
        reduced: dict[int, Vector] = {}
        for pivot in sorted(solved, reverse=True):  # a row's other unknowns are all behind its pivot
            found: Vector = {}
            for unknown, factor in solved[pivot].items():
                if unknown != pivot:
                    _add(found, reduced.get(unknown, {unknown: 1}), -factor)
            reduced[pivot] = found
            for unknown in found:
                together[unknown].append(pivot)
        left = [n for n in range(len(self.cell)) if n not in solved]
        alone = [self.cell[n] for n in left if n not in together]
        return alone, [[self.cell[m] for m in (n, *together[n])] for n in left if n in together]

    def _looked_up(self) -> set[int]:
        found, left = set(), []
        for act in self.table["interactions"]:
            if self.board.buses[act["bus"] - 1] in RANGES:
                left += act["message"]
        while left:
            match self.table["nodes"][left.pop()]:
                case ["col", column, _]:
                    found.add(column)
                case ["lin", _, pairs]:
                    left += [node for _, node in pairs]
                case ["mul", a, b]:
                    left += [a, b]
        return found

    def _equations(self) -> Iterator[Vector]:
        messages: dict[Any, list[tuple[int, list[Vector]]]] = defaultdict(list)
        sums: dict[Any, Vector] = defaultdict(dict)
        for row in sorted({(row - 1) % self.height for row in self.rows} | set(self.rows)):
            values, slopes = self._at(row)
            last = row == self.height - 1
            applies = {"all": True, "first": row == 0, "last": last, "transition": not last}
            yield from (slopes[c["node"]] for c in self.table["constraints"] if applies[c["where"]])
            for act in self.table["interactions"]:
                bus = self.board.buses[act["bus"] - 1]
                message = [slopes[node] for node in act["message"]]
                key = bus, *(values[node] for node in act["message"])
                for slot, node in act.get("weights", []):
                    _add(sums[(*key, slot)], slopes[node])
                yield slopes[act["mult"]]
                if any(values[node] for _, node in act.get("weights", [])):
                    yield from message
                if values[act["mult"]] and bus not in RANGES:
                    messages[key].append((act["sign"] * values[act["mult"]], message))
        yield from sums.values()
        for (bus, *_), ones in messages.items():
            if bus in OWN and len(ones) == 2 and (ones[0][0] + ones[1][0]) % P == 0:
                for one, other in zip(ones[0][1], ones[1][1], strict=True):
                    difference = dict(one)
                    _add(difference, other, -1)
                    yield difference
            else:
                yield from (part for _, message in ones for part in message)

    def _at(self, row: int) -> tuple[list[int], list[Vector]]:
        """Of every node its value on a row and its slope in the unknowns."""
        board, after = self.board, (row + 1) % self.height
        values: list[int] = []
        slopes: list[Vector] = []
        for node in self.table["nodes"]:
            slope: Vector = {}
            match node:
                case ["const", number]:
                    value = number
                case ["col", column, ahead]:
                    where = after if ahead else row
                    value = int(self.trace[where, column])
                    if (where, column) in self.unknown:
                        slope = {self.unknown[where, column]: 1}
                case ["pub", column, ahead]:
                    value = int(board.given[self.t][after if ahead else row, column])
                case ["public", number]:
                    value = board.public.publics[number]
                case ["mul", a, b]:
                    value = values[a] * values[b]
                    _add(slope, slopes[a], values[b])
                    _add(slope, slopes[b], values[a])
                case ["lin", value, pairs]:
                    for factor, a in pairs:
                        value += factor * values[a]
                        _add(slope, slopes[a], factor)
            values.append(value % P)
            slopes.append(slope)
        return values, slopes


def _add(to: Vector, what: Vector, factor: int = 1) -> None:
    for unknown, number in what.items():
        found = (to.get(unknown, 0) + factor * number) % P
        if found:
            to[unknown] = found
        else:
            to.pop(unknown, None)


def _eliminated(equations: Iterator[Vector]) -> dict[int, Vector]:
    """Echelon form: of each pivot, the first unknown of its row, the row with coefficient 1 there."""
    solved: dict[int, Vector] = {}
    for equation in sorted((dict(one) for one in equations if one), key=len):
        while equation:
            first = min(equation)
            if first not in solved:
                inverse = pow(equation[first], -1, P)
                solved[first] = {unknown: number * inverse % P for unknown, number in equation.items()}
                break
            _add(equation, solved[first], -equation[first])
    return solved
