"""Every cell of a used row is tied to something, and rows stand where they must.

Another value there breaks a constraint or a bus. Which columns are free on which rows is listed; a column that becomes
free, or ceases to be, is a change of the circuit that someone must mean.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.histories import UNIT
from tests.support import hashes, link_tables, registers
from tests.support import machine_circuit as machine
from tests.support.counts import count
from tests.support.hashes import record, standing
from tests.support.machine_lies import history
from tests.support.machine_lies_amounts import sent
from tests.support.register_runs import carried
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import P

DAY = "day_start day_end day_long page_early page_late"  # read on the first row of a record only
LINK = "key node node_next node_next_key node_write pred pred_key pred_next pred_next_key pred_write"
LIST = f"{LINK} own"
LINKED = "key node_next node_next_key node_write"  # read where an entry comes or goes
LOT = "acquired lot_seq long_from unit"
TOKEN = "token_part token_ref token_seq"
RECORD = "page phase position ref rest_quantity"  # no record is at work
STANDING = f"{DAY} {RECORD} day class_kind covered long_term rest_value"
FREE = {
    "steps": {
        "load": f"{STANDING} left_inverse {TOKEN} content_write place",
        "load_token": f"{STANDING} left_inverse {LIST} content_write place",
        "skip": f"{LIST} {LOT} {TOKEN} class_kind content_write covered inventory left_inverse long_term",
        "open": f"{TOKEN} content_write covered inventory left_inverse long_term",
        "take": f"{DAY} day {LINKED} {TOKEN} inventory left_inverse",
        "settle": f"{DAY} day {LIST} {LOT} {TOKEN} content_write inventory",
        "out": f"{DAY} day {LINKED} token_ref token_seq covered inventory left_inverse long_term rest_value",
        "send": f"{DAY} day {LIST} {LOT} token_ref token_seq content_write covered inventory long_term rest_value",
        "drop": f"{DAY} day {LINKED} {TOKEN} covered inventory left_inverse long_term rest_value",
        "gone": f"{DAY} day {LIST} {LOT} {TOKEN} content_write covered inventory long_term rest_value",
        "arrive": f"{DAY} day {LINK} covered inventory left_inverse long_term rest_value",
        "close": f"{STANDING} left_inverse {TOKEN} place",
        "close_token": f"{STANDING} {LIST} place",
        "idle": f"{STANDING} left_inverse {LIST} {LOT} {TOKEN} asset content_write inventory place",
    },
    "poseidon": {
        "is_record": "",
        "is_pair": "tree level index",  # of a first half: that of its second half counts
        "is_register": "tree level index",
        "is_node": "",
        "idle": "",
    },
    "sums": {"first": "", "second": "", "prior": "shown", "idle": "asset source place"},
    "pages": {"active": "", "idle": "number code early late first last count"},
    "pools": {"active": "", "idle": "asset3 place3 last_write"},
    "calendar": {"day": "", "no day": "day_count"},
    "range": {"active": ""},
}
FREE["steps"] = {kind: f"{stems} apart" for kind, stems in FREE["steps"].items()}  # read of arrivals not late only
ANY_ORDER = {"pages", "poseidon"}
"""Tables whose rows are a set of messages: each says its number, or its place in its tree, and nobody counts rows."""


@cache
def board(name):
    """By the name of a history of the machine, or of a table."""
    if name == "poseidon":
        pages = [([record(k) for k in range(5)], b"k" * 32), ([record(9)], b"m" * 32), ([], b"n" * 32)]
        return Board(hashes.run(pages, standing(3, 3, 2, 2), standing(4, 2, 1, 9)), hashes.description())
    if name == "sums":
        return Board(carried(), registers.description())
    if name in FREE:
        return Board(link_tables.whole(), link_tables.description())
    link = sent(UNIT, UNIT, of=2 * UNIT) if name == "in transit" else history(name)
    return Board(machine.run(link), machine.description())


def kind(table, cells):
    """What a row does."""
    match table:
        case "steps":
            return next((k for k in KINDS if cells[f"is_{k}"]), "idle")
        case "poseidon":
            return next((k for k in FREE["poseidon"] if cells.get(k)), "idle")
        case "sums":
            return "prior" if cells["prior"] else next((k for k in ("first", "second") if cells[k]), "idle")
        case "calendar":
            return "day" if cells["number"] else "no day"
        case "pages":
            return "active" if cells["count"] else "idle"
    return "active" if cells["active"] else "idle"


def rows_of(table, of, each):
    """Some rows of each kind, but not the last row of the table, which is idle."""
    b, found = board(of), defaultdict(list)
    t = b.names.index(table)
    names = b.tables[t]["columns"]
    for row, cells in enumerate(b.traces[t][:-1].tolist()):
        given = {"number": int(b.given[t][row, -1])} if table == "calendar" else {}
        found[kind(table, {**dict(zip(names, cells, strict=True)), **given})].append(row)
    return {what: rows[:each] for what, rows in found.items()}


def free_cells(table, of, each):
    """By kind of row the columns in which a random value breaks nothing, on some row."""
    b, rng, found = board(of), np.random.default_rng(1), defaultdict(set)
    t = b.names.index(table)
    names = b.tables[t]["columns"]
    for what, rows in rows_of(table, of, each).items():
        for row in rows:
            results = b.single(t, [(row, {c: int(rng.integers(P))}) for c in range(len(names))])
            found[what] |= {n for n, faults in zip(names, results, strict=True) if not faults and "blind" not in n}
        count("cells of v2 perturbed", len(rows) * len(names))
    return found


def expand(table, of, stems):
    """Columns by their names without number."""
    b = board(of)
    names = b.tables[b.names.index(table)]["columns"]
    return {n for n in names for stem in stems.split() if n == stem or re.fullmatch(rf"{stem}[0-9]+", n)}


@pytest.mark.parametrize("table", [t for t in FREE if t != "steps"])
def test_every_cell_is_tied_to_something(table):
    found = free_cells(table, table, 1 if table == "poseidon" else 3)
    assert found.keys() == FREE[table].keys() - ({"idle"} if table == "range" else set())
    assert found == {what: expand(table, table, FREE[table][what]) for what in found}


def test_every_cell_of_the_machine_is_tied_to_something():
    for what, cells in free_cells("steps", "W", 1).items():
        assert cells <= expand("steps", "W", FREE["steps"][what]), what


@pytest.mark.audit
def test_what_is_free_in_the_machine_is_listed():
    found = defaultdict(set)
    for name in ("W", "U", "W3", "full", "in transit"):
        for what, cells in free_cells("steps", name, 6).items():
            found[what] |= cells
    assert found == {what: expand("steps", "W", stems) for what, stems in FREE["steps"].items()}


def exchanged(table, of, rows):
    """Rows that can be exchanged with the next one."""
    b = board(of)
    t = b.names.index(table)
    trace = b.traces[t]
    own = [c for c, name in enumerate(b.tables[t]["columns"]) if "blind" not in name]
    found = []
    for row in rows:
        differs = [c for c in own if trace[row, c] != trace[row + 1, c]]
        edits = {(t, row + k, c): int(trace[row + 1 - k, c]) for c in differs for k in (0, 1)}
        if edits and not b.broken(edits):
            found.append(row)
    count("rows of v2 exchanged", len(rows))
    return found


@pytest.mark.parametrize("table", [t for t in FREE if t not in {"steps", *ANY_ORDER}])
def test_rows_stand_in_order(table):
    rows = [0, 1, 30, 31, 32, 300, 8190] if table == "range" else range(60)
    assert exchanged(table, table, rows) == []


def test_rows_that_need_not():
    """A page's rows, and the single rows of a tree: the messages are the same. Halves stay one behind the other."""
    assert exchanged("pages", "pages", range(4)) == [0, 1, 2, 3]
    free = exchanged("poseidon", "poseidon", range(0, 255, 5))
    halves = {row for what in ("is_pair", "is_register") for row in rows_of("poseidon", "poseidon", 99)[what]}
    assert free
    assert not {r + k for r in free for k in (0, 1)} & halves


def test_the_machine_s_rows_stand_in_order():
    rows = sorted({row for some in rows_of("steps", "W", 1).values() for row in some})
    assert exchanged("steps", "W", rows) == []


@pytest.mark.audit
@pytest.mark.parametrize("name", ["W", "U", "full"])
def test_all_of_the_machine_s_rows_stand_in_order(name):
    assert exchanged("steps", name, range(len(board(name).traces[0]) - 1)) == []
