"""The forecast of a book: each lot's loss at the end, its threshold, what waiting is worth, and when it may pay."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from zkharvest.harvest.forecast.ends import Ends, first_days
from zkharvest.harvest.forecast.models import Model
from zkharvest.harvest.forecast.threshold import Expectation, Grid, Stopping, stopping
from zkharvest.harvest.markets.greeks import YEAR_DAYS, Floats, black76
from zkharvest.harvest.markets.instruments import Kind
from zkharvest.harvest.markets.quotes import Listed

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


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
        expectation = Expectation(kernels, grid)
        programmes = [_solve(lot, expectation, solved) for lot in mine]
        made.lots += _lots(mine, programmes, paths[asset], made.days)
        first = next((own for lot, own in zip(mine, programmes, strict=True) if lot.side > 0), None)
        if first is not None:
            made.theta[asset] = first.theta
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


def _solve(lot: Held, expectation: Expectation, solved: dict[tuple[Any, ...], Stopping]) -> Stopping:
    """The programme of a lot; the lot that a harvest opens is short term to the end of the year.

    Lots whose k and c agree to four digits share one: theta moves by less than a point of the grid (a lot's own k and c
    are used where it is valued).
    """
    kernels, grid = expectation.kernels, expectation.grid
    days = len(kernels)
    k, c, k_long = round(lot.k, 4), round(lot.c, 5), round(lot.k_long, 4)
    fresh_key = (lot.asset, lot.side, k, c)
    if fresh_key not in solved:
        solved[fresh_key] = stopping(kernels, k, c, grid=grid, side=lot.side, expectation=expectation)
    fresh = solved[fresh_key]
    if lot.long_in is None or lot.long_in > days or k == k_long:
        return fresh
    key = (*fresh_key, k_long, lot.long_in)
    if key not in solved:
        by_day = np.where(np.arange(days + 1) >= lot.long_in, k_long, k)
        solved[key] = stopping(kernels, by_day, c, grid=grid, side=lot.side, fresh=fresh.fresh, expectation=expectation)
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


def _lots(
    lots: Sequence[Held], programmes: Sequence[Stopping], path: Floats, days: tuple[date, ...]
) -> list[LotForecast]:
    """The forecasts of lots of one asset, in their order."""
    ends = Ends.of(path)
    losses: dict[int, tuple[Floats, float, float]] = {}
    windows: dict[int, tuple[tuple[date, date] | None, float]] = {}
    for side in (1, -1):
        places = [n for n, lot in enumerate(lots) if lot.side == side]
        basis = np.array([lots[n].basis for n in places])
        value = np.array([lots[n].price * lots[n].quantity for n in places])
        found = ends.losses(side, basis, value, QUANTILES)
        losses.update((n, (found[0][k], float(found[1][k]), float(found[2][k]))) for k, n in enumerate(places))
    groups: dict[int, list[int]] = {}
    for n, own in enumerate(programmes):
        groups.setdefault(id(own), []).append(n)
    for places in groups.values():
        own = programmes[places[0]]
        early, late, chance = first_days(path, own.theta, own.side, np.array([lots[n].x for n in places]))
        for k, n in enumerate(places):
            windows[n] = ((days[early[k]], days[late[k]]) if early[k] >= 0 else None, float(chance[k]))
    return [_lot(lot, programmes[n], losses[n], windows[n]) for n, lot in enumerate(lots)]


def _lot(
    lot: Held, own: Stopping, at_end: tuple[Floats, float, float], window: tuple[tuple[date, date] | None, float]
) -> LotForecast:
    x = min(max(lot.x, math.exp(-own.grid.reach)), math.exp(own.grid.reach))
    k = lot.k_long if lot.long_in == 0 else lot.k
    now = (k * lot.side * (1 - x) - lot.c * x + x * float(own.fresh[0])) * lot.basis
    wait = float(own.wait(x)) * lot.basis
    loss = lot.side * (lot.basis - lot.price * lot.quantity)
    if loss <= 0:
        action = "no loss"
    elif lot.k <= 0 and now <= wait:
        action = "never" if wait <= 0 else "wait"
    else:
        action = "harvest" if now >= wait and now > 0 else "wait"
    quantiles, p_loss, mean = at_end
    return LotForecast(
        lot,
        max(loss, 0.0),
        tuple(quantiles.tolist()),
        p_loss,
        mean,
        float(own.theta[0]),
        now,
        wait,
        action,
        *window,
    )
