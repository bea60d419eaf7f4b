"""The book of open lots: it can be copied, and every change of it is written down as an operation.

A book knows nothing of law: which lot is taken, in which order lots lie and what a part is worth in a closing is told
to it by an engine, which asks a regime. A copy shares the lists of its original until one of the two changes a list,
so that "what if I sold this?" costs only what it touches.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

from zkharvest.ledger.rules import Pool, part_of

Key = tuple[int, ...]


class Op(IntEnum):
    """What happens to one entry of one list."""

    OPEN = 0  # a trade opens its lot
    TAKE = 1  # a closing trade takes a part of a lot
    MOVE_OUT = 2  # a transfer takes a part out of one wallet's pool
    MOVE_IN = 3  # and puts what it took into another's
    NONE = 4  # a trade without effect: a transfer under universal pooling
    MERGE = 5  # a new lot, or a part that arrives, joins the entry that lies in the pool (average cost)
    DROP = 6  # a part leaves the records without proceeds (a withdrawal)
    CONVERT_OUT = 7  # a part of a lot of one asset
    CONVERT_IN = 8  # becomes a lot of another
    ADJUST = 9  # the value of an entry is changed, such as by a loss that the law defers


class Operation(NamedTuple):
    """One operation of a run. Quantities in 10^-18, money in 10^-8, times in ms UTC; what does not apply is 0.

    `trade` and `lot` are places in the ledger's trades: who acts, and who opened the lot. `node` numbers the entry in
    the order of arrival, `pred` and `next` are its neighbours in the pool's list (after an insertion; before a
    removal), -1 at either end. `part` is the quantity inserted or taken, `lot_quantity` and `lot_value` what the entry
    holds before a take or a change and what is inserted, `part_value` the value taken. `rest` and `rest_value` are
    what of the trade's quantity and value is left before a TAKE or MOVE_OUT, `close_value` the share of it that goes
    with the part; both may be negative. `emptied`: the take used the entry up.
    """

    op: Op
    trade: int
    pool: Pool | None = None
    node: int = -1
    pred: int = -1
    next: int = -1
    lot: int = -1
    acquired: int = 0
    part: int = 0
    lot_quantity: int = 0
    lot_value: int = 0
    part_value: int = 0
    rest: int = 0
    rest_value: int = 0
    close_value: int = 0
    emptied: bool = False


@dataclass(slots=True)
class Entry:
    """An open lot, or a part of one, in a pool: what is left of it, and the key of its place in the list.

    `unit` is the value per quantity of the whole lot (`rules.unit_basis`); parts carry it unchanged.
    """

    node: int
    lot: int
    quantity: int
    value: int
    unit: int
    key: Key
    acquired: int


def _key(entry: Entry) -> Key:
    return entry.key


class Book:
    """Pools of open lots, each a list in the order in which disposals take from it."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.made = 0  # entries so far
        self._pools: dict[Pool, list[Entry]] = {}
        self._shared: set[Pool] = set()

    def copy(self) -> Book:
        """A book that changes independently. It begins without operations: it writes down what is new."""
        twin = Book()
        twin.made = self.made
        twin._pools = dict(self._pools)
        twin._shared, self._shared = set(self._pools), set(self._pools)
        return twin

    def pools(self) -> list[Pool]:
        """The pools that a lot has lain in: by asset, wallet and side."""
        return sorted(self._pools)

    def entries(self, pool: Pool) -> list[Entry]:
        """The entries of a pool in order. To be read only."""
        return self._pools.get(pool, [])

    def _own(self, pool: Pool) -> list[Entry]:
        """The list of a pool, to be changed: copied first if another book shares it."""
        if pool in self._shared:
            self._shared.discard(pool)
            self._pools[pool] = [replace(entry) for entry in self._pools[pool]]
        return self._pools.setdefault(pool, [])

    def _insert(self, op: Op, trade: int, pool: Pool, entry: Entry) -> None:
        """Put an entry into its place: after all entries whose key is not greater."""
        entries = self._own(pool)
        at = bisect_right(entries, entry.key, key=_key)
        entry.node = self.made
        self.made += 1
        pred = entries[at - 1].node if at else -1
        following = entries[at].node if at < len(entries) else -1
        entries.insert(at, entry)
        self.operations.append(
            Operation(
                op, trade, pool, entry.node, pred, following, entry.lot, entry.acquired, entry.quantity,
                entry.quantity, entry.value,
            )
        )  # fmt: skip

    def open(self, trade: int, pool: Pool, entry: Entry, op: Op = Op.OPEN) -> None:
        """A new lot, or with another `op` a part that arrives."""
        self._insert(op, trade, pool, entry)

    def merge(self, trade: int, pool: Pool, entry: Entry) -> None:
        """A new lot joins the first entry of the pool, quantity and value; it opens the pool if it is empty."""
        entries = self._own(pool)
        if not entries:
            self._insert(Op.OPEN, trade, pool, entry)
            return
        first = entries[0]
        following = entries[1].node if len(entries) > 1 else -1
        self.operations.append(
            Operation(
                Op.MERGE, trade, pool, first.node, -1, following, first.lot, first.acquired, entry.quantity,
                first.quantity, first.value, entry.value,
            )
        )  # fmt: skip
        first.quantity += entry.quantity
        first.value += entry.value

    def take(
        self, trade: int, pool: Pool, at: int, wanted: int, *, op: Op = Op.TAKE, rest: int = 0, rest_value: int = 0
    ) -> Operation:
        """Take up to `wanted` of the entry at a place of the pool's list; an entry used up leaves the list.

        `rest` and `rest_value` are what the trade has left: the part's share of it is `close_value`.
        """
        entries = self._own(pool)
        entry = entries[at]
        quantity = min(entry.quantity, wanted)
        value = part_of(entry.value, quantity, entry.quantity)
        done = Operation(
            op, trade, pool, entry.node,
            entries[at - 1].node if at else -1, entries[at + 1].node if at + 1 < len(entries) else -1,
            entry.lot, entry.acquired, quantity, entry.quantity, entry.value, value, rest, rest_value,
            part_of(rest_value, quantity, rest) if rest else 0, quantity == entry.quantity,
        )  # fmt: skip
        self.operations.append(done)
        entry.quantity -= quantity
        entry.value -= value
        if not entry.quantity:
            del entries[at]
        return done

    def adjust(self, trade: int, pool: Pool, at: int, change: int, acquired: int | None = None) -> None:
        """Change the value of an entry by `change`, and its date if one is given (a deferred loss, tacked dates)."""
        entry = self._own(pool)[at]
        if entry.value + change < 0:
            raise ValueError("a lot's value cannot be negative")
        self.operations.append(
            Operation(
                Op.ADJUST, trade, pool, entry.node, lot=entry.lot, acquired=entry.acquired,
                lot_quantity=entry.quantity, lot_value=entry.value, part_value=change,
            )
        )  # fmt: skip
        entry.value += change
        if acquired is not None:
            entry.acquired = acquired

    def nothing(self, trade: int) -> None:
        """A trade without effect on any lot."""
        self.operations.append(Operation(Op.NONE, trade))
