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
    """The figures of a run, those of proofs first.

    A history of pages may take 1.3 times what one file of trades did (1.6, 3 and 12 s), a year alone 0.75 times, and a
    package 1.15 times the bytes (260, 295, 530 and 240 kB).
    """
    sizes = results.get("sizes", {})

    def at(trades: int, *path: str) -> float | None:
        value: Any = sizes.get(str(trades))
        for key in path:
            value = value.get(key) if value is not None else None
        return None if value is None else float(value)

    def over(part: float | None, whole: float | None, scale: float = 1.0) -> float | None:
        return None if part is None or whole is None else part / whole * scale

    def ratio(trades: int) -> float | None:
        return over(at(trades, "one_process", "proving"), at(trades, "one_process", "bare", "all"))

    def package(trades: int) -> float | None:
        return over(at(trades, "one_process", "package"), 1e3)

    def prove(trades: int) -> float | None:
        return at(trades, "prove", "seconds")

    ledger, reading = results.get("ledger"), results.get("reading")
    alone = max(ledger["seconds"].values()) if ledger and ledger["trades"] >= 1_000_000 else None
    read = reading["seconds"] if reading and reading["rows"] >= 1_000_000 else None
    compiling = results.get("compile", {}).get("seconds")
    verify = max((size["verify"]["seconds"] for size in sizes.values()), default=None)
    start = results.get("start", {}).get("verify")
    return [
        Figure("package at 1,000 trades", "kB", 299, 210, package(1_000)),
        Figure("package at 10,000 trades", "kB", 339, 240, package(10_000)),
        Figure("package at 100,000 trades", "kB", 610, 300, package(100_000)),
        Figure("package at 10,000 trades, --size small", "kB", 276, 200, over(at(10_000, "small"), 1e3)),
        Figure("prove 1,000 trades, whole command, kernels cached", "s", 2.1, 0.9, prove(1_000)),
        Figure("prove 10,000 trades, whole command", "s", 3.9, 2.0, prove(10_000)),
        Figure("prove 10,000 trades, the last of three years", "s", 2.25, 1.5, at(10_000, "last_year", "seconds")),
        Figure("prove 100,000 trades, whole command", "s", 15.6, 7, prove(100_000)),
        Figure("peak memory at 100,000 trades", "GB", 5, 3, over(at(100_000, "prove", "memory"), 1e9)),
        Figure("proving / extending and hashing of the same cells, 10,000 trades", "", 2.0, 1.6, ratio(10_000)),
        Figure("proving / extending and hashing of the same cells, 100,000 trades", "", 2.0, 1.6, ratio(100_000)),
        Figure("verify, whole command, slowest size", "s", 0.35, 0.25, verify),
        Figure("verify, before it reads anything", "s", 0.15, 0.10, start),
        Figure("first run on a fresh machine: kernel compilation", "s", 60, 15, compiling),
        Figure("ledger alone, 1,000,000 trades, slowest method", "s", 4, 3, alone),
        Figure("reading a canonical CSV of 1,000,000 rows, all checks", "s", 12, 6, read),
    ]
