"""Lies in the small tables: pools, sources, totals, ranges, and the ring that blinds the terminals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from tests.adversary.kit.forge import Forgery, Sheet
from tests.adversary.kit.scribe import Scribe, told_by
from tests.adversary.witness.lies.registry import lie, lies, run, weak_lie
from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.expr import P
from zkharvest.circuit.lot_machine.shared.ranges import RANGE_ROWS
from zkharvest.circuit.lot_machine.v1.totals import totals_trace

BUY = trade("2024-01-01", "a/1", "buy", 1, 100)
SECOND = trade("2024-01-02", "a/2", "buy", 1, 300)
SELL = trade("2024-02-01", "a/3", "sell", 1, 200)
NOTHING = [trade("2024-01-01", "a/1", "transfer", 1, to="b")]  # under universal basis: no pool, no disposal
TABLES = [t["name"] for t in statement.description()["tables"]]


# ------------------------------------------------------------------------------------------------- pools and sources


class Twin(str):
    """A name that is spelt like another one and is not the same."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def two_lists() -> Forgery:
    """The second lot lies in a second list of the same pool."""
    twin = Twin("BTC")

    class TwoLists(Scribe):
        def pool(self, trade: int, side: Any) -> Any:
            return super().pool(trade, side)._replace(asset=twin) if trade == 1 else super().pool(trade, side)

    return run([BUY, SECOND], operations=told_by(TwoLists))


def _order_marked() -> Forgery:
    forged = two_lists()
    forged.sheet("pools").set(0, order_low=0, order_high=0)
    forged.recount()
    return forged


def _active_once() -> Forgery:
    """An idle row between them: the second list is compared with nothing."""
    forged = two_lists()
    pools = forged.sheet("pools")
    names = [n for n in statement.column_names("pools") if not n.startswith(("blind", "order"))]
    for name in names:
        pools[name][2], pools[name][1] = pools[name][1], 0
    pools.compare(0, "order", [0] * 4, [0] * 4)
    rank = [*(int(pools[f"asset{i}"][2]) for i in range(3)), 2 * int(pools["wallet"][2]) + int(pools["side"][2])]
    pools.compare(1, "order", [0] * 4, rank)
    forged.recount()
    return forged


def _pools_active_bit() -> Forgery:
    """Five empty lists of one pool: they come and go by themselves."""
    forged = run(NOTHING, basis="universal")
    forged.sheet("pools").set(0, active=5)
    return forged


def _sources_active_bit() -> Forgery:
    """A source twice and once less than nothing."""
    forged = run([BUY])
    sources = forged.sheet("sources")
    for name in ("number", *(f"code{i}" for i in range(3))):
        sources[name][1] = sources[name][0]
    sources.set(0, active=2, count=0)
    sources.set(1, active=-1, count=-1)
    return forged


lie("pools.order_marked", _order_marked)
lie("pools.active_once", _active_once)
lie("pools.active_bit", _pools_active_bit)
lie("sources.active_bit", _sources_active_bit)


# ------------------------------------------------------------------------------------------------------------ totals


def claimed(name: str, value: int, **options: Any) -> Forgery:
    """Totals with another value, its bytes and carries filled in as far as they go."""
    bucket = ("short_gain", "short_loss", "long_gain", "long_loss", "proceeds").index(name)

    def other(table: Any, sums: Any, totals: Any, rows: int) -> Any:
        return totals_trace(table, sums, [value if b == bucket else v for b, v in enumerate(totals)], rows)

    forged = run([BUY, SELL], replace={"totals_trace": other}, **options)
    forged.claim(**{f"{name}_{k}": value >> (8 * k) & 255 for k in range(12)})
    return forged


def carried(totals: Sheet, row: int, carry: int) -> None:
    limbs = carry + 2**21
    totals.set(row, carry_out=carry, carry_low=limbs & 0x7FFF, carry_high=limbs >> 15)


def _split() -> Forgery:
    forged = claimed("short_gain", 100 * 10**8 + 1)
    carried(forged.sheet("totals"), 11, 0)
    forged.recount()
    return forged


def more(row: int, column: str) -> Forgery:
    """256^row is added to the first total where a carry comes in, or as a sum above the tallied positions."""
    value = 100 * 10**8 + 256**row
    forged = claimed("short_gain", value)
    totals = forged.sheet("totals")
    carry = 0
    for k in range(12):
        tallied = int(totals["sum"][k])
        tallied -= P * (tallied > P // 2)
        if k == row:
            tallied += column == "sum"
            carry += column == "carry_in"
        byte = value >> (8 * k) & 255
        totals.set(k, carry_in=carry, sum=tallied, byte=byte)
        carry = (tallied + carry - byte) >> 8
        carried(totals, k, carry)
    forged.recount()
    return forged


def _carry_last() -> Forgery:
    """Proceeds of -2 claimed as 2^96 - 2, with the sign of a positive number."""
    dust = [BUY, trade("2024-02-01", "a/3", "sell", 1, 1, 3)]
    value = 2**96 - 2 * 10**8

    def other(table: Any, sums: Any, totals: Any, rows: int) -> Any:
        return totals_trace(table, sums, [*totals[:4], value], rows)

    forged = run(dust, replace={"totals_trace": other})
    forged.claim(proceeds_negative=0, **{f"proceeds_{k}": value >> (8 * k) & 255 for k in range(12)})
    return forged


def _bucket_bit(i: int) -> Forgery:
    """Marks of -1, 1, 1 that have the sum of one and the number of another bucket; there is nothing in any of them."""
    number, ones = {0: (3, (1, 2)), 1: (1, (0, 2)), 2: (2, (1, 3)), 3: (3, (2, 4)), 4: (0, (1, 3))}[i]
    forged = run(NOTHING, basis="universal")
    totals = forged.sheet("totals")
    for row in range(12 * number, 12 * number + 12):
        totals.put(row, "bucket", [-1 if b == i else int(b in ones) for b in range(5)])
    return forged


def _one_bucket() -> Forgery:
    """Two buckets that make the number of a third: 1 + 2, with an empty one."""
    forged = run(NOTHING, basis="universal")
    totals = forged.sheet("totals")
    for row in range(36, 48):
        totals.put(row, "bucket", [0, 1, 1, 0, 0])
    return forged


lie("totals.split", _split)
lie("totals.carry_first", more, 0, "carry_in")
lie("totals.carry_step", more, 3, "carry_in")
lie("totals.no_sum_above", more, 9, "sum")
lie("totals.carry_last", _carry_last)
lies("totals.bucket{}_bit", _bucket_bit, range(5))
lie("totals.one_bucket", _one_bucket)


# ------------------------------------------------------------------------------------------- the order of the totals


def conjured(row: int, order: Sequence[int | None]) -> Forgery:
    """256^row from nothing: a carry comes into that row of the first total, which nobody carried out.

    The table's rows are put in another order (None is an idle row), in which nobody is asked for it.
    """
    forged = run(NOTHING, basis="universal", idle=4)
    forged.claim(**{f"short_gain_{row}": 1})
    totals = forged.sheet("totals")
    totals.set(row, carry_in=1, byte=1)
    return arranged(forged, order)


def arranged(forged: Forgery, order: Sequence[int | None]) -> Forgery:
    """Other rows of the totals; the table ends with them."""
    trace = forged.traces["totals"]
    own = trace.shape[1] - 3  # without the ring
    rows = np.array([trace[len(trace) - 1 if r is None else r, :own] for r in order])
    forged.traces["totals"] = np.concatenate((rows, trace[: len(rows), own:]), axis=1)
    forged.recount()
    return forged


def _whole(cut: int = 3) -> Forgery:
    """The table ends inside the first total, whose upper part begins elsewhere."""
    return conjured(cut + 1, [*range(12, 60), *range(cut + 1, 12), None, *range(cut + 1)])


def _position_step(cut: int) -> Forgery:
    """The first total in another order: what would carry into its first row comes into the row after the cut."""
    return conjured(cut + 1, [*range(cut + 1, 11), *range(cut + 1), 11, *range(12, 60), None])


def _bucket_step(cut: int) -> Forgery:
    """Two totals change places after the cut: what the lower part of one carries out, the upper part of the other gets.

    Here nobody carries anything.
    """
    forged = run(NOTHING, basis="universal")
    return arranged(
        forged, [*range(cut + 1), *range(cut + 13, 24), *range(12, cut + 13), *range(cut + 1, 12), *range(24, 60)]
    )


def _position_bit(k: int) -> Forgery:
    """Marks of 1, 1 and -1 that have the sum of one and the number of another position."""
    ones, number = {0: ((1, 2), 3), 11: ((9, 10), 8)}.get(k, ((k - 1, k + 1), k))
    forged = run(NOTHING, basis="universal")
    forged.sheet("totals").put(number, "position", [-1 if p == k else int(p in ones) for p in range(12)])
    return forged


lie("totals.whole", _whole)
lie("totals.position_step", _position_step, 3)
lie("totals.bucket_step", _bucket_step, 3)
lies("totals.position{}_bit", _position_bit, range(12))
for _k in range(11):
    weak_lie("totals.carry_step", f"position{_k}", more, _k + 1, "carry_in")
    weak_lie("totals.bucket_step", f"position{_k}", _bucket_step, _k)
for _k in range(10):
    weak_lie("totals.position_step", f"position{_k}", _position_step, _k)
for _k in range(8, 12):
    weak_lie("totals.no_sum_above", f"position{_k}", more, _k, "sum")


# ------------------------------------------------------------------------------------------------------------ ranges


def ranged(count: int, *, row: int = 0, hi: int = 0, lo: int = 0, skip: tuple[int, int, int] = (0, 0, 0)) -> Forgery:
    """A range table of `count` rows that counts from elsewhere, or skips rows, pairs' rows or high bytes on the way.

    Whatever is looked up is counted where it now stands.
    """
    forged = run(NOTHING, basis="universal", idle=max(count - RANGE_ROWS, 0) + 2)
    table, numbers = forged.sheet("range"), np.arange(count)
    honest = {name: table[name].copy() for name in statement.column_names("range")}
    late = numbers > count - 100
    pairs = 8 * (numbers - (lo < 0) + skip[1] * late) + 256 * hi
    pairs += 256 * skip[2] * (numbers >= RANGE_ROWS - 64)
    rows = numbers + row + skip[0] * late
    for name, values in (
        ("active", numbers >= 0),
        ("row", rows),
        ("hi", pairs >> 8),
        ("lo", pairs & 255),
        ("wrap", (pairs & 255) == 248),
    ):
        table[name][:] = 0
        table[name][:count] = values % P
    if lo:
        table.set(0, hi=0, lo=lo, wrap=0)
    for stem, standing, many in (("pair_count", pairs // 8, 8), ("u15_count", rows, 4)):
        place = {int(number): at for at, number in enumerate(standing)}
        for j in range(many):
            column = table[f"{stem}{j}"]
            column[:] = 0
            for number in np.flatnonzero(honest[f"{stem}{j}"][:RANGE_ROWS]):
                column[place[int(number)]] = honest[f"{stem}{j}"][number]
    return forged


def _range_again() -> Forgery:
    """A second block of rows, which counts whatever it likes."""
    forged = run(NOTHING, basis="universal", idle=6)
    forged.sheet("range").set(RANGE_ROWS + 1, row=10**6 - 1, hi=255, lo=240)
    forged.sheet("range").set(RANGE_ROWS + 2, active=1, row=10**6, hi=255, lo=248)
    return forged


def _cut(count: int) -> Forgery:
    """The table ends with an active row, too early; what is missing is not looked up."""
    forged = run(NOTHING, basis="universal")
    forged.traces["range"] = forged.traces["range"][:count].copy()
    return forged


lie("range.active_once", _range_again)
lie("range.row_start", partial(ranged, RANGE_ROWS, row=-1))
lie("range.hi_start", partial(ranged, RANGE_ROWS + 32, hi=-1))
lie("range.lo_start", partial(ranged, RANGE_ROWS + 1, lo=-8))
lie("range.row_step", partial(ranged, RANGE_ROWS, skip=(1, 0, 0)))
lie("range.lo_step", partial(ranged, RANGE_ROWS - 1, skip=(0, 1, 0)))
lie("range.hi_step", partial(ranged, RANGE_ROWS - 32, skip=(0, 0, 1)))
lie("range.hi_end", partial(ranged, RANGE_ROWS + 32))
lie("range.lo_end", partial(ranged, RANGE_ROWS - 1))
lie("range.lo_end_last", _cut, RANGE_ROWS - 1)
lie("range.hi_end_last", _cut, RANGE_ROWS - 32)


# ------------------------------------------------------------------------------------------------ the blinding ring


def _blind(table: str) -> Forgery:
    """A message twice, and twice taken: by two rows of the next table, from two rows of the one before."""
    forged = run([BUY])
    at = TABLES.index(table)
    before, mine, after = (forged.sheet(TABLES[(at + by) % len(TABLES)]) for by in (-1, 0, 1))
    before.set(0, blind_out=4)
    before.set(1, blind_out=4)
    mine.set(0, blind_on=2, blind_in=4, blind_out=6)
    mine.set(1, blind_on=0)
    after.set(0, blind_in=6)
    after.set(1, blind_in=6)
    return forged


for _name in TABLES:
    lie(f"{_name}.blind_on_bit", _blind, _name)
