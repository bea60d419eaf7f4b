"""What the market says, read from files: prices over time, and the depth of order books.

    prices   CSV `time,asset,price`; `time` an instant with zone or a UTC day, as the import of trades reads it
    depth    CSV `instrument,side,price,amount` (side: bid, ask), or books as Deribit's get_order_book gives them

Every problem of a file is reported at once, with its line. These numbers feed estimates, so they are floats.
"""

from __future__ import annotations

import csv
import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.text import TextError, check_name, format_time, instant, parse_time, quoted

DAY_MS = 86_400_000
PRICE_COLUMNS = ("time", "asset", "price")
DEPTH_COLUMNS = ("instrument", "side", "price", "amount")

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Price:
    """A price of one unit; `until` is the first instant that the row does not speak of (a day's row: its end)."""

    time: int
    until: int
    value: float


@dataclass(frozen=True)
class Prices:
    """Prices by asset, each series in the order of time; `why` an asset has none, where that is known. Read only."""

    series: Mapping[str, tuple[Price, ...]] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)

    def find(self, asset: str, as_of: int, max_age: int) -> Price | str:
        """The newest price at or before `as_of`, or why there is none that may be used. Times in ms."""
        series = self.series.get(asset, ())
        place = bisect_right(series, as_of, key=lambda row: row.time)
        if not place:
            return self.why.get(asset, "no price") if not series else f"no price at or before {format_time(as_of)}"
        price = series[place - 1]
        if as_of - price.until >= max_age and as_of - price.time > max_age:
            return f"price is stale: the newest is of {format_time(price.time)}"
        return price

    def newest(self) -> int | None:
        """The time of the newest row of all, or None."""
        return max((series[-1].time for series in self.series.values() if series), default=None)

    def between(self, asset: str, start: int, end: int) -> list[float]:
        """The prices with start <= time < end."""
        return [row.value for row in self.series.get(asset, ()) if start <= row.time < end]


@dataclass(frozen=True, slots=True)
class Depth:
    """One side-by-side order book: (price, amount) pairs, best first."""

    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]

    @property
    def mid(self) -> float:
        """The middle of the best bid and the best ask."""
        return (self.bids[0][0] + self.asks[0][0]) / 2


def read_prices(path: str | Path) -> Prices:
    """Read a price file. Raises InputError with every problem of it, UsageError if it cannot be read."""
    return prices_from_text(read_text(path), str(path))


def prices_from_text(text: str, name: str) -> Prices:
    """`read_prices` of text; `name` stands for the file in errors."""
    found: dict[tuple[str, int, int], tuple[float, int]] = {}
    problems: list[Problem] = []

    def row(line: int, cells: Sequence[str]) -> None:
        asset, price = price_row(cells)
        first = found.setdefault((asset, price.time, price.until), (price.value, line))
        if first[1] != line:
            raise TextError(cells[0], f"and {quoted(asset)} stand in line {first[1]} already", "keep one of them")

    _each_row(text, name, PRICE_COLUMNS, row, problems)
    if problems:
        raise InputError(problems)
    series: dict[str, list[Price]] = {}
    for (asset, time, until), (value, _) in found.items():
        series.setdefault(asset, []).append(Price(time, until, value))
    return Prices({asset: tuple(sorted(rows, key=_by_time)) for asset, rows in series.items()})


def _by_time(price: Price) -> tuple[int, int]:
    return price.time, -price.until  # an exact instant is nearer than the day that begins with it


def price_row(cells: Sequence[str]) -> tuple[str, Price]:
    """Asset and price of the cells `time`, `asset`, `price`. Raises `TextError`."""
    time, asset, text = cells
    day = _DAY.fullmatch(time)
    try:
        begin = instant(int(day[1]), int(day[2]), int(day[3])) if day else parse_time(time)
    except ValueError as error:
        if isinstance(error, TextError):
            raise
        raise TextError(time, "is not a day of the calendar", "write YYYY-MM-DD") from None
    return check_name(asset), Price(begin, begin + DAY_MS if day else begin, positive(text))


def positive(text: str) -> float:
    """A finite number above zero. Raises `TextError`."""
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise TextError(text, "is not a finite number", "write digits with a point, such as 92000.5")
    if value <= 0:
        raise TextError(text, "is not above zero", "leave out what has no price")
    return value


def read_depth(path: str | Path) -> dict[str, Depth]:
    """Read order books by instrument, from CSV or Deribit's JSON. Raises InputError with every problem, UsageError."""
    text, name = read_text(path), str(path)
    problems: list[Problem] = []
    sides: dict[str, dict[str, list[tuple[float, float]]]] = {}
    if text.lstrip()[:1] in ("{", "["):
        for where, book in _json_books(text, name):
            _deribit_book(where, book, sides, problems)
    else:

        def row(_: int, cells: Sequence[str]) -> None:
            instrument, side, price, amount = cells
            if side not in ("bid", "ask"):
                raise TextError(side, "is not a side", "write bid or ask")
            level = (positive(price), positive(amount))
            sides.setdefault(_instrument(instrument), {"bid": [], "ask": []})[side].append(level)

        _each_row(text, name, DEPTH_COLUMNS, row, problems)
    books = {}
    for instrument, both in sides.items():
        bids, asks = sorted(both["bid"], reverse=True), sorted(both["ask"])
        if not bids or not asks:
            empty = "bids" if asks else "asks"
            problems.append(Problem(name, f"{quoted(instrument)} has no {empty}", "a book has both sides"))
        elif bids[0][0] >= asks[0][0]:
            message = f"{quoted(instrument)} is crossed: bid {bids[0][0]:g} is not below ask {asks[0][0]:g}"
            problems.append(Problem(name, message, "take the book again; both sides must be of one moment"))
        else:
            books[instrument] = Depth(tuple(bids), tuple(asks))
    if problems:
        raise InputError(problems)
    return books


def _instrument(text: str) -> str:
    check_name(text.replace("/", "_"))  # a pair may be written BTC/USD
    return text


def depth_of(books: Mapping[str, Depth], asset: str) -> Depth | None:
    """The book of an asset: under its own name, or of a spot pair that has it as base (BTC/USD, BTC_USDC)."""
    if asset in books:
        return books[asset]
    bases = (book for name, book in books.items() if re.split(r"[/_]", name)[0] == asset and "-" not in name)
    return next(bases, None)


def _json_books(text: str, name: str) -> Iterator[tuple[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InputError.one(name, f"is not JSON: {error}", "save the answer of get_order_book as it came") from None
    if isinstance(found, dict) and "result" in found:
        found = found["result"]
    books = found if isinstance(found, list) else [found]
    for number, book in enumerate(books, 1):
        inner = book["result"] if isinstance(book, dict) and "result" in book else book
        yield (f"{name}:book {number}" if len(books) > 1 else name), inner


def _deribit_book(
    where: str, book: Any, sides: dict[str, dict[str, list[tuple[float, float]]]], problems: list[Problem]
) -> None:
    try:
        both = sides.setdefault(_instrument(book["instrument_name"]), {"bid": [], "ask": []})
        for side, levels in (("bid", book["bids"]), ("ask", book["asks"])):
            both[side] += [(positive(str(price)), positive(str(amount))) for price, amount in levels]
    except TextError as error:
        problems.append(Problem(where, error.reason, error.hint))
    except (KeyError, TypeError, ValueError, AttributeError):
        hint = "it has instrument_name, bids and asks, each a list of [price, amount]"
        problems.append(Problem(where, "is not an order book of Deribit", hint))


def _each_row(
    text: str,
    name: str,
    columns: Sequence[str],
    take: Callable[[int, Sequence[str]], None],
    problems: list[Problem],
) -> None:
    """Give `take` the line and the cells of each row, in the order of `columns`; collect what it refuses."""
    places: list[int] = []
    line = 1
    try:
        for line, cells in records(text):
            if not places:
                names = [cell.strip().lower() for cell in cells]
                if sorted(names) != sorted(columns):
                    problems.append(Problem(f"{name}:{line}", f"the columns are {','.join(columns)}", "name them so"))
                    return
                places = [names.index(column) for column in columns]
            elif len(cells) != len(columns):
                problems.append(Problem(f"{name}:{line}", f"has {len(cells)} cells", f"write {','.join(columns)}"))
            else:
                try:
                    take(line, [cells[place].strip() for place in places])
                except TextError as error:
                    problems.append(Problem(f"{name}:{line}", error.reason, error.hint))
    except csv.Error as error:
        problems.append(Problem(f"{name}:{line}", f"is broken at or after this line: {error}", "mend the quotes"))
    if not places:
        problems.append(Problem(name, "is empty", f"the first line is {','.join(columns)}"))
