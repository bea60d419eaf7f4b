"""What becomes of the mutants whose sums lack a term: killed by a witness, or implied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from tests.adversary.kit.forge import Forgery
from tests.adversary.kit.local import Board
from tests.adversary.mutation.honest import boards
from tests.adversary.witness.lies.every import LIES, MUTANT_LIES
from tests.adversary.witness.lies.term_drops import IMPLIED, TERM_LIES
from tests.support.dropped_terms import Description, HonestValues, TermMutant, candidates
from tests.support.mutants import mutants

KILLED, MEANT, SURVIVES = "killed", "implied", "survives"


@dataclass(frozen=True)
class TermResult:
    """A mutant and what became of it."""

    mutant: TermMutant
    verdict: str


@cache
def forged(make: Callable[[], Forgery]) -> Forgery:
    """A lie, told once."""
    return make()


def accepted(description: Description) -> list[TermMutant]:
    """The mutants that every honest run satisfies."""
    honest = HonestValues(description, boards())
    found = []
    for mutant in candidates(description):
        table = description["tables"][mutant.drop.table]
        if mutant.of_bus:
            act = table["interactions"][mutant.place]
            holds = honest.balance(table, mutant.drop, act, mutant.of_bus)
        else:
            holds = honest.accept(table, mutant.drop, table["constraints"][mutant.place]["where"])
        if holds:
            found.append(mutant)
    return found


def lies_about(mutant: TermMutant) -> Iterator[Callable[[], Forgery]]:
    """The mutant's own lie, or every lie about its constraint or bus."""
    if mutant.name in TERM_LIES:
        yield TERM_LIES[mutant.name]
        return
    for name, make in {**LIES, **MUTANT_LIES}.items():
        if f" {mutant.of_bus} " in f"{name} " if mutant.of_bus else name.split(" without ")[0] == mutant.fault:
            yield make


def killed(description: Any, mutant: TermMutant) -> bool:
    """Whether a dishonest witness breaks this one fault of the circuit and nothing of the mutant."""
    mutated = mutant.made(description)
    return any(
        Board(forged(make), description).verdict() == {mutant.fault} and not Board(forged(make), mutated).verdict()
        for make in lies_about(mutant)
    )


def term_results(description: Any) -> list[TermResult]:
    """All mutants that honest runs accept, but for those that `mutants` has."""
    known = {m.name for m in mutants(description)}
    found = []
    for mutant in accepted(description):
        if mutant.name in known:
            continue
        if any(fnmatchcase(mutant.name, pattern) for pattern in IMPLIED):
            verdict = MEANT
        else:
            verdict = KILLED if killed(description, mutant) else SURVIVES
        found.append(TermResult(mutant, verdict))
    return found


def term_table(description: Any, found: list[TermResult]) -> list[str]:
    """Counts, and the survivors by name."""
    counts = Counter(r.verdict for r in found)
    made = sum(1 for _ in candidates(description))
    lines = [f"terms dropped  {made}, of which honest runs accept {len(found)} (beside the weakened ones)"]
    lines += [f"{verdict:<14}{counts[verdict]:>9}" for verdict in (KILLED, MEANT, SURVIVES)]
    return lines + [f"{r.verdict}: {r.mutant.name}" for r in found if r.verdict == SURVIVES]
