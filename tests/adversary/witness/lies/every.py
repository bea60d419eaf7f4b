"""All lies: importing this module registers them."""

from __future__ import annotations

from tests.adversary.witness.lies import (
    amounts,
    bus_steps_lists,
    bus_steps_ranges,
    bus_steps_records,
    cells,
    comparisons,
    flags,
    hash_buses,
    hashes,
    lists,
    sequence,
    table_buses,
    tables,
    terms,
    weak_lists,
    weak_steps,
)
from tests.adversary.witness.lies.registry import LIES, MUTANT_LIES, STARVED
from tests.support import statement

MODULES = (
    *(amounts, bus_steps_lists, bus_steps_ranges, bus_steps_records, cells, comparisons, flags, hash_buses, hashes),
    *(lists, sequence, table_buses, tables, terms, weak_lists, weak_steps),
)

CONSTRAINTS = [f"{t['name']}.{c['name']}" for t in statement.description()["tables"] for c in t["constraints"]]

__all__ = ["CONSTRAINTS", "LIES", "MODULES", "MUTANT_LIES", "STARVED"]
