"""Cheats 26 to 38: with moves between accounts, and with what a deposit is said to have cost."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from tests.adversary.links import scenes
from tests.adversary.links.forgery import Told, column, set_cells, tell
from tests.adversary.links.lie import BALANCE, QUOTIENT, lie
from tests.adversary.links.scenes import first, honest_rows, linked, lying, moves, told
from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book
from tests.models.lot_machine_v2.story import IN, OUT, T, pages, story
from tests.models.lot_machine_v2.words import DAY, REACH, Page, Rec
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op
from zkharvest.circuit.lot_machine.v2.witness import LinkWitness
from zkharvest.circuit.lot_machine.words import lanes24, limbs15


def moved(**changes: Any) -> Told:
    """The honest story's rows over records that are others; the tokens are as the withdrawal is."""
    link, (a, (come, _)) = first(), story(**changes)
    listed = pages(a, (come,))
    rows = []
    for row in link.rows:
        if row.op in ("open", "out", "arrive"):
            record = listed[row.page].records[row.position]
            token = replace(row.token, time=record.time, ref=record.ref) if row.op == "out" else row.token
            rows.append(replace(row, record=record, token=token))
    return lying(scenes.repaged(link, *listed), rows)


@lie(26, "a deposit of another asset", BALANCE, "bus transit")
def _() -> Told:
    return moved(in_asset="Y")


@lie(27, "a deposit that is larger", QUOTIENT, "steps.used_up")
def _() -> Told:
    return moved(in_quantity=4 * UNIT)


@lie(27, "a deposit of two withdrawals", QUOTIENT, "steps.one_withdrawal", "steps.part_follows", "steps.last_arrives")
def _() -> Told:
    a, b = story()
    half, other = replace(a[2], quantity=UNIT), replace(a[2], time=T + 1, quantity=2 * UNIT)
    book = Book(matched={IN: OUT}, amounts={OUT: UNIT, ("A", 0, 3): 2 * UNIT})
    before = linked(pages([*a[:2], half, other], (replace(b[0], quantity=UNIT),)), book)
    sent = [row.token for row in before.rows if row.op == "out"]
    arrive = next(row for row in before.rows if row.op == "arrive")
    listed = pages([*a[:2], half, other], (b[0],))
    rows = [row for row in before.rows if row.op in ("open", "out")]
    rows += [replace(arrive, record=b[0], token=token) for token in sent]
    return lying(scenes.repaged(before, *listed), rows)


@lie(28, "a token that arrives twice", BALANCE, "bus transit")
def _() -> Told:
    a, b = story()
    again = replace(b[0], time=T + 2 * DAY)
    link = linked(pages(a, [b[0], again]), moves())
    arrivals = [row for row in link.rows if row.op == "arrive"]
    rows = [row for row in link.rows if row.op in ("open", "out", "arrive") and row.record != again]
    return lying(link, [*rows, *(replace(row, record=again, position=1) for row in arrivals)])


def circle(link: Link) -> MachineRows:
    """Two deposits that arrive and two withdrawals that send, each the other's, where none of them does."""
    rows = honest_rows(link)
    deposits, drops = np.flatnonzero(rows.op == Op.OPEN), np.flatnonzero(rows.op == Op.DROP)
    assert (len(deposits), len(drops)) == (2, 2)
    rows.op[deposits], rows.op[drops], rows.kind[drops] = Op.ARRIVE, Op.OUT, 0
    rows.token[deposits], rows.token[drops] = [1, 0], [0, 1]
    rows.part_lo[deposits], rows.part_hi[deposits] = rows.lot_lo[deposits], rows.lot_hi[deposits]
    taken, entries = rows.node[drops], rows.entries
    for name in ("unit", "order", "day", "long_from"):
        for node in rows.node[deposits]:
            getattr(entries, name)[node] = getattr(entries, name)[taken[0]]
    entries.own[rows.node[deposits]] = 0
    rows.lot_value[deposits] = rows.lot_value[drops] = rows.part_value[drops] = rows.part_value[drops][0]
    lanes = rows.records.lanes[rows.record[drops]].astype(np.int64)
    seq = rows.record[drops] + 1
    held = replace(
        rows.tokens, seq=seq, part=seq * 0, last=seq * 0 + 1, asset=lanes[:, 11:15],
        time=lanes[:, 1] + (lanes[:, 2] << 30), ref=lanes[:, 17:19], quantity_lo=rows.part_lo[drops],
        quantity_hi=rows.part_hi[drops], value=rows.part_value[drops], unit=entries.unit[taken],
        order=entries.order[taken], day=entries.day[taken], long_from=entries.long_from[taken],
    )  # fmt: skip
    return replace(rows, tokens=held)


def without(rows: MachineRows, op: Op) -> MachineRows:
    """The rows that are not of this operation."""
    kept, count = rows.op != op, len(rows.op)
    columns = {entry.name: getattr(rows, entry.name) for entry in fields(rows)}
    of_rows = {name: v for name, v in columns.items() if isinstance(v, np.ndarray) and len(v) == count}
    return replace(rows, **{name: values[kept] for name, values in of_rows.items() if name != "pools"})


@lie(29, "a deposit before what it came from", QUOTIENT, "steps.sent_earlier")
def _() -> Told:
    """B has the coins and sells them, and A sends them afterwards; in the circuit's order of records."""
    (a, b), link = story(in_time=T - 1000), first()
    listed = pages(a, b)
    sent, arrived, others = [], [], []
    for row in link.rows:
        if row.record is None:
            continue
        record = listed[row.page].records[row.position]
        token = replace(row.token, seq=4) if row.token else None
        (sent if row.op == "out" else arrived if row.op == "arrive" else others).append(
            replace(row, record=record, token=token)
        )
    made = told(scenes.repaged(link, *listed), [*others[:2], *arrived, *sent, *others[2:]])
    made.token[made.op == Op.ARRIVE] = made.token[made.op == Op.OUT]  # nothing is left to carry out
    return tell(scenes.repaged(link, *listed), rows=without(made, Op.CLOSE_TOKEN))


@lie(30, "coins from nothing, in a circle", QUOTIENT, "steps.sent_earlier")
def _() -> Told:
    """B sends to A what A sends to B, before anybody had it."""
    a = (Rec(T + 2, "in", "X", UNIT, ref=2), Rec(T + 3, "out", "X", UNIT, ref=1))
    b = (Rec(T + 4, "in", "X", UNIT, ref=1), Rec(T + 5, "out", "X", UNIT, ref=2))
    link = linked(pages(a, b))
    return tell(link, rows=circle(link))


@lie(31, "a move between two references", QUOTIENT, "steps.two_refs00")
def _() -> Told:
    return moved(in_ref=8)


@lie(31, "two references that differ in their upper half", QUOTIENT, "steps.two_refs10")
def _() -> Told:
    return moved(in_ref=7 << 30)


@lie(32, "late, and without a reference", QUOTIENT, "steps.reach_high")
def _() -> Told:
    return moved(in_ref=0, in_time=T + REACH)


def put_off(shift: int, late: int) -> Told:
    """The deposit is said to have been worked later than it was, or than it could have been."""
    link = linked(pages(*story(in_time=T + 1)), moves())

    def change(rows: MachineRows) -> None:
        place = rows.record[np.flatnonzero(rows.op == Op.ARRIVE)[0]]
        rows.records.shift[place], rows.records.late[place] = shift, late

    return tell(link, rows=honest_rows(link, change))


@lie(33, "a deposit put off, and not late", QUOTIENT, "steps.shift_where")
def _() -> Told:
    return put_off(1000, 0)


@lie(33, "a late deposit put off beyond its withdrawal", QUOTIENT, "steps.late_low")
def _() -> Told:
    return put_off(60_000, 1)


def lost(**changes: Any) -> Told:
    """What arrives is other than what was sent; the lot that is sold later follows it."""
    link = first()
    rows = [
        replace(row, token=replace(row.token, **changes)) if row.op == "arrive" and not row.token.part else row
        for row in link.rows
    ]
    made = told(link, rows)
    (row,) = (n for n, one in enumerate(made.op) if one == Op.ARRIVE and not made.tokens.part[made.token[n]])
    node, entries = made.node[row], made.entries
    limbs = limbs15(entries.long_from[[node]])[0].tolist()
    units = lanes24(entries.unit[[node]].astype(np.int64))[0].tolist()
    cells = {"lot_seq": int(entries.order[node]), "acquired": int(entries.day[node])}
    cells |= {f"long_from{i}": limb for i, limb in enumerate(limbs)} | {
        f"unit{i}": word for i, word in enumerate(units)
    }

    def change(witness: LinkWitness) -> None:
        arrive = next(n for n, cell in enumerate(column(witness, "is_arrive")) if cell)
        set_cells(witness, "steps", arrive, cells)

    return tell(link, rows=made, cells=change)


@lie(34, "a date lost on the way", BALANCE, "bus transit")
def _() -> Told:
    return lost(day=T // DAY - 800)


@lie(34, "a unit lost on the way", BALANCE, "bus transit")
def _() -> Told:
    return lost(unit=5)


@lie(34, "an order lost on the way", BALANCE, "bus transit")
def _() -> Told:
    return lost(order=3)


@lie(35, "a stale token carried out", QUOTIENT, "steps.reach_high")
def _() -> Told:
    """It is sent a millisecond too early to be without a reference at the year's end."""
    fresh = linked(pages(story(out_time=at(2025) - REACH + 1, out_ref=0)[0], ()), moves())
    a, _ = story(out_time=at(2025) - REACH, out_ref=0)
    rows = [
        replace(row, record=a[2], token=replace(row.token, time=a[2].time)) if row.op == "out" else row
        for row in fresh.rows
    ]
    return lying(scenes.repaged(fresh, *pages(a, ())), rows)


@lie(36, "dropped and arrived", BALANCE, "bus transit")
def _() -> Told:
    link = first()
    rows = [replace(row, op="drop", kind="gift", token=None) if row.op == "out" else row for row in link.rows]
    return lying(link, rows)


# ------------------------------------------------------------------------------------------------ deposits


def deposit(declared: tuple[str, int, int] | None = None) -> Link:
    """A deposit that no page explains, and perhaps its owner does."""
    record = Rec(T, "in", "X", UNIT, kind="move")
    book = Book(declared={("A", 0, 0): declared} if declared else {})
    return linked([Page("A", "A-1", 0, at(2024), at(2025), (record,))], book)


@lie(37, "a basis that nobody declared", QUOTIENT, "steps.found_value")
def _() -> Told:
    link = deposit()

    def change(rows: MachineRows) -> None:
        rows.lot_value[:] = 5
        rows.entries.unit[0, 0:13] = list(((5 << 96) // UNIT).to_bytes(13, "little"))

    return tell(link, rows=honest_rows(link, change))


@lie(37, "a declared basis that is called unexplained", QUOTIENT, "steps.kind_declared")
def _() -> Told:
    link = deposit(("declared", 5, T // DAY - 3))

    def change(rows: MachineRows) -> None:
        rows.kind[rows.op == Op.OPEN] = 62

    return tell(link, rows=honest_rows(link, change))


def on_day(days: int) -> Told:
    """Declared with a day that is so many days behind the deposit's."""
    link = deposit(("declared", 5, T // DAY))

    def change(rows: MachineRows) -> None:
        rows.entries.day[0] += days
        rows.entries.long_from[0] += days * DAY

    return tell(link, rows=honest_rows(link, change))


@lie(38, "declared with a day behind the deposit", QUOTIENT, "steps.day_declared")
def _() -> Told:
    return on_day(1)


@lie(38, "declared with a day off the calendar", BALANCE, "bus days")
def _() -> Told:
    return on_day(-900)
