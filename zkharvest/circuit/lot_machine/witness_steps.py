"""Fills the `steps` table from the ledger's tape: what the machine does, row by row.

Works on whole arrays. `Trace` holds a table column by column while it is filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.expr import Cell, P
from zkharvest.circuit.gadgets import Compare
from zkharvest.commitment.encoding import CLOSE, MOVE, NEGATIVE, SHORT_SIDE, TAG_RECORD, TO, asset_code
from zkharvest.commitment.records import Records
from zkharvest.ledger.fast_tape import MOVE_IN, MOVE_OUT, NONE, OPEN, TAKE, Tape
from zkharvest.ledger.rules import Basis, Method

from . import words
from .calendar_rows import CalendarRows
from .small_tables import LANE_MAX, SEQ_MAX
from .steps_columns import Steps

Ints = NDArray[np.int64]
RANK = [6, 5, 4, 3, 2, 1, 0, 7]
"""Key lanes from the most significant."""


class Trace:
    """One table under construction, (columns, rows) int64, reduced to canonical elements at the end."""

    def __init__(self, columns: int, rows: int) -> None:
        self.cells = np.zeros((columns, rows), np.int64)

    def put(self, cell: Cell, rows: Ints, values: Any) -> None:
        """Set one column on some rows."""
        self.cells[cell.index, rows] = values

    def put_all(self, cells: list[Cell], rows: Ints, values: Ints) -> None:
        """Set neighbouring columns from an (n, k) array."""
        for j, cell in enumerate(cells):
            self.cells[cell.index, rows] = values[:, j]

    def get(self, cells: list[Cell], rows: Ints) -> Ints:
        """(n, k) values of some columns."""
        return np.stack([self.cells[c.index, rows] for c in cells], axis=1)

    def put_compare(self, c: Compare, rows: Ints, x: Ints, y: Ints) -> None:
        """Fill a comparison of (n, k) rows, most significant lane first, where x <= y."""
        flags, gap = words.compare(x, y)
        gap = gap - flags.sum(axis=1)
        self.put_all(c.flags, rows, flags)
        self.put(c.low, rows, gap & 0x7FFF if c.high is not None else gap)
        if c.high is not None:
            self.put(c.high, rows, gap >> 15)

    def finish(self) -> NDArray[np.uint32]:
        """(rows, columns) canonical elements."""
        return np.ascontiguousarray((self.cells % P).astype(np.uint32).T)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each operation stands: row of every tape entry, of every late trade and of every closing."""

    at: Ints
    late: Ints
    closes: Ints
    used: int


def plan(tape: Tape, trades: int) -> Plan:
    """Lay the tape out in rows (a take has two)."""
    size = np.where(tape.op == TAKE, 2, 1)
    at = np.cumsum(size) - size
    used = int(size.sum())
    late = used + np.arange(trades - len(tape.trades))
    used += len(late)
    closes = used + np.arange(len(tape.final_node))
    return Plan(at, late, closes, used + len(closes))


class StepsWitness:
    """The filled table, and what other tables need of it."""

    def __init__(self, s: Steps, tape: Tape, records: Records, calendar: CalendarRows, plan: Plan, rows: int) -> None:
        self.s, self.tape, self.records, self.calendar, self.plan = s, tape, records, calendar, plan
        self.trace = Trace(len(s.t.columns), rows)
        self.wallet_basis = tape.regime.basis is Basis.WALLET
        self.pools = self._pool_lanes()
        self.final_pool = tape.node_pool[tape.final_node]
        self._kinds()
        self._records()
        self._amounts()
        self._lists()
        self._gains()

    def rows_of(self, op: int) -> tuple[Ints, Ints]:
        """Tape places of an operation, and their rows."""
        places = np.flatnonzero(self.tape.op == op)
        return places, self.plan.at[places]

    def _pool_lanes(self) -> Ints:
        number = {name: i + 1 for i, name in enumerate(self.records.sources)}
        rows = [(*asset_code(p.asset), number[p.wallet] if p.wallet else 0, int(p.side)) for p in self.tape.pools]
        return np.array(rows, np.int64).reshape(-1, 8)

    def _kinds(self) -> None:
        s, t, tape, w = self.s, self.tape, self.tape, self.trace
        every = np.arange(w.cells.shape[1])
        w.put(s.clk, every, every + 1)
        for op, cell in ((OPEN, s.open), (TAKE, s.take), (MOVE_OUT, s.out), (MOVE_IN, s.into), (NONE, s.skip)):
            w.put(cell, self.rows_of(op)[1], 1)
        takes, take_rows = self.rows_of(TAKE)
        w.put(s.settle, take_rows + 1, 1)
        w.put(s.skip, self.plan.late, 1)
        w.put(s.close, self.plan.closes, 1)
        w.put(s.first, self.plan.at[t.first & (tape.op != MOVE_IN)], 1)
        w.put(s.first, self.plan.late, 1)
        w.put(s.more, take_rows + 1, ~t.last[takes])
        arrivals, arrival_rows = self.rows_of(MOVE_IN)
        w.put(s.more, arrival_rows, ~t.last[arrivals])
        emptied = t.emptied & ((tape.op == TAKE) | (tape.op == MOVE_OUT))
        w.put(s.emptied, self.plan.at[emptied], 1)
        w.put(s.emptied, self.plan.closes, 1)
        w.put(s.inventory, self.plan.closes, np.arange(len(self.plan.closes)))

    def _records(self) -> None:
        """Columns that every row of a trade holds, its day, and the order of trades."""
        s, w, tape, plan = self.s, self.trace, self.tape, self.plan
        take_rows = self.rows_of(TAKE)[1]
        rows = np.concatenate((plan.at, take_rows + 1, plan.late))
        trade = np.concatenate(
            (tape.trade, tape.trade[tape.op == TAKE], np.arange(len(tape.trades), len(self.records.lanes)))
        )
        order = np.argsort(rows, kind="stable")
        rows, trade = rows[order], trade[order]
        self.trade_of = np.full(w.cells.shape[1], -1, np.int64)
        self.trade_of[rows] = trade
        lanes = self.records.lanes[trade].astype(np.int64)
        code = lanes[:, 0] - TAG_RECORD
        for cell, bit in ((s.code_close, CLOSE), (s.code_move, MOVE), (s.side, SHORT_SIDE), (s.negative, NEGATIVE)):
            w.put(cell, rows, (code & bit) // bit)
        w.put(s.to, rows, code // TO)
        time = lanes[:, 1] + ((lanes[:, 2] & 0x7FFF) << 30)
        w.put_all(s.time, rows, words.limbs15(time))
        w.put(s.tie, rows, lanes[:, 2] >> 15)
        w.put(s.source, rows, self.records.source[trade])
        w.put(s.position, rows, self.records.position[trade])
        w.put_all(s.asset, rows, lanes[:, 11:17])
        w.put(s.seq, np.arange(w.cells.shape[1]), self._running_seq(rows, trade))
        day = self.calendar.day_of(time)
        w.put(s.phase, rows, self.calendar.phase[day])
        first = w.cells[s.first.index, rows] == 1
        fr, fd = rows[first], day[first]
        self.days_used = fd
        start, end = words.limbs15(self.calendar.start[fd]), words.limbs15(self.calendar.start[fd + 1])
        now = w.get(s.time, fr)
        w.put_all(s.day_start, fr, start)
        w.put_all(s.day_end, fr, end)
        w.put_all(s.day_long, fr, words.limbs15(self.calendar.long_at[fd]))
        w.put_compare(s.since, fr, start[:, ::-1], now[:, ::-1])
        w.put_compare(s.until, fr, now[:, ::-1], end[:, ::-1])
        lanes_of = [*reversed(s.time), s.tie, s.source, s.position]
        later = fr[1:]
        w.put_compare(s.order, later - 1, w.get(lanes_of, later - 1), w.get(lanes_of, later))
        own = (self.records.source[trade] + 1) * self.wallet_basis
        w.put(s.wallet, rows, own)
        arrival_rows = self.rows_of(MOVE_IN)[1]
        w.put(s.wallet, arrival_rows, w.cells[s.to.index, arrival_rows] + 1)
        w.put_all([*s.asset, s.wallet, s.side], plan.closes, self.pools[self.final_pool])

    def _running_seq(self, rows: Ints, trade: Ints) -> Ints:
        seq = np.zeros(self.trace.cells.shape[1], np.int64)
        seq[rows] = trade + 1
        return np.maximum.accumulate(seq)

    def _amounts(self) -> None:
        """Bytes of a * b = q * c + r and the rests."""
        s, w, t = self.s, self.trace, self.tape
        opens, open_rows = self.rows_of(OPEN)
        takes, take_rows = self.rows_of(TAKE)
        outs, out_rows = self.rows_of(MOVE_OUT)
        _, into_rows = self.rows_of(MOVE_IN)
        settle_rows = take_rows + 1

        def put(rows: Ints, a: Ints, b: Ints, c: Ints, q: Ints) -> None:
            w.put_all(s.a, rows, a)
            w.put_all(s.b, rows, b)
            w.put_all(s.c, rows, c)
            w.put_all(s.q[: q.shape[1]], rows, q)

        shift = np.zeros((len(opens), 14), np.int64)
        shift[:, 12] = 1
        quantity = words.to_bytes(t.lot_q_lo[opens], t.lot_q_hi[opens], 14)
        put(
            open_rows,
            words.to_bytes(t.lot_value[opens], None, 8),
            shift,
            quantity,
            t.node_unit[t.node[opens]].astype(np.int64),
        )
        parts = np.concatenate((takes, outs))
        part_rows = np.concatenate((take_rows, out_rows))
        part = words.to_bytes(t.part_q_lo[parts], t.part_q_hi[parts], 14)
        lot = words.to_bytes(t.lot_q_lo[parts], t.lot_q_hi[parts], 14)
        put(
            part_rows,
            words.to_bytes(t.lot_value[parts], None, 8),
            part,
            lot,
            words.to_bytes(t.part_value[parts], None, 8),
        )
        rest = words.to_bytes(t.rest_q_lo[parts], t.rest_q_hi[parts], 14)
        put(
            settle_rows,
            words.to_bytes(t.rest_value[takes], None, 8),
            part[: len(takes)],
            rest[: len(takes)],
            words.to_bytes(t.close_value[takes], None, 8),
        )
        put(
            into_rows,
            words.to_bytes(t.part_value[outs], None, 8),
            part[len(takes) :],
            rest[len(takes) :],
            np.zeros((len(outs), 0), np.int64),
        )
        final = words.to_bytes(t.final_q_lo, t.final_q_hi, 14)
        put(
            self.plan.closes,
            words.to_bytes(t.final_value, None, 8),
            np.zeros((len(final), 14), np.int64),
            final,
            np.zeros((len(final), 0), np.int64),
        )

        divide = np.concatenate((open_rows, part_rows, settle_rows))
        a, b, c, q = (w.get(cells, divide) for cells in (s.a, s.b, s.c, s.q))
        r, carries = words.divide_columns(a, b, q, c)
        w.put_all(s.r, divide, r)
        w.put_all(s.carry, divide, carries)
        w.put_compare(s.remainder, divide, words.lanes24(r)[:, ::-1], words.lanes24(c)[:, ::-1])
        split = np.concatenate((part_rows, settle_rows, into_rows))
        left, borrow = words.subtract(words.limbs16(w.get(s.c, split)), words.limbs16(w.get(s.b, split)))
        w.put_all(s.e, split, words.from_limbs16(left))
        w.put_all(s.borrow_e, split, borrow[:, :6])
        value_rows = np.concatenate((part_rows, settle_rows))
        left, borrow = words.subtract(words.limbs16(w.get(s.a, value_rows)), words.limbs16(w.get(s.q[:8], value_rows)))
        w.put_all(s.g, value_rows, words.from_limbs16(left))
        w.put_all(s.borrow_g, value_rows, borrow[:, :3])
        inverse = np.array([0, *(pow(i, -1, P) for i in range(1, 14 * 255 + 1))], np.int64)
        stays = part_rows[w.cells[s.emptied.index, part_rows] == 0]
        w.put(s.left_inverse, stays, inverse[w.get(s.e, stays).sum(axis=1)])
        # What the trade has left before each part; a record's own amounts on its first row.
        of_record = np.concatenate((open_rows, self.plan.late, self.rows_of(NONE)[1]))
        lanes = self.records.lanes[self.trade_of[of_record]].astype(np.int64)
        w.put_all(s.rest_quantity, of_record, lanes[:, 3:8])
        w.put_all(s.rest_value, of_record, lanes[:, 8:11])
        for half in (0, 1):
            rows = np.concatenate((take_rows, out_rows)) + half
            w.put_all(s.rest_quantity, rows, words.lanes24(rest))
            w.put_all(s.rest_value, rows, words.lanes24(words.to_bytes(t.rest_value[parts], None, 8)))
        w.put_all(s.rest_value, np.concatenate((out_rows, into_rows)), np.zeros((2 * len(outs), 3), np.int64))

    def node_lanes(self) -> tuple[Ints, Ints, Ints]:
        """Per entry: unit (n, 7), key (n, 8), seq (n,)."""
        unit = words.lanes24(self.tape.node_unit.astype(np.int64))
        seq = self.tape.node_trade + 1
        key = np.zeros((len(seq), 8), np.int64)
        method = self.tape.regime.method
        if method is Method.LOFO:
            key[:, :7] = unit
        elif method is Method.HIFO:
            key[:, :7] = LANE_MAX - unit
        if method is not Method.SPECIFIC:
            key[:, 7] = SEQ_MAX - 1 - seq if method is Method.LIFO else seq
        return unit, key, seq

    def _lists(self) -> None:
        """Tokens: who stands before, when each was last written, and keys."""
        s, w, t = self.s, self.trace, self.tape
        unit, key, seq = self.node_lanes()
        acts = np.flatnonzero(t.op != NONE)
        closes = len(t.final_node)
        rows = np.concatenate((self.plan.at[acts], self.plan.closes))
        node = np.concatenate((t.node[acts], t.final_node))
        pred = np.concatenate((t.pred[acts], np.full(closes, -1)))
        pool = np.concatenate((t.pool[acts], self.final_pool))
        after = np.full(closes, -1)
        if closes:
            same = self.final_pool[1:] == self.final_pool[:-1]
            after[:-1][same] = t.final_node[1:][same]
        following = np.concatenate((t.next[acts], after))
        inserts = np.concatenate(((t.op[acts] == OPEN) | (t.op[acts] == MOVE_IN), np.zeros(closes, bool)))
        emptied = np.concatenate((t.emptied[acts] & ~inserts[: len(acts)], np.ones(closes, bool)))
        clk = rows + 1
        entry = np.zeros(len(t.node_trade) + 1, np.int64)  # the last stands for "none": entry 0
        entry[node[inserts]] = clk[inserts]
        pred_write, node_write, content_write, self.head_write = _write_times(
            clk, node, pred, pool, inserts, len(t.node_trade), len(t.pools)
        )
        keys = np.concatenate((key, np.zeros((1, 8), np.int64)))
        tail = np.array([[LANE_MAX] * 7 + [SEQ_MAX]], np.int64)
        after_keys = np.concatenate((key, tail))
        removes = ~inserts
        w.put(s.pred, rows, entry[pred])
        w.put(s.pred_write, rows, pred_write)
        w.put_all(s.pred_key, rows, keys[pred])
        pred_next = np.where(inserts, following, node)
        w.put(s.pred_next, rows, entry[pred_next])
        w.put_all(s.pred_next_key, rows, after_keys[pred_next])
        w.put(s.node, rows, entry[node])
        w.put_all(s.unit, rows, unit[node])
        w.put(s.lot_seq, rows, seq[node])
        self.long_at = (
            self.calendar.long_at[self.calendar.day_of(self._times()[t.node_trade])]
            if len(t.node_trade)
            else np.zeros(0, np.int64)
        )
        w.put_all(s.long_from, rows, words.limbs15(self.long_at[node]))
        linked = inserts | emptied
        lr = rows[linked]
        w.put(s.node_write, lr, node_write[linked])
        w.put_all(s.key, lr, key[node[linked]])
        w.put(s.node_next, lr, entry[following[linked]])
        w.put_all(s.node_next_key, lr, after_keys[following[linked]])
        w.put(s.content_write, rows[removes], content_write[removes])
        for age, at, written, now in (
            (s.pred_age, rows, pred_write, clk),
            (s.node_age, rows[emptied], node_write[emptied], clk[emptied]),
            (s.content_age, rows[removes], content_write[removes], clk[removes]),
        ):
            gap = now - written - 1
            w.put_all(age, at, np.stack((gap & 0x7FFF, gap >> 15), axis=1))
        ir = rows[inserts]
        mine = key[node[inserts]][:, RANK]
        w.put_compare(s.above, ir, keys[pred[inserts]][:, RANK], mine)
        w.put_compare(s.below, ir, mine, after_keys[following[inserts]][:, RANK])

    def _times(self) -> Ints:
        lanes = self.records.lanes.astype(np.int64)
        times: Ints = lanes[:, 1] + ((lanes[:, 2] & 0x7FFF) << 30)
        return times

    def _gains(self) -> None:
        s, w, t = self.s, self.trace, self.tape
        takes, rows = self.rows_of(TAKE)
        now, since = w.get(s.time, rows), words.limbs15(self.long_at[t.node[takes]])
        side = w.cells[s.side.index, rows]
        negative = w.cells[s.negative.index, rows]
        held = self._times()[t.trade[takes]] >= self.long_at[t.node[takes]]
        w.put(s.held_long, rows, held)
        x = np.where(held[:, None], since, now)[:, ::-1]
        y = np.where(held[:, None], now, since)[:, ::-1]
        w.put_compare(s.held, rows, x, y)
        lot, close = t.part_value[takes], t.close_value[takes]
        loss = np.where(side == 0, lot > close, close > lot)
        loss = np.where(negative == 1, side == 0, loss).astype(np.int64)
        long_term = held * (1 - side)
        direction = (1 - 2 * loss) * (1 - 2 * side)
        phase = w.cells[s.phase.index, rows]
        lot_lanes = words.lanes24(words.to_bytes(lot, None, 8))[:, ::-1]
        close_lanes = words.lanes24(words.to_bytes(close, None, 8))[:, ::-1]
        plain = negative == 0
        larger = (lot > close)[:, None]
        small, large = np.where(larger, close_lanes, lot_lanes), np.where(larger, lot_lanes, close_lanes)
        w.put_compare(s.result, rows[plain], small[plain], large[plain])
        sign = 1 - 2 * negative
        every = np.arange(w.cells.shape[1])
        for half in (0, 1):
            w.put(s.loss, rows + half, loss)
            w.put(s.long_term, rows + half, long_term)
        w.put(s.direction, every, (1 - 2 * w.cells[s.loss.index]) * (1 - 2 * w.cells[s.side.index]))
        w.put(s.weight, rows, -phase * direction)
        w.put(s.weight, rows + 1, phase * direction * sign)
        for half, proceeds in ((0, phase * side), (1, phase * (1 - side) * sign)):
            weight = w.cells[s.weight.index, rows + half]
            for k in range(4):
                mine = (long_term == k // 2) & (loss == k % 2)
                w.put(s.bucket_weight[k], rows + half, weight * mine)
            w.put(s.bucket_weight[4], rows + half, proceeds)

    def slot_sums(self) -> Ints:
        """(5, 8) tallied byte sums, as signed integers."""
        s, cells = self.s, self.trace.cells
        return np.array(
            [[int((cells[b.index] * cells[q.index]).sum()) for q in s.q[:8]] for b in s.bucket_weight], np.int64
        )


def _write_times(
    clk: Ints,
    node: Ints,
    pred: Ints,
    pool: Ints,
    inserts: NDArray[np.bool_],
    nodes: int,
    pools: int,
) -> tuple[Ints, Ints, Ints, Ints]:
    """When the tokens that an operation reads were written: the predecessor's link, the entry's link, its content;
    and when each pool's head was last written.
    """
    link, content, head = [0] * nodes, [0] * nodes, [0] * pools
    read_pred, read_node, read_content = [], [], []
    for now, n, p, pl, ins in zip(
        clk.tolist(), node.tolist(), pred.tolist(), pool.tolist(), inserts.tolist(), strict=True
    ):
        if p < 0:
            read_pred.append(head[pl])
            head[pl] = now
        else:
            read_pred.append(link[p])
            link[p] = now
        if ins:
            link[n] = now
        read_node.append(link[n])
        read_content.append(content[n])
        content[n] = now
    as_array = [np.array(x, np.int64) for x in (read_pred, read_node, read_content, head)]
    return as_array[0], as_array[1], as_array[2], as_array[3]
