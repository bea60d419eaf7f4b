"""Constraints of the machine on the first row of its table: what would pass if they left it out.

As on the last row (`test_circuit_v2_last_row`): a mutant takes a lie there, or says nothing of what can stand there, or
what it says follows from others (`IMPLIED`, ADR 0009).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from tests.adversary.kit.local import RANGES, Board, numbers
from tests.support import machine_circuit as machine
from tests.support import machine_first_lies_flags
from tests.support.counts import count
from tests.support.machine_first_lies import FIRST
from tests.support.machine_full import first_rows
from tests.support.machine_kinds import RULES, left, under
from tests.support.machine_lies import LIES, found
from tests.support.machine_lying import page
from tests.support.mutants import columns_of
from tests.support.one_cell import OneCell
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import METHODS, P

assert machine_first_lies_flags  # its lies are registered
SAMPLES = 200
ADVICE = {
    ("above_", "below_"): ("load", "open"),
    ("held_at", "held_low", "result_at", "result_low", "result_high", "borrow_g"): (),
    ("since_", "until_"): ("skip", "open", "send"),
    ("remainder_", "carry"): ("open",),
    ("borrow_e",): ("send",),
}
"""Columns that nothing but their own constraints reads, and that these use on such rows alone: 0 on others."""
ZERO = {"late": (), "named": (), "found": ("open",), "declared": ("open",)}
"""Columns that other constraints make 0 on all first rows but these."""
IMPLIED = {"entry_id", "entry_next", *(f"entry_next_key{i}" for i in range(8))}
"""What they say there follows from others: only the first row takes the end of an empty list, and writes it again."""
FLAGS = ("is_load_bit", "is_load_token_bit", "is_close_bit", "close_empties")
"""Constraints of flags that ask for nothing on the first row."""
ELSEWHERE = (
    *(f"above_at{i}_bit" for i in range(1, 7)), *(f"key{i}" for i in range(8)),
    *(f"open_quantity{i}" for i in range(5)), *(f"open_value{i}" for i in range(3)),
    *(f"long{i}_opened" for i in range(3)), "day_opened", "seq_opened", "own_opened", "open_code", "open_sign",
    "entry_write", "found_value", "found_where", "trade_kind", "moves_long", "product3", "worked0",
)  # fmt: skip
"""Lies that break their constraint on the first row alone, though they are told of any."""


@cache
def runs():
    return first_rows()


@cache
def steps():
    return machine.description()["tables"][0]


def broken_on(name: str, board: Board) -> list[int]:
    (node,) = (c["node"] for c in steps()["constraints"] if c["name"] == name)
    return np.flatnonzero(board.nodes(0)[node]).tolist()


def test_the_honest_runs_are_honest():
    for what, made in runs().items():
        assert Board(made, machine.description()).verdict() == set(), what
        first = dict(zip(steps()["columns"], made.cells()[0].tolist(), strict=True))
        assert [kind for kind in KINDS if first[f"is_{kind}"]] == ([what.split()[0]] if what != "idle" else [])
        assert (first["first"], first["more"], first["emptied"]) == (int(what.split()[0] in BEGINS), 0, 0)


BEGINS = ("skip", "open", "send")


# A sixth here, and all of them in the audit: a lie takes a quarter of a second.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if k % 6 == 0 else pytest.mark.audit) for k, name in enumerate(sorted(FIRST))]
)
def test_a_lie_breaks_one_constraint_on_the_first_row_alone(name):
    board = Board(FIRST[name](), machine.description())
    assert board.verdict() == {f"steps.{name}"}
    assert broken_on(name, board) == [0]


@pytest.mark.audit
@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_lie_told_of_any_row_is_about_the_first(name):
    assert broken_on(name, Board({**found(), **LIES}[name](), machine.description())) == [0]


def settings(what: str) -> dict[str, int]:
    """What stands on a first row of a kind, whatever else does: flags, and columns that are 0 or may be."""
    what = what.split(maxsplit=1)[0]
    values = {f"is_{kind}": int(kind == what) for kind in KINDS} | {"more": 0, "emptied": 0, "clk": 1}
    values["first"] = int(what in BEGINS)
    for stems, used in ADVICE.items():
        values |= {name: 0 for name in steps()["columns"] if name.startswith(stems) and what not in used}
    return values | {name: 0 for name, used in ZERO.items() if what not in used}


def on_first_rows(what: str, values: dict[str, int], board: Board | None = None) -> set[str]:
    """Constraints of all rows that some first row breaks which has these values, and anything else elsewhere."""
    rng, columns = np.random.default_rng(1), steps()["columns"]
    here, then = (rng.integers(0, P, (SAMPLES, len(columns))) for _ in range(2))
    for name, value in values.items():
        here[:, columns.index(name)] = value
    board = board or Board(runs()[what], machine.description())
    outcome = board.evaluate(0, np.zeros(SAMPLES, np.int64), here, then)
    broken = outcome.constraints.any(axis=0)
    return {c["name"] for c, b in zip(steps()["constraints"], broken, strict=True) if b and c["where"] == "all"}


@cache
def speaks() -> set[str]:
    """Constraints that say something of some first row."""
    return {name for what in runs() for name in on_first_rows(what, settings(what))}


@pytest.mark.audit
def test_what_a_mutant_without_the_first_row_takes():
    every = {c["name"] for c in steps()["constraints"] if c["where"] == "all"}
    loud = speaks()
    cells = OneCell(machine.description(), "steps", runs(), {"post"})
    cells.rows = lambda board, kinds, each: [0, 1]
    killed = {steps()["constraints"][t.broken]["name"] for t in cells.lies(()) if cells.only_on(t, "first")} & every
    killed |= FIRST.keys() | {*ELSEWHERE}
    count("constraints of the machine broken on the first row alone", len(killed))
    count("constraints of the machine that say nothing on the first row", len(every - loud - killed))
    assert loud - killed == IMPLIED
    assert {*RULES} & every - {*FLAGS} <= killed


@pytest.mark.parametrize("wallet", [0, 1])
@pytest.mark.parametrize("method", METHODS)
def test_no_method_speaks_of_more(method, wallet):
    """Coins without a lot are sent first under universal pooling alone."""
    spoken = speaks()
    for what, made in runs().items():
        if not (wallet and what == "send"):
            assert on_first_rows(what, settings(what), under(made, method, wallet)) <= spoken


def test_what_reads_columns_of_a_comparison_is_silent_where_they_are_0():
    reads = {c["name"]: columns_of(steps(), c["node"]) for c in steps()["constraints"] if c["where"] == "all"}
    for what in runs():
        spoken = on_first_rows(what, settings(what))
        for stems, used in ADVICE.items():
            for name in spoken if what.split(maxsplit=1)[0] not in used else ():
                assert not [column for column in reads[name] if column.startswith(stems)], (what, name)


def test_columns_of_one_comparison_are_read_by_nothing_else():
    """What a mutant takes with anything in them it takes with zeros, and so does the circuit."""
    rng, columns = np.random.default_rng(2), steps()["columns"]
    for what, made in runs().items():
        board = Board(made, machine.description())
        for stems, used in ADVICE.items():
            if what.split()[0] in used:
                continue
            own = [columns.index(name) for name in columns if name.startswith(stems)]
            first, second = (made.cells()[[row] * SAMPLES].astype(np.int64) for row in (0, 1))
            zeros, other = first.copy(), first.copy()
            zeros[:, own], other[:, own] = 0, rng.integers(0, P, (SAMPLES, len(own)))
            was, now = (board.evaluate(0, np.zeros(SAMPLES, np.int64), here, second) for here in (zeros, other))
            assert not was.constraints.any()
            assert (was.mult == now.mult).all()
            for act, before, after in zip(numbers(steps()), was.messages, now.messages, strict=True):
                assert board.buses[act["bus"] - 1] in RANGES or (before == after).all()


@pytest.mark.parametrize("without", ["", *FLAGS])
@pytest.mark.parametrize("pooling", ["wallet", "universal"])
def test_no_other_kind_of_row_stands_first(without, pooling):
    """Neither in the circuit nor where a constraint of flags leaves it out."""
    board = Board(machine.run(page(pooling=pooling)), machine.description())
    assert left(board, without, int(pooling == "wallet"), last=False) == []


Link = tuple[int, int]  # the entry it leads to, and its key
Links = dict[int, Link]
END = (0, 9)


def later(head: Link, entries: Links, contents: frozenset[int], clock: int, rows: int) -> Iterator[bool]:
    """Whether some rows behind the first, each an insertion or a removal, leave the empty list as it was."""
    yield not entries and not contents and head == END
    if not rows:
        return
    for pred, link in {0: head, **entries}.items():
        put = {**entries, clock: link} | ({pred: (clock, clock)} if pred else {})
        yield from later(head if pred else (clock, clock), put, contents | {clock}, clock + 1, rows - 1)
        number = link[0]
        if number in entries and number in contents and pred != number:
            after = entries[number]
            kept = {n: leads for n, leads in entries.items() if n != number} | ({pred: after} if pred else {})
            yield from later(head if pred else after, kept, contents - {number}, clock + 1, rows - 1)


def test_the_end_of_a_list_is_written_on_the_first_row_or_never():
    """Of links (entry, key): with the honest one five rows behind it empty the list, with another none do."""
    first = (1, 1)
    assert any(later(first, {1: END}, frozenset({1}), 2, 5))
    for leads in (1, 2, 3, 7):
        assert not any(later(first, {1: (leads, END[1])}, frozenset({1}), 2, 5)), "entry_next"
    assert not any(later(first, {1: (0, 8)}, frozenset({1}), 2, 5)), "entry_next_key"
    for number in (2, 3, 7):
        assert not any(later(first, {number: END}, frozenset({number}), 2, 5)), "entry_id"
