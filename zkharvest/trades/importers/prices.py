"""Fair values that an export does not hold: the file given with `--prices`.

A CSV with the columns `time`, `asset`, `price`: the price of one unit in the reporting currency; a column `source` may
say where each was found. `time` is
either an instant with zone (`2024-03-01T14:05:07Z`) or a UTC day (`2024-03-01`). A value is taken from the row
of that exact instant, else from the row of that UTC day, else it is missing: no other row is near enough,
because which one would be a guess.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.importers.names import Names
from zkharvest.trades.importers.price_files import published
from zkharvest.trades.text import TextError, check_name, format_time, instant, parse_quantity, parse_time, quoted

COLUMNS = ("time", "asset", "price")
SOURCE = "source"  # a column that may stand beside them; it is for people and for `trades prices`

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DAY_MS = 86_400_000


class Prices:
    """Prices in 10^-18 of the reporting currency per unit, by instant and by UTC day."""

    def __init__(self, rows: Iterable[tuple[bool, int, str, int]] = ()) -> None:
        self._rows = {(whole_day, time, asset): price for whole_day, time, asset, price in rows}

    def find(self, asset: str, time: int) -> int | None:
        """The price of `asset` at `time` (Unix milliseconds), or None if the file does not give it."""
        exact = self._rows.get((False, time, asset))
        return exact if exact is not None else self._rows.get((True, time // _DAY_MS * _DAY_MS, asset))


def load_prices(paths: Iterable[str | Path], names: Names, currency: str) -> Prices:
    """Reads price files, own or published; assets go by their usual names.

    Raises `InputError` with every problem of them.
    """
    problems: list[Problem] = []
    rows: dict[tuple[bool, int, str], tuple[int, str]] = {}
    for path in paths:
        try:
            _read(path, names, currency, rows)
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return Prices((whole_day, time, asset, price) for (whole_day, time, asset), (price, _) in rows.items())


def missing_text(unpriced: Iterable[tuple[int, str]]) -> str:
    """The rows that a price file lacks, with an empty price each."""
    lines = [",".join(COLUMNS)]
    lines.extend(f"{format_time(time)},{asset}," for time, asset in sorted(set(unpriced)))
    return "\n".join(lines) + "\n"


def _read(path: str | Path, names: Names, currency: str, rows: dict[tuple[bool, int, str], tuple[int, str]]) -> None:
    """Adds the rows of one file."""
    file = str(path)
    problems: list[Problem] = []
    places: list[int] = []
    text = read_text(path)
    if _published(file, text, names, currency, rows):
        return
    line, width = 1, len(COLUMNS)
    try:
        for line, cells in records(text):
            if not places:
                head = [cell.strip().lower() for cell in cells]
                if sorted(head) not in (sorted(COLUMNS), sorted((*COLUMNS, SOURCE))):
                    raise InputError.one(f"{file}:{line}", f"the columns are {', '.join(COLUMNS)}", "name them so")
                places = [head.index(column) for column in COLUMNS]
                width = len(head)
            elif len(cells) != width:
                problems.append(Problem(f"{file}:{line}", f"has {len(cells)} cells", "write time,asset,price"))
            else:
                _row(file, line, [cells[place].strip() for place in places], names, rows, problems)
    except csv.Error as error:
        problems.append(Problem(f"{file}:{line}", f"is broken at or after this line: {error}", "mend the quotes"))
    if not places:
        problems.append(Problem(file, "is empty", f"the first line is {','.join(COLUMNS)}"))
    if problems:
        raise InputError(problems)


def _published(
    file: str, text: str, names: Names, currency: str, rows: dict[tuple[bool, int, str], tuple[int, str]]
) -> bool:
    """Adds the prices of a file that a publisher wrote; whether it is one."""
    try:
        prices = published(file, records(text), names, currency)
    except csv.Error:
        return False
    for one in prices or ():
        price, where = rows.setdefault((True, one.time, one.asset), (one.price, file))
        if price != one.price:
            message = f"prices {one.asset} on {format_time(one.time)[:10]} otherwise than {where}"
            raise InputError.one(file, message, "give one of the two files")
    return prices is not None


def _row(
    file: str,
    line: int,
    cells: list[str],
    names: Names,
    rows: dict[tuple[bool, int, str], tuple[int, str]],
    problems: list[Problem],
) -> None:
    values: list[int] = []
    column = ""
    try:
        for column in COLUMNS:
            text = cells[COLUMNS.index(column)]
            match column:
                case "time":
                    day = _day(text)
                    values.append(parse_time(text) if day is None else day)
                case "asset":
                    check_name(text)
                case "price" if not text:
                    raise TextError(text, "is empty", "write the fair value of one unit, or take the row out")
                case "price":
                    values.append(0 if re.fullmatch(r"0(\.0+)?", text) else parse_quantity(text))
    except TextError as error:
        problems.append(Problem(f"{file}:{line}:{column}", error.reason, error.hint))
        return
    time, price = values
    key = (_day(cells[0]) is not None, time, names.coin(cells[1]))
    first = rows.setdefault(key, (price, f"{file}:{line}"))
    if first[0] != price:
        message = f"{quoted(cells[2])} for a time and asset priced otherwise in {first[1]}"
        problems.append(Problem(f"{file}:{line}:price", message, "keep one of them"))


def moment_of(text: str) -> tuple[int, bool]:
    """The time of a row, and whether it is a whole UTC day. Raises `TextError`."""
    day = _day(text)
    return (parse_time(text), False) if day is None else (day, True)


def _day(text: str) -> int | None:
    """The first instant of a UTC day written YYYY-MM-DD, else None. Raises `TextError` for no day of the calendar."""
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    try:
        return instant(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise TextError(text, "is not a day of the calendar", "write YYYY-MM-DD") from None
