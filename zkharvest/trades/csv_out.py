"""The canonical trades CSV, written: `csv_in` reads back exactly the same trades."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from zkharvest.trades.csv_in import COLUMNS
from zkharvest.trades.model import Kind, LotPick, Trade
from zkharvest.trades.text import format_money, format_quantity, format_time


def trades_to_text(trades: Iterable[Trade]) -> str:
    """The trades as canonical CSV text, one row each in the order given (which should be the ledger's)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, trades))
    return out.getvalue()


def write_trades(trades: Iterable[Trade], path: str | Path) -> None:
    """Writes the canonical CSV; an existing file is replaced as a whole or not at all."""
    write_text(trades_to_text(trades), path)


def write_text(text: str, path: str | Path) -> None:
    """Writes to a temporary file beside `path`, syncs it to disk and renames it."""
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _cells(trade: Trade) -> list[str]:
    plain = trade.kind in (Kind.TRANSFER, Kind.EXPIRE)
    return [
        format_time(trade.time),
        trade.source,
        trade.id,
        trade.kind.word,
        trade.asset,
        format_quantity(trade.quantity),
        "" if plain else format_money(trade.amount),
        format_money(trade.fee) if trade.fee else "",
        trade.to,
        format_picks(trade.lots),
    ]


def format_picks(picks: Iterable[LotPick]) -> str:
    """Lot picks as the `lots` column writes them."""
    return ";".join(f"{pick.trade}:{format_quantity(pick.quantity)}" for pick in picks)
