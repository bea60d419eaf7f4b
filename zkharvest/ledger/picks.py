"""Specific identification: from the names of lots to the trades that opened them (Reg. 1.1012-1(j)(3)(ii)).

A lot is identified no later than the sale, so a name can only mean a lot that was opened before it. What comes later
in the file never changes what a name means: a file that is valid for one year stays so (docs/adr/0016).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from difflib import get_close_matches

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.refusals import ambiguous_lot, unknown_lot
from zkharvest.trades.model import OPENS_LOT, Trade

_SEARCHED = 20_000  # names; among more, looking for near ones takes too long


class Names:
    """The lots of a ledger by id and by `source/id`."""

    def __init__(self, trades: Sequence[Trade] = ()) -> None:
        self._places: dict[str, int | list[int]] = {}  # a list only where several lots have the name
        self._lots: dict[int, Trade] = {}
        self.upto = 0  # trades seen
        self.add(trades)

    def copy(self) -> Names:
        """Names that grow independently."""
        twin = Names()
        twin._places = {name: at if isinstance(at, int) else list(at) for name, at in self._places.items()}
        twin._lots, twin.upto = dict(self._lots), self.upto
        return twin

    def add(self, trades: Sequence[Trade]) -> None:
        """The next trades of the ledger."""
        places, lots = self._places, self._lots
        for place, trade in enumerate(trades, start=self.upto):
            if trade.kind in OPENS_LOT:
                lots[place] = trade
                for name in (trade.id, trade.ref):
                    first = places.setdefault(name, place)
                    if isinstance(first, list):
                        first.append(place)
                    elif first != place:
                        places[name] = [first, place]
        self.upto += len(trades)

    def find(self, name: str, before: int) -> list[int]:
        """The places below `before` of all lots of that name."""
        places = self._places.get(name)
        if places is None:
            return []
        if isinstance(places, int):
            return [places] if places < before else []
        return places[: bisect_left(places, before)]

    def later(self, name: str) -> Trade | None:
        """The first trade of all that opens a lot of that name."""
        found = self.find(name, self.upto)
        return self._lots[found[0]] if found else None

    def near(self, name: str) -> str:
        """A known name that is written almost like this one, or nothing."""
        found = get_close_matches(name, self._places, 1, 0.75) if len(self._places) < _SEARCHED else []
        return found[0] if found else ""


def resolve_picks(trades: Sequence[Trade], closing: Sequence[int], names: Names | None = None) -> list[int]:
    """The places of the opening trades that are named by the trades at the places `closing`, name after name.

    Raises InputError with every name that fits no lot opened before, or more than one.
    """
    if names is None:
        names = Names(trades)
    problems: list[Problem] = []
    resolved: list[int] = []
    for place in closing:
        for pick in trades[place].lots:
            found = names.find(pick.trade, place)
            if len(found) == 1:
                resolved.append(found[0])
            elif found:
                problems.append(ambiguous_lot(trades[place], pick.trade, [trades[one] for one in found]))
            else:
                later, near = names.later(pick.trade), names.near(pick.trade)
                problems.append(unknown_lot(trades[place], pick.trade, later, near))
    if problems:
        raise InputError(problems)
    return resolved
