"""What the law takes from a loss: replacements bought too near (s.1091 and its kin), and straddles (s.1092).

s.1091 speaks of stock and securities, so it does not reach crypto today. Two bills would make it: H.R. 9172
(dispositions after 2026-06-08) and H.R. 10357 (tax years that begin after enactment). What each would deny is always
shown for the US; it counts only where `[wash_sale]` of the rates says so.

The UK (TCGA 1992 s.106A: a purchase within 30 days after is matched with the sale) and Canada (s.54 ITA, superficial
loss) have such rules for coins in force. A holding there is sold whole, so that what was bought before the sale is sold
with it and spoils nothing: the UK's same day (s.105) only says which units go first, and in Canada nothing is held
when the 30 days end. What spoils there is to buy again, and in Canada a right to acquire that was bought within 30 days
and outlasts them.

s.1092 is law: a loss on a position is deferred as far as an offsetting position has an unrecognised gain.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from zkharvest.harvest.groups import growth, running
from zkharvest.harvest.markets.instruments import Instrument, parse_instrument
from zkharvest.harvest.policy import Jurisdiction, Rates
from zkharvest.harvest.positions import Positions
from zkharvest.ledger.calendar import Calendar
from zkharvest.trades.model import Kind, Trade

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WINDOW = 30  # days either side: s.1091(a), s.106A(5) TCGA 1992, s.54 ITA
DEEP = 1.25  # strike over price from which a written put is taken to be certain of exercise (Rev. Rul. 85-87)


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill that would bring digital assets under s.1091. `start`: dispositions from this date on."""

    name: str
    start: date
    why: str


BILLS = (
    Bill("H.R. 9172", date(2026, 6, 9), "dispositions after 2026-06-08; not law"),
    Bill("H.R. 10357", date(2027, 1, 1), "tax years after enactment, 2027 at the earliest; not law"),
)


@dataclass(frozen=True)
class Replacements:
    """What was bought within the window before a sale, by coin: quantities in coins, and who bought.

    `own` is how much of a lot was itself bought within the window: a lot is not a replacement of itself. `reached` are
    the lots whose loss the purchases may deny.
    """

    quantity: Floats
    names: dict[int, list[str]]
    last: dict[int, int]
    own: Floats
    reached: Bools


def replacements(
    lots: Positions, held: Positions, trades: Sequence[Trade], as_of: int, spot: dict[str, float], rates: Rates
) -> Replacements:
    """The purchases of the window: coins, and contracts to acquire them (calls, long futures, deep written puts).

    `held` is all that is open, without a price too; `trades` in the order of the ledger. Income is not a purchase
    (s.1091(a): "by purchase or by an exchange"). In Canada the calls and dated futures among them count that are held
    for 30 days more; elsewhere but in the US nothing does.
    """
    calendar = Calendar(lots.timezone)
    today = calendar.date_of(as_of)
    canada = rates.jurisdiction is Jurisdiction.CA
    start = calendar.first_instant(today - timedelta(days=window_days(rates)))
    coins = lots.coins()[1]
    number = {name: n for n, name in enumerate(coins)}
    known = dict(zip(lots.assets, lots.instruments, strict=True))
    quantity = np.zeros(len(coins))
    names: dict[int, list[str]] = {}
    last: dict[int, int] = {}
    first = bisect_left(trades, start, key=attrgetter("time"))
    recent = trades[first : bisect_right(trades, as_of, key=attrgetter("time"))]
    rights = _rights(held, calendar.first_instant(today + timedelta(days=WINDOW + 1))) if canada else {}
    for trade in recent if canada or rates.jurisdiction is Jurisdiction.US else ():
        if trade.asset not in known:  # closed since
            known[trade.asset] = parse_instrument(trade.asset)
        one = known[trade.asset]
        name = trade.asset if one is None else one.coin
        price = spot.get(name, 0.0)
        if name not in number or not _acquires(trade, one, price):
            continue
        coin, bought = number[name], trade.quantity / 1e18
        if canada:  # IT-456R: the least of what was acquired and what is held
            bought = min(bought, rights.get(trade.asset, 0.0))
            if not bought:
                continue
            rights[trade.asset] -= bought
        if one is not None and one.in_dollars:
            bought = bought / price if price else np.inf
        quantity[coin] += bought
        names.setdefault(coin, []).append(trade.ref)
        last[coin] = trade.time
    own = np.where(lots.acquired >= start, lots.quantity, 0.0)
    own[lots.short] = 0.0
    reached = ~lots.short
    if canada:
        own[:] = 0.0
        derived = [one is not None and one.kind != "spot" for one in lots.instruments]
        reached &= ~np.array([*derived, False], np.bool_)[lots.asset]
    return Replacements(quantity, names, last, own, reached)


def _rights(lots: Positions, until: int) -> dict[str, float]:
    """How much is held of each call and dated future that has not expired by an instant."""
    found: dict[str, float] = {}
    for n in np.flatnonzero(~lots.short).tolist():
        asset = lots.assets[lots.asset[n]]
        one = lots.instruments[lots.asset[n]]
        if one is not None and one.kind in ("call", "future") and (one.expiry or 0) >= until:
            found[asset] = found.get(asset, 0.0) + float(lots.quantity[n])
    return found


def window_days(rates: Rates) -> int:
    """How many days back a purchase spoils a sale: 30, or what the switch says."""
    return rates.wash_sale.window if rates.wash_sale else WINDOW


def _acquires(trade: Trade, one: Instrument | None, spot: float) -> bool:
    kind = "spot" if one is None else one.kind.value
    if trade.kind is Kind.SHORT:
        return one is not None and kind == "put" and bool(spot) and one.strike >= DEEP * spot
    return trade.kind is Kind.BUY and kind != "put"


def denied_alone(lots: Positions, coin: Ints, found: Replacements) -> Floats:
    """The share of each lot's loss that the purchases of the window would deny, were it the only one sold."""
    left = np.maximum(found.quantity[coin] - found.own, 0.0)
    share = np.minimum(left / np.where(lots.quantity > 0, lots.quantity, 1.0), 1.0)
    return np.where(found.reached, share, 0.0)


def denied_in_order(quantity: Floats, own: Floats, coin: Ints, found: Replacements) -> Floats:
    """The same along an order of sales: each unit bought replaces one unit sold, once (Reg. 1.1091-1(e))."""
    sold, gone = running(quantity, coin), running(own, coin)
    used = growth(np.minimum(sold, found.quantity[coin] - gone), coin)
    return np.minimum(used / np.where(quantity > 0, quantity, 1.0), 1.0)


@dataclass(frozen=True)
class Straddles:
    """Unrecognised gains by coin and direction (2 coin + 1 where the gain comes from a rise), and each lot's offset."""

    gain: Floats
    key: Ints

    def deferred_alone(self, loss: Floats) -> Floats:
        """What of each loss is deferred, were it the only one taken (s.1092(a)(1))."""
        return np.minimum(np.maximum(loss, 0.0), self.gain[self.key])

    def deferred_in_order(self, loss: Floats, order: Ints) -> Floats:
        """The same along an order: gains that have deferred one loss do not defer another."""
        key = self.key[order]
        if not self.gain[key].any():
            return np.zeros_like(loss)
        taken = running(np.maximum(loss, 0.0), key)
        return growth(np.minimum(taken, self.gain[key]), key)


def straddles(lots: Positions, gain: Floats, rates: Rates, coins: Sequence[str]) -> Straddles:
    """The offsets of each lot: gains of lots of the same coin that run the other way, where the coin is established."""
    coin_of, _ = lots.coins()
    coin, rises = coin_of[lots.asset], lots.direction() > 0
    gains = np.bincount(2 * coin + rises, np.maximum(gain, 0.0), 2 * len(coins))
    counts = np.array([name in rates.established for name in coins], np.bool_).repeat(2)
    if rates.jurisdiction is not Jurisdiction.US:
        counts[:] = False
    return Straddles(np.where(counts, gains, 0.0), 2 * coin + ~rises)
