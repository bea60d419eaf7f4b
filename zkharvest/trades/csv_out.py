"""The canonical trades CSV, written: `csv_in` reads back exactly the same trades."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date

from zkharvest.trades.csv_in import COLUMNS
from zkharvest.trades.model import WITHOUT_VALUE, LotPick, Trade
from zkharvest.trades.text import format_money, format_quantity, format_time

ALWAYS = ("time", "source", "id", "kind", "asset", "quantity", "amount", "fee", "to", "lots")
"""Columns that every file has; the others are written where a trade uses them."""


def _amount(trade: Trade) -> str:
    return "" if trade.kind in WITHOUT_VALUE or trade.unexplained else format_money(trade.amount)


def _acquired(trade: Trade) -> str:
    if trade.acquired is None:
        return ""
    return trade.acquired.isoformat() if isinstance(trade.acquired, date) else format_time(trade.acquired)


_CELLS: dict[str, Callable[[Trade], str]] = {
    "time": lambda trade: format_time(trade.time),
    "source": lambda trade: trade.source,
    "id": lambda trade: trade.id,
    "kind": lambda trade: trade.kind.word,
    "asset": lambda trade: trade.asset,
    "quantity": lambda trade: format_quantity(trade.quantity),
    "amount": _amount,
    "fee": lambda trade: format_money(trade.fee) if trade.fee else "",
    "currency": lambda trade: trade.currency,
    "to": lambda trade: trade.to,
    "into": lambda trade: trade.into,
    "into_quantity": lambda trade: format_quantity(trade.into_quantity) if trade.into_quantity else "",
    "acquired": _acquired,
    "lots": lambda trade: format_picks(trade.lots),
    "group": lambda trade: trade.group,
    "ref": lambda trade: trade.chain_ref,
    "category": lambda trade: trade.category,
    "origin": lambda trade: trade.origin,
}


def trades_to_text(trades: Iterable[Trade]) -> str:
    """The trades as canonical CSV text, one row each in the order given (which should be the ledger's)."""
    rows = list(trades)
    used = {column for column in COLUMNS if column in ALWAYS or any(map(_CELLS[column], rows))}
    columns = [column for column in COLUMNS if column in used]
    cells = [_CELLS[column] for column in columns]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(trade) for cell in cells] for trade in rows)
    return out.getvalue()


def format_picks(picks: Iterable[LotPick]) -> str:
    """Lot picks as the `lots` column writes them."""
    return ";".join(f"{pick.trade}:{format_quantity(pick.quantity)}" for pick in picks)
