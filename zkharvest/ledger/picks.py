"""Specific identification: from the names of lots to the trades that opened them (Reg. 1.1012-1(j)(3)(ii))."""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.refusals import ambiguous_lot, unknown_lot
from zkharvest.trades.model import OPENING_KINDS, Trade


def resolve_picks(trades: Sequence[Trade], closing: Sequence[int]) -> dict[int, list[int]]:
    """For each place in `closing`, the places of the opening trades that its `lots` name, in the order named.

    A name is the id of an opening trade, or its `source/id`. Raises InputError with every name that fits no opening
    trade, or more than one.
    """
    openings = [place for place, trade in enumerate(trades) if trade.kind in OPENING_KINDS]
    places: dict[str, int] = {}
    several: set[str] = set()
    for place in openings:
        trade = trades[place]
        for name in (trade.id, trade.ref):
            if places.setdefault(name, place) != place:
                several.add(name)
    problems: list[Problem] = []
    resolved: dict[int, list[int]] = {}
    for place in closing:
        trade = trades[place]
        lots = resolved[place] = []
        for pick in trade.lots:
            name = pick.trade
            if name in several:
                matches = [trades[other] for other in openings if name in (trades[other].id, trades[other].ref)]
                problems.append(ambiguous_lot(trade, name, matches))
            elif (lot := places.get(name)) is not None:
                lots.append(lot)
            else:
                problems.append(unknown_lot(trade, name))
    if problems:
        raise InputError(problems)
    return resolved
