"""What harvesting a lot is worth: every term of the net benefit, for lots alone and along an order of sales.

loss L      basis less value plus the cost of the sale (a short lot: value less proceeds)
allowed     the share of it that counts: not denied as a wash sale, not deferred as a straddle
tax_now     what it saves this year; carried: what its carryforward saves later (present value)
later       the basis resets: what was saved comes back at the final sale, x (1+r)^-H (L - c_s - c_b)
cost        fee, spread, impact of sale and re-entry, carry of a replacement where the law makes one wait
net         tax_now + carried - later - cost
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkharvest.harvest.costs import Cost, CostModel
from zkharvest.harvest.groups import running
from zkharvest.harvest.law import Replacements, Straddles, denied_alone, denied_in_order
from zkharvest.harvest.policy import Jurisdiction, Rates
from zkharvest.harvest.positions import NEVER, Positions
from zkharvest.harvest.tax import Base, Saving, saving

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WAIT_DAYS = 31
_YEAR_MS = 365.25 * 86_400_000


@dataclass(frozen=True)
class Terms:
    """Columns of a valuation, one element a lot. `denied` and `deferred` are money, parts of `loss`."""

    cost: Cost
    hold: Floats
    loss: Floats
    denied: Floats
    deferred: Floats
    counted: Floats
    later: Floats
    feasible: Bools

    @property
    def expense(self) -> Floats:
        """What is paid: sale, re-entry and the carry of a replacement."""
        return self.cost.total + self.hold


@dataclass(frozen=True)
class Sequence:
    """An order of lots with what each prefix brings; element k speaks of the first k + 1 lots together."""

    order: Ints
    terms: Terms
    loss_short: Floats
    loss_long: Floats
    saved: Saving
    later: Floats
    expense: Floats
    net: Floats

    def best(self, budget: float) -> int:
        """How many lots the best prefix has, none included, within a budget of costs."""
        if not self.net.size:
            return 0
        allowed = np.where(self.expense <= budget + 1e-9, self.net, -np.inf)
        place = int(np.argmax(allowed))
        return place + 1 if allowed[place] > 0 else 0


class Valuation:
    """The lots of a book that have a price, valued under a law on a day."""

    def __init__(
        self,
        lots: Positions,
        price: Floats,
        as_of: int,
        rates: Rates,
        costs: CostModel,
        base: Base,
        bought: Replacements,
        straddles: Straddles,
        *,
        denies: bool,
        waits: bool,
    ) -> None:
        self.lots, self.price, self.rates, self.costs, self.base = lots, price, rates, costs, base
        self.bought, self.straddles, self.denies, self.waits = bought, straddles, denies, waits
        self.value = lots.quantity * price
        self.raw = np.where(lots.short, self.value - lots.basis, lots.basis - self.value)
        self.short_term = lots.short_term(as_of)
        self.coin = lots.coins()[0][lots.asset]
        self.deferral = self._deferral(as_of)
        self.hold = costs.carry[lots.asset] * self.value * (WAIT_DAYS / 365) if waits else np.zeros_like(self.value)

    def _deferral(self, as_of: int) -> Floats:
        """d of each lot: the rate of its final sale, discounted. What is dated ends at its expiry; a short is short."""
        expiry = self.lots.expiry()
        years = np.where(expiry < NEVER, np.maximum((expiry - as_of) / _YEAR_MS, 0.0), self.rates.horizon)
        years = np.minimum(years, self.rates.horizon)
        ends_short = self.lots.short | (expiry < NEVER)
        rate = np.where(ends_short, self.rates.short, self.rates.exit_rate)
        discounted: Floats = rate * (1 + self.rates.discount) ** -years
        return discounted

    def alone(self) -> Terms:
        """Each lot as if it were the only one sold."""
        lots = self.lots
        share = denied_alone(lots, self.coin, self.bought) if self.denies else np.zeros(len(lots))
        every = np.arange(len(lots))
        return self._terms(every, np.zeros(len(lots)), share, self.straddles.deferred_alone)

    def along(self, order: Ints) -> Terms:
        """The lots of an order, each after those before it."""
        lots = self.lots
        quantity, group = lots.quantity[order], 2 * lots.asset[order] + lots.short[order]
        before = np.maximum(running(quantity, group) - quantity, 0.0)  # rounding must not fall below nothing
        share = np.zeros(order.size)
        if self.denies and self.bought.quantity.any():
            share = self.denied_share(order)
        return self._terms(order, before, share, lambda loss: self.straddles.deferred_in_order(loss, order))

    def denied_share(self, order: Ints) -> Floats:
        """The share of each lot along an order that purchases of the window replace, counted by the law or not."""
        lots, share = self.lots, np.zeros(order.size)
        touched = np.flatnonzero((self.bought.quantity[self.coin[order]] > 0) & self.bought.reached[order])
        chosen = order[touched]
        share[touched] = denied_in_order(lots.quantity[chosen], self.bought.own[chosen], self.coin[chosen], self.bought)
        return share

    def _terms(self, order: Ints, before: Floats, share: Floats, deferring: object) -> Terms:
        lots = self.lots
        quantity, price = lots.quantity[order], self.price[order]
        cost = self.costs.of(lots.asset[order], lots.short[order], before, quantity, price)
        feasible = np.isfinite(cost.total)
        if not feasible.all():
            cost = Cost(*(np.where(feasible, part, 0.0) for part in cost))
        raw = self.raw[order]
        loss = raw + cost.sale
        denied = share * np.maximum(loss, 0.0)
        deferred = deferring(loss - denied)  # type: ignore[operator]
        counted = loss - denied - deferred
        if self.rates.jurisdiction is Jurisdiction.DE:  # after a year neither gain nor loss counts
            counted = np.where(self.short_term[order], counted, 0.0)
        part = np.where(loss > 0, counted / np.where(loss > 0, loss, 1.0), 1.0)
        later = self.deferral[order] * (part * raw - cost.reentry)
        return Terms(cost, self.hold[order], loss, denied, deferred, counted, later, feasible)

    def saving(self, terms: Terms, order: Ints) -> Saving:
        """What each lot saves alone."""
        short = self.short_term[order]
        return saving(self.rates, self.base, np.where(short, terms.counted, 0.0), np.where(short, 0.0, terms.counted))

    def sequence(self, order: Ints) -> Sequence:
        """An order with all that each of its prefixes brings."""
        terms = self.along(order)
        loss_short, loss_long, later, expense = self.sums(terms, order)
        saved, net = self.net(loss_short, loss_long, later, expense, terms.feasible)
        return Sequence(order, terms, loss_short, loss_long, saved, later, expense, net)

    def sums(self, terms: Terms, order: Ints) -> tuple[Floats, Floats, Floats, Floats]:
        """Losses short and long, later tax and costs, summed along an order."""
        short = self.short_term[order]
        columns = (np.where(short, terms.counted, 0.0), np.where(short, 0.0, terms.counted), terms.later, terms.expense)
        loss_short, loss_long, later, expense = (np.cumsum(column) for column in columns)
        return loss_short, loss_long, later, expense

    def net(
        self, loss_short: Floats, loss_long: Floats, later: Floats, expense: Floats, feasible: Bools
    ) -> tuple[Saving, Floats]:
        """Saving and net of sums; -inf from the first lot on that the book cannot take."""
        saved = saving(self.rates, self.base, loss_short, loss_long)
        net = saved.now + saved.carried - later - expense
        if not feasible.all():
            net = np.where(np.cumsum(~feasible) > 0, -np.inf, net)
        return saved, net
