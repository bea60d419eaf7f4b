"""The list of clients of a batch: one CSV file, one row a client, every problem of it reported at once.

    client     a name of its own; the folder of the client's results has it (letters, digits, . _ -)
    trades     the canonical trades CSV, relative to the folder of the batch
    year, method, pooling, timezone, currency     where a client differs from what the command says
    broker     Form 1099-DA as CSV, for forms
    opening    the folder that `commit` wrote, for proofs; without it the batch commits by itself

`client` and `trades` are needed; the other columns may be missing or empty.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.text import quoted

COLUMNS = ("client", "trades", "year", "method", "pooling", "timezone", "currency", "broker", "opening")
_NEEDED = ("client", "trades")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Client:
    """One client: whose files, and the rule. Paths are complete; empty where there is none."""

    name: str
    trades: str
    election: Election
    currency: str = ""
    broker: str = ""
    opening: str = ""


def read_clients(path: str | Path, folder: str | Path, default: Mapping[str, str]) -> list[Client]:
    """The clients of a file. `default` has year, method, pooling and timezone where a row has none.

    Raises InputError with every problem. Whether a client's files are there is found out when the client's turn comes.
    """
    try:
        table = list(records(read_text(path)))
    except csv.Error as error:
        raise InputError.one(str(path), f"is not a CSV file: {error}", "look for a stray quote mark") from None
    if not table:
        raise InputError.one(str(path), "is empty", f"its first line is {','.join(COLUMNS[:3])}")
    (line, header), *rows = table
    problems = [
        Problem(f"{path}:{line}", f"{quoted(title)} is not a column", f"the columns are {', '.join(COLUMNS)}")
        for title in header
        if title not in COLUMNS
    ]
    problems += [
        Problem(f"{path}:{line}", f"the column {name} is missing", "add it") for name in _NEEDED if name not in header
    ]
    if problems:
        raise InputError(problems)
    clients: list[Client] = []
    lines: dict[str, int] = {}
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{path}:{line}"
        if len(cells) != len(header):
            message = f"has {len(cells)} cells, the header has {len(header)}"
            problems.append(Problem(where, message, "quote cells that hold commas"))
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        client = _client(where, row, Path(folder), default, problems)
        if client is None:
            continue
        first = lines.setdefault(client.name.casefold(), line)
        if first != line:
            message = f"{quoted(client.name)} stands in line {first} too"
            problems.append(Problem(f"{where}:client", message, "give each client a name of its own"))
        clients.append(client)
    if problems:
        raise InputError(problems)
    if not clients:
        raise InputError.one(str(path), "names no client", "add a row for each")
    return clients


def _client(
    where: str, row: Mapping[str, str], folder: Path, default: Mapping[str, str], problems: list[Problem]
) -> Client | None:
    before = len(problems)
    name = row["client"]
    if not _NAME.fullmatch(name):
        hint = "letters, digits, dots, underscores and hyphens, 64 at most, not a dot first"
        problems.append(Problem(f"{where}:client", f"{quoted(name)} cannot name a folder", hint))
    if not row["trades"]:
        problems.append(Problem(f"{where}:trades", "is empty", "name the client's trades CSV"))
    given = {column: row.get(column) or default.get(column, "") for column in ("year", "method", "pooling", "timezone")}
    if not given["year"].isdecimal():
        message = f"{quoted(given['year'])} is not a year"
        problems.append(Problem(f"{where}:year", message, "give it here, or as --year"))
    for column, kind in (("method", Method), ("pooling", Pooling)):
        if given[column] not in list(kind):
            message, words = f"{quoted(given[column])} is not known", ", ".join(kind)
            problems.append(Problem(f"{where}:{column}", message, f"write one of {words}"))
    if len(problems) > before:
        return None
    try:
        election = Election(Method(given["method"]), Pooling(given["pooling"]), given["timezone"], int(given["year"]))
    except UsageError as error:
        problems.append(Problem(where, str(error).partition("\nhint: ")[0], error.hint))
        return None

    def complete(column: str) -> str:
        text = row.get(column, "")
        return str(folder / text) if text else ""

    return Client(name, complete("trades"), election, row.get("currency", ""), complete("broker"), complete("opening"))
