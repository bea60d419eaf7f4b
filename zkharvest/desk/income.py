"""Income by day, source and kind: rewards, airdrops, interest and the like, at fair value when they were received.

Rev. Rul. 2023-14 (staking), Rev. Rul. 2019-24 (airdrops): ordinary income at dominion and control. Digital assets
received as ordinary income that is reported nowhere else go on Schedule 1 (Form 1040), line 8v.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from zkharvest.desk.amounts import Carry, plain
from zkharvest.desk.form8949 import origin_of
from zkharvest.desk.lines import Days
from zkharvest.ledger.results import LedgerRun
from zkharvest.trades.model import Kind, Trade
from zkharvest.trades.text import format_quantity

UNSTATED = "not stated"
COLUMNS = ("row", "day", "source", "category", "asset", "quantity", "amount", "trade", "origin")
NOTES = {
    "mining": "mining that is a trade or business goes on Schedule C, and is subject to self-employment tax",
    "payment": "payment for services goes on Schedule C, or is part of wages",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt of income: the fair value in cents, by local day."""

    day: date
    trade: Trade
    category: str
    cents: int


@dataclass(frozen=True)
class Income:
    """The income of a year. Receipts are rounded so that they add up to the exact sum, rounded once."""

    year: int
    receipts: tuple[Receipt, ...]

    @property
    def total(self) -> int:
        """All income, in cents."""
        return sum(receipt.cents for receipt in self.receipts)

    def by(self, *names: str) -> dict[tuple[str, ...], int]:
        """Cents by `day`, `month`, `source`, `category` or `asset`, or several of them together."""
        sums: dict[tuple[str, ...], int] = {}
        for receipt in self.receipts:
            key = tuple(_KEYS[name](receipt) for name in names)
            sums[key] = sums.get(key, 0) + receipt.cents
        return dict(sorted(sums.items()))

    def notes(self) -> list[str]:
        """What to know of the categories that occur."""
        return [NOTES[category] for (category,) in self.by("category") if category in NOTES]


_KEYS: Mapping[str, Callable[[Receipt], str]] = {
    "day": lambda r: r.day.isoformat(),
    "month": lambda r: f"{r.day.year:04d}-{r.day.month:02d}",
    "source": lambda r: r.trade.source,
    "category": lambda r: r.category,
    "asset": lambda r: r.trade.asset,
}


def income_of(run: LedgerRun) -> Income:
    """The income of the tax year of a run, in order of time."""
    days, carry = Days(run.election.timezone), Carry()
    receipts = tuple(
        Receipt(days.of(trade.time), trade, category_of(trade), carry.cents(trade.amount))
        for trade in received(run.trades, run.window)
    )
    return Income(run.election.year, receipts)


def received(trades: Sequence[Trade], window: tuple[int, int]) -> Iterable[Trade]:
    """The trades that are income within a window of time."""
    return (trade for trade in trades if trade.kind is Kind.INCOME and window[0] <= trade.time < window[1])


def category_of(trade: Trade) -> str:
    """What a receipt is for."""
    return trade.category or UNSTATED


def income_rows(income: Income, *, whole: bool = False) -> Iterator[tuple[str, ...]]:
    """The income as a table (COLUMNS): receipts, sums by category and by source, the total."""
    for receipt in income.receipts:
        trade = receipt.trade
        yield (
            "receipt", receipt.day.isoformat(), trade.source, receipt.category, trade.asset,
            format_quantity(trade.quantity), plain(receipt.cents, whole=whole), trade.ref, origin_of([trade]),
        )  # fmt: skip
    for (category,), cents in income.by("category").items():
        yield ("category", "", "", category, "", "", plain(cents, whole=whole), "", "")
    for (source,), cents in income.by("source").items():
        yield ("source", "", source, "", "", "", plain(cents, whole=whole), "", "")
    yield ("total", "", "", "", "", "", plain(income.total, whole=whole), "", "")


def income_json(income: Income, *, whole: bool = False) -> dict[str, Any]:
    """The income as one object."""
    table = [dict(zip(COLUMNS, row, strict=True)) for row in income_rows(income, whole=whole)]

    def pick(row: str, *names: str) -> list[dict[str, str]]:
        return [{name: one[name] for name in names} for one in table if one["row"] == row]

    return {
        "year": income.year,
        "rounding": "whole dollars" if whole else "cents",
        "schedule_1_line_8v": plain(income.total, whole=whole),
        "by_category": pick("category", "category", "amount"),
        "by_source": pick("source", "source", "amount"),
        "by_day": [
            {"day": day, "source": source, "category": category, "amount": plain(cents, whole=whole)}
            for (day, source, category), cents in income.by("day", "source", "category").items()
        ],
        "receipts": pick("receipt", *COLUMNS[1:]),
        "notes": income.notes(),
    }
