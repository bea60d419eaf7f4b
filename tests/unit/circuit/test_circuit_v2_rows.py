"""Constraints of all tables but the machine's that leave out a row: the first, the last, or the one that they speak of.

Each such mutant takes a lie, which breaks its constraint on that row alone and nothing else, or what it asks for there
follows from the rest (`restricted_rows.ARGUED`).
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.support import hashes, link_tables, range_lies, register_lies, registers, row_lies_sums, row_lies_tables
from tests.support.counts import count
from tests.support.mutants import columns_of
from tests.support.one_cell import OneCell
from tests.support.register_runs import nothing
from tests.support.restricted_rows import ARGUED, RowMutant, faults, row_mutants, taken_by
from tests.unit.circuit import test_circuit_v2_hashes as of_hashes
from tests.unit.circuit import test_circuit_v2_ring as of_ring
from tests.unit.circuit import test_circuit_v2_tables as of_tables
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS
from zkharvest.spec import P

OF = {"poseidon": hashes, "sums": registers, **dict.fromkeys(("pages", "pools", "calendar", "range"), link_tables)}
TABLES = tuple(OF)


def mutants_of(table: str) -> set[str]:
    """Names of a table's mutants, but for the ring that blinds."""
    return {m.name for m in row_mutants(OF[table].description(), table) if m.constraint != "blind_on_bit"}


# ------------------------------------------------------------------------------------------------ lies


def by_one_cell(table: str) -> set[str]:
    """Mutants that take a change of one cell."""
    kinds, follow = ("active",), set()
    runs = {"nothing": link_tables.run(), "whole": link_tables.whole()}
    match table:
        case "sums":
            kinds, follow, runs = ("first",), {"standing"}, {"nothing": nothing()}
        case "calendar":
            kinds = ()
        case "pools":
            runs["full"] = link_tables.run(pools=link_tables.some_pools(128))
        case "range":
            runs = {str(rows): range_lies.of_height(rows) for rows in (RANGE_ROWS, 2 * RANGE_ROWS)}
    cells, found = OneCell(OF[table].description(), table, runs, follow), set()
    for trial in cells.lies(kinds):
        name = cells.table["constraints"][trial.broken]["name"]
        found |= {RowMutant(table, name, row).name for row in ("first", "last") if cells.only_on(trial, row)}
    return found


def hash_lies():
    """By constraint, a lie that breaks it on one row; the row is turned to the first place, and to the last."""
    flags = [f"is_{kind}" for kind in ("record", "pair", "register", "node")]
    bits = {f"{flag}_bit": lambda flag=flag: row_lies_tables.thrice_hashed(of_hashes.whole(), flag) for flag in flags}
    one_tag = {"second_tag": lambda: of_hashes.other_second(lambda second: of_hashes.other_tag(second[:1]))}
    return {**of_hashes.LIES, **of_hashes.ROUNDS, **bits, **one_tag}


def turned(name: str, row: str) -> set[str]:
    """What takes a lie about hashes that is told on a row."""
    made = hash_lies()[name]()
    ((fault, rows),) = faults(Board(made, hashes.description())).items()
    assert (fault, len(rows)) == (f"poseidon.{name}", 1)
    by = -rows[0] - (row == "last")
    return taken_by(Board(row_lies_tables.turned(made, by), hashes.description()))


@pytest.mark.parametrize("name", [*list(of_hashes.LIES)[::3], *list(of_hashes.ROUNDS)[::40]])
@pytest.mark.parametrize("row", ["first", "last"])
def test_some_lies_about_hashes_are_told_on_one_row(name, row):
    assert turned(name, row) == {f"poseidon.{name} but the {row} row"}


@pytest.mark.parametrize("name", list(row_lies_sums.LIES)[::9])
def test_some_lies_about_registers_are_told_on_one_row(name):
    assert taken_by(row_lies_sums.board_of(row_lies_sums.LIES[name]())) == {name}


@pytest.mark.parametrize("name", row_lies_tables.LIES)
def test_each_lie_about_a_small_table_is_told_on_one_row(name):
    assert taken_by(Board(row_lies_tables.LIES[name](), link_tables.description())) == {name}


def test_the_checker_agrees():
    """A constraint on all rows but the last is one from row to row: with that the checker finds nothing in the lie."""
    description = registers.description()
    made = row_lies_sums.board_of(row_lies_sums.LIES["sums.source1_held but the last row"]())
    t = made.names.index("sums")
    cells = [trace.astype(np.uint32) for trace in made.traces]
    (found,) = check(description, cells, made.public)
    assert (found.table, found.constraint, found.row) == ("sums", "source1_held", len(cells[t]) - 1)
    constraints = [
        {**c, "where": "transition"} if c["name"] == "source1_held" else c
        for c in description["tables"][t]["constraints"]
    ]
    tables = [{**of, "constraints": constraints} if k == t else of for k, of in enumerate(description["tables"])]
    assert check({**description, "tables": tables}, cells, made.public) == []


@pytest.mark.parametrize("table", of_ring.TABLES)
def test_the_ring_s_flags_are_bits_on_the_first_row_and_the_last(table):
    """The only constraint of the ring, of the machine too: twice is not once, wherever it stands."""
    height = len(of_ring.made().traces[table])
    before, behind = of_ring.around(table)
    for row, name in ((0, "first"), (height - 1, "last")):
        lie = of_ring.other({
            before: {0: {"blind_out": 4}, 1: {"blind_out": 4}},
            table: {
                0: {"blind_on": 0}, 1: {"blind_on": 0}, row: {"blind_on": 2, "blind_in": 4, "blind_out": 6},
            },
            behind: {0: {"blind_in": 6}, 1: {"blind_in": 6}},
        })  # fmt: skip
        mutant = f"{table}.blind_on_bit but the {name} row"
        assert taken_by(Board(lie, of_ring.support.description())) == {mutant}


@cache
def lies_about(table: str) -> dict[str, set[str]]:
    """Of each lie that is told for a row, what takes it; and of those that are told anyway (`""`)."""
    if table == "poseidon":
        return {
            f"poseidon.{name} but the {row} row": turned(name, row) for name in hash_lies() for row in ("first", "last")
        }
    if table == "sums":
        own = {name: taken_by(row_lies_sums.board_of(lie())) for name, lie in row_lies_sums.LIES.items()}
        return {**own, "": taken_by(row_lies_sums.board_of(register_lies.LIES["sums.place_start"]()))}
    description = link_tables.description()
    own = {n: taken_by(Board(lie(), description)) for n, lie in row_lies_tables.LIES.items() if n.startswith(table)}
    told = {**of_tables.LIES, **range_lies.LIES}
    anyway = [taken_by(Board(lie(), description)) for name, lie in told.items() if name.startswith(table)]
    return {**own, "": set().union(*anyway)}


@pytest.mark.audit
@pytest.mark.parametrize("table", TABLES)
def test_what_a_mutant_without_a_row_takes(table):
    """None is left: each takes a lie, or is argued."""
    every, found = mutants_of(table), lies_about(table)
    assert {name: taken for name, taken in found.items() if name and taken != {name}} == {}
    killed = set().union(*found.values()) | (by_one_cell(table) if table != "poseidon" else set())
    argued = every & ARGUED.keys()
    assert killed & every == every - argued
    count("constraints without a row", len(every))
    count("of these taken by a lie", len(every - argued))
    count("of these argued", len(argued))


# ------------------------------------------------------------------------------------------------ arguments


def test_every_argument_is_about_a_mutant():
    assert ARGUED.keys() <= set().union(*map(mutants_of, TABLES))


def values(table: str, names: list[str], here: dict[str, object], then: dict[str, object]) -> list[np.ndarray]:
    """Constraints of a table where these cells stand on a row and on the next; all others are 0."""
    description = OF[table].description()
    board = Board(nothing() if table == "sums" else link_tables.run(), description)
    t = board.names.index(table)
    columns, of = board.tables[t]["columns"], {c["name"]: c["node"] for c in board.tables[t]["constraints"]}
    size = max(np.size(v) for v in (*here.values(), *then.values()))
    now, after = (np.zeros((size, len(columns)), np.int64) for _ in range(2))
    for cells, given in ((now, here), (after, then)):
        for name, value in given.items():
            cells[:, columns.index(name)] = value
    nodes = board.values(t, np.zeros(size, np.int64), now, after)
    return [nodes[of[name]] for name in names]


def test_a_first_half_on_the_last_row_lies_around_the_end_of_a_full_table():
    """Of all tables of six rows whose marks are 0, 1, 2 or -1, where `first` is a bit but on the last row.

    If it is not 0 there, it is 1, and row 1 is a first half. So row 0 is a second half and all odd rows are first
    halves; or rows 0 and 1 are first halves, and the key of row 1 is that of row 0 (`*_held`) and above it (`order_*`).
    """
    first = np.array(list(product((0, 1, 2, P - 1), repeat=6)), np.int64)
    second = np.roll(first, 1, axis=1)  # `second_next`, which is cyclic
    good = np.ones(len(first), bool)
    for row in range(6):
        here = {"first": first[:, row], "second": second[:, row]}
        then = {"first": first[:, (row + 1) % 6], "second": second[:, (row + 1) % 6]}
        bit, follows, adjacent = values("sums", ["first_bit", "second_next", "adjacent"], here, then)
        assert not follows.any()
        good &= (bit == 0) & (adjacent == 0) if row < 5 else True
    around = good & (first[:, 5] != 0)
    assert (first[around][:, [1, 5]] == 1).all()
    assert [row for row in first[around].tolist() if row[:2] != [1, 1]] == [[0, 1] * 3]
    assert not first[good & ~around][:, 1].any()
    assert not second[good & ~around][:, 0].any()


def test_keys_are_ranked_by_all_that_a_register_holds_but_what_is_argued():
    """Around the end the key of row 0 is that of the last row, so it cannot be the smallest and the largest; unless it
    differs, in a column that is compared. (`term0` is 1 where no other term is: its weight in the rank is 0.)
    The number of a row that is carried out is one less than that of the next.
    """
    (table,) = (t for t in registers.description()["tables"] if t["name"] == "sums")
    nodes = {c["name"]: c["node"] for c in table["constraints"]}
    ranked = {c.rstrip("'") for n, node in nodes.items() if n.startswith("order_") for c in columns_of(table, node)}
    held = {n.removesuffix("_held") for n in nodes if n.endswith("_held")}
    argued = {n.removeprefix("sums.").split("_held")[0] for n in ARGUED if "_held" in n}
    assert held - ranked == {"asset3", "source3", "place", "empty", "term0"}
    assert argued == (held - ranked) - {"term0"} | {"level0", "level1"}
    for level in ("level0", "level1"):  # place' = place + 1 where a register begins on row 1
        here, then = {"second": 1, level: 1}, {"first": 1, "place": np.arange(4)}
        assert [int(v) for v in values("sums", ["place_step"], here, then)[0]] == [P - 1, 0, 1, 2]


def test_no_other_row_is_below_zero_or_left_out():
    """Off first halves `negative_where` is `negative1`; off what is held `empty_where` is `empty`."""
    some = np.random.default_rng(1).integers(0, P, 50)
    (below,) = values("sums", ["negative_where"], {"negative1": some, "level5": 1, "second": 1}, {})
    assert (below == some).all()
    (left,) = values("sums", ["empty_where"], {"empty": some}, {})
    assert (left == some).all()
    (held,) = values("sums", ["empty_held"], {"first": 1, "empty": some}, {"empty": some[::-1].copy()})
    assert (held == (some[::-1] - some) % P).all()


def test_the_range_table_neither_wraps_nor_ends_on_its_first_row():
    """With hi = lo = 0: `wrap_at` is -248 `wrap`; `hi_end` and `lo_end` are -255 and -248 times the same."""
    rng = np.random.default_rng(1)
    wrap, active, behind = (rng.integers(0, P, 50) for _ in range(3))
    at, high, low = values(
        "range", ["wrap_at", "hi_end", "lo_end"], {"wrap": wrap, "active": active}, {"active": behind}
    )
    assert (at == -248 * wrap % P).all()
    assert (high * 248 % P == low * 255 % P).all()
    assert (high == -255 * (active * (1 - behind) % P) % P).all()
