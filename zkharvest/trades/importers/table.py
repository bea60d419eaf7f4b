"""An export file as rows under known columns: which format it is, and where each cell stands.

A format is recognised by its set of column names, never by the file's name. Lines before the header are
passed over (some exporters write a preamble), as are byte order marks; `;` and tabs are taken as separators.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import itemgetter
from pathlib import Path

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text
from zkharvest.trades.importers.commas import with_points
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.rows import Row, by_hand, file_label
from zkharvest.trades.text import quoted

_PREAMBLE = 20  # records before the header


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a form states running balances: the column of the asset (`=BTC` for a constant), that of the balance, its
    wallet, decimals to move the point by, and, where no column names the asset, who says it.
    """

    asset: str
    quantity: str
    wallet: str = ""
    scale: int = 0
    coin: Callable[[Table], str] | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One header an exchange writes. A column is `name` or `name|other` in lower case: either, in any letter case."""

    name: str
    title: str
    source: str
    required: tuple[str, ...]
    read: Callable[[Table, Draft], None] | Callable[[Sequence[Table], Draft], None]
    optional: tuple[str, ...] = ()
    extra: str = ""  # pattern of further columns
    overlaps: frozenset[str] = frozenset()  # formats that tell the same events once more
    when: str = "time"  # the column of the time, and the zone that this exporter is known to write
    zone: str | None = None
    order: str = ""  # of its dates of digits (`cells.ORDERS`)
    together: bool = False  # `read` takes all files that have it at once (a list of tables)
    balance: Balance | None = None
    loose: frozenset[str] = frozenset()  # columns at the end that rows may lack
    blank: str = ""  # what stands in a cell that is not known, such as a dash
    comma: bool = False  # its numbers have a decimal comma
    key: tuple[str, ...] = ()  # columns whose cells name a row of the account (`repeats`)
    changing: str = ""  # pattern of columns whose cells differ between two exports of one row

    def places(self, header: Sequence[str], ignored: frozenset[str] = frozenset()) -> dict[str, int] | None:
        """The place of each column by its first name, or None if the header is not this format's.

        `ignored`: columns, in lower case, that are not read although the format does not know them.
        """
        names = numbered([_plain(cell) for cell in header])
        while names and not names[-1]:
            names.pop()
        found: dict[str, int] = {}
        for column in self.required + self.optional:
            first, *others = column.split("|")
            places = [names.index(name) for name in (first, *others) if names.count(name) == 1]
            free = [place for place in places if place not in found.values()]
            if free:
                found[first] = free[0]
        extra = [n for n, name in enumerate(names) if n not in found.values() and name not in ignored]
        if any(column.split("|")[0] not in found for column in self.required):
            return None
        if any(not (self.extra and re.fullmatch(self.extra, header[n].strip())) for n in extra):
            return None
        return found | {header[n].strip(): n for n in extra}

    def distance(self, header: Sequence[str]) -> tuple[list[str], list[str]]:
        """The columns that `header` lacks, and those it has too many."""
        names = {_plain(cell) for cell in header if cell.strip()}
        lacks = [c.split("|")[0] for c in self.required if not names & set(c.split("|"))]
        known = {name for column in self.required + self.optional for name in column.split("|")}
        more = [
            cell.strip()
            for cell in header
            if cell.strip()
            and _plain(cell) not in known
            and not (self.extra and re.fullmatch(self.extra, cell.strip()))
        ]
        return lacks, more


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one export file."""

    file: str
    label: str
    format: Format
    source: str
    rows: list[Row]
    broken: list[tuple[int, Problem]]  # lines that are not rows of the form
    columns: tuple[str, ...]


def read_table(
    path: str | Path,
    formats: Sequence[Format],
    source: str | None,
    label: str = "",
    ignored: frozenset[str] = frozenset(),
    *,
    comma: bool = False,
) -> Table:
    """Reads one export, whose rows are named by `label`; rows that do not fit the form are kept apart (`broken`).

    ignored  columns, in lower case, to pass over where the format does not know them
    comma    its numbers have a decimal comma

    Raises `InputError` if no format of `formats` has its header, or if no number of it has the comma that was said.
    """
    file = str(path)
    text = read_text(path, utf16=True)
    for delimiter in ",;\t":
        rows = list(text_rows(text, delimiter))
        for n, (_, header) in enumerate(rows[:_PREAMBLE]):
            for form in formats if isinstance(header, list) else ():
                places = form.places(header, ignored)
                if places is not None:
                    table = _table((file, label or file_label(file)), form, source or form.source, places, rows[n:])
                    return _with_points(table) if comma or form.comma else table
    raise _unknown(file, text, formats)


def _with_points(table: Table) -> Table:
    """The table with points for the decimal commas that it was said to have."""
    rows, wrong, seen = with_points(table.rows, table.format.when)
    if table.rows and not (seen or wrong or table.format.comma):
        hint = "a point in it would then stand for thousands: import it without --decimal-comma"
        raise InputError.one(table.file, "was said to have decimal commas, but no number of it has one", hint)
    return replace(table, rows=rows, broken=[*table.broken, *wrong])


def text_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The records of an export with the lines they start on; of a broken one, what is wrong with it instead of cells.

    After a broken record reading goes on with the line below its first, so that one stray quote costs one row.
    JSON (a list of objects, or an object that holds one) is given as records too: the keys, then one a record.
    """
    if text.lstrip()[:1] in ("{", "["):
        if delimiter == ",":
            yield from _json_rows(text)
        return
    lines = text.splitlines(keepends=True)
    start = 0
    while start < len(lines):
        rows = csv.reader(islice(lines, start, None), delimiter=delimiter, strict=True)
        here = start
        try:
            for cells in rows:
                if cells:
                    yield here + 1, cells
                here = start + rows.line_num
        except csv.Error as error:
            yield here + 1, str(error)
            start = here + 1
        else:
            return


def _json_rows(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """The objects of the longest list in a JSON text, numbers as they are printed; records are counted from line 2."""
    try:
        whole = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        yield 1, str(error)
        return
    lists = [whole] if isinstance(whole, list) else [part for part in whole.values() if isinstance(part, list)]
    objects = [one for one in max(lists, key=len, default=[]) if isinstance(one, dict)]
    keys = list(dict.fromkeys(key for one in objects for key in one))
    if keys:
        yield 1, keys
    for n, one in enumerate(objects):
        cells = [one.get(key) for key in keys]
        yield n + 2, ["" if cell is None else str(cell) for cell in cells]


def _table(
    names: tuple[str, str], form: Format, source: str, places: dict[str, int], rows: list[tuple[int, list[str] | str]]
) -> Table:
    file, label = names
    header = rows[0][1]
    headings = {name: header[place].strip() for name, place in places.items()}
    table = Table(file, label, form, source, [], [], tuple(places))
    width = 1 + max(place for name, place in places.items() if name not in form.loose)
    columns, last = tuple(places), max(places.values())
    pick, wide, blank, strip, keep = itemgetter(*places.values()), len(header), form.blank, str.strip, table.rows.append
    for line, cells in rows[1:]:
        if isinstance(cells, str):
            message, hint = f"is broken at or after this line: {cells}", "export the file again"
        elif cells == header or not any(map(strip, cells)):
            continue  # exports that were joined have the header again
        elif len(cells) != wide and (len(cells) < width or any(map(strip, cells[wide:]))):
            message = f"has {len(cells)} cells, the header has {wide}"
            hint = "a cell that holds the separator has to be quoted: export the file again, past any spreadsheet"
        else:
            full = cells if len(cells) > last else [*cells, *[""] * (last + 1 - len(cells))]
            picked = list(map(strip, pick(full)))
            if blank and blank in picked:
                picked = ["" if cell == blank else cell for cell in picked]
            keep(Row(file, line, dict(zip(columns, picked, strict=True)), headings, label))
            continue
        row = Row(file, line, {}, {}, label)
        table.broken.append((line, Problem(row.where(), message, f"{hint}; or {by_hand(row)}")))
    return table


def _unknown(file: str, text: str, formats: Sequence[Format]) -> InputError:
    """No known header: name the nearest one and what is different."""
    if text.startswith("PK"):
        hint = "save it as CSV (UTF-8), all columns as text; unpack an archive"
        return InputError.one(file, "is a spreadsheet or a ZIP archive, not text", hint)
    if text.lstrip()[:1] == "<":
        return InputError.one(file, "is a web page or XML, not an export", "log in at the venue and export it again")
    rows = [(line, cells) for line, cells in text_rows(text, ",") if isinstance(cells, list)][:_PREAMBLE]
    if not rows:
        return InputError.one(file, "is empty", "export it again, with all rows of the time that you need")
    best: tuple[int, int, Format, list[str], list[str]] | None = None
    for line, header in rows:
        for form in formats:
            lacks, more = form.distance(header)
            score = len(form.required) - len(lacks) - len(more)
            if best is None or score > best[0]:
                best = (score, line, form, lacks, more)
    if best is None or best[0] <= 0:
        known = ", ".join(dict.fromkeys(form.title for form in formats))
        return InputError.one(
            f"{file}:{max(rows[0][0], 1)}",
            "is not an export of a known format",
            f"`trades map {file}` proposes a map for it, to be given with --map; known are: {known}",
        )
    _, line, form, lacks, more = best
    if more and not lacks:
        options = " ".join(f"--ignore-column {json.dumps(name, ensure_ascii=False)}" for name in more)
        hint = (
            f"it is {form.title} with columns that are new: {', '.join(map(quoted, more))}; if they say nothing that "
            f"changes what the rows are (a status would), {options} reads it without them; else `trades map`"
        )
        return InputError.one(f"{file}:{line}", "has columns that are not known", hint)
    parts = [f"it lacks {', '.join(map(quoted, lacks))}"] if lacks else []
    if more:
        parts.append(f"{', '.join(map(quoted, more))} {'is' if len(more) == 1 else 'are'} new")
    hint = (
        f"the nearest known header is {form.title}: {'; '.join(parts) or 'a column occurs twice'}; "
        "`trades map` proposes a map for a header that is not known"
    )
    return InputError.one(f"{file}:{line}", "is not an export of a known format", hint)


def numbered(names: Sequence[str]) -> list[str]:
    """The names with a number after those that came before: unit, unit#2."""
    seen: Counter[str] = Counter()
    out = []
    for name in names:
        seen[name] += 1
        out.append(name if seen[name] == 1 or not name else f"{name}#{seen[name]}")
    return out


def _plain(cell: str) -> str:
    return " ".join(cell.lower().split())
