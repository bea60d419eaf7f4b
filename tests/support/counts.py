"""What a run of the tests counted: attacks covered, constraints mutated and killed, mutants rejected, executions, bits.

`count("attacks covered")` anywhere in a test; the sums stand at the end of the run (`tests/conftest.py`).
"""

from __future__ import annotations

COUNTS: dict[str, int | float] = {}


def count(what: str, number: int = 1) -> None:
    """Add to a count."""
    COUNTS[what] = COUNTS.get(what, 0) + number


def least(what: str, value: float) -> None:
    """Keep the smallest of the values given."""
    COUNTS[what] = min(COUNTS.get(what, value), value)
