"""Specific identification: from the names of lots to the trades that opened them (Reg. 1.1012-1(j)(3)(ii))."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.refusals import ambiguous_lot, unknown_lot
from zkharvest.trades.model import OPENS_LOT, Trade


def resolve_picks(trades: Sequence[Trade], closing: Sequence[int]) -> list[int]:
    """The places of the opening trades that are named by the trades at the places `closing`, name after name.

    A name is the id of an opening trade, or its `source/id`. Raises InputError with every name that fits no opening
    trade, or more than one.
    """
    openings = [place for place, trade in enumerate(trades) if trade.kind in OPENS_LOT]
    ids, refs = [trades[place].id for place in openings], [trades[place].ref for place in openings]
    places = dict(zip([*ids, *refs], openings * 2, strict=True))
    clear = len(places) == 2 * len(openings)
    several = frozenset() if clear else {name for name, uses in Counter([*ids, *refs]).items() if uses > 1}
    problems: list[Problem] = []
    resolved: list[int] = []
    for place in closing:
        for pick in trades[place].lots:
            lot = places.get(pick.trade)
            if lot is None:
                problems.append(unknown_lot(trades[place], pick.trade))
            elif pick.trade in several:
                matches = (trades[place] for place in openings)
                named = [match for match in matches if pick.trade in (match.id, match.ref)]
                problems.append(ambiguous_lot(trades[place], pick.trade, named))
            else:
                resolved.append(lot)
    if problems:
        raise InputError(problems)
    return resolved
