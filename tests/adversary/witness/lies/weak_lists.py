"""Lies on one kind of row: what goes on in another list, or arrives there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.adversary.kit.forge import Forgery, Sheet, forge
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.amounts import weighed
from tests.adversary.witness.lies.lists import THREE, THREE_SALES, entry_id, entry_linked
from tests.adversary.witness.lies.registry import LIES, run
from tests.adversary.witness.lies.sequence import FIFO
from tests.adversary.witness.lies.weak_steps import (
    BUY,
    HERE,
    LOTS,
    MOVE,
    MOVE_IT,
    NOTHING,
    SECOND,
    SELL_TWO,
    changed,
    weak,
)
from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v1 import witness
from zkharvest.circuit.lot_machine.v1.steps import fill as steps_fill
from zkharvest.commitment.encoding import asset_code
from zkharvest.commitment.opening import Opening, commit
from zkharvest.ledger.rules import Side

# ------------------------------------------------------------------------------------------- another list, in between


def other_asset(lane: int) -> tuple[Any, list[Any]]:
    """The code of an asset that differs in a lane, and the patches that give it to `BTC2`."""

    def code(name: str) -> tuple[int, ...]:
        lanes = list(asset_code(name.removesuffix("2")))
        lanes[lane] ^= name.endswith("2")
        return tuple(lanes)

    return code("BTC2"), [(where, "asset_code", code) for where in (witness, steps_fill)]


def arrives_as(lane: int | None) -> Forgery:
    """A moved lot arrives as one of another asset, or as a short one."""
    short = lane is None

    class Turns(Scribe):
        def insert(self, op: int, trade: int, entry: Any) -> None:
            if trade == 1:
                entry.pool = entry.pool._replace(**({"side": Side.SHORT} if short else {"asset": "BTC2"}))
            super().insert(op, trade, entry)

    def turned(sheet: Sheet) -> None:
        if lane is None:
            sheet.set(2, side=1, direction=-1)
        else:
            sheet.set(2, **{f"asset{lane}": int(sheet[f"asset{lane}"][2]) ^ 1})

    patches = [] if lane is None else other_asset(lane)[1]
    return run(MOVE, operations=told_by(Turns), patches=patches, steps=turned)


class Both(Scribe):
    """A disposal takes the first lot of each list."""

    def parts(self, trade: int, entries: Any) -> Any:
        for pool in sorted(self.lists):
            entry = self.lists[pool][0]
            yield entry, entry.quantity


def goes_on_with_asset(lane: int) -> Forgery:
    """A disposal's second part is of another asset."""
    code, patches = other_asset(lane)
    opening = commit([BUY, replace(SECOND, asset="BTC2"), SELL_TWO], currency="USD", seed=statement.SEED)
    opening.records.lanes[1, 11:17] = code
    fresh = Opening(opening.trades, opening.currency, opening.seed)
    fresh.__dict__["records"] = opening.records

    def turned(sheet: Sheet) -> None:
        sheet[f"asset{lane}"][[4, 5]] = code[lane]

    return forge(fresh, FIFO, operations=told_by(Both), patches=patches, steps=turned)


def goes_on_short() -> Forgery:
    """The second part of a sale for nothing closes a short lot."""
    rows = [NOTHING[0], trade("2024-01-02", "a/2", "short", 1, 0), NOTHING[2]]

    def turned(sheet: Sheet) -> None:
        for row in (4, 5):
            sheet.set(row, side=1)
            weighed(sheet, row, second=row == 5)

    return run(rows, operations=told_by(Both), steps=turned)


def astray() -> Forgery:
    """A transfer's second half names another wallet, and the lot arrives there."""
    forged = LIES["steps.wallet_to"]()
    sheet = forged.sheet("steps")
    (row,) = sheet.rows("is_into")
    sheet.set(row, to=int(sheet["wallet"][row]) - 1)
    return forged


def closed_in_turn() -> Forgery:
    """Three lots are closed, the second one first; each row says that the list's head leads to another lot."""

    class Turned(Scribe):
        def final(self) -> list[Any]:
            first, second, third = super().final()
            return [second, first, third]

    def linked(sheet: Sheet) -> None:
        keys = [sheet.get(row, "key") for row in range(3)]
        tail = sheet.get(2, "pred_next_key")
        for row, came, leads in ((3, 1, 3), (4, 3, 2), (5, 2, 0)):
            sheet.set(row, pred_next=came, node_next=leads)
            sheet.put(row, "pred_next_key", keys[came - 1])
            sheet.put(row, "node_next_key", keys[leads - 1] if leads else tail)

    return run(THREE, operations=told_by(Turned), steps=linked)


for _lane in range(6):
    weak(f"asset{_lane}_held", "is_out", arrives_as, _lane)
for _lane in range(3):
    weak(f"asset{_lane}_held", "more", goes_on_with_asset, _lane)
weak("side_held", "is_out", arrives_as, None)
weak("side_held", "more", goes_on_short)
weak("negative_held", "more", lambda: changed(NOTHING, [4, 5], negative=1, loss=1))
weak("to_held", "is_out", astray)
weak("entry_linked", "is_out", entry_linked, "is_out", replace(MOVE_IT, quantity=MOVE_IT.quantity // 2))
weak("entry_linked", "is_close", closed_in_turn)
_ARRIVE = [replace(MOVE_IT, source=s, id="m", time=MOVE_IT.time + n) for n, s in enumerate("acd")]
_SOLD_THERE = [replace(t, source="b") for t in THREE_SALES]
weak("entry_id", "is_into", entry_id, (4, 6, 8), (9, 11, 13), [*HERE, *_ARRIVE, *_SOLD_THERE], 1)
weak("entry_id", "is_load", lambda: entry_id((0, 1, 2), (3, 5, 7), THREE_SALES, carried=LOTS))
