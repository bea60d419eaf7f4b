"""For every constraint a dishonest witness that breaks it and nothing else.

A constraint that no lie breaks alone would be dead or implied by others: such were removed (docs/adr/0009). `LIES` has
the forgeries by constraint; `MUTANT_LIES` those by the mutant that lets them pass, where something else than a
constraint is gone; `STARVED` the mutants that let nothing pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from typing import Any

from tests.adversary.kit.forge import Forgery, forge
from tests.support import statement
from zkharvest.commitment.opening import Opening, commit
from zkharvest.ledger import Election, Method, Pooling
from zkharvest.trades.model import Trade

LIES: dict[str, Callable[[], Forgery]] = {}
MUTANT_LIES: dict[str, Callable[[], Forgery]] = {}
STARVED: dict[str, str] = {}


def lie(constraint: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    """Register the forgery that breaks a constraint."""
    if constraint in LIES:
        raise ValueError(f"{constraint} has a lie already")
    LIES[constraint] = partial(make, *arguments)


def lies(stem: str, make: Callable[..., Forgery], numbers: Iterable[int]) -> None:
    """Register a family: "steps.key{}" with the number as argument."""
    for i in numbers:
        lie(stem.format(i), make, i)


def mutant_lie(mutant: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    """Register the forgery that only this mutant of the circuit lets pass (names: support/mutants.py)."""
    if mutant in MUTANT_LIES:
        raise ValueError(f"{mutant} has a lie already")
    MUTANT_LIES[mutant] = partial(make, *arguments)


def bus_lie(interaction: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    """A lie for an interaction that is gone: "steps -> link #1"."""
    mutant_lie(interaction, make, *arguments)


def field_lie(bus: str, field: int, make: Callable[..., Forgery], *arguments: Any) -> None:
    """A lie for a bus whose messages lack a field, everywhere."""
    mutant_lie(f"bus {bus}[{field}]", make, *arguments)


def tally_lie(table: str, slot: int, make: Callable[..., Forgery], *arguments: Any) -> None:
    """A lie for a table that adds nothing to a slot."""
    mutant_lie(f"tally {table}[{slot}]", make, *arguments)


def public_lie(message: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    """A lie for messages that the verifier no longer accounts for: "public total #2"."""
    mutant_lie(message, make, *arguments)


def weak_lie(constraint: str, term: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    """A lie for a constraint that no longer holds on one kind of row: `term` is dropped from its selector."""
    mutant_lie(f"{constraint} without {term}", make, *arguments)


def starved(reason: str, *mutants: str) -> None:
    """Mutants that accept nothing the circuit rejects: what they drop is asked for by others, which stay.

    They have no dishonest witness; an honest one that they reject takes its place.
    """
    STARVED.update(dict.fromkeys(mutants, reason))


@cache
def _committed(trades: tuple[Trade, ...]) -> Opening:
    return commit(trades, currency="USD", seed=statement.SEED)


@cache
def _honest(trades: tuple[Trade, ...], regime: Election, idle: int) -> Forgery:
    return forge(_committed(trades), regime, idle=idle)


def run(trades: Iterable[Trade], method: str = "fifo", basis: str = "wallet", **told: Any) -> Forgery:
    """A forgery of the tax year 2024 in UTC; with no lies told an honest run, to be changed by the caller."""
    rows, regime = tuple(trades), Election(Method(method), Pooling(basis), "UTC", 2024)
    if set(told) <= {"idle"}:
        forged = _honest(rows, regime, told.get("idle", 2))
        return replace(forged, traces={name: trace.copy() for name, trace in forged.traces.items()})
    return forge(_committed(rows), regime, **told)
