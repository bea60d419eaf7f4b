"""What tables say on buses, said otherwise: twice, with two fields exchanged, with the fields of a neighbouring row.

An honest run rejects it, or a lie passes that the circuit rejects; or it is a look-up of every row, for which nothing
changes. That each message, field, weight and term is needed stands beside the tables (`test_circuit_v2_*_messages`,
`..._tables`, `..._hashes`, `..._sums_lies`, `..._fields`, `..._ring`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.adversary.kit.local import RANGES, Board
from tests.models.lot_machine_v2.histories import at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import rules
from tests.models.lot_machine_v2.words import Page
from tests.support import hashes, link_tables, range_lies, registers
from tests.support import machine_circuit as machine
from tests.support.changed_messages import MessageMutant, message_mutants, rejects, takes
from tests.support.counts import count
from tests.support.machine_lies import history
from tests.support.machine_lies_amounts import sent
from tests.support.machine_lying import run
from tests.support.machine_rows import rows_of
from tests.support.machine_term_lies_rows import waiting
from tests.support.register_every import every
from tests.support.register_runs import carried, classes
from tests.unit.circuit import test_circuit_v2_hashes as of_hashes
from tests.unit.circuit import test_circuit_v2_tables as of_tables
from zkharvest.circuit.check import _public_messages
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS
from zkharvest.circuit.lot_machine.v2.buses import TREE_SUMS_OUT
from zkharvest.spec import P

OF = {
    "steps": machine, "poseidon": hashes, "sums": registers,
    **dict.fromkeys(("pages", "pools", "calendar", "range"), link_tables),
}  # fmt: skip
EXPECTED = {
    "steps": (811, 466, 2), "poseidon": (146, 145, 1), "sums": (707, 478, 0), "pages": (30, 30, 0),
    "pools": (80, 38, 0), "calendar": (28, 28, 0), "range": (52, 52, 0),
}  # fmt: skip
"""Mutants, of these such that an honest run rejects, and such that take a lie; the rest are look-ups of every row."""


def carried_on(quantity: int, value: int) -> machine.Run:
    """A year that begins and ends with a token of such a lot."""
    first = sent(quantity, of=quantity, value=value)
    page = Page("A", "A-1", 1, at(2025), at(2026), (), first.pages[0].id)
    return machine.run(make_link([page], Book(), rules(2025), 2025, first.closing))


def one_that_is_large() -> Any:
    """A page with a record of which all lanes differ."""
    return hashes.run([([replace(hashes.record(1), quantity=(1 << 111) + (5 << 72) + 7)], b"k" * 32)])


@cache
def runs(table: str) -> Mapping[str, Any]:
    """Honest runs in which neighbouring fields differ, and neighbouring rows."""
    match table:
        case "steps":
            made = {name: machine.run(history(name)) for name in ("W", "W3", "U", "full")}
            large = carried_on((1 << 111) + (5 << 72) + 7, (1 << 62) + (3 << 24))
            return {**made, "large": large, "dear": carried_on(3, (1 << 62) + (3 << 24) + 12345)}
        case "poseidon":
            return {"whole": of_hashes.whole(), "large": one_that_is_large()}
        case "sums":
            return {"classes": classes(), "carried": carried(), "every": every()[0]}
        case "range":
            many = link_tables.run(pools=link_tables.some_pools(128))
            return {"whole": link_tables.whole(), "many": many, "high": range_lies.of_height(2 * RANGE_ROWS)}
    return {"whole": link_tables.whole(), "ladder": of_tables.ladder()}


@pytest.mark.parametrize("table", OF)
def test_the_honest_runs_are_honest(table):
    for name, made in runs(table).items():
        assert Board(made, OF[table].description()).verdict() == set(), name


def of_every_row(description: Mapping[str, Any], table: str, mutant: MessageMutant) -> bool:
    """Whether it is a look-up for which nothing changes: the range table offers each pair in both orders.

    One that not all rows make is another if it is of another row.
    """
    (of,) = (t for t in description["tables"] if t["name"] == table)
    act = of["interactions"][mutant.act]
    asks = act["sign"] < 0 and description["buses"][act["bus"] - 1]["name"] in RANGES
    return asks and (mutant.change in ("twice", "exchanged") or of["nodes"][act["mult"]] == ["const", 1])


@pytest.mark.parametrize("table", OF)
def test_what_a_table_says_otherwise(table):
    description = OF[table].description()
    found = list(message_mutants(description, table))
    same = [m for m in found if of_every_row(description, table, m)]
    left = [m for m in found if m not in same]
    for made in runs(table).values():
        board = Board(made, description)
        t = board.names.index(table)
        values = board.nodes(t)
        assert not any(rejects(board, t, values, m) for m in same)
        left = [m for m in left if not rejects(board, t, values, m)]
    assert {m.name for m in left} == {name for name in LIES if name.startswith(table)}
    assert (len(found), len(found) - len(same) - len(left), len(left)) == EXPECTED[table]
    count("messages said otherwise", len(found))
    count("of these that honest runs reject", EXPECTED[table][1])
    count("of these taken by a lie", EXPECTED[table][2])


def of_the_verifier(description: Mapping[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """By name and bus: what the verifier says, one message twice or with two neighbouring fields exchanged."""
    given = description["public_messages"]
    for m, message in enumerate(given):
        bus = description["buses"][message["bus"] - 1]["name"]
        yield f"{bus} #{m} twice", bus, [*given, message]
        for k in range(len(message["message"]) - 1):
            fields = list(message["message"])
            fields[k], fields[k + 1] = fields[k + 1], fields[k]
            other = [*given[:m], {**message, "message": fields}, *given[m + 1 :]]
            yield f"{bus} #{m} fields {k} and {k + 1} exchanged", bus, other


@pytest.mark.parametrize(("table", "mutants"), [("poseidon", 60), ("pages", 9), ("sums", 18)])
def test_what_the_verifier_says_otherwise(table, mutants):
    """The roots of pages and standings, the pages that it lists, and the figures: an honest run rejects each."""
    description = OF[table].description()
    found = list(of_the_verifier(description))
    assert len(found) == mutants
    left = {name for name, _, _ in found}
    for made in runs(table).values():
        for name, bus, other in found:
            number = 1 + [b["name"] for b in description["buses"]].index(bus)
            own, said = (
                Counter((*message, sign) for message, sign in _public_messages(of, number, made.public))
                for of in (description, {**description, "public_messages": other})
            )
            if own != said:
                left.discard(name)
    assert left == set()
    count("messages of the verifier said otherwise", mutants)


# ------------------------------------------------------------------------------------------------ lies


def exchanged_numbers() -> Any:
    """Two registers of a standing are read under each other's number: that of their first halves, which nothing binds.

    The number that counts is that of the second half, which is the leaf.
    """
    made, table = of_hashes.whole(), hashes.definition()[1]
    cells, stub = made.traces["poseidon"], made.traces["registers"]
    index = table.index("index")
    rows = np.flatnonzero(cells[:, table.index("is_register")])[-2:]
    one, other = (int(row) for row in rows)
    edits = [("poseidon", a, "index", int(cells[b, index])) for a, b in ((one, other), (other, one))]
    number = int(cells[one, table.index("tree")]) - TREE_SUMS_OUT
    for a, b in ((one, other), (other, one)):
        (row,) = np.flatnonzero((stub[:, :2] == (number % P, cells[a, index])).all(axis=1) & stub[:, 2:-3].any(axis=1))
        edits.append(("registers", int(row), "key1", int(cells[b, index])))
    return hashes.edited(made, *edits)


def long_ago() -> machine.Run:
    """A token is carried in, and more records came before than keys have room for; it is carried out at once."""
    return run(waiting(), rows=replace(rows_of(waiting()), first_seq=1 << 27))


LIES = {
    "poseidon <- standing #0 with the row before's fields": exchanged_numbers,
    "steps <- u15 #46 with the next row's fields": long_ago,
    "steps <- u15 #46 with the row before's fields": long_ago,
}
"""By the mutant that takes it."""


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_taken_where_the_fields_are_of_another_row(name):
    table = name.split(" ")[0]
    description = OF[table].description()
    (mutant,) = (m for m in message_mutants(description, table) if m.name == name)
    board = Board(LIES[name](), description)
    assert takes(board, board.names.index(table), mutant)
