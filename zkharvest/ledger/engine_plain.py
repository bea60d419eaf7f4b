"""The ledger run, as plain Python: the executable statement of the rules.

A ledger is a book of pools, each a list of open lots in the order in which they are taken. The rules, in full:

1. Trades are taken by time; trades of one instant in the order of the file, across sources too.
2. A buy, income or deposit opens a long lot in its pool, a short opens a short lot; the lot goes after all with an
   equal key, or joins the lots there where the regime merges them.
3. A sell or spend closes long lots, a cover short ones, an expiry the side that is open; which lots, the regime says
   (match). What is not held cannot be closed.
4. A part q of a lot with Q units and value V left takes floor(V q / Q) of the value with it and leaves the rest; the
   same holds for the trade that closes it (value). The parts of a value therefore add up to it, to the last digit.
5. A transfer moves lot parts to the same asset's pool of another wallet, with their value, key and date. Under
   universal pooling it moves nothing. A withdrawal takes lot parts out of the records. A conversion takes parts of one
   asset, and a part p of what is left, x, becomes floor(y p / x) of what is left, y, of the other, with its value and
   date; the last part takes the remainder.
6. After a closing the regime may change lots that are already there (adjust).
7. Where the law looks ahead (plan), parts of acquisitions go to certain disposals and never join the pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from difflib import get_close_matches
from typing import TYPE_CHECKING

from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.ledger.book import Book, Entry, Op, Operation
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.expiries import Holdings, expiry_sides, side_of
from zkharvest.ledger.picks import Names, resolve_picks
from zkharvest.ledger.refusals import checked_values, converted_to_nothing, lot_short, oversold
from zkharvest.ledger.regimes import Plan, regime_of
from zkharvest.ledger.rules import Election, Method, Pool, Pooling, Side, part_of, unit_basis
from zkharvest.trades.model import CLOSES_LOT, OPENS_LOT, Kind, Trade

if TYPE_CHECKING:
    from zkharvest.ledger.results import OpenLot

_MATCHED = "matched"  # the wallet of a list that holds a matched part for the moment in which it is taken


class Ledger:
    """A ledger that runs trade by trade, and can be copied at any moment ("what if").

    `book` holds the open lots and `book.operations` what happened. `run` takes many trades and raises InputError with
    everything that is wrong with them; `step` takes one and notes what is wrong in `problems`.
    """

    def __init__(self, election: Election) -> None:
        self.election = election
        self.regime = regime_of(election)
        self.calendar = Calendar(election.timezone)
        self.trades: list[Trade] = []
        self.book = Book()
        self.problems: list[Problem] = []
        self._names = Names()
        self._holdings = Holdings()
        self._universal = election.pooling is Pooling.UNIVERSAL
        self._specific = election.method is Method.SPECIFIC
        self._plan = Plan()

    def copy(self) -> Ledger:
        """A ledger that goes on independently; its book begins without operations.

        The lots themselves are shared until one of the two changes them.
        """
        twin = copy(self)
        changed = {"_holdings": self._holdings.copy(), "_names": self._names.copy(), "book": self.book.copy()}
        twin.__dict__.update(changed, trades=list(self.trades), problems=list(self.problems))
        return twin

    @classmethod
    def resumed(cls, election: Election, trades: Sequence[Trade], lots: Iterable[OpenLot]) -> Ledger:
        """The ledger that `trades` led to, from the lots that they left open (in the order of their pools)."""
        ledger = cls(election)
        ledger.trades = list(trades)
        sides = expiry_sides(trades)
        for place, trade in enumerate(trades):
            ledger.note(place, trade, sides.get(place, side_of(trade)))
        for lot in lots:
            ledger.book.open(lot.seq, lot.pool, ledger.entry(lot.seq, lot.quantity, lot.value, lot.unit, lot.acquired))
        ledger.book.operations.clear()
        return ledger

    def note(self, place: int, trade: Trade, side: Side) -> None:
        """Keep what later trades need to know of a trade beside its lots."""
        self._holdings.add(trade, side)
        if self._specific and place >= self._names.upto:
            self._names.add([trade])

    def run(self, trades: Sequence[Trade], ahead: Sequence[Trade] = ()) -> Ledger:
        """Run trades, in the order of the ledger; `ahead` are later ones, for a law that looks ahead.

        Raises InputError with everything that is wrong.
        """
        checked_values(trades, self.election)
        if self.regime.days_ahead:
            checked_values(ahead, self.election)
            self._plan = self.regime.plan([*trades, *ahead], self.calendar)
        if self._specific:
            self._names.add(trades)
        for trade in trades:
            self.step(trade)
        if self.problems:
            raise InputError(self.problems)
        return self

    def step(self, trade: Trade) -> None:
        """Run one trade: match, value, adjust."""
        place = len(self.trades)
        if self.regime.days_ahead and place >= self._plan.trades:
            raise UsageError(
                f"{self.regime.title}: a disposal is matched with acquisitions of the {self.regime.days_ahead} days "
                "after it, so trades cannot be tried one by one",
                "run the whole ledger, with the trade in it",
            )
        self.trades.append(trade)
        side = side_of(trade)
        if trade.kind is Kind.EXPIRE:
            found = self._holdings.side(trade)
            if isinstance(found, Problem):
                self.problems.append(found)
                return
            side = found
        self.note(place, trade, side)
        pool = Pool(trade.asset, self._wallet(trade.source), side)
        if trade.kind in OPENS_LOT:
            self._open(place, pool)
        elif trade.kind is Kind.TRANSFER and self._universal:
            self.book.nothing(place)
        elif trade.kind in CLOSES_LOT:
            self._close(place, pool)
        else:
            self._take_away(place, pool)

    def _wallet(self, source: str) -> str:
        """The wallet of a pool: the source, or nothing where all wallets are one."""
        return "" if self._universal else source

    def entry(self, lot: int, quantity: int, value: int, unit: int, acquired: int) -> Entry:
        """An entry of a pool, with the key that the regime gives it."""
        method = self.election.method
        day = self.calendar.date_of(acquired).toordinal() if method in self.regime.day_keys else 0
        return Entry(-1, lot, quantity, value, unit, self.regime.key(method, unit, day, lot), acquired)

    def _put(self, place: int, pool: Pool, entry: Entry, op: Op) -> None:
        if self.regime.merges:
            self.book.merge(place, pool, entry)
        else:
            self.book.open(place, pool, entry, op)

    def _open(self, place: int, pool: Pool) -> None:
        trade = self.trades[place]
        value = self.regime.opening_value(trade)
        quantity, value = self._plan.joins.get(place, (trade.quantity, value))
        if not quantity:
            self.book.nothing(place)
            return
        unit = unit_basis(value, quantity)
        self._put(place, pool, self.entry(place, quantity, value, unit, acquired_at(trade, self.calendar)), Op.OPEN)

    def _close(self, place: int, pool: Pool) -> None:
        """Close lots, each part with its share of the trade's value."""
        trade = self.trades[place]
        rest, value = trade.quantity, self.regime.closing_value(trade, pool.side)
        parts: list[Operation] = []
        own = Pool(pool.asset, _MATCHED, pool.side)
        for match in self._plan.matched.get(place, ()):
            unit = unit_basis(match.value, match.quantity)
            self.book.open(place, own, self.entry(match.lot, match.quantity, match.value, unit, match.acquired))
            parts.append(self.book.take(place, own, 0, match.quantity, rest=rest, rest_value=value))
            rest, value = rest - match.quantity, value - parts[-1].close_value
        for at, wanted in self._matched(place, pool, trade.quantity - rest):
            part = self.book.take(place, pool, at, wanted, rest=rest, rest_value=value)
            rest, value = rest - part.part, value - part.close_value
            parts.append(part)
        self.regime.adjust(self.book, self.trades, parts)

    def _take_away(self, place: int, pool: Pool) -> None:
        """Move, convert or withdraw lot parts: no disposal."""
        trade = self.trades[place]
        rest, given = trade.quantity, trade.into_quantity
        op = {Kind.TRANSFER: Op.MOVE_OUT, Kind.CONVERT: Op.CONVERT_OUT}.get(trade.kind, Op.DROP)
        for at, wanted in self._matched(place, pool):
            entry = self.book.entries(pool)[at]
            lot, unit, acquired = entry.lot, entry.unit, entry.acquired
            part = self.book.take(place, pool, at, wanted, op=op, rest=rest)
            if op is Op.MOVE_OUT:
                target = Pool(trade.asset, trade.to, Side.LONG)
                self._put(place, target, self.entry(lot, part.part, part.part_value, unit, acquired), Op.MOVE_IN)
            elif op is Op.CONVERT_OUT:
                made = part_of(given, part.part, rest)
                if not made:
                    self.problems.append(converted_to_nothing(trade, part.part))
                else:
                    target = Pool(trade.into, pool.wallet, Side.LONG)
                    unit = unit_basis(part.part_value, made)
                    self._put(place, target, self.entry(lot, made, part.part_value, unit, acquired), Op.CONVERT_IN)
                given -= made
            rest -= part.part

    def _matched(self, place: int, pool: Pool, planned: int = 0) -> Iterator[tuple[int, int]]:
        """The places in the pool's list that the trade takes from, and how much is wanted of each.

        `planned` is what it has taken already. Notes what is missing: the trade then takes what there is.
        """
        trade = self.trades[place]
        named: list[int] = []
        if self._specific:
            try:
                named = resolve_picks(self.trades, [place], self._names)
            except InputError as error:
                self.problems.extend(error.problems)
                return
        for n, (lot, asked) in enumerate(self.regime.match(trade, self.election.method, named)):
            rest = wanted = asked - planned  # a law that plans names no lots: there is one demand
            while rest:
                entries = self.book.entries(pool)
                at = (
                    0 if lot is None else next((n for n, entry in enumerate(entries) if entry.lot == lot), len(entries))
                )
                if at >= len(entries):
                    if lot is None:
                        self.problems.append(oversold(trade, pool, wanted - rest, wanted, self._near(pool)))
                    else:
                        self.problems.append(lot_short(trade, trade.lots[n], pool, wanted - rest))
                    break
                taken = min(rest, entries[at].quantity)
                yield at, rest
                rest -= taken

    def _near(self, pool: Pool) -> str:
        """Another wallet, of almost the same name, in which lots of the asset lie."""
        holding = [
            other.wallet
            for other in self.book.pools()
            if (other.asset, other.side) == (pool.asset, pool.side) and self.book.entries(other)
        ]
        found = get_close_matches(pool.wallet, holding, 1, 0.75) if pool.wallet else []
        return found[0] if found else ""


def acquired_at(trade: Trade, calendar: Calendar) -> int:
    """The instant (ms) at which the lot of an opening trade was acquired: a declared date begins in the zone."""
    if trade.acquired is None:
        return trade.time
    return trade.acquired if isinstance(trade.acquired, int) else calendar.first_instant(trade.acquired)
