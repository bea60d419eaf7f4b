"""The record in work: its leaf, its page, its turn among the records, and what its code allows.

Who would cheat how: a record worked twice or left out (the leaf is consumed once, and pages give every leaf); one
worked out of turn; one skipped that lies in the window; a node of a page's tree shown as a record (the code is made of
bits here, so that it is below 2^22, and the tag of a node is 2^24 above that of records); a withdrawal counted as a
disposal, or the reverse; a deposit put off, to sell something else before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zkharvest.circuit.builder import Table
from zkharvest.circuit.expr import Expr, shifted, total
from zkharvest.circuit.gadgets import LIMB, Ranges, compare_columns, less
from zkharvest.circuit.lot_machine import words
from zkharvest.commitment.page_record import KIND_SHIFT, TAG_RECORD, Flag, record_of
from zkharvest.errors import InputError
from zkharvest.spec import P

if TYPE_CHECKING:
    from .fill import StepsWitness
    from .table import Steps

FLAGS = (Flag.CLOSES, Flag.MOVES, Flag.INWARD, Flag.SHORT, Flag.NEGATIVE, Flag.JOINED, Flag.MONEY)
"""Those that the machine works. The others belong to later stages: no column has them, so that they are 0."""
KIND_BITS = 6
CARRY = pow(LIMB, -1, P)
"""1 / 2^15: what a sum of limbs leaves, divided by 2^15, is the carry."""
BEFORE, BEHIND = 2, 3
"""Phases of a day outside the window."""


class RecordColumns:
    """Columns of the record, which all of its rows hold, and of the pool that a row works on."""

    def __init__(self, t: Table, ranges: Ranges, wallet: Expr) -> None:
        col, cols = t.column, t.column_list
        self.closes, self.moves, self.inward, self.side, self.negative, self.joined, self.money = (
            col(f"code_{flag.name}".lower()) for flag in FLAGS
        )
        self.kind_bit = cols("kind_bit", KIND_BITS)
        self.time = cols("time", 3)
        self.late, self.shift, self.worked = col("late"), cols("shift", 2), cols("worked", 2)
        self.page, self.position = col("page"), col("position")
        self.page_early, self.page_late = col("page_early"), col("page_late")
        self.page_first, self.page_last = col("page_first"), col("page_last")  # the intervals of its period
        self.asset, self.place = cols("asset", 4), cols("place", 4)  # place: the account's code; of a load, the lot's
        self.fee, self.ref = cols("fee", 7), cols("ref", 2)
        self.rest_quantity, self.rest_value = cols("rest_quantity", 5), cols("rest_value", 3)  # before this part
        self.seq = col("seq")  # records that were worked, with this one: the acquisition order of a lot opened here
        self.order = compare_columns(t, ranges, "order", 5, wide=True)

        self.kind: Expr = total(bit * 2**i for i, bit in enumerate(self.kind_bit))
        self.bits = [self.closes, self.moves, self.inward, self.side, self.negative, self.joined, self.money]
        flags = total(bit * int(flag) for flag, bit in zip(FLAGS, self.bits, strict=True))
        self.code: Expr = flags + self.kind * 2**KIND_SHIFT
        self.pool_place: list[Expr] = [wallet * lane for lane in self.place]
        self.pool: list[Expr] = [*self.asset, *self.pool_place, self.side]
        self.time_low: Expr = self.time[0] + self.time[1] * LIMB
        self.shift_ms: Expr = self.shift[0] + self.shift[1] * LIMB
        # time + shift, over limbs: each carry is a bit, so that the sum is one of integers
        self.worked_carry: Expr = (self.time[0] + self.shift[0] - self.worked[0]) * CARRY
        self.worked_carry2: Expr = (self.time[1] + self.shift[1] + self.worked_carry - self.worked[1]) * CARRY
        self.worked_low: Expr = self.worked[0] + self.worked[1] * LIMB
        self.worked_high: Expr = self.time[2] + self.worked_carry2


def order(s: Steps) -> None:
    """Records come strictly in order of (time + shift, late, page, position): none twice, none out of turn."""
    t = s.t
    ranges = s.buses.ranges
    ranges.check_u15(t, *s.time, s.shift[0], *s.worked)
    t.receive(ranges.bytes, [s.shift[1], s.shift[1] * 2])  # both are bytes: a shift is below 2^22
    for number, carry in enumerate((s.worked_carry, s.worked_carry2)):
        t.zero(f"worked{number}", carry * (carry - 1), "worked at time + shift")
    with t.when(1 - s.late):
        t.zero("shift_where", s.shift_ms, "what is not late is worked at its time")
    # One lane of 30 bits for both limbs would be too wide: of two records 12 days apart the later could come first.
    lanes = [s.worked_high, s.worked[1] + 0, s.worked[0] * 2 + s.late, s.page + 0, s.position + 0]
    # On the next row's columns the comparison would need row i+1's advice; it is kept on row i.
    less(
        t,
        "order",
        s.order,
        [(lane, shifted(lane)) for lane in lanes],
        s.first.next * (1 - s.carried_in),
        below=1 << 24,
        strict=True,
        note="the next record is later",
        where="transition",
    )


def record(s: Steps) -> None:
    """The first row of a record consumes its leaf; what the record says decides what the rows may do."""
    t, wallet = s.t, s.publics.wallet
    t.boolean(*s.bits, *s.kind_bit)
    t.zero("one_code", s.closes * s.moves, "a record closes or moves, not both")
    t.zero("moves_long", s.moves * s.side, "only long lots move")
    s.buses.ranges.check_bytes(t, s.fee[:6])
    t.receive(s.buses.ranges.bytes, [s.fee[6], s.fee[6] * 4])  # below 2^6: the upper lane has 30 bits, and one reading
    fee = [total(b * 256**i for i, b in enumerate(part)) for part in (s.fee[:3], s.fee[3:])]
    time = [s.time_low, s.time[2]]
    leaf = [s.code, *time, *s.rest_quantity, *s.rest_value, *s.asset, *fee, *s.ref]
    t.receive(s.buses.leaf, [s.page, s.position, *leaf], s.first)
    t.receive(s.buses.page, [s.page, *s.place, s.page_early, s.page_late, s.page_first, s.page_last], s.first)
    # f * (f - c) = 0 for a bit c: the flag f is a bit, and 0 where c is.
    outward = s.moves * (1 - s.inward)
    with t.when(s.open):
        t.equal("open_code", s.open, 1 - s.closes - outward, "only an opening record or a deposit opens, one lot")
    with t.when(s.take):
        t.equal("take_code", s.take, s.closes, "only a closing record takes, once a row")
    # What follows a first half says so by transitions, which the last row has not: the flags of these are bits here.
    with t.when(s.out):
        t.equal("out_code", s.out, wallet * outward, "only a withdrawal moves a lot, by wallet, once a row")
    with t.when(s.send):
        t.equal("send_code", s.send, outward, "only a withdrawal sends")
    with t.when(s.drop):
        t.equal("drop_code", s.drop, outward, "only of a withdrawal something is gone")
    with t.when(s.arrive):
        t.equal("arrive_code", s.arrive, s.moves * s.inward, "only a deposit arrives")
    with t.when(s.skip):
        t.zero("skip_phase", (s.phase - BEFORE) * (s.phase - BEHIND), "only what is outside the window is skipped")
        t.equal(
            "skip_page",
            s.skip,
            s.page_early * (BEHIND - s.phase) + s.page_late * (s.phase - BEFORE),
            "before it in an early page, behind it in a late one",
        )
    t.zero("work_in_time", s.works * s.phase * (s.phase - 1), "nothing outside the window has an effect")


def held(s: Steps) -> dict[str, Expr]:
    """What stays the same on all rows of a record; bits and limbs by the number that they make up.

    `seq` does by `seq_step`; a shift is 0 or leads to the withdrawal's time, which all parts of a deposit have.
    """
    cells = [s.late, s.page, s.position, *s.asset, *s.place, *s.ref, s.phase, s.time[2]]
    return {"code": s.code, "time_low": s.time_low} | {cell.name: cell + 0 for cell in cells}


# ------------------------------------------------------------------------------------------------ filling


def check_codes(f: StepsWitness) -> None:
    """Refuse what no column has. Raises InputError that names the record."""
    allowed = sum(FLAGS)
    codes = f.rows.records.lanes[:, 0].astype(np.int64) - TAG_RECORD
    for place in np.flatnonzero(codes & ~allowed & 0xFFFF).tolist():
        flags = record_of(int(codes[place]))[0]
        names = ", ".join(str(flag.name).lower() for flag in flags if not flag & allowed)
        where = f"page {f.rows.records.page[place]}, record {f.rows.records.position[place]}"
        raise InputError.one(where, f"{names}: cannot be proven yet", "a later version proves such records")


def fill(f: StepsWitness) -> None:
    """Columns that every row of a record holds, and the order of records."""
    check_codes(f)
    s, w, records, around = f.s, f.trace, f.rows.records, f.rows.around
    rows, place = f.record_rows, f.record_places
    lanes = records.lanes[place].astype(np.int64)
    code = lanes[:, 0] - TAG_RECORD
    for flag, cell in zip(FLAGS, s.bits, strict=True):
        w.put(cell, rows, (code & flag) // flag)
    w.put_all(s.kind_bit, rows, np.stack([code >> (KIND_SHIFT + i) & 1 for i in range(KIND_BITS)], axis=1))
    time = lanes[:, 1] + (lanes[:, 2] << 30)
    shift = records.shift[place]
    w.put_all(s.time, rows, words.limbs15(time))
    w.put(s.late, rows, records.late[place])
    w.put_all(s.shift, rows, words.limbs15(shift)[:, :2])
    w.put_all(s.worked, rows, words.limbs15(time + shift)[:, :2])
    w.put(s.page, rows, records.page[place])
    w.put(s.position, rows, records.position[place])
    for cell, bits in ((s.page_early, around.page_early), (s.page_late, around.page_late)):
        w.put(cell, rows, bits[records.page[place]])
    first = w.column(s.first, rows) == 1
    pages = records.page[place[first]]
    w.put(s.page_first, rows[first], around.page_first[pages])
    w.put(s.page_last, rows[first], around.page_last[pages])
    w.put_all(s.place, rows, around.page_code[records.page[place]])
    w.put_all(s.asset, rows, lanes[:, 11:15])
    fee = lanes[:, 15] + (lanes[:, 16] << 24)
    w.put_all(s.fee, rows, np.stack([fee >> 8 * i & 255 for i in range(7)], axis=1))
    w.put_all(s.ref, rows, lanes[:, 17:19])
    w.put(s.seq, slice(None), f.seq_on_rows)
    later = rows[first][1:]
    low, middle, high = words.limbs15(time[first] + shift[first]).T
    of = records.late[place][first], records.page[place][first], records.position[place][first]
    turn = np.stack([high, middle, low * 2 + of[0], of[1], of[2]], axis=1)
    w.put_compare(s.order, later - 1, turn[:-1], turn[1:])
