"""ARGUMENT.md of the circuit speaks of every constraint under its table, and of every bus that the table uses."""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.docs.test_docs_references import faults
from tests.support.implied_terms import CASES
from tests.support.restricted_rows import ROWS
from tests.unit.circuit.test_circuit_v2_first_row import IMPLIED as ON_FIRST
from tests.unit.circuit.test_circuit_v2_last_row import IMPLIED as ON_LAST
from zkharvest.circuit.lot_machine.v2.buses import LOG_ROWS, MAX_PAGES
from zkharvest.circuit.lot_machine.v2.definition import define
from zkharvest.circuit.lot_machine.v2.sums.keys import ORDERED
from zkharvest.circuit.lot_machine.v2.sums.table import CARRY, CARRY_LIMB
from zkharvest.verifier import circuits
from zkharvest.verifier.field import P

FOLDER = Path(__file__).resolve().parents[2] / "circuits" / circuits.PINNED[-1].id
TEXT = (FOLDER / "ARGUMENT.md").read_text(encoding="utf-8")
TABLES = circuits.load(circuits.PINNED[-1]).tables
DECISION = FOLDER.parents[2] / "docs" / "adr" / "0009-constraints-that-others-imply.md"
BLIND = "blind_on_bit"
EVERYWHERE = {"bytes", "u15", "blind"}
"""Buses of which a section of their own speaks."""


def sections(table):
    """What is said of a table: the sections of its name."""
    parts = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    found = [part for part in parts if part.startswith(f"Table `{table}`")]
    assert found, table
    return "\n".join(found)


def patterns(text):
    return {code for code in re.findall(r"`([^`]+)`", text) if re.fullmatch(r"[a-z0-9_*]+", code)}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_constraint_is_argued(table):
    said = patterns(sections(table.name)) - {"*"}
    ring = patterns(TEXT.partition("## The ring")[2].partition("\n## ")[0])
    marks = {"order_at*_bit"}  # bits of comparisons, of which the section on numbers speaks
    missing = [
        of.name
        for of in table.constraints
        if not any(fnmatchcase(of.name, pattern) for pattern in said | marks)
        and not (of.name == "blind_on_bit" and of.name in ring)
    ]
    assert not missing


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_bus_of_a_table_is_named(table):
    buses = circuits.load(circuits.PINNED[-1]).buses
    used = {buses[act.bus - 1].name for act in table.interactions} - EVERYWHERE
    assert used <= patterns(sections(table.name))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_is_named_is_there(table):
    """A pattern with an underscore is a constraint or a column of the table; nothing is spoken of that has gone."""
    names = {of.name for of in table.constraints} | set(table.columns) | set(table.public_columns)
    other = {"same_year", "load_token", "close_token"}
    stale = {
        pattern
        for pattern in patterns(sections(table.name))
        if "_" in pattern and pattern not in other and not any(fnmatchcase(name, pattern) for name in names)
    }
    assert not stale


def test_what_it_refers_to_exists():
    number, wrong = faults(TEXT, FOLDER / "ARGUMENT.md")
    assert number > 200
    assert not wrong


def test_figures_of_the_argument():
    flat = " ".join(TEXT.split())
    largest = circuits.load(circuits.PINNED[-1]).fractions([LOG_ROWS[1]] * len(TABLES))
    assert largest < 1 << 28 < P and "fewer than 2^28 fractions" in flat
    assert 2 * 24 * ORDERED + 1 == 145 and "these 145 bits" in flat
    assert MAX_PAGES == 4096 and "a page below 4,096" in flat
    product = 14 * 255**2 * 257  # the longest column, of q and c
    assert product < 1 << 28 and product + 65535 + 2**14 + 2**30 < P
    collected = 255 + 257 * (CARRY + CARRY_LIMB)
    assert collected < 0.26 * P and "less than 0.26 p" in flat
    slots = Counter()
    for act in (act for table in define().circuit.tables for act in table.interactions if act.bus.name == "post"):
        slots.update({weight.slot: weight.most for weight in act.weights})
    posted = max(slots.values())
    assert round(posted / P, 2) == 0.44 and posted < P / 2 and posted + collected < P
    assert "0.44 p" in flat


def test_figures_of_the_decision_on_implied_constraints():
    """What is counted there of the circuit, and sums of what became of its mutants."""
    text = DECISION.read_text(encoding="utf-8")
    steps = Counter(of.where for of in TABLES[0].constraints)
    assert f"{steps['all']} constraints of `steps` hold on all rows" in text
    assert f"{steps['transition']} constraints of `steps` speak from row to row" in text
    assert f"Each of the {sum(len(of.columns) for of in TABLES)} columns of the seven tables" in text
    rows = [
        [int(cell.replace(",", "")) for cell in row]
        for row in re.findall(r"^\| `.*? " + 5 * r"\| ([\d,]+) " + r"\|$", text, re.MULTILINE)
    ]
    assert len(rows) == 6
    assert all(terms == sum(rest) for terms, *rest in rows)
    assert rows[0][3] == len(CASES) and f"Why {len(CASES)} mutants of `steps` ask for no less" in text
    on_last = (
        r"(\d+) constraints are broken there alone",
        r"\*(\d+) say nothing of such rows",
        r"\*(\d+) are of the flags",
    )
    on_first = (r"said of all rows but the first, (\d+) mutants", r"\*(\d+) say nothing of what can stand there")
    for patterns, named in ((on_last, ON_LAST), (on_first, ON_FIRST)):
        assert (
            sum(int(found) for pattern in patterns for found in re.findall(pattern, text)) + len(named) == steps["all"]
        )
    (others,) = re.findall(r"These are (\d+) mutants of `poseidon`", text)
    assert int(others) == sum(
        len(ROWS[of.where]) for table in TABLES[1:] for of in table.constraints if of.name != BLIND
    )
