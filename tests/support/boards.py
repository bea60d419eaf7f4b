"""An honest link of the circuit to try things on, and the lies about its tables by the constraint that each breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from tests.adversary.kit.local import Board
from tests.support import (
    hashes,
    link_tables,
    machine_circuit,
    machine_lies,
    range_lies,
    register_lies,
    registers,
    whole_links,
)
from tests.support.register_runs import followed
from zkharvest.circuit.lot_machine.v2.witness import LinkWitness

Circuits = Callable[[], dict[str, Any]]


@cache
def lies() -> dict[str, tuple[Callable[[], Any], Circuits]]:
    """By "table.constraint": a dishonest run, and the description of the circuit that it is a run of."""
    from tests.unit.circuit import test_circuit_v2_hashes as of_hashes
    from tests.unit.circuit import test_circuit_v2_tables as of_tables

    steps = {f"steps.{name}": make for name, make in (machine_lies.found() | machine_lies.LIES).items()}
    poseidon = {f"poseidon.{name}": make for name, make in (of_hashes.LIES | of_hashes.ROUNDS).items()}
    sums = {name: _edited(make) for name, make in register_lies.LIES.items()}
    found: dict[str, tuple[Callable[[], Any], Circuits]] = {}
    for made, description in (
        (steps, machine_circuit.description),
        (poseidon, hashes.description),
        (sums, registers.description),
        (of_tables.LIES | range_lies.LIES, link_tables.description),
    ):
        found |= {name: (make, description) for name, make in made.items()}
    return found


def _edited(make: Callable[[], Any]) -> Callable[[], Any]:
    """A lie about registers is a run and cells of it."""

    def changed() -> Any:
        run, edits = make()
        return run.edited(*followed(run, edits)).counted() if edits else run

    return changed


def lie(name: str, without: bool = False) -> Board:
    """The board of a lie; `without` the constraint that it breaks."""
    make, description = lies()[name]
    return Board(make(), lacking(description(), name) if without else description())


def lacking(description: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A circuit without one constraint, "table.constraint"."""
    of, _, constraint = name.partition(".")
    tables = [
        {**table, "constraints": [c for c in table["constraints"] if (table["name"], c["name"]) != (of, constraint)]}
        for table in description["tables"]
    ]
    return {**description, "tables": tables}


def alone(*names: str) -> None:
    """Each lie breaks its constraint and nothing else: without it, it would get through."""
    for name in names:
        assert lie(name).verdict() == {name}
        assert lie(name, without=True).verdict() == set()


@cache
def witness() -> LinkWitness:
    """An honest link with every kind of row but loads and skips, and idle rows in every table.

    No byte of its amounts is 0. Its range table has more rows than a power of two, as no proof has.
    """
    made = whole_links.witness_of(machine_lies.full(), least=7, machine_least=6)
    ranges = made.traces["range"]
    idle = np.zeros((4, ranges.shape[1]), ranges.dtype)
    return replace(made, traces={**made.traces, "range": np.concatenate([ranges, idle])})


@cache
def board() -> Board:
    """Its board."""
    return Board(witness(), whole_links.description())


def rows_of(kind: str) -> list[int]:
    """Rows of the steps on which a kind of work is done."""
    return [int(r) for r in np.flatnonzero(board().traces[0][:, column(f"is_{kind}")])]


def number(table: str) -> int:
    """Position of a table in the circuit."""
    return board().names.index(table)


def names(table: str) -> list[str]:
    """Names of a table's columns."""
    return list(board().tables[number(table)]["columns"])


def column(name: str, table: str = "steps") -> int:
    """Number of a column."""
    return names(table).index(name)


def columns_of(table: Mapping[str, Any], node: int) -> set[str]:
    """Names of the columns that a node reads."""
    match table["nodes"][node]:
        case ["col", i, _]:
            return {table["columns"][i]}
        case ["lin", _, terms]:
            return set().union(*(columns_of(table, a) for _, a in terms))
        case ["add" | "sub" | "mul", a, b]:
            return columns_of(table, a) | columns_of(table, b)
    return set()
