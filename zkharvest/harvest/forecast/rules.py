"""Rules of thumb beside the threshold, on the user's own history: what each would have saved, also where theta loses.

A lot is bought on the first day of each month and may be harvested, with immediate re-entry at the new basis, until the
last day of its year. What a rule earns is the sum of k (B - P) - c P over its harvests, as a part of the first basis.
The threshold knows only the past: its volatility is that of the sixty days before each day.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from zkharvest.harvest.forecast.threshold import Grid, normal_kernel, stopping
from zkharvest.harvest.markets.greeks import Floats

VOLATILITY_DAYS = 60
_VOLATILITIES = np.geomspace(0.1, 3.0, 9)
_COARSE = Grid(points=1601)
_LONGEST_YEAR = 366


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What a rule saved: the mean over the lots, as a part of their basis, and how often it harvested per lot."""

    rule: str
    net: float
    harvests: float

    def as_json(self) -> dict[str, str | float]:
        """The result for a report."""
        return {"rule": self.rule, "net_percent": round(100 * self.net, 3), "harvests": round(self.harvests, 2)}


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot of the back test: prices from its first to its last day, days left, and the past volatility on each day."""

    prices: Floats
    days: tuple[date, ...]
    volatility: Floats


Rule = Callable[[float, int, Lot], bool]
"""Whether to harvest at x = P/B on a day (number in the lot)."""


def monthly_lots(days: Sequence[date], closes: Floats) -> list[Lot]:
    """A lot for each month that has its whole year's rest and sixty days of history before it.

    `days` are consecutive. Lots of a year that is not over are left out.
    """
    returns = np.diff(np.log(closes))
    volatility = np.full(closes.size, math.nan)
    for place in range(VOLATILITY_DAYS, closes.size):
        volatility[place] = float(returns[place - VOLATILITY_DAYS : place].std()) * math.sqrt(365)
    made = []
    for place, day in enumerate(days):
        last = place + (date(day.year, 12, 31) - day).days
        if day.day == 1 and place >= VOLATILITY_DAYS and last < closes.size:
            rest = slice(place, last + 1)
            made.append(Lot(closes[rest], tuple(days[rest]), volatility[rest]))
    return made


def earned(lot: Lot, rule: Rule, k: float, c: float) -> tuple[float, int]:
    """What a rule earns on a lot as a part of its basis, and the number of harvests."""
    basis = first = float(lot.prices[0])
    total, count = 0.0, 0
    for place, price in enumerate(lot.prices.tolist()):
        if rule(price / basis, place, lot):
            total += k * (basis - price) - c * price
            basis, count = price, count + 1
    return total / first, count


def foresight(lot: Lot, k: float, c: float) -> float:
    """The best that knowing the path allows: resets only add costs, so it is one harvest at the best day, or none."""
    first = float(lot.prices[0])
    return max(0.0, float(np.max(k * (first - lot.prices) - c * lot.prices))) / first


def thresholds(k: float, c: float) -> Callable[[float, int], float]:
    """theta as a function of volatility (a year, fraction) and days left, between nine solved programmes."""
    solved = []
    for volatility in _VOLATILITIES.tolist():
        kernel = normal_kernel(volatility / math.sqrt(365), _COARSE)
        solved.append(stopping([kernel] * _LONGEST_YEAR, k, c, grid=_COARSE).theta[::-1])
    table, logs = np.array(solved), np.log(_VOLATILITIES)

    def theta(volatility: float, days_left: int) -> float:
        return float(np.interp(math.log(max(volatility, 1e-9)), logs, table[:, days_left]))

    return theta


def compare_rules(days: Sequence[date], closes: Floats, k: float, c: float) -> tuple[list[RuleResult], int]:
    """Every rule on every monthly lot, the best last but for foresight; and the number of lots (0: too short)."""
    lots = monthly_lots(days, closes)
    if not lots or k <= 0:
        return [], len(lots)
    theta = thresholds(k, c)
    pays = k / (k + c)
    one = timedelta(days=1)
    rules: dict[str, Rule] = {
        "last day of the year": lambda x, place, lot: x < pays and place == len(lot.days) - 1,
        "any net gain, daily": lambda x, _place, _lot: x < pays,
        "any net gain, month ends": lambda x, place, lot: x < pays and (lot.days[place] + one).day == 1,
        "fixed 20 %, and the last day": lambda x, p, lot: x < 0.8 or (x < pays and p == len(lot.days) - 1),
        "fixed 10 %, and the last day": lambda x, p, lot: x < 0.9 or (x < pays and p == len(lot.days) - 1),
        "theta": lambda x, place, lot: x < theta(float(lot.volatility[place]), len(lot.days) - 1 - place),
    }
    made = []
    for name, rule in rules.items():
        results = np.array([earned(lot, rule, k, c) for lot in lots])
        made.append(RuleResult(name, float(results[:, 0].mean()), float(results[:, 1].mean())))
    made.sort(key=lambda result: result.net)
    best = np.mean([foresight(lot, k, c) for lot in lots])
    return [*made, RuleResult("foresight (not a rule: knows the path)", float(best), 1.0)], len(lots)
