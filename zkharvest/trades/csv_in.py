"""The canonical trades CSV, read: one row a trade, every problem of a file reported at once.

UTF-8 (a byte order mark is tolerated), comma separated, header required, columns in any order, unknown
columns refused. `trades.csv_out` writes what this reads. The columns:

    time      ISO 8601 with zone, up to milliseconds
    source    venue account or wallet; the pool's wallet under per-wallet basis
    id        unique within the source
    kind      buy, sell, income, spend, expire, short, cover, transfer
    asset     instrument, e.g. BTC or BTC-27DEC26-80000-P
    quantity  decimal, positive
    amount    value in the reporting currency before the fee; empty for transfer and expire
    fee       in the reporting currency; empty is 0, a rebate is negative
    to        destination source of a transfer
    lots      specific identification: `id:quantity` (`source/id` where an id is not unique), joined by `;`
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.trades.model import MONEY_LIMIT, OPENS_LOT, Kind, LotPick, Trade, in_order
from zkharvest.trades.text import (
    TextError,
    check_name,
    format_quantity,
    parse_money,
    parse_quantity,
    parse_time,
    quoted,
)

COLUMNS = ("time", "source", "id", "kind", "asset", "quantity", "amount", "fee", "to", "lots")

_KINDS = {kind.word: kind for kind in Kind}
_NO_AMOUNT = frozenset({Kind.TRANSFER, Kind.EXPIRE})


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


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file without its byte order mark. Raises `UsageError` or `InputError`."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "check the path") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        hint = "save it as UTF-8"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint = "it is UTF-16; save it as UTF-8"
        elif data[:2] == b"PK":
            hint = "it is a spreadsheet; save it as CSV (UTF-8)"
        raise InputError.one(f"{path}:{line}", f"byte {error.start} is not UTF-8", hint) from None


def trades_from_text(text: str, name: str) -> list[Trade]:
    """The trades of canonical CSV text, in the order of the ledger; `name` stands for the file in errors."""
    reader = _Reader(name)
    reader.read(text)
    if reader.problems:
        raise InputError(reader.problems)
    return in_order(reader.trades)


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
        self._lines: dict[tuple[str, str], int] = {}
        self._known: set[tuple[str, str]] = set()
        self._spellings: dict[tuple[str, str], str] = {}

    def problem(self, line: int, column: str, message: str, hint: str = "") -> None:
        where = f"{self.name}:{line}:{column}" if column else f"{self.name}:{line}"
        self.problems.append(Problem(where, message, hint))

    def read(self, text: str) -> None:
        rows = records(text)
        line = 1
        try:
            first = next(rows, None)
            if first is None:
                self.problems.append(Problem(self.name, "is empty", f"the first line is {','.join(COLUMNS)}"))
                return
            line, header = first
            places = self._places(line, header)
            if places is None:
                return
            width = len(header)
            for line, cells in rows:
                if len(cells) == width:
                    self._row(line, [cells[place] for place in places])
                elif any(cell.strip() for cell in cells):
                    self.problem(line, "", f"has {len(cells)} cells, the header has {width}", _cells_hint(cells))
        except csv.Error as error:
            self.problem(line, "", f"is broken at or after this line: {error}", "look for a stray quote mark")

    def _places(self, line: int, header: list[str]) -> list[int] | None:
        """Where each column of `COLUMNS` stands, or None if the header cannot be used."""
        before = len(self.problems)
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            self.problem(line, "", "the columns are not separated by commas", "save the file with commas")
            return None
        for column in header:
            if column not in COLUMNS:
                near = get_close_matches(column.strip().lower(), COLUMNS, 1)
                hint = f"did you mean {near[0]}?" if near else f"the columns are {', '.join(COLUMNS)}"
                self.problem(line, column, f"{quoted(column)} is not a column of the trades CSV", hint)
        for column in COLUMNS:
            count = header.count(column)
            if count == 0:
                self.problem(line, column, "the column is missing", "add it; amount, fee, to and lots may be empty")
            elif count > 1:
                self.problem(line, column, f"the column occurs {count} times", "keep one of them")
        return None if len(self.problems) > before else [header.index(column) for column in COLUMNS]

    def _row(self, line: int, cells: Sequence[str]) -> None:
        time, source, id_, word, asset, quantity, amount, fee, to, lots = cells
        try:
            kind = _KINDS[word]
            trade = Trade(
                parse_time(time),
                check_name(source),
                check_name(id_),
                kind,
                check_name(asset),
                parse_quantity(quantity),
                0 if kind in _NO_AMOUNT and not amount else parse_money(amount),
                parse_money(fee, signed=True) if fee else 0,
                check_name(to) if to else "",
                parse_lots(lots) if lots else (),
                line,
            )
        except (KeyError, TextError):
            self._explain(line, dict(zip(COLUMNS, cells, strict=True)))
            return
        before = len(self.problems)
        self._check(trade, amount)
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
                    case "to" if text:
                        check_name(text)
                    case "quantity":
                        parse_quantity(text)
                    case "amount" if text or (kind is not None and kind not in _NO_AMOUNT):
                        parse_money(text)
                    case "fee" if text:
                        parse_money(text, signed=True)
                    case "lots" if text:
                        parse_lots(text)
                    case "kind" if kind is None:
                        near = get_close_matches(text.strip().lower(), _KINDS, 1)
                        meant = f"did you mean {near[0]}? " if near else ""
                        raise TextError(text, "is not a kind", f"{meant}the kinds are {', '.join(_KINDS)}")
            except TextError as error:
                self.problem(line, column, error.reason, error.hint)

    def _check(self, trade: Trade, amount: str) -> None:
        """What the cells of one row say together, and with the rows above."""
        line, kind = trade.line, trade.kind
        if kind in _NO_AMOUNT and amount:
            self.problem(line, "amount", f"{quoted(amount)} given for {kind.word}", f"leave it empty: {_WHY[kind]}")
        if kind is Kind.TRANSFER:
            if not trade.to:
                self.problem(line, "to", "is empty", "a transfer names the source it goes to")
            elif trade.to == trade.source:
                self.problem(line, "to", f"{quoted(trade.to)} is where it came from", "leave the row out")
            if trade.fee:
                hint = "enter the network fee as its own spend row"
                self.problem(line, "fee", "a transfer carries no fee", hint)
        elif trade.to:
            self.problem(line, "to", f"{quoted(trade.to)} given for {kind.word}", "only a transfer has a destination")
        value = trade.amount - trade.fee if kind is Kind.SHORT else trade.amount + trade.fee
        if kind in OPENS_LOT and not 0 <= value < MONEY_LIMIT:
            what = "amount less fee" if kind is Kind.SHORT else "amount and fee together"
            state = "are below zero" if value < 0 else "are too large"
            self.problem(line, "fee", f"{what} {state}", "check the sign: a rebate is negative, a cost is positive")
        elif kind not in OPENS_LOT and trade.amount + abs(trade.fee) >= MONEY_LIMIT:
            self.problem(line, "fee", "amount and fee together are too large", "check the decimal point")
        if trade.lots:
            self._check_lots(trade)
        self._check_names(trade)

    def _check_lots(self, trade: Trade) -> None:
        if trade.kind in OPENS_LOT:
            self.problem(trade.line, "lots", f"given for {trade.kind.word}", "only a row that takes lots names them")
            return
        named = [pick.trade for pick in trade.lots]
        if len(set(named)) < len(named):
            self.problem(trade.line, "lots", "names a lot twice", "add its quantities up")
        total = sum(pick.quantity for pick in trade.lots)
        if total != trade.quantity:
            message = f"lots add up to {format_quantity(total)}, the row has {format_quantity(trade.quantity)}"
            self.problem(trade.line, "lots", message, "name lots for the whole quantity")

    def _check_names(self, trade: Trade) -> None:
        key = (trade.source, trade.id)
        seen = self._lines.setdefault(key, trade.line)
        if seen != trade.line:
            hint = "give each row of a source its own id; remove the row if it is a copy"
            self.problem(trade.line, "id", f"{quoted(trade.id)} was used for this source in line {seen}", hint)
        for column, name in (("source", trade.source), ("asset", trade.asset), ("source", trade.to)):
            if (column, name) not in self._known and name:
                self._known.add((column, name))
                first = self._spellings.setdefault((column, name.casefold()), name)
                if first != name:  # two spellings would silently be two pools
                    message = f"{quoted(name)} is also written {quoted(first)}"
                    self.problem(trade.line, column, message, "use one spelling")


_WHY = {
    Kind.TRANSFER: "a transfer has no value of its own",
    Kind.EXPIRE: "it closes at zero; use sell or cover for a cash settlement",
}


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


def _cells_hint(cells: list[str]) -> str:
    if len(cells) == 1 and ";" in cells[0]:
        return "separate cells by commas"
    return "quote a cell that holds a comma: fill empty cells with nothing between commas"
