"""Made-up ledgers of any size: three years of a busy taxpayer with three accounts.

A ledger is the same on every machine: it depends on its size alone. Accounts `kraken:main` and `coinbase:main` trade
six coins (buys, sells, staking income, coins spent on fees, transfers between the two), `deribit:main` writes and buys
monthly options that are closed or expire. Prices wander; disposals take a whole lot, a part of one or several at
once; holdings grow to as many open lots of a coin as the square root of the number of trades; some trades share an
instant, as the fills of one order do. What an account disposes of it holds, so a ledger is valid under every method
and both basis rules.
"""

from __future__ import annotations

import sys
from bisect import insort
from calendar import monthcalendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isqrt
from pathlib import Path
from random import Random
from typing import TypeVar

from zkharvest.trades.csv_out import trades_to_text
from zkharvest.trades.model import Kind, LotPick, Trade

T = TypeVar("T")

YEAR = 2025
"""The last of the three years: the one that the benchmarks prove."""

_DAY = 86_400_000
_UNIT = 10**18
_CENT = 10**6
_SPOT = ("kraken:main", "coinbase:main")
_OPTIONS = "deribit:main"
_COINS = {"BTC": 42_000, "ETH": 2_300, "SOL": 95, "ADA": 1, "LINK": 15, "DOT": 8}
_STRIKES = (80, 90, 100, 110, 120)  # per cent of the price when the month begins


def make_ledger(count: int, *, named: bool = False) -> list[Trade]:
    """`count` trades in their order; `named` names the lots of every disposal, for specific identification."""
    return _Taxpayer(count, named).play()


def write_ledger(path: Path, count: int, *, named: bool = False) -> None:
    """The same as a canonical CSV."""
    path.write_text(trades_to_text(make_ledger(count, named=named)), encoding="utf-8", newline="")


@dataclass(slots=True)
class _Lots:
    """What an account holds of an asset: trade that opened the lot, quantity; newest last."""

    short: bool = False
    held: int = 0
    lots: list[tuple[str, int]] = field(default_factory=list)

    def put(self, parts: Iterable[tuple[str, int]]) -> None:
        """Add lots."""
        for name, quantity in parts:
            self.lots.append((name, quantity))
            self.held += quantity

    def take(self, quantity: int) -> list[tuple[str, int]]:
        """Remove a quantity, newest lots first."""
        parts = []
        self.held -= quantity
        while quantity:
            name, has = self.lots.pop()
            part = min(has, quantity)
            parts.append((name, part))
            quantity -= part
            if part < has:
                self.lots.append((name, has - part))
        return parts


class _Taxpayer:
    """Plays trade after trade."""

    def __init__(self, count: int, named: bool) -> None:
        self._count = count
        self._named = named
        self._random = Random(count).random  # the one method whose sequence Python promises to keep
        self._deep = isqrt(count)
        self._trades: list[Trade] = []
        self._numbers: dict[str, int] = {}
        self._books: dict[tuple[str, str], _Lots] = {}
        self._cents = {coin: 100 * price for coin, price in _COINS.items()}
        self._expiring: list[tuple[int, str]] = []  # instant, instrument; the options that are open
        self._time = _instant(YEAR - 2)
        self._step = (_instant(YEAR + 1) - self._time) // (count + 1)

    def play(self) -> list[Trade]:
        """All trades."""
        while len(self._trades) < self._count:
            if not self._chance(10):  # one in ten shares the instant of the trade before
                self._time += 2 * self._below(self._step)
            self._time = min(self._time, _instant(YEAR + 1) - 1)
            if self._expiring and self._expiring[0][0] <= self._time:
                self._expire(*self._expiring.pop(0))
            elif self._chance(10):
                self._option()
            else:
                self._coin()
        return sorted(self._trades, key=lambda trade: trade.time)

    # --- coins

    def _coin(self) -> None:
        coin = self._pick(tuple(_COINS))
        usual = 100 * _COINS[coin]
        moved = self._cents[coin] * (985 + self._below(31)) // 1000
        self._cents[coin] = min(max(moved, usual // 3), usual * 3)
        account = self._pick(_SPOT)
        book = self._book(account, coin)
        if not book.lots or (len(book.lots) < self._deep and self._chance(55)):
            quantity = self._size(coin)
            if self._chance(12):
                self._add(account, Kind.INCOME, coin, quantity // 200 + 1, fee=False)
            else:
                self._add(account, Kind.BUY, coin, quantity)
            return
        last = book.lots[-1][1]
        several = min(book.held, 3 * last)
        quantity = self._pick((last, max(1, last * (1 + self._below(99)) // 100), several))
        if self._chance(7):
            self._add(account, Kind.TRANSFER, coin, quantity, to=_SPOT[account == _SPOT[0]])
        elif self._chance(5):
            self._add(account, Kind.SPEND, coin, max(1, quantity // 1000), fee=False)
        else:
            self._add(account, Kind.SELL, coin, quantity)

    def _size(self, coin: str) -> int:
        """A purchase worth 50 to 5,000, small ones more often, in 10^-8 of a coin."""
        worth = 50 + self._below(1 + self._below(4950))
        return worth * 100 * 10**8 // self._cents[coin] * 10**10 + 10**10

    # --- options

    def _option(self) -> None:
        coin = self._pick(("BTC", "ETH"))
        day = datetime.fromtimestamp(self._time // 1000, UTC)
        last = max(week[4] for week in monthcalendar(day.year, day.month))  # the month's last Friday
        expiry = int(datetime(day.year, day.month, last, 8, tzinfo=UTC).timestamp()) * 1000
        if expiry - _DAY <= self._time:
            self._coin()
            return
        base = 10 ** (len(str(_COINS[coin])) - 2)
        strike = max(1, self._cents[coin] // 100 * self._pick(_STRIKES) // 100 // base) * base
        month = f"{day:%b}".upper()
        name = f"{coin}-{last}{month}{day:%y}-{strike}-{'P' if self._chance(60) else 'C'}"
        book = self._book(_OPTIONS, name)
        if book.lots and self._chance(40):
            quantity = self._pick((book.held, max(1, book.lots[-1][1] // 2)))
            self._add(_OPTIONS, Kind.COVER if book.short else Kind.SELL, name, quantity, premium=True)
            return
        if not book.lots:
            book.short = self._chance(70)
        if not any(name == open_name for _, open_name in self._expiring):
            insort(self._expiring, (expiry, name))
        quantity = (1 + self._below(50)) * _UNIT // 10
        self._add(_OPTIONS, Kind.SHORT if book.short else Kind.BUY, name, quantity, premium=True)

    def _expire(self, instant: int, name: str) -> None:
        held = self._book(_OPTIONS, name).held
        if held:
            self._time, now = instant, self._time
            self._add(_OPTIONS, Kind.EXPIRE, name, held, fee=False)
            self._time = now

    # --- the row

    def _add(
        self,
        account: str,
        kind: Kind,
        asset: str,
        quantity: int,
        *,
        to: str = "",
        fee: bool = True,
        premium: bool = False,
    ) -> None:
        number = self._numbers[account] = self._numbers.get(account, 0) + 1
        name = f"{account[0].upper()}{number:07}"
        book = self._book(account, asset)
        picks: tuple[LotPick, ...] = ()
        if kind in (Kind.BUY, Kind.INCOME, Kind.SHORT):
            book.put([(name, quantity)])
        else:
            parts = book.take(quantity)
            if to:
                self._book(to, asset).put(reversed(parts))
            if self._named:
                picks = tuple(LotPick(lot, part) for lot, part in parts)
        amount = cost = 0
        if kind not in (Kind.TRANSFER, Kind.EXPIRE):
            cents = self._cents[asset.partition("-")[0]]
            if premium:
                cents = cents * (1 + self._below(60)) // 1000
            amount = max(1, quantity * cents // _UNIT) * _CENT + self._below(_CENT)
            cost = amount * (10 + self._below(31)) // 10_000 if fee else 0
        self._trades.append(Trade(self._time, account, name, kind, asset, quantity, amount, cost, to, picks))

    def _book(self, account: str, asset: str) -> _Lots:
        return self._books.setdefault((account, asset), _Lots())

    # --- chance

    def _below(self, limit: int) -> int:
        return int(self._random() * limit)

    def _chance(self, per_cent: int) -> bool:
        return self._random() * 100 < per_cent

    def _pick(self, choices: Sequence[T]) -> T:
        return choices[self._below(len(choices))]


def _instant(year: int) -> int:
    """The first millisecond of a year, UTC."""
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000


if __name__ == "__main__":
    write_ledger(Path(sys.argv[2]), int(sys.argv[1]))
