"""Specific identification: from the names of lots to the trades that opened them (Reg. 1.1012-1(j)(3)(ii)).

A lot is identified no later than the sale, so a name can only mean a lot that was opened before it. What comes later
in the file never changes what a name means: a file that is valid for one year stays so (docs/adr/0016).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import repeat
from operator import lt

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.refusals import ambiguous_lot, unknown_lot
from zkharvest.trades.model import OPENS_LOT, Trade

_SEARCHED = 20_000  # names; among more, looking for near ones takes too long


class Names:
    """The lots of a ledger by id and by `source/id`."""

    def __init__(self, trades: Sequence[Trade] = ()) -> None:
        self._places: dict[str, int | list[int]] = {}  # by id; a list only where several lots have the id
        self._trades: list[Trade] = []
        self.add(trades)

    def copy(self) -> Names:
        """Names that grow independently."""
        twin = Names()
        twin._places = {name: at if isinstance(at, int) else list(at) for name, at in self._places.items()}
        twin._trades = list(self._trades)
        return twin

    @property
    def upto(self) -> int:
        """Trades seen."""
        return len(self._trades)

    def add(self, trades: Sequence[Trade]) -> None:
        """The next trades of the ledger."""
        places = self._places
        for place, trade in enumerate(trades, start=len(self._trades)):
            if trade.kind in OPENS_LOT:
                first = places.setdefault(trade.id, place)
                if first is not place:
                    if isinstance(first, list):
                        first.append(place)
                    else:
                        places[trade.id] = [first, place]
        self._trades += trades

    def find(self, name: str, before: int) -> list[int]:
        """The places below `before` of all lots of that name, increasing."""
        found = self._with_id(name, before)
        slash = name.find("/")
        while slash >= 0:  # ids and sources may have one themselves
            source = name[:slash]
            named = [at for at in self._with_id(name[slash + 1 :], before) if self._trades[at].source == source]
            found = sorted({*found, *named}) if found else named
            slash = name.find("/", slash + 1)
        return found

    def _with_id(self, name: str, before: int) -> list[int]:
        places = self._places.get(name)
        if places is None:
            return []
        if isinstance(places, int):
            return [places] if places < before else []
        return places[: bisect_left(places, before)]

    def later(self, name: str) -> Trade | None:
        """The first trade of all that opens a lot of that name."""
        found = self.find(name, self.upto)
        return self._trades[found[0]] if found else None

    def near(self, name: str) -> str:
        """A known name that is written almost like this one, or nothing."""
        if 2 * len(self._places) >= _SEARCHED:
            return ""
        refs = [trade.ref for trade in self._trades if trade.kind in OPENS_LOT]
        found = get_close_matches(name, [*self._places, *refs], 1, 0.75)
        return found[0] if found else ""


def resolve_picks(trades: Sequence[Trade], closing: Sequence[int], names: Names | None = None) -> list[int]:
    """The places of the opening trades that are named by the trades at the places `closing`, name after name.

    Raises InputError with every name that fits no lot opened before, or more than one.
    """
    if names is None:
        lots = [place for place, trade in enumerate(trades) if trade.kind in OPENS_LOT]
        picks = [trades[place].lots for place in closing]
        known = places_of(trades, lots, [pick.trade for named in picks for pick in named])
        takers = (place for place, named in zip(closing, picks, strict=True) for _ in named)
        if known is not None and -1 not in known and all(map(lt, known, takers)):
            return known
        names = Names(trades)
    problems: list[Problem] = []
    resolved = []
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


def places_of(trades: Sequence[Trade], lots: Sequence[int], named: Sequence[str]) -> list[int] | None:
    """The place of the lot of each name, -1 where there is none; None where a name can mean more than one.

    `lots` are the places of all trades that open one.
    """
    ids = [trades[place].id for place in lots]
    clear = dict(zip(ids, lots, strict=True))
    if len(clear) < len(lots) or "/" in "".join(ids):
        return None
    if "/" in "".join(named):
        refs = [f"{trades[place].source}/{id_}" for place, id_ in zip(lots, ids, strict=True)]
        clear.update(zip(refs, lots, strict=True))
    return list(map(clear.get, named, repeat(-1)))
