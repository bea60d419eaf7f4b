"""At the end of a run, what was counted."""

from __future__ import annotations

import pytest

from tests.support.counts import COUNTS


@pytest.fixture
def cheap_scrypt(monkeypatch):
    """scrypt at a cost for tests, which no program that is not patched writes or reads."""
    from zkharvest.files import sealing

    monkeypatch.setattr(sealing, "STANDARD", sealing.Cost(4, 8, 1))
    monkeypatch.setattr(sealing, "CHEAPEST", sealing.Cost(4, 8, 1))


def pytest_terminal_summary(terminalreporter):
    if COUNTS:
        terminalreporter.section("counted")
        width = max(map(len, COUNTS))
        for what in sorted(COUNTS):
            value = COUNTS[what]
            terminalreporter.line(
                f"{what:<{width}}  {value:>12,}" if isinstance(value, int) else f"{what:<{width}}  {value:>12.2f}"
            )
