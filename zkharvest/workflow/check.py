"""The constraint checker on a taxpayer's own trace: which constraint fails, on which row, for which lot.

A proof only says that something is wrong; this says what. It uses the reference arithmetic of galois on the raw trace
and the public data as the verifier reads them from the statement, none of the prover's kernels.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE
from zkharvest.verifier import circuits

from .prove import prepare

if TYPE_CHECKING:
    from zkharvest.circuit.check import Violation
    from zkharvest.commitment.opening import Opening


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is broken (nothing, for an honest witness).

    `rows` is the height of the tallest table; `violations` has for each broken constraint its first row, then what
    does not balance. Details of a bus hold private amounts.
    """

    constraints: int
    buses: int
    tallies: int
    rows: int
    violations: tuple[Violation, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is broken."""
        return not self.violations

    def __bool__(self) -> bool:
        raise TypeError("ask for .holds: the result of a check is not a truth value")


def check_constraints(
    opening: Opening,
    *,
    year: int,
    method: str,
    pooling: str = DEFAULT_POOLING,
    timezone: str = DEFAULT_TIMEZONE,
    progress: Callable[[str], None] | None = None,
) -> Checked:
    """Check every constraint, bus and tally of the circuit on the raw trace, without proving anything.

    Takes the arguments of `prove` and raises what it raises. Expect a second for every thousand trades, after three
    to five seconds of compiling, and half a gigabyte of memory.
    """
    say = progress or (lambda _: None)
    prepared = prepare(opening, year=year, method=method, pooling=pooling, timezone=timezone, progress=say)
    from zkharvest.circuit.check import PublicValues, check

    description = json.loads((circuits.folder() / prepared.circuit.id / "circuit.json").read_bytes())
    public = PublicValues(prepared.public.publics, prepared.public.lists, prepared.public.columns)
    witness = prepared.witness
    found = check(description, witness.traces, public, label=witness.names, limit=200, progress=say)
    return Checked(
        sum(len(table["constraints"]) for table in description["tables"]),
        len(description["buses"]),
        int(description["tallies"]),
        1 << max(witness.heights),
        tuple(found),
    )
