"""dYdX v4: the indexer's answer to `fills`, saved as JSON, in one file or several pages.

A fill has price, size and fee, but not what it realized: positions are followed at their average entry price, as the
chain does. A fill that opens takes its fee; one that closes pays (price - entry) times what it closed, less the fee,
in USDC; one that goes through zero does both. Each is one closed lot of the market at that moment (`Draft.settle`).
Positions start flat: the history has to be complete from its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.importers.values import half_even
from zkharvest.trades.text import quoted

_UNIT = 10**18


class Position:
    """A position at its average entry price; sizes and prices are exact."""

    def __init__(self) -> None:
        self.size = Fraction(0)
        self.cost = Fraction(0)  # size times entry price, signed like the size

    def fill(self, size: Fraction, price: Fraction) -> Fraction:
        """Takes a fill (a sale is negative) and returns what it realized, before fees."""
        if self.size * size >= 0:
            self.size += size
            self.cost += size * price
            return Fraction(0)
        closed = -size if abs(size) <= abs(self.size) else self.size
        entry = self.cost / self.size
        realized = closed * (price - entry)
        self.size -= closed
        self.cost -= closed * entry
        rest = size + closed
        if rest:
            self.fill(rest, price)
        return realized


def read(tables: Sequence[Table], draft: Draft) -> None:
    """Reads the pages of a history together, oldest first, each fill once."""
    fills: dict[tuple[str, str], tuple[int, int, str, Row]] = {}
    for table in tables:
        for row in table.rows:
            with draft.reading():
                time = draft.time(row, "createdat", zone="UTC")
                account = row.get("subaccountnumber")
                source = f"{table.source}:{account}" if account not in ("", "0") else table.source
                key = (source, row["id"])
                if key in fills:
                    draft.note(row, "duplicate of a row in another file of this import, left out")
                else:
                    fills[key] = (time, -row.line, source, row)
    positions: dict[tuple[str, str], Position] = {}
    oldest_first = sorted(fills.values(), key=lambda one: (one[0], one[2], int(one[3]["createdatheight"] or 0), one[1]))
    for time, _, source, row in oldest_first:
        with draft.reading():
            _fill(draft, row, time, source, positions)


def _fill(draft: Draft, row: Row, time: int, source: str, positions: dict[tuple[str, str], Position]) -> None:
    if row["markettype"].upper() != "PERPETUAL":
        raise RowError(row, "markettype", f"{quoted(row['markettype'])} is not PERPETUAL", by_hand(row))
    side = row["side"].upper()
    if side not in ("BUY", "SELL"):
        raise RowError(row, "side", f"{quoted(row['side'])} is not a side", f"sides are BUY and SELL; {by_hand(row)}")
    price, size, fee = draft.numbers(row, "price", "size", "fee")
    position = positions.setdefault((source, row["market"]), Position())
    signed = Fraction(size if side == "BUY" else -size, _UNIT)
    paid = position.fill(signed, Fraction(price, _UNIT)) - Fraction(fee, _UNIT)
    whole = half_even(paid.numerator * _UNIT, paid.denominator)
    if Fraction(whole, _UNIT) != paid:
        draft.note(row, "a profit or loss with more than 18 decimals, rounded half to even")
    event = Event(row, time, source, draft.name(row, "id"))
    draft.settle(event, row["market"], Leg("USDC", whole))


_REQUIRED = "id side liquidity type market markettype price size fee createdat createdatheight"
_OPTIONAL = (
    "orderid clientmetadata subaccountnumber builderfee builderaddress orderrouteraddress orderrouterfee "
    "affiliaterevshare positionsizebefore entrypricebefore positionsidebefore"
)

FORMATS = (
    Format(
        "dydx-fills",
        "dYdX v4 fills",
        "dydx",
        tuple(_REQUIRED.split()),
        read,
        optional=tuple(_OPTIONAL.split()),
        when="createdat",
        zone="UTC",
        together=True,
    ),
)
