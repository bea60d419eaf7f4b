"""The ring that blinds the terminals, in every table of a whole link: it closes, and says nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2.story import honest
from tests.support import whole_links as support
from tests.support.mutants import mutants
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.v2.witness import LinkWitness
from zkharvest.spec import P

TABLES = [table["name"] for table in support.description()["tables"]]
Cells = dict[str, dict[int, dict[str, int]]]


@cache
def made() -> LinkWitness:
    return support.witness_of(honest())


def other(cells: Cells) -> LinkWitness:
    """The link with other cells: by table and row."""
    traces = {name: cells_of.copy() for name, cells_of in made().traces.items()}
    for table, rows in cells.items():
        columns = support.description()["tables"][TABLES.index(table)]["columns"]
        for row, values in rows.items():
            for name, value in values.items():
                traces[table][row, columns.index(name)] = value
    return replace(made(), traces=traces)


def broken(witness: LinkWitness, without: str = "") -> set[str]:
    """What a lie breaks; of the circuit that lacks something, if a mutant is named."""
    found = {mutant.name: mutant for mutant in mutants(support.description())} if without else {}
    description = found[without].make() if without else support.description()
    return set(Board(witness, description).verdict())


def around(table: str) -> tuple[str, str]:
    """The tables before and behind one in the ring."""
    at = TABLES.index(table)
    return TABLES[at - 1], TABLES[(at + 1) % len(TABLES)]


def twice(table: str) -> LinkWitness:
    """A message twice, and twice taken: by two rows of the next table, from two rows of the one before."""
    before, behind = around(table)
    return other({
        before: {0: {"blind_out": 4}, 1: {"blind_out": 4}},
        table: {0: {"blind_on": 2, "blind_in": 4, "blind_out": 6}, 1: {"blind_on": 0}},
        behind: {0: {"blind_in": 6}, 1: {"blind_in": 6}},
    })  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_a_row_of_the_ring_counts_once(table):
    assert broken(twice(table)) == {f"{table}.blind_on_bit"}


def test_the_checker_says_so_too():
    traces = twice("steps").traces
    found = check(support.description(), [traces[name] for name in TABLES], made().public)
    assert {(one.table, one.constraint) for one in found} == {("steps", "blind_on_bit")}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("cells", [{"blind_out": 5}, {"blind_in": 5}, {"blind_on": 0}], ids=lambda c: next(iter(c)))
def test_the_ring_must_close(table, cells):
    assert broken(other({table: {3: cells}})) == {"bus blind"}


def test_the_ring_says_nothing_else():
    """Whatever is random in it, the statement is the same."""
    numbers: Cells = {}
    for i, name in enumerate(TABLES):
        numbers.setdefault(name, {}).setdefault(3, {})["blind_out"] = i
        numbers.setdefault(around(name)[1], {}).setdefault(3, {})["blind_in"] = i
    assert broken(other(numbers)) == set()


def _number(table: str) -> int:
    cells = made().traces[table]
    return int(cells[0, support.description()["tables"][TABLES.index(table)]["columns"].index("blind_in")])


def crossed() -> LinkWitness:
    """Two tables have each other's random number."""
    first, second = TABLES[:2]
    return other({first: {0: {"blind_in": _number(second)}}, second: {0: {"blind_in": _number(first)}}})


LIES = {"blind.0": crossed, "blind.1": lambda: other({"sums": {0: {"blind_in": 5}}})}


def test_both_fields_of_a_message_are_read():
    """Of whom it comes, and its number: without one of them a ring of other numbers closes."""
    fields = [
        mutant.name for mutant in mutants(support.description()) if (mutant.kind, mutant.bus) == ("field", "blind")
    ]
    assert len(fields) == len(LIES)
    for name, lie in zip(fields, LIES.values(), strict=True):
        assert broken(lie()) == {"bus blind"}
        assert broken(lie(), name) == set(), name


def test_every_message_of_the_ring_is_needed():
    """Each table passes on as many as it gets: an honest ring with a gap does not close."""
    found = [
        mutant for mutant in mutants(support.description()) if (mutant.kind, mutant.bus) == ("interaction", "blind")
    ]
    assert len(found) == 2 * len(TABLES)
    for mutant in found:
        left = Board(made(), mutant.make()).imbalance()
        assert any(count % P for messages in left.values() for count in messages.values()), mutant.name
