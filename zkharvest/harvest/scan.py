"""The scan: every open lot with what harvesting it would bring, and the lots that are worth taking together.

    result = scan(run, trades, as_of, prices, rates)
    result.candidates(), result.to_json()

The lots come from a ledger run cut at `as_of`; everything here is an estimate in floats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zkharvest.harvest import choose
from zkharvest.harvest.costs import CostModel
from zkharvest.harvest.elections import check_regime, check_year, realised, superficial_so_far
from zkharvest.harvest.files import DAY_MS, Depth, Prices
from zkharvest.harvest.law import Replacements, replacements, straddles
from zkharvest.harvest.policy import Jurisdiction, Rates
from zkharvest.harvest.positions import Positions, utc_text
from zkharvest.harvest.tax import Base, base_year
from zkharvest.harvest.valuation import Sequence as Order
from zkharvest.harvest.valuation import Terms, Valuation
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import Election, Method
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.model import Trade

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A lot that could not be valued, and why."""

    lot: str
    asset: str
    reason: str


@dataclass(frozen=True)
class Scan:
    """The result. `order.order[:taken]` are the lots worth taking.

    Arrays of `alone` and `net_alone` (the net benefit of each lot, were it the only one taken) speak of
    `valuation.lots`.
    """

    as_of: int
    election: Election
    rates: Rates
    base: Base
    realized: tuple[float, float]
    valuation: Valuation
    alone: Terms
    net_alone: Floats
    order: Order
    taken: int
    left_out: tuple[LeftOut, ...]
    bought: Replacements
    notes: tuple[str, ...]
    budget: float = float("inf")
    minimum: float = float("-inf")

    @property
    def lots(self) -> Positions:
        """The lots that have a price."""
        return self.valuation.lots

    @cached_property
    def rank(self) -> Ints:
        """The lots with a loss: those to take in their order, then the others by net benefit alone."""
        taken = self.order.order[: self.taken]
        losing = (self.valuation.raw > 0) & self.alone.feasible
        losing[taken] = False
        rest = np.flatnonzero(losing & (self.net_alone >= self.minimum))
        return np.concatenate((taken, rest[np.argsort(-self.net_alone[rest], kind="stable")]))

    @cached_property
    def gains_before(self) -> Ints:
        """For each lot how many lots at a gain its pool would give up before it; 0 where any lot can be named."""
        if self.free:
            return np.zeros(len(self.lots), np.int64)
        from zkharvest.harvest.groups import running

        gaining = (self.valuation.raw <= 0).astype(np.float64)
        return (running(gaining, self.lots.pool) - gaining).astype(np.int64)

    @property
    def free(self) -> bool:
        """Whether any lot can be named, or the law looks at a whole holding."""
        return self.election.method is Method.SPECIFIC or pools_by_law(self.rates)


def pools_by_law(rates: Rates) -> bool:
    """Whether the law averages all coins of a kind (UK s.104 holdings, Canada's ACB)."""
    return rates.jurisdiction in (Jurisdiction.UK, Jurisdiction.CA)


def run_until(trades: Sequence[Trade], election: Election, as_of: int) -> tuple[LedgerRun, int]:
    """The ledger at an instant: trades after it are left alone. The run, and how many those are."""
    before = [trade for trade in trades if trade.time <= as_of]
    return run_ledger(before, election), len(trades) - len(before)


def scan(
    run: LedgerRun,
    as_of: int,
    prices: Prices,
    rates: Rates,
    *,
    books: Mapping[str, Depth] | None = None,
    max_age: int = DAY_MS,
    budget: float = float("inf"),
    minimum: float = float("-inf"),
) -> Scan:
    """Value every open lot and choose what to take.

    `run` is cut at `as_of` (ms UTC), its year the one of `rates`. Costs of all lots taken stay within `budget`; lots
    whose net benefit alone is below `minimum` are not candidates. Raises UsageError where rates are of another year.
    """
    check_year(rates, Calendar(run.election.timezone).date_of(as_of), "scan")
    check_regime(run.election, rates.jurisdiction)
    whole = Positions.of(run)
    denied: dict[str, float] = {}
    if pools_by_law(rates):
        whole = whole.pooled()
    if rates.jurisdiction is Jurisdiction.CA:
        denied = superficial_so_far(run, whole)
        whole = whole.with_basis_of(denied)
    price, reasons = _prices(whole, prices, as_of, max_age, rates)
    out = np.isnan(price)[whole.asset] if len(whole) else np.zeros(0, np.bool_)
    left = [
        LeftOut(whole.ref[n], whole.assets[a], reasons[whole.assets[a]])
        for n, a in zip(np.flatnonzero(out).tolist(), whole.asset[out].tolist(), strict=True)
    ]
    costs = CostModel(rates, whole.assets, books or {})
    return _valued(
        run, as_of, rates, whole, whole.take(np.flatnonzero(~out)), price, costs, left, denied, (budget, minimum)
    )


def _valued(
    run: LedgerRun,
    as_of: int,
    rates: Rates,
    whole: Positions,
    lots: Positions,
    price: Floats,
    costs: CostModel,
    left: list[LeftOut],
    denied: Mapping[str, float],
    limits: tuple[float, float],
) -> Scan:
    today = Calendar(run.election.timezone).date_of(as_of)
    spot = {a: float(p) for a, p in zip(lots.assets, price, strict=True) if not np.isnan(p)}
    bought = replacements(lots, whole, run.trades, as_of, spot, rates)
    switched = rates.wash_sale is not None and today >= rates.wash_sale.start
    denies = switched or rates.jurisdiction is Jurisdiction.CA
    waits = denies or rates.jurisdiction is Jurisdiction.UK
    realized = realised(run)
    base = base_year(rates, realized[0] + sum(denied.values()), realized[1])
    values = lots.quantity * price[lots.asset] if len(lots) else np.zeros(0)
    gain = np.where(lots.short, lots.basis - values, values - lots.basis)
    offsets = straddles(lots, gain, rates, lots.coins()[1])
    valuation = Valuation(
        lots, price[lots.asset] if len(lots) else np.zeros(0), as_of, rates, costs, base, bought, offsets,
        denies=denies, waits=waits,
    )  # fmt: skip
    alone = valuation.alone()
    for n in np.flatnonzero(~alone.feasible).tolist():
        takes = costs.fillable(int(lots.asset[n]), buys=bool(lots.short[n]))
        asset = lots.assets[lots.asset[n]]
        left.append(
            LeftOut(lots.ref[n], asset, f"the book is too thin: it takes {takes:.12g} of {lots.quantity[n]:.12g}")
        )
    free = run.election.method is Method.SPECIFIC or pools_by_law(rates)
    saved = valuation.saving(alone, np.arange(len(lots)))
    net_alone = saved.now + saved.carried - alone.later - alone.expense
    order, taken = choose.best_sequence(valuation, alone, net_alone >= limits[1], free=free, budget=limits[0])
    notes = [f"no costs are stated for {asset}: taken as 0" for asset in costs.unstated if asset in spot]
    notes += [
        f"{asset}: losses of {amount:,.2f} this year look superficial (s.54): not counted, they are in the basis"
        for asset, amount in denied.items()
    ]
    return Scan(
        as_of,
        run.election,
        rates,
        base,
        realized,
        valuation,
        alone,
        net_alone,
        order,
        taken,
        tuple(left),
        bought,
        tuple(notes),
        *limits,
    )


def _prices(lots: Positions, prices: Prices, as_of: int, max_age: int, rates: Rates) -> tuple[Floats, dict[str, str]]:
    """The price of each asset (NaN: none), and why the lots of an asset are left out."""
    price, reasons = np.full(len(lots.assets), np.nan), dict[str, str]()
    for number, (asset, one) in enumerate(zip(lots.assets, lots.instruments, strict=True)):
        found = prices.find(asset, as_of, max_age)
        derivative = one is not None and one.kind != "spot"
        if one is not None and one.expiry and one.expiry <= as_of:
            reasons[asset] = f"expired at {utc_text(one.expiry)}: record its expiry first"
        elif derivative and rates.jurisdiction is Jurisdiction.DE:
            reasons[asset] = "a derivative is taxed under s.20 EStG, in another basket: not estimated"
        elif one is not None and one.in_dollars:
            reasons[asset] = f"an amount of dollars, settled in {one.coin} as it goes: it leaves no loss to harvest"
        elif isinstance(found, str):
            reasons[asset] = found
        else:
            price[number] = found.value
    return price, reasons
