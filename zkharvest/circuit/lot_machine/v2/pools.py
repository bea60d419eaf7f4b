"""The pools: one list of open lots for each asset, place and side.

A place is an account's code, or 0 under universal pooling.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.expr import Expr, shifted
from zkharvest.circuit.gadgets import compare_columns, less, pack24
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.shared.lists import KEY, LANE_MAX, SEQ_MAX
from zkharvest.circuit.lot_machine.trace import NamedCells
from zkharvest.circuit.lot_machine.words import Ints

from .buses import Buses
from .sums.keys import ORDERED, PLACE

Cells = NDArray[np.uint32]

POOL_LANES = 2 * PLACE + 1


def pools_table(circuit: Circuit, buses: Buses) -> Table:
    """Every pool once: emits the head of its empty list at the start and takes the emptied list back at the end.

    Pools are strictly increasing in (72 bits of the asset, 72 bits of the place, side), so there is no second list for
    a pool.
    """
    t = circuit.table("pools", "one list of open lots for each asset, place and side")
    active = t.column("active")
    asset, place = t.column_list("asset", PLACE), t.column_list("place", PLACE)
    side, last_write = t.column("side"), t.column("last_write")
    octets = t.column_list("octet", 6 * ORDERED)
    t.boolean(active, side)
    buses.ranges.check_bytes(t, octets)
    packed = pack24(octets)
    t.equals("asset{}_bytes", asset[:ORDERED], packed[:ORDERED], "the order lanes of the asset have 24 bits")
    t.equals("place{}_bytes", place[:ORDERED], packed[ORDERED:], "and those of the place")
    with t.when(active.next):
        t.equal("active_once", 1, active, "active rows come first", "transition")
    order = compare_columns(t, buses.ranges, "order", 2 * ORDERED, wide=True)
    rank: list[Expr] = [*asset[:ORDERED], *place[: ORDERED - 1], place[ORDERED - 1] * 2 + side]
    less(
        t,
        "order",
        order,
        [(lane, shifted(lane)) for lane in rank],
        active.next,
        below=1 << 25,
        strict=True,
        note="pools are strictly increasing",
        where="transition",
    )
    pool = [*asset, *place, side]
    tail = [0, *([LANE_MAX] * (KEY - 1)), SEQ_MAX]
    t.send(buses.link, [*pool, 0, 0, *([0] * KEY), *tail], active)
    t.receive(buses.link, [*pool, 0, last_write, *([0] * KEY), *tail], active)
    return t


def pool_rank(pools: Ints) -> Ints:
    """(n, 6): by what the table orders pools (n, 9: asset x4, place x4, side)."""
    last = pools[:, PLACE + ORDERED - 1] * 2 + pools[:, 2 * PLACE]
    return np.concatenate([pools[:, :ORDERED], pools[:, PLACE : PLACE + ORDERED - 1], last[:, None]], axis=1)


def pool_order(pools: Ints) -> Ints:
    """The order in which pools stand in the table."""
    order: Ints = np.lexsort(pool_rank(pools).T[::-1])
    return order


def pools_trace(table: Table, pools: Ints, last_write: Sequence[int], rows: int) -> Cells:
    """Pools (n, 9) in strictly increasing order, each with the last write of its head.

    Raises ValueError if there are more pools than rows, or if two have one place in the order: their assets, or their
    accounts, have codes that agree in 72 bits.
    """
    if len(pools) > rows:
        raise ValueError(f"{len(pools)} pools do not fit in {rows} rows")
    filled = NamedCells(table, rows)
    order = pool_order(pools)
    pools, used = pools[order], np.arange(len(pools))
    filled.put(used, active=1, asset=pools[:, :PLACE], place=pools[:, PLACE : 2 * PLACE], side=pools[:, 2 * PLACE])
    filled.put(used, last_write=np.asarray(last_write, np.int64)[order])
    ordered = np.concatenate([pools[:, :ORDERED], pools[:, PLACE : PLACE + ORDERED]], axis=1)
    filled.put(used, octet=words.from_lanes24(ordered, 6 * ORDERED))
    if len(pools) > 1:
        rank = pool_rank(pools)
        alike = np.flatnonzero((rank[1:] == rank[:-1]).all(axis=1))
        if len(alike):
            one, other = (pools[alike[0] + k].tolist() for k in (0, 1))
            raise ValueError(f"two pools have one place, their codes agree in the first 72 bits: {one} and {other}")
        flags, gap = words.compare(rank[:-1], rank[1:])
        filled.put(used[:-1], order_at=flags, order_low=(gap - 1) & 0x7FFF, order_high=(gap - 1) >> 15)
    return filled.cells
