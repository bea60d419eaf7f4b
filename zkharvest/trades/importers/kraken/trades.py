"""Kraken: the trades export. `cost` and `fee` are in the quote currency of `pair`; the ledgers tell the same trades.

A fee that was paid in fee credits (KFEE), which cost nothing, is printed as if it had been money: such a trade has a
third entry in `ledgers` (BittyTax, issue 91), and is refused.
"""

from __future__ import annotations

import re

from zkharvest.trades.importers.agree import product
from zkharvest.trades.importers.cells import splits
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import quoted

_QUOTES = ("USD", "EUR", "GBP", "CAD", "AUD", "JPY", "CHF", "USDT", "USDC", "DAI", "XBT", "ETH", "PYUSD", "RLUSD")
_LONG = re.compile(r"X[A-Z]{3}|Z[A-Z]{3}")  # XXBT, ZUSD: eight letters split in the middle


def read(table: Table, draft: Draft) -> None:
    """Reads a trades export."""
    for row in table.rows:
        with draft.reading():
            price, cost, fee, volume = draft.numbers(row, "price", "cost", "fee", "vol")
            if draft.number(row, "margin", empty=0):
                instead = "import the ledgers export instead: its margin rows tell what the position paid or took"
                hint = f"{instead}; or {by_hand(row)}"
                raise RowError(row, "margin", f"{quoted(row['margin'])}: a margin trade", hint)
            if fee and row["ledgers"].count(",") > 1:
                hint = f"import the ledgers export instead, which names what paid the fee; or {by_hand(row)}"
                message = "a trade of three ledger entries: its fee may have been paid in fee credits (KFEE)"
                raise RowError(row, "ledgers", message, hint)
            if not product(price, volume, cost, price_text=row["price"], total_text=row["cost"]):
                message = f"price {row['price']} times vol {row['vol']} is not cost {row['cost']}"
                raise RowError(row, "cost", message, by_hand(row))
            base, quote = _split(row)
            event = Event(row, draft.time(row, "time", zone="UTC"), table.source, draft.name(row, "txid"))
            crypto, money = Leg(base, volume), Leg(quote, cost)
            fees = [Leg(quote, fee)] if fee else []
            if row["type"] == "buy":
                draft.exchange(event, money, crypto, fees)
            elif row["type"] == "sell":
                draft.exchange(event, crypto, money, fees)
            else:
                hint = f"sides are buy and sell; {by_hand(row)}"
                raise RowError(row, "type", f"{quoted(row['type'])} is not a side", hint)


def _split(row: Row) -> tuple[str, str]:
    """Base and quote of a pair: XBT/USD, XXBTZUSD, DOTUSD."""
    pair = row["pair"]
    if "/" in pair:
        base, quote = pair.split("/", 1)
        return base, quote
    if len(pair) == 8 and _LONG.fullmatch(pair[:4]) and _LONG.fullmatch(pair[4:]):
        return pair[:4], pair[4:]
    found = splits(pair, _QUOTES)
    if len(found) != 1:
        hint = f"import the ledgers export instead, which names each asset; or {by_hand(row)}"
        raise RowError(row, "pair", f"{quoted(pair)} can be split in {len(found)} ways", hint)
    return found[0]


FORMATS = (
    Format(
        "kraken-trades",
        "Kraken trades",
        "kraken",
        (
            "txid",
            "ordertxid",
            "pair",
            "time",
            "type",
            "ordertype",
            "price",
            "cost",
            "fee",
            "vol",
            "margin",
            "misc",
            "ledgers",
        ),
        read,
        optional=(
            "postxid",
            "posstatus",
            "cprice",
            "ccost",
            "cfee",
            "cvol",
            "cmargin",
            "net",
            "trades",
            "posstatuscode",
            "aclass",
            "subclass",
            "costusd",
            "feeusd",
        ),
        overlaps=frozenset({"kraken-ledgers"}),
        zone="UTC",
        blank="-",
    ),
)
