"""The canonical trades CSV, written: `csv_in` reads back exactly the same trades."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date
from operator import attrgetter

from zkharvest.trades.csv_in import COLUMNS
from zkharvest.trades.model import WITHOUT_VALUE, Kind, LotPick, Trade
from zkharvest.trades.text import format_money, format_quantity, format_time

ALWAYS = ("time", "source", "id", "kind", "asset", "quantity", "amount", "fee", "to", "lots")
"""Columns that every file has; the others are written where a trade uses them."""


def _amount(trade: Trade) -> str:
    return "" if trade.kind in WITHOUT_VALUE or trade.unexplained else format_money(trade.amount)


def _acquired(trade: Trade) -> str:
    if trade.acquired is None:
        return ""
    return trade.acquired.isoformat() if isinstance(trade.acquired, date) else format_time(trade.acquired)


def _lots(trade: Trade) -> str:
    return format_picks(trade.lots) if trade.lots else ""


_BATCH = 8192  # rows
_WORDS = {kind: kind.word for kind in Kind}
_CELLS: dict[str, Callable[[Trade], str]] = {
    "time": lambda trade: format_time(trade.time),
    "source": attrgetter("source"),
    "id": attrgetter("id"),
    "kind": lambda trade: _WORDS[trade.kind],
    "asset": attrgetter("asset"),
    "quantity": lambda trade: format_quantity(trade.quantity),
    "amount": _amount,
    "fee": lambda trade: format_money(trade.fee) if trade.fee else "",
    "currency": attrgetter("currency"),
    "to": attrgetter("to"),
    "into": attrgetter("into"),
    "into_quantity": lambda trade: format_quantity(trade.into_quantity) if trade.into_quantity else "",
    "acquired": _acquired,
    "lots": _lots,
    "group": attrgetter("group"),
    "ref": attrgetter("chain_ref"),
    "category": attrgetter("category"),
    "origin": attrgetter("origin"),
}
_FILLED: dict[str, Callable[[Trade], object]] = {
    **_CELLS,
    "acquired": lambda trade: trade.acquired is not None,
    "into_quantity": attrgetter("into_quantity"),
}
"""What is true of a trade whose cell is not empty."""


def trades_to_text(trades: Iterable[Trade]) -> str:
    """The trades as canonical CSV text, one row each in the order given (which should be the ledger's)."""
    rows = list(trades)
    used = {column for column in COLUMNS if column in ALWAYS or any(map(_FILLED[column], rows))}
    columns = [column for column in COLUMNS if column in used]
    cells = [_CELLS[column] for column in columns]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for first in range(0, len(rows), _BATCH):  # a column at a time
        batch = rows[first : first + _BATCH]
        writer.writerows(zip(*[list(map(cell, batch)) for cell in cells], strict=True))
    return out.getvalue()


def format_picks(picks: Iterable[LotPick]) -> str:
    """Lot picks as the `lots` column writes them."""
    return ";".join(f"{pick.trade}:{format_quantity(pick.quantity)}" for pick in picks)
