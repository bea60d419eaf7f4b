"""Constraints of the machine from row to row, if they left out the first step, or the last one.

As on the first and last row: a mutant takes a lie there, or nothing can stand there of which it speaks (ADR 0009).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.support import machine_circuit as machine
from tests.support.counts import count
from tests.support.machine_full import first_rows, full_tables
from tests.support.machine_lies import LIES
from tests.support.machine_lying import page
from tests.support.machine_step_lies import STEPS
from tests.support.one_cell import OneCell
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import P

ELSEWHERE = ("loads_first", "is_send_follows", "closing_start")
"""Lies that break their constraint on the first step alone, though they are told of any."""
SILENT = {
    "first": {
        *("closes_last", "more_is_settle", "more_is_gone", "more_is_arrive"),
        *("part_step", "part_follows", "one_withdrawal"),
    },
    "last": {"part_step"},
}
"""Nothing is closed or arrives on the first row, and no part ends there; nothing is moved on the last one."""
ARGUED = {"more_is_send"}
"""What is sent behind the first row, or to the last one, cannot go on with anything else either."""


@cache
def described():
    return machine.description()["tables"][0]


def transitions() -> dict[str, int]:
    return {c["name"]: c["node"] for c in described()["constraints"] if c["where"] == "transition"}


def broken_on(name: str, board: Board) -> list[int]:
    rows = np.flatnonzero(board.nodes(0)[transitions()[name]])
    return [row for row in rows.tolist() if row < len(board.traces[0]) - 1]


@pytest.mark.parametrize(("which", "name"), [(which, name) for which, lies in STEPS.items() for name in sorted(lies)])
def test_a_lie_breaks_one_constraint_on_that_step_alone(which, name):
    board = Board(STEPS[which][name](), machine.description())
    assert board.verdict() == {f"steps.{name}"}
    assert broken_on(name, board) == [0 if which == "first" else len(board.traces[0]) - 2]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_lie_told_of_any_step_is_about_the_first(name):
    assert broken_on(name, Board(LIES[name](), machine.description())) == [0]


def by_one_cell(which: str) -> set[str]:
    """Constraints that a change of one cell breaks on that step alone, and nothing else."""
    runs = first_rows() if which == "first" else full_tables()
    cells = OneCell(machine.description(), "steps", runs, {"post"})
    step = {"first": (0, 1), "last": (-2, -1)}[which]
    cells.rows = lambda board, kinds, each: [row % len(board.traces[0]) for row in step]
    found = set()
    for trial in cells.lies(()):
        constraint = described()["constraints"][trial.broken]
        height = len(cells.boards[trial.run].traces[0])
        good = np.full(len(trial.edits), constraint["where"] == "transition")
        for rows, values in zip(trial.places, trial.values, strict=True):
            good &= (values[constraint["node"]] == 0) | np.isin(rows, (step[0] % height, height - 1))
        if good.any():
            found.add(constraint["name"])
    return found


@pytest.mark.audit
@pytest.mark.parametrize("which", ["first", "last"])
def test_what_a_mutant_without_the_step_takes(which):
    killed = by_one_cell(which) | STEPS[which].keys() | ({*ELSEWHERE} if which == "first" else set())
    count(f"constraints of the machine broken on the {which} step alone", len(killed))
    assert transitions().keys() - killed == SILENT[which] | ARGUED


def broken(which: str, here: dict[str, int], then: dict[str, int]) -> set[str]:
    """Constraints that two rows of the step break, with anything in all other columns."""
    rng, columns = np.random.default_rng(1), described()["columns"]
    rows = [rng.integers(0, P, (50, len(columns))) for _ in range(2)]
    for cells, values in zip(rows, (here, then), strict=True):
        for name, value in values.items():
            cells[:, columns.index(name)] = value
    board = Board(machine.run(page(pooling="universal")), machine.description())
    at = np.zeros(50, np.int64) if which == "first" else np.full(50, len(board.traces[0]) - 2)
    values = board.evaluate(0, at, *rows).constraints.any(axis=0)
    return {c["name"] for c, b in zip(described()["constraints"], values, strict=True) if b}


def of_kind(kind: str) -> dict[str, int]:
    return {f"is_{name}": int(name == kind) for name in KINDS}


@pytest.mark.parametrize("kind", ["load", "load_token", "skip", "open", "send", "idle"])
def test_what_can_stand_first_is_not_spoken_of(kind):
    """By universal pooling nothing goes out of a lot (`out_code`)."""
    more = {"more": 1} if kind == "send" else {"more": 0}
    assert not SILENT["first"] & broken("first", of_kind(kind) | more, {"is_out": 0})
    assert not SILENT["last"] & broken("last", of_kind(kind), {"is_out": 0})


def test_what_is_sent_first_goes_on_with_nothing():
    """Behind it a record of its code and phase could only give coins away, and there is no lot to give."""
    code = {"code_closes": 0, "code_moves": 1, "code_inward": 0}
    for phase in (0, 1):
        held = code | {"phase": phase}
        for kind, stops in {
            "open": "open_code",
            "take": "take_code",
            "arrive": "arrive_code",
            "skip": "skip_phase",
        }.items():
            assert stops in broken("last", of_kind(kind) | held, {})
    for kind, stops in {"settle": "is_settle_follows", "gone": "is_gone_follows", "load": "loads_first"}.items():
        assert stops in broken("first", of_kind("send"), of_kind(kind))
