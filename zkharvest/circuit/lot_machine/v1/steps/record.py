"""The committed record in work: its order among the records, what its code allows, its pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr
from zkharvest.circuit.gadgets import LIMB, Ranges, compare_columns, less, most_significant_first
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.encoding import CLOSE, MOVE, NEGATIVE, SHORT_SIDE, TAG_RECORD
from zkharvest.ledger.operations import MOVE_IN, MOVE_OUT, TAKE
from zkharvest.spec import P, source_code

from .day import fill as fill_day

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps


class RecordColumns:
    """Columns of the record, which all rows of its trade hold, and of the pool that a row works on."""

    def __init__(self, t: Table, ranges: Ranges) -> None:
        col, cols = t.column, t.column_list
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

        self.pool: list[Expr] = [*self.asset, self.wallet, self.side]


def order(s: Steps) -> None:
    """Trades come strictly in order of (time, tie, source, position): none twice, none out of turn."""
    lanes = [*most_significant_first(s.time), s.tie, s.source, s.position]
    after = [*(c.next for c in reversed(s.time)), s.tie.next, s.source.next, s.position.next]
    # On the next row's columns the comparison would need row i+1's advice; it is kept on row i.
    active: Expr = s.first.next * (1 - s.load)
    less(
        s.t,
        "order",
        s.order,
        list(zip(lanes, after, strict=True)),
        active,
        below=1 << 24,
        strict=True,
        note="the next trade is later",
        where="transition",
    )


def record(s: Steps) -> None:
    """The first row of a trade consumes its committed record; what the record says decides what the rows may do."""
    t = s.t
    t.boolean(s.code_close, s.code_move, s.side, s.negative)
    t.zero("one_code", s.code_close * s.code_move, "a record closes or moves, not both")
    s.buses.ranges.check_u15(t, *s.time, s.tie, s.source)
    code = s.code_close * CLOSE + s.code_move * MOVE + s.side * SHORT_SIDE + s.negative * NEGATIVE
    t.receive(
        s.buses.record,
        [
            s.source,
            s.position,
            code,
            s.time[0] + s.time[1] * LIMB,
            s.time[2] + s.tie * LIMB,
            *s.rest_quantity,
            *s.rest_value,
            *s.asset,
            s.publics.currency,
        ],
        s.first,
    )
    # f * (f - c) = 0 for a bit c: the flag f is a bit, and 0 where c is.
    wallets = s.publics.wallet
    with t.when(s.open):
        t.equal("open_code", s.open, 1 - s.code_close - s.code_move, "only an opening record opens, one lot")
        t.zero("open_sign", s.negative, "a lot's value is not negative")
    with t.when(s.take):
        t.equal("take_code", s.take, s.code_close, "only a closing record takes, once a row")
    with t.when(s.out):
        moves = s.code_move * wallets
        t.equal("out_code", s.out, moves, "only a transfer moves, under wallet basis only, once a row")
        t.zero("out_long", s.side, "only long lots move")
    with t.when(s.skip), t.when(2 - s.phase):
        t.equal(
            "skip_why",
            1,
            s.code_move * (1 - wallets),
            "a record is without effect only outside the days that count, or as a transfer under universal basis",
        )
    acts = s.open + s.take + s.out
    t.zero("work_in_time", acts * s.phase * (s.phase - 1), "nothing after the year's end has an effect")
    working = s.trade - s.skip
    own = wallets * (s.source + 1)
    with t.when(working - s.into):
        t.equal("wallet_own", s.wallet, own, "the pool is that of the record's source, or the universal one")
    named = wallets * (s.load + s.close)
    with t.when(s.into + named):
        t.equal("wallet_to", s.wallet, s.to + 1, "an arrival is in the destination's pool")
    t.receive(s.buses.source, [s.to, *s.rest_value], s.out * s.first + named)
    # Else what arrives could be moved again, in the same trade, for as long as one likes: more than there is.
    with t.when(s.out):
        t.equal("out_elsewhere", (s.to - s.source) * s.away, 1, "a transfer goes to another source")
    with t.when((1 - wallets) * s.load):
        t.zero("wallet_none", s.wallet, "under universal basis a loaded lot is in no wallet")
    with t.when((1 - wallets) * (s.load + s.close)):
        t.zeros("wallet_none{}", s.rest_value, "and names none")


def fill(f: StepsWitness) -> None:
    """Columns that every row of a trade holds, its day, and the order of trades."""
    s, w, operations, plan = f.s, f.trace, f.operations, f.plan
    take_rows = f.rows_of(TAKE)[1]
    rows = np.concatenate((plan.early, plan.at[f.carried :], take_rows + 1, plan.late))
    count = len(f.records.lanes)
    trade = np.concatenate(
        (
            np.arange(f.early),
            f.record_number(operations.trade[f.carried :]),
            f.record_number(operations.trade[operations.op == TAKE]),
            np.arange(count - len(plan.late), count),
        )
    )
    order = np.argsort(rows, kind="stable")
    rows, trade = rows[order], trade[order]
    f.record_of = np.full(plan.rows, -1, np.int64)
    f.record_of[rows] = trade
    lanes = f.records.lanes[trade].astype(np.int64)
    code = lanes[:, 0] - TAG_RECORD
    for cell, bit in ((s.code_close, CLOSE), (s.code_move, MOVE), (s.side, SHORT_SIDE), (s.negative, NEGATIVE)):
        w.put(cell, rows, (code & bit) // bit)
    w.put(s.to, rows, f.records.to[trade])
    time: Ints = lanes[:, 1] + ((lanes[:, 2] & 0x7FFF) << 30)
    w.put_all(s.time, rows, words.limbs15(time))
    w.put(s.tie, rows, lanes[:, 2] >> 15)
    w.put(s.source, rows, f.records.source[trade])
    w.put(s.position, rows, f.records.position[trade])
    w.put_all(s.asset, rows, lanes[:, 11:17])
    seq = np.full(plan.rows, f.seq_base, np.int64)
    seq[rows] = trade + 1 + f.seq_base
    w.put(s.seq, slice(None), np.maximum.accumulate(seq))
    day = f.calendar.day_of(time)
    w.put(s.phase, rows, f.calendar.phase[day])
    first = w.column(s.first, rows) == 1
    fill_day(f, rows[first], day[first])
    lanes_of = [*reversed(s.time), s.tie, s.source, s.position]
    later = rows[first][1:]
    w.put_compare(s.order, later - 1, w.get(lanes_of, later - 1), w.get(lanes_of, later))
    w.put(s.wallet, rows, (f.records.source[trade] + 1) * f.wallet_basis)
    arrival_rows = f.rows_of(MOVE_IN)[1]
    w.put(s.wallet, arrival_rows, w.column(s.to, arrival_rows) + 1)
    pool = [*s.asset, s.wallet, s.side]
    w.put_all(pool, f.load_rows, f.pools[operations.pool[: f.carried]])
    w.put_all(pool, plan.closes, f.pools[operations.node_pool[operations.final_node]])
    if f.wallet_basis:
        codes = np.array([source_code(name) for name in f.records.sources], np.int64)
        for inventory in (f.load_rows, plan.closes):
            number = w.column(s.wallet, inventory) - 1
            w.put(s.to, inventory, number)
            w.put_all(s.rest_value, inventory, codes[number])
    first_out = f.rows_of(MOVE_OUT)[1]
    away = w.column(s.to, first_out) - w.column(s.source, first_out)
    inverse = {d: pow(d, -1, P) if d else 0 for d in set(away.tolist())}
    w.put(s.away, first_out, np.array([inverse[d] for d in away.tolist()], np.int64))
    first_out = first_out[w.column(s.first, first_out) == 1]
    named = np.concatenate((first_out, f.load_rows, plan.closes) if f.wallet_basis else (first_out,))
    f.sources_named = w.column(s.to, named)
