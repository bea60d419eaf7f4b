"""A crowd of taxpayers who harvest: who they are, what they do, and what a run of them says.

* Wealth is Pareto (1.6) and adds up to `wealth`, in average daily volumes (ADV); a lot's age is exponential (300 days)
  on two years of prices before the year; k is lognormal around .20.
* A share `automated` sells when 1 - P/B passes its threshold, theta exp(spread z), and on its last day whatever pays.
  Of the others half sell once, on day 364 - Gamma(2, 5); half never do.
* Fair value F has Student-t (5) returns of 55 % a year. The price is P = F e^X with X <- phi X - Y s sign(Q) sqrt|Q|, Q
  the day's net sales in ADV, half of it gone in five days: the square root of Donier and Bonart (2015) on Bitcoin.
  All orders of a day trade at its one price, the impact included. The year begins with lots that nobody has harvested.
* Re-entry: `delay` 0, at once by way of dealers who hedge the share `hedge` in the same market (today's law), or after
  `delay` days (31: a wash-sale rule without a clean replacement).
* `pace` 1/20: acts with that probability a day instead of at once, and has a last day of its own in the last twenty.
* `predation`: that share of the flow that can be foreseen (fixed days, rebuys) is sold before it and covered after
  (Brunnermeier and Pedersen 2005). That predictable flow is met by better liquidity instead (Bessembinder et al. 2016)
  is a predation of 0.

Costs are counted against F, so the crowd's own dip and rebound count. It is a model: it ranks laws and habits, and its
break-even moves with the impact that is paid (two thirds of the peak instead of all of it would double it).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.errors import UsageError

Floats = NDArray[np.float64]

YEAR, AFTER = 365, 60
VOLATILITY = 0.55
MEAN_AGE, HISTORY = 300.0, 730
HALF_LIFE = 5.0
HALF_SPREAD, SPREAD_GROWTH = 0.0005, 1.0
LEAD = 3  # days that predators are ahead
MEAN_K, K_SPREAD = 0.20, 0.3
NEVER, ONCE, AUTOMATED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Scenario:
    """The knobs of a run. Raises UsageError for one that is out of its range."""

    agents: int = 10_000
    wealth: float = 5.0
    automated: float = 0.5
    threshold: float = 0.10
    spread: float = 0.0
    delay: int = 0
    hedge: float = 1.0
    pace: float = 1.0
    predation: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("agents", 10, 1_000_000),
            ("wealth", 1e-6, 1000.0),
            ("automated", 0.0, 1.0),
            ("threshold", 0.0, 0.9),
            ("spread", 0.0, 3.0),
            ("delay", 0, AFTER - LEAD),
            ("hedge", 0.0, 1.0),
            ("pace", 0.001, 1.0),
            ("predation", 0.0, 5.0),
            ("seed", 0, 2**62),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"--{name}: {value:,.12g} is outside {low:,.12g} to {high:,.12g}")

    def as_json(self) -> dict[str, Any]:
        """The knobs for a report."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run says. Gaps in basis points of the fair value; money in percent of the wealth of those concerned.

    `dip` and `rebound` are the least gap of December and the largest of January, `worst` the least of all; `vol_ratio`
    compares daily volatility with that of F; `peak_flow` is in ADV; `net_automated` is NaN without automated agents.
    """

    scenario: Scenario
    dip_bp: float
    rebound_bp: float
    worst_bp: float
    vol_ratio: float
    peak_flow: float
    saved: float
    cost: float
    net: float
    net_automated: float
    sold: float
    rebought: float
    out: float
    fair: Floats
    gap: Floats
    flow: Floats

    def as_json(self) -> dict[str, Any]:
        """The figures for a report."""
        names = ("dip_bp", "rebound_bp", "worst_bp", "vol_ratio", "peak_flow", "saved", "cost", "net", "net_automated")
        made = {name: getattr(self, name) for name in names}
        return {name: round(value, 4) if math.isfinite(value) else None for name, value in made.items()}


def simulate(scenario: Scenario) -> Run:
    """Run a scenario: the same knobs and seed give the same bytes."""
    from zkharvest.harvest.crowd.kernel import run_year

    random = np.random.default_rng(scenario.seed)
    n = scenario.agents
    sd = VOLATILITY / math.sqrt(365)
    returns = random.standard_t(5, HISTORY + YEAR + AFTER) * (sd / math.sqrt(5 / 3))
    path = np.exp(np.cumsum(returns))
    path /= path[HISTORY]
    coins = 1 + random.pareto(1.6, n)
    coins *= scenario.wealth / coins.sum()
    age = np.minimum(random.exponential(MEAN_AGE, n).astype(np.int64) + 1, HISTORY)
    basis = path[HISTORY - age].copy()
    k = MEAN_K * np.exp(K_SPREAD * random.standard_normal(n))
    trigger = scenario.threshold * np.exp(scenario.spread * random.standard_normal(n))
    drawn, half = random.random(n), random.random(n) < 0.5
    kind = np.where(drawn < scenario.automated, AUTOMATED, np.where(half, ONCE, NEVER)).astype(np.int64)
    late = np.minimum(random.gamma(2.0, 5.0, n).astype(np.int64), YEAR - 1)
    window = max(1, round(1 / scenario.pace))
    own = np.where(kind == AUTOMATED, (random.random(n) * window).astype(np.int64), late)
    numbers = np.array(
        [
            scenario.delay,
            scenario.hedge,
            scenario.pace,
            scenario.predation,
            LEAD,
            HALF_SPREAD,
            SPREAD_GROWTH,
            sd,
            0.5 ** (1 / HALF_LIFE),
        ]
    )
    fair = path[HISTORY:]
    gap, flow, sums = run_year(fair, kind, coins, basis, k, trigger, YEAR - 1 - own, numbers, scenario.seed)
    return _run(scenario, fair, gap, flow, sums, coins, kind)


def _run(
    scenario: Scenario, fair: Floats, gap: Floats, flow: Floats, sums: Floats, coins: Floats, kind: NDArray[np.int64]
) -> Run:
    saved, cost, sold, rebought, out = sums.sum(axis=0).tolist()
    whole, automated = float(coins.sum()), float(coins[kind == AUTOMATED].sum())
    both = sums[AUTOMATED]
    bp = 1e4 * np.expm1(gap)
    return Run(
        scenario,
        dip_bp=float(bp[334:YEAR].min()),
        rebound_bp=float(bp[YEAR : YEAR + 45].max()),
        worst_bp=float(bp.min()),
        vol_ratio=float(np.diff(np.log(fair) + gap)[: YEAR - 1].std() / np.diff(np.log(fair))[: YEAR - 1].std()),
        peak_flow=float(np.abs(flow).max()),
        saved=100 * saved / whole,
        cost=100 * cost / whole,
        net=100 * (saved - cost) / whole,
        net_automated=100 * float(both[0] - both[1]) / automated if automated else math.nan,
        sold=sold,
        rebought=rebought,
        out=out,
        fair=fair,
        gap=gap,
        flow=flow,
    )
