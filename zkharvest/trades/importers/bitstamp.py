"""Bitstamp: the transactions export, with either header.

Market rows: `Amount` of crypto against `Value`; the fee, besides, is in its own currency. Deposits and withdrawals are
moves, a withdrawal's fee besides is a spend. Staking rewards are income (ETH2R is ETH). The older header has units in
the cells (`1.00000000 ETH`), times such as `Jan. 28, 2022, 12:31 AM` and no ids: rows are named by their minute and
number. Times that carry no zone are UTC unless the import is told another; the notes say so.
"""

from __future__ import annotations

from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import quoted

_NAMES = {"ETH2": "ETH", "ETH2R": "ETH"}


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
            legs = [_named(draft.amount(row, column)) if row[column] else None for column in ("amount", "value", "fee")]
            time = _time(draft, row)
            event = Event(row, time, table.source, draft.serial(table.source, time))
            _row(draft, event, row["sub type"].lower(), "sub type", *legs)


def _time(draft: Draft, row: Row) -> int:
    if draft.zone is None and not row["datetime"].endswith("Z"):
        draft.note(row, "a time without zone, read as UTC (--timezone says otherwise)")
    return draft.time(row, "datetime", zone=draft.zone or "UTC")


def _named(leg: Leg) -> Leg:
    return Leg(_NAMES.get(leg.asset, leg.asset), leg.quantity)


def _leg(draft: Draft, row: Row, column: str) -> Leg | None:
    if not row[column]:
        return None
    return _named(Leg(row[f"{column} currency"], draft.number(row, column)))


def _row(
    draft: Draft, event: Event, side: str, column: str, amount: Leg | None, value: Leg | None, fee: Leg | None
) -> None:
    row, kind = event.row, event.row["type"].lower()
    if amount is None:
        raise RowError(row, "amount", '"" is empty', "export again")
    if kind == "market":
        if value is None:
            raise RowError(row, "value", '"" is empty', "export again")
        fees = [fee] if fee is not None and fee.quantity else []
        if side == "buy":
            draft.exchange(event, value, amount, fees)
        elif side == "sell":
            draft.exchange(event, amount, value, fees)
        else:
            raise RowError(row, column, f"{quoted(row[column])} is not a side", "sides are Buy and Sell")
    elif kind in ("deposit", "withdrawal", "ripple deposit", "ripple payment"):
        if fee is not None and fee.quantity and fee.asset != amount.asset:
            raise RowError(row, "fee", "a fee in another asset", "add the fee by hand as a spend")
        out = kind in ("withdrawal", "ripple payment")
        draft.move(event, amount, out=out, fee=fee.quantity if fee is not None else 0)
    elif kind == "staking reward":
        draft.income(event, amount)
    else:
        raise RowError(row, "type", f"{quoted(row['type'])} is not a known type", "add it by hand and take the row out")


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
    ),
    Format(
        "bitstamp",
        "Bitstamp transactions (older)",
        "bitstamp",
        ("type", "datetime", "account", "amount", "value", "rate", "fee", "sub type"),
        read_old,
    ),
)
