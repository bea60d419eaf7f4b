"""What a run of the tests counted: attacks covered, constraints mutated and killed, mutants rejected, executions, bits.

`count("attacks covered")` anywhere in a test; the sums stand at the end of the run (`tests/conftest.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

COUNTS: dict[str, int | float] = {}


def count(what: str, number: int = 1) -> None:
    """Add to a count."""
    COUNTS[what] = COUNTS.get(what, 0) + number


def least(what: str, value: float) -> None:
    """Keep the smallest of the values given."""
    COUNTS[what] = min(COUNTS.get(what, value), value)


def merge(counts: Mapping[str, int | float]) -> None:
    """Add what another process counted: a float is a least value, an integer a sum."""
    for what, value in counts.items():
        (least if isinstance(value, float) else count)(what, value)
