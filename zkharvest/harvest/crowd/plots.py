"""Crowds, drawn: one run day by day, or the answers of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zkharvest.harvest.crowd.model import YEAR
from zkharvest.harvest.plotting import COLOURS, MARKERS, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from zkharvest.harvest.crowd.model import Run, Scenario
    from zkharvest.harvest.crowd.sweep import Habit

_STARTS = (0, 59, 120, 181, 243, 304, 365, 424)
_MONTHS = ("Jan", "Mar", "May", "Jul", "Sep", "Nov", "Jan", "Mar")


def run_figure(run: Run) -> Figure:
    """Price and fair value, the gap between them, and the crowd's flow."""
    days = np.arange(run.fair.size)

    def draw(panels: list[Axes]) -> None:
        price, gap, flow = panels
        price.plot(days, run.fair * np.exp(run.gap), color=COLOURS[1], label="price", linewidth=1.2)
        price.plot(days, run.fair, color=COLOURS[0], label="fair value", linewidth=1.0)
        price.legend(fontsize=8)
        price.set_title("price, 1 on the first day")
        gap.plot(days, 1e4 * np.expm1(run.gap), color=COLOURS[1], linewidth=1.2)
        gap.set_title("gap of price and fair value")
        gap.set_ylabel("basis points")
        flow.bar(days, -run.flow, width=1.0, color=COLOURS[0])
        flow.set_title("the crowd's net purchases")
        flow.set_ylabel("average daily volumes")
        for panel in panels:
            _months(panel)

    s = run.scenario
    title = f"A simulated crowd: {s.automated:.0%} of {s.wealth:g} daily volumes automated, back after {s.delay} days"
    return drawn(draw, 1, 3, title)


def _months(panel: Axes) -> None:
    panel.set_xticks(_STARTS, _MONTHS)
    panel.axvline(YEAR - 0.5, color="#999999", linewidth=0.8)
    panel.set_xlim(0, _STARTS[-1])


def sweep_figure(habits: Sequence[Habit], base: Scenario) -> Figure:
    """Net benefit and worst gap by crowding, the gap around the year's end, and the break-even of each habit."""

    def draw(panels: list[Axes]) -> None:
        net, worst, gap, even = panels
        for number, (colour, mark, habit) in enumerate(zip(COLOURS, MARKERS, habits, strict=False)):
            look: dict[str, Any] = {"color": colour, "marker": mark, "markersize": 4.5, "linewidth": 1.2}
            net.plot(habit.crowding, habit.net_automated, label=habit.name, **look)
            worst.plot(habit.crowding, habit.worst_bp, alpha=0.8, **look | {"linestyle": "none"})
            gap.plot(np.arange(habit.gap.size), habit.gap, markevery=(3 * number, 15), **look)
        net.axhline(0, color="#333333", linewidth=1)
        net.set_title("what harvesting leaves to those who automate it")
        net.set_ylabel("saved less costs, % of their wealth")
        net.legend(fontsize=7.5)
        worst.set_title("the worst gap, three sizes of the whole crowd")
        worst.set_ylabel("basis points")
        for panel in (net, worst):
            panel.set_xscale("log")
            panel.set_xlabel("automated wealth, in average daily volumes")
            panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        gap.set_title(f"mean gap, half of {base.wealth:g} daily volumes automated")
        gap.set_ylabel("basis points")
        _months(gap)
        gap.set_xlim(270, _STARTS[-1])
        _break_even(even, habits)

    return drawn(draw, 2, 2, "When many harvest: a simulation, which ranks laws and habits", size=(5.6, 3.6))


def _break_even(panel: Axes, habits: Sequence[Habit]) -> None:
    largest = max(habit.crowding[-1] for habit in habits)
    values = [largest if habit.break_even is None else habit.break_even for habit in habits]
    names = [habit.name for habit in habits]
    bars = panel.barh(names[::-1], values[::-1], color=list(COLOURS[: len(habits)][::-1]))
    for place, habit in enumerate(habits[::-1]):
        low, high = (largest if x is None else x for x in habit.between)
        if habit.between[0] is not None:
            panel.plot([low, high], [place - 0.28] * 2, color="#333333", linewidth=2, solid_capstyle="butt")
    labels = [f"not up to {largest:g}" if h.break_even is None else f"{h.break_even:.1f}" for h in habits]
    panel.bar_label(bars, labels=labels[::-1], padding=3, fontsize=8)
    panel.set_title("crowding from which harvesting costs more than it saves")
    panel.set_xlabel("automated wealth, in daily volumes (dark: 80 % of years)")
    panel.grid(axis="y", visible=False)
    panel.margins(x=0.25)
