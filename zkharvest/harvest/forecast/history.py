"""Daily closes from a price file: what a forecast learns from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from zkharvest.harvest.files import Prices
from zkharvest.harvest.markets.greeks import Floats

LONGEST_GAP = 7  # days that the last close may stand in for


@dataclass(frozen=True, slots=True)
class History:
    """The closes of consecutive UTC days of one asset; `filled` days had none and repeat the close before."""

    days: tuple[date, ...]
    closes: Floats
    filled: int

    @property
    def returns(self) -> Floats:
        """Log returns, one less than closes."""
        return np.asarray(np.diff(np.log(self.closes)), np.float64)


def daily_closes(prices: Prices, asset: str, as_of: int) -> History | str:
    """The last price of each day up to an instant (ms), or why there is no history. The longest unbroken end counts."""
    found: dict[date, float] = {}
    for price in prices.series.get(asset, ()):
        if price.time <= as_of:
            found[datetime.fromtimestamp(price.time / 1000, UTC).date()] = price.value
    if not found:
        return "no price history"
    known = sorted(found)
    start = 0
    for place in range(1, len(known)):
        if (known[place] - known[place - 1]).days > LONGEST_GAP:
            start = place
    known = known[start:]
    days = [known[0] + timedelta(days=n) for n in range((known[-1] - known[0]).days + 1)]
    closes, last = [], 0.0
    for day in days:
        last = found.get(day, last)
        closes.append(last)
    return History(tuple(days), np.array(closes, np.float64), len(days) - len(known))
