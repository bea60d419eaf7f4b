"""Canada: the figures of Schedule 3 (capital gains) for crypto-assets and other properties of a year.

A row for each property: proceeds of disposition before fees, adjusted cost base by average cost (Income Tax Act s.47),
outlays and expenses, gain or loss; half of the net gain is taxable (s.38). In cents: rows are rounded so that they
add up, and proceeds and gain to the exact sums, rounded once; column 2 less columns 3 and 4 is the gain on every row.
Superficial losses (s.54) are not denied here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zkharvest.desk.amounts import CENT, Carry, plain, to_cents
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import Side
from zkharvest.trades.text import format_quantity

COLUMNS = ("number", "property", "(2) proceeds", "(3) adjusted cost base", "(4) outlays", "(5) gain or loss")
NOTE = "superficial losses (s.54) are not denied: check losses with a purchase within 30 days before or after"


@dataclass(frozen=True, slots=True)
class Property:
    """One row of the schedule, in cents: gain = proceeds - cost - outlays."""

    asset: str
    quantity: int
    proceeds: int
    cost: int
    outlays: int

    @property
    def gain(self) -> int:
        """Column 5."""
        return self.proceeds - self.cost - self.outlays


@dataclass(frozen=True)
class Schedule3:
    """The rows of a year, by asset."""

    year: int
    rows: tuple[Property, ...]

    @property
    def total(self) -> Property:
        """All rows, added."""
        return Property(
            "total",
            0,
            sum(row.proceeds for row in self.rows),
            sum(row.cost for row in self.rows),
            sum(row.outlays for row in self.rows),
        )

    @property
    def taxable(self) -> int:
        """Half of the net gain, in cents, half a cent up; a loss in the same way."""
        return (self.total.gain + 1) // 2


def make_schedule3(run: LedgerRun) -> Schedule3:
    """The schedule from a run under the regime of Canada."""
    exact: dict[str, list[int]] = {}
    charged: set[int] = set()
    for part in run.disposals:
        if part.in_year:
            sums = exact.setdefault(part.asset, [0, 0, 0, 0])
            # Of a long sale the ledger's proceeds are net of the fee; of a short one the fee is in the cost of closing.
            fee = run.trades[part.trade].fee if part.side is Side.LONG and part.trade not in charged else 0
            charged.add(part.trade)
            sums[0] += part.quantity
            sums[1] += part.proceeds + fee
            sums[2] += part.basis
            sums[3] += fee
    proceeds, cost, outlays = _carries(*(sum(sums[column] for sums in exact.values()) for column in (1, 2, 3)))
    rows = tuple(
        Property(asset, sums[0], proceeds.cents(sums[1]), cost.cents(sums[2]), outlays.cents(sums[3]))
        for asset, sums in sorted(exact.items())
    )
    return Schedule3(run.election.year, rows)


def _carries(proceeds: int, cost: int, outlays: int) -> tuple[Carry, Carry, Carry]:
    """Carries for columns 2, 3 and 4 of these exact sums, so that proceeds and gain are the exact sums, rounded once.

    What rounding leaves over goes to the cost if a cent beside its exact sum takes it, else to the outlays too: one of
    the pairs of cents beside the two exact sums always adds up.
    """
    both = to_cents(proceeds) - to_cents(proceeds - cost - outlays)
    nearest = to_cents(outlays)
    for total in (nearest, nearest + 1, nearest - 1):
        if abs(total * CENT - outlays) < CENT and abs((both - total) * CENT - cost) < CENT:
            return Carry(), Carry.to(cost, both - total), Carry.to(outlays, total)
    raise AssertionError("cost and outlays are within a cent of proceeds less gain")


def schedule3_rows(schedule: Schedule3) -> Iterator[tuple[str, ...]]:
    """The schedule as a table (COLUMNS): rows, total, and the half of the gain that is taxable."""
    for row in (*schedule.rows, schedule.total):
        number = format_quantity(row.quantity) if row.quantity else ""
        yield (number, row.asset, plain(row.proceeds), plain(row.cost), plain(row.outlays), plain(row.gain))
    yield ("", "taxable half of the net gain or loss (s.38)", "", "", "", plain(schedule.taxable))


def schedule3_json(schedule: Schedule3) -> dict[str, Any]:
    """The schedule as one object."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in schedule3_rows(schedule)]
    half = plain(schedule.taxable)
    return {"year": schedule.year, "rows": rows[:-2], "total": rows[-2], "taxable": half, "note": NOTE}
