"""The pools: one list of open lots for each asset, wallet and side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.expr import shifted
from zkharvest.circuit.gadgets import compare_columns, less, pack24
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.lists import KEY, LANE_MAX, SEQ_MAX
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints

from .buses import MachineBuses

Cells = NDArray[np.uint32]


def pools_table(circuit: Circuit, buses: MachineBuses) -> Table:
    """Every pool once: emits the head of its empty list at the start and takes the emptied list back at the end.

    Pools are strictly increasing in (72-bit asset order, wallet, side), so there is no second list for a pool.
    """
    t = circuit.table("pools", "one list of open lots for each asset, wallet and side")
    active = t.column("active")
    asset = t.column_list("asset", 6)
    wallet, side, last_write = t.column("wallet"), t.column("side"), t.column("last_write")
    octets = t.column_list("octet", 9)
    t.boolean(active, side)
    buses.ranges.check_bytes(t, octets)
    buses.ranges.check_u15(t, wallet)
    t.equals("asset{}_bytes", asset[:3], pack24(octets), "the order lanes of the asset have 24 bits")
    with t.when(active.next):
        t.equal("active_once", 1, active, "active rows come first", "transition")
    order = compare_columns(t, buses.ranges, "order", 4, wide=True)
    rank = [*asset[:3], wallet * 2 + side]
    less(
        t,
        "order",
        order,
        [(lane, shifted(lane)) for lane in rank],
        active.next,
        below=1 << 24,
        strict=True,
        note="pools are strictly increasing",
        where="transition",
    )
    pool = [*asset, wallet, side]
    tail = [0, *([LANE_MAX] * (KEY - 1)), SEQ_MAX]
    t.send(buses.link, [*pool, 0, 0, *([0] * KEY), *tail], active)
    t.receive(buses.link, [*pool, 0, last_write, *([0] * KEY), *tail], active)
    return t


def pool_order(pools: Ints) -> Ints:
    """The order in which pools (n, 8: asset, wallet, side) stand in the table."""
    return np.lexsort((pools[:, 6] * 2 + pools[:, 7], pools[:, 2], pools[:, 1], pools[:, 0]))


def pools_trace(table: Table, pools: Ints, last_write: Sequence[int], rows: int) -> Cells:
    """Pools (n, 8: asset, wallet, side) in strictly increasing order, each with the last write of its head."""
    filled = NamedCells(table, rows)
    order = pool_order(pools)
    pools = pools[order]
    used = np.arange(len(pools))
    filled.put(used, active=1, asset=pools[:, :6], wallet=pools[:, 6], side=pools[:, 7])
    filled.put(used, last_write=np.asarray(last_write, np.int64)[order])
    filled.put(used, octet=words.from_lanes24(pools[:, :3], 9))
    if len(pools) > 1:
        rank = np.stack((*pools.T[:3], pools[:, 6] * 2 + pools[:, 7]), axis=1)
        flags, gap = words.compare(rank[:-1], rank[1:])
        filled.put(used[:-1], order_at=flags, order_low=(gap - 1) & 0x7FFF, order_high=(gap - 1) >> 15)
    return filled.cells
