"""Every cell of a used row is tied to something: another value there breaks a constraint, a bus or a tally.

Which columns are free on which rows is listed; a column that becomes free, or ceases to be, is a change of the circuit
that someone must mean.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.adversary.kit.forge import KINDS
from tests.adversary.kit.local import Board
from tests.adversary.witness.lies.cells import CARRIED, LEDGER
from tests.adversary.witness.lies.registry import run
from tests.support import statement
from tests.support.counts import count
from tests.support.make import trade
from zkharvest.circuit.expr import P

DAY = "day_start day_end day_long"  # looked up on the first row of a trade only
LINKED = "key node_next node_next_key node_write"  # read where an entry comes or goes
LIST = f"{LINKED} pred pred_write pred_key pred_next pred_next_key node unit lot_seq long_from"  # no list is touched
RECORD = "phase position rest_quantity"  # no record is at work
PLACE = "tree level index"  # of a first half: that of its second half counts
FREE = {
    "steps": {
        "load": f"{DAY} {RECORD} away content_write left_inverse long_term",
        "open": "away content_write inventory left_inverse long_term to",
        "take": "away inventory",
        "settle": f"{DAY} {LIST} away content_write inventory",
        "out": "inventory long_term",
        "into": f"{DAY} away content_write inventory long_term rest_value",
        "skip": f"{LIST} away content_write inventory left_inverse long_term to wallet",
        "close": f"{DAY} {RECORD} away left_inverse long_term",
        "idle": f"{DAY} {LIST} {RECORD} asset away content_write inventory left_inverse long_term rest_value to wallet",
    },
    "poseidon": {
        "is_record": "",
        "is_lot_a": "tree level index",
        "is_lot_b": "",
        "is_node": "",
        "idle": "tree level index",
    },
    "pools": {"active": "", "idle": "asset3 asset4 asset5 last_write"},
    "sources": {"active": "", "idle": "number count code"},
    "calendar": {"active": "", "idle": ""},
    "totals": {"active": "", "idle": ""},
    "range": {"active": "", "idle": "row hi lo pair_count u15_count"},
}
# Free on some rows of the kind: later parts of a trade look up no day, a lot that stays reads no link of its own, one
# that goes has no inverse, and only the first part of a transfer names its destination.
SOMETIMES = {"take": f"{DAY} {LINKED} left_inverse", "out": f"{DAY} {LINKED} left_inverse rest_value"}

# Under universal basis a lot that is left is in no wallet.
UNIVERSAL = {"close": "to"}

# The same under other rules: short sales, several pools of a wallet, lots that are named.
SHORTS = [
    trade("2024-01-01", "a/1", "short", 2, 100),
    trade("2024-01-01", "a/2", "short", 1, 300, 1),
    trade("2024-01-03", "b/3", "cover", 2, 900),
    trade("2024-01-04", "a/4", "buy", 3, 50, -1),
    trade("2024-01-05", "b/5", "transfer", 2, to="a"),
    trade("2024-03-05", "b/6", "sell", 1, 1, 9),
    trade("2024-03-05", "b/7", "expire", 1, asset="ETH-P"),
]
SHORTS.insert(4, trade("2024-01-04", "b/8", "income", 1, 50, asset="ETH-P"))
NAMED = [
    trade("2022-01-01", "a/1", "buy", 2, 100),
    trade("2024-01-01", "a/2", "buy", 2, 300),
    trade("2024-02-03", "a/3", "sell", "2.5", 900, lots="2:2;1:0.5"),
    trade("2024-02-04", "a/4", "transfer", 1, to="b", lots="1:1"),
]
BOARDS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "all kinds": (LEDGER, {"carried": CARRIED}),
    "shorts": (SHORTS, {"method": "hifo", "basis": "universal"}),
    "named": (NAMED, {"method": "specific"}),
}


@cache
def board(name: str = "all kinds") -> Board:
    rows, options = BOARDS[name]
    return Board(run(rows, **options))


def kind(table: str, row: dict[str, int]) -> str:
    """What a row does."""
    if table == "steps":
        return next((k for k in KINDS if row[f"is_{k}"]), "idle")
    if table == "poseidon":
        return next((k for k in ("is_record", "is_lot_a", "is_lot_b", "is_node") if row[k]), "idle")
    if table == "totals":
        return "active" if any(row[f"bucket{b}"] for b in range(5)) else "idle"
    return "active" if table == "calendar" or row["active"] else "idle"


def expand(table: str, stems: str) -> set[str]:
    """Columns by their names without number."""
    names = statement.column_names(table)
    return {n for n in names for stem in stems.split() if n == stem or re.fullmatch(rf"{stem}[0-9]+", n)}


def free_cells(table: str, rows: list[int], name: str = "all kinds") -> dict[str, list[set[str]]]:
    """By kind of row, for each row the columns in which a random value breaks nothing."""
    b, rng = board(name), np.random.default_rng(1)
    t = statement.table_number(table)
    names = statement.column_names(table)
    found: dict[str, list[set[str]]] = {}
    for chunk in (rows[i : i + 4000 // len(names)] for i in range(0, len(rows), 4000 // len(names))):
        results = b.single(t, [(row, {c: int(rng.integers(P))}) for row in chunk for c in range(len(names))])
        for place, row in enumerate(chunk):
            broken = results[place * len(names) : (place + 1) * len(names)]
            free = {name for name, faults in zip(names, broken, strict=True) if not faults}
            cells = dict(zip(names, b.traces[t][row].tolist(), strict=True))
            found.setdefault(kind(table, cells), []).append({name for name in free if "blind" not in name})
            ring = {name for name in free if "blind" in name}
            assert ring == (set() if cells["blind_on"] else {"blind_out", "blind_in"})
            count("advice cells perturbed", len(names))
            count("advice cells that are free, each explained", len(free))
    return found


def rows_of(table: str) -> list[int]:
    height = len(board().traces[statement.table_number(table)])
    if table in ("range", "calendar"):
        return [0, 1, 31, 32, 300, height - 2]
    if table == "poseidon":
        return [*range(0, height - 1, 5), height - 2]
    return list(range(height - 1))


def test_the_board_is_honest():
    assert board().verdict() == set()


@pytest.mark.parametrize("table", FREE)
def test_every_cell_is_tied_to_something(table):
    found = free_cells(table, rows_of(table))
    assert set(found) <= set(FREE[table])
    for what, cells in found.items():
        always = expand(table, FREE[table][what])
        sometimes = always | expand(table, SOMETIMES.get(what, ""))
        assert set.intersection(*cells) == always, what
        assert set.union(*cells) == sometimes, what


@pytest.mark.audit
@pytest.mark.parametrize("table", FREE)
@pytest.mark.parametrize("name", BOARDS)
def test_every_cell_of_every_row(name, table):
    """All rows but the last, which is idle, under several rules; also of ranges and calendar."""
    height = len(board(name).traces[statement.table_number(table)])
    assert board(name).verdict() == set()
    for what, cells in free_cells(table, list(range(height - 1)), name).items():
        allowed = expand(table, FREE[table][what]) | expand(table, SOMETIMES.get(what, ""))
        if name == "shorts":
            allowed |= expand(table, UNIVERSAL.get(what, ""))
        assert set.union(*cells) <= allowed, what


def test_all_kinds_of_rows_are_looked_at():
    for table, kinds in FREE.items():
        if table != "calendar":
            rows = board().traces[statement.table_number(table)].tolist()
            names = statement.column_names(table)
            assert {kind(table, dict(zip(names, row, strict=True))) for row in rows} == set(kinds)


def test_every_column_is_tied_somewhere():
    for table, kinds in FREE.items():
        free = [expand(table, stems) | expand(table, SOMETIMES.get(kind, "")) for kind, stems in kinds.items()]
        assert not set.intersection(*free) or table == "calendar", table


@pytest.mark.parametrize("seed", range(6))
def test_the_checker_sees_the_same(seed):
    """A random cell of a random table, through the constraint checker."""
    rng = np.random.default_rng(seed)
    forged = run(LEDGER, carried=CARRIED)
    table = ("steps", "poseidon", "pools", "sources", "totals", "steps")[seed]
    t, sheet = statement.table_number(table), forged.sheet(table)
    row, column = int(rng.integers(len(sheet.cells[0]) - 1)), int(rng.integers(len(sheet.cells)))
    value = int(rng.integers(P))
    quick = board().broken({(t, row, column): value})
    assert quick == board().single(t, [(row, {column: value})])[0]
    sheet.cells[column, row] = value
    forged.recount()
    assert forged.checked() == forged.broken() == quick
