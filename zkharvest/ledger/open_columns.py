"""The open lots of a run as arrays, for whoever computes over many of them: `LedgerRun.open_columns`.

A hundred thousand `OpenLot` records take a second to make and to read; these columns are there as soon as the run is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkharvest.ledger.operations import Ints, Operations, Words
from zkharvest.ledger.results import OpenLot
from zkharvest.ledger.rules import Pool

_WORD = (1 << 64) - 1


@dataclass(frozen=True)
class OpenColumns:
    """One element a lot, in the order of `LedgerRun.open_lots`; exact, so numbers are two words of 64 bits each.

    `pool`: place in `pools`. `seq`: place of the opening trade in `LedgerRun.trades`. Quantity in 10^-18:
    `quantity_lo` + 2^64 `quantity_hi`. Value in 10^-8, likewise: the basis, or what is left of the proceeds of a short
    lot. `acquired` in ms UTC.
    """

    pools: tuple[Pool, ...]
    pool: Ints
    seq: Ints
    quantity_lo: Words
    quantity_hi: Words
    value_lo: Words
    value_hi: Words
    acquired: Ints

    def __len__(self) -> int:
        return len(self.pool)


def columns_of_operations(operations: Operations) -> OpenColumns:
    """The columns of a compiled run: its entries left."""
    node = operations.final_node
    seq = operations.node_trade[node]
    used, number = _in_order_of_appearance(operations.node_pool[node])
    return OpenColumns(
        tuple(operations.pools[place] for place in used.tolist()),
        number,
        seq,
        operations.final_q_lo,
        operations.final_q_hi,
        operations.final_value,
        np.zeros_like(operations.final_value),
        operations.acquired[seq],
    )


def columns_of_lots(lots: Sequence[OpenLot]) -> OpenColumns:
    """The columns of a run whose lots are records."""
    pools = {pool: place for place, pool in enumerate(dict.fromkeys(lot.pool for lot in lots))}
    return OpenColumns(
        tuple(pools),
        np.array([pools[lot.pool] for lot in lots], np.int64),
        np.array([lot.seq for lot in lots], np.int64),
        np.array([lot.quantity & _WORD for lot in lots], np.uint64),
        np.array([lot.quantity >> 64 for lot in lots], np.uint64),
        np.array([lot.value & _WORD for lot in lots], np.uint64),
        np.array([lot.value >> 64 for lot in lots], np.uint64),
        np.array([lot.acquired for lot in lots], np.int64),
    )


def _in_order_of_appearance(places: Ints) -> tuple[Ints, Ints]:
    """The distinct places in the order in which they first appear, and for each element which of them it is."""
    distinct, first, which = np.unique(places, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return distinct[order], rank[which]
