"""Constraints of the machine on the last row of its table: what would pass if they spoke of transitions alone.

Most hold on all rows, cyclically. A mutant that leaves out the last row takes a lie there; or says nothing there
anyway, whatever else stands on it. Of the rest neither is shown (`LEFT`): their lies are told on other rows.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.support import machine_circuit as machine
from tests.support.counts import count
from tests.support.machine_full import full_tables
from tests.support.one_cell import OneCell
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import P

SAMPLES = 200
ADVICE = {
    ("above_", "below_", "held_at", "held_low", "result_at", "result_low", "result_high", "order_"): (),
    ("since_", "until_"): ("skip", "arrive"),
    ("remainder_", "carry", "borrow_g"): ("settle",),
    ("borrow_e",): ("settle", "gone", "arrive"),
    ("late",): ("arrive",),
    ("named",): ("arrive", "close_token"),
}
"""Columns that nothing but their own constraints reads, and that these use on such rows alone: 0 on others."""
LEFT = {
    "arrive_code": 1, "blind_on_bit": 1, "borrow_e_bit": 6, "borrow_g_bit": 3, "close_time": 2, "day_declared": 1,
    "day_opened": 1, "entry_linked": 1, "found_value": 1, "found_where": 1, "head": 1, "income_kind": 1,
    "kind_declared": 1, "kind_found": 1, "kind_gone": 1, "last_arrives": 1, "late_high": 1, "late_low": 1,
    "long_opened": 3, "moves_long": 1, "named_ref": 2, "named_where": 1, "one_code": 1, "open_quantity": 5,
    "open_sign": 1, "open_value": 3, "part_start": 1, "product": 14, "quantity_rest": 7, "reach_high": 1,
    "reach_low": 1, "remainder_at_bit": 5, "remainder_equal": 4, "remainder_marked": 1, "shift_where": 1,
    "since_at_bit": 3, "since_equal": 3, "since_marked": 1, "skip_page": 1, "skip_phase": 1, "stale_ref": 2,
    "trade_kind": 1, "two_refs": 3, "until_at_bit": 3, "until_equal": 2, "until_marked": 1, "used_up": 1,
    "work_in_time": 1, "worked": 1,
}  # fmt: skip
"""By the name without its number, how many."""


@cache
def runs():
    return full_tables()


@cache
def steps():
    return machine.description()["tables"][0]


def test_the_honest_runs_are_honest():
    for what, made in runs().items():
        assert Board(made, machine.description()).verdict() == set(), what
        last = dict(zip(steps()["columns"], made.cells()[-1].tolist(), strict=True))
        assert [kind for kind in KINDS if last[f"is_{kind}"]] == ([what] if what != "idle" else [])


def speaks() -> set[str]:
    """Constraints of all rows that some last row breaks, with anything in the columns that its kind leaves open."""
    rng, columns, found = np.random.default_rng(1), steps()["columns"], set()
    for what, made in runs().items():
        board = Board(made, machine.description())
        here, then = (rng.integers(0, P, (SAMPLES, len(columns))) for _ in range(2))
        values = {f"is_{kind}": int(kind == what) for kind in KINDS} | {"more": 0, "emptied": int(what == "close")}
        for stems, used in ADVICE.items():
            values |= {name: 0 for name in columns if name.startswith(stems) and what not in used}
        for name, value in values.items():
            here[:, columns.index(name)] = value
        outcome = board.evaluate(0, np.full(SAMPLES, len(made.cells()) - 1), here, then)
        broken = outcome.constraints.any(axis=0)
        found |= {c["name"] for c, b in zip(steps()["constraints"], broken, strict=True) if b and c["where"] == "all"}
    return found


def lied_about() -> set[str]:
    """Constraints that a change of one cell breaks on the last row alone, and nothing else."""
    cells = OneCell(machine.description(), "steps", runs(), {"post"})
    cells.rows = lambda board, kinds, each: [0, len(board.traces[0]) - 1]  # row 0 is what the last one reads
    return {steps()["constraints"][t.broken]["name"] for t in cells.lies(()) if cells.only_on(t, "last")}


@pytest.mark.audit
def test_what_a_mutant_without_the_last_row_takes():
    every = {c["name"] for c in steps()["constraints"] if c["where"] == "all"}
    loud, killed = speaks(), lied_about()
    count("constraints of the machine on all rows", len(every))
    count("of these such that say nothing on the last row", len(every - loud))
    count("of these broken on the last row alone", len(loud & killed))
    assert Counter(re.sub(r"\d+", "", name) for name in loud - killed) == LEFT
