"""The pools: one list of open lots for each asset, wallet and side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import compare_columns, less, pack24
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.trace import Trace
from zkharvest.circuit.lot_machine.words import Ints

from .buses import KEY, LANE_MAX, SEQ_MAX, Buses

Cells = NDArray[np.uint32]


def pools_table(circuit: Circuit, buses: Buses) -> Table:
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
    for i, lane in enumerate(pack24(octets)):
        t.zero(f"asset{i}_bytes", asset[i] - lane, "the order lanes of the asset have 24 bits")
    t.zero("active_once", active.next * (1 - active), "active rows come first", "transition")
    order = compare_columns(t, buses.ranges, "order", 4, wide=True)
    rank: list[Expr] = [*asset[:3], wallet * 2 + side]
    following: list[Expr] = [*(a.next for a in asset[:3]), wallet.next * 2 + side.next]
    less(
        t,
        "order",
        order,
        list(zip(rank, following, strict=True)),
        active.next + 0,
        strict=True,
        note="pools are strictly increasing",
        where="transition",
    )
    pool = [*asset, wallet, side]
    tail = [0, *([LANE_MAX] * (KEY - 1)), SEQ_MAX]
    t.send(buses.link, [*pool, 0, 0, *([0] * KEY), *tail], active)
    t.receive(buses.link, [*pool, 0, last_write, *([0] * KEY), *tail], active)
    return t


def pools_trace(table: Table, pools: Ints, last_write: Sequence[int], rows: int) -> Cells:
    """Pools (n, 8: asset, wallet, side) in strictly increasing order."""
    trace = Trace(len(table.columns), rows)
    order = np.lexsort((pools[:, 6] * 2 + pools[:, 7], pools[:, 2], pools[:, 1], pools[:, 0]))
    pools = pools[order]
    used = np.arange(len(pools))
    c = table.columns
    trace.put(c[0], used, 1)
    trace.put_all(c[1:9], used, pools)
    trace.put(c[9], used, np.asarray(last_write, np.int64)[order])
    octets = np.concatenate([(pools[:, [i]] >> (8 * j)) & 255 for i in range(3) for j in range(3)], axis=1)
    trace.put_all(c[10:19], used, octets)
    if len(pools) > 1:
        rank = np.stack((*pools.T[:3], pools[:, 6] * 2 + pools[:, 7]), axis=1)
        flags, gap = words.compare(rank[:-1], rank[1:])
        at = table.index("order_at0")
        trace.put_all(c[at : at + 4], used[:-1], flags)
        trace.put(c[at + 4], used[:-1], (gap - 1) & 0x7FFF)
        trace.put(c[at + 5], used[:-1], (gap - 1) >> 15)
    return trace.finish()
