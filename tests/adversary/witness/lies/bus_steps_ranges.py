"""Lies that a range check stops: a cell out of range, with which everything else agrees.

Each interaction of `steps` with the range table has a witness that has nothing else wrong. Most prove something false:
an order that is none, a unit basis that is none, a token read before it is written, a day twelve days off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery, Sheet, forge, pretend
from tests.adversary.kit.local import Board
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.amounts import number, octets
from tests.adversary.witness.lies.comparisons import LANE, STRETCH, another_day
from tests.adversary.witness.lies.registry import LIES, bus_lie, run
from tests.adversary.witness.lies.sequence import lanes24
from tests.support import statement
from tests.support.make import at, trade
from tests.support.mutants import interactions
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.shared.lists import LANE_MAX, SEQ_MAX
from zkharvest.circuit.lot_machine.v1.poseidon import hash_rows
from zkharvest.circuit.lot_machine.v1.steps.fill import StepsWitness
from zkharvest.commitment.encoding import TREE_CLOSING, WIDTH
from zkharvest.commitment.inventory import Inventory
from zkharvest.commitment.opening import commit
from zkharvest.commitment.poseidon_kernel import compress_many
from zkharvest.commitment.tree import build_tree
from zkharvest.ledger import Election, Method, Pooling

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
DAY = 86_400_000


def range_check(column: str, bus: str) -> str:
    """The interaction with a range bus that reads a column of `steps`."""
    found = interactions(statement.description(), "steps", bus)
    (name,) = (name for name, columns in found.items() if column in columns)
    return name


def age_check(column: str, *, last: bool = False) -> str:
    """The same for an age, of which one is checked twice: on every row, and within 2^10 where a lot is loaded."""
    found = interactions(statement.description(), "steps", "u15")
    return [name for name, columns in found.items() if column in columns][-1 if last else 0]


def u15_lie(column: str, make: Callable[..., Forgery], *arguments: Any) -> None:
    bus_lie(range_check(column, "u15"), make, *arguments)


def signed(value: int) -> int:
    """The small integer that an element stands for."""
    return value - P if value > P // 2 else value


# --------------------------------------------------------------------------------------------------------------- gaps


def gap(name: str, limb: str, unit: int) -> Forgery:
    """The lie about a comparison, with the gap that makes it true: it is negative, as one limb says."""
    forged = LIES[f"steps.{name}_gap"]()
    table = statement.description()["tables"][statement.table_number("steps")]
    k = [c["name"] for c in table["constraints"]].index(f"{name}_gap")
    values = Board(forged).outcome(0, np.arange(len(forged.traces["steps"]))).constraints[:, k]
    sheet = forged.sheet("steps")
    for row in np.flatnonzero(values).tolist():
        missing = int(values[row]) * pow(unit, -1, P)
        sheet.set(row, **{f"{name}_{limb}": int(sheet[f"{name}_{limb}"][row]) + missing})
    forged.recount()
    return forged


for _name in ("order", "since", "until", "remainder", "above", "below", "held", "result"):
    u15_lie(f"{_name}_low", gap, _name, "low", 1)
    if f"{_name}_high" in statement.column_names("steps"):
        u15_lie(f"{_name}_high", gap, _name, "high", LANE)


# -------------------------------------------------------------------------------------------------------------- bytes

LOT = replace(BUY, quantity=number([100] * 14), amount=number([90] * 8))
PART = replace(SELL, quantity=number([40] * 14), amount=number([50] * 8))
ROWS = {"a": (1,), "b": (1, 2), "c": (1,), "q": (0,), "r": (1,), "e": (1,), "g": (1,)}
"""Rows of `LOT` and `PART` on which a number is changed: 0 opens, 1 takes, 2 settles."""
SIZES = {"a": 8, "b": 14, "c": 14, "q": 20, "r": 14, "e": 14, "g": 8}


def cells(sheet: Sheet, row: int, stem: str) -> list[int]:
    return [signed(x) for x in sheet.get(row, stem)]


def limb(x: Sequence[int], m: int) -> int:
    return x[2 * m] + 256 * x[2 * m + 1] if 2 * m < len(x) else 0


def column(x: Sequence[int], y: Sequence[int], m: int) -> int:
    """Byte positions 2m and 2m+1 of a product."""
    return sum(x[i] * y[2 * m + k - i] << (8 * k) for k in (0, 1) for i in range(len(x)) if 0 <= 2 * m + k - i < len(y))


def carried(columns: Sequence[int]) -> list[int]:
    """Carries of columns of 16 bits; multiples of the field's order pass unseen, as they do in the circuit."""
    carries, carry = [], 0
    for value in columns:
        total = value + carry
        total += next((k * P for k in (0, 1, -1) if (total + k * P) % 65536 == 0), 0)
        carry = total >> 16
        carries.append(carry)
    return carries


def agree(sheet: Sheet, row: int) -> None:
    """Carries, borrows and the inverse of a row follow from its bytes."""
    a, b, c, q, r, e, g = (cells(sheet, row, stem) for stem in "abcqreg")
    sheet.put(row, "carry", carried([column(a, b, m) - column(q, c, m) - limb(r, m) for m in range(17)])[:16])
    if not sheet["is_open"][row]:
        sheet.put(row, "borrow_e", carried([limb(b, m) + limb(e, m) - limb(c, m) for m in range(7)])[:6])
        sheet.put(row, "borrow_g", carried([limb(q, m) + limb(g, m) - limb(a, m) for m in range(4)])[:3])
        sheet.set(row, left_inverse=pow(sum(b if sheet["is_settle"][row] else e), -1, P))


def octet(stem: str, place: int) -> Forgery:
    """A byte of 256 more or less, and the next one of one less or more: the same number."""
    for more in (256, -256):
        forged = run([LOT, PART])
        sheet = forged.sheet("steps")
        for row in ROWS[stem]:
            own = cells(sheet, row, stem)
            own[place] += more
            own[place + 1] -= more // 256
            sheet.put(row, stem, own)
            agree(sheet, row)
        borrows = {x for row in ROWS[stem] for name in ("borrow_e", "borrow_g") for x in sheet.get(row, name)}
        if borrows <= {0, 1} and 0 <= own[place + 1] < 256:
            forged.recount()
            return forged
    raise AssertionError((stem, place))


# Two bytes a lookup, three a lane: a lane must not change, so where the first byte of a lookup ends one, the second.
for _stem, _size in SIZES.items():
    for _place in range(0, _size, 2):
        bus_lie(range_check(f"{_stem}{_place}", "bytes"), octet, _stem, _place + (_place % 3 == 2))


# ------------------------------------------------------------------------------------------------------------- carries


def carry(m: int) -> Forgery:
    """A unit basis too large: of value * 2^96 + p * 2^(16 m), which is the same but for one carry."""
    whole = min(2**112 - 1, 2 ** (16 * m + 20) + 1)
    unit, rest = divmod((BUY.amount << 96) + (P << (16 * m)), whole)

    class TooLarge(Scribe):
        def unit(self, trade: int, value: int, quantity: int) -> int:
            return unit

    def divided(sheet: Sheet) -> None:
        sheet.put(0, "r", octets(rest, 14))
        agree(sheet, 0)
        sheet.compare(0, "remainder", *(lanes24(sheet.get(0, stem))[::-1] for stem in "rc"))

    return run([replace(BUY, quantity=whole)], operations=told_by(TooLarge), steps=divided)


for _m in range(16):
    u15_lie(f"carry{_m}", carry, _m)


# ---------------------------------------------------------------------------------------------------------------- ages


def aged(sheet: Sheet, row: int, token: str, written: int, high: bool = False) -> None:
    """A token is read that was written at another time; the age is a multiple of 2^15 where the other limb is asked."""
    age = int(sheet["clk"][row]) - written - 1
    sheet.set(row, **{f"{token}_write": written, f"{token}_age0": age, f"{token}_age1": 0})
    if high:
        sheet.set(row, **{f"{token}_age0": 0, f"{token}_age1": age * pow(LANE, -1, P)})


FOUR = replace(BUY, quantity=4 * BUY.quantity)
SALES = [replace(SELL, id=f"s{n}", time=SELL.time + n) for n in range(2)]
PROPORTION = ("a", "b", "c", "q", "r", "e", "g", "carry", "borrow_e", "borrow_g", "remainder_at")


def exchange(sheet: Sheet, first: int, second: int, *stems: str) -> None:
    """Two rows exchange what they divide, and what stands in further columns."""
    names = [f"{stem}{i}" for stem in (*PROPORTION, *stems) for i in range(len(sheet.get(0, stem)))]
    for name in (*names, "remainder_low", "remainder_high", "left_inverse"):
        sheet[name][[first, second]] = sheet[name][[second, first]]


def pred_age(high: bool) -> Forgery:
    """Two sales of one lot: the first reads the list's head as the second leaves it."""

    def forged(sheet: Sheet) -> None:
        first, second, closed = 1, 3, 5
        aged(sheet, first, "pred", second + 1, high)
        aged(sheet, second, "pred", 1)
        aged(sheet, closed, "pred", first + 1)

    return run([FOUR, *SALES], steps=forged)


def content_age(high: bool) -> Forgery:
    """Two sales of one lot: the first takes its part of what the second leaves."""

    def forged(sheet: Sheet) -> None:
        first, second, closed = 1, 3, 5
        exchange(sheet, first, second)
        aged(sheet, first, "content", second + 1, high)
        aged(sheet, second, "content", 1)
        aged(sheet, closed, "content", first + 1)

    return run([FOUR, *SALES], steps=forged)


def node_age(high: bool) -> Forgery:
    """A lot is put after one that is gone; its link to the new one, written later, was read when it went."""

    def forged(sheet: Sheet) -> None:
        sold, bought, closed = 1, 3, 4
        old, new = (sheet.get(row, "key") for row in (0, bought))
        sheet.set(sold, node_next=bought + 1)
        sheet.put(sold, "node_next_key", new)
        aged(sheet, sold, "node", bought + 1, high)
        sheet.set(bought, pred=1, pred_next=0)
        sheet.put(bought, "pred_key", old)
        sheet.put(bought, "pred_next_key", [LANE_MAX] * 7 + [SEQ_MAX])
        sheet.compare(bought, "above", [0] * 7 + [old[7]], [0] * 7 + [new[7]])
        aged(sheet, bought, "pred", 1)
        aged(sheet, closed, "pred", sold + 1)

    return run([BUY, SELL, trade("2024-03-01", "a/4", "buy", 1, 5)], steps=forged)


def far_apart() -> Forgery:
    """Trades are numbered from 2^25 + 9 on: so far from the lots carried in the order could come round."""

    class Later(StepsWitness):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.seq_base = (1 << 25) + 9

    return run([SELL], carried=[trade("2022-01-01", "a/0", "buy", 1, 100)], replace={"StepsWitness": Later})


for _token, _make in (("pred", pred_age), ("node", node_age), ("content", content_age)):
    for _limb in (0, 1):
        bus_lie(age_check(f"{_token}_age{_limb}"), _make, bool(_limb))
bus_lie(age_check("node_age1", last=True), far_apart)


# ---------------------------------------------------------------------------------------------- instants and sources


def lanes15(instant: int) -> list[int]:
    """Lanes of an instant, most significant first."""
    return [instant >> 30, instant >> 15 & 0x7FFF, instant & 0x7FFF]


def on_day(instant: int, start: int, time: Sequence[int], tie: int = 0) -> Forgery:
    """A buy looks up the day that begins at `start`, which its time as given by other lanes lies in."""
    by = (start - instant // DAY * DAY) // DAY
    forged = another_day(by, instant, "since", 0, 0)
    sheet = forged.sheet("steps")
    sheet.set(0, time2=time[0], time1=time[1], time0=time[2], tie=tie)
    sheet.compare(0, "since", lanes15(start), time)
    sheet.compare(0, "until", time, lanes15(start + DAY))
    forged.recount()
    return forged


def _time0() -> Forgery:
    """The lanes below and above 2^15 ms differ by one."""
    instant = at("2024-03-05T12:00")
    high, middle, low = lanes15(instant)
    return on_day(instant, instant // DAY * DAY, [high, middle + 1, low - LANE])


def _time1() -> Forgery:
    """At the end of a stretch of 2^30 ms; the day that ends at its beginning. p = 65024 * 2^15 + 1."""
    end = next(e for e in range(at("2024-02-01"), at("2024-12-01"), DAY) if e % STRETCH < 500 * LANE)
    instant = end // STRETCH * STRETCH + 32767 * LANE + 7
    high, middle, low = lanes15(instant)
    return on_day(instant, end - DAY, [high, middle - 65024, low - 1])


def _tie() -> Forgery:
    """At the beginning of a stretch of 2^30 ms; the day that ends after its end."""
    start = next(s for s in range(at("2024-02-01"), at("2024-12-01"), DAY) if s // STRETCH < (s + DAY) // STRETCH)
    instant = start // STRETCH * STRETCH + 5
    if not instant % STRETCH < (start + DAY) % STRETCH - LANE:
        raise AssertionError
    high, middle, low = lanes15(instant)
    return on_day(instant, start, [high + 1, middle, low], -pow(LANE, -1, P))


def _time2() -> Forgery:
    """Where no record is at work; elsewhere a time is between the beginning and the end of a listed day."""
    forged = run([BUY])
    sheet = forged.sheet("steps")
    sheet.set(len(sheet["clk"]) - 2, time2=LANE)
    forged.recount()
    return forged


def _source() -> Forgery:
    """A buy that no source has on record stands in the closing inventory, and a sale takes it (universal basis)."""
    opening, bought = (commit(rows, currency="USD", seed=statement.SEED) for rows in ([SELL], [BUY]))
    fake = pretend(opening, [BUY, *opening.trades])
    fake.records.source[0], fake.records.position[0] = TREE_CLOSING, 0
    (leaf,) = bought.leaves
    none = np.zeros((0, WIDTH), np.uint32)
    inventory = Inventory(none, none, build_tree(np.asarray(compress_many(leaf)), leaf[0, WIDTH - 5 :]))

    def hashes(*given: Any) -> Any:
        inputs, marks = hash_rows(*given)
        return np.concatenate((inputs, leaf)), np.concatenate((marks, [[0, TREE_CLOSING, 0, 0]]))

    made = {"commit_inventory": lambda *_: inventory, "hash_rows": hashes}
    return forge(fake, Election(Method.FIFO, Pooling.UNIVERSAL, "UTC", 2024), operations=told_by(Scribe), replace=made)


u15_lie("time0", _time0)
u15_lie("time1", _time1)
u15_lie("time2", _time2)
u15_lie("tie", _tie)
u15_lie("source", _source)
