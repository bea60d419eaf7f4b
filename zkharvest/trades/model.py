"""The trade: what every later stage reads, in exact integers.

Scales (one for every asset and every currency, so that no stage has to carry units about):

* quantity: 10^-18 of the asset's unit, 0 < quantity < 2^112;
* money: 10^-8 of the reporting currency, magnitude < 2^64;
* time: Unix milliseconds, UTC, 0 <= time < 2^44 (year 2527).

The limits are those of the circuit's limbs; `trades.csv_in` refuses text that does not fit them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from operator import attrgetter

QUANTITY_DECIMALS = 18
MONEY_DECIMALS = 8
QUANTITY_LIMIT = 1 << 112
MONEY_LIMIT = 1 << 64
TIME_LIMIT = 1 << 44


class Kind(IntEnum):
    """What a trade does to the lots of its pool. The numbers are part of the committed record."""

    BUY = 1  # opens a long lot; fee joins the basis
    SELL = 2  # closes long lots; fee comes off the proceeds
    INCOME = 3  # opens a long lot at fair value (Rev. Rul. 2019-24, 2023-14)
    SPEND = 4  # closes long lots at fair value, e.g. a fee paid in the asset
    EXPIRE = 5  # closes the open side at zero (s.1234)
    SHORT = 6  # sells to open; fee comes off the proceeds
    COVER = 7  # buys to close; fee joins the cost
    TRANSFER = 8  # moves long lots between the taxpayer's own wallets

    @property
    def word(self) -> str:
        """The kind as the canonical CSV writes it."""
        return self.name.lower()


OPENS_LOT = frozenset({Kind.BUY, Kind.INCOME, Kind.SHORT})
CLOSES_LOT = frozenset({Kind.SELL, Kind.SPEND, Kind.EXPIRE, Kind.COVER})


@dataclass(frozen=True, slots=True)
class LotPick:
    """Specific identification: `quantity` (scale 10^-18) of the lot opened by `trade` (`id` or `source/id`)."""

    trade: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Trade:
    """One event of one source. `amount` is 0 for `transfer` and `expire`; `fee` is signed (a rebate is negative).

    `line` is the line in the file it was read from (0: made by hand); it takes no part in equality,
    so that a trade equals itself after a round trip through a file.
    """

    time: int
    source: str
    id: str
    kind: Kind
    asset: str
    quantity: int
    amount: int
    fee: int = 0
    to: str = ""
    lots: tuple[LotPick, ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def ref(self) -> str:
        """`source/id`: names the trade among all sources."""
        return f"{self.source}/{self.id}"


def in_order(trades: Iterable[Trade]) -> list[Trade]:
    """The trades in the order of the ledger: by time; equal times keep the order given, across sources too."""
    return sorted(trades, key=attrgetter("time"))
