"""Rows of a venue's file: Deribit's JSON results or our CSV form, every flaw of the file reported at once.

JSON may be an array of results, one result, one JSON-RPC envelope (`{"result": ...}`) or an array of envelopes. CSV has
a header; columns may be missing only if they are optional, and stand in any order. Numbers of a venue are estimates'
input, so they become floats here; no amount of a trade is read by this module.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.text import TextError, parse_time, quoted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands (`file:line` or `file:[n]`) and its cells as found (text from CSV, any JSON value)."""

    where: str
    cells: dict[str, Any]

    def problem(self, field: str, message: str, hint: str = "") -> Problem:
        """Something wrong with a field of this row."""
        return Problem(f"{self.where}:{field}", message, hint)


@dataclass(frozen=True, slots=True)
class Columns:
    """The CSV form of a file: what must be there, what may be there."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


class FieldError(ValueError):
    """A field that cannot be taken; becomes a `Problem` with its place."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.field, self.message, self.hint = field, message, hint


def read_rows(path: Path, columns: Columns) -> list[Row]:
    """The rows of a file. Raises `UsageError` if it cannot be read, `InputError` if it is neither form."""
    text = read_text(path)
    head = text.lstrip()[:1]
    if head in ("[", "{"):
        return _json_rows(path, text)
    return _csv_rows(path, text, columns)


def taken(path: Path, rows: Sequence[Row], take: Callable[[Row], T]) -> list[T]:
    """What `take` makes of each row. Raises `InputError` with the problems of all rows, or if there is none."""
    made, problems = [], []
    for row in rows:
        try:
            made.append(take(row))
        except FieldError as error:
            problems.append(row.problem(error.field, error.message, error.hint))
    if not rows:
        problems.append(Problem(str(path), "has no rows", "is it the file that you meant?"))
    if problems:
        raise InputError(problems)
    return made


def number(row: Row, field: str, *, default: float | None = None, least: float | None = None) -> float:
    """A finite number of a row; `default` where the cell is missing, empty or null. Raises `FieldError`."""
    value = row.cells.get(field)
    if value is None or value == "":
        if default is None:
            raise FieldError(field, "is missing", "the venue's answer has it; export it again")
        return default
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise FieldError(field, f"{quoted(str(value))} is not a finite number", "write digits with a point")
    if least is not None and found < least:
        raise FieldError(field, f"{quoted(str(value))} is below {least:g}", "check the file")
    return found


def text_of(row: Row, field: str) -> str:
    """A text of a row that must be there. Raises `FieldError`."""
    value = row.cells.get(field)
    if not isinstance(value, str) or not value:
        raise FieldError(field, "is missing", "the venue's answer has it; export it again")
    return value


def moment(row: Row, field: str) -> int:
    """A time in ms: an integer (Unix milliseconds) in JSON, ISO 8601 with zone in CSV. Raises `FieldError`."""
    value = row.cells.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    try:
        return parse_time(value if isinstance(value, str) else "")
    except TextError as error:
        raise FieldError(field, error.reason, error.hint) from None


def _json_rows(path: Path, text: str) -> list[Row]:
    try:
        found = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise InputError.one(f"{path}:{line}", f"is not JSON: {error}", "save the venue's answer as it came") from None
    items: list[Any] = []
    for part in found if isinstance(found, list) else [found]:
        inner = part.get("result", part) if isinstance(part, dict) else part
        items.extend(inner if isinstance(inner, list) else [inner])
    problems = [
        Problem(f"{path}:[{n}]", "is not an object", "an array of the venue's results is expected")
        for n, item in enumerate(items)
        if not isinstance(item, dict)
    ]
    if problems:
        raise InputError(problems)
    return [Row(f"{path}:[{n}]", item) for n, item in enumerate(items)]


def _csv_rows(path: Path, text: str, columns: Columns) -> list[Row]:
    rows, problems, line = [], [], 1
    try:
        found = records(text)
        line, header = next(found, (1, []))
        _check_header(f"{path}:{line}", header, columns)
        for line, cells in found:
            if len(cells) == len(header):
                rows.append(Row(f"{path}:{line}", dict(zip(header, cells, strict=True))))
            elif any(cell.strip() for cell in cells):
                problems.append(Problem(f"{path}:{line}", f"has {len(cells)} cells, the header has {len(header)}"))
    except csv.Error as error:
        problems.append(
            Problem(f"{path}:{line}", f"is broken at or after this line: {error}", "look for a stray quote mark")
        )
    if problems:
        raise InputError(problems)
    return rows


def _check_header(where: str, header: Sequence[str], columns: Columns) -> None:
    known = (*columns.required, *columns.optional)
    problems = [Problem(f"{where}:{c}", "the column is missing") for c in columns.required if c not in header]
    for column in header:
        if column not in known:
            near = get_close_matches(column.strip().lower(), known, 1)
            hint = f"did you mean {near[0]}?" if near else f"the columns are {', '.join(known)}"
            problems.append(Problem(f"{where}:{column}", f"{quoted(column)} is not a column of this file", hint))
        elif header.count(column) > 1:
            problems.append(Problem(f"{where}:{column}", "the column occurs more than once", "keep one of them"))
    if problems:
        raise InputError(problems)
