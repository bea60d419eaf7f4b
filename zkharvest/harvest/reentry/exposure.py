"""Exposure: the Greeks of a position, per unit of an amount, and its profit when the market moves.

* spot, linear perpetual and future: delta 1 per coin;
* inverse perpetual and future of N dollars: delta N/F (its margin in coin has a delta of its own, not counted here);
* option: Black-76; where the premium is paid in coin, delta less the premium in coins (net transaction delta).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zkharvest.harvest.markets.greeks import NOTHING, YEAR_DAYS, Floats, Greeks, black76
from zkharvest.harvest.markets.instruments import Kind
from zkharvest.harvest.markets.quotes import Listed


@dataclass(frozen=True, slots=True)
class Position:
    """A signed amount of an instrument; `listed` is None for coin, which has no quote but the index."""

    name: str
    amount: float
    listed: Listed | None

    @property
    def kind(self) -> Kind:
        """What is held."""
        return self.listed.instrument.kind if self.listed else Kind.SPOT


def unit_greeks(listed: Listed | None, spot: float, now: int) -> Greeks:
    """The Greeks of one unit of an amount: value in dollars, delta in coins. `spot` is the index price."""
    if listed is None or listed.instrument.kind is Kind.SPOT:
        return Greeks(spot, 1.0, 0.0, 0.0, 0.0)
    instrument, quote = listed.instrument, listed.quote
    if not instrument.kind.option:
        return Greeks(0.0, listed.per_amount, 0.0, 0.0, 0.0)
    years = instrument.days_left(now) / YEAR_DAYS
    made = black76(instrument.kind is Kind.CALL, quote.forward, instrument.strike, years, quote.iv)
    premium_coins = made.value / quote.forward if instrument.inverse else 0.0
    return Greeks(
        float(made.value), float(made.delta - premium_coins), float(made.gamma), float(made.vega), float(made.theta)
    )


def total_greeks(positions: Sequence[Position], spot: float, now: int) -> Greeks:
    """The Greeks of positions together."""
    total = NOTHING
    for position in positions:
        total = total.plus(unit_greeks(position.listed, spot, now).times(position.amount))
    return total


def profit(position: Position, spot: float, now: int, move: Any, volatility_points: Any, days: Any) -> Floats:
    """Dollars that a position makes if the coin moves by the factor `move`, volatility by points, after `days`.

    Arguments may be arrays (broadcast). The premium of an inverse option is coin given away, so its change of value
    is counted too. Costs, funding and the basis of futures are not.
    """
    move = np.asarray(move, np.float64)
    if position.kind is Kind.SPOT or position.listed is None:
        return np.asarray(position.amount * spot * (move - 1), np.float64)
    instrument, quote = position.listed.instrument, position.listed.quote
    if not instrument.kind.option:
        return np.asarray(position.amount * position.listed.per_amount * quote.forward * (move - 1), np.float64)
    call, left = instrument.kind is Kind.CALL, instrument.days_left(now)
    before = black76(call, quote.forward, instrument.strike, left / YEAR_DAYS, quote.iv).value
    volatility = np.maximum(quote.iv + np.asarray(volatility_points, np.float64) / 100, 0.01)
    years = (left - np.asarray(days, np.float64)) / YEAR_DAYS
    after = black76(call, quote.forward * move, instrument.strike, years, volatility).value
    coin_given = before / quote.forward * spot * (move - 1) if instrument.inverse else 0.0
    return np.asarray(position.amount * (after - before - coin_given), np.float64)


@dataclass(frozen=True, slots=True)
class Gap:
    """Profit of the replacement less that of what was closed, in dollars: `dollars[day][volatility][move]`."""

    moves: tuple[float, ...]
    volatility_points: tuple[float, ...]
    days: tuple[float, ...]
    dollars: Floats

    def as_json(self) -> dict[str, Any]:
        """The grid for a report."""
        return {
            "spot_moves": [round(move - 1, 6) for move in self.moves],
            "volatility_points": list(self.volatility_points),
            "days": list(self.days),
            "dollars": [[[f"{x:.2f}" for x in row] for row in day] for day in self.dollars.tolist()],
        }


def profit_gap(
    old: Sequence[Position], new: Sequence[Position], spot: float, now: int, volatility: float, horizon: float
) -> Gap:
    """The gap on a grid: spot within two standard deviations of the horizon, volatility by 10 points, now and then."""
    deviation = volatility * math.sqrt(horizon / YEAR_DAYS)
    moves = tuple(math.exp(n * deviation) for n in (-2, -1, 0, 1, 2))
    points, days = (-10.0, 0.0, 10.0), (0.0, float(horizon))
    grid = (np.array(moves)[None, None, :], np.array(points)[None, :, None], np.array(days)[:, None, None])
    shape = (len(days), len(points), len(moves))
    total = np.zeros(shape)
    for sign, positions in ((1, new), (-1, old)):
        for position in positions:
            total += sign * np.broadcast_to(profit(position, spot, now, *grid), shape)
    return Gap(moves, points, days, total)
