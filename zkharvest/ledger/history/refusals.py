"""What a window's machine refuses, as a person reads it: what, where, and how to mend it."""

from __future__ import annotations

from zkharvest.errors import Problem
from zkharvest.ledger.rules import Side
from zkharvest.trades.text import format_quantity

from .order import Turn
from .records import History, Place, Record, describe
from .standing import Token
from .steps import List


def short_of(history: History, record: Record, which: List, held: int, wanted: int, name: Place | None) -> Problem:
    """More is taken than there is."""
    where = "all accounts" if which.place is None else which.place.wallet
    side = " (short)" if which.side is Side.SHORT else ""
    if name is not None:
        text = f"names {format_quantity(wanted)} of the lot {name}, {where} holds {format_quantity(held)} of it"
        return Problem(history.where(record), f"{describe(record)} {text}", "name a lot that is open there and then")
    text = f"takes {format_quantity(wanted)}, {where}{side} holds {format_quantity(held)} at that moment"
    hint = "is a page missing, or a deposit before it that is matched with the wrong withdrawal? zkharvest explain"
    return Problem(history.where(record), f"{describe(record)} {text}", hint)


def unnamed(history: History, record: Record, named: int, taken: int) -> Problem:
    """Specific identification without a name, or of another quantity than is taken."""
    hint = "write them in the book's column lots: SOURCE/ACCOUNT/PAGE/RECORD:QUANTITY, joined by ;"
    text = f"takes {format_quantity(taken)}, " + (
        f"the named lots add up to {format_quantity(named)}" if named else "and names no lots"
    )
    return Problem(history.where(record), f"{describe(record)} {text} (specific identification)", hint)


def unvalued(history: History, record: Record) -> Problem:
    """A record whose source states no value, and its owner neither."""
    hint = "declare it in the book's column value"
    return Problem(history.where(record), f"{describe(record)}: its source states no value", hint)


def stale(history: History, token: Token) -> Problem:
    """A token without a reference that no deposit can take any more."""
    sent = history.at(token.sent) if token.sent is not None else None
    asset = sent.called if sent is not None else token.asset
    return Problem(
        str(token.sent),
        f"withdrawal of {asset} is in transit for 12.4 days or more without a reference: it cannot arrive",
        "say in the book what became of it, in the year in which it was sent",
    )


def below_zero(history: History, turn: Turn, units: int) -> Problem:
    """A record that left its account below zero, with what it holds at the end."""
    record = turn.record
    return Problem(
        history.where(record),
        f"{describe(record)} leaves its account below zero, and the window ends with {format_quantity(units)} there",
        "enter the deposit that is missing, unexplained or declared; both are counted (docs/adr/0022)",
    )
