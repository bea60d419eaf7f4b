"""What a proof is busy with, and how long each of its steps took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]
"""`progress(step, done, total)`: the step that begins (or "" at the end) after `done` of `total` steps."""

STEPS = (
    "main columns: extend",
    "main columns: hash",
    "buses",
    "bus columns: extend",
    "bus columns: hash",
    "constraints",
    "quotient: extend",
    "quotient: hash",
    "openings",
    "batching",
    "folding",
    "grinding",
    "queries",
)
"""The steps in the order in which they begin first. Grinding comes back between the others."""


class Steps:
    """Reports steps to a listener and adds up the seconds of each; a step's time excludes steps within it."""

    def __init__(self, listener: Progress | None = None) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(STEPS, 0.0)
        self._listener = listener
        self._inner = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do the block as step `name`."""
        if self._listener is not None:
            self._listener(name, STEPS.index(name), len(STEPS))
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
