"""Gadgets: range checks by lookup, lexicographic comparison of limbs, packing of bytes.

Every gadget says what it promises and under which assumption on its inputs. Range checks are lookups in the `range`
table: `bytes` holds every pair of bytes, `u15` every integer below 2^15.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkharvest.spec import P

from .builder import Bus, Table, Where
from .expr import Cell, Expr, lift, total

LIMB = 2**15
WIDEST = P - 2**30
"""Lanes of a comparison with two limbs are below it; with one, below LIMB."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The two range buses; the range table sends, users receive."""

    bytes: Bus
    u15: Bus

    def check_bytes(self, table: Table, cells: Sequence[Cell]) -> None:
        """Each cell is in 0..255 on every row (two to a lookup)."""
        for i in range(0, len(cells), 2):
            pair = cells[i : i + 2]
            table.receive(self.bytes, [pair[0], pair[1] if len(pair) == 2 else 0])

    def check_u15(self, table: Table, *values: Expr) -> None:
        """Each value is in 0..2^15-1 on every row."""
        for value in values:
            table.receive(self.u15, [value])


def most_significant_first(lanes: Sequence[Expr]) -> list[Expr]:
    """Lanes are stored least significant first; comparisons read them the other way."""
    return list(reversed(lanes))


def pack24(cells: Sequence[Expr]) -> list[Expr]:
    """Bytes, little-endian, three to a lane."""
    return [total(c * 256**k for k, c in enumerate(cells[i : i + 3])) for i in range(0, len(cells), 3)]


def pack16(cells: Sequence[Expr]) -> list[Expr]:
    """Bytes, little-endian, two to a limb."""
    return [cells[i] + cells[i + 1] * 256 for i in range(0, len(cells), 2)]


@dataclass(frozen=True, slots=True)
class Compare:
    """Advice of one comparison: a one-hot mark of the most significant differing lane, and the difference there."""

    flags: list[Cell]
    low: Cell
    high: Cell | None

    @property
    def marked(self) -> Expr:
        """1 if some lane is marked."""
        return total(self.flags)

    @property
    def gap(self) -> Expr:
        """The difference at the marked lane less one, from its limbs (below 2^30, or 2^15 without `high`)."""
        return self.low + self.high * LIMB if self.high is not None else lift(self.low)


def compare_columns(table: Table, ranges: Ranges, name: str, lanes: int, *, wide: bool) -> Compare:
    """Columns for a comparison; `wide` lanes may reach 2^28, others 2^15."""
    flags = table.column_list(f"{name}_at", lanes)
    low = table.column(f"{name}_low")
    high = table.column(f"{name}_high") if wide else None
    table.boolean(*flags)
    ranges.check_u15(table, *([low, high] if high is not None else [low]))
    return Compare(flags, low, high)


def less(
    table: Table,
    name: str,
    compare: Compare,
    pairs: Sequence[tuple[Expr, Expr]],
    active: Expr,
    *,
    below: int,
    strict: bool,
    note: str,
    turn: Expr | int = 1,
    where: Where = "all",
) -> None:
    """Where `active` is 1: x < y (or x <= y) for x, y given as (x, y) lanes, most significant first.

    All lanes are less than `below`, as other constraints say (the caller's to know). It is at most p - 2^30, so that a
    negative difference has no limbs (2^30 is what they hold): a lane of 30 bits is too wide. Lanes above the mark are
    equal and at the mark y exceeds x; with no mark, allowed only if not strict, all lanes are equal. With `turn` -1 (an
    expression of value 1 or -1) the roles of x and y are exchanged. No lane follows the last one: where a mark must be,
    nothing is said of its equality.

    Raises ValueError for a bound above that, or one that the limbs do not hold.
    """
    if below > (WIDEST if compare.high is not None else LIMB):
        raise ValueError(f"{name}: lanes below {below} cannot be compared, a difference could go round")
    marked = compare.marked
    if strict:
        table.zero(f"{name}_marked", marked - active, f"{note}: one differing lane is marked", where)
    else:
        table.zero(f"{name}_marked", marked * (marked - 1), f"{note}: at most one lane is marked", where)
    prefix: Expr = lift(0)
    for i, (flag, (x, y)) in enumerate(zip(compare.flags, pairs, strict=True)):
        prefix = prefix + flag
        if strict and i == len(pairs) - 1:
            continue  # marked = active: the last lane is never above the mark
        table.zero(f"{name}_equal{i}", (active - prefix) * (y - x), f"{note}: lanes above the mark are equal", where)
    difference = total(f * (turn * (y - x)) for f, (x, y) in zip(compare.flags, pairs, strict=True))
    table.zero(f"{name}_gap", difference - marked - compare.gap, f"{note}: the larger is larger at the mark", where)
