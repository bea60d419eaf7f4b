"""The operations of a ledger run as arrays, one entry per operation in each: what a proof's witness is made from.

It is the same stream as `book.Operation`, which the plain engine writes; `Operations.records` gives it in that form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.book import Op, Operation
from zkharvest.ledger.rules import Election, Pool
from zkharvest.trades.model import Trade

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]

OPEN, TAKE, MOVE_OUT, MOVE_IN, NONE, DROP = (
    int(op) for op in (Op.OPEN, Op.TAKE, Op.MOVE_OUT, Op.MOVE_IN, Op.NONE, Op.DROP)
)


@dataclass(frozen=True)
class Operations:
    """Every operation of a ledger run, one entry per operation in each array, in the order of execution.

    `op`: 0 OPEN (an opening trade inserts its lot), 1 TAKE (a closing trade takes from a lot), 2 MOVE_OUT (a transfer
    takes), 3 MOVE_IN (and inserts what the MOVE_OUT before took), 4 NONE (a transfer that moves nothing), 6 DROP (a
    withdrawal takes).
    `trade`: place in `trades`; `first`, `last`: whether the operation is the trade's first, its last.
    `pool`: place in `pools`. `node`: the list entry inserted or taken from; `pred`, `next`: its neighbours in the
    pool's list (after an insertion; before a removal), -1 at either end. NONE has -1 in all four.
    `part_q`: quantity taken or inserted. `lot_q`, `lot_value`: what the entry holds before a take, what is inserted.
    `part_value`: the value taken (TAKE, MOVE_OUT). `rest_q`, `rest_value`: what of the trade's quantity and |value| is
    left before a TAKE or MOVE_OUT; `close_value`: |closing part| (TAKE), `negative`: whether that part is negative.
    `emptied`: the take used the entry up and unlinked it. Fields that an operation does not have are 0.

    By entry (node): the opening trade, the pool, and the unit basis of the lot as 20 bytes, little-endian. By trade:
    when the lot that it opens was acquired (ms; the trade's own time but for some deposits).
    The entries left at the end, pool by pool in the order of the lists: `final_node`, `final_q`, `final_value`.
    Quantities of 112 bits are two words, `_lo` and `_hi`.
    """

    election: Election
    trades: Sequence[Trade]
    pools: tuple[Pool, ...]
    op: Bytes
    trade: Ints
    first: Bools
    last: Bools
    pool: Ints
    node: Ints
    pred: Ints
    next: Ints
    part_q_lo: Words
    part_q_hi: Words
    lot_q_lo: Words
    lot_q_hi: Words
    lot_value: Words
    part_value: Words
    rest_q_lo: Words
    rest_q_hi: Words
    rest_value: Words
    close_value: Words
    negative: Bools
    emptied: Bools
    acquired: Ints
    node_trade: Ints
    node_pool: Ints
    node_unit: Bytes
    final_node: Ints
    final_q_lo: Words
    final_q_hi: Words
    final_value: Words

    def records(self) -> Iterator[Operation]:
        """The operations one by one."""
        columns = (
            self.op, self.trade, self.pool, self.node, self.pred, self.next, self.part_q_lo, self.part_q_hi,
            self.lot_q_lo, self.lot_q_hi, self.lot_value, self.part_value, self.rest_q_lo, self.rest_q_hi,
            self.rest_value, self.close_value, self.negative, self.emptied,
        )  # fmt: skip
        lots, acquired = self.node_trade.tolist(), self.acquired.tolist()
        for (
            op, trade, pool, node, pred, following, part_lo, part_hi, lot_lo, lot_hi, lot_value, part_value,
            rest_lo, rest_hi, rest_value, close_value, negative, emptied,
        ) in zip(*(column.tolist() for column in columns), strict=True):  # fmt: skip
            sign = -1 if negative else 1
            lot = lots[node] if node >= 0 else -1
            yield Operation(
                Op(op), trade, self.pools[pool] if pool >= 0 else None, node, pred, following, lot,
                acquired[lot] if lot >= 0 else 0, part_lo | part_hi << 64, lot_lo | lot_hi << 64, lot_value,
                part_value, rest_lo | rest_hi << 64, sign * rest_value, sign * close_value, emptied,
            )  # fmt: skip
