"""Trades as arrays: each attribute is read off a million objects once, whoever asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import count
from operator import attrgetter

import numpy as np

from zkharvest.ledger.operations import Ints, Words
from zkharvest.trades.model import Trade

_WORD = (1 << 64) - 1


class TradeColumns:
    """Columns of trades in their order. Raises OverflowError where a number does not fit its column."""

    def __init__(self, trades: Sequence[Trade]) -> None:
        self.trades = trades

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

    def _numbers(self, values: Iterable[int]) -> Ints:
        return np.fromiter(values, np.int64, len(self.trades))

    def names(self, attribute: str) -> tuple[list[str], Ints]:
        """The distinct values of a text attribute in the order in which they come first, and each trade's number."""
        number: defaultdict[str, int] = defaultdict(count().__next__)
        codes = self._numbers(map(number.__getitem__, map(attrgetter(attribute), self.trades)))
        return list(number), codes


def two_words(numbers: Sequence[int]) -> Words:
    """Integers of 0 to 2^127 as rows of two words, low word first. Raises OverflowError for others."""
    words = np.empty((len(numbers), 2), np.uint64)
    words[:, 0] = np.fromiter((number & _WORD for number in numbers), np.uint64, len(numbers))
    high = np.fromiter((number >> 64 for number in numbers), np.int64, len(numbers))
    if high.size and high.min() < 0:
        raise OverflowError("below zero")
    words[:, 1] = high
    return words
