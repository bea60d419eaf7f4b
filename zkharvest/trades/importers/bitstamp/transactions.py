"""Bitstamp: the transactions export, with either header.

Market rows: `Amount` of crypto against `Value`; the fee, besides, is in its own currency. Deposits and withdrawals are
moves, a withdrawal's fee besides is a spend. Staking rewards are income. The older header has units in
the cells (`1.00000000 ETH`), times such as `Jan. 28, 2022, 12:31 AM` and no ids: rows are named by their minute and
number. Times that carry no zone are UTC unless the import is told another; the notes say so.
"""

from __future__ import annotations

from zkharvest.trades.importers.agree import product
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import quoted


def read(table: Table, draft: Draft) -> None:
    """Reads the export with a currency column beside each number."""
    for row in table.rows:
        with draft.reading():
            legs = [_leg(draft, row, column) for column in ("amount", "value", "fee")]
            time = _time(draft, row)
            id_ = row["id"] or draft.serial(table.source, time)
            _row(draft, Event(row, time, table.source, id_), row["subtype"].lower(), "subtype", *legs)


def read_old(table: Table, draft: Draft) -> None:
    """Reads the export with units in the cells."""
    for row in table.rows:
        with draft.reading():
            legs = [draft.amount(row, column) if row[column] else None for column in ("amount", "value", "fee")]
            time = _time(draft, row)
            event = Event(row, time, table.source, draft.serial(table.source, time))
            _row(draft, event, row["sub type"].lower(), "sub type", *legs)


def _time(draft: Draft, row: Row) -> int:
    if draft.zone is None and not row["datetime"].endswith("Z"):
        draft.note(row, "a time without zone, read as UTC (--timezone says otherwise)")
    return draft.time(row, "datetime", zone=draft.zone or "UTC")


def _leg(draft: Draft, row: Row, column: str) -> Leg | None:
    if not row[column]:
        return None
    return Leg(row[f"{column} currency"], draft.number(row, column))


def _agree(draft: Draft, row: Row, amount: Leg, value: Leg) -> None:
    """Refuses a row whose value is not rate times amount."""
    text = row.get("rate")
    if not text:
        return
    rate = draft.number(row, "rate") if "rate currency" in row.cells else draft.amount(row, "rate").quantity
    texts = {"price_text": text.split(" ")[0], "total_text": row["value"].split(" ")[0]}
    if not product(rate, amount.quantity, value.quantity, **texts):
        message = f"rate {text} times amount {row['amount']} is not value {row['value']}"
        raise RowError(row, "value", message, by_hand(row))


def _row(
    draft: Draft, event: Event, side: str, column: str, amount: Leg | None, value: Leg | None, fee: Leg | None
) -> None:
    row, kind = event.row, event.row["type"].lower()
    if amount is None:
        raise RowError(row, "amount", '"" is empty', f"export again; {by_hand(row)}")
    if kind == "market":
        if value is None:
            raise RowError(row, "value", '"" is empty', f"export again; {by_hand(row)}")
        fees = [fee] if fee is not None and fee.quantity else []
        _agree(draft, row, amount, value)
        if side == "buy":
            draft.exchange(event, value, amount, fees)
        elif side == "sell":
            draft.exchange(event, amount, value, fees)
        else:
            raise RowError(
                row, column, f"{quoted(row[column])} is not a side", f"sides are Buy and Sell; {by_hand(row)}"
            )
    elif kind in ("deposit", "withdrawal", "ripple deposit", "ripple payment"):
        if fee is not None and fee.quantity and fee.asset != amount.asset:
            raise RowError(
                row,
                "fee",
                "a fee in another asset",
                by_hand(row, instead="write its transfer and a spend row for the fee"),
            )
        out = kind in ("withdrawal", "ripple payment")
        draft.move(event, amount, out=out, fee=fee.quantity if fee is not None else 0)
    elif kind == "staking reward":
        draft.income(event, amount, category="staking")
    else:
        raise RowError(row, "type", f"{quoted(row['type'])} is not a known type", by_hand(row))


FORMATS = (
    Format(
        "bitstamp",
        "Bitstamp transactions",
        "bitstamp",
        (
            "id",
            "account",
            "type",
            "subtype",
            "datetime",
            "amount",
            "amount currency",
            "value",
            "value currency",
            "rate",
            "rate currency",
            "fee",
            "fee currency",
            "order id",
        ),
        read,
        when="datetime",
    ),
    Format(
        "bitstamp",
        "Bitstamp transactions (older)",
        "bitstamp",
        ("type", "datetime", "account", "amount", "value", "rate", "fee", "sub type"),
        read_old,
        when="datetime",
    ),
)
