"""A run whose range table answers what is asked of it, as far as it offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tests.adversary.kit.local import RANGES, Board
from zkharvest.circuit.expr import P

Run = Any
"""A dataclass with `traces` by table, and `public`."""


def settled(run: Run, description: Mapping[str, Any]) -> Run:
    """The range table's multiplicities are such that its buses balance under `description`, as far as it offers."""
    names = [t["name"] for t in description["tables"]]
    t = names.index("range")
    table = description["tables"][t]
    counts = [c for c, name in enumerate(table["columns"]) if "_count" in name]
    trace = run.traces["range"].copy()
    trace[:, counts] = 0
    run = replace(run, traces={**run.traces, "range": trace})
    missing = Board(run, description).imbalance()
    trial = trace.copy()
    trial[:, counts] = 1
    board = Board(replace(run, traces={**run.traces, "range": trial}), description)
    offers = board.outcome(t, np.arange(len(trial)))
    for i, act in enumerate(table["interactions"]):
        bus = description["buses"][act["bus"] - 1]["name"]
        factors = table["nodes"][act["mult"]]
        if bus not in RANGES or factors[0] != "mul":
            continue
        column = next(table["nodes"][f][1] for f in factors[1:] if table["nodes"][f][1] in counts)
        place = {tuple(m): r for r, m in reversed(list(enumerate(offers.messages[i].tolist()))) if offers.mult[r, i]}
        for message in [m for m, n in missing[bus].items() if n % P and m in place]:
            row = place[message]
            trace[row, column] = -missing[bus].pop(message) * pow(int(offers.mult[row, i]), -1, P) % P
    return run
