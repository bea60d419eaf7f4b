"""FORMULAS.md says of every constraint and message what the description says: both are computed at one random row."""

from __future__ import annotations

import re
from random import Random

import pytest

from zkharvest.circuit.formulas import document, runs
from zkharvest.verifier import circuits, field
from zkharvest.verifier.circuits import PINNED
from zkharvest.verifier.constraints import TableValues, node_values
from zkharvest.verifier.field import P

PIECE = re.compile(r"`([^`]*)`")
NAME = re.compile(r"[A-Za-z_]\w*'?")


def table_at(table, publics, random):
    """The values of a table's nodes at a random pair of rows, and of the names that formulas have."""

    def row(names):
        return [random.randrange(P) for _ in names]

    main, after = row(table.columns), row(table.columns)
    given, given_after = row(table.public_columns), row(table.public_columns)
    ext = [[field.from_base(value) for value in values] for values in (main, after, given, given_after)]
    at = TableValues(ext[0], dict(enumerate(ext[1])), ext[2], ext[3], [], field.ZERO, field.ZERO, field.ZERO)
    names = dict(zip(table.columns, main, strict=True)) | dict(zip(table.public_columns, given, strict=True))
    names |= {f"{name}'": value for name, value in zip(table.columns, after, strict=True)}
    names |= {f"{name}'": value for name, value in zip(table.public_columns, given_after, strict=True)}
    nodes = [value[0] for value in node_values(table, at, list(publics.values()))]
    return nodes, names | {name.upper(): value for name, value in publics.items()}


def value_of(text, names):
    """A formula, read as a sum of products of integers modulo p."""
    text = text.replace("2^-15", str(pow(2, -15, P)))
    text = NAME.sub(lambda found: f"({names[found.group()]})", text)
    assert re.fullmatch(r"[\d()+*^ -]+", text), text
    return eval(text.replace("^", "**"), {"__builtins__": {}}) % P  # digits and signs alone, as was just checked


def fields_of(text):
    """A message's fields, with runs taken apart."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text + ","):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append(text[start:at].strip())
            start = at + 1
    for part in found:
        if run := re.fullmatch(r"(\w*?)(\d+)\.\.(\d+)('?)", part):
            stem, first, last, dash = run.groups()
            yield from (f"{stem}{k}{dash}" for k in range(int(first), int(last) + 1))
        else:
            yield part


def sections():
    """The lines behind each table's heading."""
    text = document((circuits.folder() / PINNED[-1].id / "circuit.json").read_bytes())
    parts = text.split("\n## `")[1:]
    return {part.partition("`")[0]: part.splitlines()[2:] for part in parts}


@pytest.fixture(scope="module")
def description():
    return circuits.load(PINNED[-1])


@pytest.mark.parametrize("name", [table.name for table in circuits.load(PINNED[-1]).tables])
def test_formulas_are_the_description_s(description, name):
    random = Random(name)
    table = next(table for table in description.tables if table.name == name)
    publics = {public: random.randrange(P) for public in description.publics}
    nodes, names = table_at(table, publics, random)
    lines = [line for line in sections()[name] if line]
    constraints, messages = lines[: len(table.constraints)], lines[len(table.constraints) :]
    hidden = 0
    for line, constraint in zip(constraints, table.constraints, strict=True):
        pieces = PIECE.findall(line)
        assert pieces[0] == constraint.name
        hidden += len(pieces) == 1
        assert len(pieces) == 1 or value_of(pieces[1], names) == nodes[constraint.node], line
    assert hidden == (8 * 24 + 22 if name == "poseidon" else 0)  # the lanes of full rounds, partial ones but the first
    for line, act in zip(messages, table.interactions, strict=True):
        message, *weights = PIECE.findall(line)
        often, bus, inside = re.fullmatch(r"(?:(.*) \* )?([a-z]\w*|u15)\((.*)\)", message).groups()
        assert bus == description.buses[act.bus - 1].name
        assert [value_of(part, names) for part in fields_of(inside)] == [nodes[node] for node in act.message]
        slots = [int(slot) for slot in re.findall(r"(\d+): `", line)]
        assert list(zip(slots, (value_of(text, names) for text in weights), strict=True)) == [
            (slot, nodes[node]) for slot, node in act.weights
        ]
        assert act.weights or value_of(often or "1", names) == nodes[act.mult]
        sends = line.startswith(("- sends", "- posts"))
        assert sends == (act.sign == 1)


def test_a_count_beside_weights_is_none(description):
    """The text of a post has no count, so there must be none."""
    for table in description.tables:
        assert all(table.nodes[act.mult] == ("const", 0) for act in table.interactions if act.weights)


def test_runs_are_drawn_together_and_nothing_else():
    assert runs(["x0", "x1", "x2", "y", "x3", "x4"]) == ["x0..2", "y", "x3", "x4"]
    assert runs(["x0'", "x1'", "x2", "a * x0", "7", "8", "9"]) == ["x0'", "x1'", "x2", "a * x0", "7", "8", "9"]
    assert runs(["x8'", "x9'", "x10'"]) == ["x8..10'"]
