"""Lies between operations on the lists of lots: tokens that differ in one field, or have no counterpart at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery, Sheet, forge
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.amounts import flagged
from tests.adversary.witness.lies.bus_steps_ranges import FOUR, SALES, aged, exchange
from tests.adversary.witness.lies.lists import BUY, SECOND, SELL
from tests.adversary.witness.lies.registry import LIES, bus_lie, field_lie, run, starved
from tests.adversary.witness.lies.sequence import FIFO
from tests.support import statement
from tests.support.make import at, trade
from zkharvest.circuit.lot_machine.shared.lists import LANE_MAX, SEQ_MAX
from zkharvest.commitment.encoding import DIGEST, SALT, WIDTH
from zkharvest.commitment.inventory import Inventory, commit_inventory
from zkharvest.commitment.opening import Opening, commit
from zkharvest.commitment.tree import build_tree
from zkharvest.ledger import Pool
from zkharvest.ledger.rules import Side

TAIL = [LANE_MAX] * 7 + [SEQ_MAX]
ASSET, WALLET, SIDE, ENTRY, WRITE, PRED_KEY, NEXT, NEXT_KEY = 0, 6, 7, 8, 9, 10, 18, 19  # fields of `link`

# --------------------------------------------------------------------------------------------------------------- pools


class OneList(Scribe):
    """All lots stand in one list."""

    def pool(self, trade: int, side: Side) -> Pool:
        return Pool("BTC", "a", Side.LONG)


def _assets(lane: int) -> Forgery:
    """The second lot and its sale are of an asset whose code differs in a lane; its lot waits behind the other's."""
    opening = commit(
        [BUY, SECOND, SELL, replace(SELL, id="4", time=SELL.time + 1)], currency="USD", seed=statement.SEED
    )
    opening.records.lanes[[1, 3], 11 + lane] ^= 1
    fresh = Opening(opening.trades, opening.currency, opening.seed)
    fresh.__dict__["records"] = opening.records
    return forge(fresh, FIFO)


def _sides() -> Forgery:
    """A short lot stands behind a long one."""
    short = [trade("2024-01-02", "a/2", "short", 1, 300), trade("2024-02-02", "a/4", "cover", 1, 200)]
    return run([BUY, short[0], SELL, short[1]], operations=told_by(OneList))


def _wallets() -> Forgery:
    """A lot of wallet b stands behind one of wallet a."""
    there = [replace(SECOND, source="b"), replace(SELL, source="b", time=SELL.time + 1)]
    return run([BUY, there[0], SELL, there[1]], operations=told_by(OneList))


for _lane in range(6):
    field_lie("link", ASSET + _lane, _assets, _lane)
field_lie("link", WALLET, _wallets)
field_lie("link", SIDE, _sides)


# --------------------------------------------------------------------------------------------------------------- links


def _entry() -> Forgery:
    """FIFO: the second lot is sold; the link that leads to it, the first lot's, is said to be the list's head."""
    forged = LIES["steps.head"]()
    sheet = forged.sheet("steps")
    sheet.set(sheet.rows("is_take")[0], pred=0)
    return forged


def _write() -> Forgery:
    """Two sales of one lot, both read the list's head as the purchase left it."""

    def forged(sheet: Sheet) -> None:
        aged(sheet, 3, "pred", 1)

    return run([FOUR, *SALES], steps=forged)


def _key(stem: str, lane: int) -> Forgery:
    """A sale that takes a part of the only lot has another key of an entry than is stored."""

    def forged(sheet: Sheet) -> None:
        sheet.set(1, **{f"{stem}{lane}": int(sheet[f"{stem}{lane}"][1]) - 1})

    return run([FOUR, SALES[0]], steps=forged)


def _next_order() -> Forgery:
    """FIFO: the second lot is put before the first, whose order is said to be later."""

    def forged(sheet: Sheet) -> None:
        own = sheet.get(1, "key")
        claimed = [*own[:7], own[7] + 1]
        for stem in ("pred_next_key", "node_next_key"):
            sheet.put(1, stem, claimed)
        sheet.compare(1, "below", own, claimed)

    class First(Scribe):
        def place(self, entries: list[Any], entry: Any) -> int:
            return 0

    return run([BUY, SECOND, SELL], operations=told_by(First), steps=forged)


def _next() -> Forgery:
    """FIFO: a part of the second lot is sold; the list's head is said to lead to it."""
    forged = LIES["steps.entry_linked"]()
    sheet = forged.sheet("steps")
    (row,) = sheet.rows("is_take")
    sheet.set(row, pred_next=int(sheet["node"][row]))
    return forged


def _no_entry() -> Forgery:
    """HIFO: nobody asks what a lot that goes leads to. It says: to one with the last of all keys.

    The third lot, of the least unit basis, is put before the first one, and sold before it.
    """
    rows = [replace(BUY, id=str(n), time=BUY.time + n, amount=n) for n in (30, 40)]
    sales = [replace(SELL, id=f"s{n}", time=SELL.time + n) for n in (0, 2, 3)]
    third = replace(BUY, id="20", time=SELL.time + 1, amount=20)

    class Before(Scribe):
        def place(self, entries: list[Any], entry: Any) -> int:
            return 0

    def forged(sheet: Sheet) -> None:
        sold, bought = 2, 4
        sheet.put(sold, "node_next_key", TAIL)
        for stem in ("pred_next_key", "node_next_key"):
            sheet.put(bought, stem, TAIL)
        key = sheet.get(bought, "key")
        rank = [6, 5, 4, 3, 2, 1, 0, 7]
        sheet.compare(bought, "below", [key[i] for i in rank], [TAIL[i] for i in rank])

    return run([*rows, sales[0], third, *sales[1:]], "hifo", operations=told_by(Before), steps=forged)


field_lie("link", ENTRY, _entry)
field_lie("link", WRITE, _write)
field_lie("link", NEXT, _next)
for _lane in range(8):
    field_lie("link", PRED_KEY + _lane, _key, "pred_key", _lane)
for _lane in range(7):
    field_lie("link", NEXT_KEY + _lane, _key, "pred_next_key", _lane)
field_lie("link", NEXT_KEY + 7, _next_order)
bus_lie("steps -> link #2", _no_entry)
starved(
    "links are counted: an insert reads one and writes two, a lot that goes takes back one; without one of these "
    "nothing can be put into a list, or nothing leaves it",
    "steps <- link #0",
    "steps -> link #1",
)


# ------------------------------------------------------------------------------------------------------------ contents


def _another_lot() -> Forgery:
    """Two lots are sold one after the other, the first with the content of the second."""

    def forged(sheet: Sheet) -> None:
        first, second = sheet.rows("is_take")
        exchange(sheet, first, second, "unit", "long_from", "content_age", "result_at")
        for name in ("lot_seq", "content_write", "result_low", "result_high"):
            sheet[name][[first, second]] = sheet[name][[second, first]]
        for row in (first, second):
            aged(sheet, row, "content", int(sheet["content_write"][row]))

    return run([BUY, SECOND, *(replace(t, amount=4 * BUY.amount) for t in SALES)], steps=forged)


def _content_write() -> Forgery:
    """Two sales of one lot: the first takes its part of what the second leaves."""
    return run([FOUR, *SALES], steps=lambda sheet: exchange(sheet, 1, 3))


class Grows(Scribe):
    """A lot has more quantity or value when it is taken than when it was bought."""

    quantity = value = 0

    def insert(self, op: int, trade: int, entry: Any) -> None:
        super().insert(op, trade, entry)
        entry.quantity += self.quantity
        entry.value += self.value


def _grown(what: str, lane: int) -> Forgery:
    return run([BUY, SELL], operations=told_by(type("Grown", (Grows,), {what: 1 << (24 * lane)})))


def _unit(lane: int) -> Forgery:
    """A lot is carried out with another unit basis than it had."""

    def inventory(lots: Any, unit: Any, *rest: Any) -> Inventory:
        unit = unit.copy()
        unit[:, lane] ^= 1
        return commit_inventory(lots, unit, *rest)

    def other(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_close")
        name = f"unit{lane}"
        sheet.set(row, **{name: int(sheet[name][row]) ^ 1})

    return run([BUY], replace={"commit_inventory": inventory}, steps=other)


def _order() -> Forgery:
    """A lot is carried out as older than it is."""

    def inventory(lots: Any, *rest: Any) -> Inventory:
        lots = lots.copy()
        lots[:, 17] -= 1
        return commit_inventory(lots, *rest)

    def older(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_close")
        sheet.set(row, lot_seq=int(sheet["lot_seq"][row]) - 1)

    return run([BUY], replace={"commit_inventory": inventory}, steps=older)


def _term(lane: int) -> Forgery:
    """Sold in the last millisecond of short term; the lot is said to be long term from earlier on."""
    sale = replace(SELL, time=at("2024-06-18") - 1)

    def earlier(sheet: Sheet) -> None:
        name = f"long_from{lane}"
        sheet.set(1, **{name: int(sheet[name][1]) - 1})
        flagged([1, 2], long_term=1)(sheet)
        sheet.set(1, held_long=1)
        sheet.compare(1, "held", sheet.get(1, "long_from")[::-1], sheet.get(1, "time")[::-1])

    return run([trade("2023-06-17", "a/1", "buy", 1, 100), sale], steps=earlier)


def _not_carried_out() -> Forgery:
    """A lot is left; the closing inventory is empty."""
    nothing = np.zeros((0, WIDTH), np.uint32)

    def inventory(*_: Any) -> Inventory:
        return Inventory(nothing, nothing, build_tree(nothing[:, :DIGEST], np.arange(SALT, dtype=np.uint32)))

    return run([BUY], replace={"commit_inventory": inventory})


NODE, WRITTEN, QUANTITY, VALUE, UNIT, SEQ, TERM = 0, 1, 2, 7, 10, 17, 18  # fields of `content`
field_lie("content", NODE, _another_lot)
field_lie("content", WRITTEN, _content_write)
for _lane in range(5):
    field_lie("content", QUANTITY + _lane, _grown, "quantity", _lane)
for _lane in range(3):
    field_lie("content", VALUE + _lane, _grown, "value", _lane)
    field_lie("content", TERM + _lane, _term, _lane)
for _lane in range(7):
    field_lie("content", UNIT + _lane, _unit, _lane)
field_lie("content", SEQ, _order)
bus_lie("steps <- lot #0", _not_carried_out)
starved(
    "contents are counted: an insert writes one, a lot in part taken is read and written, one that goes is read; "
    "without one of these there are no lots",
    "steps <- content #0",
    "steps -> content #1",
)
