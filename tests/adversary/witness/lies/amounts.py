"""Lies about quantities and values: products, rests, what passes from part to part, weights and signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.adversary.kit.forge import Forgery, Sheet
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.registry import lie, lies, run
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine import words
from zkharvest.circuit.lot_machine.words import divide_columns
from zkharvest.ledger.rules import unit_basis

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SECOND = trade("2024-01-02", "a/2", "buy", 1, 300)
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
# A lot of almost 2^112 units and 2^64 of value: every limb has room.
GIANT = replace(BUY, quantity=2**112 - 1, amount=2**64 - 1)
SPECK = replace(SELL, quantity=2**60, amount=5)
WORTHLESS = [replace(BUY, amount=0), replace(SELL, amount=0)]


def number(octets: Sequence[int]) -> int:
    return sum(int(x) << (8 * j) for j, x in enumerate(octets))


def octets(value: int, count: int) -> list[int]:
    return [value >> (8 * j) & 255 for j in range(count)]


def dividing(honest: Callable[[int, int, int, int], int], factor: Callable[[int], int] = lambda b: b) -> Any:
    """Patch: remainders and carries are those of another quotient (from a, b, c, q), or of another second factor."""

    def divide(a: Any, b: Any, q: Any, c: Any) -> Any:
        b, q = b.copy(), q.copy()
        for i in range(len(a)):
            x, y, z, w = (number(v[i]) for v in (a, b, c, q))
            b[i] = octets(factor(y), 14)
            q[i] = octets(honest(x, factor(y), z, w), 20)
        return divide_columns(a, b, q, c)

    return [(words, "divide_columns", divide)]


# ----------------------------------------------------------------------------------------------------- proportions


def _product(m: int) -> Forgery:
    """A unit basis that is off in one byte, of a lot of 256^place units: the product is off in one column."""
    place = min(13, 2 * m)
    lot = replace(BUY, quantity=256**place, amount=2**63)

    class Off(Scribe):
        def unit(self, trade: int, value: int, quantity: int) -> int:
            return unit_basis(value, quantity) + 256 ** (2 * m - place)

    return run([lot], operations=told_by(Off), patches=dividing(lambda x, y, z, _: x * y // z))


def _remainder_gap() -> Forgery:
    class Less(Scribe):
        def unit(self, trade: int, value: int, quantity: int) -> int:
            return unit_basis(value, quantity) - 1

    return run([replace(BUY, quantity=7)], operations=told_by(Less))


def _shift(j: int) -> Forgery:
    """A unit basis with another factor than 2^96."""
    factor = (1 << 96) + 256**j

    class Other(Scribe):
        def unit(self, trade: int, value: int, quantity: int) -> int:
            return value * factor // quantity

    def shifts(sheet: Sheet) -> None:
        sheet.put(0, "b", octets(factor, 14))

    patches = dividing(lambda x, y, z, _: x * y // z, lambda _: factor)
    return run([replace(BUY, quantity=3 << 40)], operations=told_by(Other), patches=patches, steps=shifts)


lies("steps.product{}", _product, range(17))
lies("steps.shift{}", _shift, range(14))


# ----------------------------------------------------------------------------------------------------------- rests


class Rests(Scribe):
    """A take leaves `extra` more of the lot's quantity, and `more` of its value."""

    extra = more = 0

    def taken(self, entry: Any, part: int, value: int) -> None:
        super().taken(entry, part, value)
        entry.quantity += self.extra
        entry.value += self.more


def rest_of(stem: str, change: int) -> Callable[[Sheet], None]:
    """The bytes of what the first take leaves are changed."""

    def forged(sheet: Sheet) -> None:
        row = sheet.rows("is_take")[0]
        cells = octets(number(sheet.get(row, stem)) + change, len(sheet.get(row, stem)))
        sheet.put(row, stem, cells)
        if stem == "e":
            sheet.set(row, left_inverse=pow(sum(cells), -1, P))

    return forged


def _rest(stem: str, change: int, borrow: int | None = None) -> Forgery:
    class More(Rests):
        extra, more = (change, 0) if stem == "e" else (0, change)

    def forged(sheet: Sheet) -> None:
        rest_of(stem, change)(sheet)
        if borrow is not None:
            row = sheet.rows("is_take")[0]
            honest = int(sheet[f"borrow_{stem}{borrow}"][row])
            sheet.set(row, **{f"borrow_{stem}{borrow}": honest + 32512})

    return run([GIANT, SPECK], operations=told_by(More), steps=forged)


lies("steps.quantity_rest{}", lambda m: _rest("e", -(1 << (16 * m))), range(7))
lies("steps.value_rest{}", lambda m: _rest("g", -(1 << (16 * m))), range(4))
# p = 32512 * 2^16 + 1: with a borrow of 32512 a rest smaller by p (at some limb) makes up the whole in the field.
lies("steps.borrow_e{}_bit", lambda m: _rest("e", -P << (16 * m), m), range(6))
lies("steps.borrow_g{}_bit", lambda m: _rest("g", -P << (16 * m), m), range(3))


# ------------------------------------------------------------------------------------------------------------ flow


def _open_quantity(i: int) -> Forgery:
    class Larger(Scribe):
        def insert(self, op: int, trade: int, entry: Any) -> None:
            entry.quantity += 1 << (24 * i)
            entry.unit = unit_basis(entry.value, entry.quantity)
            super().insert(op, trade, entry)

    return run([BUY], operations=told_by(Larger))


def _open_value(i: int) -> Forgery:
    class Dearer(Scribe):
        def insert(self, op: int, trade: int, entry: Any) -> None:
            entry.value += 1 << (24 * i)
            entry.unit = unit_basis(entry.value, entry.quantity)
            super().insert(op, trade, entry)

    return run([BUY], operations=told_by(Dearer))


class Sells(Scribe):
    """The disposal (trade 2) has another quantity or amount than its record, at first or after its first part."""

    quantity = amount = 0
    later = False

    def close(self, trade: int, side: Any) -> None:
        t = self.trades[trade]
        if not self.later:
            self.trades[trade] = replace(t, quantity=t.quantity + self.quantity, amount=t.amount + self.amount)
        super().close(trade, side)

    def rest(self, rest: int, value: int) -> tuple[int, int]:
        return (rest + self.quantity, value + self.amount) if self.later else (rest, value)


def _rest_held(name: str, i: int) -> Forgery:
    """From its second row on the disposal is another one; the first row has the record's figures."""
    change = 1 << (24 * i)

    class Other(Sells):
        quantity, amount = (change, 0) if name == "rest_quantity" else (0, change)

    def first(sheet: Sheet) -> None:
        row = sheet.rows("is_take")[0]
        sheet.set(row, **{f"{name}{i}": int(sheet[f"{name}{i}"][row]) - 1})

    return run([GIANT, replace(SELL, quantity=2**96, amount=2**60)], operations=told_by(Other), steps=first)


def _rest_step(name: str, i: int) -> Forgery:
    """The second part starts from more than the first part left."""
    change = 1 << (24 * i)

    class Other(Sells):
        later = True
        quantity, amount = (change, 0) if name == "rest_quantity" else (0, change)

        def parts(self, trade: int, entries: Any) -> Any:
            first = entries[0].quantity
            yield entries[0], first
            yield entries[0], self.trades[trade].quantity - first + self.quantity

    lots = [replace(BUY, quantity=2**97), replace(SECOND, quantity=2**111)]
    return run([*lots, replace(SELL, quantity=2**98, amount=2**60)], operations=told_by(Other))


def _part_same(j: int) -> Forgery:
    """The lot gives less than the disposal takes, of a disposal for nothing."""
    more = 256**j

    class Less(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[0], self.trades[trade].quantity - more

    def takes_all(sheet: Sheet) -> None:
        (row,) = sheet.rows("is_settle")
        whole = sheet.get(row, "c")
        sheet.put(row, "b", whole)
        sheet.put(row, "e", [0] * 14)
        sheet.put(row, "borrow_e", [0] * 6)
        sheet.set(row, left_inverse=pow(sum(whole), -1, P))

    return run([GIANT, replace(SELL, quantity=2**60 + more, amount=0)], operations=told_by(Less), steps=takes_all)


def _used_up() -> Forgery:
    class Half(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[0], self.trades[trade].quantity // 2

    return run([BUY, SELL], operations=told_by(Half))


def _emptied_left() -> Forgery:
    class Drops(Scribe):
        def taken(self, entry: Any, part: int, value: int) -> None:
            super().taken(entry, part, value)
            self.lists[entry.pool].remove(entry)
            self.ops[-1]["emptied"] = 1

    return run([BUY, replace(SELL, quantity=10**17)], operations=told_by(Drops))


def _head_first() -> Forgery:
    """Twice a half of the same lot, in one disposal."""

    class Halves(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            for _ in range(2):
                yield entries[0], self.trades[trade].quantity // 2

    return run([GIANT, SELL], operations=told_by(Halves))


def _something() -> Forgery:
    class Nothing(Scribe):
        def parts(self, trade: int, entries: Any) -> Any:
            yield entries[0], 0
            yield entries[0], self.trades[trade].quantity

    return run([GIANT, replace(SELL, lots=())], "specific", operations=told_by(Nothing))


lies("steps.open_quantity{}", _open_quantity, range(5))
lies("steps.open_value{}", _open_value, range(3))
lies("steps.rest_quantity{}_held", lambda i: _rest_held("rest_quantity", i), range(5))
lies("steps.rest_value{}_held", lambda i: _rest_held("rest_value", i), range(3))
lies("steps.rest_quantity{}_step", lambda i: _rest_step("rest_quantity", i), range(5))
lies("steps.rest_value{}_step", lambda i: _rest_step("rest_value", i), range(3))
lies("steps.part{}_same", _part_same, range(14))
lie("steps.used_up", _used_up)
lie("steps.emptied_left", _emptied_left)
lie("steps.head_first", _head_first)
lie("steps.something", _something)


# ------------------------------------------------------------------------------------------------ signs and weights


def weighed(sheet: Sheet, row: int, *, second: bool) -> None:
    """Direction, weight and classes of a half follow from its flags."""
    flag = {n: int(sheet[n][row]) for n in ("loss", "side", "long_term", "phase", "negative")}
    direction = (1 - 2 * flag["loss"]) * (1 - 2 * flag["side"])
    sign = 1 - 2 * flag["negative"]
    weight = flag["phase"] * direction * (sign if second else -1)
    short, gain = 1 - flag["long_term"], 1 - flag["loss"]
    classes = [short * gain, short * flag["loss"], flag["long_term"] * gain, flag["long_term"] * flag["loss"]]
    proceeds = flag["phase"] * ((1 - flag["side"]) * sign if second else flag["side"])
    sheet.set(row, direction=direction, weight=weight)
    sheet.put(row, "bucket_weight", [*(weight * c for c in classes), proceeds])


def flagged(rows: Sequence[int], **flags: int) -> Callable[[Sheet], None]:
    """Flags of the rows (1: the lot's half, 2: the trade's) are forged, and everything follows."""

    def forged(sheet: Sheet) -> None:
        for row in rows:
            sheet.set(row, **flags)
        for row in (1, 2):
            weighed(sheet, row, second=row == 2)

    return forged


def _side_held() -> Forgery:
    def forged(sheet: Sheet) -> None:
        flagged([2], side=1)(sheet)

    return run(WORTHLESS, steps=forged)


def _weight() -> Forgery:
    def heavier(sheet: Sheet) -> None:
        sheet.set(2, weight=2)
        sheet.put(2, "bucket_weight", [2, 0, 0, 0, 1])

    return run([BUY, SELL], steps=heavier)


def _result_negative() -> Forgery:
    """A sale below zero is called a gain (another gain keeps the class above zero)."""
    dust = [BUY, replace(SELL, amount=1, fee=3)]
    other = [trade("2024-03-01", "a/8", "income", 1, 0), trade("2024-03-02", "a/9", "sell", 1, 900)]
    return run([*dust, *other], steps=flagged([1, 2], loss=0))


def _result_gap() -> Forgery:
    """A loss is called a gain (another gain keeps the class above zero)."""

    def forged(sheet: Sheet) -> None:
        flagged([1, 2], loss=0)(sheet)
        sheet.set(1, result_low=0, result_high=0)

    other = [trade("2024-03-01", "a/8", "income", 1, 0), trade("2024-03-02", "a/9", "sell", 1, 900)]
    return run([BUY, replace(SELL, amount=1), *other], steps=forged)


lie("steps.loss_bit", lambda: run(WORTHLESS, steps=flagged([1, 2], loss=5)))
lie("steps.loss_held", lambda: run(WORTHLESS, steps=flagged([2], loss=1)))
lie("steps.side_held", _side_held)
lie("steps.weight", _weight)
lie("steps.result_negative", _result_negative)
lie("steps.result_gap", _result_gap)
lie("steps.remainder_gap", _remainder_gap)
