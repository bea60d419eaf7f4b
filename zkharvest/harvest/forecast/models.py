"""How prices may move: models fitted to daily closes, that give paths and the distribution of each day's return.

`bootstrap` (the default)  returns standardised by their EWMA variance, drawn in blocks of five days, scaled by a
                variance that starts from today's and goes to that of three years by 1.5 % a day. Of six models compared
                on 113 monthly origins of BTC it covered best, and GARCH was not better (docs/forecast.md).
`garch`         GARCH(1,1) with Student-t innovations by the library `arch` (extra `garch`).
`normal`        a stated volatility.

All are without drift: E of the price is today's price. Several assets move together: their days are drawn together
(bootstrap), or their innovations are correlated (garch). Under `normal` they are independent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from zkharvest.harvest.forecast.threshold import Grid, normal_kernel, sample_kernel
from zkharvest.harvest.markets.greeks import Floats

DECAY = 0.97  # of the EWMA variance
REVERSION = 0.015  # a day, to the long variance
WINDOW_DAYS = 3 * 365
BLOCK_DAYS = 5
LEAST_DAYS = 90


class ModelName(StrEnum):
    """The models that can be asked for."""

    BOOTSTRAP = "bootstrap"
    GARCH = "garch"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Garch:
    """Parameters of GARCH(1,1)-t for log returns: variance = omega + alpha r^2 + beta variance, nu of the t."""

    omega: float
    alpha: float
    beta: float
    nu: float


@dataclass(frozen=True, slots=True)
class Model:
    """What a forecast needs of one asset: the standard deviation of each day ahead, and its standardised return.

    `pool` has mean 0 and variance 1, in the order of history; it is empty for the normal distribution.
    """

    name: ModelName
    deviations: Floats
    pool: Floats
    garch: Garch | None = None

    def kernels(self, grid: Grid) -> list[Floats]:
        """The distribution of each day's return on a grid."""
        made: list[Floats] = []
        for day, deviation in enumerate(self.deviations):
            if day and deviation == self.deviations[day - 1]:
                made.append(made[-1])
            elif self.pool.size:
                made.append(sample_kernel(self.pool * deviation, grid))
            else:
                made.append(normal_kernel(float(deviation), grid))
        return made


def ewma_variance(returns: Floats, decay: float = DECAY) -> Floats:
    """The variance expected for each day from the returns before it, and (last) for the day after them."""
    variance = [float(np.mean(returns[:30] ** 2))]
    for value in returns.tolist():
        variance.append(decay * variance[-1] + (1 - decay) * value * value)
    return np.array(variance)


def fit_bootstrap(returns: Floats, days: int) -> Model:
    """The default model, from log returns of consecutive days (oldest first), for some days ahead."""
    recent = returns[-WINDOW_DAYS:]
    recent = recent - recent.mean()
    variance = ewma_variance(recent)
    long = float(np.mean(recent**2))
    ahead = long + (variance[-1] - long) * np.exp(-REVERSION * np.arange(days))
    return Model(ModelName.BOOTSTRAP, np.sqrt(ahead), _standard(recent / np.sqrt(variance[:-1])))


def fit_normal(volatility: float, days: int) -> Model:
    """A normal model with a yearly volatility (fraction)."""
    return Model(ModelName.NORMAL, np.full(days, volatility / math.sqrt(365)), np.empty(0))


def fit_garch(returns: Floats, days: int) -> Model:
    """GARCH(1,1)-t by maximum likelihood. Needs `zkharvest[garch]`."""
    from arch import arch_model

    recent = returns[-WINDOW_DAYS:]
    percent = 100 * (recent - recent.mean())
    fitted = arch_model(percent, mean="Zero", vol="GARCH", p=1, q=1, dist="t").fit(disp="off", show_warning=False)
    omega, alpha, beta, nu = (float(fitted.params[name]) for name in ("omega", "alpha[1]", "beta[1]", "nu"))
    volatility = np.asarray(fitted.conditional_volatility, np.float64)
    variance = omega + alpha * float(percent[-1]) ** 2 + beta * float(volatility[-1]) ** 2
    persistence = min(alpha + beta, 0.999)
    long = omega / (1 - persistence)
    ahead = long + (variance - long) * persistence ** np.arange(days)
    parameters = Garch(omega * 1e-4, alpha, beta, nu)
    return Model(ModelName.GARCH, np.sqrt(ahead) / 100, _standard(percent / volatility), parameters)


def _standard(residuals: Floats) -> Floats:
    return np.asarray((residuals - residuals.mean()) / residuals.std(), np.float64)


def simulate(models: Mapping[str, Model], days: int, paths: int, seed: int) -> dict[str, Floats]:
    """Prices relative to now: for each asset an array (paths, days + 1) whose first column is 1. Same seed, same bytes.

    The ends of the pools must be of the same day, so that assets are drawn together.
    """
    if days == 0:
        return {name: np.ones((paths, 1)) for name in models}
    random = np.random.default_rng(seed)
    together = [name for name, model in models.items() if model.name is ModelName.BOOTSTRAP]
    shocks: dict[str, Floats] = {}
    if together:
        length = min(models[name].pool.size for name in together)
        starts = random.integers(0, length - BLOCK_DAYS + 1, (paths, -(-days // BLOCK_DAYS)))
        places = (starts[:, :, None] + np.arange(BLOCK_DAYS)).reshape(paths, -1)[:, :days]
        shocks = {name: models[name].pool[-length:][places] for name in together}
    shocks |= _student(models, days, paths, random)
    made = {}
    for name, model in models.items():
        drawn = shocks[name] if name in shocks else random.standard_normal((paths, days))
        returns = _garch_returns(model, drawn) if model.garch else drawn * model.deviations[:days]
        returns = returns - np.log(np.mean(np.exp(returns), axis=0))
        made[name] = np.exp(np.concatenate([np.zeros((paths, 1)), np.cumsum(returns, axis=1)], axis=1))
    return made


def _student(models: Mapping[str, Model], days: int, paths: int, random: np.random.Generator) -> dict[str, Floats]:
    """Student-t innovations of variance 1 for the GARCH models, correlated as their residuals are."""
    found: Sequence[tuple[str, Model, Garch]] = [(n, m, m.garch) for n, m in models.items() if m.garch]
    if not found:
        return {}
    length = min(model.pool.size for _, model, _ in found)
    correlation = np.atleast_2d(np.corrcoef(np.array([model.pool[-length:] for _, model, _ in found])))
    values, vectors = np.linalg.eigh(correlation)  # not Cholesky: assets may move as one
    normal = random.standard_normal((paths, days, len(found))) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    made = {}
    for place, (name, _, garch) in enumerate(found):
        scale = np.sqrt(random.chisquare(garch.nu, (paths, days)) / (garch.nu - 2))
        made[name] = normal[:, :, place] / scale
    return made


def _garch_returns(model: Model, shocks: Floats) -> Floats:
    garch = model.garch
    assert garch is not None
    variance = np.full(shocks.shape[0], float(model.deviations[0]) ** 2 if model.deviations.size else 0.0)
    returns = np.empty_like(shocks)
    for day in range(shocks.shape[1]):
        returns[:, day] = shocks[:, day] * np.sqrt(variance)
        variance = garch.omega + garch.alpha * returns[:, day] ** 2 + garch.beta * variance
    return returns
