"""What a taxpayer states (method, pooling, zone, year, country), and what it means for a lot.

An accounting method is nothing but a sort key over the open lots of a pool: a disposal always takes from the
front. Everything else about lots is the same for every method.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from zkharvest.errors import UsageError
from zkharvest.spec import DEFAULT_REGIME, FIRST_YEAR, LAST_YEAR, NOT_ZONES
from zkharvest.trades.model import OPENS_LOT, Kind, Trade, with_fee

UNIT_BITS = 96  # fraction bits of a unit basis: enough to order lots by value/quantity at every scale
DEFAULT_TIMEZONE = "America/New_York"


class Method(StrEnum):
    """Which lot a disposal takes first (Reg. 1.1012-1(j)(3))."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOFO = "lofo"
    SPECIFIC = "specific"


class Pooling(StrEnum):
    """Which lots lie in one pool: those of one wallet, or those of all wallets together."""

    WALLET = "wallet"
    UNIVERSAL = "universal"


SHORT_TERM, LONG_TERM, NO_TERM = "short", "long", ""
"""Terms of a disposal; a regime that does not tell them apart has none."""

DEFAULT_POOLING = Pooling.WALLET  # Reg. 1.1012-1(j), for sales from 2025-01-01 on


def check_zone(timezone: str) -> None:
    """UsageError for what is no time zone of the IANA, or one whose rules differ from machine to machine."""
    try:
        if timezone.partition("/")[0] in NOT_ZONES:
            raise ValueError("a name for this machine's own zone, or a copy with other rules")
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError, TypeError) as error:
        hint = f"use an IANA name, e.g. {DEFAULT_TIMEZONE}"
        raise UsageError(f"unknown time zone {timezone!r}", hint) from error


@dataclass(frozen=True, slots=True)
class Election:
    """What a ledger run is computed under: what the taxpayer states.

    `method` is None where the country's law leaves no choice (average cost). `timezone` is an IANA name; `year` is the
    calendar tax year; `regime` names the country's rules (`ledger.regimes`).

    Raises UsageError for an unknown zone or a year outside 1971..2526.
    """

    method: Method | None
    pooling: Pooling
    timezone: str
    year: int
    regime: str = DEFAULT_REGIME

    @property
    def rule(self) -> str:
        """The method's word; where there is none to choose, "matching" (United Kingdom) or "average"."""
        if self.method is not None:
            return self.method.value
        return "matching" if self.regime == "uk" else "average"

    def __post_init__(self) -> None:
        check_zone(self.timezone)
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise UsageError(f"tax year {self.year} is outside {FIRST_YEAR}..{LAST_YEAR}")


class Side(IntEnum):
    """Long lots are bought and then sold; short lots are sold first and then bought back."""

    LONG = 0
    SHORT = 1

    __hash__ = int.__hash__  # as that of `Kind`: an enumeration's own is a call of Python


class Pool(NamedTuple):
    """The lots that a disposal may choose from; `wallet` is empty under universal pooling."""

    asset: str
    wallet: str
    side: Side

    def __str__(self) -> str:
        parts = [self.wallet] if self.wallet else []
        return f"{self.asset} ({', '.join([*parts, self.side.name.lower()])})"


SortKey = Callable[[int, int], tuple[int, ...]]

_KEYS: dict[Method, SortKey] = {
    Method.FIFO: lambda unit, seq: (seq,),
    Method.LIFO: lambda unit, seq: (-seq,),
    Method.HIFO: lambda unit, seq: (-unit, seq),
    Method.LOFO: lambda unit, seq: (unit, seq),
    Method.SPECIFIC: lambda unit, seq: (),  # no order: a new entry goes to the end, a disposal names its lots
}


def sort_key(method: Method) -> SortKey:
    """The method's key of a lot, from its unit basis and its place in the order of the ledger.

    Lots are taken in ascending order of the key; entries with equal keys (parts of one lot that arrived by
    separate transfers) in the order of their arrival.
    """
    return _KEYS[method]


def unit_basis(value: int, quantity: int) -> int:
    """floor(value * 2^96 / quantity) of a lot as it was opened, fee included; parts of the lot carry it unchanged."""
    return (value << UNIT_BITS) // quantity


def part_of(value: int, part: int, whole: int) -> int:
    """The share of `value` that goes with `part` of `whole` units, towards zero.

    What remains keeps the rest, so that the parts of a value add up to it and the last takes the remainder.
    """
    share = abs(value) * part // whole
    return -share if value < 0 else share


def opening_side(trade: Trade) -> Side:
    """The side on which an opening trade (buy, income, deposit, short) opens its lot."""
    return Side.SHORT if trade.kind is Kind.SHORT else Side.LONG


def opening_value(trade: Trade) -> int:
    """Basis of a long lot (amount + fee, s.1012) or proceeds of a short one (amount - fee)."""
    return with_fee(trade.amount, trade.fee, paid=opening_side(trade) is Side.LONG)


def closing_value(trade: Trade, side: Side) -> int:
    """Proceeds of closing long lots (amount - fee), or the cost of closing short ones (amount + fee).

    Negative where the fee of a dust sale exceeds its amount, or a rebate exceeds a cost. An option that expires
    closes at zero on the day it lapses (s.1234(a)(2), (b)(1)).
    """
    return with_fee(trade.amount, trade.fee, paid=side is Side.SHORT)


def signed_value(trade: Trade, short: bool) -> int:
    """What the trade opens or closes a lot at: amount plus fee where money is paid, less the fee where received."""
    if trade.kind is Kind.TRANSFER:
        return 0
    return opening_value(trade) if trade.kind in OPENS_LOT else closing_value(trade, Side(short))
