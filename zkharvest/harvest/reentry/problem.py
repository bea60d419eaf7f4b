"""The matching problem: which amounts of which instruments replace a target's Greeks, in dollars.

For each instrument and direction an integer n of steps a; cost c per unit, Greeks per unit, depth, margin:

    minimise   sum c a n + |r_g| + |r_v| + .3 |r_t|
    r_g = (gamma - gamma*) (S s sqrt(h/365))^2 / 2      the profit that the gap in gamma makes of a usual move
    r_v = 5 (vega - vega*)                              of five volatility points
    r_t = h (theta - theta*)                            of the horizon h = 7 days
    subject to |delta - delta*| <= .1 % of |delta*|, margin <= M, a n <= depth, at most four legs

Residuals are in dollars because a solver's tolerance (1e-7) drowns a gamma of 1e-5 in raw units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkharvest.harvest.files import Depth
from zkharvest.harvest.markets.greeks import YEAR_DAYS, Floats, Greeks
from zkharvest.harvest.markets.instruments import Kind
from zkharvest.harvest.markets.quotes import Listed, Market
from zkharvest.harvest.reentry.exposure import unit_greeks

RESIDUAL_DAYS = 7.0
VOLATILITY_POINTS = 5.0
THETA_WEIGHT = 0.3
DELTA_TOLERANCE = 1e-3
MOST_LEVELS = 8  # of a book that are told apart
FUNDING_A_DAY = 3  # funding rates are of eight hours


@dataclass(frozen=True, slots=True)
class Choice:
    """One instrument in one direction at one price of its book: all numbers are per step.

    `limit` is the most steps that fill at `price`; the choices of an instrument and direction are one leg (`leg`).
    """

    name: str
    side: int
    step: float
    greeks: Greeks
    cost: float
    margin: float
    limit: int
    inverse: bool
    listed: Listed | None = None
    price: float = math.nan

    @property
    def leg(self) -> tuple[str, int]:
        """The leg that the choice is a part of."""
        return self.name, self.side


@dataclass(frozen=True, slots=True)
class Scales:
    """What turns gaps in Greeks into dollars."""

    delta: float
    gamma: float
    vega: float
    theta: float

    @classmethod
    def of(cls, spot: float, volatility: float, days: float = RESIDUAL_DAYS) -> Scales:
        """Scales at a spot price and a volatility (fraction); delta in dollars per move of one percent."""
        move = spot * volatility * math.sqrt(days / YEAR_DAYS)
        return cls(spot / 100, move * move / 2, VOLATILITY_POINTS, days)


@dataclass(frozen=True, slots=True)
class Problem:
    """A target and the choices. `tolerance` is the half width of the delta band in coins."""

    target: Greeks
    choices: tuple[Choice, ...]
    scales: Scales
    tolerance: float
    max_legs: int = 4
    max_margin: float = math.inf

    def greek_rows(self) -> tuple[Floats, Floats]:
        """Rows delta, gamma, vega, theta in dollars: one column per choice, and the target's."""
        factors = np.array([self.scales.delta, self.scales.gamma, self.scales.vega, self.scales.theta])
        names = ("delta", "gamma", "vega", "theta")
        columns = np.array([[getattr(c.greeks, name) for c in self.choices] for name in names], np.float64)
        wanted = np.array([getattr(self.target, name) for name in names], np.float64)
        return columns.reshape(4, len(self.choices)) * factors[:, None], wanted * factors

    def residuals(self, steps: Sequence[int]) -> dict[str, float]:
        """Gaps of a solution: delta in coins, the others in dollars."""
        columns, wanted = self.greek_rows()
        gap = columns @ np.asarray(steps, np.float64) - wanted
        return {
            "delta": float(gap[0] / self.scales.delta),
            "gamma": float(gap[1]),
            "vega": float(gap[2]),
            "theta": float(gap[3]),
        }

    def cost(self, steps: Sequence[int]) -> float:
        """Dollars that a solution costs: spreads, fees, and the carry that is paid."""
        return float(sum(c.cost * n for c, n in zip(self.choices, steps, strict=True)))

    def margin(self, steps: Sequence[int]) -> float:
        """Dollars that a solution binds."""
        return float(sum(c.margin * n for c, n in zip(self.choices, steps, strict=True)))

    def objective(self, steps: Sequence[int]) -> float:
        """The objective of a solution, in dollars."""
        gap = self.residuals(steps)
        return self.cost(steps) + abs(gap["gamma"]) + abs(gap["vega"]) + THETA_WEIGHT * abs(gap["theta"])


def carry_per_unit(listed: Listed, delta: float, horizon: float, now: int) -> float:
    """Dollars that a long unit pays until the horizon: funding, or the premium of its forward that runs off.

    An option of `delta` coins pays the forward's premium too, beside its theta.
    """
    quote, kind = listed.quote, listed.instrument.kind
    if kind is Kind.PERPETUAL:
        return FUNDING_A_DAY * horizon * quote.funding * quote.forward * listed.per_amount
    if kind is Kind.SPOT:
        return 0.0
    share = min(1.0, horizon / max(listed.instrument.days_left(now), 1e-9))
    return (quote.forward - quote.index) * share * delta


def margin_per_unit(listed: Listed, side: int, spot: float, size: float) -> float:
    """Dollars that a unit binds, by Deribit's standard margin as a fallback; `size` is the position in coins.

    A long option is paid in full; a short one binds max(.15 - otm/S, .1) of the coin and its mark; a perpetual or
    future 2 % and .005 % for each coin.
    """
    instrument, value = listed.instrument, listed.dollars(listed.quote.mark)
    if instrument.kind is Kind.SPOT:
        return spot if side > 0 else 0.0
    if not instrument.kind.option:
        return (0.02 + 0.00005 * size) * spot * listed.per_amount
    if side > 0:
        return value
    cp = 1 if instrument.kind is Kind.CALL else -1
    out_of_the_money = max(cp * (instrument.strike - spot), 0.0)
    return max(0.15 - out_of_the_money / spot, 0.1) * spot + value


def choices_of(
    listed: Sequence[Listed],
    market: Market,
    *,
    spot: float,
    size: float,
    horizon: float,
    direction: int,
    offsetting: bool,
) -> list[Choice]:
    """The directions of instruments that may be traded; without `offsetting` those with the sign of the target.

    The carry that a leg receives never pays for it: a replacement must not become a carry trade.
    """
    made = []
    for one in listed:
        greeks = unit_greeks(one, spot, market.now)
        carry = carry_per_unit(one, float(greeks.delta), horizon, market.now)
        for side in (1, -1):
            if (side < 0 and one.instrument.kind is Kind.SPOT) or not (
                offsetting or side * greeks.delta * direction > 0
            ):
                continue
            step = one.instrument.step
            per_step = greeks.times(side * step)
            for price, fills in _levels(one, market.books.get(one.instrument.name), side, size, float(greeks.delta)):
                away = one.half_spread if math.isnan(price) else _away(one, market.books[one.instrument.name], price)
                made.append(
                    Choice(
                        name=one.instrument.name,
                        side=side,
                        step=step,
                        greeks=per_step,
                        cost=max(0.0, away + one.fee + side * carry) * step,
                        margin=margin_per_unit(one, side, spot, size) * step,
                        limit=fills,
                        inverse=one.instrument.inverse,
                        listed=one,
                        price=price,
                    )
                )
    return made


def _levels(one: Listed, book: Depth | None, side: int, size: float, delta: float) -> list[tuple[float, int]]:
    """Prices and the steps that fill at each, best first; without a book the size at the best price (NaN).

    Levels beyond twice what the whole target takes are of no use; beyond `MOST_LEVELS` the last one holds the rest.
    """
    step = one.instrument.step
    if book is None:
        depth = one.quote.ask_size if side > 0 else one.quote.bid_size
        return [(math.nan, int(depth / step + 1e-9))]
    found: list[tuple[float, int]] = []
    wanted, amount, done = 2 * size / max(abs(delta), 1e-9), 0.0, 0
    for price, there in book.asks if side > 0 else book.bids:
        amount += there
        steps = int(amount / step + 1e-9)
        if steps > done:
            fills, done = steps - done, steps
            if len(found) == MOST_LEVELS:
                found[-1] = (price, found[-1][1] + fills)
            else:
                found.append((price, fills))
        if amount >= wanted:
            break
    return found


def _away(one: Listed, book: Depth, price: float) -> float:
    """What a price of the book costs against its middle, in dollars per unit of an amount."""
    return one.dollars(abs(price - book.mid)) * one.per_amount
