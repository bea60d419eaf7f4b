"""The open lots of a ledger run as arrays, one element a lot: what every estimate is computed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import overload

import numpy as np
from numpy.typing import NDArray

from zkharvest.harvest.markets.instruments import Instrument, parse_instrument
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.results import LedgerRun
from zkharvest.ledger.rules import Side
from zkharvest.spec import MONEY_DECIMALS, QUANTITY_DECIMALS
from zkharvest.trades.model import Trade

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]

NEVER = 1 << 62
_ARRAYS = ("asset", "pool", "short", "quantity", "basis", "acquired", "merged", "place")


def rounded(low: Words, high: Words, decimals: int) -> Floats:
    """Exact numbers of two 64-bit words, in units of 10^-decimals, as floats: for estimates only."""
    found: Floats = (high.astype(np.float64) * 2.0**64 + low.astype(np.float64)) / 10**decimals
    return found


class Refs(Sequence[str]):
    """The names of lots, made when one is asked for: of 100,000 few are shown."""

    def __init__(self, trades: Sequence[Trade], places: Ints) -> None:
        self._trades, self._places = trades, places

    def __len__(self) -> int:
        return int(self._places.size)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return Refs(self._trades, self._places[at])
        return self._trades[int(self._places[at])].ref

    def take(self, chosen: Ints) -> Refs:
        """The names of some of the lots, in the order given."""
        return Refs(self._trades, self._places[chosen])


@dataclass(frozen=True)
class Positions:
    """Open lots, pool by pool, in a pool in the order in which the method takes them.

    `quantity` in units; `basis` in money (of a short lot: what is left of the proceeds); `acquired` in ms UTC; `asset`
    and `pool` number `assets` and `wallets`. `merged` counts the lots that an entry stands for; `place` is that of the
    lot (the first of them) in `LedgerRun.open_lots`.
    """

    ref: Sequence[str]
    asset: Ints
    pool: Ints
    short: Bools
    quantity: Floats
    basis: Floats
    acquired: Ints
    assets: tuple[str, ...]
    wallets: tuple[str, ...]
    timezone: str
    merged: Ints
    place: Ints
    instruments: tuple[Instrument | None, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.ref)

    @classmethod
    def of(cls, run: LedgerRun) -> Positions:
        """The inventory of a run."""
        lots, trades = run.open_columns, run.trades
        assets = {asset: n for n, asset in enumerate(dict.fromkeys(pool.asset for pool in lots.pools))}
        asset_of = np.array([assets[pool.asset] for pool in lots.pools], np.int64)
        is_short = np.array([pool.side is Side.SHORT for pool in lots.pools], np.bool_)
        return cls(
            Refs(trades, lots.seq),
            asset_of[lots.pool],
            lots.pool,
            is_short[lots.pool],
            rounded(lots.quantity_lo, lots.quantity_hi, QUANTITY_DECIMALS),
            rounded(lots.value_lo, lots.value_hi, MONEY_DECIMALS),
            lots.acquired,
            tuple(assets),
            tuple(pool.wallet for pool in lots.pools),
            run.election.timezone,
            np.ones(len(lots), np.int64),
            np.arange(len(lots)),
            tuple(parse_instrument(asset) for asset in assets),
        )

    def pooled(self) -> Positions:
        """Long lots of an asset as one holding over all wallets (s.104 TCGA 1992; s.47 ITA); short lots stay."""
        key = self.asset * 2 + self.short
        holdings, first, at = np.unique(np.where(self.short, -1 - np.arange(len(self)), key), True, True)
        order = np.argsort(first, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        group, kept = rank[at], first[order]
        single = holdings[order] < 0
        asset = self.asset[kept]
        names = [self.ref[n] if one else self.assets[a] for n, one, a in zip(kept, single, asset, strict=True)]
        return replace(
            self,
            ref=names,
            asset=asset,
            pool=np.arange(kept.size),
            short=self.short[kept],
            quantity=np.bincount(group, self.quantity, kept.size).astype(np.float64),
            basis=np.bincount(group, self.basis, kept.size).astype(np.float64),
            acquired=self.acquired[kept],
            wallets=tuple(self.wallets[self.pool[n]] if one else "" for n, one in zip(kept, single, strict=True)),
            merged=np.bincount(group, minlength=kept.size),
            place=self.place[kept],
        )

    def with_basis_of(self, more: Mapping[str, float]) -> Positions:
        """Holdings with an amount added to the basis of the long one of each asset."""
        added = np.array([*(more.get(asset, 0.0) for asset in self.assets), 0.0])[self.asset]
        return replace(self, basis=self.basis + np.where(self.short, 0.0, added))

    def take(self, chosen: Ints) -> Positions:
        """Some of the lots, in the order given."""
        arrays = {name: getattr(self, name)[chosen] for name in _ARRAYS}
        ref = self.ref.take(chosen) if isinstance(self.ref, Refs) else [self.ref[n] for n in chosen.tolist()]
        return replace(self, ref=ref, **arrays)

    def short_term(self, as_of: int) -> Bools:
        """Whether each lot, sold at an instant, has been held for a year or less; a short lot always has (s.1233)."""
        calendar = Calendar(self.timezone)
        today = calendar.date_of(as_of)
        last = today  # the last day of acquisition that is long today: `long_from` grows with its day
        while long_from(last) > today:
            last -= timedelta(days=1)
        return self.short | (self.acquired >= calendar.first_instant(last + timedelta(days=1)))

    def expiry(self) -> Ints:
        """For each lot the instant at which its instrument expires; NEVER for what does not."""
        ends = [one.expiry if one is not None and one.expiry else NEVER for one in self.instruments]
        return np.array([*ends, NEVER], np.int64)[self.asset]

    def coins(self) -> tuple[Ints, tuple[str, ...]]:
        """For each asset the number of its coin (the underlying of a derivative), and the coins."""
        names = [a if one is None else one.coin for a, one in zip(self.assets, self.instruments, strict=True)]
        coins = {coin: n for n, coin in enumerate(dict.fromkeys(names))}
        return np.array([coins[name] for name in names], np.int64), tuple(coins)

    def direction(self) -> Ints:
        """+1 where a lot gains when its coin rises, -1 where it gains when the coin falls (long put, short call)."""
        of_asset = [-1 if one is not None and one.kind == "put" else 1 for one in self.instruments]
        return np.array([*of_asset, 1], np.int64)[self.asset] * np.where(self.short, -1, 1)


def local_day(timezone: str, instant: int) -> str:
    """The taxpayer's date of an instant, as ISO text."""
    return Calendar(timezone).date_of(instant).isoformat()


def day_after(timezone: str, instant: int, days: int) -> str:
    """The taxpayer's date so many days after an instant, as ISO text."""
    return (Calendar(timezone).date_of(instant) + timedelta(days=days)).isoformat()


def utc_text(instant: int) -> str:
    """An instant as ISO text in UTC, to the second."""
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
