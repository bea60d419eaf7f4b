"""A match, drawn: what the closed position and its replacement make, and the gap between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zkharvest.harvest.plotting import COLOURS, drawn
from zkharvest.harvest.reentry.exposure import Position, profit
from zkharvest.trades.text import format_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from zkharvest.harvest.reentry.match import Match


def match_figure(matches: Sequence[Match], now: int) -> Figure:
    """Two panels for each coin: profit at the horizon, and the gap today and then for three volatilities."""

    def draw(panels: list[Axes]) -> None:
        for number, made in enumerate(matches):
            _one(panels[2 * number], panels[2 * number + 1], made, now)

    return drawn(draw, len(matches), 2, f"Re-entry, an estimate as of {format_time(now)}")


def _one(left: Axes, right: Axes, made: Match, now: int) -> None:
    legs = [Position(leg.listed.instrument.name, leg.side * leg.amount, leg.listed) for leg in made.legs]
    horizon = made.gap.days[-1] if made.gap else 0.0
    reach = 1.25 * max((abs(math.log(move)) for move in made.gap.moves), default=0.3) if made.gap else 0.3
    moves = np.exp(np.linspace(-reach, reach, 121))
    prices = made.spot * moves

    def total(
        positions: Sequence[Position], points: float, days: float
    ) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        parts = [profit(p, made.spot, now, moves, points, days) for p in positions]
        return np.sum(parts, axis=0) if parts else np.zeros_like(moves)

    for colour, name, positions, dashed in (
        (COLOURS[0], "closed", made.closed, "-"),
        (COLOURS[1], "legs", legs, "--"),
    ):
        left.plot(prices, total(positions, 0, horizon), dashed, color=colour, label=name, linewidth=1.8)
    left.set_title(f"{made.coin}: profit after {horizon:g} days")
    left.set_ylabel("dollars")
    left.legend()
    looks = ((COLOURS[2], "v"), (COLOURS[6], ""), (COLOURS[3], "^"))  # down, as it is, up: in grey too
    for (colour, mark), points in zip(looks, (-10, 0, 10), strict=True):
        for days, dashed in ((0.0, ":"), (horizon, "-")):
            gap = total(legs, points, days) - total(made.closed, points, days)
            when = "today" if days == 0 else f"after {days:g} days"
            label = f"volatility {points:+d}, {when}"
            right.plot(
                prices, gap, dashed, color=colour, label=label, linewidth=1.4, marker=mark, markevery=12, markersize=4
            )
    right.set_title(f"{made.coin}: legs less closed")
    right.set_ylabel("dollars")
    right.legend(fontsize=7, loc="best")
    for panel in (left, right):
        panel.axvline(made.spot, color="#999999", linewidth=0.8)
        panel.set_xlabel(f"price of {made.coin} in dollars")
        panel.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3g}")
        panel.locator_params(axis="x", nbins=6)
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
