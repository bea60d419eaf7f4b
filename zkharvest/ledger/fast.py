"""The ledger run for large ledgers: the machine compiled, with results identical to those of the plain one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zkharvest.ledger.calendar import Calendar, DayTable
from zkharvest.ledger.fast_tape import TAKE, Ints, Tape, record, run_tape
from zkharvest.ledger.results import LONG_TERM, SHORT_TERM, Disposal, LedgerRun, OpenLot, Totals
from zkharvest.ledger.rules import Election, Side
from zkharvest.trades.model import Trade

__all__ = ["Tape", "run_fast", "run_tape"]

_LOW32 = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


def run_fast(trades: Sequence[Trade], election: Election, window: tuple[int, int], cut: int, later: int) -> LedgerRun:
    """`run_ledger` on trades already ordered and cut; arguments as the fields of `LedgerRun`."""
    tape = record(trades, election)
    parts = _Parts(tape, window)
    return LedgerRun(election, trades, later, window, cut, parts.totals(), parts.disposals, lambda: _open_lots(tape))


class _Parts:
    """The disposals of a run as columns, in the order in which they happened."""

    def __init__(self, tape: Tape, window: tuple[int, int]) -> None:
        self.tape = tape
        takes = self.takes = np.flatnonzero(tape.op == TAKE)
        time = np.array([trade.time for trade in tape.trades], np.int64)
        self.trade, self.lot = tape.trade[takes], tape.node_trade[tape.node[takes]]
        self.short_side = np.array([pool.side == Side.SHORT for pool in tape.pools], np.bool_)[tape.pool[takes]]
        self.negative = tape.negative[takes]
        disposed = time[self.trade]
        self.in_year = (disposed >= window[0]) & (disposed < window[1])
        self.long_term = ~self.short_side & (disposed >= _long_at(tape.election.timezone, time)[self.lot])

    def totals(self) -> Totals:
        """The totals of the year, summed exactly: values as high and low halves, so that a sum stays in 64 bits."""
        takes = self.takes[self.in_year]
        sign = np.where(self.negative[self.in_year], -1, 1)
        close, part = self.tape.close_value[takes], self.tape.part_value[takes]
        short, long_term = self.short_side[self.in_year], self.long_term[self.in_year]
        closing = [sign * (close >> _32).astype(np.int64), sign * (close & _LOW32).astype(np.int64)]
        lot = [(part >> _32).astype(np.int64), (part & _LOW32).astype(np.int64)]
        proceeds = [np.where(short, b, a) for a, b in zip(closing, lot, strict=True)]
        basis = [np.where(short, a, b) for a, b in zip(closing, lot, strict=True)]
        high, low = (a - b for a, b in zip(proceeds, basis, strict=True))
        high, low = high + (low >> 32), low & 0xFFFFFFFF  # now the sign of a gain is the sign of its high half
        gains = high >= 0
        return Totals(
            _sum(*proceeds),
            _sum(*basis),
            *(
                factor * _sum(high[chosen], low[chosen])
                for term in (~long_term, long_term)
                for factor, chosen in ((1, term & gains), (-1, term & ~gains))
            ),
        )

    def disposals(self) -> tuple[Disposal, ...]:
        """The same parts as records."""
        tape, trades = self.tape, self.tape.trades
        columns = (
            self.trade, self.lot, self.short_side, self.negative, self.in_year, self.long_term,
            *(column[self.takes] for column in (tape.part_q_lo, tape.part_q_hi, tape.part_value, tape.close_value)),
        )  # fmt: skip
        made = []
        for place, lot, short, negative, in_year, long_term, q_lo, q_hi, lot_part, close in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            trade, opened = trades[place], trades[lot]
            own_part = -close if negative else close
            made.append(
                Disposal(
                    place, trade.ref, lot, opened.ref, trade.source, trade.asset, Side.SHORT if short else Side.LONG,
                    q_lo | q_hi << 64, opened.time, trade.time,
                    lot_part if short else own_part, own_part if short else lot_part,
                    LONG_TERM if long_term else SHORT_TERM, in_year,
                )
            )  # fmt: skip
        return tuple(made)


def _sum(high: Ints, low: Ints) -> int:
    """The exact sum of values high * 2^32 + low, for fewer than 2^30 of them."""
    return (int(high.sum()) << 32) + int(low.sum())


def _long_at(timezone: str, time: Ints) -> Ints:
    """For each time (ms) the first instant at which a lot acquired then is long."""
    if not time.size:
        return time
    calendar = Calendar(timezone)
    first, last = calendar.date_of(int(time[0])), calendar.date_of(int(time[-1]))
    table = DayTable(timezone, first, (last - first).days + 1)
    return np.array(table.long_at, np.int64)[np.searchsorted(table.start, time, side="right") - 1]


def _open_lots(tape: Tape) -> tuple[OpenLot, ...]:
    """The entries left, as records."""
    columns = (tape.final_node, tape.final_q_lo, tape.final_q_hi, tape.final_value)
    lots = []
    for node, q_lo, q_hi, value in zip(*(column.tolist() for column in columns), strict=True):
        seq, pool = int(tape.node_trade[node]), tape.pools[int(tape.node_pool[node])]
        opened, unit = tape.trades[seq], int.from_bytes(tape.node_unit[node].tobytes(), "little")
        lots.append(OpenLot(pool, seq, opened.ref, q_lo | q_hi << 64, value, unit, opened.time))
    return tuple(lots)
