"""The ledger run, as plain Python: the executable statement of the rules.

A ledger is a set of pools, each a list of open lots in the order of the method. The rules, in full:

1. Trades are taken by time; trades of one instant in the order of the file, across sources too.
2. A buy or income opens a long lot in its pool, a short opens a short lot; the lot goes after all with an equal key.
3. A sell or spend closes long lots, a cover short ones, an expiry the side that is open; lots are taken from the front
   of the list, or, under specific identification, as named. What is not held cannot be closed.
4. A part q of a lot with Q units and value V left takes floor(V q / Q) of the value with it and leaves the rest; the
   same holds for the trade that closes it. The parts of a value therefore add up to it, to the last digit.
5. A transfer moves lot parts to the same asset's pool of another wallet, with their value, key and date. Under
   universal basis it moves nothing.
6. The gain of a part is proceeds less basis. It is long term if the lot is long and the disposal comes at or after
   the first instant at which the lot is held for more than one year; a short lot's is always short term (s.1233).
"""

from __future__ import annotations

from bisect import insort_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.picks import resolve_picks
from zkharvest.ledger.refusals import ambiguous_expiry, checked_values, lot_short, nothing_to_expire, oversold
from zkharvest.ledger.results import LONG_TERM, SHORT_TERM, Disposal, OpenLot
from zkharvest.ledger.rules import (
    Election,
    Method,
    Pool,
    Pooling,
    Side,
    closing_value,
    opening_side,
    part_of,
    sort_key,
    unit_basis,
)
from zkharvest.trades.model import OPENS_LOT, Kind, Trade


@dataclass(slots=True)
class Entry:
    """An open lot, or a part of one, in a pool: what is left of it, and the key of its place in the list."""

    lot: int
    quantity: int
    value: int
    unit: int
    key: tuple[int, ...]


def run_plain(
    trades: Sequence[Trade], election: Election, window: tuple[int, int]
) -> tuple[tuple[Disposal, ...], tuple[OpenLot, ...]]:
    """Run the trades (in the order of the ledger) and return the disposals in order and the lots left open.

    Raises InputError naming the trade that cannot be taken.
    """
    machine = Machine(trades, election, window)
    for place in range(len(trades)):
        machine.step(place)
    return tuple(machine.disposals), tuple(machine.open_lots())


class Machine:
    """The pools while a ledger runs."""

    def __init__(self, trades: Sequence[Trade], election: Election, window: tuple[int, int]) -> None:
        self.trades = trades
        self.window = window
        self.key = sort_key(election.method)
        self.universal = election.pooling is Pooling.UNIVERSAL
        self.specific = election.method is Method.SPECIFIC
        self.calendar = Calendar(election.timezone)
        self.pools: dict[Pool, list[Entry]] = {}
        self.disposals: list[Disposal] = []
        self.values = checked_values(trades, election)
        self.named: dict[int, list[int]] = {}
        if self.specific:
            takes = [place for place, trade in enumerate(trades) if self._takes(trade)]
            lots = iter(resolve_picks(trades, takes))
            self.named = {place: [next(lots) for _ in trades[place].lots] for place in takes}

    def _takes(self, trade: Trade) -> bool:
        """Whether a trade takes from open lots."""
        return trade.kind not in OPENS_LOT and not (trade.kind is Kind.TRANSFER and self.universal)

    def step(self, place: int) -> None:
        """Run the trade at a place."""
        trade = self.trades[place]
        if trade.kind in OPENS_LOT:
            unit = unit_basis(self.values[place], trade.quantity)
            entry = Entry(place, trade.quantity, self.values[place], unit, self.key(unit, place))
            self.insert(Pool(trade.asset, self.wallet(trade.source), opening_side(trade)), entry)
        elif trade.kind is not Kind.TRANSFER:
            self.close(place, self.closing_pool(trade))
        elif not self.universal:
            self.move(place)

    def wallet(self, source: str) -> str:
        """The wallet of a pool: the source, or nothing where all wallets are one."""
        return "" if self.universal else source

    def insert(self, pool: Pool, entry: Entry) -> None:
        """Put an entry into its place: after all entries whose key is not greater."""
        insort_right(self.pools.setdefault(pool, []), entry, key=lambda held: held.key)

    def closing_pool(self, trade: Trade) -> Pool:
        """The pool that a closing trade takes from."""
        wallet = self.wallet(trade.source)
        long, short = (Pool(trade.asset, wallet, side) for side in Side)
        if trade.kind is Kind.COVER:
            return short
        if trade.kind is Kind.EXPIRE:
            if self.pools.get(long) and self.pools.get(short):
                raise ambiguous_expiry(trade, wallet)
            if self.pools.get(short):
                return short
            if not self.pools.get(long):
                raise nothing_to_expire(trade, wallet)
        return long

    def close(self, place: int, pool: Pool) -> None:
        """Close lots, each part with its share of the trade's value."""
        trade = self.trades[place]
        rest, value = trade.quantity, closing_value(trade, pool.side)
        for entry, quantity, lot_part in self.take(place, pool):
            own_part = part_of(value, quantity, rest)
            rest, value = rest - quantity, value - own_part
            self.dispose(place, pool, entry.lot, quantity, lot_part, own_part)

    def move(self, place: int) -> None:
        """Move lot parts between wallets; value, key and date stay theirs (own transfers are no disposal)."""
        trade = self.trades[place]
        target = Pool(trade.asset, trade.to, Side.LONG)
        for entry, quantity, value in self.take(place, Pool(trade.asset, trade.source, Side.LONG)):
            self.insert(target, Entry(entry.lot, quantity, value, entry.unit, entry.key))

    def take(self, place: int, pool: Pool) -> Iterator[tuple[Entry, int, int]]:
        """Take the trade's quantity out of a pool: yields each entry with the quantity and the value taken from it."""
        trade = self.trades[place]
        entries = self.pools.get(pool, [])
        if not self.specific:
            rest = trade.quantity
            while rest:
                if not entries:
                    raise oversold(trade, pool, trade.quantity - rest, trade.quantity)
                taken = _take_from(entries, 0, rest)
                rest -= taken[1]
                yield taken
            return
        for pick, lot in zip(trade.lots, self.named[place], strict=True):
            rest = pick.quantity
            while rest:
                at = next((n for n, entry in enumerate(entries) if entry.lot == lot), None)
                if at is None:
                    raise lot_short(trade, pick, pool, pick.quantity - rest)
                taken = _take_from(entries, at, rest)
                rest -= taken[1]
                yield taken

    def dispose(self, place: int, pool: Pool, lot: int, quantity: int, lot_part: int, own_part: int) -> None:
        """Write down the disposal of one lot part."""
        trade, opened = self.trades[place], self.trades[lot]
        long = pool.side is Side.LONG
        held_long = long and trade.time >= self.calendar.long_at(opened.time)
        self.disposals.append(
            Disposal(
                trade=place,
                trade_ref=trade.ref,
                lot=lot,
                lot_ref=opened.ref,
                source=trade.source,
                asset=trade.asset,
                side=pool.side,
                quantity=quantity,
                acquired=opened.time,
                disposed=trade.time,
                proceeds=own_part if long else lot_part,
                basis=lot_part if long else own_part,
                term=LONG_TERM if held_long else SHORT_TERM,
                in_year=self.window[0] <= trade.time < self.window[1],
            )
        )

    def open_lots(self) -> Iterator[OpenLot]:
        """The lots left: by asset, wallet and side, then in the order of the list."""
        for pool in sorted(self.pools):
            for entry in self.pools[pool]:
                trade = self.trades[entry.lot]
                yield OpenLot(pool, entry.lot, trade.ref, entry.quantity, entry.value, entry.unit, trade.time)


def _take_from(entries: list[Entry], at: int, wanted: int) -> tuple[Entry, int, int]:
    """Take up to `wanted` from one entry: the entry, quantity and value taken. An entry used up leaves the list."""
    entry = entries[at]
    quantity = min(entry.quantity, wanted)
    value = part_of(entry.value, quantity, entry.quantity)
    entry.quantity -= quantity
    entry.value -= value
    if not entry.quantity:
        del entries[at]
    return entry, quantity, value
