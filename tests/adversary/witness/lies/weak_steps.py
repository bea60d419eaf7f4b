"""Lies on one kind of row: constraints of `steps` that hold on several kinds are each needed on each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.adversary.kit.forge import Forgery, Sheet
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.amounts import GIANT, Sells, weighed
from tests.adversary.witness.lies.flags import closed_before
from tests.adversary.witness.lies.lists import CARRIED, MOVED, entries
from tests.adversary.witness.lies.registry import run, weak_lie
from tests.adversary.witness.lies.sequence import idle_before, runs_on
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness
from zkharvest.commitment.inventory import Inventory, commit_inventory

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SECOND = trade("2024-01-02", "a/2", "buy", 1, 300)
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
SELL_TWO = trade("2024-02-01", "a/3", "sell", 2, 900)
MOVE_IT = trade("2024-01-15", "a/2", "transfer", 1, to="b")
TWO_PARTS = [BUY, SECOND, SELL_TWO]  # rows 2 to 5
NOTHING = [replace(t, amount=0) for t in TWO_PARTS]
MOVE = [BUY, MOVE_IT]  # rows 1 and 2
HELD = ("to", "time0", "time1", "time2", "tie", "position", *(f"asset{i}" for i in range(6)))


def changed(rows: Sequence[Any], at: Sequence[int], basis: str = "wallet", **by: int) -> Forgery:
    """Some rows have other cells; what is compared and weighed there follows."""

    def forged(sheet: Sheet) -> None:
        for row in at:
            sheet.set(row, **{name: int(sheet[name][row]) + change for name, change in by.items()})
            if sheet["is_take"][row]:
                sides = [sheet.get(row, stem)[::-1] for stem in ("long_from", "time")]
                sheet.compare(row, "held", *(sides if sheet["held_long"][row] else sides[::-1]))
            if sheet["is_take"][row] or sheet["is_settle"][row]:
                weighed(sheet, row, second=bool(sheet["is_settle"][row]))

    return run(rows, basis=basis, steps=forged)


def weak(constraint: str, kind: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    weak_lie(f"steps.{constraint}", kind, make, *arguments)


# ------------------------------------------------------------------------------------------------ what a trade holds

for _name in HELD:
    weak(f"{_name}_held", "is_take", lambda name: changed(TWO_PARTS, [5], **{name: 1}), _name)
for _name in ("time0", "time1", "time2", "tie", "position", "source", "phase", "negative"):
    weak(
        f"{_name}_held", "is_out", lambda name, by: changed(MOVE, [2], **{name: by}), _name, 1 - 2 * (_name == "phase")
    )
for _name in ("to", "time0", "time1", "time2", "tie", "position"):
    weak(f"{_name}_held", "more", lambda name: changed(TWO_PARTS, [4, 5], **{name: 1}), _name)
weak("source_held", "is_take", lambda: changed(TWO_PARTS, [5], source=1, wallet=1))
weak("source_held", "more", lambda: changed(TWO_PARTS, [4, 5], "universal", source=1))
for _name, _by in (("phase", -1), ("negative", 1)):
    weak(f"{_name}_held", "is_take", lambda name, by: changed(NOTHING, [5], **{name: by}), _name, _by)
weak("phase_held", "more", lambda: changed(NOTHING, [4, 5], phase=-1))


# ------------------------------------------------------------------------------------------------------------- amounts


def amount(kind: str, name: str, lane: int, first: bool) -> Forgery:
    """A disposal or transfer is of more than its record says, which its first row says, or both rows."""
    more = 1 << (24 * lane)

    class Other(Sells):
        quantity, amount = (more, 0) if name == "rest_quantity" else (0, more)

    def recorded(sheet: Sheet) -> None:
        (row,) = sheet.rows(kind)
        for at in (row,) if first else (row, row + 1):
            sheet.set(at, **{f"{name}{lane}": int(sheet[f"{name}{lane}"][at]) - 1})

    closing = SELL if kind == "is_take" else MOVE_IT
    return run(
        [GIANT, replace(closing, quantity=2**96, amount=2**60 * (kind == "is_take"))],
        operations=told_by(Other),
        steps=recorded,
    )


for _lane in range(5):
    weak(f"open_quantity{_lane}", "is_settle", amount, "is_take", "rest_quantity", _lane, False)
    weak(f"open_quantity{_lane}", "is_into", amount, "is_out", "rest_quantity", _lane, False)
    weak(f"rest_quantity{_lane}_held", "is_out", amount, "is_out", "rest_quantity", _lane, True)
for _lane in range(3):
    weak(f"open_value{_lane}", "is_settle", amount, "is_take", "rest_value", _lane, False)


def part_same(place: int) -> Forgery:
    """More arrives than a lot gives."""
    more = 256**place

    class Grows(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[0], self.trades[trade].quantity - more

        def insert(self, op: int, trade: int, entry: Any) -> None:
            entry.quantity += more * (trade == 1)
            super().insert(op, trade, entry)

    def arrives(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_into")
        whole = sheet.get(row, "c")
        sheet.put(row, "b", whole)
        sheet.put(row, "e", [0] * 14)
        sheet.put(row, "borrow_e", [0] * 6)
        sheet.set(row, left_inverse=pow(sum(whole), -1, P))

    return run([GIANT, replace(MOVE_IT, quantity=2**60 + more)], operations=told_by(Grows), steps=arrives)


class Nothing(Scribe):
    def parts(self, trade: int, entries: Any) -> Any:
        yield entries[0], 0
        yield entries[0], self.trades[trade].quantity


class Drops(Scribe):
    def taken(self, entry: Any, part: int, value: int) -> None:
        super().taken(entry, part, value)
        self.lists[entry.pool].remove(entry)
        self.ops[-1]["emptied"] = 1


class Halves(Scribe):
    def parts(self, trade: int, entries: Any) -> Any:
        for _ in range(2):
            yield entries[0], self.trades[trade].quantity // 2


for _place in range(14):
    weak(f"part{_place}_same", "is_out", part_same, _place)
weak("something", "is_into", lambda: run([GIANT, MOVE_IT], "specific", operations=told_by(Nothing)))
weak("emptied_left", "is_out", lambda: run([BUY, replace(MOVE_IT, quantity=10**17)], operations=told_by(Drops)))
weak("head_first", "is_out", lambda: run([GIANT, MOVE_IT], operations=told_by(Halves)))
weak("kept_left", "is_out", lambda: changed([GIANT, MOVE_IT], [1], left_inverse=1))


# --------------------------------------------------------------------------------------------------------------- lists


def loaded(method: str = "fifo", **told: Any) -> Forgery:
    return run([SELL], method, carried=CARRIED, **told)


def unit(lane: int) -> Forgery:
    """A loaded lot has another unit basis than its bytes say."""

    def inventory(lots: Any, units: Any, term: Any, year: int, seed: bytes, label: str) -> Inventory:
        units = units.copy()
        units[:, lane] += 1
        return commit_inventory(lots, units, term, year, seed, label)

    return loaded(patches=entries(0, unit=(lane, 1)), replace={"commit_inventory": inventory})


def aged(rows: Sequence[Any], at: int, token: str, **told: Any) -> Forgery:
    """A token is read a row later than it says."""

    def older(sheet: Sheet) -> None:
        name = f"{token}_age0"
        sheet.set(at, **{name: int(sheet[name][at]) + 1})

    return run(rows, steps=older, **told)


def written(at: int, reads: int) -> Callable[[Sheet], None]:
    """An entry's first link says that it was written before it was."""

    def earlier(sheet: Sheet) -> None:
        sheet.set(at, node_write=0)
        sheet.set(reads, node_write=0, node_age0=int(sheet["clk"][reads]) - 1)

    return earlier


def leads_nowhere(first: int, second: int) -> Callable[[Sheet], None]:
    def nowhere(sheet: Sheet) -> None:
        sheet.set(first, node_next=0)
        sheet.set(second, pred_next=0)

    return nowhere


def other_key(at: int, lane: int) -> Callable[[Sheet], None]:
    """LIFO: the second lot stores another key of the first, which nobody compares before it is gone."""

    def forged(sheet: Sheet) -> None:
        first, second = sheet.rows("is_take")
        for row, stem in ((at, "node_next_key"), (first, "node_next_key"), (second, "pred_next_key")):
            name = f"{stem}{lane}"
            sheet.set(row, **{name: int(sheet[name][row]) + 1})

    return forged


LOTS = [replace(CARRIED[0], id=str(n), time=CARRIED[0].time + i, amount=n) for i, n in enumerate((30, 10, 20))]
SALES = [replace(SELL, id=f"s{n}", time=SELL.time + n) for n in range(2)]
HERE = [replace(BUY, source=s, id=s, time=BUY.time + n) for n, s in enumerate("acd")]
THERE = [replace(MOVE_IT, source=s, id="m", time=MOVE_IT.time + n) for n, s in enumerate("dac")]

for _lane in range(8):
    weak(f"key{_lane}", "is_into", lambda i: run(MOVED, "lofo", patches=entries(1, key=(i, 1))), _lane)
    weak(
        f"key{_lane}", "is_load", lambda i: run([SELL], "lofo", carried=CARRIED, patches=entries(0, key=(i, 1))), _lane
    )
    weak(
        f"entry_next_key{_lane}",
        "is_load",
        lambda i: run(SALES, "lifo", carried=LOTS[:2], steps=other_key(1, i)),
        _lane,
    )
    weak(
        f"entry_next_key{_lane}",
        "is_into",
        lambda i: run([*HERE[:2], *THERE[1:], *(replace(t, source="b") for t in SALES)], "lifo", steps=other_key(5, i)),
        _lane,
    )
for _lane in range(7):
    weak(f"unit{_lane}", "is_load", unit, _lane)
weak("entry_write", "is_into", lambda: run(MOVED, steps=written(2, 3)))
weak("entry_write", "is_load", lambda: loaded(steps=written(0, 1)))
weak("entry_next", "is_into", lambda: run([*HERE, *THERE], steps=leads_nowhere(6, 8)))
weak("entry_next", "is_load", lambda: run([SELL], "lofo", carried=LOTS, steps=leads_nowhere(1, 2)))
for _kind, _row in (("is_open", 0), ("is_out", 1), ("is_into", 2), ("is_close", 3)):
    weak("pred_earlier", _kind, aged, MOVE, _row, "pred")
weak("pred_earlier", "is_load", lambda: aged([SELL], 0, "pred", carried=CARRIED))
weak("content_earlier", "is_out", aged, MOVE, 1, "content")
weak("content_earlier", "is_close", aged, MOVE, 3, "content")


# ---------------------------------------------------------------------------------------------------- rows and pools


LATE = "2025-01-01"
ELSEWHERE = replace(SECOND, source="b")


def from_there(rows: Sequence[Any], trade: int, row: int) -> Forgery:
    """A trade of wallet a works on the list of wallet b, on one row."""

    class There(Scribe):
        def pool(self, number: int, side: Any) -> Any:
            own = super().pool(number, side)
            return own._replace(wallet="b") if number == trade else own

    return run(rows, operations=told_by(There), steps=lambda sheet: sheet.set(row, wallet=2))


def bought_late() -> Forgery:
    """A buy after the year's end; no lot of that day is ever long term."""

    class Never(StepsWitness):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.long_at = 0 * self.long_at

    def inventory(lots: Any, unit: Any, term: Any, *rest: Any) -> Inventory:
        return commit_inventory(lots, unit, term * [0, 0, 0, 1], *rest)

    return runs_on([trade(LATE, "a/3", "buy", 1, 200)], replace={"StepsWitness": Never, "commit_inventory": inventory})


def named(lane: int) -> Forgery:
    """Universal basis: a lot carried in has a name."""

    def inventory(lots: Any, unit: Any, term: Any, year: int, seed: bytes, label: str) -> Inventory:
        lots = lots.copy()
        lots[:, 6:9] = 0
        if label.startswith("opening"):
            lots[:, 6 + lane] = 5
        return commit_inventory(lots, unit, term, year, seed, label)

    def names(sheet: Sheet) -> None:
        sheet.set(0, **{f"rest_value{lane}": 5})

    return run([SELL], basis="universal", carried=CARRIED, replace={"commit_inventory": inventory}, steps=names)


for _kind, _rows, _basis in (
    ("is_open'", [BUY, SECOND], "wallet"),
    ("is_out'", MOVE, "wallet"),
    ("is_skip'", MOVE, "universal"),
    ("is_close'", [BUY], "wallet"),
):
    weak("idle_last", _kind, idle_before, _rows, _basis)
weak("closes_last", "is_take'", closed_before, 2, [BUY, SECOND, SELL])
weak("closes_last", "is_out'", closed_before, 2, [BUY, SECOND, MOVE_IT, replace(SELL, source="b")])
weak("closes_last", "is_skip'", closed_before, 1, MOVE, "universal")
weak("work_in_time", "is_open", bought_late)
weak("work_in_time", "is_out", runs_on, [BUY, trade(LATE, "a/3", "transfer", 1, to="b")])
weak("wallet_own", "is_open", from_there, [BUY, replace(SELL, source="b")], 0, 0)
weak("wallet_own", "is_take", from_there, [BUY, ELSEWHERE, SELL], 2, 2)
weak("wallet_own", "is_out", from_there, [BUY, ELSEWHERE, replace(MOVE_IT, to="c")], 2, 2)
for _lane in range(3):
    weak(f"wallet_none{_lane}", "is_load", named, _lane)
