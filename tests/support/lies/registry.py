"""For every constraint a dishonest witness that breaks it and nothing else.

A constraint that no lie breaks alone would be dead or implied by others. `LIES` has the forgeries by constraint;
`TOGETHER` the constraints that no witness of ours breaks alone, each with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from typing import Any

from tests.support import statement
from tests.support.forge import Forgery, forge
from zkharvest.commitment.opening import Opening, commit
from zkharvest.ledger import Basis, Method, Regime
from zkharvest.trades.model import Trade

LIES: dict[str, Callable[[], Forgery]] = {}
TOGETHER: dict[str, str] = {}


def lie(constraint: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    """Register the forgery that breaks a constraint."""
    if constraint in LIES:
        raise ValueError(f"{constraint} has a lie already")
    LIES[constraint] = partial(make, *arguments)


def lies(stem: str, make: Callable[..., Forgery], numbers: Iterable[int]) -> None:
    """Register a family: "steps.key{}" with the number as argument."""
    for i in numbers:
        lie(stem.format(i), make, i)


def together(reason: str, *constraints: str) -> None:
    """Say why constraints are not broken alone."""
    TOGETHER.update(dict.fromkeys(constraints, reason))


@cache
def _committed(trades: tuple[Trade, ...]) -> Opening:
    return commit(trades, seed=statement.SEED)


@cache
def _honest(trades: tuple[Trade, ...], regime: Regime, idle: int) -> Forgery:
    return forge(_committed(trades), regime, idle=idle)


def run(trades: Iterable[Trade], method: str = "fifo", basis: str = "wallet", **told: Any) -> Forgery:
    """A forgery of the tax year 2024 in UTC; with no lies told an honest run, to be changed by the caller."""
    rows, regime = tuple(trades), Regime(Method(method), Basis(basis), "UTC", 2024)
    if set(told) <= {"idle"}:
        forged = _honest(rows, regime, told.get("idle", 2))
        return replace(forged, traces={name: trace.copy() for name, trace in forged.traces.items()})
    return forge(_committed(rows), regime, **told)
