"""Binance: the P2P (C2C) order history, and what the account statement says of the same orders.

The statement has the coins of a P2P trade and not its price; the order history has both, and says in Created Time when
the order was made, which is before the coins moved. The two belong to one import: an order is a trade, and the
statement's row of it, of the same coin and quantity and within three days, is noted and passed over.

A maker or taker fee is printed without its unit. It is taken where the statement's row shows that it is of the coin:
more left than was sold, or less came than was bought. Cancelled orders moved nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product as iterproduct

from zkharvest.trades.importers.agree import product
from zkharvest.trades.importers.cells import LONE_COMMA
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Table
from zkharvest.trades.text import quoted

OPERATION = "p2p trading"
COLUMNS = (
    *("order number", "order type", "asset type", "fiat type", "total price", "price", "quantity", "status"),
    "created time|match time(utc)|time(utc)",
)
OPTIONAL = (
    *("exchange rate", "maker fee", "taker fee", "couterparty|counterparty"),  # the first is how Binance writes it
    *("advertisement order number", "payment method"),
)
_LATEST = 3 * 86_400_000  # coins move when the money was confirmed, after an appeal days later
_EARLIEST = -60_000
_CANCELLED = {"cancelled", "canceled", "system cancelled", "system canceled", "expired"}


@dataclass(slots=True)
class Order:
    """A completed order: the coin bought or sold, its money, and its fee in the coin if it has one."""

    row: Row
    time: int
    coin: Leg
    money: Leg
    fee: int
    bought: bool
    moved: int | None = None  # when a statement says that the coins moved

    def changes(self) -> dict[int, int]:
        """The changes of the coin's balance that would be of this order, each with the fee that it holds."""
        sign = 1 if self.bought else -1
        return {sign * self.coin.quantity: 0, sign * self.coin.quantity - self.fee: self.fee}


def read_orders(tables: Sequence[Table], draft: Draft) -> list[Order]:
    """The completed orders of all files, each once."""
    orders: dict[str, Order] = {}
    for table in tables:
        for row in table.rows:
            with draft.reading():
                order = _order(table, draft, row)
                if order is None:
                    continue
                known = orders.setdefault(row["order number"], order)
                if known is not order:
                    draft.note(row, "an order that is told twice, taken once")
    return list(orders.values())


def _order(table: Table, draft: Draft, row: Row) -> Order | None:
    status, side = row["status"].lower(), row["order type"].lower()
    if status in _CANCELLED:
        draft.note(row, "a P2P order that was cancelled")
        return None
    if status != "completed":
        raise RowError(row, "status", f"{quoted(row['status'])} is not a known status", by_hand(row))
    if side not in ("buy", "sell"):
        hint = f"sides are Buy and Sell; {by_hand(row)}"
        raise RowError(row, "order type", f"{quoted(row['order type'])} is not a side", hint)
    total, price, quantity = _amounts(draft, row)
    if not product(price, quantity, total, price_text=row["price"], total_text=row["total price"]):
        message = f"price {row['price']} times quantity {row['quantity']} is not total price {row['total price']}"
        raise RowError(row, "total price", message, by_hand(row, instead="write what it really was"))
    fees = [draft.number(row, column, dressed=True, empty=0) for column in ("maker fee", "taker fee")]
    zone = "UTC" if "utc" in row.headings["created time"].lower() else None
    time = draft.time(row, "created time", zone=zone, order=table.format.order)
    coin = Leg(draft.coin(row["asset type"], table.source), quantity)
    return Order(row, time, coin, Leg(row["fiat type"], total), sum(fees), side == "buy")


def _amounts(draft: Draft, row: Row) -> tuple[int, ...]:
    """Total, price and quantity; a lone comma (775,000) is read as the product of the others says."""
    columns = ("total price", "price", "quantity")
    choices = [_readings(row[column]) for column in columns]
    fitting = []
    for texts in iterproduct(*choices):
        read = Row(row.file, row.line, row.cells | dict(zip(columns, texts, strict=True)), row.headings, row.label)
        with suppress(RowError):
            total, price, quantity = draft.numbers(read, *columns, dressed=True)
            if product(price, quantity, total, price_text=texts[1], total_text=texts[0]):
                fitting.append((total, price, quantity))
    return fitting[0] if len(fitting) == 1 else tuple(draft.numbers(row, *columns, dressed=True))


def _readings(text: str) -> tuple[str, ...]:
    """A number as it may be meant: 30,125 is thirty thousand or thirty."""
    return (text.replace(",", ""), text.replace(",", ".")) if LONE_COMMA.fullmatch(text) else (text,)


def match(orders: list[Order], coin: str, change: int, time: int) -> tuple[Order, int, bool] | None:
    """The order that a change of a balance is of, with the fee in it, and whether another statement told it before.

    It is taken out of the orders, which are those of one statement.
    """
    fitting = [
        (one.moved is None, abs(time - one.time), n)
        for n, one in enumerate(orders)
        if one.coin.asset == coin
        and change in one.changes()
        and _EARLIEST <= time - one.time <= _LATEST
        and one.moved in (None, time)
    ]
    if not fitting:
        return None
    order = orders.pop(min(fitting)[2])
    again, order.moved = order.moved is not None, time
    return order, order.changes()[change], again


def trade(draft: Draft, source: str, order: Order, fee: int | None, more: tuple[Row, ...] = ()) -> None:
    """Puts the trade of an order into the draft, at the time that the coins moved, or of the order if none is told.

    fee  that in the coin; None if no statement shows it
    """
    row = order.row
    if fee is None and order.fee:
        hint = f"import the account statement with it, which shows what the balance changed by; or {by_hand(row)}"
        raise RowError(row, "quantity", "a fee without its unit, which the quantity may hold or not", hint)
    if order.fee and not fee:
        draft.note(row, "a P2P fee that the balance of the coin does not show")
    time = order.time if order.moved is None else order.moved
    event = Event(row, time, source, draft.name(row, "order number"), more)
    fees = [Leg(order.coin.asset, fee)] if fee else []
    if order.bought:
        draft.exchange(event, order.money, order.coin, fees)
    else:
        draft.exchange(event, order.coin, order.money, fees, withheld=False)
