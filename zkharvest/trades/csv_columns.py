"""Canonical CSV text that is in order, read by columns: several times as fast as row by row.

`trades.csv_in` defines what a file means and what is wrong with one. Here it is read some thousand rows at a time, a
column at once, with checks that hold for every cell together where that is cheaper. Whatever is not plainly in order,
or not plainly read here (an error of any kind, a blank line, a line break in a cell), makes the answer None, and
`csv_in` reads the text again from the beginning, row by row. So no message and no rule stands here a second time.

The cells come from Python's csv module, or for large files from compiled code (`trades.csv_cells`).
"""

from __future__ import annotations

import csv
import io
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, repeat
from typing import Any, Protocol

from zkharvest.spec import MONEY_DECIMALS, MONEY_LIMIT, QUANTITY_DECIMALS, QUANTITY_LIMIT, TIME_LIMIT
from zkharvest.trades.csv_rows import flaws
from zkharvest.trades.model import CATEGORIES, MAX_LEGS, WITHOUT_FEE, WITHOUT_VALUE, Kind, Trade
from zkharvest.trades.text import (
    TextError,
    check_currency,
    check_name,
    check_text,
    parse_acquired,
    parse_money,
    parse_quantity,
    parse_time,
)

BATCH = 8192  # rows
COMPILED_FROM = 5_000_000  # characters, some 50,000 rows: below, loading the compiled code takes longer than it saves
_SHORT_NUMBER = 15  # characters; longer ones may look like an inexact float
_KINDS = {kind.word: kind for kind in Kind}
_AMOUNT_OPTIONAL = WITHOUT_VALUE | {Kind.DEPOSIT}
_LOOKED_AT = WITHOUT_VALUE | WITHOUT_FEE | {Kind.SHORT}  # rows of these kinds are checked one by one
_EXTRA = ("to", "lots", "into", "into_quantity", "acquired", "category")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FORMS = {(20, "--T::Z", "Z"), (24, "--T::.", "Z")}  # of times: to the second, to the millisecond (`text.parse_time`)

Column = Sequence[str]
_SLOTS = [getattr(Trade, field.name).__set__ for field in fields(Trade)]


class Plain(Exception):
    """The text is to be read row by row."""


class Cells(Protocol):
    """The cells of some rows that follow each other. A column that the file lacks is empty."""

    count: int

    def texts(self, column: str) -> Column:
        """A column as it stands in the file."""

    def text(self, column: str, row: int) -> str:
        """One cell of it."""

    def is_empty(self, column: str) -> bool:
        """Whether no cell of a column holds anything."""

    def is_full(self, column: str) -> bool:
        """Whether every cell of a column holds something."""

    def read(self, column: str, known: dict[str, Any], read: Callable[[str], Any]) -> list[Any]:
        """`read` of every cell, called once for each text that is not in `known` yet, which it joins."""

    def times(self, column: str) -> list[int]:
        """`parse_time` of every cell."""

    def numbers(self, column: str, decimals: int, parse: Callable[[str], int]) -> list[int]:
        """`parse` of every cell, in 10^-decimals; 0 where a cell is empty."""

    def add_ids(self, sources: Column) -> None:
        """Take the ids of these sources' rows. Raises Plain where an id is plainly not new."""


class Rows:
    """Rows that Python's csv module has read."""

    def __init__(self, header: Sequence[str], batch: Sequence[Sequence[str]], ids: set[tuple[str, str]]) -> None:
        self.count = len(batch)
        self._cells: dict[str, Column] = dict(zip(header, zip(*batch, strict=True), strict=True))
        self._nothing = ("",) * self.count
        self._ids = ids

    def texts(self, column: str) -> Column:
        """See `Cells`."""
        return self._cells.get(column, self._nothing)

    def is_empty(self, column: str) -> bool:
        """See `Cells`."""
        return not any(self._cells.get(column, ()))

    def is_full(self, column: str) -> bool:
        """See `Cells`."""
        return all(self.texts(column))

    def text(self, column: str, row: int) -> str:
        """See `Cells`."""
        return self.texts(column)[row]

    def read(self, column: str, known: dict[str, Any], read: Callable[[str], Any]) -> list[Any]:
        """See `Cells`."""
        texts = self.texts(column)
        for text in set(texts).difference(known):
            known[text] = read(text)
        return [known[text] for text in texts]

    def times(self, column: str) -> list[int]:
        """See `Cells`; the form that `csv_out` writes without looking at each."""
        texts = self.texts(column)
        if {(len(text), text[4:20:3], text[-1:]) for text in texts} <= _FORMS and "24" not in {t[11:13] for t in texts}:
            read = datetime.fromisoformat
            times = [(read(text) - _EPOCH) // _MILLISECOND for text in texts]
            if min(times) >= 0 and max(times) < TIME_LIMIT:
                return times
        return list(map(parse_time, texts))

    def numbers(self, column: str, decimals: int, parse: Callable[[str], int]) -> list[int]:
        """See `Cells`; short ones by the digits before and after the point, without a look at each."""
        texts = [text or "0" for text in self.texts(column)]
        together = f",{','.join(texts)},"
        if together.translate(_DIGITS) or ".," in together or ",." in together:  # `int` refuses a second point
            return list(map(parse, texts))
        powers = [10 ** max(decimals - n, 0) for n in range(_SHORT_NUMBER)]
        exact = min(_SHORT_NUMBER - 1, decimals)
        return [
            int(whole + rest) * powers[len(rest)] if len(text) <= _SHORT_NUMBER and len(rest) <= exact else parse(text)
            for text in texts
            for whole, _, rest in (text.partition("."),)
        ]

    def add_ids(self, sources: Column) -> None:
        """See `Cells`."""
        refs = set(zip(sources, self.texts("id"), strict=True))
        if len(refs) < self.count or not self._ids.isdisjoint(refs):
            raise Plain
        self._ids |= refs


_DIGITS = {ord(c): None for c in "0123456789.,"}


def rows_of(text: str) -> tuple[list[str], int, Iterator[Cells]]:
    """The header of CSV text, the line it ends on, and the rows below. Raises Plain, csv.Error."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(rows, [])

    def batches() -> Iterator[Rows]:
        ids: set[tuple[str, str]] = set()
        line, width = rows.line_num, len(header)
        while batch := list(islice(rows, BATCH)):
            line += len(batch)
            if rows.line_num != line or set(map(len, batch)) != {width}:
                raise Plain
            yield Rows(header, batch, ids)

    return header, rows.line_num, batches()


def read_columns(
    text: str,
    name: str,
    columns: Sequence[str],
    required: Sequence[str],
    parse_lots: Callable[[str], Any],
    *,
    compiled: bool | None = None,
) -> list[Trade] | None:
    """The trades of canonical CSV text in file order; None if it is not in order or must be read row by row.

    `compiled` says whether compiled code reads the cells; None: if the text is large.
    """
    large = len(text) >= COMPILED_FROM if compiled is None else compiled
    cells_of: Callable[[str], tuple[list[str], int, Iterator[Cells]]] = rows_of
    if large:
        from zkharvest.trades.csv_cells import cells_of  # numba only where it pays
    try:
        header, line, batches = cells_of(text)
        if len(set(header)) < len(header) or not set(required) <= set(header) <= set(columns):
            return None
        known, found = _Known(), []
        for cells in batches:
            first, line = line + 1, line + cells.count
            found += _batch(cells, range(first, line + 1), name, known, parse_lots)
        known.check()
    except (Plain, TextError, csv.Error, KeyError, ValueError):
        return None
    return found


class _Known:
    """What has been read already of the columns whose texts come again, and what rows say together."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.sources: dict[str, str] = {}
        self.wallets: dict[str, str] = {"": ""}
        self.assets: dict[str, str] = {}
        self.into: dict[str, str] = {"": ""}
        self.currencies: dict[str, str] = {}
        self.groups: dict[str, str] = {"": ""}
        self.categories: dict[str, str] = {"": ""}
        self.acquired: dict[str, Any] = {"": None}
        self.legs: Counter[tuple[str, int, str]] = Counter()

    def check(self) -> None:
        """One spelling a name, one currency, groups of a few rows."""
        for names in (self.sources.keys() | self.wallets.keys(), self.assets.keys() | self.into.keys()):
            if len({name.casefold() for name in names}) < len(names):
                raise Plain
        if len(self.currencies) > 1 or (self.legs and max(self.legs.values()) > MAX_LEGS):
            raise Plain


def _batch(cells: Cells, lines: range, name: str, known: _Known, parse_lots: Callable[[str], Any]) -> list[Trade]:
    count = cells.count

    def optional(column: str, read: Callable[[str], Any], empty: Any) -> Iterable[Any]:
        if cells.is_empty(column):
            return repeat(empty, count)
        return [read(text) if text else empty for text in cells.texts(column)]

    def named(column: str, texts: dict[str, Any], read: Callable[[str], Any]) -> Iterable[Any]:
        """Of a column that is often empty."""
        return repeat(texts[""], count) if cells.is_empty(column) else cells.read(column, texts, read)

    kinds: list[Kind] = cells.read("kind", known.kinds, _KINDS.__getitem__)
    times = cells.times("time")
    sources = cells.read("source", known.sources, check_name)
    assets = cells.read("asset", known.assets, check_name)
    wallets = named("to", known.wallets, check_name)
    intos = named("into", known.into, check_name)
    currencies = cells.read("currency", known.currencies, lambda text: check_currency(text) if text else text)
    ids = cells.texts("id")
    _check_ids(ids)
    cells.add_ids(sources)
    groups = named("group", known.groups, check_name)
    if not cells.is_empty("group"):
        known.legs.update(key for key in zip(sources, times, groups, strict=True) if key[2])

    quantities = cells.numbers("quantity", QUANTITY_DECIMALS, parse_quantity)
    if not 0 < min(quantities) <= max(quantities) < QUANTITY_LIMIT:
        raise Plain
    if not cells.is_full("amount"):
        texts = cells.texts("amount")
        if any(not text and kind not in _AMOUNT_OPTIONAL for text, kind in zip(texts, kinds, strict=True)):
            raise Plain
    amounts = cells.numbers("amount", MONEY_DECIMALS, parse_money)
    fees = cells.numbers("fee", MONEY_DECIMALS, partial(parse_money, signed=True))
    if max(amounts) + max(map(abs, fees)) >= MONEY_LIMIT:
        raise Plain
    parts: tuple[Iterable[Any], ...] = (
        times, sources, ids, kinds, assets, quantities, amounts, fees, wallets, optional("lots", parse_lots, ()), lines,
        currencies, intos, optional("into_quantity", parse_quantity, 0),
        named("acquired", known.acquired, parse_acquired), groups,
        optional("ref", lambda text: check_text(text, 256), ""), named("category", known.categories, _category),
        optional("origin", lambda text: check_text(text, 4096), ""), repeat(name),
    )  # fmt: skip
    made = [Trade.__new__(Trade) for _ in range(count)]
    for fill, values in zip(_SLOTS, parts, strict=True):  # a column at a time: half the time of the constructor
        deque(map(fill, made, values), maxlen=0)
    # A row of a common kind, without anything beside its amount and a fee within it, has no flaws (`csv_rows`).
    looked_at = {i for i, kind in enumerate(kinds) if kind in _LOOKED_AT}
    if min(fees) < 0:
        looked_at |= {i for i, fee in enumerate(fees) if fee < 0 and -fee > amounts[i]}
    for column in _EXTRA:
        if not cells.is_empty(column):
            looked_at |= {i for i, text in enumerate(cells.texts(column)) if text}
    if any(flaws(made[i], cells.text("amount", i)) for i in looked_at):
        raise Plain
    return made


def _check_ids(texts: Column) -> None:
    """`check_name` of every cell: all at once where none holds a space."""
    together = "".join(texts)
    longest = max(map(len, texts))
    if "" in texts or longest > 128 or not (together.isascii() and together.isprintable()):
        odd: Iterable[str] = texts
    elif " " in together or "/" in together or ";" in together:
        odd = texts
    else:
        return
    for text in odd:
        check_name(text)


def _category(text: str) -> str:
    if text not in CATEGORIES:
        raise Plain
    return text
