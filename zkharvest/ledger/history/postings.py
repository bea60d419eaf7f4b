"""What the steps of a window post to registers, summed on arrays: `counting` says the same record by record.

Sums are exact: a number is cut into limbs of 32 bits, whose sums over 2^31 rows fit 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.operations import Bools, Ints, Words
from zkharvest.ledger.rules import LONG_TERM, SHORT_TERM, Pooling, Side

from .columns import Columns
from .order import Window
from .records import IN_TRANSIT, MOVE, TRADE, Account, rows_of
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

_Word = TypeVar("_Word")

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

    def posts(self) -> Iterable[tuple[Key, tuple[int, ...]]]:
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
        first = _same(columns.rest[rows], posting.quantity[turn])
        last = _same(columns.rest[rows], self.part)
        fee = np.where(opened | (taken & first), posting.fee[turn], 0)
        codes, sums = _summed(self._codes(income, received, given, short), (
            *_limbs(self.part),
            *(limb * np.where(short, 1, sign) for limb in _two(received)),
            *(limb * np.where(short, sign, 1) for limb in _two(given)),
            fee & 0xFFFFFFFF, fee >> 32, taken, np.where(self.dropped, last, opened | first),
        ))  # fmt: skip
        amounts = (
            _whole(sums[:4]),
            _whole(sums[4:6]),
            _whole(sums[6:8]),
            _whole(sums[8:10]),
            sums[10].tolist(),
            sums[11].tolist(),
        )
        return zip(self._keys(codes), zip(*amounts, strict=True), strict=True)

    def holdings(self) -> Iterable[tuple[Key, int]]:
        """What each account's holdings of an asset and side change by."""
        posting, turn = self.posting, self.turn
        sign = np.where(self.opened | self.arrived, 1, -1)
        code = (posting.owner[turn] * len(posting.assets) + posting.asset[turn]) * 2 + posting.side[turn]
        codes, sums = _summed(code, [limb * sign for limb in _limbs(self.part)])
        pair, side = np.divmod(codes, 2)
        owner, asset = np.divmod(pair, len(posting.assets))
        keys = [
            Key("HOLD", name, account, side=of)
            for name, account, of in zip(
                _named(posting.assets, asset), _named(posting.owners, owner), _named(_SIDES[1:], side), strict=True
            )
        ]
        return zip(keys, _whole(sums), strict=True)

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

    def _keys(self, codes: Ints) -> Iterator[Key]:
        """The keys of codes."""
        parts = []
        for size in reversed(_SIZES):
            codes, part = np.divmod(codes, size)
            parts.append(part)
        side, result, term, covered, origin, kind, counted = parts
        owner, asset = np.divmod(codes, len(self.posting.assets))
        return rows_of(
            Key, _named(("L0", "L1"), counted), _named(self.posting.assets, asset),
            _named(self.posting.owners, owner), kind.tolist(), _named(_ORIGINS, origin), _named(_COVERED, covered),
            _named(_TERMS, term), _named(_RESULTS, result), _named(_SIDES, side),
        )  # fmt: skip


def _named(words: Sequence[_Word], numbers: Ints) -> list[_Word]:
    """The words of numbers."""
    return [words[number] for number in numbers.tolist()]


def _summed(codes: Ints, columns: Sequence[NDArray[Any]]) -> tuple[Ints, list[Ints]]:
    """The distinct codes in the order in which they come first, and of each column the sums of each one's rows."""
    if not len(codes):
        return codes, [codes] * len(columns)
    order = np.argsort(codes)
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    place = np.argsort(np.minimum.reduceat(order, starts))
    return ordered[starts][place], [np.add.reduceat(column[order], starts, dtype=np.int64)[place] for column in columns]


def _same(words: Words, others: Words) -> Bools:
    """Which numbers of two words are the same."""
    same: Bools = (words[:, 0] == others[:, 0]) & (words[:, 1] == others[:, 1])
    return same


def _two(numbers: Words) -> tuple[Ints, Ints]:
    """The limbs of 64 bits, low limb first."""
    return (numbers & _LOW).astype(np.int64), (numbers >> _LIMB).astype(np.int64)


def _limbs(numbers: Words) -> tuple[Ints, ...]:
    """The limbs of two words, low limb first."""
    return *_two(numbers[:, 0]), *_two(numbers[:, 1])


def _whole(limbs: Sequence[Ints]) -> list[int]:
    """Numbers of the sums of their limbs, low limb first."""
    *lower, highest = limbs
    numbers: list[int] = highest.tolist()
    for limb in reversed(lower):
        numbers = [(high << 32) + low for high, low in zip(numbers, limb.tolist(), strict=True)]
    return numbers
