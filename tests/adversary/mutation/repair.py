"""A search for dishonest witnesses: change some cells, see what breaks, and mend it by changing further cells.

A broken constraint is solved for one of the cells it reads, where it is linear in it; the state with the fewest faults
goes first. What comes out are edits that break nothing under the description of the board: of a mutant, a witness; of
the circuit itself, free cells or a flaw.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from itertools import count

import numpy as np

from tests.adversary.kit.forge import Forgery
from tests.adversary.kit.local import Board, Cell
from tests.support.mutants import columns_of
from zkharvest.circuit.expr import P

Edits = dict[Cell, int]
Fault = tuple[int, int, int]  # table, constraint, row


def broken_constraints(board: Board, edits: Mapping[Cell, int]) -> list[Fault]:
    """Constraints that the edits break, and where."""
    found = []
    for t in sorted({cell[0] for cell in edits}):
        rows = board.around(t, {r for table, r, _ in edits if table == t})
        outcome = board.outcome(t, rows, _edited(board, t, edits))
        found += [(t, int(k), int(rows[m])) for m, k in zip(*np.nonzero(outcome.constraints), strict=True)]
    return sorted(found)


def solutions(board: Board, edits: Mapping[Cell, int], fault: Fault, allowed: Callable[[Cell], bool]) -> Edits:
    """Values of single cells, none of them edited yet, that mend a broken constraint."""
    t, k, row = fault
    table, trace = board.tables[t], _edited(board, t, edits)
    after = (row + 1) % len(trace)
    names = columns_of(table, table["constraints"][k]["node"])
    cells = [
        (t, after if n.endswith("'") else row, table["columns"].index(n.rstrip("'")))
        for n in names
        if n in {*table["columns"], *(f"{c}'" for c in table["columns"])}
    ]
    cells = [c for c in dict.fromkeys(cells) if c not in edits and allowed(c)]
    if not cells:
        return {}
    values = []
    for step in range(3):
        here = np.repeat(trace[row][np.newaxis], len(cells), axis=0)
        then = np.repeat(trace[after][np.newaxis], len(cells), axis=0)
        for m, (_, r, c) in enumerate(cells):
            if r == row:
                here[m, c] = (here[m, c] + step) % P
            if r == after:
                then[m, c] = (then[m, c] + step) % P
        outcome = board.evaluate(t, np.full(len(cells), row), here, then)
        values.append([int(x) for x in outcome.constraints[:, k]])
    found = {}
    for cell, zero, one, two in zip(cells, *values, strict=True):
        slope = (one - zero) % P
        if slope and (two - one - slope) % P == 0:
            found[cell] = (int(trace[cell[1], cell[2]]) - zero * pow(slope, -1, P)) % P
    return found


def repaired(
    board: Board,
    edits: Mapping[Cell, int],
    *,
    depth: int = 6,
    tries: int = 400,
    allowed: Callable[[Cell], bool] = lambda _: True,
) -> Edits | None:
    """Edits that contain the given ones and break nothing on the board (a mutant's), or None."""
    number = count()
    heap = [(0, next(number), dict(edits))]
    seen = set()
    for _ in range(tries):
        if not heap:
            return None
        _, _, state = heapq.heappop(heap)
        faults = broken_constraints(board, state)
        if not faults:
            if not board.broken(state):
                return state
            continue
        if len(state) >= len(edits) + depth:
            continue
        for fault in faults[:2]:
            for cell, value in solutions(board, state, fault, allowed).items():
                following = {**state, cell: value}
                key = frozenset(following.items())
                if key not in seen:
                    seen.add(key)
                    left = len(broken_constraints(board, following))
                    heapq.heappush(heap, (left, next(number), following))
    return None


def apply(forgery: Forgery, board: Board, edits: Mapping[Cell, int]) -> Forgery:
    """Write the edits into a forgery; its lookups are counted anew."""
    for (t, row, column), value in edits.items():
        forgery.traces[board.names[t]][row, column] = value % P
    forgery.recount()
    return forgery


def named(board: Board, edits: Mapping[Cell, int]) -> dict[str, int]:
    """Edits in readable form, small negative values as such."""
    return {
        f"{board.names[t]}[{row}].{board.tables[t]['columns'][column]}": value - P * (value > P // 2)
        for (t, row, column), value in edits.items()
    }


def cells_of(board: Board, table: str, row: int, values: Mapping[str, int]) -> Edits:
    """Edits of a row by column names."""
    t = board.names.index(table)
    row %= len(board.traces[t])
    return {(t, row, board.tables[t]["columns"].index(name)): value % P for name, value in values.items()}


def columns_only(board: Board, table: str, stems: Iterable[str]) -> Callable[[Cell], bool]:
    """Allow repairs in columns of one table whose names without number are among these."""
    t, wanted = board.names.index(table), set(stems)
    names = [name.rstrip("0123456789") for name in board.tables[t]["columns"]]
    return lambda cell: cell[0] == t and names[cell[2]] in wanted


def _edited(board: Board, t: int, edits: Mapping[Cell, int]) -> np.ndarray:
    trace = board.traces[t].copy()
    for (table, row, column), value in edits.items():
        if table == t:
            trace[row, column] = value % P
    return trace
