"""Fair values fetched from a venue: the rows of a price file that have no price, filled with closes of candles.

A row of an instant takes the candle of the minute that holds it, a row of a UTC day the candle of that day. Each filled
row says in `source` which venue, pair and candle its price is. Only the pair of the asset and the reporting currency is
asked for: no price is taken through another asset, and none from another minute or day. What was filled before is kept
and never asked for again: the file is its own cache.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import localcontext
from pathlib import Path
from typing import Any

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.importers.cells import number
from zkharvest.trades.importers.names import Names
from zkharvest.trades.importers.prices import COLUMNS, SOURCE, moment_of
from zkharvest.trades.text import TextError, check_name, format_quantity, format_time

MINUTE, DAY = 60_000, 86_400_000
Ask = Callable[[str, int, int], tuple[str, str] | None]
"""Asset, start of the candle (Unix milliseconds) and its length to the close and what it is of, or None."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row of a price file: the time as it is written, the asset, and the price if it has one."""

    time: str
    asset: str
    price: str
    source: str
    line: int

    @property
    def key(self) -> tuple[str, str]:
        return self.time, self.asset


def read_rows(path: str | Path) -> list[Wanted]:
    """The rows of a price file, priced or not. Raises `InputError` with every problem of it."""
    rows: list[Wanted] = []
    problems: list[Problem] = []
    head: list[str] = []
    for line, cells in records(read_text(path)):
        if not head:
            head = [cell.strip().lower() for cell in cells]
            if sorted(set(head) - {SOURCE}) != sorted(COLUMNS):
                hint = "such a file is written by trades import --missing-prices"
                raise InputError.one(f"{path}:{line}", f"the columns are {', '.join(COLUMNS)}, {SOURCE}", hint)
            continue
        cell = dict(zip(head, (one.strip() for one in cells), strict=False))
        try:
            moment_of(cell.get("time", ""))
            check_name(cell.get("asset", ""))
        except TextError as error:
            problems.append(Problem(f"{path}:{line}", error.reason, error.hint))
            continue
        rows.append(Wanted(cell["time"], cell["asset"], cell.get("price", ""), cell.get(SOURCE, ""), line))
    if not head:
        problems.append(Problem(str(path), "is empty", f"the first line is {','.join(COLUMNS)}"))
    if problems:
        raise InputError(problems)
    return rows


def fill(wanted: Sequence[Wanted], known: Iterable[Wanted], names: Names, ask: Ask) -> list[Wanted]:
    """The rows with a price each where there is one: their own, else one known before, else the venue's."""
    filled = {row.key: row for row in known if row.price}
    for row in wanted:
        if row.price:
            filled[row.key] = row
        elif row.key not in filled:
            time, whole_day = moment_of(row.time)
            length = DAY if whole_day else MINUTE
            found = ask(names.coin(row.asset), time // length * length, length)
            filled[row.key] = row if found is None else replace(row, price=found[0], source=found[1])
    return sorted(filled.values(), key=lambda row: (moment_of(row.time), row.asset))


def to_text(rows: Iterable[Wanted]) -> str:
    """The rows as a price file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, SOURCE))
    writer.writerows((row.time, row.asset, row.price, row.source) for row in rows)
    return out.getvalue()


def candles(exchange: Any, venue: str, currency: str) -> Ask:
    """Closes of a ccxt exchange whose markets are loaded, prices exactly as it printed them."""

    def ask(asset: str, start: int, length: int) -> tuple[str, str] | None:
        pair, step = f"{asset}/{currency}", "1d" if length == DAY else "1m"
        if pair not in exchange.markets:
            return None
        with localcontext():  # ccxt changes the rounding of decimals and leaves it so
            rows = exchange.fetch_ohlcv(pair, step, since=start, limit=2)
        close = next((row[4] for row in rows if int(row[0]) == start and row[4] is not None), None)
        if close is None or number(str(close)) <= 0:
            return None
        when = format_time(start)
        shown = when[:10] if length == DAY else f"{when[:16]}Z"
        return format_quantity(number(str(close))), f"{venue} {pair} close of {step} {shown}"

    return ask
