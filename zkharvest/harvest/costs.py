"""What it costs to sell a lot and to buy it back: fees, half spreads, impact, or the depth of an order book.

Impact follows the square-root law: trading Q moves the price by up to I = Y s sqrt(Q / V), s the day's volatility and V
the day's volume, and 2/3 of I is paid on average (Donier and Bonart 2015). What is traded before in the same asset
counts: a cost here is that of going from a quantity already traded to a larger one, so that the parts add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zkharvest.harvest.files import Depth, depth_of
from zkharvest.harvest.policy import Rates

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PAID = 2 / 3  # of the peak impact, on average over an order


class Cost(NamedTuple):
    """Costs in money, an element a lot: `sale` is c_s and `reentry` c_b; the other three are shares of both."""

    fee: Floats
    spread: Floats
    impact: Floats
    sale: Floats
    reentry: Floats

    @property
    def total(self) -> Floats:
        """Sale and re-entry together."""
        return self.sale + self.reentry


class CostModel:
    """The costs of all assets of a book, as arrays by the number of the asset."""

    def __init__(
        self, rates: Rates, assets: Sequence[str], books: Mapping[str, Depth], *, reenter: bool = True
    ) -> None:
        stated = [rates.costs_of(asset) for asset in assets]
        self.reenter = reenter
        self.fee = np.array([c.fee for c in stated])
        self.half_spread = np.array([c.half_spread for c in stated])
        self.reentry_fee = np.array([c.reentry_fee for c in stated])
        self.reentry_half_spread = np.array([c.reentry_half_spread for c in stated])
        self.impact = np.array(
            [PAID * c.impact * c.volatility / c.volume**0.5 if c.moves else 0.0 for c in stated]
        )  # of the value, times sqrt(Q)
        self.carry = np.array([c.carry for c in stated])
        self.books = {n: book for n, asset in enumerate(assets) if (book := depth_of(books, asset)) is not None}
        self.unstated = sorted(a for a in assets if a not in rates.costs and "default" not in rates.costs)

    def of(self, asset: Ints, closes_short: NDArray[np.bool_], before: Floats, quantity: Floats, price: Floats) -> Cost:
        """Costs of trading `quantity` when `before` of the asset is traded already. inf: the book is too thin.

        Closing a short lot buys first and sells again: its sale is a purchase, from the asks.
        """
        value = quantity * price
        after = before + quantity
        fee, refee = self.fee[asset] * value, self.reentry_fee[asset] * value
        spread, respread = self.half_spread[asset] * value, self.reentry_half_spread[asset] * value
        impact = self.impact[asset] * (after**1.5 - before**1.5) * price
        reimpact = impact
        for number, book in self.books.items():
            for short in (False, True):
                here = (asset == number) & (closes_short == short)
                if here.any():
                    walked = _walk(book, after[here], buys=short) - _walk(book, before[here], buys=short)
                    spread, impact = spread.copy(), impact.copy()
                    spread[here] = 0.0
                    impact[here] = walked * price[here] / book.mid
        if not self.reenter:
            refee, respread, reimpact = (np.zeros_like(value) for _ in range(3))
        sale, reentry = fee + spread + impact, refee + respread + reimpact
        return Cost(fee + refee, spread + respread, impact + reimpact, sale, reentry)

    def fillable(self, number: int, *, buys: bool) -> float:
        """How much of an asset the stated book takes; inf without a book."""
        book = self.books.get(number)
        return np.inf if book is None else sum(amount for _, amount in (book.asks if buys else book.bids))


def _walk(book: Depth, quantity: Floats, *, buys: bool) -> Floats:
    """Cost against the middle of trading each quantity through the book; inf beyond what it holds."""
    levels = np.array(book.asks if buys else book.bids)
    amounts = np.concatenate(([0.0], np.cumsum(levels[:, 1])))
    cash = np.concatenate(([0.0], np.cumsum(levels[:, 0] * levels[:, 1])))
    paid = np.interp(quantity, amounts, cash)
    cost = paid - quantity * book.mid if buys else quantity * book.mid - paid
    return np.where(quantity > amounts[-1] * (1 + 1e-12), np.inf, cost)
