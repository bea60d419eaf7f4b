"""Average cost, in general: every lot of a pool joins one holding, and a disposal takes its share of the whole cost.

No country's law as it stands: a calculation for those whose law asks for average cost and whose other rules
(matching, deferred losses, terms) the user applies. The taxpayer chooses which lots lie together.
"""

from __future__ import annotations

from zkharvest.ledger.regimes.base import Regime, Sums
from zkharvest.ledger.rules import Method, Pooling


class Average(Regime):
    """One entry a pool: what comes in is merged, what goes out carries floor(cost * part / holding)."""

    name = "average"
    title = "Average cost"
    poolings: tuple[Pooling, ...] = (Pooling.WALLET, Pooling.UNIVERSAL)
    merges = True

    def key(self, method: Method | None, unit: int, day: int, seq: int) -> tuple[int, ...]:
        """There is one entry."""
        del method, unit, day, seq
        return ()

    def totals(self, sums: Sums) -> dict[str, int]:
        """Gains and losses without terms."""
        gains, losses = sum(sums.gains.values()), sum(sums.losses.values())
        return {
            "proceeds": sums.proceeds,
            "basis": sums.basis,
            "gain": sums.proceeds - sums.basis,
            "gains": gains,
            "losses": losses,
            "net": gains - losses,
        }
