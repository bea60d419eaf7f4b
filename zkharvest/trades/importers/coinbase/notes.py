"""What the notes of a Coinbase report say of the other side of a row.

`Bought 0.5 ETH for 1509 USDC on ETH-USDC at 3000 USDC/ETH`, `Converted 0.05 BTC to 2.00 ETH`. A number whose lone comma
may stand for thousands or for decimals (30,125) is refused, unless the row's own quantity says which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zkharvest.trades.importers.cells import LONE_COMMA, number
from zkharvest.trades.importers.gather import Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.text import TextError, quoted

_NUMBER = r"[$€£]?([0-9.,]*[0-9])"
_TRADE = re.compile(
    rf"(?:Bought|Sold) {_NUMBER} ([A-Z0-9]+) for {_NUMBER} ?[$€£]? ?([A-Z0-9]+)\b(?:.*? on ([A-Z0-9]+)-([A-Z0-9]+))?"
)
_CONVERT = re.compile(rf"Converted {_NUMBER} ([A-Z0-9]+) to {_NUMBER} ([A-Z0-9]+)")


@dataclass(frozen=True, slots=True)
class Note:
    """What a note says: the row's own side and the other one, as texts; and the market, if it names one."""

    own: str
    asset: str
    other: str
    unit: str
    base: str = ""
    quote: str = ""


def trade_note(row: Row) -> Note | None:
    """The note of a purchase or sale, if it is one."""
    match = _TRADE.match(row["notes"])
    if match is None:
        return None
    own, asset, other, unit, base, quote = match.groups()
    return Note(own, asset, other, unit, base or "", quote or "")


def convert_note(row: Row) -> Note | None:
    """The note of a conversion, if it is one: own is what was given, other what was received."""
    match = _CONVERT.match(row["notes"])
    return Note(*match.groups()) if match else None


def is_own(text: str, quantity: int) -> bool:
    """Whether a number in a note is this quantity, however its comma is to be read."""
    readings = [text]
    if LONE_COMMA.fullmatch(text):
        readings = [text.replace(",", ""), text.replace(",", ".")]
    for reading in readings:
        try:
            if number(reading, dressed=True) == quantity:
                return True
        except TextError:
            continue
    return False


def other_side(row: Row, note: Note) -> Leg:
    """The other asset and quantity of a note. `RowError` where the number can be read in two ways."""
    try:
        return Leg(note.unit, number(note.other, dressed=True))
    except TextError as error:
        hint = by_hand(row, instead="write the row with the exact quantities")
        raise RowError(row, "notes", error.reason, hint) from None


def differs(row: Row) -> RowError:
    """The error of a note that does not tell of the row's own quantity."""
    shown = quoted(row["notes"])
    hint = by_hand(row, instead="write the row with the exact quantities")
    return RowError(row, "notes", f"{shown} differs from the row's own quantity", hint)
