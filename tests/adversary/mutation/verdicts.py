"""Whether a mutant is killed: a dishonest witness that the circuit rejects for one fault, and the mutant accepts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.adversary.kit.forge import Forgery
from tests.adversary.kit.lenient import hashes_seen_once, in_short
from tests.adversary.kit.local import RANGES, Board
from tests.adversary.witness.lies.cells import ROWS
from tests.adversary.witness.lies.every import LIES, MUTANT_LIES, STARVED
from tests.adversary.witness.lies.registry import run
from tests.support.mutants import KINDS, Description, Mutant, mutants
from tests.support.settled import settled
from zkharvest.circuit import check as checker

BEFORE, AFTER = "before", "after"
CIRCUITS = Path(__file__).parents[3] / "circuits"
LIED_ABOUT = ("lot-machine/v1",)


@dataclass(frozen=True)
class Result:
    """What became of a mutant. A survivor has a reason: what its witness broke under either description."""

    mutant: Mutant
    killed: bool
    reason: str = ""


@cache
def frozen() -> dict[str, Description]:
    """The frozen circuits whose lies are in `witness/lies`, by id; those of v2 stand beside its tables' own tests."""
    files = [CIRCUITS / circuit / "circuit.json" for circuit in LIED_ABOUT]
    return {f"{f.parents[1].name}/{f.parent.name}": json.loads(f.read_text()) for f in files}


def verdicts(description: Mapping[str, Any], mutant: Mutant, forgery: Forgery) -> tuple[set[str], set[str], Forgery]:
    """What is broken under the description and under the mutant, and the witness (with its lookups counted)."""
    mutated = mutant.make()
    if mutant.bus in RANGES:
        forgery = settled(forgery, mutated)
    return Board(forgery, description).verdict(), Board(forgery, mutated).verdict(), forgery


def try_kill(description: Mapping[str, Any], mutant: Mutant) -> Result:
    """Kill a mutant with the lie that is registered for it."""
    if mutant.key in STARVED:
        return _starve(description, mutant)
    reason = "no witness"
    for make in witnesses(mutant):
        before, after, _ = verdicts(description, mutant, make())
        if before == {mutant.fault} and not after:
            return Result(mutant, True)
        reason = f"{BEFORE}: {sorted(before)}, {AFTER}: {sorted(after)}"
    return Result(mutant, False, reason)


def witnesses(mutant: Mutant) -> list[Callable[[], Forgery]]:
    """The lies that may pass: the mutant's own, and for a constraint that lost a kind of row that constraint's."""
    found = [MUTANT_LIES.get(mutant.key), LIES.get(mutant.fault)]
    return [make for make in found if make is not None]


def by_the_checker(description: Mapping[str, Any], mutant: Mutant) -> tuple[set[str], set[str]]:
    """What the constraint checker itself says of the mutant's witness, before and after.

    Of a starved mutant, which has none, it is asked about the honest run.
    """
    if mutant.key in STARVED:
        forgery = settled(honest(), mutant.make()) if mutant.bus in RANGES else honest()
        return checked(description, honest()), checked(mutant.make(), forgery)
    for make in witnesses(mutant):
        _, after, forgery = verdicts(description, mutant, make())
        if not after:
            return checked(description, forgery), checked(mutant.make(), forgery)
    raise ValueError(f"{mutant.name} has no witness")


def checked(description: Mapping[str, Any], forgery: Forgery) -> set[str]:
    """The constraint checker's verdict, in short; hash tables that it has seen are not evaluated again."""
    traces = [forgery.traces[t["name"]] for t in description["tables"]]
    with hashes_seen_once():
        return in_short(checker.check(description, traces, forgery.public, limit=1000))


@cache
def honest() -> Forgery:
    """An honest run with a disposal, a transfer and a lot that is left."""
    return run(ROWS)


def _starve(description: Mapping[str, Any], mutant: Mutant) -> Result:
    """An honest witness that the mutant rejects."""
    mutated = mutant.make()
    forgery = settled(honest(), mutated) if mutant.bus in RANGES else honest()
    before, after = Board(honest(), description).verdict(), Board(forgery, mutated).verdict()
    killed = not before and after == {mutant.fault}
    return Result(mutant, killed, "" if killed else f"honest: {sorted(before)}, {sorted(after)}")


def results(description: Mapping[str, Any], *, only: str = "") -> list[Result]:
    """All mutants of a description whose name contains `only`."""
    return [try_kill(description, m) for m in mutants(dict(description)) if only in m.name]


def table(found: list[Result]) -> list[str]:
    """Counts by kind, and the survivors by name."""
    made, killed = (Counter(r.mutant.kind for r in found if r.killed or every) for every in (True, False))
    lines = [f"{'':<14}{'mutants':>9}{'killed':>9}{'survive':>9}"]
    lines += [f"{kind:<14}{made[kind]:>9}{killed[kind]:>9}{made[kind] - killed[kind]:>9}" for kind in KINDS]
    lines += [f"{'all':<14}{made.total():>9}{killed.total():>9}{made.total() - killed.total():>9}"]
    lines += [f"survives: {r.mutant.name}: {r.reason}" for r in found if not r.killed]
    return lines


__all__ = ["Result", "by_the_checker", "checked", "frozen", "mutants", "results", "settled", "table", "try_kill"]
