"""The results of a compiled run, read off its columns: identical to those that `results` reads off operations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from zkharvest.collecting import without_collecting
from zkharvest.ledger.calendar import Calendar, DayTable
from zkharvest.ledger.engine_fast import record
from zkharvest.ledger.open_columns import columns_of_operations
from zkharvest.ledger.operations import TAKE, Ints, Operations
from zkharvest.ledger.regimes import Regime, Sums, regime_of
from zkharvest.ledger.results import Disposal, LedgerRun, OpenLot, Totals
from zkharvest.ledger.rules import LONG_TERM, NO_TERM, SHORT_TERM, Election, Side
from zkharvest.ledger.trade_columns import TradeColumns
from zkharvest.trades.model import Trade

_LOW32 = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


def run_fast(trades: Sequence[Trade], election: Election, window: tuple[int, int], cut: int, later: int) -> LedgerRun:
    """`run_ledger` on trades already ordered and cut; arguments as the fields of `LedgerRun`."""
    with without_collecting():
        columns = TradeColumns(trades)
        operations = record(columns, election)
    parts = _Parts(operations, window, columns.time)
    return LedgerRun(
        election,
        trades,
        later,
        window,
        cut,
        parts.totals(),
        parts.disposals,
        lambda: _open_lots(operations),
        lambda: columns_of_operations(operations),
    )


class _Parts:
    """The disposals of a run as columns, in the order in which they happened."""

    def __init__(self, operations: Operations, window: tuple[int, int], time: Ints) -> None:
        self.operations = operations
        takes = self.takes = np.flatnonzero(operations.op == TAKE)
        self.regime = regime_of(operations.election)
        self.trade, self.lot = operations.trade[takes], operations.node_trade[operations.node[takes]]
        self.short_side = np.array([pool.side == Side.SHORT for pool in operations.pools], np.bool_)[
            operations.pool[takes]
        ]
        self.negative = operations.negative[takes]
        disposed = time[self.trade]
        self.in_year = (disposed >= window[0]) & (disposed < window[1])
        long_at = _long_at(operations.election.timezone, operations.acquired, self.regime)
        self.terms = long_at is not None
        self.long_term = ~self.short_side & (disposed >= long_at[self.lot]) if long_at is not None else disposed < 0

    def totals(self) -> Totals:
        """The totals of the year, summed exactly: values as high and low halves, so that a sum stays in 64 bits."""
        takes = self.takes[self.in_year]
        sign = np.where(self.negative[self.in_year], -1, 1)
        close, part = self.operations.close_value[takes], self.operations.part_value[takes]
        short, long_term = self.short_side[self.in_year], self.long_term[self.in_year]
        closing = [sign * (close >> _32).astype(np.int64), sign * (close & _LOW32).astype(np.int64)]
        lot = [(part >> _32).astype(np.int64), (part & _LOW32).astype(np.int64)]
        proceeds = [np.where(short, b, a) for a, b in zip(closing, lot, strict=True)]
        basis = [np.where(short, a, b) for a, b in zip(closing, lot, strict=True)]
        high, low = (a - b for a, b in zip(proceeds, basis, strict=True))
        high, low = high + (low >> 32), low & 0xFFFFFFFF  # now the sign of a gain is the sign of its high half
        gains = high >= 0
        names = {LONG_TERM: long_term, SHORT_TERM: ~long_term} if self.terms else {NO_TERM: ~long_term}
        sums = Sums(
            _sum(*proceeds),
            _sum(*basis),
            {name: _sum(high[term & gains], low[term & gains]) for name, term in names.items()},
            {name: -_sum(high[term & ~gains], low[term & ~gains]) for name, term in names.items()},
        )
        return Totals(self.regime.totals(sums))

    def disposals(self) -> tuple[Disposal, ...]:
        """The same parts as records."""
        operations, trades = self.operations, self.operations.trades
        columns = (
            self.trade, self.lot, self.short_side, self.negative, self.in_year, self.long_term,
            *(
                column[self.takes]
                for column in (
                    operations.part_q_lo, operations.part_q_hi, operations.part_value, operations.close_value,
                )
            ),
        )  # fmt: skip
        made = []
        acquired = operations.acquired.tolist()
        long_name, short_name = (LONG_TERM, SHORT_TERM) if self.terms else (NO_TERM, NO_TERM)
        for place, lot, short, negative, in_year, long_term, q_lo, q_hi, lot_part, close in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            trade, opened = trades[place], trades[lot]
            own_part = -close if negative else close
            made.append(
                Disposal(
                    place, trade.ref, lot, opened.ref, trade.source, trade.asset, Side.SHORT if short else Side.LONG,
                    q_lo | q_hi << 64, acquired[lot], trade.time,
                    lot_part if short else own_part, own_part if short else lot_part,
                    long_name if long_term else short_name, in_year,
                )
            )  # fmt: skip
        return tuple(made)


def _sum(high: Ints, low: Ints) -> int:
    """The exact sum of values high * 2^32 + low, for fewer than 2^30 of them."""
    return (int(high.sum()) << 32) + int(low.sum())


def _long_at(timezone: str, acquired: Ints, regime: Regime) -> Ints | None:
    """For each instant (ms) the first at which a lot acquired then is long; None where there are no terms."""
    calendar = Calendar(timezone)
    first, last = (calendar.date_of(int(f(acquired))) if acquired.size else date(2000, 1, 1) for f in (np.min, np.max))
    if regime.long_from(first) is None:
        return None
    table = DayTable(timezone, first, (last - first).days + 1, lambda day: regime.long_from(day) or day)
    return np.array(table.long_at, np.int64)[np.searchsorted(table.start, acquired, side="right") - 1]


def _open_lots(operations: Operations) -> tuple[OpenLot, ...]:
    """The entries left, as records."""
    columns = (operations.final_node, operations.final_q_lo, operations.final_q_hi, operations.final_value)
    lots = []
    for node, q_lo, q_hi, value in zip(*(column.tolist() for column in columns), strict=True):
        seq, pool = int(operations.node_trade[node]), operations.pools[int(operations.node_pool[node])]
        opened, unit = operations.trades[seq], int.from_bytes(operations.node_unit[node].tobytes(), "little")
        lots.append(OpenLot(pool, seq, opened.ref, q_lo | q_hi << 64, value, unit, int(operations.acquired[seq])))
    return tuple(lots)
