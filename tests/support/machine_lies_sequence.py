"""Lies about which row follows which, and about records that are not finished (`machine_lying`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.story import T, honest
from tests.models.lot_machine_v2.words import DAY, Rec, Token
from tests.support.machine_circuit import Run
from tests.support.machine_lying import (
    LIES,
    LOT,
    RECORD,
    buy,
    copy,
    follow,
    idle_before,
    lie,
    page,
    run,
    sale,
    told,
)
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import MachineRows
from zkharvest.spec import P


def counted_from(seq: int) -> Run:
    """Records that are not counted from 0, with nothing carried in."""
    link = page(buy(), sale(1, UNIT // 2))
    rows = rows_of(link)
    rows.entries.order[:] += seq
    return run(link, rows=replace(rows, first_seq=seq))


LIES["seq_start"] = lambda: counted_from(5)


@lie("first_start")
def _() -> Run:
    """A lot that no record opened, on the first row."""
    link = page(buy())
    rows = rows_of(link)
    rows.entries.order[:] = 0

    def change(made: Run) -> None:
        made.put(
            0, first=0, since_low=0, until_low=0, **{f"{n}_at{i}": 0 for n in ("since", "until") for i in range(3)}
        )
        made.answers["leaf"].clear()

    return run(link, change, rows=replace(rows, first_seq=-1))


@lie("closes_last")
def _() -> Run:
    """A lot is carried out, and then the year goes on."""
    link = page(buy(), buy(1), sale(2))
    rows = rows_of(replace(link, rows=link.rows[:3]), follow=True)
    order = np.array([0, 3, 1, 2])
    close = np.flatnonzero(rows.op == 8)
    assert close.tolist() == [3]
    return run(link, lambda made: follow(made, 0, 1), _closed_first(rows, order))


def _closed_first(rows: MachineRows, order: np.ndarray) -> MachineRows:
    """The first lot is closed before the second is bought and sold."""
    columns = {
        name: value[order].copy()
        for name in rows.__slots__
        if isinstance(value := getattr(rows, name), np.ndarray) and value.ndim == 1
    }
    made = replace(rows, **columns)
    for name in ("lot_lo", "lot_hi", "lot_value"):
        getattr(made, name)[1] = getattr(made, name)[0]
    made.node[:], made.pred[:], made.next[:] = [0, 0, 1, 1], -1, -1
    return made


@lie("idle_last")
def _() -> Run:
    """A row that does nothing, in the middle of the year."""

    def change(made: Run) -> None:
        follow(made, 0, 1)

    with idle_before(1):
        return run(page(buy(), sale()), change)


SETTLED = {
    "rest_quantity0": 1, "left_inverse": 1, "remainder_at4": 1, "class_term": 1, "class_result": 1, "class_covered": 2,
    "proceeds_weight": 1, "a0": 5, "q0": 5, "b0": 1, "c0": 1, "rest_value0": 5,
}  # fmt: skip


@lie("is_settle_follows")
def _() -> Run:
    """Behind a sale another part of no record, with proceeds of its own: 0.00000005 in history."""

    def change(made: Run) -> None:
        row = made.witness.plan.used
        made.put(row, is_settle=1, **SETTLED)

    return run(page(buy(), sale()), change)


@lie("is_settle_start")
def _() -> Run:
    """The same on the first row."""

    def change(made: Run) -> None:
        made.put(0, is_settle=1, **SETTLED)
        high = made.get(1, "time2")
        made.put(0, order_at0=1, order_low=high - 1)

    with idle_before(0):
        return run(page(buy()), change)


@lie("is_gone_follows")
def _() -> Run:
    """A withdrawal's rest that is gone without a lot's part: nothing is counted, and nothing was there."""

    def change(made: Run) -> None:
        made.put(made.witness.plan.used, is_gone=1, rest_quantity0=1, left_inverse=1, b0=1, c0=1)

    return run(page(buy(), sale()), change)


@lie("is_gone_start")
def _gone_first() -> Run:
    def change(made: Run) -> None:
        made.put(0, is_gone=1, rest_quantity0=1, left_inverse=1, b0=1, c0=1)
        made.put(0, order_at0=1, order_low=made.get(1, "time2") - 1)

    with idle_before(0):
        return run(page(buy()), change)


_TOKEN = ("token_part", "token_last", *(f"b{i}" for i in range(14)), *(f"a{i}" for i in range(8)))


def from_nowhere(first: bool) -> Run:
    """A token that no withdrawal sent: by wallet, with a basis that nobody paid."""
    arrival = Rec(T + 2, "in", "X", UNIT, kind="move")
    link = page(buy(), arrival)
    token = Token(0 if first else 1, 0, True, "X", T + 1, 0, UNIT, 10**9, (10**9 << 96) // UNIT, 1, T // DAY)
    opens = [row for row in link.rows if row.op == "open" and row.position == 0]
    rows = rows_of(replace(link, rows=(*opens, Row("arrive", 0, 1, arrival, token=token))), follow=True)

    def change(made: Run) -> None:
        (there,) = made.at("arrive")
        row = 0 if first else there - 1
        copy(made, there, row, (*_TOKEN, *LOT, *(f"asset{i}" for i in range(4)), *(f"place{i}" for i in range(4))))
        made.put(row, **{f"c{i}": made.get(row, f"b{i}") for i in range(14)})
        quantity = sum(made.get(row, f"b{i}") << 8 * i for i in range(14))
        made.put(row, **{f"rest_quantity{i}": quantity >> 24 * i & 0xFFFFFF for i in range(5)})
        octets = sum(made.get(row, f"b{i}") for i in range(14))
        made.put(row, is_send=1, code_moves=1, class_kind=14, left_inverse=pow(octets, -1, P))
        sent_at = T - 1 if first else T + 1
        time = [sent_at >> 15 * i & 0x7FFF for i in range(3)]
        made.put(row, **{f"time{i}": time[i] for i in range(3)}, worked0=time[0], worked1=time[1])
        made.put(row, kind_bit1=1, kind_bit2=1, kind_bit3=1)
        made.put(there, content_write=row + 1, content_age0=there - row - 1, node_age0=T + 2 - sent_at)
        made.put(there, **{f"past{i}": time[i] for i in range(3)}, apart0=pow(T + 2 - sent_at, -1, P))
        gap = made.get(row + 1, "worked0") - made.get(row, "worked0")
        made.put(row, order_at2=1, order_low=2 * gap - 1)

    with idle_before(0 if first else 1):
        return run(link, change, rows)


LIES["is_send_follows"] = lambda: from_nowhere(False)
LIES["is_send_start"] = lambda: from_nowhere(True)


def carried_on(made: Run, row: int) -> None:
    """A part that says that there is more; the next row holds what the record's next part would."""
    made.put(row, more=1)
    copy(made, row, row + 1, (*RECORD, "class_kind"))
    for name, count, rest in (("rest_quantity", 5, "e"), ("rest_value", 3, "g")):
        for i in range(count):
            octets = [
                made.get(row, f"{rest}{3 * i + k}") if 3 * i + k < {"e": 14, "g": 8}[rest] else 0 for k in (0, 1, 2)
            ]
            made.put(row + 1, **{f"{name}{i}": octets[0] + (octets[1] << 8) + (octets[2] << 16)})


def unfinished(record: Rec, flag: str, **row: Any) -> Run:
    """A record of two lots of which the second part is not there: the next row carries a lot out instead."""
    link = page(buy(), buy(1), replace(record, op="close"))
    made = replace(link.pages[0], records=(*link.pages[0].records[:2], record))
    link = replace(link, pages=(made,), leaves=(made.records,))
    opens = [r for r in link.rows if r.op == "open"]
    rows = [*opens, Row(page=0, position=2, record=record, part=UNIT, value=7, **row)]
    return told(link, rows, lambda made: carried_on(made, made.at(flag)[0]))


LATE = at(2025) - DAY - T


@lie("more_is_settle")
def _() -> Run:
    """Half of a sale is worked, the other half of the proceeds is never counted."""
    return unfinished(sale(2, 2 * UNIT), "settle", op="take", close_value=4)


@lie("more_is_send")
def _() -> Run:
    """Half of a withdrawal is sent, the other half stays."""
    record = Rec(at(2025) - DAY, "out", "X", 2 * UNIT, kind="move")
    token = Token(3, 0, True, "X", record.time, 0, UNIT, 7, (7 << 96) // UNIT, 1, T // DAY)
    return unfinished(record, "send", op="out", token=token)


@lie("more_is_gone")
def _() -> Run:
    """Half of a gift is given."""
    return unfinished(Rec(T + 2, "out", "X", 2 * UNIT, kind="gift"), "gone", op="drop", kind="gift")


@lie("more_is_arrive")
def _() -> Run:
    """Of two parts one arrives, the other stays in transit."""
    link = honest(out_quantity=4 * UNIT, in_quantity=4 * UNIT)
    rows = [row for row in link.rows if row.op in ("open", "out", "arrive")][:-1]

    def change(made: Run) -> None:
        (row,) = made.at("arrive")
        carried_on(made, row)
        made.put(row + 1, token_part=1, token_seq=made.get(row, "token_seq"))

    b = replace(link.pages[1], records=link.pages[1].records[:1])
    return told(replace(link, pages=(link.pages[0], b), leaves=(link.leaves[0], b.records)), rows, change)


@lie("first_next")
def _() -> Run:
    """A row that skips no record; `seq` counts back."""

    def change(made: Run) -> None:
        row = made.witness.plan.used
        made.put(row, is_skip=1, phase=2, page_early=1)
        for later in range(row, len(made.cells())):
            made.put(later, seq=made.get(later, "seq") - 1)

    return run(page(buy(), sale()), change)
