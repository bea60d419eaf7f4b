"""Short ways to write records of several accounts in a test, and their history."""

from __future__ import annotations

from tests.support.make import at, units
from zkharvest.ledger.history.records import MOVE, TRADE, Does, History, Page, Place, Record, make_history
from zkharvest.ledger.rules import Side

YEAR = (at("2024-01-01"), at("2025-01-01"))


def out(time: str, quantity: int | str, ref: int = 0, asset: str = "X", kind: int = MOVE) -> Record:
    """A withdrawal."""
    return Record(0, 0, at(time), Does.OUT, Side.LONG, asset, units(quantity), 0, 0, ref, kind)


def come(time: str, quantity: int | str, ref: int = 0, asset: str = "X", kind: int = MOVE) -> Record:
    """A deposit."""
    return out(time, quantity, ref, asset, kind)._replace(does=Does.IN)


def buy(time: str, quantity: int | str, value: int = 0, asset: str = "X", kind: int = TRADE) -> Record:
    """A purchase, or income, of a value in 10^-8."""
    return Record(0, 0, at(time), Does.OPEN, Side.LONG, asset, units(quantity), value, 0, 0, kind)


def sell(time: str, quantity: int | str, value: int = 0, asset: str = "X") -> Record:
    """A sale."""
    return buy(time, quantity, value, asset)._replace(does=Does.CLOSE)


def history(period: tuple[int, int] = YEAR, **accounts: list[Record]) -> History:
    """A page an account, of one period: the account `a` of the source `a` and so on; records sorted by time."""
    return make_history(
        (
            Page(name, name, 0, *period, id=name.encode()),
            [one._replace(position=n) for n, one in enumerate(sorted(records, key=lambda one: one.time))],
        )
        for name, records in accounts.items()
    )


def place(name: str, position: int, number: int = 0) -> Place:
    """A record of the account `name`."""
    return Place(name, name, number, position)
