"""The canonical trades CSV, read: one row a trade, every problem of a file reported at once.

docs/trades-csv.md is its definition. UTF-8 (a byte order mark is tolerated), comma separated, header required, columns
in any order, unknown columns refused; all but the first seven of `COLUMNS` may be missing. `trades.csv_out` writes
what this reads.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from operator import itemgetter
from pathlib import Path

from zkharvest.collecting import without_collecting
from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.spec import MAGICS
from zkharvest.trades.csv_columns import read_columns
from zkharvest.trades.csv_rows import flaws
from zkharvest.trades.model import CATEGORIES, MAX_LEGS, WITHOUT_VALUE, Kind, LotPick, Trade, in_order
from zkharvest.trades.text import (
    TextError,
    check_currency,
    check_name,
    check_text,
    parse_acquired,
    parse_money,
    parse_quantity,
    parse_time,
    quoted,
)

COLUMNS = (
    "time", "source", "id", "kind", "asset", "quantity", "amount", "fee", "currency", "to", "into", "into_quantity",
    "acquired", "lots", "group", "ref", "category", "origin",
)  # fmt: skip
REQUIRED = COLUMNS[:7]

_NOT_TEXT = {
    b"\xff\xfe": "it is UTF-16; save it as UTF-8",
    b"\xfe\xff": "it is UTF-16; save it as UTF-8",
    b"PK": "it is a spreadsheet or a ZIP archive; save it as CSV (UTF-8), or unpack it",
    b"\xd0\xcf\x11\xe0": "it is a spreadsheet; save it as CSV (UTF-8)",
    b"\x1f\x8b": "it is compressed (gzip); unpack it",
    b"%PDF": "it is a PDF; give the same report as CSV",
}
"""What to do with a file that is no UTF-8 text, by its first bytes."""

_KINDS = {kind.word: kind for kind in Kind}
_AMOUNT_OPTIONAL = WITHOUT_VALUE | {Kind.DEPOSIT}


def load_trades(path: str | Path) -> list[Trade]:
    """The trades of a canonical CSV file in the order of the ledger (by time; equal times keep file order).

    Raises `InputError` with every problem of the file, `UsageError` if it cannot be read.
    """
    return trades_from_text(read_text(path), str(path))


def check_trades(path: str | Path) -> list[Problem]:
    """Every problem of a canonical CSV file, in file order; empty if it is in order."""
    try:
        load_trades(path)
    except InputError as error:
        return list(error.problems)
    return []


def read_text(path: str | Path, *, utf16: bool = False) -> str:
    """The text of a UTF-8 file (`-`: standard input) without its byte order mark. Raises UsageError or InputError.

    `utf16`: UTF-16 is read too, if its byte order mark says that it is.
    """
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "check the path") from None
    if data.startswith(MAGICS):
        hint = "it is another of zkharvest's files: give the CSV (zkharvest inspect FILE says what this one is)"
        raise UsageError(f"{path}: not a trades CSV", hint)
    try:
        marked = utf16 and data[:2] in (b"\xff\xfe", b"\xfe\xff")
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        hint = next((hint for begin, hint in _NOT_TEXT.items() if data.startswith(begin)), "save it as UTF-8")
        raise InputError.one(f"{path}:{line}", f"byte {error.start} is not UTF-8", hint) from None


def trades_from_text(text: str, name: str) -> list[Trade]:
    """The trades of canonical CSV text, in the order of the ledger; `name` stands for the file in errors."""
    with without_collecting():
        read = read_columns(text, name, COLUMNS, REQUIRED, parse_lots) or read_rows(text, name)
        return in_order(read)


def read_rows(text: str, name: str) -> list[Trade]:
    """The trades of canonical CSV text in file order, row by row: what is wrong is found and named here."""
    reader = _Reader(name)
    reader.read(text)
    if reader.problems:
        raise InputError(reader.problems)
    return reader.trades


def records(text: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The records of CSV text with the line each starts on; blank lines are passed over. Raises `csv.Error`."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    for cells in rows:
        if cells:
            yield start, cells
        start = rows.line_num + 1


class _Reader:
    """Reads one file; keeps what was found and what is wrong."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.trades: list[Trade] = []
        self.problems: list[Problem] = []
        self._ids: dict[str, dict[str, int]] = {}  # by source: the line of each id; the keys are sources in order
        self._assets: set[str] = {""}
        self._wallets: set[str] = {""}
        self._spellings: dict[tuple[str, str], str] = {}
        self._currencies: dict[str, int] = {}  # the line of the first row that states it
        self._legs: dict[tuple[str, int, str], int] = {}

    def problem(self, line: int, column: str, message: str, hint: str = "") -> None:
        where = f"{self.name}:{line}:{column}" if column else f"{self.name}:{line}"
        self.problems.append(Problem(where, message, hint))

    def read(self, text: str) -> None:
        rows = records(text)
        line = 1
        try:
            first = next(rows, None)
            if first is None:
                self.problems.append(Problem(self.name, "is empty", f"the first line is {','.join(COLUMNS[:8])}"))
                return
            line, header = first
            if not self._usable(line, header):
                return
            width = len(header)
            missing = [width] * len(COLUMNS)  # the place of a cell added to every row
            pick = itemgetter(*(header.index(column) if column in header else missing[0] for column in COLUMNS))
            for line, cells in rows:
                if len(cells) == width:
                    cells.append("")
                    self._row(line, pick(cells))
                elif any(cell.strip() for cell in cells):
                    self.problem(line, "", f"has {len(cells)} cells, the header has {width}", _cells_hint(cells))
        except csv.Error as error:
            self.problem(line, "", f"is broken at or after this line: {error}", "look for a stray quote mark")
        self._one_currency()

    def _usable(self, line: int, header: list[str]) -> bool:
        """Whether the header names every required column, and only columns of `COLUMNS`, once each."""
        before = len(self.problems)
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            self.problem(line, "", "the columns are not separated by commas", "save the file with commas")
            return False
        if len(absent := [column for column in REQUIRED if column not in header]) > len(REQUIRED) // 2:
            hint = "if it is what a venue or wallet exported, zkharvest trades import makes trades of it"
            self.problem(line, "", f"is not the header of a trades CSV: it lacks {', '.join(absent)}", hint)
            return False
        for column in header:
            if column not in COLUMNS:
                near = get_close_matches(column.strip().lower(), COLUMNS, 1)
                hint = f"did you mean {near[0]}?" if near else f"the columns are {', '.join(COLUMNS)}"
                self.problem(line, column, f"{quoted(column)} is not a column of the trades CSV", hint)
        for column in COLUMNS:
            count = header.count(column)
            if count == 0 and column in REQUIRED:
                hint = "add it; amount may be empty where the kind has none" if column == "amount" else "add it"
                self.problem(line, column, "the column is missing", hint)
            elif count > 1:
                self.problem(line, column, f"the column occurs {count} times", "keep one of them")
        return len(self.problems) == before

    def _row(self, line: int, cells: tuple[str, ...]) -> None:
        (
            time, source, id_, word, asset, quantity, amount, fee, currency, to, into, into_quantity, acquired, lots,
            group, ref, category, origin,
        ) = cells  # fmt: skip
        try:
            kind = _KINDS[word]
            if currency not in self._currencies:
                self._new_currency(currency, line)
            trade = Trade(
                parse_time(time),
                source if source in self._ids else check_name(source),
                check_name(id_),
                kind,
                asset if asset in self._assets and asset else check_name(asset),
                parse_quantity(quantity),
                0 if not amount and kind in _AMOUNT_OPTIONAL else parse_money(amount),
                parse_money(fee, signed=True) if fee else 0,
                to if to in self._wallets else check_name(to),
                parse_lots(lots) if lots else (),
                line,
                currency,
                into if into in self._assets else check_name(into),
                parse_quantity(into_quantity) if into_quantity else 0,
                parse_acquired(acquired) if acquired else None,
                check_name(group) if group else "",
                check_text(ref, 256) if ref else "",
                _category(category) if category else "",
                check_text(origin, 4096) if origin else "",
                self.name,
            )
        except (KeyError, TextError):
            self._explain(line, dict(zip(COLUMNS, cells, strict=True)))
            return
        before = len(self.problems)
        for column, message, hint in flaws(trade, amount):
            self.problem(line, column, message, hint)
        self._among_rows(trade)
        if len(self.problems) == before:
            self.trades.append(trade)

    def _explain(self, line: int, cells: dict[str, str]) -> None:
        """Name every cell of the row that cannot be read."""
        kind = _KINDS.get(cells["kind"])
        for column in COLUMNS:
            text = cells[column]
            try:
                match column:
                    case "time":
                        parse_time(text)
                    case "source" | "id" | "asset":
                        check_name(text)
                    case "quantity":
                        parse_quantity(text)
                    case "amount" if text or (kind is not None and kind not in _AMOUNT_OPTIONAL):
                        parse_money(text)
                    case "kind" if kind is None:
                        near = get_close_matches(text.strip().lower(), _KINDS, 1)
                        meant = f"did you mean {near[0]}? " if near else ""
                        raise TextError(text, "is not a kind", f"{meant}the kinds are {', '.join(_KINDS)}")
                    case _ if column in _OPTIONAL and text:
                        _OPTIONAL[column](text)
            except TextError as error:
                self.problem(line, column, error.reason, error.hint)

    def _new_currency(self, currency: str, line: int) -> None:
        if currency:
            check_currency(currency)
        self._currencies[currency] = line

    def _one_currency(self) -> None:
        """A file has one reporting currency, on every row, or states none."""
        if len(self._currencies) < 2:
            return
        stated, first = next((name, line) for name, line in self._currencies.items() if name)
        for name, line in self._currencies.items():
            if name != stated:
                what = f"{quoted(name)} here" if name else "is empty here"
                hint = "a file has one reporting currency, stated on every row; convert the amounts or split the file"
                self.problem(line, "currency", f"{what}, {quoted(stated)} in line {first}", hint)

    def _among_rows(self, trade: Trade) -> None:
        """What the row says together with the rows above."""
        source, line = trade.source, trade.line
        ids = self._ids.get(source)
        if ids is None:
            ids = self._ids[source] = {}
            self._spelling(trade, "source", source)
        seen = ids.setdefault(trade.id, line)
        if seen != line:
            hint = "give each row of a source its own id; remove the row if it is a copy"
            self.problem(line, "id", f"{quoted(trade.id)} was used for this source in line {seen}", hint)
        for column, name in (("asset", trade.asset), ("into", trade.into)):
            if name not in self._assets:
                self._assets.add(name)
                self._spelling(trade, column, name)
        if trade.to not in self._wallets:
            self._wallets.add(trade.to)
            self._spelling(trade, "to", trade.to)
        if trade.group:
            key = (source, trade.time, trade.group)
            legs = self._legs[key] = self._legs.get(key, 0) + 1
            if legs == MAX_LEGS + 1:
                message = f"{quoted(trade.group)} has more than {MAX_LEGS} rows"
                self.problem(
                    line, "group", message, "a group holds the legs of one trade; give other trades another word"
                )

    def _spelling(self, trade: Trade, column: str, name: str) -> None:
        """Two spellings of one name would silently be two pools."""
        sort = "asset" if column in ("asset", "into") else "source"
        first = self._spellings.setdefault((sort, name.casefold()), name)
        if first != name:
            self.problem(trade.line, column, f"{quoted(name)} is also written {quoted(first)}", "use one spelling")


def parse_lots(text: str) -> tuple[LotPick, ...]:
    """`id:quantity` or `source/id:quantity`, joined by `;`. Raises `TextError`."""
    picks = []
    for part in text.split(";"):
        reference, colon, quantity = part.rpartition(":")
        source, slash, id_ = reference.partition("/")
        if not colon or not reference:
            raise TextError(part, "is not a lot", "write id:quantity, joined by ;")
        check_name(source)
        if slash:
            check_name(id_)
        picks.append(LotPick(reference, parse_quantity(quantity)))
    return tuple(picks)


def _category(text: str) -> str:
    if text not in CATEGORIES:
        near = get_close_matches(text.strip().lower(), CATEGORIES, 1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise TextError(text, "is not a category", f"{meant}the categories are {', '.join(CATEGORIES)}")
    return text


_OPTIONAL: dict[str, Callable[[str], object]] = {
    "fee": lambda text: parse_money(text, signed=True),
    "currency": check_currency,
    "to": check_name,
    "into": check_name,
    "into_quantity": parse_quantity,
    "acquired": parse_acquired,
    "lots": parse_lots,
    "group": check_name,
    "ref": lambda text: check_text(text, 256),
    "category": _category,
    "origin": lambda text: check_text(text, 4096),
}
"""How each cell that may be empty is read."""


def _cells_hint(cells: Sequence[str]) -> str:
    if len(cells) == 1 and ";" in cells[0]:
        return "separate cells by commas"
    return "quote a cell that holds a comma; leave an empty cell empty, with its comma"
