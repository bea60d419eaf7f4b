"""Lies in comparisons: marks that are none, lanes above the mark that differ, gaps that are not there.

Where a lane above the mark differs the smaller number passes for the larger; each lane has its own constraint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.adversary.kit.forge import Forgery, Sheet, forge, pretend
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.amounts import octets
from tests.adversary.witness.lies.registry import lie, lies, run
from tests.adversary.witness.lies.sequence import FIFO, lanes24
from tests.adversary.witness.lies.tables import two_lists
from tests.support import statement
from tests.support.make import at, trade
from zkharvest.circuit.lot_machine.v1.calendar import CalendarRows
from zkharvest.commitment.opening import Opening, commit
from zkharvest.ledger import Method
from zkharvest.ledger.rules import sort_key

LANES = {"order": 6, "since": 3, "until": 3, "remainder": 5, "above": 8, "below": 8, "held": 3, "result": 3}
BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SECOND = trade("2024-01-02", "a/2", "buy", 1, 300)
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
STRETCH, LANE = 1 << 30, 1 << 15  # of milliseconds: what the lanes of an instant count


def marked(sheet: Sheet, row: int, name: str, marks: Sequence[int], gap: int) -> None:
    """Marks and gap of a comparison, as given."""
    sheet.put(row, f"{name}_at", marks)
    sheet.set(row, **{f"{name}_low": gap & 0x7FFF})
    if f"{name}_high" in statement.column_names(sheet.table):
        sheet.set(row, **{f"{name}_high": gap >> 15})


def one(lanes: int, *places: int) -> list[int]:
    return [int(i in places) for i in range(lanes)]


def recounted(forged: Forgery) -> Forgery:
    forged.recount()
    return forged


# --------------------------------------------------------------------------------------------------- marks, anywhere


def no_bit(table: str, name: str, lanes: int, place: int) -> Forgery:
    """On an idle row: marks of -1 and 1, which have the sum of none."""
    forged = run([BUY, SELL], idle=3)
    sheet = forged.sheet(table)
    marks = one(lanes, (place + 1) % lanes)
    marks[place] = -1
    marked(sheet, len(sheet.cells[0]) - 2, name, marks, 0)
    return recounted(forged)


for _name, _lanes in LANES.items():
    for _place in range(_lanes):
        lie(f"steps.{_name}_at{_place}_bit", no_bit, "steps", _name, _lanes, _place)
for _place in range(4):
    lie(f"pools.order_at{_place}_bit", no_bit, "pools", "order", 4, _place)


# ------------------------------------------------------------------------------ comparisons that allow equality: idle

SIDES = {
    "since": [f"time{i}" for i in (2, 1, 0)],
    "above": [f"key{i}" for i in (6, 5, 4, 3, 2, 1, 0, 7)],
    "held": [f"time{i}" for i in (2, 1, 0)],
    "result": ["q6", "q3", "q0"],
}


def idle_lane(name: str, place: int) -> Forgery:
    """On an idle row: a mark above which nothing is compared, where a row at work must have equal lanes."""
    forged = run([BUY, SELL], idle=4)
    sheet = forged.sheet("steps")
    row = len(sheet["clk"]) - 2
    larger = name != "result"  # the trade's part is the next row's
    sheet.set(row + (not larger), **{SIDES[name][place]: 5})
    if name == "held":
        sheet.set(row, held_long=1)
    marked(sheet, row, name, one(LANES[name], place), 4)
    return recounted(forged)


for _name in SIDES:
    for _place in range(LANES[_name]):
        lie(f"steps.{_name}_equal{_place}", idle_lane, _name, _place)


# -------------------------------------------------------------------------------------------------------- two marks


def two_marks(rows: list[Any], row: int, name: str, first: int, gap: int, **options: Any) -> Forgery:
    """A second mark on the last lane, which is equal: the gap is one less."""
    forged = run(rows, **options)
    marked(forged.sheet("steps"), row, name, one(LANES[name], first, LANES[name] - 1), gap - 2)
    return recounted(forged)


def later(t: Any, by: int) -> Any:
    return replace(t, time=t.time + by)


_SOLD = at("2025-01-01") - 3 * LANE  # three lanes before the day's end
_LONG = at("2024-06-17") + 3 * LANE
_OLD = trade("2023-06-16", "a/1", "buy", 1, 1)
_ROUND = [replace(BUY, quantity=3 << 48), replace(SELL, quantity=1 << 48)]
_OTHER = [BUY, trade("2024-01-02", "b/1", "buy", 1, 1)]  # both are the first record of their source

lie("steps.since_marked", two_marks, [later(BUY, 3 * LANE)], 0, "since", 1, 3)
lie("steps.until_marked", two_marks, [BUY, replace(SECOND, time=_SOLD)], 1, "until", 1, 3)
lie(
    "steps.held_marked",
    two_marks,
    [_OLD, replace(SELL, time=_LONG)],
    1,
    "held",
    1,
    3,
)
lie("steps.result_marked", two_marks, [replace(BUY, amount=0), replace(SELL, amount=9 << 24)], 1, "result", 1, 9)


def _remainder_marked() -> Forgery:
    forged = run(_ROUND)
    sheet = forged.sheet("steps")
    r, c = (lanes24(sheet.get(1, stem)) for stem in "rc")
    first = next(i for i in range(5) if r[4 - i] != c[4 - i])
    marked(sheet, 1, "remainder", one(5, first, 4), c[4 - first] - r[4 - first] - 2)
    return recounted(forged)


def _order_marked() -> Forgery:
    forged = run(_OTHER)
    sheet = forged.sheet("steps")
    lanes = [[int(sheet[n][row]) for n in ("time2", "time1", "time0", "tie", "source", "position")] for row in (0, 1)]
    first = next(i for i in range(6) if lanes[0][i] != lanes[1][i])
    marked(sheet, 0, "order", one(6, first, 5), lanes[1][first] - lanes[0][first] - 2)
    return recounted(forged)


lie("steps.remainder_marked", _remainder_marked)
lie("steps.order_marked", _order_marked)


# ------------------------------------------------------------------------------------------------------ order of trades


def swapped(rows: list[Any], order: Sequence[int], mark: int, gap: int) -> Forgery:
    """Records run in another order; the comparison before the last is marked at a lane that does increase."""
    opening = commit(rows, currency="USD", seed=statement.SEED)
    if mark == 5:  # sources that number their instants on their own
        opening.records.lanes[:, 2] &= LANE - 1
        fresh = Opening(opening.trades, opening.currency, opening.seed)
        fresh.__dict__["records"] = opening.records
        opening = fresh
    fake = pretend(opening, [opening.trades[i] for i in order])

    def marks(sheet: Sheet) -> None:
        marked(sheet, len(order) - 2, "order", one(6, mark), gap)

    return forge(fake, FIFO, operations=told_by(Scribe), steps=marks)


_EVE = (at("2024-01-01") // STRETCH + 1) * STRETCH  # an instant whose lower lanes are zero


def buys(*given: tuple[str, int]) -> list[Any]:
    return [replace(BUY, source=source, id=str(i), time=time) for i, (source, time) in enumerate(given)]


lie("steps.order_equal0", swapped, buys(("a", _EVE - 5 * LANE), ("a", _EVE)), (1, 0), 1, STRETCH // LANE - 6)
lie("steps.order_equal1", swapped, buys(("a", _EVE + 9), ("a", _EVE + LANE)), (1, 0), 2, 8)
lie("steps.order_equal2", swapped, buys(("a", _EVE), ("a", _EVE), ("a", _EVE + 5)), (0, 2, 1), 3, 0)
lie("steps.order_equal3", swapped, buys(("b", _EVE), ("a", _EVE)), (1, 0), 4, 0)
lie("steps.order_equal4", swapped, buys(("a", _EVE - 1), ("a", _EVE), ("b", _EVE)), (0, 2, 1), 5, 0)
lie("steps.order_gap", swapped, buys(("a", _EVE), ("a", _EVE + 5)), (1, 0), 2, 0)


# --------------------------------------------------------------------------------------------------------------- days


def another_day(by: int, instant: int, name: str, mark: int, gap: int) -> Forgery:
    """A buy at the instant looks up a day that is off; one comparison is false, and marked where it looks true."""

    class Shifted(CalendarRows):
        def day_of(self, instants: Any) -> Any:
            return super().day_of(instants) + by

        def long_from(self, acquired: Any) -> Any:
            return self.long_at[self.day_of(acquired)]

    def marks(sheet: Sheet) -> None:
        marked(sheet, 0, name, one(3, mark), gap)

    return run([replace(BUY, time=instant)], replace={"CalendarRows": Shifted}, steps=marks)


def until(lanes: Sequence[int]) -> tuple[int, int]:
    """A day (how many before) and an instant after it whose lanes compare with its end as wanted: -1, 0 or 1."""
    for day in range(at("2024-01-02"), at("2024-12-01"), 86_400_000):
        for instant in range(day, day + 86_400_000, 50_000 + 7):
            signs = []
            for shift, mask in ((30, 0x7FFF), (15, 0x7FFF), (0, 0x7FFF)):
                x, y = instant >> shift & mask, day >> shift & mask
                signs.append((y > x) - (y < x))
            if signs[: len(lanes)] == list(lanes):
                return instant, day
    raise AssertionError


def _until_equal(place: int) -> Forgery:
    instant, end = until([-1, 1] if place == 0 else [0, -1, 1])
    shift = 15 * (1 - place)
    gap = (end >> shift & 0x7FFF) - (instant >> shift & 0x7FFF) - 1
    return another_day(-1, instant, "until", place + 1, gap)


lies("steps.until_equal{}", _until_equal, range(2))
lie("steps.until_gap", another_day, -1, at("2024-03-05T12:00"), "until", 1, 0)
lie("steps.since_gap", another_day, 1, at("2024-03-05T12:00"), "since", 1, 0)


# ---------------------------------------------------------------------------------------------------------- remainders


def _remainder_equal(place: int) -> Forgery:
    """A part worth 1 is said to be worth 0: the remainder then exceeds the divisor in one lane, not in the next."""
    lane = 4 - place
    whole = sum(8 << (24 * k) for k in range(5))
    excess = (1 << (24 * lane)) - (1 << (24 * (lane - 1)))
    whole += excess % 2
    part = (whole + excess) // 2

    class Nothing(Scribe):
        def lot_part(self, trade: int, value: int, part: int, whole: int) -> int:
            return 0

    def marks(sheet: Sheet) -> None:
        marked(sheet, 1, "remainder", one(5, place + 1), 0)
        assert sheet.get(1, "r") == octets(whole + excess, 14)

    lot = replace(BUY, quantity=whole, amount=2)
    return run([lot, replace(SELL, quantity=part)], operations=told_by(Nothing), steps=marks)


lies("steps.remainder_equal{}", _remainder_equal, range(4))


# ---------------------------------------------------------------------------------------------------------------- keys


class First(Scribe):
    """Every new entry is put at the head of its list."""

    def place(self, entries: list[Any], entry: Any) -> int:
        return 0


def _below_equal(place: int) -> Forgery:
    """LOFO: the dearer lot stands before the cheaper one, whose unit basis is larger in the next lower lane."""
    lane = 6 - place
    shift = min(24 * (lane - 1), 96)
    up = 24 * (lane - 1) - shift
    cheap, dear = ((8 << 24) + 8 << up), ((9 << 24) + 7 << up)
    rows = [replace(t, quantity=1 << (96 - shift), amount=v) for t, v in ((BUY, cheap), (SECOND, dear))]

    def marks(sheet: Sheet) -> None:
        marked(sheet, 1, "below", one(8, place + 1), 0)

    return run(rows, "lofo", operations=told_by(First), steps=marks)


def _below_equal6() -> Forgery:
    """LOFO: a part that arrives from elsewhere is older, but dearer by the least digit."""
    least = 1 << 96
    rows = [
        replace(BUY, quantity=least, amount=9),
        trade("2024-01-02", "b/2", "buy", 1, 1),
        trade("2024-01-03", "a/3", "transfer", 1, to="b"),
    ]
    rows[1] = replace(rows[1], quantity=least, amount=8)
    rows[2] = replace(rows[2], quantity=least)

    def marks(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_into")
        marked(sheet, row, "below", one(8, 7), 0)

    return run(rows, "lofo", operations=told_by(First), steps=marks)


def another_order(method: str, other: str) -> Forgery:
    class Sorted(Scribe):
        def key(self, entry: Any) -> tuple[int, ...]:
            return sort_key(Method(other))(entry.unit, entry.trade)

    return run([BUY, SECOND], method, operations=told_by(Sorted))


lies("steps.below_equal{}", _below_equal, range(6))
lie("steps.below_equal6", _below_equal6)
lie("steps.below_gap", another_order, "fifo", "lifo")
lie("steps.above_gap", another_order, "lifo", "fifo")


# --------------------------------------------------------------------------------------------------------------- pools


def pools(first: Sequence[int], second: Sequence[int], mark: int, gap: int) -> Forgery:
    """Two pools that nobody uses, in this order (three lanes of the asset, the wallet)."""
    forged = run([trade("2024-01-01", "a/1", "transfer", 1, to="b")], basis="universal")
    sheet = forged.sheet("pools")
    for row, rank in ((0, first), (1, second)):
        sheet.set(row, active=1, wallet=rank[3])
        sheet.put(row, "asset", [*rank[:3], 0, 0, 0])
        sheet.put(row, "octet", [lane >> (8 * k) & 255 for lane in rank[:3] for k in range(3)])
    marked(sheet, 0, "order", one(4, mark), gap)
    return recounted(forged)


def _pools_gap() -> Forgery:
    forged = two_lists()
    marked(forged.sheet("pools"), 0, "order", one(4, 3), 0)
    return recounted(forged)


lie("pools.order_equal0", pools, (2, 3, 0, 0), (1, 9, 0, 0), 1, 5)
lie("pools.order_equal1", pools, (2, 3, 4, 0), (2, 1, 9, 0), 2, 4)
lie("pools.order_equal2", pools, (2, 3, 4, 1), (2, 3, 1, 5), 3, 7)
lie("pools.order_gap", _pools_gap)
