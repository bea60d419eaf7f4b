"""Which side an expiry closes: said once, for the ledger and for the committed record (docs/adr/0014).

What all accounts together hold decides: accounts may sell what others hold under universal pooling, so one account's
own sum says nothing there. Only where together they hold both sides do the account's own holdings decide.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.refusals import ambiguous_expiry, nothing_to_expire
from zkharvest.ledger.rules import Side
from zkharvest.trades.model import OPENS_LOT, Kind, Trade


class Holdings:
    """How much of each asset each account, and all together, hold on either side."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, Side], int] = {}

    def copy(self) -> Holdings:
        """Holdings that change independently."""
        twin = Holdings()
        twin._held = dict(self._held)
        return twin

    def of(self, source: str, asset: str, side: Side) -> int:
        """What an account holds; all together if it is empty."""
        return self._held.get((source, asset, side), 0)

    def side(self, trade: Trade) -> Side | Problem:
        """The side that an expiry closes, or why it is not clear."""
        long = short = False
        for source in ("", trade.source):
            long, short = (self.of(source, trade.asset, side) > 0 for side in Side)
            if long != short:
                return Side.SHORT if short else Side.LONG
        return (ambiguous_expiry if long else nothing_to_expire)(trade, trade.source)

    def add(self, trade: Trade, side: Side) -> None:
        """A trade that works on a side."""
        held, asset, quantity, kind = self._held, trade.asset, trade.quantity, trade.kind
        if kind is Kind.TRANSFER:
            changes = [(trade.source, asset, side, -quantity), (trade.to, asset, side, quantity)]
        elif kind is Kind.CONVERT:
            changes = [(source, asset, side, -quantity) for source in ("", trade.source)]
            changes += [(source, trade.into, side, trade.into_quantity) for source in ("", trade.source)]
        else:
            by = quantity if kind in OPENS_LOT else -quantity
            both, own = ("", asset, side), (trade.source, asset, side)  # nearly always: so by itself
            held[both] = held.get(both, 0) + by
            held[own] = held.get(own, 0) + by
            return
        for source, name, on, change in changes:
            held[source, name, on] = held.get((source, name, on), 0) + change


def side_of(trade: Trade) -> Side:
    """The side that a trade works on, where its kind says so (all but `expire`)."""
    return Side.SHORT if trade.kind in (Kind.SHORT, Kind.COVER) else Side.LONG


def expiry_sides(trades: Sequence[Trade], concerned: Sequence[int] | None = None) -> dict[int, Side]:
    """For each `expire`, by place: the side that it closes. Raises InputError with all that are not clear.

    `concerned`: the places of all trades of assets that expire, where they are known.
    """
    if concerned is None:
        expire = Kind.EXPIRE
        assets = {trade.asset for trade in trades if trade.kind is expire}
        concerned = [
            place for place, trade in enumerate(trades) if assets and (trade.asset in assets or trade.into in assets)
        ]
    sides: dict[int, Side] = {}
    holdings, problems = Holdings(), list[Problem]()
    for place in concerned:
        trade = trades[place]
        if trade.kind is Kind.EXPIRE:
            side = holdings.side(trade)
            if isinstance(side, Problem):
                problems.append(side)
                continue
            sides[place] = side
        holdings.add(trade, sides.get(place, side_of(trade)))
    if problems:
        raise InputError(problems)
    return sides
