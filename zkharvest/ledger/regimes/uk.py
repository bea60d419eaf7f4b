"""United Kingdom: tokens held as investments, under the share matching rules (TCGA 1992; HMRC manual CRYPTO22200).

Which tokens: a disposal is matched with acquisitions of the same day (s.105(1)(b)), then with those of the 30 days
after it (s.106A(5); earlier disposals first, earlier acquisitions first, CRYPTO22253), and only then with the section
104 holding, one pool for each kind of token wherever it lies, each token at the average cost of all (s.104; s.110(4)).
All that is acquired of a token on one day is one acquisition, all that is disposed of one disposal (s.105(1)(a)).
What tokens cost: what was paid, and the incidental costs (s.38(1)). What a disposal brings: the consideration, or
the market value in an exchange; its incidental costs are taken off (s.38(2)). Tax years run from 6 April to 5 April.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.regimes.average import Average
from zkharvest.ledger.regimes.base import Match, Plan
from zkharvest.ledger.rules import Pooling, opening_value, part_of
from zkharvest.trades.model import OPENS_LOT, Kind, Trade

if TYPE_CHECKING:
    from zkharvest.ledger.calendar import Calendar

_DAYS = 30
_NOT_COVERED = frozenset({Kind.SHORT, Kind.COVER, Kind.EXPIRE})
_DISPOSES = frozenset({Kind.SELL, Kind.SPEND})


@dataclass
class _Day:
    """What was acquired of a token on one day, and what of it is not yet matched; or what was disposed of."""

    places: list[int] = field(default_factory=list)
    quantity: int = 0
    value: int = 0
    acquired: int = 0

    def take(self, quantity: int) -> int:
        """Match a quantity: the share of the cost that goes with it."""
        value = part_of(self.value, quantity, self.quantity)
        self.quantity -= quantity
        self.value -= value
        return value


class UnitedKingdom(Average):
    """One pool a token, beside what the same day and the next 30 days settle. `year` 2025 is the year 2024-25."""

    name = "uk"
    title = "United Kingdom"
    poolings = (Pooling.UNIVERSAL,)
    timezone = "Europe/London"
    days_ahead = _DAYS
    by_day = True
    leaves_out = (
        "transfers to a spouse or civil partner (s.58) and gifts to charity (s.257) count as any other disposal",
        "tokens sold that are neither held nor acquired within 30 days are refused, not matched with later ones",
    )

    def tax_year(self, calendar: Calendar, year: int) -> tuple[int, int]:
        """From 6 April of the year before to 5 April (ITA 2007, s.4)."""
        return calendar.first_instant(date(year - 1, 4, 6)), calendar.first_instant(date(year, 4, 6))

    def plan(self, trades: Sequence[Trade], calendar: Calendar) -> Plan:
        """Match every disposal with acquisitions of the same day and of the 30 days after it."""
        _refuse(trades)
        bought, sold = _days(trades, calendar)
        matched: dict[int, list[Match]] = defaultdict(list)
        for key in sorted(sold.keys() & bought.keys()):
            _match(sold[key], bought[key], trades, matched)
        days: dict[str, list[date]] = defaultdict(list)
        for asset, day in sorted(bought):
            days[asset].append(day)
        for (asset, day), disposal in sorted(sold.items()):  # earlier disposals first
            known = days[asset]
            for later in known[bisect_right(known, day) :]:  # earlier acquisitions first
                if later > day + timedelta(days=_DAYS) or not disposal.quantity:
                    break
                _match(disposal, bought[asset, later], trades, matched)
        return Plan(matched, _joins(bought.values(), trades), len(trades))


def _refuse(trades: Sequence[Trade]) -> None:
    """Raise InputError for trades that are not dealings in tokens held."""
    problems = [
        Problem(
            f"{trade.where}: {trade.ref}" if trade.line else trade.ref,
            f"{trade.kind.word} of {trade.asset}: short positions and contracts that expire are not covered by the "
            "regime of the United Kingdom",
            "leave contracts (TCGA s.143 to s.148) out of the file and compute them apart",
        )
        for trade in trades
        if trade.kind in _NOT_COVERED
    ]
    if problems:
        raise InputError(problems)


def _days(
    trades: Sequence[Trade], calendar: Calendar
) -> tuple[dict[tuple[str, date], _Day], dict[tuple[str, date], _Day]]:
    """What was acquired and what was disposed of, by token and day. Tokens that arrive count on their own day."""
    bought: dict[tuple[str, date], _Day] = defaultdict(_Day)
    sold: dict[tuple[str, date], _Day] = defaultdict(_Day)
    for place, trade in enumerate(trades):
        if trade.kind in OPENS_LOT:
            declared = trade.acquired
            day = declared if isinstance(declared, date) else calendar.date_of(declared or trade.time)
            one = bought[trade.asset, day]
            one.acquired = one.acquired or (trade.time if declared is None else calendar.first_instant(day))
            one.value += opening_value(trade)
        elif trade.kind in _DISPOSES:
            one = sold[trade.asset, calendar.date_of(trade.time)]
        else:
            continue
        one.places.append(place)
        one.quantity += trade.quantity
    return bought, sold


def _match(disposal: _Day, bought: _Day, trades: Sequence[Trade], matched: dict[int, list[Match]]) -> None:
    """Match as much as both days have left, sale by sale in the order of the day."""
    for place in disposal.places:
        done = sum(match.quantity for match in matched[place])
        quantity = min(trades[place].quantity - done, bought.quantity)
        if quantity:
            value = bought.take(quantity)
            disposal.quantity -= quantity
            matched[place].append(Match(bought.places[0], quantity, value, bought.acquired))


def _joins(days: Iterable[_Day], trades: Sequence[Trade]) -> dict[int, tuple[int, int]]:
    """What the acquisitions of days that were matched leave for the pool: the last of a day first."""
    joins: dict[int, tuple[int, int]] = {}
    for day in days:
        left, value = day.quantity, day.value
        if left == sum(trades[place].quantity for place in day.places):
            continue
        for place in reversed(day.places):
            quantity = min(trades[place].quantity, left)
            share = part_of(value, quantity, left) if left else 0
            joins[place] = (quantity, share)
            left, value = left - quantity, value - share
    return joins
