"""Trades as arrays: each attribute is read off a million objects once, whoever asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain, count
from operator import attrgetter

import numpy as np

from zkharvest.ledger.operations import Ints, Words
from zkharvest.trades.model import Trade

_LOW32 = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


class TradeColumns:
    """Columns of trades in their order. Raises OverflowError where a number does not fit its column."""

    def __init__(self, trades: Sequence[Trade]) -> None:
        self.trades = trades
        self._picks: dict[bytes, PickColumns] = {}

    def __len__(self) -> int:
        return len(self.trades)

    @cached_property
    def kind(self) -> Ints:
        """Kinds by number."""
        return self._numbers(trade.kind for trade in self.trades)

    @cached_property
    def time(self) -> Ints:
        """Times in ms."""
        return self._numbers(trade.time for trade in self.trades)

    @cached_property
    def amount(self) -> Ints:
        """Amounts in 10^-8; those of 2^63 and more do not fit."""
        return self._numbers(trade.amount for trade in self.trades)

    @cached_property
    def fee(self) -> Ints:
        """Fees in 10^-8, signed."""
        return self._numbers(trade.fee for trade in self.trades)

    @cached_property
    def quantity(self) -> Words:
        """Quantities in 10^-18 as rows of two words, low word first; those below zero do not fit."""
        return two_words([trade.quantity for trade in self.trades])

    @cached_property
    def asset(self) -> tuple[list[str], Ints]:
        """`names` of the asset."""
        return self.names("asset")

    def _numbers(self, values: Iterable[int]) -> Ints:
        return np.fromiter(values, np.int64, len(self.trades))

    def names(self, attribute: str) -> tuple[list[str], Ints]:
        """The distinct values of a text attribute in the order in which they come first, and each trade's number."""
        number: defaultdict[str, int] = defaultdict(count().__next__)
        codes = self._numbers(map(number.__getitem__, map(attrgetter(attribute), self.trades)))
        return list(number), codes

    def picks(self, takes: Ints) -> PickColumns:
        """The lots that the trades at these places name. They are read once for the same places."""
        key = takes.tobytes()
        if key not in self._picks:
            self._picks = {key: PickColumns(self.trades, takes)}
        return self._picks[key]


class PickColumns:
    """The lots named by the trades at the places `takes`, name after name. Raises OverflowError as `two_words`.

    `counts`: how many each trade names. By name: `names` as written, `quantity` in two words, and `taker`, the place of
    the trade that names it.
    """

    def __init__(self, trades: Sequence[Trade], takes: Ints) -> None:
        self.takes = takes
        named = [trades[place].lots for place in takes.tolist()]
        picks = list(chain.from_iterable(named))
        self.counts = np.fromiter(map(len, named), np.int64, len(named))
        self.taker = np.repeat(takes, self.counts)
        self.quantity = two_words([pick.quantity for pick in picks])
        self.names = [pick.trade for pick in picks]

    def add_up(self, quantity: Words) -> bool:
        """Whether each trade names something, nothing of zero, and as much as it takes (two words by trade)."""
        if not (self.counts.all() and self.quantity.any(axis=1).all()):
            return False
        if not self.counts.size:
            return True
        starts = np.cumsum(self.counts) - self.counts
        carried = np.zeros(self.counts.size, np.uint64)
        for word in (0, 1):
            for shift in (np.uint64(0), _32):  # halves of words add up within a word, for fewer than 2^32 names
                total = carried + np.add.reduceat((self.quantity[:, word] >> shift) & _LOW32, starts)
                if ((total ^ (quantity[self.takes, word] >> shift)) & _LOW32).any():
                    return False
                carried = total >> _32
        return not carried.any()


def two_words(numbers: Sequence[int]) -> Words:
    """Integers of 0 to 2^127 as rows of two words, low word first. Raises OverflowError for others."""
    octets = bytearray().join([number.to_bytes(16, "little") for number in numbers])
    words = np.frombuffer(octets, np.uint64).reshape(-1, 2)
    if words.size and words[:, 1].max() >> np.uint64(63):
        raise OverflowError("2^127 or more")
    return words
