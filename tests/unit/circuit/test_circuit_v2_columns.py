"""No column can be another on all rows: one constant, or its own cells a row further down or up.

A prover that forgets a column does that, and constraints that compare rows with each other might not see it.
In a run in which the column is at work it breaks something. Not so in each run: where one constant is what every row
that reads the column has anyway (all records are in the tax year; nothing is in transit), it is as honest.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.models.lot_machine_v2.story import T
from tests.support import hashes, link_tables, machine_mutants, range_lies, registers
from tests.support import machine_circuit as machine
from tests.support.counts import count
from tests.support.machine_lies import history
from tests.support.machine_lying import buy, page
from tests.support.one_cell import OneCell
from tests.support.register_every import every
from tests.support.register_runs import carried
from tests.support.whole_columns import CONSTANTS, SHIFTS, broken, variants
from tests.unit.circuit import test_circuit_v2_hashes as of_hashes
from tests.unit.circuit import test_circuit_v2_tables as of_tables
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS

TABLES = {
    "steps": machine, "poseidon": hashes, "sums": registers,
    **dict.fromkeys(("pages", "pools", "calendar", "range"), link_tables),
}  # fmt: skip
RICH = {"steps": "W", "sums": "every"}
"""Of tables with several runs, the one in which nothing passes."""
LIMB = {"steps": {"apart1"}}
"""Columns of no use in the rich run: the upper limbs of a move differ in others."""
MORE = (
    "W2", "W3", "U", "full", "coded", "large unit", "instants", "low lanes", "remainder", "in transit", "over a limb",
    "limbs apart",
)  # fmt: skip
"""Runs of the machine in which columns are at work that are 0 in the rich one."""
ALWAYS = {
    "pred_age1": "a link is read less than 2^15 rows after it was written",
    "content_age1": "so is a lot's content",
    **{
        f"carry{k}": "both sides of a product are below 2^176: nothing is carried out of the last two bytes"
        for k in range(10, 16)
    },
}
"""Columns of the machine that are 0 on all rows of the runs here, and why: 0 is honest, and so is a row further on."""


@cache
def cells(table: str, *, rich: bool) -> OneCell:
    """A table in its runs, or in the rich one alone."""
    match table:
        case "steps":
            runs = {"W": machine.run(history("W"))}
            if not rich:
                runs |= {name: machine_mutants.honest()[name] for name in MORE}
                begins = -T % (1 << 15)
                runs["seconds apart"] = machine.run(page(buy(begins), buy(begins + 20_000)))
        case "sums":
            runs = {"every": every()[0], **({} if rich else {"carried": carried()})}
        case "poseidon":
            runs = {"whole": of_hashes.whole()}
        case "range":
            runs = {
                "whole": link_tables.whole(),
                "high": range_lies.of_height(2 * RANGE_ROWS),
                "many": link_tables.run(pools=link_tables.some_pools(128)),
            }
        case _:
            runs = {"whole": link_tables.whole(), "ladder": of_tables.ladder()}
    return OneCell(TABLES[table].description(), table, runs)


def tried(table: str, columns: list[str], *, rich: bool) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """By column what breaks something in some run, and what passes in the rich one."""
    of = cells(table, rich=rich)
    stopped: dict[str, set[str]] = {column: set() for column in columns}
    passes: dict[str, set[str]] = {}
    for column in columns:
        for run, board in of.boards.items():
            for what, values in variants(board.traces[of.t][:, of.columns.index(column)]):
                count("columns of v2 changed as a whole")
                if broken(of, run, column, values):
                    stopped[column].add(what)
                elif run == RICH.get(table, "whole") and column not in LIMB.get(table, ()):
                    passes.setdefault(column, set()).add(what)
    return stopped, passes


@pytest.mark.parametrize("table", TABLES)
def test_some_columns_cannot_be_another_on_all_rows(table):
    columns = cells(table, rich=True).columns
    _, passes = tried(table, columns[:: 20 if len(columns) > 50 else 1], rich=True)
    assert passes == {}


@pytest.mark.audit
@pytest.mark.parametrize("table", TABLES)
def test_no_column_can_be_another_on_all_rows(table):
    """In the rich run nothing passes; what cannot be tried there since it is so anyway is tried in another."""
    of = cells(table, rich=False)
    assert of.read_by.keys() >= set(of.columns)
    stopped, passes = tried(table, of.columns, rich=False)
    assert passes == {}
    every_way = CONSTANTS.keys() | SHIFTS.keys()
    untried = {column: every_way - found for column, found in stopped.items() if every_way - found}
    assert untried == ({column: {"0", *SHIFTS} for column in ALWAYS} if table == "steps" else {})
