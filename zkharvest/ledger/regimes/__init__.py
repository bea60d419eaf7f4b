"""The countries: each a module that reads as its law does, and nothing else of the ledger knows any law.

`find` gives the regime that an election names. docs/ledger.md says how to add one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkharvest.errors import UsageError
from zkharvest.ledger.regimes.average import Average
from zkharvest.ledger.regimes.base import Plan, Regime, Sums
from zkharvest.ledger.regimes.canada import Canada
from zkharvest.ledger.regimes.uk import UnitedKingdom
from zkharvest.ledger.regimes.us import UnitedStates

if TYPE_CHECKING:
    from zkharvest.ledger.rules import Election

__all__ = ["REGIMES", "Plan", "Regime", "Sums", "find", "find_provable", "regime_of"]

REGIMES: dict[str, Regime] = {regime.name: regime for regime in (UnitedStates(), UnitedKingdom(), Canada(), Average())}


def find(name: str) -> Regime:
    """The regime of that name. Raises UsageError with the names there are."""
    if name not in REGIMES:
        raise UsageError(f'unknown regime "{name}"', f"the regimes are {', '.join(REGIMES)}")
    return REGIMES[name]


def find_provable(name: str) -> Regime:
    """The regime of that name if a circuit proves it. Raises UsageError otherwise."""
    law = find(name)
    if not law.holding:
        able = ", ".join(regime.name for regime in REGIMES.values() if regime.holding)
        raise UsageError(
            f"{law.title} cannot be proven: the circuit knows only the rules of {able}",
            f"its figures without a proof: zkharvest ledger report TRADES.csv --regime {name}",
        )
    return law


def only_us(election: Election, what: str) -> None:
    """Refuse a run under another country's rules for what only the United States has. Raises UsageError."""
    if election.regime != UnitedStates.name:
        ran = find(election.regime).title
        hint = "run the ledger with regime us, or take that country's figures: report schedule3, report sa108"
        raise UsageError(f"{what} is of the United States; this ledger was run under the rules of {ran}", hint)


def regime_of(election: Election) -> Regime:
    """The regime of an election, which must be one that its law allows. Raises UsageError."""
    regime = find(election.regime)
    if election.pooling not in regime.poolings:
        allowed = " or ".join(regime.poolings)
        raise UsageError(f"{regime.title} does not pool lots by {election.pooling}", f"use pooling {allowed}")
    if regime.methods and election.method is None:
        raise UsageError(f"{regime.title}: no method given", f"the methods are {', '.join(regime.methods)}")
    if election.method is not None and election.method not in regime.methods:
        hint = f"the methods are {', '.join(regime.methods)}" if regime.methods else "leave the method out"
        raise UsageError(f"{regime.title} does not know the method {election.method}", hint)
    return regime
