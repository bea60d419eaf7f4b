"""Black-76 values and Greeks, as the exchanges quote them.

With F the forward (Deribit's `underlying_price`), K the strike, T years of 365 days to 08:00 UTC of the last day, s the
volatility, D the discount factor (1 on Deribit and Bybit), v = s sqrt(T), d1 = ln(F/K)/v + v/2, d2 = d1 - v:

    value = D cp (F N(cp d1) - K N(cp d2))      cp = +1 for a call, -1 for a put
    delta = D cp N(cp d1)                       coins, by the forward
    gamma = D n(d1) / (F v)                     coins per dollar
    vega  = D F n(d1) sqrt(T) / 100             dollars per volatility point
    theta = -D F n(d1) s / (2 sqrt(T)) / 365    dollars per day

(Black 1976; Haug, "The Complete Guide to Option Pricing Formulas", 1.1.6.) Where the premium is paid in coin, buying
an option also gives p = V/F coins away: the *net transaction delta* is delta - p (Alexander and Imeraj 2021).
QuantLib computes the same independently (`quantlib_greeks`); `harvest match` compares before it prints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
YEAR_DAYS = 365.0
_VOLATILITY_LIMITS = (1e-4, 20.0)

_erfc = np.frompyfunc(math.erfc, 1, 1)


def normal_cdf(x: Floats | float) -> Floats:
    """The distribution function of the standard normal."""
    return np.asarray(_erfc(np.asarray(x, np.float64) / -math.sqrt(2.0)), np.float64) / 2


def normal_density(x: Floats | float) -> Floats:
    """The density of the standard normal."""
    return np.exp(-(np.asarray(x, np.float64) ** 2) / 2) / math.sqrt(2 * math.pi)


@dataclass(frozen=True, slots=True)
class Greeks:
    """Per unit of an amount, or summed over amounts: value in dollars, delta in coins; arrays or numbers."""

    value: Any
    delta: Any
    gamma: Any
    vega: Any
    theta: Any

    def times(self, amount: Any) -> Greeks:
        """These Greeks of an amount."""
        return Greeks(
            self.value * amount, self.delta * amount, self.gamma * amount, self.vega * amount, self.theta * amount
        )

    def plus(self, other: Greeks) -> Greeks:
        """The sum of two positions."""
        return Greeks(
            self.value + other.value,
            self.delta + other.delta,
            self.gamma + other.gamma,
            self.vega + other.vega,
            self.theta + other.theta,
        )

    def rounded(self) -> dict[str, float | None]:
        """The numbers for a report: nine significant digits; None for what is not known."""
        found = {name: float(getattr(self, name)) for name in self.__slots__}
        return {name: float(f"{value:.9g}") if math.isfinite(value) else None for name, value in found.items()}


NOTHING = Greeks(0.0, 0.0, 0.0, 0.0, 0.0)


def black76(call: Any, forward: Any, strike: Any, years: Any, volatility: Any, discount: Any = 1.0) -> Greeks:
    """Value and Greeks of European options on a forward; every argument is a number or an array (broadcast).

    `volatility` is a fraction (.55), `years` may be 0 or less: then an option is worth what it pays, delta 0 or 1.
    """
    F, K, T, s, D = (np.asarray(a, np.float64) for a in (forward, strike, years, volatility, discount))
    cp = np.where(call, 1.0, -1.0)
    alive = (T > 0) & (s > 0) & (K > 0)
    root = np.sqrt(np.where(alive, T, 1.0))
    v = np.where(alive, s, 1.0) * root
    d1 = np.log(F / np.where(alive, K, F)) / v + v / 2
    density = np.where(alive, normal_density(d1), 0.0)
    in_the_money = (cp * (F - K) > 0).astype(np.float64)
    first = np.where(alive, normal_cdf(cp * d1), in_the_money)
    second = np.where(alive, normal_cdf(cp * (d1 - v)), in_the_money)
    return Greeks(
        value=D * cp * (F * first - K * second),
        delta=D * cp * first,
        gamma=D * density / (F * v),
        vega=D * F * density * root / 100,
        theta=np.where(alive, -D * F * density * s / (2 * root) / YEAR_DAYS, 0.0),
    )


def implied_volatility(call: Any, forward: Any, strike: Any, years: Any, value: Any, discount: Any = 1.0) -> Floats:
    """The volatility at which Black-76 gives a value (dollars); NaN where no volatility in (.01 %, 2000 %) does.

    Bisection, as the value rises with the volatility: 60 halvings leave less than 1e-15.
    """
    F, K, T, V = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (forward, strike, years, value)))
    low, high = (np.full(V.shape, limit) for limit in _VOLATILITY_LIMITS)
    possible = (T > 0) & (black76(call, F, K, T, low, discount).value < V)
    possible &= black76(call, F, K, T, high, discount).value > V
    for _ in range(60):
        middle = (low + high) / 2
        below = black76(call, F, K, T, middle, discount).value < V
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(possible, (low + high) / 2, np.nan)


def quantlib_greeks(
    call: bool, forward: float, strike: float, years: float, volatility: float, discount: float = 1.0
) -> Greeks:
    """The same by QuantLib's BlackCalculator: the independent oracle. Needs `zkharvest[harvest]`."""
    import QuantLib

    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call if call else QuantLib.Option.Put, strike)
    made = QuantLib.BlackCalculator(payoff, forward, volatility * math.sqrt(years), discount)
    vega = made.vega(years)
    return Greeks(
        value=made.value(),
        delta=made.deltaForward(),
        gamma=made.gammaForward(),
        vega=vega / 100,
        theta=-vega * volatility / (2 * years) / YEAR_DAYS,  # at constant forward: F n(d1) sqrt(T) is QuantLib's vega
    )
