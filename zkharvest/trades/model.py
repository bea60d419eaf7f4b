"""The trade: what every later stage reads, in exact integers.

Scales (one for every asset and every currency, so that no stage has to carry units about):

* quantity: 10^-18 of the asset's unit, 0 < quantity < 2^112;
* money: 10^-8 of the reporting currency, magnitude < 2^64;
* time: Unix milliseconds, UTC, 0 <= time < 2^44 (year 2527).

The limits are those of the circuit's limbs; `trades.csv_in` refuses text that does not fit them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from enum import IntEnum
from operator import attrgetter
from typing import Any, cast

from zkharvest.errors import InputError, Problem
from zkharvest.spec import MONEY_LIMIT, QUANTITY_LIMIT, TIME_LIMIT

MAX_LEGS = 16
"""Rows of one group: the legs of one trade."""


class Kind(IntEnum):
    """What a trade does to the lots of its pool. The numbers are part of the committed record."""

    BUY = 1  # opens a long lot; fee joins the basis
    SELL = 2  # closes long lots; fee comes off the proceeds
    INCOME = 3  # opens a long lot at fair value (Rev. Rul. 2019-24, 2023-14)
    SPEND = 4  # closes long lots at fair value, such as a fee paid in the asset
    EXPIRE = 5  # closes the open side at zero (s.1234)
    SHORT = 6  # sells to open; fee comes off the proceeds
    COVER = 7  # buys to close; fee joins the cost
    TRANSFER = 8  # moves long lots between the taxpayer's own wallets
    DEPOSIT = 9  # coins from outside these records: opens a long lot with a declared basis, or none
    WITHDRAW = 10  # coins that leave these records without proceeds: takes long lots, no gain
    CONVERT = 11  # one asset becomes another at a ratio: lots keep basis and date, no disposal

    __hash__ = int.__hash__  # an enumeration's own is a call of Python, once for every `kind in OPENS_LOT`

    @property
    def word(self) -> str:
        """The kind as the canonical CSV writes it."""
        return self.name.lower()


OPENS_LOT = frozenset({Kind.BUY, Kind.INCOME, Kind.SHORT, Kind.DEPOSIT})
CLOSES_LOT = frozenset({Kind.SELL, Kind.SPEND, Kind.EXPIRE, Kind.COVER})
WITHOUT_VALUE = frozenset({Kind.EXPIRE, Kind.TRANSFER, Kind.WITHDRAW, Kind.CONVERT})
"""Kinds whose amount is empty."""
WITHOUT_FEE = frozenset({Kind.TRANSFER, Kind.DEPOSIT, Kind.WITHDRAW, Kind.CONVERT})
"""Kinds that carry no fee: what a network takes is a `spend` of its own."""
CATEGORIES = (
    "staking", "airdrop", "mining", "interest", "reward", "fork", "gift", "payment", "funding", "fee", "lost",
    "opening balance",
)  # fmt: skip
CATEGORISED = frozenset({Kind.INCOME, Kind.SPEND, Kind.DEPOSIT, Kind.WITHDRAW})


@dataclass(frozen=True, slots=True)
class LotPick:
    """Specific identification: `quantity` (scale 10^-18) of the lot opened by `trade` (`id` or `source/id`)."""

    trade: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Trade:
    """One event of one source, as docs/trades-csv.md defines its columns.

    `amount` is 0 where the kind has none, and for a deposit without a declared basis; `fee` is signed (a rebate is
    negative). `acquired` is an instant (ms), a local date of the taxpayer, or None for the trade's own time.
    `chain_ref` is the column `ref`.

    `file` and `line` say where the trade was read (empty, 0: made by hand); they take no part in equality, so that a
    trade equals itself after a round trip through a file.
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
    currency: str = ""
    into: str = ""
    into_quantity: int = 0
    acquired: int | date | None = None
    group: str = ""
    chain_ref: str = ""
    category: str = ""
    origin: str = ""
    file: str = field(default="", compare=False)

    @property
    def ref(self) -> str:
        """`source/id`: names the trade among all sources."""
        return f"{self.source}/{self.id}"

    @property
    def where(self) -> str:
        """The place of the trade as an error names it: file and line as far as known, else `source/id`."""
        if not self.line:
            return self.ref
        return f"{self.file}:{self.line}" if self.file else f"line {self.line}"

    @property
    def unexplained(self) -> bool:
        """Whether it is a deposit for which no basis is declared."""
        return self.kind is Kind.DEPOSIT and not self.amount


class _Filled:
    """The slots of a `Trade` before it is frozen: to fill these takes a fifth of the time of a frozen dataclass."""

    __slots__ = tuple(one.name for one in fields(Trade))


def filled_trade(
    time: int, source: str, id_: str, kind: Kind, asset: str, quantity: int, amount: int, fee: int, to: str,
    lots: tuple[LotPick, ...], line: int, currency: str, into: str, into_quantity: int, group: str, chain_ref: str,
    category: str, origin: str,
) -> Trade:  # fmt: skip
    """`Trade(...)`, made fast, where millions are made. Its parts are not checked, as those of `Trade` are not."""
    made: Any = _Filled()
    made.time, made.source, made.id, made.kind = time, source, id_, kind
    made.asset, made.quantity, made.amount, made.fee = asset, quantity, amount, fee
    made.to, made.lots, made.line, made.currency = to, lots, line, currency
    made.into, made.into_quantity, made.acquired, made.group = into, into_quantity, None, group
    made.chain_ref, made.category, made.origin, made.file = chain_ref, category, origin, ""
    _set_class(made, "__class__", Trade)  # the two have the same slots
    return cast("Trade", made)


_set_class = object.__setattr__


def with_fee(amount: int, fee: int, *, paid: bool) -> int:
    """The money that a trade moves, its fee included: amount plus fee where it is paid, less the fee where received."""
    return amount + fee if paid else amount - fee


_NUMBERS: tuple[tuple[str, type, int, int], ...] = (
    ("time", int, 0, TIME_LIMIT),
    ("kind", Kind, min(Kind), max(Kind) + 1),
    ("quantity", int, 0, QUANTITY_LIMIT),  # nothing at all can be committed to; no ledger takes it
    ("amount", int, 0, MONEY_LIMIT),
    ("fee", int, 1 - MONEY_LIMIT, MONEY_LIMIT),
)
"""Name, type and range (the end excluded) of a trade's numbers."""


def in_order(trades: Iterable[Trade]) -> list[Trade]:
    """The trades in the order of the ledger: by time; equal times keep the order given, across sources too."""
    return sorted(trades, key=attrgetter("time"))


def check_numbers(trades: Iterable[Trade]) -> None:
    """TypeError or ValueError for a trade made by hand whose numbers no file could give; it names the first.

    Files are checked as they are read (`trades.csv_in`), with a place and a hint for every fault.
    """
    found = list(trades)
    for name, kind, low, limit in _NUMBERS:
        values = list(map(attrgetter(name), found))
        if not set(map(type, values)) <= {kind}:
            wrong = next(trade for trade in found if type(getattr(trade, name)) is not kind)
            value = getattr(wrong, name)
            raise TypeError(f"trade {wrong.ref}: {name} is {kind.__name__}, not {type(value).__name__}")
        if values and not low <= min(values) <= max(values) < limit:
            wrong = next(trade for trade in found if not low <= getattr(trade, name) < limit)
            raise ValueError(f"trade {wrong.ref}: {name} is {getattr(wrong, name)}, outside {low}..{limit - 1}")


def stated_currency(trades: Iterable[Trade]) -> str:
    """The reporting currency that the trades state, or "" if they state none.

    Raises InputError if they state two, or if only some of them state one.
    """
    first: dict[str, Trade] = {}
    for trade in trades:
        if trade.currency not in first:
            first[trade.currency] = trade
    if len(first) < 2:
        return next(iter(first), "")
    stated = next(name for name in first if name)
    raise InputError(
        Problem(
            trade.where,
            f'the currency is "{name}", other rows say "{stated}"'
            if name
            else f'no currency, other rows say "{stated}"',
            "one file has one reporting currency, stated on every row",
        )
        for name, trade in first.items()
        if name != stated
    )


def agreed_currency(trades: Iterable[Trade], asked: str | None) -> str:
    """The reporting currency of the trades: what they state, or `asked` where they state none.

    Raises InputError if the two differ or if there is neither: a currency is never assumed.
    """
    stated = stated_currency(trades)
    if stated and asked and stated != asked:
        raise InputError.one(
            "", f"the trades state amounts in {stated}, not in {asked}", f"leave {asked} out, or convert the amounts"
        )
    if not (stated or asked):
        raise InputError.one(
            "",
            "the trades do not state their currency",
            "give it (--currency, or currency= in Python), or add a `currency` column to the file",
        )
    return stated or asked or ""
