"""The forecast of a book: each lot's loss at the end, its threshold, what waiting is worth, and when it may pay."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from zkharvest.harvest.forecast.models import Model
from zkharvest.harvest.forecast.threshold import Grid, Stopping, stopping
from zkharvest.harvest.markets.greeks import YEAR_DAYS, Floats, black76
from zkharvest.harvest.markets.instruments import Kind
from zkharvest.harvest.markets.quotes import Listed

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_WINDOW_CELLS = 40_000_000  # lots times paths times days that windows are found for


@dataclass(frozen=True, slots=True)
class Held:
    """An open lot as the forecast sees it. Money in dollars; `side` is -1 for a short lot, whose basis is its proceeds.

    `k` is what a dollar of its loss saves now, `k_long` once it is held long; `c` the costs as a part of the value.
    `long_in` is the number of days until it is long (None: not before the end, or no matter).
    """

    ref: str
    asset: str
    side: int
    quantity: float
    basis: float
    price: float
    k: float
    k_long: float
    c: float
    long_in: int | None = None

    @property
    def x(self) -> float:
        """P/B: the price over the unit's basis."""
        return self.price * self.quantity / self.basis if self.basis else math.inf


@dataclass(frozen=True, slots=True)
class HeldOption:
    """An open lot of an option; `held.price` is its Black-76 value of one unit in dollars now (ms)."""

    held: Held
    listed: Listed
    now: int

    @property
    def coin(self) -> str:
        """The coin whose paths it follows."""
        return self.listed.instrument.coin

    def values(self, path: Floats) -> Floats:
        """The value of a unit in dollars along paths of the coin at today's volatility; after expiry what it paid."""
        instrument, quote = self.listed.instrument, self.listed.quote
        left, days = instrument.days_left(self.now), np.arange(path.shape[1])
        moved = quote.forward * path[:, np.minimum(days, math.floor(left)).astype(np.int64)]
        years = np.maximum(left - days, 0.0) / YEAR_DAYS
        call = instrument.kind is Kind.CALL
        return np.asarray(black76(call, moved, instrument.strike, years, quote.iv).value, np.float64)


@dataclass(frozen=True, slots=True)
class LotForecast:
    """The forecast of one lot. Losses in dollars at the end; values in dollars, of tax saved less costs."""

    held: Held
    loss_now: float
    quantiles: tuple[float, ...]
    p_loss: float
    expected_loss: float
    threshold: float
    value_now: float
    value_wait: float
    action: str
    window: tuple[date, date] | None
    p_harvest: float

    def as_json(self) -> dict[str, Any]:
        """The lot for a report. `threshold` is P/B; `threshold_price` the price that it means."""
        held = self.held
        price = self.threshold * held.basis / held.quantity
        known = math.isfinite(self.threshold)
        return {
            "lot": held.ref,
            "asset": held.asset,
            "side": "long" if held.side > 0 else "short",
            "quantity": f"{held.quantity:.12g}",
            "basis": f"{held.basis:.2f}",
            "value": f"{held.price * held.quantity:.2f}",
            "loss": f"{self.loss_now:.2f}",
            "quantiles": {f"{q:g}": f"{x:.2f}" for q, x in zip(QUANTILES, self.quantiles, strict=True)},
            "p_loss": round(self.p_loss, 4),
            "expected_loss": f"{self.expected_loss:.2f}",
            "threshold": round(self.threshold, 5) if known else None,
            "threshold_price": f"{price:.2f}" if known else None,
            "value_now": f"{self.value_now:.2f}",
            "value_wait": f"{self.value_wait:.2f}" if math.isfinite(self.value_wait) else None,
            "action": self.action,
            "window": [day.isoformat() for day in self.window] if self.window else None,
            "p_harvest": round(self.p_harvest, 4),
        }


@dataclass(slots=True)
class BookForecast:
    """All lots, and the book: `fan[quantile][day]` of its harvestable loss; `theta` of a fresh lot by asset and day."""

    days: tuple[date, ...]
    lots: list[LotForecast] = field(default_factory=list)
    fan: Floats = field(default_factory=lambda: np.zeros((len(QUANTILES), 0)))
    expected: Floats = field(default_factory=lambda: np.zeros(0))
    theta: dict[str, Floats] = field(default_factory=dict)
    p_loss: float = 0.0


def forecast_book(
    lots: Sequence[Held],
    models: Mapping[str, Model],
    paths: Mapping[str, Floats],
    first_day: date,
    options: Sequence[HeldOption] = (),
) -> BookForecast:
    """The forecast of lots whose assets all have a model and paths (of the same number of days); options after coin."""
    days = next(iter(paths.values())).shape[1]
    made = BookForecast(tuple(first_day + timedelta(days=n) for n in range(days)))
    grid = Grid()
    solved: dict[tuple[Any, ...], Stopping] = {}
    total = np.zeros(next(iter(paths.values())).shape)
    for asset in sorted({lot.asset for lot in lots}):
        kernels = models[asset].kernels(grid)
        mine = [lot for lot in lots if lot.asset == asset]
        for lot in mine:
            own = _solve(lot, kernels, grid, solved)
            made.lots.append(_lot(lot, own, paths[asset], made.days, len(lots)))
            if lot.side > 0 and asset not in made.theta:
                made.theta[asset] = own.theta
        total += _losses(mine, paths[asset])
    order = {id(lot): place for place, lot in enumerate(lots)}
    made.lots.sort(key=lambda one: order[id(one.held)])
    for option in options:
        held = option.held
        loss = np.maximum(held.side * (held.basis - held.quantity * option.values(paths[option.coin])), 0.0)
        made.lots.append(_option(held, loss))
        total += loss
    made.fan = np.quantile(total, QUANTILES, axis=0)
    made.expected = total.mean(axis=0)
    made.p_loss = float(np.mean(total[:, -1] > 0))
    return made


def _option(held: Held, loss: Floats) -> LotForecast:
    """The forecast of an option's lot: its loss, without a threshold, which would need a programme of its own."""
    now, end = max(held.side * (held.basis - held.price * held.quantity), 0.0), loss[:, -1]
    return LotForecast(
        held,
        now,
        tuple(np.quantile(end, QUANTILES).tolist()),
        float(np.mean(end > 0)),
        float(end.mean()),
        math.nan,
        held.k * now - held.c * held.price * held.quantity if now else 0.0,
        math.nan,
        "no threshold" if now else "no loss",
        None,
        0.0,
    )


def _solve(lot: Held, kernels: Sequence[Floats], grid: Grid, solved: dict[tuple[Any, ...], Stopping]) -> Stopping:
    """The programme of a lot; the lot that a harvest opens is short term to the end of the year."""
    days = len(kernels)
    fresh_key = (lot.asset, lot.side, round(lot.k, 6), round(lot.c, 6))
    if fresh_key not in solved:
        solved[fresh_key] = stopping(kernels, lot.k, lot.c, grid=grid, side=lot.side)
    fresh = solved[fresh_key]
    if lot.long_in is None or lot.long_in > days or math.isclose(lot.k, lot.k_long, abs_tol=1e-9):
        return fresh
    key = (*fresh_key, round(lot.k_long, 6), lot.long_in)
    if key not in solved:
        k = np.where(np.arange(days + 1) >= lot.long_in, lot.k_long, lot.k)
        solved[key] = stopping(kernels, k, lot.c, grid=grid, side=lot.side, fresh=fresh.fresh)
    return solved[key]


def _losses(lots: Sequence[Held], path: Floats) -> Floats:
    """The harvestable loss of lots of one asset for each path and day: the sum of max(0, loss), in n log n."""
    made = np.zeros(path.shape)
    for side in (1, -1):
        mine = sorted((lot for lot in lots if lot.side == side), key=lambda lot: lot.basis / lot.quantity)
        if not mine:
            continue
        price = mine[0].price * path
        unit = np.array([lot.basis / lot.quantity for lot in mine])
        quantity, basis = (np.cumsum([0.0, *(getattr(lot, name) for lot in mine)]) for name in ("quantity", "basis"))
        below = np.searchsorted(unit, price.ravel(), side="right").reshape(price.shape)  # lots with a basis below P
        if side > 0:
            made += (basis[-1] - basis[below]) - (quantity[-1] - quantity[below]) * price
        else:
            made += quantity[below] * price - basis[below]
    return made


def _lot(lot: Held, own: Stopping, path: Floats, days: tuple[date, ...], count: int) -> LotForecast:
    end = np.maximum(lot.side * (lot.basis - lot.quantity * lot.price * path[:, -1]), 0.0)
    x = min(max(lot.x, math.exp(-own.grid.reach)), math.exp(own.grid.reach))
    wait, now = float(own.wait(x)) * lot.basis, float(own.harvest(x)) * lot.basis
    loss = lot.side * (lot.basis - lot.price * lot.quantity)
    window, p_harvest = _window(lot, own, path, days, count)
    if loss <= 0:
        action = "no loss"
    elif lot.k <= 0 and now <= wait:
        action = "never" if wait <= 0 else "wait"
    else:
        action = "harvest" if now >= wait and now > 0 else "wait"
    return LotForecast(
        lot,
        max(loss, 0.0),
        tuple(np.quantile(end, QUANTILES).tolist()),
        float(np.mean(end > 0)),
        float(end.mean()),
        float(own.theta[0]),
        now,
        wait,
        action,
        window,
        p_harvest,
    )


def _window(
    lot: Held, own: Stopping, path: Floats, days: tuple[date, ...], count: int
) -> tuple[tuple[date, date] | None, float]:
    """The days between which half of the first harvests by the threshold fall, and how likely a harvest is at all."""
    used = path[: max(50, min(path.shape[0], _WINDOW_CELLS // max(count * path.shape[1], 1)))]
    ratio = lot.x * used
    with np.errstate(invalid="ignore"):
        hit = ratio < own.theta if lot.side > 0 else ratio > own.theta
    any_hit = hit.any(axis=1)
    if not any_hit.any():
        return None, 0.0
    first = hit.argmax(axis=1)[any_hit]
    early, late = (int(np.quantile(first, q, method="nearest")) for q in (0.25, 0.75))
    return (days[early], days[late]), float(any_hit.mean())
