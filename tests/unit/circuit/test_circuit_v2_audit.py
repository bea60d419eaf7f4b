"""What is mutated is what is frozen: each table of the circuit, tested on its own, is that of `circuit.json`.

The tests of the tables (`test_circuit_v2_*`) take the place of each other table by a stub. Their mutants and lies speak
of the circuit because a table of theirs has the columns, constraints and messages that the frozen one has.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.support import hashes, link_tables, machine_circuit, registers
from tests.support.dropped_terms import candidates, text_of

CIRCUIT = Path(__file__).parents[3] / "circuits" / "lot-machine" / "v2" / "circuit.json"
TABLES = {
    "steps": machine_circuit, "poseidon": hashes, "sums": registers,
    **dict.fromkeys(("pages", "pools", "calendar", "range"), link_tables),
}  # fmt: skip
TERMS = {"steps": 2903, "poseidon": 79, "sums": 1501, "pages": 4, "pools": 109, "calendar": 2, "range": 30}
"""Mutants that lack a term, but for the rounds of the hash and the ring that blinds."""


@cache
def frozen():
    return json.loads(CIRCUIT.read_text(encoding="utf-8"))


def parts(description, name):
    """A table in names: of public scalars and buses, whose numbers are others beside other tables."""
    (table,) = (t for t in description["tables"] if t["name"] == name)
    buses = [bus["name"] for bus in description["buses"]]

    def text(node):
        return re.sub(r"\bpublic(\d+)", lambda m: f"public {description['publics'][int(m[1])]}", text_of(table, node))

    constraints = [(c["name"], c["where"], text(c["node"])) for c in table["constraints"]]
    messages = [
        (
            buses[act["bus"] - 1],
            act["sign"],
            text(act["mult"]),
            [(slot, text(node)) for slot, node in act.get("weights", [])],
            [text(node) for node in act["message"][buses[act["bus"] - 1] == "blind" :]],  # the ring numbers tables
        )
        for act in table["interactions"]
    ]
    return table["columns"], table["public_columns"], constraints, messages, table["tally"]


def test_every_table_has_tests_of_its_own():
    assert [t["name"] for t in frozen()["tables"]] == list(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_on_its_own_is_the_frozen_one(name):
    assert parts(TABLES[name].description(), name) == parts(frozen(), name)


def test_the_mutants_that_lack_a_term():
    tables = frozen()["tables"]
    found = Counter(tables[m.drop.table]["name"] for m in candidates(frozen()) if m.of_bus != "blind")
    assert found == TERMS
