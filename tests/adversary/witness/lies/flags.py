"""Lies about what a row does: two things at once, half of a thing, and entries that come and go on the wrong rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery, Sheet, forge, pretend
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.amounts import weighed
from tests.adversary.witness.lies.comparisons import marked, one
from tests.adversary.witness.lies.lists import entries
from tests.adversary.witness.lies.registry import lie, run
from tests.adversary.witness.lies.sequence import FIFO, ORDER, follows, follows_nothing, holds, lanes24
from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v1.steps import lists as steps_lists
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness
from zkharvest.circuit.lot_machine.v1.steps.layout import lay_out
from zkharvest.circuit.lot_machine.v1.steps.lists import _write_times
from zkharvest.commitment.inventory import Inventory, commit_inventory
from zkharvest.commitment.opening import commit

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
MOVE_IT = trade("2024-01-15", "a/2", "transfer", 1, to="b")
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
CARRIED = trade("2022-01-01", "a/0", "buy", 1, 100)
HELD = (
    *("code_close", "code_move", "side", "negative", "to", "time0", "time1", "time2", "tie", "source", "position"),
    *(f"asset{i}" for i in range(6)),
    *("phase", "loss", "long_term", "direction"),
    *(f"b{i}" for i in range(14)),
    *(f"rest_quantity{i}" for i in range(5)),
    *(f"rest_value{i}" for i in range(3)),
)


def layout(change: Callable[[Any], Any]) -> dict[str, Any]:
    """The plan of the rows is another one."""
    return {"lay_out": lambda *given: change(lay_out(*given))}


# ---------------------------------------------------------------------------------------------- two things on one row


def _load_alone() -> Forgery:
    """The row that loads a lot also passes over a record: no order is asked of the trade that follows."""

    def one_up(plan: Any) -> Any:
        at = plan.at.copy()
        at[1:] -= 1
        return replace(plan, at=at, early=plan.early - 1, closes=plan.closes - 1, used=plan.used - 1)

    def both(sheet: Sheet) -> None:
        sheet.set(0, node_age0=int(sheet["node_age0"][0]) + 1)  # `seq` counts the record already
        follows_nothing(sheet, 0)

    early = trade("2023-01-15", "a/2", "sell", 1, 0)
    return run([early, SELL], basis="universal", carried=[CARRIED], replace=layout(one_up), steps=both)


def _one_kind() -> Forgery:
    """The row that passes over a record after the year's end also closes a lot."""
    one_up = layout(lambda plan: replace(plan, closes=plan.closes - 1, used=plan.used - 1))
    return run([BUY, trade("2025-01-15", "a/2", "expire", 1)], basis="universal", replace=one_up)


def _loads_first() -> Forgery:
    """A lot is loaded between trades: no order is asked of what follows. The sale of February follows March's buy."""
    rows = [BUY, trade("2024-02-01", "a/2", "sell", 2, 500), trade("2024-03-01", "a/3", "buy", 1, 900)]
    opening = commit(rows, currency="USD", seed=statement.SEED)

    class Restarts(StepsWitness):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.seq_base = 0

    def unordered(sheet: Sheet) -> None:
        follows_nothing(sheet, 2)
        sheet.put(2, "node_age", [0, 0])

    return forge(
        pretend(opening, [opening.trades[i] for i in (0, 2, 1)]),
        FIFO,
        carried=[trade("2022-01-01", "a/0", "buy", 1, 5, asset="ETH")],
        operations=told_by(Scribe),
        replace={"StepsWitness": Restarts, **layout(lambda plan: replace(plan, at=np.array([2, 0, 1, 3, 5])))},
        steps=unordered,
    )


def closed_before(place: int, rows: list[Any], basis: str = "wallet") -> Forgery:
    """FIFO: the first lot goes to the closing inventory before the trade `place`, which takes the next one."""

    class Drains(Scribe):
        def side(self, trade: int) -> Any:
            if trade == place:
                self.drained = next(iter(self.lists.values())).pop(0)
            return super().side(trade)

        def final(self) -> list[Any]:
            return [self.drained, *super().final()]

    def at_once(plan: Any) -> Any:
        at, closes = plan.at.copy(), plan.closes.copy()
        at[place:] += 1
        closes[0] = place
        return replace(plan, at=at, closes=closes)

    def in_time(clk: Any, *given: Any) -> Any:
        *columns, nodes, pools = given
        order = np.argsort(clk, kind="stable")
        *reads, head = _write_times(clk[order], *(c[order] for c in columns), nodes, pools)
        return *(r[np.argsort(order, kind="stable")] for r in reads), head

    def goes_on(sheet: Sheet) -> None:  # the closing row holds the trade before it: its successor is later than that
        holds(sheet, place, place - 1, ORDER)
        follows_nothing(sheet, place - 1)
        follows(sheet, place)
        if place == 2:  # two lots in the list
            sheet.set(place, node_next=2)
            sheet.put(place, "node_next_key", sheet.get(1, "key"))

    patches = [(steps_lists, "_write_times", in_time)]
    return run(rows, basis=basis, operations=told_by(Drains), replace=layout(at_once), patches=patches, steps=goes_on)


DEAR = trade("2024-01-02", "a/2", "buy", 1, 400)
CHEAP_SALE = replace(SELL, amount=25 * 10**9)


lie("steps.loads_first", _loads_first)
lie("steps.closes_last", closed_before, 1, [BUY, DEAR, CHEAP_SALE])
lie("steps.load_alone", _load_alone)
lie("steps.one_kind", _one_kind)


# ------------------------------------------------------------------------------------------------------------- halves


def _ends_whole() -> Forgery:
    """Five units sold of one: the table ends with the lot's half, and what would go on stands on the first row."""

    class Short(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[0], entries[0].quantity

    lot = replace(CARRIED, quantity=1 << 60, amount=1 << 34)  # low bytes of its unit basis, read as proceeds: zero
    passed = [replace(MOVE_IT, id=f"m{n}", time=MOVE_IT.time + n) for n in range(15)]

    def cut(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_take")
        last = len(sheet["clk"]) - 1
        sheet.copy_row(last, row + 1)
        sheet.set(row, loss=1)
        sheet.compare(row, "result", [0] * 3, lanes24(sheet.get(row, "q")[:8])[::-1])
        weighed(sheet, row, second=False)
        holds(sheet, 0, row, HELD)

    rows = [*passed, replace(SELL, quantity=5 << 60, amount=0)]
    return run(rows, basis="universal", carried=[lot], operations=told_by(Short), steps=cut, idle=0)


lie("steps.ends_whole", _ends_whole)


# ------------------------------------------------------------------------------------------------------------ entries


def _emptied_where() -> Forgery:
    """A passed-over transfer puts a second link of a lot, to itself, and nothing as its content into the lists.

    The sale takes the lot over that link; the closing inventory has it once more, of nothing.
    """

    class Left(Scribe):
        def final(self) -> list[Any]:
            return self.entries

    def doubled(sheet: Sheet) -> None:
        lot, none, taken, closed = 0, 1, 2, 4
        key = sheet.get(lot, "key")
        for row in (none, taken):
            sheet.set(row, node=1, node_write=1, node_age0=row - 1, node_next=1)
            sheet.put(row, "key", key)
            sheet.put(row, "node_next_key", key)
        sheet.set(none, emptied=-1, lot_seq=int(sheet["lot_seq"][lot]))
        for stem in ("unit", "long_from"):
            sheet.put(none, stem, sheet.get(lot, stem))
        sheet.set(closed, content_write=none + 1, content_age0=closed - none - 1)

    return run([BUY, MOVE_IT, SELL], basis="universal", operations=told_by(Left), steps=doubled)


def _close_empties() -> Forgery:
    """A lot is closed twice, the second time of nothing."""

    class Twice(Scribe):
        def final(self) -> list[Any]:
            (entry,) = self.entries
            return [entry, replace(entry, quantity=0, value=0)]

    def stays(sheet: Sheet) -> None:
        sheet.set(sheet.rows("is_close")[0], emptied=0)

    return run([BUY], operations=told_by(Twice), steps=stays)


def _entry_next() -> Forgery:
    """LOFO: the second lot leads nowhere until the third, which comes between, leads to the first again."""

    def nowhere(sheet: Sheet) -> None:
        sheet.set(1, node_next=0)
        sheet.set(2, pred_next=0)

    return run([replace(BUY, id=str(n), amount=n) for n in (30, 10, 20)], "lofo", steps=nowhere)


lie("steps.emptied_where", _emptied_where)
lie("steps.close_empties", _close_empties)
lie("steps.entry_next", _entry_next)


# -------------------------------------------------------------------------------------------------------------- marks


def _above_marked() -> Forgery:
    """LOFO: two marks, of two lots that the opening inventory says are of one trade (the last lanes are equal)."""
    lots = [replace(CARRIED, id=str(n), quantity=1 << 60, amount=n << 30) for n in (1, 2)]

    def inventory(rows: Any, *rest: Any) -> Inventory:
        rows = rows.copy()
        rows[rows[:, 17] == 2, 17] = 1
        return commit_inventory(rows, *rest)

    def marks(sheet: Sheet) -> None:
        low, high = (sheet.get(row, "key")[6::-1] for row in (0, 1))
        place = next(i for i in range(7) if low[i] != high[i])
        marked(sheet, 1, "above", one(8, place, 7), high[place] - low[place] - 2)

    return run(
        [SELL],
        "lofo",
        carried=lots,
        patches=entries(1, seq=-1, key=(7, -1)),
        replace={"commit_inventory": inventory},
        steps=marks,
    )


def _below_marked() -> Forgery:
    """The second half of a moved lot is put before the first half, which has the same key."""

    class Before(Scribe):
        def place(self, entries: list[Any], entry: Any) -> int:
            return 0

    half = [replace(MOVE_IT, id=f"m{n}", time=MOVE_IT.time + n, quantity=BUY.quantity // 2) for n in range(2)]
    return run([BUY, *half, replace(SELL, source="b", quantity=SELL.quantity // 2)], operations=told_by(Before))


lie("steps.above_marked", _above_marked)
lie("steps.below_marked", _below_marked)
