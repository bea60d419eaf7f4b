"""How a statement says its zone: the UTC offsets of the days that its calendar lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from zkharvest.ledger.calendar import DayTable


def utc_offsets(table: DayTable) -> list[list[Any]]:
    """Run-length list of the UTC offset (seconds) that starts each local day."""
    runs: list[list[Any]] = []
    for d, start in enumerate(table.start):
        day = table.first_day + timedelta(days=d)
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        offset = midnight - start // 1000
        if not runs or runs[-1][1] != offset:
            runs.append([d, offset])
    return runs
