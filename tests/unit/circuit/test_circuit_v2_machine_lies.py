"""Every constraint of the machine has a lie that only it stops."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.support import machine_circuit as machine
from tests.support.machine_kinds import CODES
from tests.support.machine_lies import LIES, found
from tests.support.machine_lying import buy, page
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import P

TOLD = {**found(), **LIES}
IMPLIED = {"is_load_token_bit", "is_close_bit"}
"""That these flags are bits follows from others (ADR 0009)."""


def test_every_constraint_has_a_lie():
    (steps,) = (t for t in machine.description()["tables"] if t["name"] == "steps")
    assert {c["name"] for c in steps["constraints"]} == {*TOLD, *IMPLIED, "blind_on_bit"}


# A sixth here, and all of them in the audit: a lie takes a quarter of a second.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if k % 6 == 0 else pytest.mark.audit) for k, name in enumerate(sorted(TOLD))]
)
def test_a_lie_breaks_one_constraint_and_nothing_else(name):
    assert Board(TOLD[name](), machine.description()).verdict() == {f"steps.{name}"}


def test_the_checker_agrees():
    for name in ("send_code", "borrow_e3_bit", "entry_id"):
        made = TOLD[name]()
        broken = check(machine.description(), list(made.traces.values()), made.public)
        assert {(v.table, v.constraint) for v in broken} == {("steps", name)}


@cache
def board() -> Board:
    return Board(machine.run(page(buy())), machine.description())


def broken(pairs: list[tuple[dict[str, int], dict[str, int]]]) -> list[set[str]]:
    """Constraints that each pair of rows breaks on the first of them, with 0 in all other columns; by wallet."""
    columns = machine.description()["tables"][0]["columns"]
    here, then = (np.zeros((len(pairs), len(columns)), np.int64) for _ in range(2))
    for number, pair in enumerate(pairs):
        for cells, row in zip((here, then), pair, strict=True):
            for name, value in row.items():
                cells[number, columns.index(name)] = value % P
    values = board().evaluate(0, np.full(len(pairs), 3), here, then).constraints
    names = [c["name"] for c in board().tables[0]["constraints"]]
    return [{names[k] for k in np.flatnonzero(row)} for row in values]


def test_a_close_is_a_bit():
    """Where it is not 0, `emptied` is 1, so that it is 1 less what is taken. Only two things taken would make it -1."""
    flags = ("is_take", "is_out", "is_drop")
    rows = [
        dict(zip((*flags, "code_closes", "code_moves", "code_inward"), (*taken, *code), strict=True))
        | {"is_close": 1 - sum(taken), "emptied": 1, "phase": 1}
        for taken in product((0, 1), repeat=3)
        for code in CODES
    ]
    rules = {"take_code", "out_code", "drop_code", "emptied_where", "close_empties"}
    good = [row for row, faults in zip(rows, broken([(row, {}) for row in rows]), strict=True) if not rules & faults]
    assert [row for row in good if row["is_close"] not in (0, 1)] == [
        row for row in good if row["is_out"] * row["is_drop"]
    ]
    other = sorted({row["is_close"] for row in good})
    assert other == [-1, 0, 1]
    for row in good:  # the row behind such a one is two second halves, and whatever it closes, it is two things
        if row["is_close"] not in (0, 1):
            for taken, gone in product((0, 1), repeat=2):
                then = {"is_out": taken, "is_drop": gone, "is_close": 1 - taken - gone, "is_send": 1, "is_gone": 1}
                one = {"is_send": 1, "is_gone": 1}
                assert {"is_send_follows", "is_gone_follows"} & broken([(row, {})])[0]
                assert not {"is_send_follows", "is_gone_follows"} & broken([(row, then)])[0]
                assert all(
                    "one_kind" in faults for faults in broken([(then, {}), (one, {}), (then | {"is_close": 0}, {})])
                )


def test_a_load_of_a_token_is_a_bit():
    """The sum of flags is 0 or 1, and of its token's messages none is taken that was not sent: it is -1 with a send.

    Both are then one message, of the record's own number; and no token that is loaded has one (`loaded_older`).
    """
    others = [kind for kind in KINDS if kind != "load_token"]
    found = set()
    for flags in product((0, 1), repeat=len(others)):
        row = dict(zip(others, flags, strict=True))
        for load in (-sum(flags), 1 - sum(flags)):
            if load not in (0, 1) and load + row["send"] >= 0:
                found.add((load, row["send"]))
                assert sum(flags) in (1, 2)
    assert found == {(-1, 1)}
    for later in (1, 1 << 20):
        ages = [{"node_age0": age & 0x7FFF, "node_age1": age >> 15} for age in (0, 1, later, (1 << 30) - 1)]
        row = {"is_load_token": 1, "seq": 1000, "token_seq": 1000 + later}
        assert all("loaded_older" in faults for faults in broken([(row | age, {}) for age in ages]))


AROUND = ("load", "close_token", "open", "take", "out", "drop", "arrive", "send")


def without_bits() -> list[dict[str, int]]:
    """Flags of rows that do not skip, by wallet: what `IMPLIED` and the row before say of them is not asked for.

    A close is 0, or 1 less what is taken (`emptied_where`); a load of a token is what the sum of flags leaves.
    """
    found = []
    for flags in product((0, 1), repeat=len(AROUND) + 2):
        row = dict(zip((*AROUND, "settle", "gone"), flags, strict=True))
        if row["take"] * (row["out"] + row["drop"]):  # `one_code`
            continue
        for close, total in product({0, 1 - row["take"] - row["out"] - row["drop"]}, (0, 1)):
            found.append(row | {"close": close, "load_token": total - sum(flags) - close})
    return found


def test_neither_reason_needs_the_constraint_of_the_other():
    """Without both constraints a close is still a bit: behind one of -1 stand two second halves, and what makes them
    one row is a load of a token below zero, where no load can stand (`loads_first`).
    """
    rows = [{f"is_{kind}": n for kind, n in row.items()} for row in without_bits()]
    odd = [row for row in rows if row["is_close"] not in (0, 1)]
    assert odd
    assert all(row["is_out"] and row["is_drop"] for row in odd)
    behind = [row for row in rows if row["is_send"] and row["is_gone"] and not row["is_settle"]]
    faults = broken([(one, other) for one in odd for other in behind])
    halves = {"is_settle_follows", "is_send_follows", "is_gone_follows", "one_kind"}
    assert any(not halves & found for found in faults)
    assert all("loads_first" in found for found in faults if not halves & found)
