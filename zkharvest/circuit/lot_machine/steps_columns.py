"""The columns of the `steps` table, by room.

One row a machine operation (two for a take: the lot's part, then the trade's part):

    load    a lot of the opening inventory enters its pool's list
    open    a buy, an income or a short sale opens a lot
    take    the part of a lot that a closing trade takes (`settle` follows)
    settle  the part of the closing trade's value that goes with it
    out     the part of a lot that a transfer takes (`into` follows)
    into    the same part enters the destination's list
    skip    a record without effect: after the year's end, or a transfer under universal basis
    close   a lot that is left goes to the closing inventory

Rows come in the order load*, trades*, close*, idle*.
"""

from __future__ import annotations

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Cell, Expr, total
from zkharvest.circuit.gadgets import Compare, compare_columns, pack24

from .buses import KEY, Buses, Publics

KINDS = ("load", "open", "take", "settle", "out", "into", "skip", "close")
CARRIES = 16


class Steps:
    """Columns and the sums of flags that constraints speak of."""

    def __init__(self, t: Table, buses: Buses, publics: Publics) -> None:
        self.t, self.buses, self.publics = t, buses, publics
        col, cols = t.column, t.column_list
        ranges = buses.ranges

        # What the row does.
        self.load, self.open, self.take, self.settle, self.out, self.into, self.skip, self.close = (
            col(f"is_{k}") for k in KINDS
        )
        self.clk = col("clk")  # row number from 1: the time of writes, the id of inserted entries
        self.first = col("first")  # the first row of a trade
        self.more = col("more")  # settle/into: the trade has another part to come
        self.emptied = col("emptied")  # the lot is used up and leaves the list

        # The record in work (held on all rows of its trade), and its pool.
        self.code_close, self.code_move, self.side, self.negative = (
            col(n) for n in ("code_close", "code_move", "side", "negative")
        )
        self.to = col("to")
        self.time = cols("time", 3)
        self.tie, self.source, self.position = col("tie"), col("source"), col("position")
        self.asset = cols("asset", 6)
        self.away = col("away")  # out: 1 / (to - source)
        self.wallet = col("wallet")
        self.rest_quantity = cols("rest_quantity", 5)  # of the trade, before this part
        self.rest_value = cols("rest_value", 3)  # of its value; a transfer, load or close names the wallet here
        self.seq = col("seq")  # trades so far: the acquisition order of a lot opened here
        self.order = compare_columns(t, ranges, "order", 6, wide=True)

        # Its local day.
        self.day_start, self.day_end, self.day_long = cols("day_start", 3), cols("day_end", 3), cols("day_long", 3)
        self.phase = col("phase")  # 0 before the tax year, 1 in it, 2 after it
        self.since = compare_columns(t, ranges, "since", 3, wide=False)
        self.until = compare_columns(t, ranges, "until", 3, wide=False)

        # Proportion: a * b = q * c + r over bytes; the rests c = b + e, a = q + g.
        self.a, self.b, self.c = cols("a", 8), cols("b", 14), cols("c", 14)
        self.q, self.r = cols("q", 20), cols("r", 14)
        self.e, self.g = cols("e", 14), cols("g", 8)
        self.carry = cols("carry", CARRIES)
        self.borrow_e, self.borrow_g = cols("borrow_e", 6), cols("borrow_g", 3)
        self.remainder = compare_columns(t, ranges, "remainder", 5, wide=True)
        self.left_inverse = col("left_inverse")  # 1 / sum of the bytes of e where a lot stays, of b in second halves

        # The list: the entry before, and the entry itself.
        self.pred, self.pred_write = col("pred"), col("pred_write")
        self.pred_key = cols("pred_key", KEY)
        self.pred_next = col("pred_next")
        self.pred_next_key = cols("pred_next_key", KEY)
        self.node, self.node_write = col("node"), col("node_write")
        self.key = cols("key", KEY)
        self.node_next = col("node_next")
        self.node_next_key = cols("node_next_key", KEY)
        self.content_write = col("content_write")
        self.pred_age, self.node_age, self.content_age = (
            cols("pred_age", 2),
            cols("node_age", 2),
            cols("content_age", 2),
        )
        self.unit = cols("unit", 7)
        self.lot_seq = col("lot_seq")
        self.long_from = cols("long_from", 3)
        self.above = compare_columns(t, ranges, "above", KEY, wide=True)
        self.below = compare_columns(t, ranges, "below", KEY, wide=True)
        self.inventory = col("inventory")  # position in the opening or closing inventory

        # Term, gain or loss, and the weights of the tallies.
        self.held_long = col("held_long")
        self.long_term = col("long_term")
        self.loss = col("loss")
        self.direction = col("direction")
        self.weight = col("weight")
        self.bucket_weight = cols("bucket_weight", 5)
        self.held = compare_columns(t, ranges, "held", 3, wide=False)
        self.result = compare_columns(t, ranges, "result", 3, wide=True)

        # Frequent sums.
        self.trade: Expr = total([self.open, self.take, self.settle, self.out, self.into, self.skip])
        self.inserts: Expr = self.load + self.open + self.into
        self.removes: Expr = self.take + self.out + self.close
        self.keeps: Expr = self.take + self.out + self.more  # the next row belongs to the same trade
        self.divides: Expr = self.open + self.take + self.settle + self.out

        self.pool: list[Expr] = [*self.asset, self.wallet, self.side]
        self.a_lanes, self.b_lanes, self.c_lanes = pack24(self.a), pack24(self.b), pack24(self.c)
        self.q_lanes, self.r_lanes = pack24(self.q), pack24(self.r)
        self.e_lanes, self.g_lanes = pack24(self.e), pack24(self.g)

    def held_by_trade(self) -> list[Cell]:
        """Columns that stay the same on all rows of one trade."""
        return [
            self.code_close,
            self.code_move,
            self.side,
            self.negative,
            self.to,
            *self.time,
            self.tie,
            self.source,
            self.position,
            *self.asset,
            self.seq,
            self.phase,
        ]


def most_significant_first(lanes: list[Cell] | list[Expr]) -> list[Expr]:
    """Lanes are stored least significant first; comparisons read them the other way."""
    return list(reversed(lanes))


def comparisons(s: Steps) -> dict[str, Compare]:
    """The comparison gadgets by name (the witness generator fills them)."""
    names = ("order", "since", "until", "remainder", "above", "below", "held", "result")
    return {n: getattr(s, n) for n in names}
