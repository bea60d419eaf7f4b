"""Constraints of the machine on the last row of its table: what would pass if they spoke of transitions alone.

Most hold on all rows, cyclically. A mutant that leaves out the last row takes a lie there; or says nothing there
anyway, whatever else stands on it; or what it says there follows from others (`IMPLIED`, ADR 0009).
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise, permutations

import numpy as np
import pytest

from tests.adversary.kit.local import RANGES, Board, numbers
from tests.support import machine_circuit as machine
from tests.support import machine_last_lies_flags, machine_last_lies_moves
from tests.support.counts import count
from tests.support.machine_full import full_tables
from tests.support.machine_kinds import RULES, left, under
from tests.support.machine_last_lies import LAST
from tests.support.mutants import columns_of
from tests.support.one_cell import OneCell
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import METHODS, P

assert all((machine_last_lies_flags, machine_last_lies_moves))  # their lies are registered
SAMPLES = 200
ADVICE = {
    ("above_", "below_", "held_at", "held_low", "result_at", "result_low", "result_high", "order_"): (),
    ("since_", "until_"): ("skip", "arrive"),
    ("remainder_", "carry", "borrow_g"): ("settle",),
    ("borrow_e",): ("settle", "gone", "arrive"),
}
"""Columns that nothing but their own constraints reads, and that these use on such rows alone: 0 on others."""
ZERO = {"late": ("arrive",), "named": ("arrive", "close_token"), "found": (), "declared": ()}
"""Columns that other constraints make 0 on all last rows but these; each of those has a lie of its own."""
IMPLIED = {"entry_linked", "head"}
"""What they say there follows from others: the list that is closed there has one entry."""


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
        assert last["first"] == int(what in ("skip", "arrive"))


# A sixth here, and all of them in the audit: a lie takes a quarter of a second.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if k % 6 == 0 else pytest.mark.audit) for k, name in enumerate(sorted(LAST))]
)
def test_a_lie_breaks_one_constraint_on_the_last_row_alone(name):
    board = Board(LAST[name](), machine.description())
    assert board.verdict() == {f"steps.{name}"}
    (node,) = (c["node"] for c in steps()["constraints"] if c["name"] == name)
    rows = np.flatnonzero(board.nodes(0)[node])
    assert rows.tolist() == [len(board.traces[0]) - 1]


def settings(what: str) -> dict[str, int]:
    """What stands on a last row of a kind, whatever else does: flags, and columns that are 0 or may be."""
    values = {f"is_{kind}": int(kind == what) for kind in KINDS} | {"more": 0, "emptied": int(what == "close")}
    if what != "arrive":  # where a deposit goes on, its last part is not the first one
        values["first"] = int(what == "skip")
    for stems, used in ADVICE.items():
        values |= {name: 0 for name in steps()["columns"] if name.startswith(stems) and what not in used}
    return values | {name: 0 for name, used in ZERO.items() if what not in used}


def on_last_rows(what: str, values: dict[str, int], board: Board | None = None) -> set[str]:
    """Constraints of all rows that some last row breaks which has these values, and anything else elsewhere."""
    rng, columns, made = np.random.default_rng(1), steps()["columns"], runs()[what]
    here, then = (rng.integers(0, P, (SAMPLES, len(columns))) for _ in range(2))
    for name, value in values.items():
        here[:, columns.index(name)] = value
    board = board or Board(made, machine.description())
    outcome = board.evaluate(0, np.full(SAMPLES, len(made.cells()) - 1), here, then)
    broken = outcome.constraints.any(axis=0)
    return {c["name"] for c, b in zip(steps()["constraints"], broken, strict=True) if b and c["where"] == "all"}


@cache
def speaks() -> set[str]:
    """Constraints that say something of some last row."""
    return {name for what in runs() for name in on_last_rows(what, settings(what))}


def lied_about() -> set[str]:
    """Constraints that a change of one cell breaks on the last row alone, and nothing else."""
    cells = OneCell(machine.description(), "steps", runs(), {"post"})
    cells.rows = lambda board, kinds, each: [0, len(board.traces[0]) - 1]  # row 0 is what the last one reads
    return {steps()["constraints"][t.broken]["name"] for t in cells.lies(()) if cells.only_on(t, "last")}


@pytest.mark.audit
def test_what_a_mutant_without_the_last_row_takes():
    every = {c["name"] for c in steps()["constraints"] if c["where"] == "all"}
    loud, killed = speaks(), lied_about() | LAST.keys()
    count("constraints of the machine on all rows", len(every))
    count("of these broken on the last row alone", len(killed))
    count("of these such that say nothing on the last row", len(every - loud - killed))
    assert loud - killed == IMPLIED


@pytest.mark.parametrize("wallet", [0, 1])
@pytest.mark.parametrize("method", METHODS)
def test_no_method_speaks_of_more(method, wallet):
    """Coins without a lot arrive last under universal pooling alone."""
    spoken = speaks()
    for what, made in runs().items():
        if not (wallet and what == "arrive"):
            assert on_last_rows(what, settings(what), under(made, method, wallet)) <= spoken


def test_what_reads_columns_of_a_comparison_is_silent_where_they_are_0():
    reads = {c["name"]: columns_of(steps(), c["node"]) for c in steps()["constraints"] if c["where"] == "all"}
    for what in runs():
        spoken = on_last_rows(what, settings(what))
        for stems, used in ADVICE.items():
            for name in spoken if what not in used else ():
                assert not [column for column in reads[name] if column.startswith(stems)], (what, name)


def test_columns_of_one_comparison_are_read_by_nothing_else():
    """What a mutant takes with anything in them it takes with zeros, and so does the circuit."""
    rng, columns = np.random.default_rng(2), steps()["columns"]
    for what, made in runs().items():
        board = Board(made, machine.description())
        for stems, used in ADVICE.items():
            if what in used:
                continue
            own = [columns.index(name) for name in columns if name.startswith(stems)]
            last, first = (made.cells()[[row] * SAMPLES].astype(np.int64) for row in (-1, 0))
            zeros, other = last.copy(), last.copy()
            zeros[:, own], other[:, own] = 0, rng.integers(0, P, (SAMPLES, len(own)))
            row = np.full(SAMPLES, len(made.cells()) - 1)
            was, now = (board.evaluate(0, row, here, first) for here in (zeros, other))
            assert not was.constraints.any()
            assert (was.mult == now.mult).all()
            for act, before, after in zip(numbers(steps()), was.messages, now.messages, strict=True):
                assert board.buses[act["bus"] - 1] in RANGES or (before == after).all()


def test_flags_are_0_where_nothing_arrives():
    """Late is what is worked at its withdrawal's time, and says that it is an arrival by that."""
    times = {"time0": 1, "time1": 2, "time2": 3, "shift0": 0, "shift1": 0, "worked0": 1, "worked1": 2}
    instant = times | {"past0": 1, "past1": 2, "past2": 3}
    for what in runs().keys() - ZERO["named"]:
        assert "named_where" in on_last_rows(what, settings(what) | {"named": 7})
    for what in runs().keys() - ZERO["late"]:
        assert {"late_low", "late_high"} <= on_last_rows(what, settings(what) | times | {"late": 7})
        assert "apart" in on_last_rows(what, settings(what) | instant | {"late": 7})


def test_no_deposit_opens_on_the_last_row():
    """Nothing opens there, so that found is -declared; were they not 0, one kind would be two."""
    for what in runs():
        assert "found_where" in on_last_rows(what, settings(what) | {"found": 5, "declared": 3})
        for kind in (62, 5, 15, 28, 7):
            values = settings(what) | {"found": 3, "declared": -3, "class_kind": kind}
            assert {"kind_found", "kind_declared"} & on_last_rows(what, values), (what, kind)


def test_the_last_close_takes_the_only_entry_from_the_head():
    """Tokens of a list are (entry, next). The last row takes two and writes one, and the empty list must be left."""
    for entries in range(4):
        path = [*range(entries + 1), 0]  # head, entries; behind the last one comes nothing
        alive = list(pairwise(path))
        for (pred, pred_next), (node, node_next) in permutations(alive, 2):
            left = [token for token in alive if token not in ((pred, pred_next), (node, node_next))]
            if sorted([*left, (pred, node_next)]) == [(0, 0)]:
                assert (pred, node) == (0, pred_next)
                assert entries == 1


FLAGS = sorted({*RULES} - {"ends_whole"} - LAST.keys())
"""Constraints of flags that ask for nothing on the last row."""


@pytest.mark.parametrize("without", ["", *FLAGS])
@pytest.mark.parametrize("what", ["settle", "arrive"])
def test_no_other_kind_of_row_stands_last(without, what):
    """By wallet, and universal pooling: neither in the circuit nor where a constraint of flags leaves it out."""
    board = Board(runs()[what], machine.description())
    assert left(board, without, int(what == "settle"), last=True) == []


@pytest.mark.audit
def test_other_constraints_of_flags_are_asked_for():
    found = {name for name in {*RULES} & LAST.keys() for w, what in enumerate(("arrive", "settle"))
             if left(Board(runs()[what], machine.description()), name, w, last=True)}  # fmt: skip
    assert found == {*RULES} & LAST.keys() - {"one_code"}
