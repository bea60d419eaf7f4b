"""Lies about rows and records: what follows what, what a record allows, terms and years."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery, Sheet, forge, pretend
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.registry import lie, run
from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness
from zkharvest.circuit.lot_machine.v1.steps.layout import lay_out
from zkharvest.commitment.encoding import CLOSE, MOVE, NEGATIVE, SHORT_SIDE, TAG_RECORD
from zkharvest.commitment.inventory import Inventory, commit_inventory
from zkharvest.commitment.opening import Opening, commit
from zkharvest.ledger import Election, Method, Pooling
from zkharvest.ledger.rules import Side

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
MOVE_IT = trade("2024-01-15", "a/2", "transfer", 1, to="b")
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
SELL_THERE = trade("2024-02-01", "b/3", "sell", 1, 200)
EXTRA = trade("2024-03-01", "a/9", "buy", 1, 5, asset="ETH")
LATER = trade("2024-05-01", "a/8", "income", 1, 5)
FIFO = Election(Method.FIFO, Pooling.WALLET, "UTC", 2024)
ORDER = ("time2", "time1", "time0", "tie", "source", "position")
RECORD = (
    *("code_close", "code_move", "side", "negative", "to", "time0", "time1", "time2", "tie", "source", "position"),
    *(f"asset{i}" for i in range(6)),
    *("wallet", "seq", "phase"),
    *(f"rest_quantity{i}" for i in range(5)),
    *(f"rest_value{i}" for i in range(3)),
)


def committed(rows: list[Any], codes: dict[int, int] | None = None) -> Opening:
    """Trades, some of whose records have another code: what no honest source commits."""
    opening = commit(rows, currency="USD", seed=statement.SEED)
    for place, code in (codes or {}).items():
        opening.records.lanes[place, 0] = TAG_RECORD + code
    fresh = Opening(opening.trades, opening.currency, opening.seed)
    fresh.__dict__["records"] = opening.records
    return fresh


def later(by: int, first: int) -> dict[str, Any]:
    """Rows from the operations's entry `first` on stand `by` further down."""

    def layout(*given: Any) -> Any:
        made = lay_out(*given)
        at = made.at.copy()
        at[first:] += by
        return replace(made, at=at, late=made.late + by, closes=made.closes + by, used=made.used + by)

    return {"lay_out": layout}


def holds(sheet: Sheet, row: int, source: int, names: tuple[str, ...] = RECORD) -> None:
    """A row has the record of another row."""
    for name in names:
        sheet[name][row] = sheet[name][source]


def follows(sheet: Sheet, row: int) -> None:
    """The trade that begins on the next row is compared with this one."""
    sheet.compare(row, "order", *([int(sheet[name][r]) for name in ORDER] for r in (row, row + 1)))


def follows_nothing(sheet: Sheet, row: int) -> None:
    sheet.compare(row, "order", [0] * 6, [0] * 6)


# ------------------------------------------------------------------------------------------------------- beginnings


def _clk_start() -> Forgery:
    """The clock starts at 2: everything but the heads' first links is written one later."""

    def shifted(sheet: Sheet) -> None:
        used = sheet.rows("is_open") + sheet.rows("is_take")
        for name in ("pred", "pred_next", "node", "node_next", "pred_write", "node_write", "content_write"):
            sheet[name][:] += sheet[name] > 0
        for row in used:
            if not sheet["pred_write"][row]:
                sheet.set(row, pred_age0=int(sheet["pred_age0"][row]) + 1)
        sheet["clk"][:] += 1

    forged = run([BUY, SELL], steps=shifted)
    pools = forged.sheet("pools")
    pools["last_write"][:] += pools["last_write"] > 0
    forged.recount()
    return forged


def _seq_start() -> Forgery:
    """Trades are counted from 5."""

    class Later(StepsWitness):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.seq_base = 4

    return run([BUY, SELL], replace={"StepsWitness": Later})


def unrecorded(rows: list[Any], extra: Any, row: int, *, arrives: bool = False) -> Forgery:
    """A lot from nowhere: an opening row of a trade that no source has on record, which is no trade's first row.

    With `arrives` it is what a transfer brings that took nothing.
    """
    opening = commit(rows, currency="USD", seed=statement.SEED)
    fake = pretend(opening, sorted([*opening.trades, extra], key=lambda t: t.time))
    number = row + 1  # what its order of acquisition would be; it gets the one before

    def free(sheet: Sheet) -> None:
        for stem in ("day_start", "day_end", "day_long"):
            sheet.put(row, f"{stem}", [0, 0, 0])
        sheet.put(row, "day_long", sheet.get(row, "long_from"))
        for name in ("since", "until"):
            sheet.compare(row, name, [0] * 3, [0] * 3)
        if row:
            follows_nothing(sheet, row - 1)
        sheet.set(row, first=0)
        sheet["seq"][row:] -= 1
        for name in ("lot_seq", "key7", "pred_next_key7", "node_next_key7"):  # the tail's key is larger than any
            cells = sheet[name]
            cells[(cells >= number) & (cells < 100)] -= 1
        for r in sheet.rows("is_open"):
            sheet.compare(r, "above", [0] * 8, [0] * 7 + [int(sheet["key7"][r])])

        if arrives:
            whole = sheet.get(row, "c")
            sheet.set(row, is_open=0, is_into=1, left_inverse=pow(sum(whole), -1, P), to=int(sheet["wallet"][row]) - 1)
            for stem in ("q", "r", "carry", "remainder_at"):
                sheet.put(row, stem, [0] * len(sheet.get(row, stem)))
            sheet.put(row, "b", whole)
            sheet.set(row, remainder_low=0, remainder_high=0)

    def inventory(lots: Any, *rest: Any) -> Inventory:
        lots = lots.copy()
        lots[lots[:, 17] >= number, 17] -= 1
        return commit_inventory(lots, *rest)

    forged = forge(fake, FIFO, steps=free, replace={"commit_inventory": inventory})
    day = (extra.time - 1_609_459_200_000) // 86_400_000  # the calendar begins in 2021
    forged.sheet("calendar")["count"][day] -= 1
    forged.recount()
    return forged


def _settle_start() -> Forgery:
    """Proceeds from nowhere: the first row is the second half of a disposal that never took a lot."""

    def forged(sheet: Sheet) -> None:
        holds(sheet, 0, 3)
        sheet.copy_row(3, 0)
        for name in ("time0", "time1", "time2", "seq", "position"):
            sheet.set(0, **{name: 0})
        follows(sheet, 0)

    return run([BUY, SELL], replace=later(1, 0), steps=forged)


lie("steps.clk_start", _clk_start)
lie("steps.seq_start", _seq_start)
lie("steps.first_next", unrecorded, [BUY], EXTRA, 1)
lie("steps.first_start", unrecorded, [LATER], replace(EXTRA, time=BUY.time), 0)
lie("steps.settle_start", _settle_start)
lie("steps.into_start", partial(unrecorded, [LATER], replace(EXTRA, time=BUY.time), 0, arrives=True))


# ---------------------------------------------------------------------------------------------------- one after another


def idle_before(rows: list[Any], basis: str = "wallet") -> Forgery:
    """An idle row after the first one."""

    def gap(sheet: Sheet) -> None:
        if len(rows) > 1:
            holds(sheet, 1, 0, ("seq", *ORDER))
            follows_nothing(sheet, 0)
            follows(sheet, 1)

    return run(rows, basis=basis, replace=later(1, 1), steps=gap)


def vanish(flag: str) -> Callable[[Sheet], None]:
    """The second half of the last part is none: an idle row that holds the rest of the record."""

    def forged(sheet: Sheet) -> None:
        (row,) = sheet.rows(flag)
        sheet.set(row, **{flag: 0})
        for stem in ("r", "carry", "remainder_at"):
            sheet.put(row, stem, [0] * len(sheet.get(row, stem)))
        sheet.put(row, "borrow_e", [0] * 6)
        sheet.put(row, "borrow_g", [0] * 3)
        sheet.set(row, remainder_low=0, remainder_high=0, weight=0)
        sheet.put(row, "bucket_weight", [0] * 5)

    return forged


def _take_settles() -> Forgery:
    """The basis counts, the proceeds do not: a larger loss (the sale is one at a loss)."""
    return run([BUY, replace(SELL, amount=5)], steps=vanish("is_settle"))


def _out_into() -> Forgery:
    """A moved lot does not arrive."""

    class Vanishes(Scribe):
        def insert(self, op: int, trade: int, entry: Any) -> None:
            super().insert(op, trade, entry)
            if trade == 1:
                self.lists[entry.pool].remove(entry)

    def forged(sheet: Sheet) -> None:
        vanish("is_into")(sheet)
        (row,) = sheet.rows("is_out")
        row += 1
        for name in ("above", "below"):
            sheet.compare(row, name, [0] * 8, [0] * 8)

    forgery = run([BUY, MOVE_IT], operations=told_by(Vanishes), steps=forged)
    pools = forgery.sheet("pools")
    pools["last_write"][:] = np.where(pools["wallet"] == 2, 0, pools["last_write"])  # nothing was put into `b`
    forgery.recount()
    return forgery


def lanes24(octets: list[int]) -> list[int]:
    return [sum(x << (8 * k) for k, x in enumerate(octets[i : i + 3])) for i in range(0, len(octets), 3)]


def unfinished(flag: str) -> Callable[[Sheet], None]:
    """`more` is said at the end, and the next row, which is idle or a closing, goes on."""

    def forged(sheet: Sheet) -> None:
        (row,) = sheet.rows(flag)
        after = row + 1
        closes = int(sheet["is_close"][after])
        sheet.set(row, more=1)
        holds(sheet, after, row, tuple(n for n in RECORD if n != "wallet" and (not closes or "rest_value" not in n)))
        sheet.put(after, "rest_quantity", lanes24(sheet.get(row, "e")))
        if not closes:
            sheet.put(after, "rest_value", lanes24(sheet.get(row, "g")))

    return forged


class Half(Scribe):
    """The disposal (or transfer) number 1 takes half of what it says."""

    def parts(self, trade: int, entries: Any) -> Any:
        half = trade == 1
        yield entries[0], self.trades[trade].quantity // (2 if half else 1)


def _more_take() -> Forgery:
    """The other half of a disposal is left open."""
    lot = replace(BUY, quantity=BUY.quantity // 2)
    return run([lot, SELL], operations=told_by(Half), steps=unfinished("is_settle"))


def _more_out() -> Forgery:
    """The other half of a transfer is left open."""
    lot = replace(BUY, quantity=BUY.quantity // 2)
    return run([lot, MOVE_IT], operations=told_by(Half), steps=unfinished("is_into"))


lie("steps.idle_last", idle_before, [BUY, SELL])
lie("steps.take_settles", _take_settles)
lie("steps.out_into", _out_into)
lie("steps.more_take", _more_take)
lie("steps.more_out", _more_out)


# ------------------------------------------------------------------------------------------------ records and wallets


class Takes(Scribe):
    """Every disposal works on the long side."""

    def side(self, trade: int) -> Side:
        return Side.LONG


class Shorts(Scribe):
    def side(self, trade: int) -> Side:
        return Side.SHORT

    def insert(self, op: int, trade: int, entry: Any) -> None:
        entry.pool = entry.pool._replace(side=Side.SHORT)
        super().insert(op, trade, entry)


def coded(rows: list[Any], codes: dict[int, int], liar: type[Scribe] = Takes) -> Forgery:
    return forge(committed(rows, codes), FIFO, operations=told_by(liar))


def _skip_why() -> Forgery:
    class Skips(Scribe):
        def skips(self, trade: int) -> bool:
            return trade == 1

    return run([BUY, SELL], operations=told_by(Skips))


def runs_on(rows: list[Any], **told: Any) -> Forgery:
    """What is after the year's end has an effect."""

    class RunsOn(Scribe):
        def __init__(self, trades: Any, regime: Election) -> None:
            super().__init__(trades, regime)
            self.trades = list(trades)

    return run(rows, operations=told_by(RunsOn), **told)


def _wallet_to() -> Forgery:
    class Astray(Scribe):
        def insert(self, op: int, trade: int, entry: Any) -> None:
            if trade == 1:
                entry.pool = entry.pool._replace(wallet="c")
            super().insert(op, trade, entry)

    def there(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_into")
        sheet.set(row, wallet=3)

    return run([BUY, MOVE_IT, replace(SELL_THERE, source="c")], operations=told_by(Astray), steps=there)


lie("steps.open_code", coded, [BUY], {0: CLOSE})
lie("steps.open_sign", coded, [BUY], {0: NEGATIVE})
lie("steps.take_code", coded, [BUY, SELL], {1: 0})
lie("steps.out_code", coded, [BUY, MOVE_IT], {1: 0})
lie("steps.one_code", coded, [BUY, SELL], {1: CLOSE + MOVE})
lie("steps.out_long", coded, [BUY, MOVE_IT], {0: SHORT_SIDE, 1: MOVE + SHORT_SIDE}, Shorts)
lie("steps.skip_why", _skip_why)
lie("steps.work_in_time", runs_on, [BUY, trade("2025-01-01", "a/3", "sell", 1, 200)])
lie("steps.wallet_to", _wallet_to)
