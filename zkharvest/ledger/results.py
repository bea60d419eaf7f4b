"""What a ledger run yields, read off its operations: disposals, totals, and the lots still open.

Plain records, the same for every engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from zkharvest.ledger.book import Book, Op, Operation
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.regimes.base import Regime, Sums
from zkharvest.ledger.rules import LONG_TERM, NO_TERM, SHORT_TERM, Election, Pool, Side
from zkharvest.trades.model import Trade

if TYPE_CHECKING:
    from zkharvest.ledger.open_columns import OpenColumns


@dataclass(frozen=True, slots=True)
class Disposal:
    """One lot part closed by one trade. Money in 10^-8, quantity in 10^-18, times in ms UTC.

    `trade` and `lot` are the places of the closing and the opening trade in `LedgerRun.trades`; where lots are merged,
    `lot` is the trade that began the holding. `proceeds` of a long disposal and `basis` of a short one may be
    negative: a fee larger than the amount, or a rebate. `term` is empty where the regime has no terms.
    """

    trade: int
    trade_ref: str
    lot: int
    lot_ref: str
    source: str
    asset: str
    side: Side
    quantity: int
    acquired: int
    disposed: int
    proceeds: int
    basis: int
    term: str
    in_year: bool

    @property
    def gain(self) -> int:
        """Proceeds less basis: negative for a loss."""
        return self.proceeds - self.basis


@dataclass(frozen=True, slots=True)
class OpenLot:
    """What is left of a lot in a pool: `value` is its basis, or the proceeds of a short; `unit` that of the whole lot.

    `seq` is the place of the opening trade in `LedgerRun.trades`.
    """

    pool: Pool
    seq: int
    lot_ref: str
    quantity: int
    value: int
    unit: int
    acquired: int


class Totals(dict[str, int]):
    """The named totals of a year (10^-8), in the order of the regime; each is also an attribute."""

    def __getattr__(self, name: str) -> int:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"these totals have no {name!r}, only {', '.join(self)}") from None


@dataclass(frozen=True)
class LedgerRun:
    """One run of the ledger. Disposals and open lots are made when first asked for: a total needs neither.

    `trades` are those that were run, in the order of the ledger, and after them those that a law which looks ahead has
    looked at; `later` counts the trades at or after the cut, which were not run. `window` is the tax year [first
    instant, first instant of the next), `cut` where the run stopped.
    """

    election: Election
    trades: Sequence[Trade]
    later: int
    window: tuple[int, int]
    cut: int
    totals: Totals
    make_disposals: Callable[[], tuple[Disposal, ...]]
    make_open_lots: Callable[[], tuple[OpenLot, ...]]
    make_open_columns: Callable[[], OpenColumns] | None = None

    @cached_property
    def disposals(self) -> tuple[Disposal, ...]:
        """Every lot part closed before the cut, those of earlier years too, in the order in which they happened."""
        return self.make_disposals()

    @cached_property
    def open_lots(self) -> tuple[OpenLot, ...]:
        """The inventory at the cut: by asset, wallet, side; within a pool in the order of the method."""
        return self.make_open_lots()

    @cached_property
    def open_columns(self) -> OpenColumns:
        """The same as arrays (needs numpy): at once where the compiled engine ran, else read off `open_lots`."""
        if self.make_open_columns is not None:
            return self.make_open_columns()
        from zkharvest.ledger.open_columns import columns_of_lots

        return columns_of_lots(self.open_lots)


def disposals_of(
    operations: Iterable[Operation],
    trades: Sequence[Trade],
    regime: Regime,
    calendar: Calendar,
    window: tuple[int, int],
) -> tuple[Disposal, ...]:
    """The disposals among the operations of a run, in order."""
    return tuple(_disposal(one, trades, regime, calendar, window) for one in operations if one.op is Op.TAKE)


def _disposal(
    taken: Operation, trades: Sequence[Trade], regime: Regime, calendar: Calendar, window: tuple[int, int]
) -> Disposal:
    trade, opened, pool = trades[taken.trade], trades[taken.lot], taken.pool
    assert pool is not None, "a take has a pool"
    long_side = pool.side is Side.LONG
    return Disposal(
        trade=taken.trade,
        trade_ref=trade.ref,
        lot=taken.lot,
        lot_ref=opened.ref,
        source=trade.source,
        asset=trade.asset,
        side=pool.side,
        quantity=taken.part,
        acquired=taken.acquired,
        disposed=trade.time,
        proceeds=taken.close_value if long_side else taken.part_value,
        basis=taken.part_value if long_side else taken.close_value,
        term=_term(regime, calendar, pool.side, taken.acquired, trade.time),
        in_year=window[0] <= trade.time < window[1],
    )


def _term(regime: Regime, calendar: Calendar, side: Side, acquired: int, disposed: int) -> str:
    """The term of a part; a short lot's is always short (s.1233 where there are terms at all)."""
    first = regime.long_from(calendar.date_of(acquired))
    if first is None:
        return NO_TERM
    held_long = side is Side.LONG and disposed >= calendar.first_instant(first)
    return LONG_TERM if held_long else SHORT_TERM


def totals_of(disposals: Iterable[Disposal], regime: Regime, calendar: Calendar) -> Totals:
    """The regime's totals over those disposals that lie in the tax year."""
    proceeds = basis = 0
    gains, losses = defaultdict[str, int](int), defaultdict[str, int](int)
    nets = defaultdict[tuple[str, date], int](int)
    for part in disposals:
        if part.in_year:
            proceeds += part.proceeds
            basis += part.basis
            if regime.by_day:
                nets[part.asset, calendar.date_of(part.disposed)] += part.gain
            elif part.gain >= 0:
                gains[part.term] += part.gain
            else:
                losses[part.term] -= part.gain
    if regime.by_day:
        gains[NO_TERM] = sum(net for net in nets.values() if net > 0)
        losses[NO_TERM] = -sum(net for net in nets.values() if net < 0)
    return Totals(regime.totals(Sums(proceeds, basis, gains, losses)))


def open_lots_of(book: Book, trades: Sequence[Trade]) -> tuple[OpenLot, ...]:
    """The lots left in a book: by asset, wallet and side, then in the order of the list."""
    return tuple(
        OpenLot(pool, entry.lot, trades[entry.lot].ref, entry.quantity, entry.value, entry.unit, entry.acquired)
        for pool in book.pools()
        for entry in book.entries(pool)
    )
