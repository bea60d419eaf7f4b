"""What the project promises to reach, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: the bar it must not pass, the goal it aims at, and what was measured (None: not measured)."""

    name: str
    unit: str
    bar: float
    goal: float
    measured: float | None

    @property
    def verdict(self) -> str:
        """Whether it holds."""
        if self.measured is None:
            return "not measured"
        if self.measured <= self.goal:
            return "goal"
        return "bar" if self.measured <= self.bar else "missed"


def figures(results: Mapping[str, Any]) -> list[Figure]:
    """The figures of a run, in the order of the design's table."""
    sizes = results["sizes"]

    def at(trades: int, *path: str) -> float | None:
        value: Any = sizes.get(str(trades))
        for key in path:
            value = value[key] if value is not None else None
        return None if value is None else float(value)

    def over(part: float | None, whole: float | None, scale: float = 1.0) -> float | None:
        return None if part is None or whole is None else part / whole * scale

    def ratio(trades: int) -> float | None:
        return over(at(trades, "one_process", "proving"), at(trades, "one_process", "bare", "all"))

    ten, hundred = at(10_000, "prove", "seconds"), at(100_000, "prove", "seconds")
    ledger = results.get("ledger")
    alone = max(ledger["seconds"].values()) if ledger and ledger["trades"] >= 1_000_000 else None
    compiling = results.get("compile", {}).get("seconds")
    verify = max((size["verify"]["seconds"] for size in sizes.values()), default=None)
    return [
        Figure("prove 1,000 trades, whole command, kernels cached", "s", 6, 2, at(1_000, "prove", "seconds")),
        Figure("prove 10,000 trades, whole command", "s", 20, 4, ten),
        Figure("prove 100,000 trades, whole command", "s", 200, 30, hundred),
        Figure("peak memory at 100,000 trades", "GB", 12, 6, over(at(100_000, "prove", "memory"), 1e9)),
        Figure("proving / LDE and hashing of the same cells, 10,000 trades", "", 4, 2, ratio(10_000)),
        Figure("proving / LDE and hashing of the same cells, 100,000 trades", "", 4, 2, ratio(100_000)),
        Figure("growth: time per trade at 100,000 against 10,000", "", 1.3, 1.1, over(hundred, ten, 0.1)),
        Figure("verify, whole command, slowest size", "s", 1.5, 0.4, verify),
        Figure("proof size at 10,000 trades", "kB", 600, 250, over(at(10_000, "one_process", "proof"), 1e3)),
        Figure("first run on a fresh machine: kernel compilation", "s", 60, 20, compiling),
        Figure("ledger alone, 1,000,000 trades, slowest method", "s", 20, 3, alone),
    ]
