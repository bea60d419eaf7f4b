"""What the steps of a window post to registers, summed on arrays: `counting` says the same record by record.

Sums are exact: a number is cut into limbs of 32 bits, whose sums over 2^31 rows fit 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.operations import Bools, Ints, Words
from zkharvest.ledger.rules import LONG_TERM, SHORT_TERM, Pooling, Side

from .columns import Columns
from .order import Window
from .records import IN_TRANSIT, MOVE, TRADE, Account
from .registers import (
    BY_REF,
    BY_WINDOW,
    DECLARED_VALUE,
    GONE,
    INCOME_TERM,
    NONE,
    OUT,
    VENUE,
    Amounts,
    Key,
    Registers,
)
from .standing import Standing, Token
from .steps import Do

_LIMB = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)

_ORIGINS = ("", VENUE, DECLARED_VALUE, NONE, GONE, OUT, BY_REF, BY_WINDOW)
_COVERED = ("", "c", "n")
_TERMS = ("", INCOME_TERM, LONG_TERM, SHORT_TERM)
_RESULTS = ("", "gain", "loss")
_SIDES = (None, Side.LONG, Side.SHORT)
_KINDS = 64
_SIZES = (2, _KINDS, len(_ORIGINS), len(_COVERED), len(_TERMS), len(_RESULTS), len(_SIDES))


@dataclass(frozen=True, slots=True)
class Posting:
    """What is posted: a run's columns, of which the first `steps` are of what is loaded and of records.

    By turn: number of its asset and its owner in these lists, side, time, quantity (two words), fee, reference, kind
    under which it counts, whether its value is below zero, whether its owner declared it, whether it is a deposit.
    """

    window: Window
    opening: Standing | None
    columns: Columns
    steps: int
    assets: Sequence[str]
    owners: Sequence[Account]
    asset: Ints
    owner: Ints
    side: Ints
    time: Ints
    quantity: Words
    fee: Ints
    ref: Ints
    kind: Ints
    below: Bools
    by_owner: Bools
    deposit: Bools


def registers_of(posting: Posting, in_transit: Sequence[Token]) -> dict[Key, Amounts] | None:
    """All registers at the end; `in_transit` is carried out. None if an account ends below zero."""
    registers, opening, window = Registers(), posting.opening, posting.window
    held: dict[Key, int] = {}
    if opening is not None:
        registers.carry_in(opening.registers, same_year=opening.year == window.year)
        held = {key: amounts.units for key, amounts in opening.registers.items() if key.level == "HOLD"}
    sums = _Sums(posting)
    for key, amounts in sums.posts():
        registers.post(key, *amounts)
    for token in in_transit:
        origin = BY_REF if token.ref else BY_WINDOW
        registers.post(Key("COUNT", kind=IN_TRANSIT, origin=origin), events=int(token.last))
    for key, units in sums.holdings():
        held[key] = held.get(key, 0) + units
    if min(held.values(), default=0) < 0:
        return None
    for key, units in held.items():
        registers.posts[key] = Amounts(units)
    return registers.whole()


class _Sums:
    """The steps of records as arrays, and their sums by key."""

    def __init__(self, posting: Posting) -> None:
        self.posting, columns = posting, posting.columns
        op, turn = columns.op[: posting.steps], columns.turn[: posting.steps]
        self.rows = np.flatnonzero((turn >= 0) & (op != Do.SKIP))
        self.op, self.turn = op[self.rows], turn[self.rows]
        self.opened, self.taken, self.sent, self.dropped, self.arrived = (
            self.op == do for do in (Do.OPEN, Do.TAKE, Do.SEND, Do.DROP, Do.ARRIVE)
        )
        self.part = np.where(self.opened[:, None], columns.lot[self.rows], columns.part[self.rows])

    def posts(self) -> list[tuple[Key, tuple[int, ...]]]:
        """Every key of the first two levels, with its units, proceeds, basis, fee, lines and events."""
        posting, columns, rows, turn = self.posting, self.posting.columns, self.rows, self.turn
        opened, taken = self.opened, self.taken
        deposit, short = posting.deposit[turn], posting.side[turn] == Side.SHORT
        income = opened & ~deposit & ~short & (posting.kind[turn] != TRADE)
        value, closing = columns.part_value[rows], columns.close_value[rows]
        value = np.where(opened, columns.lot_value[rows], value)
        received = np.where(taken, np.where(short, value, closing), np.where(income, value, np.uint64(0)))
        given = np.where(taken, np.where(short, closing, value), np.where(income, np.uint64(0), value))
        given[self.sent | self.arrived] = 0
        sign = np.where(taken & posting.below[turn], -1, 1)
        first = (columns.rest[rows] == posting.quantity[turn]).all(axis=1)
        last = (columns.rest[rows] == self.part).all(axis=1)
        fee = np.where(opened | (taken & first), posting.fee[turn], 0)
        sums = np.column_stack((
            *_limbs(self.part),
            *(limb * np.where(short, 1, sign) for limb in _two(received)),
            *(limb * np.where(short, sign, 1) for limb in _two(given)),
            fee >> 32, fee & 0xFFFFFFFF, taken, np.where(self.dropped, last, opened | first),
        ))  # fmt: skip
        code = self._codes(income, received, given, short)
        return [
            (self._key(key), (
                _whole(row[:4]), _whole(row[4:6]), _whole(row[6:8]), _whole(row[9:7:-1]), row[10], row[11]
            ))
            for key, row in _summed(code, sums)
        ]  # fmt: skip

    def holdings(self) -> list[tuple[Key, int]]:
        """What each account's holdings of an asset and side change by."""
        posting, turn = self.posting, self.turn
        sign = np.where(self.opened | self.arrived, 1, -1)
        code = (posting.owner[turn] * len(posting.assets) + posting.asset[turn]) * 2 + posting.side[turn]
        sums = np.column_stack([limb * sign for limb in _limbs(self.part)])
        found = []
        for key, row in _summed(code, sums):
            pair, side = divmod(key, 2)
            owner, asset = divmod(pair, len(posting.assets))
            of = Key("HOLD", posting.assets[asset], posting.owners[owner], side=Side(side))
            found.append((of, _whole(row)))
        return found

    def _codes(self, income: Bools, received: Words, given: Words, short: Bools) -> Ints:
        """Each step's key as one number."""
        posting, columns, turn, taken = self.posting, self.posting.columns, self.turn, self.taken
        window = posting.window
        begin, end = window.counted(Calendar(window.zone))
        time = posting.time[turn]
        counted = (time >= begin) & (time < end)
        kind = np.where(self.sent | self.arrived, MOVE, posting.kind[turn])
        by_owner, deposit = posting.by_owner[turn], posting.deposit[turn]
        origin = np.where(by_owner, _ORIGINS.index(DECLARED_VALUE), _ORIGINS.index(VENUE))
        origin[deposit & ~by_owner] = _ORIGINS.index(NONE)
        origin[self.dropped], origin[self.sent] = _ORIGINS.index(GONE), _ORIGINS.index(OUT)
        ref = columns.tokens.ref[columns.token[self.rows]] if len(columns.tokens.ref) else np.zeros(len(turn), np.int64)
        named = (ref != 0) & (ref == posting.ref[turn])
        origin = np.where(self.arrived, np.where(named, _ORIGINS.index(BY_REF), _ORIGINS.index(BY_WINDOW)), origin)
        node = columns.node[self.rows] * taken
        entries = columns.entries
        if len(entries.own):
            covered = (entries.own[node] == 1) & (entries.day[node] >= window.covered_since)
            long = ~short & (time >= entries.long_from[node])
        else:
            covered = long = np.zeros(len(turn), np.bool_)
        covered = covered & (window.pooling is Pooling.WALLET)
        # Of a long lot sold below nothing every part is a loss, of a short one bought back for less a gain.
        gain = np.where(posting.below[turn], short, received >= given)
        code = posting.owner[turn] * len(posting.assets) + posting.asset[turn]
        parts = (
            counted, kind, origin, np.where(taken, np.where(covered, 1, 2), 0),
            np.where(taken, np.where(long, 2, 3), income), np.where(taken, np.where(gain, 1, 2), 0),
            np.where(self.opened | taken, 1 + posting.side[turn], 0),
        )  # fmt: skip
        for size, part in zip(_SIZES, parts, strict=True):
            code = code * size + part
        return code

    def _key(self, code: int) -> Key:
        parts = []
        for size in reversed(_SIZES):
            code, part = divmod(code, size)
            parts.append(part)
        side, result, term, covered, origin, kind, counted = parts
        owner, asset = divmod(code, len(self.posting.assets))
        return Key(
            "L1" if counted else "L0", self.posting.assets[asset], self.posting.owners[owner], kind, _ORIGINS[origin],
            _COVERED[covered], _TERMS[term], _RESULTS[result], _SIDES[side],
        )  # fmt: skip


def _summed(codes: Ints, sums: NDArray[np.int64]) -> list[tuple[int, list[int]]]:
    """The sums of the rows of each code, in the order in which codes come first."""
    if not len(codes):
        return []
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    added = np.add.reduceat(sums[order].astype(np.int64), starts, axis=0)
    place = np.argsort(order[starts])
    return list(zip(ordered[starts][place].tolist(), added[place].tolist(), strict=True))


def _two(numbers: Words) -> tuple[Ints, Ints]:
    """The limbs of 64 bits, low limb first."""
    return (numbers & _LOW).astype(np.int64), (numbers >> _LIMB).astype(np.int64)


def _limbs(numbers: Words) -> tuple[Ints, ...]:
    """The limbs of two words, low limb first."""
    return *_two(numbers[:, 0]), *_two(numbers[:, 1])


def _whole(limbs: Sequence[int]) -> int:
    return sum(limb << 32 * n for n, limb in enumerate(limbs))
