"""What a country's rules decide: match -> value -> adjust, the term of a lot, and the totals of a year.

An engine runs each trade in three steps and asks the regime at each:

1. **match**: which lots a trade takes, and how much of each (`match`); how a lot comes to lie in its pool (`key`,
   `merges`).
2. **value**: what a trade opens a lot at and closes lots at (`opening_value`, `closing_value`). Parts of a value are
   shared out in the same way everywhere: towards zero, the last part takes the remainder.
3. **adjust**: what a disposal changes in lots already there, such as a loss that is deferred (`adjust`).

After the run: `long_from` (term) and `totals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from zkharvest.ledger.rules import Method, Pooling, Side, closing_value, opening_value
from zkharvest.trades.model import Trade

if TYPE_CHECKING:
    from zkharvest.ledger.book import Book, Key, Operation
    from zkharvest.ledger.calendar import Calendar

Demand = tuple[int | None, int]
"""The place of the trade that opened the wanted lot (None: whichever is first in the list), and a quantity."""


@dataclass(frozen=True)
class Sums:
    """What the lot parts disposed of in a year add up to, in 10^-8; gains and losses are magnitudes, by term."""

    proceeds: int = 0
    basis: int = 0
    gains: Mapping[str, int] = field(default_factory=dict)
    losses: Mapping[str, int] = field(default_factory=dict)


class Match(NamedTuple):
    """A part of an acquisition that the law gives to one disposal, so that it never joins the pool.

    `lot` is the place of the opening trade, `acquired` when it was acquired (ms), `value` the part's cost (10^-8).
    """

    lot: int
    quantity: int
    value: int
    acquired: int


@dataclass(frozen=True)
class Plan:
    """What the law settles before any lot lies in a pool: it looks at all trades at once, later ones too.

    By place: what a disposal takes before it turns to the pool, and what an acquisition leaves for the pool (quantity
    and value; one that is not named joins with all it has). It covers the first `trades` of the ledger.
    """

    matched: Mapping[int, Sequence[Match]] = field(default_factory=dict)
    joins: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    trades: int = 0


class Regime:
    """A country's rules. The methods here are what most countries have in common; a module overrides what differs."""

    name = ""
    title = ""
    methods: tuple[Method, ...] = ()
    """Lot methods that the taxpayer chooses from; empty if the law leaves no choice."""
    poolings: tuple[Pooling, ...] = ()
    timezone = "UTC"
    merges = False
    """Whether a new lot joins the lots in its pool (average cost)."""
    holding = ""
    """What a statement calls the rule of this regime's terms; empty where no circuit proves them."""
    leaves_out: tuple[str, ...] = ()
    """Rules of this country that a report does not apply: said in every report."""
    days_ahead = 0
    """For how many days after a disposal an acquisition can still decide what it took (`plan`)."""
    day_keys: tuple[Method, ...] = ()
    """Methods whose keys take the local day on which a lot was acquired."""
    by_day = False
    """Whether all that is disposed of of one asset on one day is one disposal, with one gain or loss."""

    def tax_year(self, calendar: Calendar, year: int) -> tuple[int, int]:
        """The tax year: its first instant (ms), and the first instant of the next."""
        return calendar.year_window(year)

    def plan(self, trades: Sequence[Trade], calendar: Calendar) -> Plan:
        """What is settled by looking ahead. By default nothing. Raises InputError for trades the rules do not cover."""
        del calendar
        return Plan(trades=len(trades))

    def key(self, method: Method | None, unit: int, day: int, seq: int) -> Key:
        """The sort key of a lot in its pool: lots are taken in ascending order, equal keys in order of arrival.

        `day` numbers the local day of acquisition (`date.toordinal`) under `day_keys`; it is 0 under other methods.
        """
        raise NotImplementedError

    def match(self, trade: Trade, method: Method | None, named: Sequence[int]) -> list[Demand]:
        """Which lots a trade takes; `named` are the places of the lots that it names. By default the first ones."""
        del method, named
        return [(None, trade.quantity)]

    def opening_value(self, trade: Trade) -> int:
        """What a trade opens its lot at."""
        return opening_value(trade)

    def closing_value(self, trade: Trade, side: Side) -> int:
        """What a trade closes lots at, to be shared out over their parts."""
        return closing_value(trade, side)

    def adjust(self, book: Book, trades: Sequence[Trade], parts: Sequence[Operation]) -> None:
        """Change lots already there because of the parts just closed. By default nothing."""

    def long_from(self, acquired: date) -> date | None:
        """The first local date on which a lot acquired on `acquired` is long term; None: there are no terms."""
        del acquired
        return None

    def totals(self, sums: Sums) -> dict[str, int]:
        """The year's totals by name, in the order in which a report shows them."""
        raise NotImplementedError
