"""What a proof is busy with, and how long each of its steps took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]
"""`progress(step, done, total)`: a step begins for the first time, `done` of `total` did before; at the end ""."""

STEPS = (
    "main columns: interpolate",
    "main columns: extend and hash",
    "grinding",
    "buses",
    "bus columns: interpolate",
    "bus columns: extend and hash",
    "constraints",
    "quotient: extend and hash",
    "evaluations",
    "batching",
    "folding",
    "queries",
)
"""The steps in the order in which they begin; grinding and folding come back later."""


class Steps:
    """Reports steps to a listener and adds up the seconds of each; a step's time excludes steps within it."""

    def __init__(self, listener: Progress | None = None) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(STEPS, 0.0)
        self._listener = listener
        self._inner = 0.0
        self._begun: set[str] = set()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do the block as step `name`."""
        if self._listener is not None and name not in self._begun:
            self._listener(name, len(self._begun), len(STEPS))
        self._begun.add(name)
        outer, self._inner = self._inner, 0.0
        start = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - start
            self.seconds[name] += took - self._inner
            self._inner = outer + took

    def finished(self) -> None:
        """Every step is done."""
        if self._listener is not None:
            self._listener("", len(STEPS), len(STEPS))
