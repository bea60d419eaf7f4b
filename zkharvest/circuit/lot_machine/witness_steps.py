"""Fills the `steps` table from the ledger's tape: what each row does, its record, its amounts, its gain.

Works on whole arrays; the lists of lots are filled by `witness_lists`.
"""

from __future__ import annotations

import numpy as np

from zkharvest.circuit.expr import P
from zkharvest.commitment.encoding import CLOSE, MOVE, NEGATIVE, SHORT_SIDE, TAG_RECORD, asset_code, source_code
from zkharvest.commitment.records import Records
from zkharvest.ledger.fast_tape import MOVE_IN, MOVE_OUT, NONE, OPEN, TAKE, Tape
from zkharvest.ledger.rules import Pooling

from . import words
from .calendar_rows import CalendarRows
from .steps_columns import Steps
from .witness_trace import Plan, Trace
from .words import Ints


class StepsWitness:
    """The table as it is filled, and what other tables need of it.

    The tape's first trades open the lots of the opening inventory; those after them are records, beginning with the
    first that has an effect.
    """

    def __init__(self, s: Steps, tape: Tape, records: Records, calendar: CalendarRows, plan: Plan, times: Ints) -> None:
        self.s, self.tape, self.records, self.calendar, self.plan = s, tape, records, calendar, plan
        self.times = times  # instants of the tape's trades, carried ones first
        self.carried, self.early = plan.carried, len(plan.early)
        self.trace = Trace(len(s.t.columns), plan.rows)
        self.wallet_basis = tape.election.pooling is Pooling.WALLET
        self.pools = _pool_lanes(tape, records)
        self.load_rows = plan.at[: self.carried]
        self.seq_base = self.carried + 1 if self.carried else 0  # trades are numbered after every carried lot
        self.long_at = calendar.long_from(times)[tape.node_trade]
        self.days_used: Ints

    def seq_of(self, trade: Ints) -> Ints:
        """Acquisition order of the lot that a trade of the tape opens, counted from 1."""
        return np.where(trade < self.carried, trade + 1, self.record_number(trade) + 1 + self.seq_base)

    def record_number(self, trade: Ints) -> Ints:
        """Which committed record a trade of the tape is."""
        return trade - self.carried + self.early

    def rows_of(self, op: int) -> tuple[Ints, Ints]:
        """Tape places of an operation, and their rows (openings without the loads)."""
        places = np.flatnonzero(self.tape.op == op)
        if op == OPEN:
            places = places[self.carried :]
        return places, self.plan.at[places]

    def kinds(self) -> None:
        """What each row does."""
        s, t, w = self.s, self.tape, self.trace
        w.put(s.clk, slice(None), np.arange(1, self.plan.rows + 1))
        w.put(s.load, self.load_rows, 1)
        for op, cell in ((OPEN, s.open), (TAKE, s.take), (MOVE_OUT, s.out), (MOVE_IN, s.into), (NONE, s.skip)):
            w.put(cell, self.rows_of(op)[1], 1)
        takes, take_rows = self.rows_of(TAKE)
        arrivals, arrival_rows = self.rows_of(MOVE_IN)
        w.put(s.settle, take_rows + 1, 1)
        for rows in (self.plan.early, self.plan.late):
            w.put(s.skip, rows, 1)
            w.put(s.first, rows, 1)
        w.put(s.close, self.plan.closes, 1)
        w.put(s.first, self.plan.at[self.carried :][(t.first & (t.op != MOVE_IN))[self.carried :]], 1)
        w.put(s.more, take_rows + 1, ~t.last[takes])
        w.put(s.more, arrival_rows, ~t.last[arrivals])
        w.put(s.emptied, self.plan.at[t.emptied & ((t.op == TAKE) | (t.op == MOVE_OUT))], 1)
        w.put(s.emptied, self.plan.closes, 1)
        for rows in (self.load_rows, self.plan.closes):
            w.put(s.inventory, rows, np.arange(len(rows)))

    def record(self) -> None:
        """Columns that every row of a trade holds, its day, and the order of trades."""
        s, w, tape, plan = self.s, self.trace, self.tape, self.plan
        take_rows = self.rows_of(TAKE)[1]
        rows = np.concatenate((plan.early, plan.at[self.carried :], take_rows + 1, plan.late))
        count = len(self.records.lanes)
        trade = np.concatenate(
            (
                np.arange(self.early),
                self.record_number(tape.trade[self.carried :]),
                self.record_number(tape.trade[tape.op == TAKE]),
                np.arange(count - len(plan.late), count),
            )
        )
        order = np.argsort(rows, kind="stable")
        rows, trade = rows[order], trade[order]
        self.record_of = np.full(plan.rows, -1, np.int64)
        self.record_of[rows] = trade
        lanes = self.records.lanes[trade].astype(np.int64)
        code = lanes[:, 0] - TAG_RECORD
        for cell, bit in ((s.code_close, CLOSE), (s.code_move, MOVE), (s.side, SHORT_SIDE), (s.negative, NEGATIVE)):
            w.put(cell, rows, (code & bit) // bit)
        w.put(s.to, rows, self.records.to[trade])
        time: Ints = lanes[:, 1] + ((lanes[:, 2] & 0x7FFF) << 30)
        w.put_all(s.time, rows, words.limbs15(time))
        w.put(s.tie, rows, lanes[:, 2] >> 15)
        w.put(s.source, rows, self.records.source[trade])
        w.put(s.position, rows, self.records.position[trade])
        w.put_all(s.asset, rows, lanes[:, 11:17])
        seq = np.full(plan.rows, self.seq_base, np.int64)
        seq[rows] = trade + 1 + self.seq_base
        w.put(s.seq, slice(None), np.maximum.accumulate(seq))
        day = self.calendar.day_of(time)
        w.put(s.phase, rows, self.calendar.phase[day])
        first = w.column(s.first, rows) == 1
        self._day(rows[first], day[first])
        lanes_of = [*reversed(s.time), s.tie, s.source, s.position]
        later = rows[first][1:]
        w.put_compare(s.order, later - 1, w.get(lanes_of, later - 1), w.get(lanes_of, later))
        w.put(s.wallet, rows, (self.records.source[trade] + 1) * self.wallet_basis)
        arrival_rows = self.rows_of(MOVE_IN)[1]
        w.put(s.wallet, arrival_rows, w.column(s.to, arrival_rows) + 1)
        pool = [*s.asset, s.wallet, s.side]
        w.put_all(pool, self.load_rows, self.pools[tape.pool[: self.carried]])
        w.put_all(pool, plan.closes, self.pools[tape.node_pool[tape.final_node]])
        if self.wallet_basis:
            codes = np.array([source_code(name) for name in self.records.sources], np.int64)
            for inventory in (self.load_rows, plan.closes):
                number = w.column(s.wallet, inventory) - 1
                w.put(s.to, inventory, number)
                w.put_all(s.rest_value, inventory, codes[number])
        first_out = self.rows_of(MOVE_OUT)[1]
        away = w.column(s.to, first_out) - w.column(s.source, first_out)
        inverse = {d: pow(d, -1, P) if d else 0 for d in set(away.tolist())}
        w.put(s.away, first_out, np.array([inverse[d] for d in away.tolist()], np.int64))
        first_out = first_out[w.column(s.first, first_out) == 1]
        named = np.concatenate((first_out, self.load_rows, plan.closes) if self.wallet_basis else (first_out,))
        self.sources_named = w.column(s.to, named)

    def _day(self, rows: Ints, day: Ints) -> None:
        s, w = self.s, self.trace
        self.days_used = day
        start, end = words.limbs15(self.calendar.start[day]), words.limbs15(self.calendar.start[day + 1])
        now = w.get(s.time, rows)
        w.put_all(s.day_start, rows, start)
        w.put_all(s.day_end, rows, end)
        w.put_all(s.day_long, rows, words.limbs15(self.calendar.long_at[day]))
        w.put_compare(s.since, rows, start[:, ::-1], now[:, ::-1])
        w.put_compare(s.until, rows, now[:, ::-1], end[:, ::-1])

    def amounts(self) -> None:
        """Bytes of a * b = q * c + r, the rests, and what a trade has left before each part."""
        s, w, t = self.s, self.trace, self.tape
        opens, open_rows = self.rows_of(OPEN)
        takes, take_rows = self.rows_of(TAKE)
        outs, out_rows = self.rows_of(MOVE_OUT)
        into_rows = self.rows_of(MOVE_IN)[1]
        settle_rows = take_rows + 1
        entered = np.concatenate((np.arange(self.carried), opens))
        enter_rows = np.concatenate((self.load_rows, open_rows))
        w.put_all(s.a, enter_rows, words.to_bytes(t.lot_value[entered], None, 8))
        w.put_all(s.c, enter_rows, words.to_bytes(t.lot_q_lo[entered], t.lot_q_hi[entered], 14))
        w.put_all(s.q, enter_rows, t.node_unit[t.node[entered]].astype(np.int64))
        w.put(s.b[12], open_rows, 1)  # 2^96
        parts, part_rows = np.concatenate((takes, outs)), np.concatenate((take_rows, out_rows))
        part = words.to_bytes(t.part_q_lo[parts], t.part_q_hi[parts], 14)
        rest = words.to_bytes(t.rest_q_lo[parts], t.rest_q_hi[parts], 14)
        rest_value = words.to_bytes(t.rest_value[parts], None, 8)
        part_value = words.to_bytes(t.part_value[parts], None, 8)
        w.put_all(s.a, part_rows, words.to_bytes(t.lot_value[parts], None, 8))
        w.put_all(s.b, part_rows, part)
        w.put_all(s.c, part_rows, words.to_bytes(t.lot_q_lo[parts], t.lot_q_hi[parts], 14))
        w.put_all(s.q[:8], part_rows, part_value)
        second_rows = np.concatenate((settle_rows, into_rows))
        w.put_all(s.b, second_rows, part)
        w.put_all(s.c, second_rows, rest)
        w.put_all(s.a, settle_rows, rest_value[: len(takes)])
        w.put_all(s.q[:8], settle_rows, words.to_bytes(t.close_value[takes], None, 8))
        w.put_all(s.a, into_rows, part_value[len(takes) :])
        w.put_all(s.a, self.plan.closes, words.to_bytes(t.final_value, None, 8))
        w.put_all(s.c, self.plan.closes, words.to_bytes(t.final_q_lo, t.final_q_hi, 14))
        of_record = np.concatenate((self.plan.early, open_rows, self.plan.late, self.rows_of(NONE)[1]))
        lanes = self.records.lanes[self.record_of[of_record]].astype(np.int64)
        w.put_all(s.rest_quantity, of_record, lanes[:, 3:8])
        w.put_all(s.rest_value, of_record, lanes[:, 8:11])
        for half in (0, 1):
            w.put_all(s.rest_quantity, part_rows + half, words.lanes24(rest))
            w.put_all(s.rest_value, take_rows + half, words.lanes24(rest_value[: len(takes)]))
            w.put_all(
                s.rest_value, out_rows + half, self.records.lanes[self.record_of[out_rows], 8:11].astype(np.int64)
            )
        self._quotients(np.concatenate((open_rows, part_rows, settle_rows)))
        self._rests(part_rows, settle_rows, into_rows)

    def _quotients(self, rows: Ints) -> None:
        s, w = self.s, self.trace
        a, b, c, q = (w.get(cells, rows) for cells in (s.a, s.b, s.c, s.q))
        r, carries = words.divide_columns(a, b, q, c)
        w.put_all(s.r, rows, r)
        w.put_all(s.carry, rows, carries % P)
        w.put_compare(s.remainder, rows, words.lanes24(r)[:, ::-1], words.lanes24(c)[:, ::-1])

    def _rests(self, part_rows: Ints, settle_rows: Ints, into_rows: Ints) -> None:
        s, w = self.s, self.trace
        rows = np.concatenate((part_rows, settle_rows, into_rows))
        left, borrow = words.subtract(words.limbs16(w.get(s.c, rows)), words.limbs16(w.get(s.b, rows)))
        w.put_all(s.e, rows, words.from_limbs16(left))
        w.put_all(s.borrow_e, rows, borrow[:, :6])
        rows = np.concatenate((part_rows, settle_rows))
        left, borrow = words.subtract(words.limbs16(w.get(s.a, rows)), words.limbs16(w.get(s.q[:8], rows)))
        w.put_all(s.g, rows, words.from_limbs16(left))
        w.put_all(s.borrow_g, rows, borrow[:, :3])
        inverse = np.array([0, *(pow(i, -1, P) for i in range(1, 14 * 255 + 1))], np.int64)
        stays = part_rows[w.column(s.emptied, part_rows) == 0]
        w.put(s.left_inverse, stays, inverse[w.get(s.e, stays).sum(axis=1)])
        second = np.concatenate((settle_rows, into_rows))
        w.put(s.left_inverse, second, inverse[w.get(s.b, second).sum(axis=1)])

    def gains(self) -> None:
        """Term, gain or loss of each part, and the weights of its bytes."""
        s, w, t = self.s, self.trace, self.tape
        takes, rows = self.rows_of(TAKE)
        long_at = self.long_at[t.node[takes]]
        side, negative, phase = (w.column(c, rows) for c in (s.side, s.negative, s.phase))
        held = self.times[t.trade[takes]] >= long_at
        w.put(s.held_long, rows, held)
        now, since = w.get(s.time, rows)[:, ::-1], words.limbs15(long_at)[:, ::-1]
        w.put_compare(s.held, rows, np.where(held[:, None], since, now), np.where(held[:, None], now, since))
        lot, close = t.part_value[takes], t.close_value[takes]
        loss = np.where(side == 0, lot > close, close > lot)
        loss = np.where(negative == 1, side == 0, loss).astype(np.int64)
        long_term = held * (1 - side)
        plain = negative == 0
        small, large = (words.to_bytes(f(lot, close), None, 8) for f in (np.minimum, np.maximum))
        small, large = (words.lanes24(x)[plain][:, ::-1] for x in (small, large))
        w.put_compare(s.result, rows[plain], small, large)
        for half in (0, 1):
            w.put(s.loss, rows + half, loss)
            w.put(s.long_term, rows + half, long_term)
        every = slice(None)
        w.put_signed(s.direction, every, (1 - 2 * w.column(s.loss, every)) * (1 - 2 * w.column(s.side, every)))
        direction, sign = (1 - 2 * loss) * (1 - 2 * side), 1 - 2 * negative
        self.slot_sums = np.zeros((5, 8), np.int64)
        halves = ((0, -phase * direction, phase * side), (1, phase * direction * sign, phase * (1 - side) * sign))
        for half, weight, proceeds in halves:
            w.put_signed(s.weight, rows + half, weight)
            octets = w.get(s.q[:8], rows + half)
            for k, cell in enumerate(s.bucket_weight):
                mine = weight * ((long_term == k // 2) & (loss == k % 2)) if k < 4 else proceeds
                w.put_signed(cell, rows + half, mine)
                self.slot_sums[k] += mine @ octets


def _pool_lanes(tape: Tape, records: Records) -> Ints:
    number = {name: i + 1 for i, name in enumerate(records.sources)}
    rows = [(*asset_code(p.asset), number[p.wallet] if p.wallet else 0, int(p.side)) for p in tape.pools]
    return np.array(rows, np.int64).reshape(-1, 8)
