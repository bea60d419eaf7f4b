"""Dishonest witnesses: padding that sends, a tampered range table, `more` where there is nothing more, an open ring."""

from __future__ import annotations

import pytest

from tests.adversary.kit.forge import Forgery
from tests.adversary.witness.lies.registry import run
from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS

ROWS = [
    trade("2024-01-01", "a/1", "buy", 2, 100),
    trade("2024-02-01", "a/2", "sell", 1, 300),
]


def padded(table: str, **cells: int) -> Forgery:
    """An idle row of a table says something."""
    forged = run(ROWS, idle=4)
    sheet = forged.sheet(table)
    sheet.set(len(sheet.cells[0]) - 2, **cells)
    if table != "range":
        forged.recount()
    return forged


@pytest.mark.parametrize(
    ("table", "cells", "broken"),
    [
        ("steps", {"first": 1}, {"steps.first_next", "bus record"}),
        ("steps", {"emptied": 1}, {"steps.emptied_where", "bus link"}),
        ("steps", {"is_close": 1}, {"steps.idle_last", "bus lot"}),
        ("steps", {"is_open": 1}, {"steps.idle_last", "bus content"}),
        ("steps", {"is_load": 1}, {"steps.loads_first", "bus lot"}),
        ("steps", {"is_take": 1}, {"steps.take_settles", "bus content"}),
        ("steps", {"weight": 1}, {"steps.weight"}),
        ("steps", {"bucket_weight1": 1}, {"steps.bucket_weight1_class"}),
        ("steps", {"q0": 7, "bucket_weight2": 1}, {"steps.bucket_weight2_class", "tally 16"}),
        ("poseidon", {"is_record": 1}, {"bus record", "bus node"}),
        ("poseidon", {"is_lot_a": 1}, {"poseidon.lot_pair", "bus lot"}),
        ("poseidon", {"is_lot_b": 1}, {"poseidon.lot_pair", "bus node"}),
        ("poseidon", {"is_node": 1}, {"poseidon.is_node_tag", "bus node"}),
        ("poseidon", {"no_left": 1}, {"poseidon.no_left_node", "bus node"}),
        ("pools", {"active": 1}, {"pools.active_once", "pools.order_marked"}),
        ("sources", {"active": 1}, {"bus listed"}),
        ("calendar", {"count": 1}, {"bus calendar"}),
        ("totals", {"position0": 1, "bucket0": 1}, {"bus total", "totals.position_step"}),
        ("range", {"active": 1, "pair_count0": 1}, {"range.active_once", "bus bytes"}),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else None,
)
def test_padding_that_sends(table, cells, broken):
    assert padded(table, **cells).broken() >= broken


def test_padding_counts_nothing():
    """An idle row of sources or calendar may carry any number: nobody receives it."""
    assert padded("sources", count=5, number=9).broken() == set()
    assert padded("range", pair_count3=5).broken() == set()


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (RANGE_ROWS - 1, {"lo": 256}),
        (RANGE_ROWS, {"active": 1, "hi": 256, "lo": 0, "row": RANGE_ROWS}),
        (17, {"hi": 300}),
        (17, {"row": 2**15}),
        (17, {"active": 0}),
        (31, {"wrap": 0}),
    ],
)
def test_a_range_table_that_offers_more(row, cells):
    """A byte of 256 or a limb of 2^15 cannot be put on offer: the counters are pinned at both ends and in between."""
    forged = run(ROWS, idle=4)
    forged.sheet("range").set(row, **cells)
    assert any(name.startswith("range.") for name in forged.broken())


def test_a_range_multiplicity_cannot_wrap():
    """p copies of a false value would be none, and p - 1 of them one too few: counts are sums in the field."""
    forged = run(ROWS)
    table = forged.sheet("range")
    table.set(0, pair_count0=int(table["pair_count0"][0]) - 1)
    assert forged.broken() == {"bus bytes"}
    table.set(0, pair_count0=int(table["pair_count0"][0]) + P)
    assert forged.broken() == {"bus bytes"}


@pytest.mark.parametrize("table", [t["name"] for t in statement.description()["tables"]])
@pytest.mark.parametrize("cells", [{"blind_out": 5}, {"blind_in": 5}, {"blind_on": 0}], ids=lambda c: next(iter(c)))
def test_the_blinding_ring_must_close(table, cells):
    forged = run(ROWS)
    forged.sheet(table).set(3, **cells)
    assert forged.broken() == {"bus blind"}


def test_the_ring_says_nothing_else():
    """Whatever is random in it, the statement is the same."""
    forged = run(ROWS)
    names = [t["name"] for t in statement.description()["tables"]]
    for i, name in enumerate(names):
        forged.sheet(name).set(3, blind_out=i)
        forged.sheet(names[(i + 1) % len(names)]).set(3, blind_in=i)
    assert forged.broken() == set()


@pytest.mark.parametrize(("row", "broken"), [(0, "steps.more_where"), (1, "steps.more_where"), (2, "steps.more_take")])
def test_more_is_said_where_there_is_nothing_more(row, broken):
    forged = run(ROWS)
    forged.sheet("steps").set(row, more=1)
    assert broken in forged.broken()


def test_more_is_not_said_where_a_trade_goes_on():
    """The second part of a disposal then begins a trade of its own, which is no record's."""
    forged = run([ROWS[0], trade("2024-01-02", "a/3", "buy", 2, 100), trade("2024-02-01", "a/2", "sell", 3, 300)])
    sheet = forged.sheet("steps")
    (row,) = [r for r in sheet.rows("is_settle") if sheet["more"][r]]
    sheet.set(row, more=0)
    assert forged.broken() >= {"steps.used_up", "steps.first_next"}
    sheet.set(row + 1, first=1)
    assert forged.broken() >= {"steps.used_up", "steps.seq_step", "bus record", "bus calendar"}


def test_a_source_that_is_not_listed():
    forged = run(ROWS)
    forged.sheet("sources").set(0, code0=7)
    assert forged.broken() == {"bus listed", "bus source"}
