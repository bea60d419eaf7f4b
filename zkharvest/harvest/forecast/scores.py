"""How good a model was: proper scores of its forecasts on the user's own history."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zkharvest.harvest.forecast.models import Model, fit_bootstrap, fit_normal, simulate
from zkharvest.harvest.markets.greeks import Floats

FIRST_ORIGIN = 365


def crps(sample: ArrayLike, outcome: float) -> float:
    """The continuous ranked probability score of equally likely values: E|X - y| - E|X - X'|/2; less is better."""
    x = np.sort(np.asarray(sample, np.float64))
    n = x.size
    spread = float(np.sum((2 * np.arange(n) - n + 1) * x)) / (n * n)
    return float(np.mean(np.abs(x - outcome))) - spread


@dataclass(frozen=True, slots=True)
class Score:
    """Means over the origins: CRPS of the log return, and how often the 90 % band held the outcome."""

    model: str
    origins: int
    crps: float
    cover: float

    def as_json(self) -> dict[str, str | int | float]:
        """The score for a report."""
        return {
            "model": self.model,
            "origins": self.origins,
            "crps": round(self.crps, 5),
            "cover_90": round(self.cover, 3),
        }


def score_models(returns: Floats, horizon: int = 30, *, paths: int = 1000, seed: int = 1) -> list[Score]:
    """The default model and a normal one of the last 365 days, from monthly origins; empty if history is too short."""
    origins = range(FIRST_ORIGIN, returns.size - horizon + 1, 30)
    made = []
    for name in ("bootstrap", "normal, 365 days") if origins else ():
        found = np.array([_one(name, returns, start, horizon, paths, seed + start) for start in origins])
        made.append(Score(name, len(origins), float(found[:, 0].mean()), float(found[:, 1].mean())))
    return made


def _one(name: str, returns: Floats, start: int, days: int, paths: int, seed: int) -> tuple[float, float]:
    past, outcome = returns[:start], float(returns[start : start + days].sum())
    model: Model
    if name == "bootstrap":
        model = fit_bootstrap(past, days)
    else:
        model = fit_normal(float(past[-365:].std()) * math.sqrt(365), days)
    sample = np.log(simulate({"": model}, days, paths, seed)[""][:, -1])
    low, high = np.quantile(sample, (0.05, 0.95))
    return crps(sample, outcome), float(low <= outcome <= high)
