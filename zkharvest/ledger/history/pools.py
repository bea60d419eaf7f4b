"""The lists of open lots of a run: what `book.Book` is for a ledger, with what a lot of v2 keeps beside its value."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass

from zkharvest.ledger.rules import Method, part_of

from .records import Place
from .standing import Lot
from .steps import List


@dataclass(slots=True)
class Entry:
    """A lot in a list: `lot` as it came there, and what is left of it."""

    node: int
    lot: Lot
    key: tuple[int, ...]
    quantity: int
    value: int


def sort_key(method: Method, lot: Lot) -> tuple[int, ...]:
    """Where a lot stands in its list; equal keys are in the order of arrival."""
    match method:
        case Method.FIFO:
            return lot.day, lot.order
        case Method.LIFO:
            return -lot.day, -lot.order
        case Method.HIFO:
            return -lot.unit, lot.order
        case Method.LOFO:
            return lot.unit, lot.order
        case Method.SPECIFIC:
            return ()


class Pools:
    """Lists of entries in the order in which they are taken."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.made = 0
        self._lists: dict[List, list[Entry]] = {}
        self._named: dict[tuple[List, Place | None], deque[int]] = {}

    def lists(self) -> list[List]:
        """The lists that a lot has lain in: by asset, account and side."""
        return sorted(self._lists)

    def entries(self, which: List) -> list[Entry]:
        """The entries of a list in order. To be read only."""
        return self._lists.get(which, [])

    def insert(self, lot: Lot) -> tuple[Entry, int, int]:
        """Put a lot behind all whose key is not greater. Returns its entry and its neighbours' nodes."""
        which = List(lot.asset, lot.place, lot.side)
        entries = self._lists.setdefault(which, [])
        if self.method is Method.SPECIFIC:
            self._named.setdefault((which, lot.name), deque()).append(self.made)
        key = sort_key(self.method, lot)
        at = bisect_right(entries, key, key=_key)
        entry = Entry(self.made, lot, key, lot.quantity, lot.value)
        self.made += 1
        pred = entries[at - 1].node if at else -1
        following = entries[at].node if at < len(entries) else -1
        entries.insert(at, entry)
        return entry, pred, following

    def neighbours(self, which: List, at: int) -> tuple[int, int]:
        """The nodes before and behind a place of a list."""
        entries = self._lists[which]
        return entries[at - 1].node if at else -1, entries[at + 1].node if at + 1 < len(entries) else -1

    def take(self, which: List, at: int, part: int) -> int:
        """Take a part of the entry at a place; one that is used up leaves. Returns the value that goes with it."""
        entries = self._lists[which]
        entry = entries[at]
        value = part_of(entry.value, part, entry.quantity)
        entry.quantity -= part
        entry.value -= value
        if not entry.quantity:
            del entries[at]
            if self.method is Method.SPECIFIC:
                self._named[which, entry.lot.name].remove(entry.node)
        return value

    def place_of(self, which: List, name: Place | None) -> int:
        """The place of the first entry of a named lot, under specific identification; the list's length if it has none.

        Entries there are in the order of arrival, so their nodes rise.
        """
        entries = self.entries(which)
        nodes = self._named.get((which, name))
        return bisect_left(entries, nodes[0], key=_node) if nodes else len(entries)


def _node(entry: Entry) -> int:
    return entry.node


def _key(entry: Entry) -> tuple[int, ...]:
    return entry.key
