"""At the end of a run, what was counted."""

from __future__ import annotations

from tests.support.counts import COUNTS


def pytest_terminal_summary(terminalreporter):
    if COUNTS:
        terminalreporter.section("counted")
        width = max(map(len, COUNTS))
        for what in sorted(COUNTS):
            value = COUNTS[what]
            terminalreporter.line(
                f"{what:<{width}}  {value:>12,}" if isinstance(value, int) else f"{what:<{width}}  {value:>12.2f}"
            )
