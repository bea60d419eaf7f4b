"""The operations of a ledger run written in plain Python, operation by operation: an oracle, and the place to lie from.

`Scribe(...).write()` gives what `run_operations` gives. A liar overrides one decision (where an entry is put, which
lot a trade takes, what a part is worth) and everything after it follows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from zkharvest.ledger import Election, Method, Pool, Pooling, Side
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.operations import MOVE_IN, MOVE_OUT, NONE, OPEN, TAKE, Operations
from zkharvest.ledger.picks import resolve_picks
from zkharvest.ledger.rules import closing_value, opening_value, part_of, sort_key, unit_basis
from zkharvest.trades.model import OPENS_LOT, Kind, Trade

WORD = 2**64
SHORT_KINDS = {Kind.SHORT, Kind.COVER}


@dataclass(eq=False)
class Entry:
    """An entry of a pool's list."""

    number: int
    trade: int  # the opening trade
    pool: Pool
    quantity: int
    value: int
    unit: int


class Scribe:
    """One run; the methods with a docstring are the decisions."""

    def __init__(self, trades: Sequence[Trade], regime: Election) -> None:
        end = Calendar(regime.timezone).year_window(regime.year)[1]
        self.trades = list(trades[: bisect_left(trades, end, key=attrgetter("time"))])
        self.regime = regime
        self.lists: dict[Pool, list[Entry]] = {}
        self.entries: list[Entry] = []
        self.ops: list[dict[str, int]] = []

    # ------------------------------------------------------------------------------------------------ decisions

    def pool(self, trade: int, side: Side) -> Pool:
        """The pool that a trade works on."""
        t = self.trades[trade]
        return Pool(t.asset, t.source if self.regime.pooling is Pooling.WALLET else "", side)

    def key(self, entry: Entry) -> tuple[int, ...]:
        """What the list is sorted by."""
        return sort_key(self.regime.method)(entry.unit, entry.trade)

    def place(self, entries: list[Entry], entry: Entry) -> int:
        """Where a new entry is put: after all of an equal key."""
        return sum(self.key(other) <= self.key(entry) for other in entries)

    def parts(self, trade: int, entries: list[Entry]) -> Iterator[tuple[Entry, int]]:
        """The lots a trade takes, and how much of each."""
        left = self.trades[trade].quantity
        if self.regime.method is Method.SPECIFIC:
            for lot, pick in zip(resolve_picks(self.trades, [trade]), self.trades[trade].lots, strict=True):
                wanted = pick.quantity
                while wanted:
                    entry = next(e for e in entries if e.trade == lot)
                    part = min(wanted, entry.quantity)
                    wanted -= part
                    yield entry, part
        else:
            while left:
                part = min(left, entries[0].quantity)
                left -= part
                yield entries[0], part

    def unit(self, trade: int, value: int, quantity: int) -> int:
        """The unit basis of a new lot."""
        return unit_basis(value, quantity)

    def lot_part(self, trade: int, value: int, part: int, whole: int) -> int:
        """The value that goes with a part of a lot."""
        return part_of(value, part, whole)

    def close_part(self, trade: int, value: int, part: int, whole: int) -> int:
        """The value of the closing trade that goes with the part."""
        return part_of(value, part, whole)

    def rest(self, rest: int, value: int) -> tuple[int, int]:
        """What a trade has left for its next part."""
        return rest, value

    def moved(self, trade: int, value: int) -> int:
        """The value with which a moved part arrives."""
        return value

    def skips(self, trade: int) -> bool:
        """Whether a trade is left without effect."""
        return self.trades[trade].kind is Kind.TRANSFER and self.regime.pooling is Pooling.UNIVERSAL

    def side(self, trade: int) -> Side:
        """The side that a closing works on."""
        t = self.trades[trade]
        if t.kind is Kind.EXPIRE:
            return Side.LONG if self.lists.get(self.pool(trade, Side.LONG)) else Side.SHORT
        return Side.SHORT if t.kind in SHORT_KINDS else Side.LONG

    def taken(self, entry: Entry, part: int, value: int) -> None:
        """What a take leaves of an entry."""
        entry.quantity -= part
        entry.value -= value

    # ------------------------------------------------------------------------------------------------ the run

    def write(self) -> Operations:
        """The operations of the whole run."""
        for trade, t in enumerate(self.trades):
            start = len(self.ops)
            side = self.side(trade)
            if self.skips(trade):
                self.note(NONE, trade)
            elif t.kind in OPENS_LOT:
                value = opening_value(t)
                unit = self.unit(trade, value, t.quantity)
                self.insert(OPEN, trade, Entry(-1, trade, self.pool(trade, side), t.quantity, value, unit))
            else:
                self.close(trade, side)
            self.ops[start]["first"] = 1
            self.ops[-1]["last"] = 1
        return self.operations()

    def close(self, trade: int, side: Side) -> None:
        t = self.trades[trade]
        moves = t.kind is Kind.TRANSFER
        rest, rest_value = t.quantity, 0 if moves else abs(closing_value(t, side))
        for entry, part in self.parts(trade, self.lists.setdefault(self.pool(trade, side), [])):
            value = self.lot_part(trade, entry.value, part, entry.quantity)
            mine = self.close_part(trade, rest_value, part, rest)
            self.note(
                MOVE_OUT if moves else TAKE,
                trade,
                entry,
                **words("part_q", part),
                **words("lot_q", entry.quantity),
                **words("rest_q", rest),
                lot_value=entry.value,
                part_value=value,
                rest_value=rest_value,
                close_value=mine,
                negative=int(not moves and closing_value(t, side) < 0),
                emptied=int(entry.quantity <= part),
            )
            self.taken(entry, part, value)
            if entry.quantity <= 0 and entry in self.lists[entry.pool]:
                self.lists[entry.pool].remove(entry)
            rest, rest_value = self.rest(rest - part, rest_value - mine)
            if moves:
                there = Pool(t.asset, t.to, Side.LONG)
                self.insert(MOVE_IN, trade, Entry(-1, entry.trade, there, part, self.moved(trade, value), entry.unit))

    def insert(self, op: int, trade: int, entry: Entry) -> None:
        entries = self.lists.setdefault(entry.pool, [])
        entry.number = len(self.entries)
        self.entries.append(entry)
        entries.insert(self.place(entries, entry), entry)
        quantity = words("part_q", entry.quantity) | words("lot_q", entry.quantity)
        self.note(op, trade, entry, **quantity, lot_value=entry.value)

    def note(self, op: int, trade: int, entry: Entry | None = None, **fields: int) -> None:
        pred = following = node = -1
        if entry is not None:
            entries, node = self.lists[entry.pool], entry.number
            at = entries.index(entry) if entry in entries else 0
            pred = entries[at - 1].number if at else -1
            following = entries[at + 1].number if at + 1 < len(entries) else -1
            fields["pool_of"] = entry.number
        self.ops.append({"op": op, "trade": trade, "node": node, "pred": pred, "next": following, **fields})

    def final(self) -> list[Entry]:
        """The entries left, pool by pool."""
        return [e for pool in sorted(self.lists) for e in self.lists[pool]]

    def operations(self) -> Operations:
        pools = tuple(sorted({e.pool for e in self.entries}))
        number = {pool: i for i, pool in enumerate(pools)}
        pool = [number[self.entries[op["pool_of"]].pool] if "pool_of" in op else -1 for op in self.ops]

        def column(name: str, kind: type = np.int64) -> np.ndarray:
            return np.array([op.get(name, 0) for op in self.ops], kind)

        final = self.final()
        parts = ("part_q_lo", "part_q_hi", "lot_q_lo", "lot_q_hi", "lot_value", "part_value", "rest_q_lo", "rest_q_hi")
        return Operations(
            election=self.regime,
            trades=self.trades,
            pools=pools,
            op=column("op", np.uint8),
            pool=np.array(pool, np.int64),
            **{name: column(name) for name in ("trade", "node", "pred", "next")},
            **{name: column(name, np.bool_) for name in ("first", "last", "negative", "emptied")},
            **{name: column(name, np.uint64) for name in (*parts, "rest_value", "close_value")},
            acquired=np.array([t.time for t in self.trades], np.int64),
            node_trade=np.array([e.trade for e in self.entries], np.int64),
            node_pool=np.array([number[e.pool] for e in self.entries], np.int64),
            node_unit=np.array([list(e.unit.to_bytes(20, "little")) for e in self.entries], np.uint8).reshape(-1, 20),
            final_node=np.array([e.number for e in final], np.int64),
            final_q_lo=np.array([e.quantity % WORD for e in final], np.uint64),
            final_q_hi=np.array([e.quantity // WORD for e in final], np.uint64),
            final_value=np.array([e.value for e in final], np.uint64),
        )


def words(name: str, number: int) -> dict[str, int]:
    """A quantity as two words of 64 bits."""
    return {f"{name}_lo": number % WORD, f"{name}_hi": number // WORD}


def told_by(liar: type[Scribe]) -> Callable[[Sequence[Trade], Election], Operations]:
    """A replacement of `run_operations` that has the run written by this scribe."""
    return lambda trades, regime: liar(trades, regime).write()
