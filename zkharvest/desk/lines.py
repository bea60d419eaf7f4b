"""From a ledger run to the lines of a form: one line for each lot part disposed of in the year, still exact."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes import only_us
from zkharvest.ledger.results import Disposal, LedgerRun
from zkharvest.ledger.rules import SHORT_TERM, Side
from zkharvest.trades.model import Kind, Trade
from zkharvest.trades.text import format_quantity

VARIOUS = "VARIOUS"

_DERIVATIVE = re.compile(
    r"-(?:PERP(?:ETUAL)?|SWAP)$"  # perpetual futures
    r"|-\d{1,2}[A-Z]{3}\d{2,4}(?:-|$)"  # dated futures and options: BTC-27DEC26, BTC-27DEC26-80000-P
    r"|-\d{6,8}(?:-|$)"  # the same with a date in figures: BTC-USD-241227-80000-C
)


@lru_cache(maxsize=4096)
def is_digital_asset(asset: str) -> bool:
    """Whether an instrument is itself a digital asset (s.6045(g)(3)(D)), and not an option or a future on one.

    Contracts on digital assets are not digital assets (Reg. 1.6045-1(a)(19)): they go into boxes A to F.
    """
    return _DERIVATIVE.search(asset) is None


@lru_cache(maxsize=4096)
def is_option(asset: str) -> bool:
    """Whether an instrument is an option, such as BTC-27DEC26-80000-P."""
    return re.search(r"-\d{6,8}-|-\d{1,2}[A-Z]{3}\d{2,4}-", asset) is not None and asset.endswith(("-C", "-P"))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of Form 8949 before rounding. Money in 10^-8, quantity in 10^-18, days in the taxpayer's zone.

    `place` and `lots` are places in `LedgerRun.trades`: the trade that disposes, and those that opened the lots.
    `acquired` is None where lots of several days are on one row. `adjustments` are (code, amount) of columns (f), (g).
    """

    place: int
    lots: tuple[int, ...]
    term: str
    side: Side
    asset: str
    source: str
    quantity: int
    acquired: date | None
    disposed: date
    proceeds: int
    basis: int
    expired: bool
    adjustments: tuple[tuple[str, int], ...] = ()

    @property
    def short_term(self) -> bool:
        """Part I of the form (Part II otherwise)."""
        return self.term == SHORT_TERM

    @property
    def adjustment(self) -> int:
        """Column (g)."""
        return sum(amount for _, amount in self.adjustments)

    @property
    def gain(self) -> int:
        """Column (h): (d) less (e), combined with (g)."""
        return self.proceeds - self.basis + self.adjustment

    @property
    def codes(self) -> str:
        """Column (f): all codes in alphabetical order, as the instructions ask."""
        return "".join(sorted({code for code, _ in self.adjustments}))

    @property
    def description(self) -> str:
        """Column (a)."""
        return f"{format_quantity(self.quantity)} {self.asset}"


def lines_of(run: LedgerRun, *, by_sale: bool = False) -> list[Line]:
    """The lines of the tax year in the order in which the disposals happened.

    `by_sale` puts the lots of one sale and one term on one row, with "VARIOUS" where their days differ
    (Instructions for Form 8949, column (b)). Raises UsageError for a run under another country's rules.
    """
    only_us(run.election, "Form 8949")
    days = Days(run.election.timezone)
    made = [_line(part, run.trades, days) for part in run.disposals if part.in_year]
    return list(_merged(made)) if by_sale else made


class Days:
    """Local days of instants. A day once found is remembered with its bounds: a year has few days, and many sales."""

    def __init__(self, timezone: str) -> None:
        self._calendar = Calendar(timezone)
        self._known: dict[int, list[tuple[int, int, date]]] = {}  # by the day of UTC

    def of(self, instant: int) -> date:
        """The local day of an instant (ms)."""
        known = self._known.setdefault(instant // 86_400_000, [])
        for first, end, day in known:
            if first <= instant < end:
                return day
        day = self._calendar.date_of(instant)
        first, end = self._calendar.first_instant(day), self._calendar.first_instant(day + timedelta(days=1))
        known.append((first, end, day))
        return day


def _line(part: Disposal, trades: Sequence[Trade], days: Days) -> Line:
    # Of a short sale, column (b) is the day on which the property that closes it was bought.
    acquired = part.acquired if part.side is Side.LONG else part.disposed
    return Line(
        place=part.trade,
        lots=(part.lot,),
        term=part.term,
        side=part.side,
        asset=part.asset,
        source=part.source,
        quantity=part.quantity,
        acquired=days.of(acquired),
        disposed=days.of(part.disposed),
        proceeds=part.proceeds,
        basis=part.basis,
        expired=trades[part.trade].kind is Kind.EXPIRE,
    )


def _merged(lines: Sequence[Line]) -> Iterator[Line]:
    rows: dict[tuple[int, str, tuple[str, ...]], Line] = {}
    for line in lines:
        key = (line.place, line.term, tuple(code for code, _ in line.adjustments))
        held = rows.get(key)
        rows[key] = line if held is None else merge(held, line)
    yield from rows.values()


def merge(a: Line, b: Line) -> Line:
    """Two lines of one sale and one term as one row."""
    adjustments: dict[str, int] = {}
    for code, amount in (*a.adjustments, *b.adjustments):
        adjustments[code] = adjustments.get(code, 0) + amount
    return replace(
        a,
        lots=(*a.lots, *b.lots),
        quantity=a.quantity + b.quantity,
        acquired=a.acquired if a.acquired == b.acquired else None,
        proceeds=a.proceeds + b.proceeds,
        basis=a.basis + b.basis,
        adjustments=tuple(adjustments.items()),
    )
