"""The matching problem solved: a linear programme, then an integer one on the instruments that it uses.

A basic solution of the linear programme has hardly more legs than rows, so its support (and that of the same programme
with costs weighted by .3 and 3) is where a good integer solution lies; the integer programme on all instruments does
not close in time. Up to `SMALL` choices are solved whole. The linear optimum is a lower bound, which the result
carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zkharvest.harvest.markets.greeks import Floats
from zkharvest.harvest.reentry.problem import THETA_WEIGHT, Problem

SMALL = 12
_COST_WEIGHTS = (0.3, 1.0, 3.0)
_SLACKS = 8  # delta, gamma, vega, theta: above and below
_SECONDS = 10.0  # a guard alone: a limit that bites makes the answer depend on how busy the machine is


@dataclass(frozen=True, slots=True)
class Solution:
    """Steps of each choice. No solution beats the objective `bound`; `reached`: delta is in its band."""

    steps: tuple[int, ...]
    objective: float
    bound: float
    reached: bool


def solve(problem: Problem) -> Solution:
    """The best legs, or the nearest in delta where none lie in the band (`reached` is false)."""
    if not problem.choices:
        return Solution((), problem.objective(()), problem.objective(()), reached=_in_band(problem, ()))
    support: set[int] = set()
    bound = None
    for weight in _COST_WEIGHTS:
        found = _linear(problem, weight)
        if found is None:
            break
        support.update(np.flatnonzero(found.x[: len(problem.choices)] > 1e-9).tolist())
        if weight == 1.0:
            bound = float(found.fun)
    chosen = _support(problem, support)
    steps = None
    for tolerance in _tolerances(problem) if bound is not None else ():
        steps = _integer(problem, chosen, tolerance)
        if steps is not None:
            break
    if steps is None:
        steps = _nearest(problem, chosen)
    best = problem.objective(steps)
    return Solution(steps, best, best if bound is None else bound, _in_band(problem, steps))


def _tolerances(problem: Problem) -> list[float]:
    """A target that is delta alone is met to half the finest step if it can be; delta of options drifts anyhow."""
    finest = min(abs(c.greeks.delta) for c in problem.choices)
    alone = not problem.target.gamma and not problem.target.vega
    exact = finest / 2 * (1 + 1e-9)
    return [exact, problem.tolerance] if alone and exact < problem.tolerance else [problem.tolerance]


def _in_band(problem: Problem, steps: Sequence[int]) -> bool:
    return bool(abs(problem.residuals(steps)["delta"]) <= problem.tolerance * (1 + 1e-9) + 1e-12)


def _support(problem: Problem, used: set[int]) -> list[int]:
    """The choices of the integer programme: those used, and the cheapest and finest for the rest of delta."""
    if len(problem.choices) <= SMALL:
        return list(range(len(problem.choices)))
    delta = [max(abs(c.greeks.delta), 1e-300) for c in problem.choices]
    able = [j for j, c in enumerate(problem.choices) if c.limit > 0]
    best: dict[tuple[str, int], int] = {}
    for j in able:  # of a book the best price stands for all of it
        best.setdefault(problem.choices[j].leg, j)
    able = list(best.values())
    plain = [j for j in able if not problem.choices[j].greeks.gamma]
    by_price = sorted(able, key=lambda j: problem.choices[j].cost / delta[j])[:3]
    finest = sorted(plain, key=lambda j: delta[j])[:2]
    cheap_plain = sorted(plain, key=lambda j: problem.choices[j].cost / delta[j])[:3]
    legs = {problem.choices[j].leg for j in used | set(by_price) | set(finest) | set(cheap_plain)}
    return [j for j, c in enumerate(problem.choices) if c.leg in legs]


def _rows(problem: Problem, chosen: Sequence[int]) -> tuple[Floats, Floats]:
    """Equations: Greeks of the choices, less what is above, plus what is below, are the target's."""
    columns, wanted = problem.greek_rows()
    slack = np.kron(np.eye(4), np.array([[-1.0, 1.0]]))
    return np.hstack([columns[:, list(chosen)], slack]), wanted


def _slack_costs() -> Floats:
    return np.array([0, 0, 1, 1, 1, 1, THETA_WEIGHT, THETA_WEIGHT], np.float64)


def _slack_limits(problem: Problem, tolerance: float) -> Floats:
    return np.array([tolerance * problem.scales.delta] * 2 + [np.inf] * 6)


def _linear(problem: Problem, weight: float) -> Any | None:
    """The relaxation without the limit of legs; None if it has no solution."""
    from scipy.optimize import linprog

    everything = range(len(problem.choices))
    rows, wanted = _rows(problem, everything)
    costs = np.array([c.cost for c in problem.choices]) * weight
    limits: list[tuple[float, float | None]] = [(0, c.limit) for c in problem.choices]
    limits += [(0, None if np.isinf(x) else x) for x in _slack_limits(problem, problem.tolerance)]
    bound: dict[str, Any] = {}
    if np.isfinite(problem.max_margin):
        margin = np.concatenate([[c.margin for c in problem.choices], np.zeros(_SLACKS)])
        bound = {"A_ub": margin[None, :], "b_ub": [problem.max_margin]}
    objective = np.concatenate([costs, _slack_costs()])
    found = linprog(objective, A_eq=rows, b_eq=wanted, bounds=limits, method="highs", **bound)
    return found if found.status == 0 else None


def _most_steps(problem: Problem, chosen: Sequence[int]) -> Floats:
    """A bound of each choice's steps as tight as is known: a loose one lets a leg leak through its switch."""
    reach = abs(problem.target.delta) + problem.tolerance
    one_way = len({np.sign(c.greeks.delta) for c in problem.choices}) == 1
    most = []
    for j in chosen:
        choice = problem.choices[j]
        step = abs(choice.greeks.delta)
        factor = 1.0 if one_way else 4.0
        by_delta = np.ceil(factor * reach / step - 1e-9) if step > 0 else np.inf
        most.append(min(float(choice.limit), by_delta))
    return np.array(most)


def _integer(
    problem: Problem, chosen: Sequence[int], tolerance: float, *, delta_only: bool = False
) -> tuple[int, ...] | None:
    """Integer steps on some choices; with `delta_only` the gap in delta is all that is minimised, without a band."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n = len(chosen)
    if n == 0:
        return None
    picked = [problem.choices[j] for j in chosen]
    rows, wanted = _rows(problem, chosen)
    most = _most_steps(problem, chosen)
    legs = list(dict.fromkeys(c.leg for c in picked))
    m = len(legs)
    switches = np.array([[c.leg == leg for leg in legs] for c in picked], np.float64)
    limits = np.full(_SLACKS, np.inf) if delta_only else _slack_limits(problem, tolerance)
    none = np.zeros((n, _SLACKS))
    constraints = [
        LinearConstraint(np.hstack([rows, np.zeros((4, m))]), wanted, wanted),
        LinearConstraint(np.hstack([np.eye(n), none, -most[:, None] * switches]), -np.inf, 0),
        LinearConstraint(np.concatenate([np.zeros(n + _SLACKS), np.ones(m)])[None, :], 0, problem.max_legs),
    ]
    if np.isfinite(problem.max_margin):
        margin = np.concatenate([[c.margin for c in picked], np.zeros(_SLACKS + m)])
        constraints.append(LinearConstraint(margin[None, :], -np.inf, problem.max_margin))
    for first, second in _both_ways(legs):
        pair = np.zeros(n + _SLACKS + m)
        pair[[n + _SLACKS + first, n + _SLACKS + second]] = 1
        constraints.append(LinearConstraint(pair[None, :], 0, 1))
    slack_costs = np.array([1, 1, 0, 0, 0, 0, 0, 0.0]) if delta_only else _slack_costs()
    costs = np.zeros(n) if delta_only else np.array([c.cost for c in picked])
    found = milp(
        np.concatenate([costs, slack_costs, np.zeros(m)]),
        constraints=constraints,
        integrality=np.concatenate([np.ones(n), np.zeros(_SLACKS), np.ones(m)]),
        bounds=Bounds(0, np.concatenate([most, limits, np.ones(m)])),
        options={"mip_rel_gap": 1e-4, "time_limit": _SECONDS},
    )
    if found.x is None:
        return None
    steps = [0] * len(problem.choices)
    for place, j in enumerate(chosen):
        steps[j] = round(found.x[place])
    return tuple(steps)


def _both_ways(legs: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
    """Pairs of legs that buy and sell the same instrument."""
    places: dict[str, list[int]] = {}
    for place, (name, _) in enumerate(legs):
        places.setdefault(name, []).append(place)
    return [(both[0], both[1]) for both in places.values() if len(both) == 2]


def _nearest(problem: Problem, chosen: Sequence[int]) -> tuple[int, ...]:
    """The legs with the smallest gap in delta, and among these the best by the objective."""
    nothing = (0,) * len(problem.choices)
    close = _integer(problem, chosen, 0.0, delta_only=True)
    if close is None:
        return nothing
    gap = abs(problem.residuals(close)["delta"])
    better = _integer(problem, chosen, gap * (1 + 1e-6) + 1e-9)
    return close if better is None else better


def why_not(problem: Problem) -> str:
    """What keeps delta out of its band: depth, margin, steps or legs; for a problem without a solution."""
    if not problem.choices:
        return "no instrument can be used"
    endless = replace(problem, choices=tuple(replace(c, limit=10**9) for c in problem.choices))
    if _linear(problem, 1.0) is not None:
        return f"no whole number of steps in at most {problem.max_legs} legs comes within the band"
    if _linear(endless, 1.0) is None:
        return (
            f"a margin of {problem.max_margin:,.2f} is not enough"
            if np.isfinite(problem.max_margin)
            else "no combination fits"
        )
    if np.isfinite(problem.max_margin) and _linear(replace(problem, max_margin=np.inf), 1.0) is not None:
        return f"a margin of {problem.max_margin:,.2f} is not enough"
    sign = 1 if problem.target.delta >= 0 else -1
    fillable = sum(max(sign * c.greeks.delta, 0.0) * c.limit for c in problem.choices)
    return f"the depth is too thin: {fillable:.8g} coins of {abs(problem.target.delta):.8g} can be filled"
