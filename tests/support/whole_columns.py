"""Runs in which one column is another on all rows: one constant, or its own cells a row further down or up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.adversary.kit.local import RANGES
from tests.support.one_cell import OneCell, applies
from zkharvest.spec import P

RANDOM = 1_234_567_890
CONSTANTS = {"0": 0, "1": 1, "-1": P - 1, "random": RANDOM}
SHIFTS = {"down": 1, "up": -1}


def variants(cells: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """By what is done to it, the column; only where it differs from what it was."""
    for name, value in CONSTANTS.items():
        if (cells != value).any():
            yield name, np.full_like(cells, value)
    for name, by in SHIFTS.items():
        if (np.roll(cells, by) != cells).any():
            yield name, np.roll(cells, by)


def broken(cells: OneCell, run: str, column: str, values: np.ndarray) -> set[str]:
    """What a run breaks in which a column holds these values. Of the range buses a message may change in range."""
    board, (constraints, acts, nodes) = cells.boards[run], cells.read_by[column]
    trace = board.traces[cells.t].copy()
    trace[:, cells.columns.index(column)] = values
    rows, height = np.arange(len(trace)), len(trace)
    now = board.values(cells.t, rows, trace, np.roll(trace, -1, axis=0), nodes)
    found = set()
    for k in constraints:
        c = cells.table["constraints"][k]
        if ((now[c["node"]] != 0) & applies(c["where"], rows, height)).any():
            found.add(c["name"])
    balance: dict[str, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for i in acts:
        act = cells.acts[i]
        for sign, v in ((-1, cells.honest[run]), (1, now)):
            count_messages(balance[cells.buses[act["bus"] - 1]], act, v, sign * act["sign"])
    for bus, messages in balance.items():
        if imbalanced(cells.table["name"], bus, messages):
            found.add(f"bus {bus}")
    return found


def count_messages(count: Counter[tuple[int, ...]], act: dict[str, Any], v: list[np.ndarray], sign: int) -> None:
    """Add what an interaction says on all rows to a bus; a weight's slot is part of its message."""
    rows = np.flatnonzero(v[act["mult"]])
    messages = np.stack([v[m][rows] for m in act["message"]], axis=1).tolist()
    for message, mult in zip(messages, v[act["mult"]][rows].tolist(), strict=True):
        count[(*message, *act["slot"])] += sign * mult


def imbalanced(table: str, bus: str, messages: Counter[tuple[int, ...]]) -> bool:
    """Whether a bus that was balanced is so no longer; what the range table offers is looked up as often as may be."""
    left = [m for m, number in messages.items() if number % P]
    if bus in RANGES and table != "range":
        left = [m for m in left if any(x >= RANGES[bus] for x in m)]
    return bool(left)
