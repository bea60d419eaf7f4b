"""Gemini: the transaction history in CSV form.

After the leading columns come three for each asset, then order and transfer columns. They are headed `BTC Amount BTC`,
`Fee (BTC) BTC`, `BTC Balance BTC`; in other files `BTC Amount`, `Trading Fee (BTC)`, `BTC Balance`, some with the unit
in parentheses after them (`USD Amount ($)`). Money that left is in parentheses and cells carry units: `($519.83)`,
`0.0101601 BTC`. No public rows were found under `Trading Fee`: a fee there that is not negative is refused, for it may
be a cost or a rebate.

* Buy, Sell: the asset with a negative Amount was given, the one with a positive Amount received; a fee is in the Fee
  column of its asset, besides the Amount. `Symbol` is not needed.
* Credit, Debit: a move, unless `Specification` says reward, payout or interest: income, then. A fee of a Debit is a
  spend.
* Interest Credit: income. The line of totals without a date at the end is passed over. Anything else is refused.

Times are UTC (`Time (UTC)`).
"""

from __future__ import annotations

import re

from zkharvest.trades.importers.cells import number
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event, Leg, RowError
from zkharvest.trades.importers.rows import Row, by_hand
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import TextError, quoted

_UNIT = r"(?: (?P=asset)| \([^()]+\))?"
_AMOUNT = re.compile(rf"(?P<asset>\S+) Amount{_UNIT}")
_FEE = re.compile(rf"(?:Trading )?Fee (?:\((?P<asset>[^\s()]+)\){_UNIT}|(?P<bare>[^\s()]+))")
_EARNED = ("reward", "payout", "interest", "airdrop")


def read(table: Table, draft: Draft) -> None:
    """Reads a transaction history."""
    amounts = {m["asset"]: name for name in table.columns if (m := _AMOUNT.fullmatch(name))}
    fees = {m["asset"] or m["bare"]: name for name in table.columns if (m := _FEE.fullmatch(name))}
    for row in table.rows:
        if not row["date"]:
            draft.note(row, "line of totals")
            continue
        with draft.reading():
            _row(table, draft, row, amounts, fees)


def _row(table: Table, draft: Draft, row: Row, amount_columns: dict[str, str], fee_columns: dict[str, str]) -> None:
    cells = row.cells | {"time": f"{row['date']} {row['time (utc)']}"}
    timed = Row(row.file, row.line, cells, row.headings | {"time": row.headings["time (utc)"]}, row.label)
    time = draft.time(timed, "time", zone="UTC")
    amounts = _legs(row, amount_columns)
    fees = [Leg(leg.asset, -leg.quantity) for leg in _legs(row, fee_columns)]
    unsure = next((leg.asset for leg in fees if leg.quantity < 0 and fee_columns[leg.asset].startswith("Trading")), "")
    if unsure:
        hint = by_hand(row, instead="write the trade with its fee")
        raise RowError(row, fee_columns[unsure], f"{quoted(row[fee_columns[unsure]])}: a cost or a rebate?", hint)
    kind = row["type"].lower()
    gave = [Leg(leg.asset, -leg.quantity) for leg in amounts if leg.quantity < 0]
    got = [leg for leg in amounts if leg.quantity > 0]
    id_ = row["trade id"] or row["order id"] or row["tx hash"] or draft.serial(table.source, time)
    event = Event(row, time, table.source, id_)
    if kind in ("buy", "sell"):
        if len(gave) != 1 or len(got) != 1:
            raise RowError(
                row, "type", "the row does not give one asset for another", f"export the history again; {by_hand(row)}"
            )
        draft.exchange(event, gave[0], got[0], fees)
    elif kind in ("credit", "debit", "interest credit"):
        legs = gave if kind == "debit" else got
        if len(amounts) != 1 or len(legs) != 1:
            raise RowError(
                row,
                "type",
                f"the row does not move one asset as a {kind} does",
                f"export the history again; {by_hand(row)}",
            )
        if kind == "interest credit" or (kind == "credit" and _earned(row)):
            draft.income(event, legs[0], category="interest" if "interest" in kind else "reward")
        else:
            fee = sum(leg.quantity for leg in fees if leg.asset == legs[0].asset)
            draft.move(event, legs[0], out=kind == "debit", fee=fee)
    else:
        raise RowError(row, "type", f"{quoted(row['type'])} is not a known type", by_hand(row))


def _earned(row: Row) -> bool:
    return any(word in row["specification"].lower() for word in _EARNED)


def _legs(row: Row, columns: dict[str, str]) -> list[Leg]:
    """The non-empty cells of one column of the triples, by asset."""
    legs = []
    for asset, column in columns.items():
        text = row.get(column)
        if text:
            bare = text.removesuffix(")").removesuffix(asset).rstrip() + ")" * text.endswith(")")
            try:
                quantity = number(bare, dressed=True)
            except TextError as error:
                raise RowError(row, column, error.reason, f"{error.hint}; or {by_hand(row)}") from None
            if quantity:
                legs.append(Leg(asset, quantity))
    return legs


FORMATS = (
    Format(
        "gemini",
        "Gemini transaction history",
        "gemini",
        ("date", "time (utc)", "type", "symbol", "specification", "trade id", "order id", "tx hash"),
        read,
        optional=(
            "liquidity indicator",
            "trading fee rate (bps)",
            "order date",
            "order time",
            "client order id",
            "api session",
            "deposit destination",
            "deposit tx output",
            "withdrawal destination",
            "withdrawal tx output",
        ),
        extra=r"\S+ (Amount|Balance)( \S+| \([^()]+\))?|(Trading )?Fee (\([^()]+\)( \S+| \([^()]+\))?|\w+)",
    ),
)
