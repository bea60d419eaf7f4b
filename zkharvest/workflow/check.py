"""The constraint checker on a taxpayer's own trace: which constraint fails, on which row, for which lot.

A proof only says that something is wrong; this says what. It uses the reference arithmetic of galois on the raw trace
and the public data as the verifier reads them from the statement, none of the prover's kernels.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zkharvest.verifier import circuits

if TYPE_CHECKING:
    from zkharvest.circuit.check import Violation
    from zkharvest.files.book import Book
    from zkharvest.files.page_files import PageOpening
    from zkharvest.files.standings import StandingFile
    from zkharvest.verifier.public import PublicData
    from zkharvest.workflow.links import Wanted


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


@dataclass(frozen=True, slots=True)
class CheckedYear:
    """What was found of one link; `year` is its tax year."""

    year: int
    checked: Checked


def check_links(
    openings: Iterable[tuple[str, PageOpening]],
    wanted: Wanted,
    *,
    book: Book,
    opening: StandingFile | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[CheckedYear]:
    """Check every constraint, bus and tally of each year's link on the raw trace, without proving anything.

    Takes the arguments of `links.prove_links` and raises what it raises. Goes on to the next year whatever is broken.
    """
    from .links import prepare_links

    say = progress or (lambda _: None)
    found = []
    for prepared in prepare_links(openings, wanted, book=book, opening=opening, progress=say):
        witness, circuit = prepared.witness, prepared.link.statement.circuit_id
        traces = list(witness.traces.values())
        assert prepared.link.statement.year is not None, "an election names a year"
        checked = _checked(circuit, traces, prepared.public, witness.names, say)
        found.append(CheckedYear(prepared.link.statement.year, checked))
    return found


def _checked(circuit: str, traces: Any, public: PublicData, names: Any, say: Callable[[str], None]) -> Checked:
    """The checker's report, with public data as the verifier has them."""
    from zkharvest.circuit.check import PublicValues, check

    description = json.loads((circuits.folder() / circuit / "circuit.json").read_bytes())
    given = PublicValues(public.publics, public.lists, public.columns)
    found = check(description, traces, given, label=names, limit=200, progress=say)
    return Checked(
        sum(len(table["constraints"]) for table in description["tables"]),
        len(description["buses"]),
        int(description["tallies"]),
        max(len(trace) for trace in traces),
        tuple(found),
    )
