"""A forecast from a ledger run: which lots can be forecast, with which k and c, from which history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from zkharvest.errors import UsageError
from zkharvest.harvest.costs import CostModel
from zkharvest.harvest.elections import check_regime, realised
from zkharvest.harvest.files import DAY_MS, Prices
from zkharvest.harvest.forecast.history import History, daily_closes
from zkharvest.harvest.forecast.lots import BookForecast, Held, HeldOption, forecast_book
from zkharvest.harvest.forecast.models import (
    LEAST_DAYS,
    Model,
    ModelName,
    fit_bootstrap,
    fit_garch,
    fit_normal,
    simulate,
)
from zkharvest.harvest.forecast.rules import RuleResult, compare_rules
from zkharvest.harvest.forecast.scores import Score, score_models
from zkharvest.harvest.markets.greeks import Floats
from zkharvest.harvest.markets.instruments import Instrument, Kind, parse_instrument
from zkharvest.harvest.markets.quotes import Listed, Market
from zkharvest.harvest.policy import Jurisdiction, Rates
from zkharvest.harvest.reentry.exposure import unit_greeks
from zkharvest.harvest.tax import base_year, saving
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.results import LedgerRun, OpenLot
from zkharvest.ledger.rules import Side
from zkharvest.spec import MONEY_DECIMALS, QUANTITY_DECIMALS

LONGEST_DAYS = 730
_REFERENCE_LOSS = 0.1  # of the basis: what k is taken at for a lot without a loss now


@dataclass(frozen=True, slots=True)
class Settings:
    """How a forecast is made. Without `rates`, `benefit` is k and `cost` c for every lot."""

    as_of: int
    until: date
    model: ModelName = ModelName.BOOTSTRAP
    volatility: float | None = None
    paths: int = 2000
    seed: int = 1
    max_age: int = DAY_MS
    rates: Rates | None = None
    benefit: float = 0.0
    cost: float = 0.0
    rules: bool = True
    market: Market | None = None


@dataclass(frozen=True, slots=True)
class _Valued:
    """An open lot with the price of one unit in dollars; `listed` for an option."""

    lot: OpenLot
    price: float
    listed: Listed | None = None

    @property
    def coin(self) -> str:
        """The asset whose history is needed."""
        return self.listed.instrument.coin if self.listed else self.lot.pool.asset


@dataclass(slots=True)
class Forecast:
    """What comes of it. `rules` and `scores` are by asset; `k`, `c` those that the rules were compared with."""

    book: BookForecast
    first_day: date
    currency: str = ""
    model: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rules: dict[str, list[RuleResult]] = field(default_factory=dict)
    rule_lots: dict[str, int] = field(default_factory=dict)
    rule_terms: dict[str, tuple[float, float]] = field(default_factory=dict)
    scores: dict[str, list[Score]] = field(default_factory=dict)


def year_end(jurisdiction: Jurisdiction | None, day: date) -> date:
    """The last day of the tax year that a day lies in: 5 April in the United Kingdom, else 31 December."""
    if jurisdiction is Jurisdiction.UK:
        end = date(day.year, 4, 5)
        return end if day <= end else date(day.year + 1, 4, 5)
    return date(day.year, 12, 31)


def forecast(run: LedgerRun, prices: Prices, settings: Settings, step: Callable[[str], None]) -> Forecast:
    """Forecast the open lots of a run. Raises UsageError where no day is left, or too many."""
    calendar = Calendar(run.election.timezone)
    today = calendar.date_of(settings.as_of)
    days = (settings.until - today).days
    if not 0 <= days <= LONGEST_DAYS:
        raise UsageError(f"--until: {settings.until} is {days} days from {today}", f"0 to {LONGEST_DAYS} are forecast")
    made = Forecast(BookForecast((today,)), today, run.trades[0].currency if run.trades else "")
    usable = _usable(run, prices, settings, made)
    step("fitting")
    assets = sorted({one.coin for one in usable})
    histories = {asset: daily_closes(prices, asset, settings.as_of) for asset in assets}
    models, short = _models(histories, settings, days, made)
    made.left_out += [(one.lot.lot_ref, f"{one.coin}: {short[one.coin]}") for one in usable if one.coin in short]
    usable = [one for one in usable if one.coin in models]
    held = _held(run, usable, settings, calendar, today)
    if held:
        step("simulating")
        paths = simulate(models, days, settings.paths, settings.seed)
        step("solving")
        pairs = list(zip(held, usable, strict=True))
        options = [HeldOption(lot, one.listed, settings.as_of) for lot, one in pairs if one.listed]
        coins = [lot for lot, one in pairs if not one.listed]
        made.book = forecast_book(coins, models, paths, today, options)
        held = coins
    if settings.rules:
        step("comparing rules on history")
        _compare(made, histories, held)
    return made


def _usable(run: LedgerRun, prices: Prices, settings: Settings, made: Forecast) -> list[_Valued]:
    found = []
    for lot in run.open_lots:
        instrument = parse_instrument(lot.pool.asset)
        if instrument is not None and instrument.kind is not Kind.SPOT:
            valued = _valued_option(lot, instrument, settings)
        else:
            price = prices.find(lot.pool.asset, settings.as_of, settings.max_age)
            valued = f"{lot.pool.asset}: {price}" if isinstance(price, str) else _Valued(lot, price.value)
        if lot.value <= 0:
            valued = "has no basis, so it can have no loss"
        if isinstance(valued, str):
            made.left_out.append((lot.lot_ref, valued))
        else:
            found.append(valued)
    return found


def _valued_option(lot: OpenLot, instrument: Instrument, settings: Settings) -> _Valued | str:
    """An option with its Black-76 value, or why it has none."""
    if not instrument.kind.option:
        return "a future or perpetual is settled daily: it leaves no loss to harvest"
    if instrument.expiry <= settings.as_of:
        return f"{instrument.name} is past its expiry: record its expiry first"
    if settings.market is None:
        return "an option: give --instruments and --quotes"
    listed = settings.market.listed.get(lot.pool.asset)
    if listed is None:
        return f"{instrument.name}: {settings.market.left_out.get(lot.pool.asset, 'neither file has it')}"
    value = float(unit_greeks(listed, listed.quote.index, settings.as_of).value)
    return _Valued(lot, value, listed) if value > 0 else f"{instrument.name} is worth nothing by its volatility"


def _models(
    histories: Mapping[str, History | str], settings: Settings, days: int, made: Forecast
) -> tuple[dict[str, Model], dict[str, str]]:
    """A model for each asset that has enough history, to the same last day; and why the others have none."""
    if settings.volatility is not None:
        made.model = dict.fromkeys(histories, f"normal, volatility {settings.volatility:.0%}")
        if len(histories) > 1:
            made.notes.append(
                "a stated volatility says nothing about how assets move together; they are taken as independent"
            )
        return {asset: fit_normal(settings.volatility, days) for asset in histories}, {}
    short: dict[str, str] = {}
    found: dict[str, History] = {}
    for asset, history in histories.items():
        if isinstance(history, str) or history.closes.size <= LEAST_DAYS:
            days_held = 0 if isinstance(history, str) else history.closes.size
            counted = f"{days_held} {'day' if days_held == 1 else 'days'} of history"
            what = history if isinstance(history, str) else counted
            short[asset] = f"{what}: {LEAST_DAYS} days are needed, or --volatility"
        else:
            found[asset] = history
            if history.filled:
                made.notes.append(f"{asset}: {history.filled} days without a price repeat the close before")
    fitted = {}
    last = min((history.days[-1] for history in found.values()), default=made.first_day)
    fit = fit_garch if settings.model is ModelName.GARCH else fit_bootstrap
    for asset, history in found.items():
        together = history.returns[: history.returns.size - (history.days[-1] - last).days]
        fitted[asset] = fit(together, days)
        made.model[asset] = f"{settings.model.value}, {min(together.size, 1095)} days to {last}"
    return fitted, short


def _held(
    run: LedgerRun,
    usable: Sequence[_Valued],
    settings: Settings,
    calendar: Calendar,
    today: date,
) -> list[Held]:
    """The lots as the forecast sees them, with k before and after they turn long, and c."""
    if not usable:
        return []
    lots = [one.lot for one in usable]
    quantity = np.array([lot.quantity for lot in lots], np.float64) / 10**QUANTITY_DECIMALS
    basis = np.array([lot.value for lot in lots], np.float64) / 10**MONEY_DECIMALS
    price = np.array([one.price for one in usable])
    short = np.array([lot.pool.side is Side.SHORT for lot in lots])
    k, k_long, c = _terms(run, [lot.pool.asset for lot in lots], quantity, basis, price, short, settings)
    made = []
    for place, lot in enumerate(lots):
        turns = long_from(calendar.date_of(lot.acquired))
        made.append(
            Held(
                lot.lot_ref,
                lot.pool.asset,
                -1 if short[place] else 1,
                float(quantity[place]),
                float(basis[place]),
                float(price[place]),
                float(k[place]),
                float(k[place] if short[place] else k_long[place]),
                float(c[place]),
                None if short[place] else max(0, (turns - today).days),
            )
        )
    return made


def _terms(
    run: LedgerRun,
    assets: Sequence[str],
    quantity: Floats,
    basis: Floats,
    price: Floats,
    short: Any,
    settings: Settings,
) -> tuple[Floats, Floats, Floats]:
    """k of a short-term and of a long-term loss, and c, for each lot: m and d as harvest.tax has them.

    k = m - d; c = ((1 - m) c_s + (1 - d) c_b) / V, for a loss of today's size (10 % of the basis where there is none).
    """
    rates = settings.rates
    if rates is None:
        same = np.full(basis.shape, settings.benefit)
        return same, same, np.full(basis.shape, settings.cost)
    check_regime(run.election, rates.jurisdiction)
    base = base_year(rates, *realised(run))
    value = quantity * price
    loss = np.where(short, value - basis, basis - value)
    loss = np.where(loss > 0, loss, _REFERENCE_LOSS * basis)
    zero = np.zeros_like(loss)
    saved = [saving(rates, base, *pair) for pair in ((loss, zero), (zero, loss))]
    m, m_long = ((found.now + found.carried) / loss for found in saved)
    d = rates.deferral
    names = sorted(set(assets))
    number = np.array([names.index(asset) for asset in assets])
    cost = CostModel(rates, names, {}).of(number, short, zero, quantity, price)
    c = ((1 - m) * cost.sale + (1 - d) * cost.reentry) / value
    return m - d, m_long - d, c


def _compare(made: Forecast, histories: Mapping[str, History | str], held: Sequence[Held]) -> None:
    """The rules and the scores for each asset with history, with the median k and c of its lots."""
    for asset, history in histories.items():
        mine = [lot for lot in held if lot.asset == asset and lot.side > 0]
        if isinstance(history, str) or not mine:
            continue
        k, c = float(np.median([lot.k for lot in mine])), float(np.median([lot.c for lot in mine]))
        results, lots = compare_rules(history.days, history.closes, k, c)
        made.rule_lots[asset], made.rule_terms[asset] = lots, (k, c)
        if results:
            made.rules[asset] = results
        elif k <= 0:
            made.notes.append(f"{asset}: k is {k:.3f}, so no rule pays: a loss saves less now than its tax costs later")
        else:
            made.notes.append(f"{asset}: the history holds no month with sixty days before it and its year's rest")
        made.scores[asset] = score_models(history.returns)
