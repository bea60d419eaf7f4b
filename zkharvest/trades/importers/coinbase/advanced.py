"""Coinbase Advanced (formerly Pro, GDAX): the fills report and the account statement.

Fills: one row a fill; `total` is what the balance changed by, fee included (amount = |total| - fee for a buy,
total + fee for a sale). Account: a trade is two `match` rows and at most one `fee` row with the same time, trade id
and order id; they are joined. `deposit` and `withdrawal` are moves between wallets, `conversion` joins two rows like
a match (USD to USDC), `rebate` in money is noted. The two reports tell the same trades: one import takes one kind.

Portfolios are wallets of their own: `coinbase-advanced:NAME`, `coinbase-advanced` for the default one.
"""

from __future__ import annotations

from collections import defaultdict

from zkharvest.trades.importers.agree import product
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Balance, Format, Table
from zkharvest.trades.text import quoted


def _source(table: Table, row: Row) -> str:
    portfolio = row.get("portfolio")
    return table.source if portfolio in ("", "default") else f"{table.source}:{portfolio}"


def read_fills(table: Table, draft: Draft) -> None:
    """Reads the fills report."""
    for row in table.rows:
        with draft.reading():
            size, price, fee, total = draft.numbers(row, "size", "price", "fee", "total")
            time = draft.time(row, "created at")
            event = Event(row, time, _source(table, row), f"{row['product']}-{row['trade id']}")
            base, unit = Leg(row["size unit"], size), row["unit"]
            fees = [Leg(unit, fee)] if fee else []
            side = row["side"].upper()
            if side not in ("BUY", "SELL"):
                hint = f"sides are BUY and SELL; {by_hand(row)}"
                raise RowError(row, "side", f"{quoted(row['side'])} is not a side", hint)
            amount = abs(total) - fee if side == "BUY" else abs(total) + fee
            if not product(price, size, amount, price_text=row["price"], total_text=row["total"]):
                message = (
                    f"price {row['price']} times size {row['size']} and fee {row['fee']} are not total {row['total']}"
                )
                raise RowError(row, "total", message, by_hand(row, instead="write what it really was"))
            if side == "BUY":
                draft.exchange(event, Leg(unit, amount), base, fees)
            else:
                draft.exchange(event, base, Leg(unit, amount), fees)


def read_account(table: Table, draft: Draft) -> None:
    """Reads the account statement."""
    trades: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in table.rows:
        kind = row["type"].lower()
        if kind in ("match", "fee", "conversion"):
            about = row["transfer id"] if kind == "conversion" else row["trade id"]
            family = "conversion" if kind == "conversion" else "match"
            trades[family, row.get("portfolio"), about, row["order id"], row["time"]].append(row)
            continue
        with draft.reading():
            (amount,) = draft.numbers(row, "amount")
            time = draft.time(row, "time")
            source = _source(table, row)
            event = Event(row, time, source, row["transfer id"] or draft.serial(source, time))
            if kind in ("deposit", "withdrawal"):
                if (amount > 0) != (kind == "deposit"):
                    shown = quoted(row["amount"])
                    raise RowError(row, "amount", f"{shown} has the wrong sign for a {kind}", by_hand(row))
                draft.move(event, Leg(row["unit"], abs(amount)), out=kind == "withdrawal")
            elif kind == "rebate":
                draft.income(event, Leg(row["unit"], amount))
            else:
                shown = quoted(row["type"])
                raise RowError(row, "type", f"{shown} is not a known type", by_hand(row))
    for rows in trades.values():
        with draft.reading():
            _join(table, draft, rows)


def _join(table: Table, draft: Draft, rows: list[Row]) -> None:
    """One trade from its two sides and its fee."""
    row = rows[0]
    gave: list[Leg] = []
    got: list[Leg] = []
    fees: list[Leg] = []
    for part in rows:
        (amount,) = draft.numbers(part, "amount")
        if part["type"].lower() == "fee":
            if amount:
                fees.append(Leg(part["unit"], -amount))
        elif amount < 0:
            gave.append(Leg(part["unit"], -amount))
        elif amount > 0:
            got.append(Leg(part["unit"], amount))
    if len(gave) != 1 or len(got) != 1:
        lines = ", ".join(str(part.line) for part in rows)
        hint = f"a trade is one row out, one row in and at most one fee: export the whole account; or {by_hand(*rows)}"
        raise RowError(row, "trade id", f"the rows of this trade (lines {lines}) do not make one trade", hint)
    time = draft.time(row, "time")
    source = _source(table, row)
    market = "-".join(sorted((gave[0].asset, got[0].asset)))
    id_ = f"{market}-{row['trade id']}" if row["trade id"] else row["transfer id"] or draft.serial(source, time)
    draft.exchange(Event(row, time, source, id_), gave[0], got[0], fees)


FORMATS = (
    Format(
        "coinbase-advanced-fills",
        "Coinbase Advanced (Pro) fills",
        "coinbase-advanced",
        (
            "trade id",
            "product",
            "side",
            "created at",
            "size",
            "size unit",
            "price",
            "fee",
            "total",
            "unit|price/fee/total unit",
        ),
        read_fills,
        optional=("portfolio",),
        overlaps=frozenset({"coinbase-advanced-account"}),
    ),
    Format(
        "coinbase-advanced-account",
        "Coinbase Advanced (Pro) account statement",
        "coinbase-advanced",
        (
            "type",
            "time|timestamp",
            "amount",
            "balance",
            "unit|amount/balance unit",
            "transfer id",
            "trade id",
            "order id",
        ),
        read_account,
        optional=("portfolio",),
        overlaps=frozenset({"coinbase-advanced-fills"}),
        balance=Balance("unit", "balance", "portfolio"),
    ),
)
