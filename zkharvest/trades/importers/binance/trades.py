"""Binance and Binance.US: both spot trade histories.

`Executed`, `Amount` and `Fee` with their units (0.5BTC) under the newer header; `Market` and `Fee Coin` under the older
one, where a market that can be split in two ways is refused. The statement tells the same trades: one import takes one
kind. Times are UTC. There are no ids: rows are named by their second and number.
"""

from __future__ import annotations

from zkharvest.trades.importers.agree import product
from zkharvest.trades.importers.cells import number, splits
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import TextError, quoted

_QUOTE_CODES = """
AUD BIDR BKRW BNB BRL BTC BUSD BVND DAI DOGE ETH EUR EURI FDUSD GBP IDRT JPY MXN NGN PAX PLN RON RUB SOL TRX TRY
TUSD UAH USD USDC USDP USDS USDT UST VAI XRP ZAR
"""
_QUOTES = tuple(_QUOTE_CODES.split())


def read_trades(table: Table, draft: Draft) -> None:
    """Reads the spot trade history with units in the cells."""
    for row in table.rows:
        with draft.reading():
            base, quote = _united(row)
            fee = draft.amount(row, "fee", dressed=True)
            for leg in (base, quote):  # a unit that starts with digits is told by the pair
                if row["fee"].endswith(leg.asset) and fee.asset != leg.asset:
                    fee = Leg(leg.asset, number(row["fee"].removesuffix(leg.asset), dressed=True))
            _side(table, draft, row, "side", base, quote, [fee] if fee.quantity else [])


def _united(row: Row) -> tuple[Leg, Leg]:
    """Executed and Amount, with the units that make up the pair."""
    pair, executed, amount = row["pair"], row["executed"], row["amount"]
    found: list[tuple[Leg, Leg]] = []
    for n in range(1, len(pair)):
        base, quote = pair[:n], pair[n:]
        if executed.endswith(base) and amount.endswith(quote):
            try:
                one = number(executed.removesuffix(base), dressed=True)
                other = number(amount.removesuffix(quote), dressed=True)
            except TextError:
                continue
            found.append((Leg(base, one), Leg(quote, other)))
    if len(found) != 1:
        message = f"{quoted(executed)} for {quoted(amount)} can be read in {len(found)} ways as {quoted(pair)}"
        raise RowError(row, "executed", message, f"export the history again and do not edit it; {by_hand(row)}")
    return found[0]


def read_old_trades(table: Table, draft: Draft) -> None:
    """Reads the spot trade history with a coin column for the fee."""
    for row in table.rows:
        with draft.reading():
            amount, total, fee = draft.numbers(row, "amount", "total", "fee", dressed=True)
            found = splits(row["market"], _QUOTES)
            if len(found) > 1:
                found = [pair for pair in found if row["fee coin"] in pair]
            if len(found) != 1:
                hint = f"import the newer trade history, which has units in its cells; or {by_hand(row)}"
                raise RowError(row, "market", f"{quoted(row['market'])} cannot be split for certain", hint)
            base, quote = found[0]
            fees = [Leg(row["fee coin"], fee)] if fee else []
            price = draft.number(row, "price", dressed=True)
            if not product(price, amount, total, price_text=row["price"], total_text=row["total"]):
                message = f"price {row['price']} times amount {row['amount']} is not total {row['total']}"
                raise RowError(row, "total", message, by_hand(row))
            _side(table, draft, row, "type", Leg(base, amount), Leg(quote, total), fees)


def _side(table: Table, draft: Draft, row: Row, column: str, base: Leg, quote: Leg, fees: list[Leg]) -> None:
    time = draft.time(row, "date(utc)", zone="UTC")
    event = Event(row, time, table.source, draft.serial(table.source, time))
    if row[column].upper() == "BUY":
        draft.exchange(event, quote, base, fees)
    elif row[column].upper() == "SELL":
        draft.exchange(event, base, quote, fees)
    else:
        raise RowError(row, column, f"{quoted(row[column])} is not a side", f"sides are BUY and SELL; {by_hand(row)}")


FORMATS = (
    Format(
        "binance-trades",
        "Binance spot trades",
        "binance",
        ("date(utc)", "pair", "side", "price", "executed", "amount", "fee"),
        read_trades,
        overlaps=frozenset({"binance-statement", "binance-trades-old"}),
        when="date(utc)",
        zone="UTC",
    ),
    Format(
        "binance-trades-old",
        "Binance spot trades (older)",
        "binance",
        ("date(utc)", "market", "type", "price", "amount", "total", "fee", "fee coin"),
        read_old_trades,
        overlaps=frozenset({"binance-statement", "binance-trades"}),
        when="date(utc)",
        zone="UTC",
    ),
)
