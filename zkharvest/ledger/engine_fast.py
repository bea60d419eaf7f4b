"""The ledger run, compiled, for large ledgers: the same operations as the plain engine, as arrays.

It runs every regime that does not merge lots, and every kind of trade but conversions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import timedelta
from operator import attrgetter
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from zkharvest.errors import InputError
from zkharvest.ledger import fast_kernel as kernel
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.engine_plain import Ledger, acquired_at
from zkharvest.ledger.expiries import expiry_sides
from zkharvest.ledger.fast_values import values_of
from zkharvest.ledger.fast_words import unit_bases
from zkharvest.ledger.operations import DROP, TAKE, Bools, Bytes, Ints, Operations, Words
from zkharvest.ledger.picks import Names, places_of, resolve_picks
from zkharvest.ledger.refusals import lot_short, oversold
from zkharvest.ledger.regimes import regime_of
from zkharvest.ledger.rules import Election, Method, Pool, Pooling, Side
from zkharvest.ledger.trade_columns import PickColumns, TradeColumns
from zkharvest.simd.threads import over_ranges
from zkharvest.trades.model import OPENS_LOT, Kind, Trade, in_order


def run_operations(trades: Iterable[Trade], election: Election) -> Operations:
    """The operations of the trades before the end of the tax year. Raises InputError where `run_ledger` does."""
    ordered = in_order(trades)
    end = Calendar(election.timezone).year_window(election.year)[1]
    ran = ordered[: bisect_left(ordered, end, key=attrgetter("time"))]
    try:
        return record(TradeColumns(ran), election)
    except InputError:  # the kernel stops at the first error; the plain engine finds them all
        Ledger(election).run(ran)
        raise


def record(given: TradeColumns, election: Election) -> Operations:
    """The operations of trades already ordered and cut."""
    trades, columns = given.trades, _Columns(given, election)
    pools = np.full(2 * len(columns.pairs), -1, kernel.POOL)
    slots = np.full(columns.slots, -1, kernel.SLOT)
    ending = kernel.run(*columns.arguments(), pools, slots, not columns.specific, *_tables(len(trades)))
    if ending[0] != kernel.DONE:
        columns.refuse(*ending[:6])
    count, places, words, flags, nodes = ending[6:]
    fields = dict(zip((*kernel.PLACES, *kernel.WORDS), (*places[:, :count], *words[:, :count]), strict=True))
    op, first, last, emptied = flags[:, :count]
    negative = columns.negative(op, fields["trade"])
    if columns.withdraws.any():
        op[(op == TAKE) & columns.withdraws[fields["trade"]]] = DROP
    used = np.flatnonzero(np.bincount(nodes["pool"], minlength=2 * len(columns.pairs)))
    number = np.full(2 * len(columns.pairs) + 1, -1, np.int64)  # the last stands for "no pool"
    number[used] = np.arange(used.size)
    fields["pool"] = number[fields["pool"]]
    lots = np.ascontiguousarray(nodes["lot"])
    left = kernel.in_list_order(nodes, pools, nodes.size - np.count_nonzero(emptied))
    return Operations(
        election=election,
        trades=trades,
        pools=tuple(Pool(*columns.pairs[pool // 2], Side(pool % 2)) for pool in used.tolist()),
        op=op,
        first=first.view(np.bool_),
        last=last.view(np.bool_),
        emptied=emptied.view(np.bool_),
        negative=negative,
        acquired=columns.acquired,
        node_trade=lots,
        node_pool=number[nodes["pool"]],
        node_unit=np.ascontiguousarray(columns.unit.view(np.uint8)[lots, :20]),
        final_node=left,
        final_q_lo=nodes["q_lo"][left],
        final_q_hi=nodes["q_hi"][left],
        final_value=nodes["value"][left],
        **fields,
    )


def _tables(trades: int) -> tuple[NDArray[Any], ...]:
    """Room for the operations and nodes of a run; what of it is not used is never touched, so never there.

    It is made here because numpy asks for large pages and compiled code does not: small ones took half of a run.
    """
    room = 2 * trades + 16
    room += -room % 16 + 8  # rows lie an odd number of cache lines apart, so not in each other's places of a cache
    tables = ((len(kernel.PLACES), np.int64), (len(kernel.WORDS), np.uint64), (len(kernel.FLAGS), np.uint8))
    return (*(np.empty((rows, room), kind) for rows, kind in tables), np.empty(trades + 16, kernel.NODE))


class _Columns:
    """A ledger as arrays. Pools are numbered 2k for the long and 2k + 1 for the short side of the k-th pair."""

    def __init__(self, columns: TradeColumns, election: Election) -> None:
        self.columns = columns
        trades = self.trades = columns.trades
        self.specific = election.method is Method.SPECIFIC
        self.universal = election.pooling is Pooling.UNIVERSAL
        kind = columns.kind
        self.value, self.signs = values_of(columns, election)
        self.quantity = columns.quantity
        self.opens = np.isin(kind, [int(one) for one in OPENS_LOT])
        self.withdraws = kind == Kind.WITHDRAW
        self.action = np.full(len(trades), kernel.DO_CLOSE, np.int64)
        self.action[self.opens] = kernel.DO_OPEN
        self.action[kind == Kind.TRANSFER] = kernel.DO_NOTHING if self.universal else kernel.DO_MOVE
        self._number_pools()
        self.pool_from += (kind == Kind.SHORT) | (kind == Kind.COVER)
        for place, side in expiry_sides(trades, self._expiring()).items():
            if side is Side.SHORT:  # its fee is a cost: the closing value of a long lot with the other sign
                self.pool_from[place] += 1
                self.signs[place] *= -1
        self.acquired = _acquired(columns, election)
        self.unit = np.zeros((len(trades), 3), np.uint64)
        lots = np.flatnonzero(self.opens)
        unit = np.empty((lots.size, 3), np.uint64)
        over_ranges(unit_bases, lots.size, self.value[lots], self.quantity[lots], unit, grain=4096)
        self.unit[lots] = unit
        self.rank = _ranks(election.method, lots, self.unit, _day_order(columns.time, self.acquired, election))
        self.slot_of = np.zeros(len(trades), np.int64)
        self.slots = 1
        self.pick_start = np.zeros(len(trades) + 1, np.int64)
        self.pick_q = np.zeros((0, 2), np.uint64)
        self.pick_slots = np.zeros((0, 2), np.int64)
        if self.specific:
            self._number_slots()

    def _number_pools(self) -> None:
        """Pairs of pools (asset, wallet) in sorted order, and the long pool of each trade and each destination."""
        trades = self.trades
        assets, asset = self.columns.asset
        sources, source = ([""], asset * 0) if self.universal else self.columns.names("source")
        moves = np.flatnonzero(self.action == kernel.DO_MOVE)
        number = {name: n for n, name in enumerate(sources)}
        to = [number.setdefault(trades[place].to, len(number)) for place in moves.tolist()]
        sources = list(number)
        from_pair = asset * len(sources) + source
        to_pair = asset[moves] * len(sources) + np.array(to, np.int64)
        distinct = np.unique(np.concatenate((np.unique(from_pair), np.unique(to_pair))))
        named = [(assets[pair // len(sources)], sources[pair % len(sources)]) for pair in distinct.tolist()]
        self.pairs = sorted(named)
        place_of = {pair: 2 * k for k, pair in enumerate(self.pairs)}
        pool = np.zeros(len(assets) * len(sources), np.int64)
        pool[distinct] = [place_of[pair] for pair in named]
        self.pool_from = pool[from_pair]
        self.pool_to = self.pool_from.copy()
        self.pool_to[moves] = pool[to_pair]

    def _expiring(self) -> list[int] | None:
        """The places of all trades of assets that expire; None where conversions make some of others."""
        kind, (assets, asset) = self.columns.kind, self.columns.asset
        if (kind == Kind.CONVERT).any():
            return None
        expires = np.zeros(len(assets), np.bool_)
        expires[asset[kind == Kind.EXPIRE]] = True
        places: list[int] = np.flatnonzero(expires[asset]).tolist()
        return places

    def _number_slots(self) -> None:
        """Picks as arrays, and a slot for every lot in every pool it can come to lie in.

        The first slots are those of the lots where they are opened, in their order: most names mean one of these.
        """
        takes = np.flatnonzero((self.action >= kernel.DO_CLOSE) & (self.action != kernel.DO_NOTHING))
        picks, lots = self.columns.picks(takes), np.flatnonzero(self.opens)
        lot, taker = self._named_lots(picks, lots), picks.taker
        self.pick_q = picks.quantity
        counts = np.zeros(len(self.trades), np.int64)
        counts[takes] = picks.counts
        self.pick_start[1:] = np.cumsum(counts)
        moved = np.flatnonzero(self.pool_to[taker] != self.pool_from[taker])
        self.slot_of[lots] = np.arange(lots.size)
        named = np.concatenate((lot, lot[moved]))
        pool = np.concatenate((self.pool_from[taker], self.pool_to[taker[moved]]))
        slot = self.slot_of[named]
        away = np.flatnonzero(pool != self.pool_from[named])
        distinct, number = np.unique(pool[away] * len(self.trades) + named[away], return_inverse=True)
        slot[away] = lots.size + number
        self.slots = max(lots.size + distinct.size, 1)
        here, there = np.split(slot, [taker.size])
        self.pick_slots = np.stack((here, here), axis=1)
        self.pick_slots[moved, 1] = there

    def _named_lots(self, picks: PickColumns, lots: Ints) -> Ints:
        """The place of the lot that each name means. Raises InputError as `resolve_picks`."""
        found = places_of(self.trades, lots.tolist(), picks.names)
        if found is not None:
            known = np.array(found, np.int64)
            if ((known >= 0) & (known < picks.taker)).all():
                return known
        return np.array(resolve_picks(self.trades, picks.takes.tolist(), Names(self.trades)), np.int64)

    def arguments(self) -> tuple[NDArray[Any], ...]:
        """The arrays that the kernel takes, in its order."""
        return (
            self.action, self.pool_from, self.pool_to, self.quantity, self.value, self.rank, self.slot_of,
            self.pick_start, self.pick_q, self.pick_slots,
        )  # fmt: skip

    def negative(self, op: Bytes, trade: Ints) -> Bools:
        """Which operations are takes whose closing part is below zero."""
        taken_below_zero: Bools = (op == TAKE) & (self.signs[trade] < 0)
        return taken_below_zero

    def refuse(self, end: int, place: int, number: int, held_lo: int, held_hi: int, pick: int) -> NoReturn:
        """Raise the error of a run that ended early."""
        trade = self.trades[place]
        held = int(held_lo) | int(held_hi) << 64
        pool = Pool(*self.pairs[number // 2], Side(number % 2))
        if end == kernel.OVERSOLD:
            raise InputError((oversold(trade, pool, held, trade.quantity),))
        raise InputError((lot_short(trade, trade.lots[pick - int(self.pick_start[place])], pool, held),))


def _acquired(columns: TradeColumns, election: Election) -> Ints:
    """When the lot that each trade opens was acquired, in ms."""
    acquired = columns.time.copy()
    calendar = Calendar(election.timezone)
    for place in np.flatnonzero(columns.kind == Kind.DEPOSIT).tolist():
        acquired[place] = acquired_at(columns.trades[place], calendar)
    return acquired


def _day_order(times: Ints, acquired: Ints, election: Election) -> Ints:
    """What orders lots by the local day of acquisition, for methods that ask for it: the day's first instant (ms).

    Where every lot was acquired when its trade says, that is the order of the trades, and no day is looked up.
    """
    if election.method not in regime_of(election).day_keys or bool((acquired == times).all()):
        return acquired
    calendar = Calendar(election.timezone)
    first, last = (calendar.date_of(int(f(acquired))) for f in (np.min, np.max))
    starts = np.array([calendar.first_instant(first + timedelta(n)) for n in range((last - first).days + 1)], np.int64)
    days: Ints = starts[np.searchsorted(starts, acquired, side="right") - 1]
    return days


def _ranks(method: Method | None, lots: Ints, unit: Words, days: Ints) -> Ints:
    """For each opening trade its place among all of them in the order of the method; equal keys do not occur."""
    rank = np.zeros(days.size, np.int64)
    if method is Method.SPECIFIC:
        return rank
    if method in (Method.FIFO, Method.LIFO):
        order = lots[np.lexsort((lots, days[lots]))]
        order = order if method is Method.FIFO else order[::-1]
    else:
        words = [unit[lots, n] if method is Method.LOFO else ~unit[lots, n] for n in range(3)]
        order = lots[np.lexsort((lots, *words))]
    rank[order] = np.arange(order.size)
    return rank
