"""A forecast, drawn: the fan of the book's loss, the threshold over time, and the rules on history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.harvest.forecast.lots import QUANTILES
from zkharvest.harvest.markets.greeks import Floats
from zkharvest.harvest.plotting import COLOURS, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from zkharvest.harvest.forecast.run import Forecast


def forecast_figure(made: Forecast) -> Figure:
    """Two panels, and a third where rules were compared."""
    panels = 3 if made.rules else 2

    def draw(axes: list[Axes]) -> None:
        _fan(axes[0], made)
        _threshold(axes[1], made)
        if made.rules:
            _rules(axes[2], made)

    title = f"Harvest forecast, an estimate of {made.first_day} to {made.book.days[-1]}; prices without drift"
    return drawn(draw, 1, panels, title)


def _days(panel: Axes, made: Forecast) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=6)
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    days = _numbers(made)
    panel.set_xlim(days[0], max(days[-1], days[0] + 1))


def _numbers(made: Forecast) -> Floats:
    """The days as matplotlib counts them."""
    from matplotlib.dates import date2num

    return np.array([date2num(day) for day in made.book.days], np.float64)


def _fan(panel: Axes, made: Forecast) -> None:
    book, days = made.book, _numbers(made)
    if book.expected.size:
        for low, high, shade in ((0, 4, 0.18), (1, 3, 0.32)):
            label = f"{QUANTILES[low]:.0%} to {QUANTILES[high]:.0%}"
            panel.fill_between(
                days, book.fan[low], book.fan[high], color=COLOURS[0], alpha=shade, linewidth=0, label=label
            )
        panel.plot(days, book.fan[2], color=COLOURS[0], label="median")
        panel.plot(days, book.expected, "--", color=COLOURS[1], label="mean")
        panel.legend(fontsize=8, loc="upper left")
    panel.set_title("harvestable loss of the book")
    panel.set_ylabel(made.currency or "money")
    panel.set_ylim(bottom=0)
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    _days(panel, made)


def _threshold(panel: Axes, made: Forecast) -> None:
    for number, (colour, (asset, theta)) in enumerate(zip(COLOURS * 9, made.book.theta.items(), strict=False)):
        dashes = ("-", "--", "-.", ":")[number % 4]  # told apart in grey too
        panel.plot(_numbers(made), theta, dashes, color=colour, label=f"{asset}: threshold")
        places = [one for one in made.book.lots if one.held.asset == asset and one.held.side > 0]
        x = np.array([min(max(one.held.x, 0.3), 1.3) for one in places])
        marks = np.full(x.shape, _numbers(made)[0])
        act = np.array([one.action == "harvest" for one in places], np.bool_)
        for chosen, mark, fill in ((act, "v", "full"), (~act, "o", "none")):
            if chosen.any():  # an empty line that is not clipped would spoil the layout
                panel.plot(marks[chosen], x[chosen], mark, color=colour, fillstyle=fill, clip_on=False, markersize=6)
    panel.plot([], [], "v", color="#555555", label="lot: harvest now")
    panel.plot([], [], "o", color="#555555", fillstyle="none", label="lot: wait, or no loss")
    panel.set_title("harvest below the line")
    panel.set_ylabel("price over basis")
    panel.legend(fontsize=8)
    _days(panel, made)


def _rules(panel: Axes, made: Forecast) -> None:
    asset = next(iter(made.rules))
    results = made.rules[asset]
    names = [result.rule for result in results]
    colours = [COLOURS[1] if name == "theta" else "#bbbbbb" if "foresight" in name else COLOURS[0] for name in names]
    shown = [name.partition(" (")[0] for name in names]
    bars = panel.barh(shown, [100 * result.net for result in results], color=colours)
    panel.bar_label(bars, fmt="%.2f", padding=2, fontsize=8)
    panel.set_title(f"{asset}: {made.rule_lots[asset]} monthly lots of your history")
    panel.set_xlabel("saved, % of the basis")
    panel.margins(x=0.15)
    panel.grid(axis="y", visible=False)
