"""The owner's book: what only the owner knows of records, a CSV file with a row a record.

    source, account, page, position        which record: the page by number, the position in it from 0
    time, asset, quantity                  what it is; may be empty, and must be the record's if not
    kind, value, day, match, lots          what is decided: `ledger.history.decisions`
    note                                   for people: nothing reads it

A value is in the pages' currency, a day is YYYY-MM-DD. `match` is the other half of a move, SOURCE/ACCOUNT/PAGE/RECORD,
or `none`; `lots` are such names with `:QUANTITY`, joined by `;`. A slash in a source's id is written %2F there, a
semicolon %3B, a per cent sign %25.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from zkharvest.errors import InputError, Problem
from zkharvest.files.atomic import write_file
from zkharvest.ledger.history.decisions import NO_MATCH, Decision, Pick
from zkharvest.ledger.history.records import History, Place, Record
from zkharvest.trades.csv_in import read_text
from zkharvest.trades.text import (
    TextError,
    format_money,
    format_quantity,
    format_time,
    parse_money,
    parse_quantity,
    parse_time,
    quoted,
)

NAMING = ("source", "account", "page", "position")
SHOWN = ("time", "asset", "quantity")
DECIDED = ("kind", "value", "day", "match", "lots")
COLUMNS = (*NAMING, *SHOWN, *DECIDED, "note")


class Stated(NamedTuple):
    """What a row says that its record is: to be held against it. `where` is file and line."""

    place: Place
    where: str
    time: int | None
    asset: str
    quantity: int | None


@dataclass(frozen=True, slots=True)
class Book:
    """Decisions by place, and what their rows say of the records."""

    decisions: Mapping[Place, Decision]
    stated: tuple[Stated, ...] = ()


EMPTY = Book({})


class Line(NamedTuple):
    """A row to be written."""

    place: Place
    record: Record
    decision: Decision = Decision()
    note: str = ""


# ------------------------------------------------------------------------------------------------- writing


def book_text(lines: Iterable[Line]) -> str:
    """The text of a book with these rows, in the order of their places."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in sorted(lines, key=lambda line: line.place):
        record, decided = line.record, line.decision
        shown = (format_time(record.time), record.asset, format_quantity(record.quantity))
        writer.writerow((*line.place, *shown, *_cells(decided), line.note))
    return out.getvalue()


def _cells(one: Decision) -> tuple[str, ...]:
    return (
        one.kind,
        "" if one.value is None else format_money(one.value),
        "" if one.day is None else date.fromordinal(one.day).isoformat(),
        "" if one.match is None else str(one.match),
        ";".join(f"{pick.lot}:{format_quantity(pick.quantity)}" for pick in one.lots),
    )


def write_book(path: str | Path, lines: Iterable[Line], *, force: bool = False) -> None:
    """Write a book, whole or not at all. Replaces a file only with `force`."""
    write_file(path, book_text(lines).encode(), private=True, force=force)


# ------------------------------------------------------------------------------------------------- reading


def read_book(path: str | Path) -> Book:
    """A book from its file. UsageError if it cannot be read; InputError with everything that is wrong in it."""
    return parse_book(read_text(path), str(path))


def parse_book(text: str, name: str) -> Book:
    """The book in a file's text; `name` stands for the file in errors. Raises as `read_book`."""
    rows = csv.reader(io.StringIO(text), strict=True)
    problems: list[Problem] = []
    decisions: dict[Place, Decision] = {}
    stated: list[Stated] = []
    try:
        head = _head(next(rows, []), name)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            where = f"{name}:{rows.line_num}"
            if len(row) != len(head):
                problems.append(
                    Problem(where, f"{len(row)} cells, the header has {len(head)}", "quote commas in cells")
                )
                continue
            cells = dict.fromkeys(COLUMNS, "") | dict(zip(head, (cell.strip() for cell in row), strict=True))
            try:
                place, decision, said = _row(cells, where)
            except _WrongError as error:
                problems += error.problems
                continue
            if place in decisions:
                first = decisions[place].where
                problems.append(Problem(where, f"a second row of {place}, after {first}", "keep one of the two"))
                continue
            decisions[place] = decision
            stated.append(said)
    except csv.Error as error:
        where = f"{name}:{rows.line_num}"
        problems.append(Problem(where, f"is not CSV: {error}", "close the quotation marks"))
    if problems:
        raise InputError(problems)
    return Book(decisions, tuple(stated))


def _head(cells: list[str], name: str) -> list[str]:
    """The columns' names. InputError if they are not those of a book."""
    head = [cell.strip() for cell in cells]
    hint = f"the columns are {', '.join(COLUMNS)}; zkharvest explain writes a book"
    unknown = [cell for cell in head if cell not in COLUMNS]
    missing = [column for column in NAMING if column not in head]
    if unknown or missing or len(set(head)) != len(head):
        what = (
            f"unknown column {quoted(unknown[0])}" if unknown else f"column {missing[0]} is missing" if missing else ""
        )
        raise InputError.one(f"{name}:1", what or "a column is there twice", hint)
    return head


class _WrongError(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def _row(cells: Mapping[str, str], where: str) -> tuple[Place, Decision, Stated]:
    """What a row says. Raises _WrongError with each cell that cannot be read."""
    problems: list[Problem] = []

    def read(column: str, parse: Callable[[str], Any]) -> Any:
        text = cells[column]
        if not text:
            return None
        try:
            return parse(text)
        except TextError as error:
            problems.append(Problem(f"{where}:{column}", error.reason, error.hint))
            return None

    problems += [
        Problem(f"{where}:{column}", "is empty", "these four columns name the record")
        for column in NAMING
        if not cells[column]
    ]
    place = Place(cells["source"], cells["account"], read("page", _number) or 0, read("position", _number) or 0)
    said = Stated(place, where, read("time", parse_time), cells["asset"], read("quantity", parse_quantity))
    decision = Decision(
        cells["kind"].casefold(), read("value", parse_money), read("day", _day), read("match", _match),
        read("lots", _picks) or (), where,
    )  # fmt: skip
    if problems:
        raise _WrongError(problems)
    return place, decision, said


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise TextError(text, "is not a whole number", "write digits, such as 0 or 17")
    return int(text)


def _day(text: str) -> int:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise TextError(text, "is not a day", "write YYYY-MM-DD, such as 2021-03-04")
    return found.toordinal()


def _match(text: str) -> Place | str:
    if text.casefold() == NO_MATCH:
        return NO_MATCH
    place = Place.parse(text)
    if place is None:
        hint = f"write SOURCE/ACCOUNT/PAGE/RECORD, such as kraken/K-7f3a/0/12, or {NO_MATCH}"
        raise TextError(text, "names no record", hint)
    return place


def _picks(text: str) -> tuple[Pick, ...]:
    picks = []
    for part in text.split(";"):
        name, colon, quantity = part.strip().rpartition(":")
        place = Place.parse(name)
        if not colon or place is None:
            hint = "write SOURCE/ACCOUNT/PAGE/RECORD:QUANTITY, joined by ;"
            raise TextError(part.strip(), "names no part of a lot", hint)
        picks.append(Pick(place, parse_quantity(quantity)))
    return tuple(picks)


# ------------------------------------------------------------------------------------------------- against records


def check_stated(book: Book, history: History) -> list[Place]:
    """Hold what the rows say against the records; returns the places whose pages are not among the history's.

    InputError for rows of records that a page does not have, and for those whose time, asset or quantity is another.
    """
    problems: list[Problem] = []
    elsewhere: list[Place] = []
    pages = {(page.source, page.account, page.number) for page in history.pages}
    for said in book.stated:
        record = history.at(said.place)
        if record is None:
            if said.place[:3] in pages:
                text = f"page {said.place.number} of {said.place.source} has no record {said.place.position}"
                problems.append(Problem(f"{said.where}:position", text, "positions count from 0"))
            else:
                elsewhere.append(said.place)
            continue
        wrong = [
            ("time", said.time is not None and said.time != record.time, format_time(record.time)),
            ("asset", said.asset not in ("", record.asset, record.symbol), record.called),
            ("quantity", said.quantity not in (None, record.quantity), format_quantity(record.quantity)),
        ]
        problems += [
            Problem(f"{said.where}:{column}", f"the record {said.place} has {there}", "is the row of another record?")
            for column, differs, there in wrong
            if differs
        ]
    if problems:
        raise InputError(problems)
    return elsewhere
