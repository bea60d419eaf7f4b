"""What the user says about single rows: rows left out with a reason, and canonical rows that stand for or join them.

`--skip FILE:LINE=REASON` leaves a row of an export out; the reason goes into the notes. `--manual FILE` is a canonical
trades CSV: a row whose `origin` names rows of the exports (`kraken.csv:17;kraken.csv:18`) stands for these, any other
row joins them. Several rows may stand for the same row. Both are given on every import, so that nothing has to be
edited in an export, and nothing by hand in the result.

An export that is made anew may count its lines otherwise. A manual row that stands for a row therefore has to carry
its time, to the minute; if it does not, the import says so and reads nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.importers.cells import moment
from zkharvest.trades.importers.rows import Row, file_label
from zkharvest.trades.importers.table import Table
from zkharvest.trades.model import Trade
from zkharvest.trades.text import TextError, format_time, quoted

_SKIP = re.compile(r"(?P<file>.+?):(?P<lines>[0-9][0-9,-]*)=(?P<reason>.*)", re.DOTALL)
_PLACE = re.compile(r"(?P<file>.+):(?P<line>[0-9]+)(?:-(?P<last>[0-9]+))?")
_MINUTE = 60_000

Place = tuple[str, int]  # file without folders, line


@dataclass(slots=True)
class Said:
    """Places that are not read, with why; and the manual rows, each with the places that it stands for."""

    skipped: dict[Place, str] = field(default_factory=dict)
    rows: list[tuple[Trade, tuple[Place, ...], str]] = field(default_factory=list)  # with the manual file's name

    @property
    def replaced(self) -> set[Place]:
        return {place for _, places, _ in self.rows for place in places}


def parse_pairs(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The rows that `--pair FILE:LINE=FILE:LINE` names as the two ends of one transfer. Raises `UsageError`."""
    pairs = []
    for text in texts:
        places = [_PLACE.fullmatch(part) for part in text.split("=")]
        one, other = places if len(places) == 2 else (None, None)
        if one is None or other is None or one["last"] or other["last"]:
            hint = "such as --pair binance.csv:17=ledger.csv:4, the row of a withdrawal and that of its deposit"
            raise UsageError(f"--pair {text}: is not FILE:LINE=FILE:LINE", hint)
        pairs.append((f"{file_label(one['file'])}:{one['line']}", f"{file_label(other['file'])}:{other['line']}"))
    return tuple(pairs)


def parse_skips(texts: Iterable[str]) -> dict[Place, str]:
    """The places that `--skip` names. Raises `UsageError`."""
    skipped: dict[Place, str] = {}
    for text in texts:
        match = _SKIP.fullmatch(text)
        if match is None:
            raise UsageError(
                f"--skip {text}: is not FILE:LINE=REASON", "such as --skip kraken.csv:17=counted elsewhere"
            )
        if not match["reason"].strip():
            raise UsageError(f"--skip {text}: gives no reason", "the reason goes into the notes; write it after the =")
        for part in match["lines"].split(","):
            low, _, high = part.partition("-")
            if not low.isdigit() or (high and not high.isdigit()) or int(high or low) < int(low):
                raise UsageError(f"--skip {text}: {part!r} is not a line", "write lines as 17, 17-19 or 17,21")
            for line in range(int(low), int(high or low) + 1):
                skipped[file_label(match["file"]), line] = match["reason"].strip()
    return skipped


def load_manual(paths: Sequence[str | Path]) -> list[tuple[Trade, tuple[Place, ...], str]]:
    """The rows of manual files with the places they stand for. Raises `InputError`."""
    rows = []
    problems: list[Problem] = []
    for path in paths:
        for trade in load_trades(path):
            places: list[Place] = []
            for part in filter(None, trade.origin.split(";")):
                match = _PLACE.fullmatch(part)
                if match is None:
                    where = f"{path}:{trade.line}:origin"
                    problems.append(Problem(where, f"{quoted(part)} is not file:line", "name rows as kraken.csv:17"))
                else:
                    lines = range(int(match["line"]), int(match["last"] or match["line"]) + 1)
                    places.extend((file_label(match["file"]), line) for line in lines)
            rows.append((trade, tuple(places), str(path)))
    if problems:
        raise InputError(problems)
    return rows


def take_out(tables: Sequence[Table], said: Said, zone: str | None) -> tuple[list[tuple[Row, str]], list[Problem]]:
    """Takes the rows that were spoken of out of the tables.

    Returns what to note about them, and what is wrong: places that no file has, and times that do not agree.
    """
    times: dict[Place, list[tuple[Trade, str]]] = defaultdict(list)
    for trade, places, file in said.rows:
        for place in places:
            times[place].append((trade, file))
    notes: list[tuple[Row, str]] = []
    problems: list[Problem] = []
    found: set[Place] = set()
    for table in tables:
        kept = []
        for row in table.rows:
            place = (row.label, row.line)
            if place in times:
                found.add(place)
                problems.extend(_times_differ(table, row, times[place], zone))
                notes.append((row, "read from the manual file instead"))
            elif place in said.skipped:
                found.add(place)
                notes.append((row, f"left out by --skip: {said.skipped[place]}"))
            else:
                kept.append(row)
        table.rows[:] = kept
        for line, problem in table.broken:
            place = (table.label, line)
            if place in times or place in said.skipped:
                found.add(place)
                why = said.skipped.get(place)
                row = Row(table.file, line, {}, {}, table.label)
                notes.append((row, f"left out by --skip: {why}" if why else "read from the manual file instead"))
            else:
                problems.append(problem)
    for place in sorted(said.skipped.keys() - found):
        hint = "lines are counted from 1, the header among them; name a row that the import reads"
        problems.append(Problem(f"--skip {place[0]}:{place[1]}", "no export of this import has such a row", hint))
    for place in sorted(times.keys() - found):
        trade, file = times[place][0]
        where = f"{file}:{trade.line}:origin"
        hint = "name a row of an export of this import, or leave origin empty: then the row is added"
        problems.append(Problem(where, f"{place[0]}:{place[1]} is not a row of this import", hint))
    return notes, problems


def _times_differ(table: Table, row: Row, trades: Iterable[tuple[Trade, str]], zone: str | None) -> Iterable[Problem]:
    """A problem for each manual row whose time is not that of the row it stands for."""
    try:
        time, _ = moment(row.get(table.format.when), table.format.zone or zone, order=table.format.order)
    except TextError:
        return
    for trade, file in trades:
        if abs(trade.time - time) > _MINUTE:
            where = f"{file}:{trade.line}:time"
            message = f"{format_time(trade.time)} is not the time of {row.place}, which is {format_time(time)}"
            hint = "if the export was made anew, its lines have moved: name the row's new line in origin"
            yield Problem(where, message, hint)
