"""Many runs: at which crowding harvesting costs more than it saves, and what laws and habits change.

Runs are independent and the kernel holds no lock, so threads use all cores; with a scheduler's address they go to Dask.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zkharvest.errors import UsageError
from zkharvest.harvest.crowd.model import Run, Scenario, simulate

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
WEALTHS = (0.4, 1.0, 2.0)  # of the base's
REFERENCE_SHARE = 0.5
HABITS: dict[str, dict[str, Any]] = {
    "at once, fully hedged": {"delay": 0, "hedge": 1.0},
    "at once, 80 % hedged": {"delay": 0, "hedge": 0.8},
    "31 days out": {"delay": 31},
    "31 days out, paced": {"delay": 31, "pace": 0.05},
    "31 days out, predators": {"delay": 31, "predation": 1.0},
}
_FIGURES = ("dip_bp", "rebound_bp", "worst_bp", "vol_ratio", "peak_flow", "saved", "cost", "net", "net_automated")


@dataclass(slots=True)
class Habit:
    """What the sweep says of one law or habit. `crowding` is automated wealth in ADV, ascending, with means over seeds.

    `break_even` is the crowding from which the automated lose, None if they do not up to the largest one; `between` are
    its 10 % and 90 % quantiles when the years (seeds) are drawn again, None in the same sense.
    """

    name: str
    crowding: list[float] = field(default_factory=list)
    net_automated: list[float] = field(default_factory=list)
    worst_bp: list[float] = field(default_factory=list)
    break_even: float | None = None
    between: tuple[float | None, float | None] = (None, None)
    reference: dict[str, float] = field(default_factory=dict)
    gap: np.ndarray[Any, np.dtype[np.float64]] = field(default_factory=lambda: np.zeros(0))

    def as_json(self) -> dict[str, Any]:
        """The habit for a report."""
        return {
            "habit": self.name,
            "break_even_adv": None if self.break_even is None else round(self.break_even, 3),
            "break_even_between_adv": [None if x is None else round(x, 3) for x in self.between],
            "largest_adv": self.crowding[-1],
            "crowding_adv": self.crowding,
            "net_automated": [round(x, 4) for x in self.net_automated],
            "worst_bp": [round(x, 2) for x in self.worst_bp],
            "reference": {name: round(x, 4) for name, x in self.reference.items()},
        }


def scenarios(base: Scenario, seeds: int) -> list[tuple[str, Scenario]]:
    """Every habit at every crowding and seed."""
    plain = replace(base, delay=0, hedge=1.0, pace=1.0, predation=0.0)
    return [
        (name, replace(plain, wealth=base.wealth * wealth, automated=share, seed=base.seed + n, **knobs))
        for name, knobs in HABITS.items()
        for wealth in WEALTHS
        for share in SHARES
        for n in range(seeds)
    ]


def sweep(base: Scenario, seeds: int, *, scheduler: str | None = None, step: Callable[[str], None]) -> list[Habit]:
    """Run all of them. Raises UsageError if the scheduler cannot be reached."""
    wanted = scenarios(base, seeds)
    step(f"{len(wanted)} runs")
    runs = run_all([scenario for _, scenario in wanted], scheduler)
    made = []
    for name in HABITS:
        mine = [run for (habit, _), run in zip(wanted, runs, strict=True) if habit == name]
        made.append(_habit(name, mine, base))
    return made


def run_all(wanted: Sequence[Scenario], scheduler: str | None = None) -> list[Run]:
    """The runs in the order of the scenarios, whatever ran them."""
    if scheduler is not None:
        return _on_dask(wanted, scheduler)
    from concurrent.futures import ThreadPoolExecutor

    first = simulate(wanted[0])  # compiles the kernel once, before threads want it
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [first, *pool.map(simulate, wanted[1:])]


def _on_dask(wanted: Sequence[Scenario], scheduler: str) -> list[Run]:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        hint = "start it with: dask scheduler; give its address, such as tcp://127.0.0.1:8786"
        raise UsageError(f"--scheduler: {scheduler} cannot be reached ({type(error).__name__})", hint) from None
    with client:
        runs: list[Run] = client.gather(client.map(simulate, list(wanted), pure=True))
    return runs


def _mean(values: Iterable[float]) -> float:
    found = [value for value in values if math.isfinite(value)]
    return float(np.mean(found)) if found else math.nan


def _habit(name: str, runs: Sequence[Run], base: Scenario) -> Habit:
    points: dict[float, list[Run]] = {}
    for run in runs:
        points.setdefault(round(run.scenario.automated * run.scenario.wealth, 9), []).append(run)
    made = Habit(name, sorted(points))
    for crowding in made.crowding:
        made.net_automated.append(_mean(run.net_automated for run in points[crowding]))
        made.worst_bp.append(_mean(run.worst_bp for run in points[crowding]))
    made.break_even = break_even(made.crowding, made.net_automated)
    years = sorted({run.scenario.seed for run in runs})
    made.between = _between(
        made.crowding,
        [
            [_mean(run.net_automated for run in points[crowding] if run.scenario.seed == year) for year in years]
            for crowding in made.crowding
        ],
    )
    shown = [run for run in runs if run.scenario.automated == REFERENCE_SHARE and run.scenario.wealth == base.wealth]
    made.reference = {figure: _mean(getattr(run, figure) for run in shown) for figure in _FIGURES}
    made.gap = np.mean([1e4 * np.expm1(run.gap) for run in shown], axis=0)
    return made


def _between(
    crowding: Sequence[float], net: Sequence[Sequence[float]], draws: int = 500
) -> tuple[float | None, float | None]:
    """How sure the break-even is: few years are behind a mean. `net[point][year]`, the same years at every point."""
    years = np.array(net)
    random = np.random.default_rng(0)
    found = []
    for _ in range(draws):
        again = years[:, random.integers(0, years.shape[1], years.shape[1])].mean(axis=1)
        even = break_even(crowding, again.tolist())
        found.append(math.inf if even is None else even)
    low, high = (float(np.quantile(found, q, method="nearest")) for q in (0.1, 0.9))
    return low if math.isfinite(low) else None, high if math.isfinite(high) else None


def break_even(crowding: Sequence[float], net: Sequence[float]) -> float | None:
    """The last crowding at which the net falls through zero, by a straight line; the first if it begins below zero."""
    if net[-1] >= 0:
        return None
    last = max((n for n, value in enumerate(net) if value >= 0), default=-1)
    if last < 0:
        return crowding[0]
    share = net[last] / (net[last] - net[last + 1])
    return crowding[last] + share * (crowding[last + 1] - crowding[last])
