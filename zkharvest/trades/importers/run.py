"""Exports in, canonical trades out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.trades.importers.choices import with_lots
from zkharvest.trades.importers.detect import formats
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.pairing import pair
from zkharvest.trades.importers.prices import Prices, load_prices
from zkharvest.trades.importers.table import Table, read_table
from zkharvest.trades.model import Trade
from zkharvest.trades.text import TextError, check_name


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The trades in the order of the ledger, and what a person should know of how they came about."""

    trades: list[Trade]
    notes: tuple[str, ...]


def import_exports(
    paths: Sequence[str | Path],
    *,
    fmt: str | None = None,
    source: str | None = None,
    currency: str = "USD",
    prices: str | Path | None = None,
    external: str | None = None,
    timezone: str | None = None,
    asset: str = "",
    lots: str | Path | None = None,
) -> ImportResult:
    """Canonical trades from exchange exports, all files together.

    fmt       format or exchange the files are of, else told by their headers
    source    name of the account, in place of the exchange's; all files must be of one format
    currency  reporting currency
    prices    CSV of fair values that the exports do not hold (`importers.prices`)
    external  own wallet without an export: takes the withdrawals and gives the deposits that pair with nothing
    timezone  zone of times whose exporter does not say it
    asset     coin of a Deribit log that holds no instrument
    lots      CSV of the lots that the taxpayer identified (`importers.choices`)

    Every row becomes trades, a note or a problem. Raises `InputError` with every problem of every file; no part
    of an import is given out. Raises `UsageError` for options that do not fit.
    """
    chosen = formats(fmt)
    for option, name in (("--source", source), ("--external", external)):
        _check_option(option, name)
    if timezone is not None:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):  # TypeError: a module's name
            raise UsageError(f"{timezone!r} is not a time zone", "name it as America/New_York") from None
    problems: list[Problem] = []
    tables: list[Table] = []
    loaded = Prices()
    try:
        loaded = load_prices(prices) if prices is not None else loaded
    except InputError as error:
        problems.extend(error.problems)
    for path in paths:
        try:
            tables.append(read_table(path, chosen, source))
        except InputError as error:
            problems.extend(error.problems)
    if source is not None and len({table.format.name for table in tables}) > 1:
        raise UsageError("--source names one account, but the files are of several", "import them one by one")
    problems.extend(_overlaps(tables))
    if problems:
        raise InputError(problems)
    draft = Draft(currency, loaded, timezone, asset)
    for table in tables:
        draft.begin()
        table.format.read(table, draft)
    items = draft.finish()
    trades, unpaired = pair(items, external)
    if draft.problems or unpaired:
        order = {str(path): n for n, path in enumerate(paths)}
        raise InputError(sorted(draft.problems + unpaired, key=lambda p: _place(p, order)))
    if lots is not None:
        trades = with_lots(trades, lots)
    return ImportResult(trades, draft.notes())


def _check_option(option: str, name: str | None) -> None:
    if name is not None:
        try:
            check_name(name)
        except TextError as error:
            raise UsageError(f"{option}: {error.reason}", error.hint) from None


def _overlaps(tables: Sequence[Table]) -> list[Problem]:
    """Files that tell the same events in two ways."""
    problems = []
    for n, table in enumerate(tables):
        for other in tables[:n]:
            if other.format.name in table.format.overlaps and other.source == table.source:
                message = f"{table.format.title} tell the same trades as {other.file} ({other.format.title})"
                problems.append(Problem(table.file, message, "import one of the two"))
    return problems


def _place(problem: Problem, order: dict[str, int]) -> tuple[int, int]:
    """File and line of a problem, to report in the order of the files."""
    for file, n in order.items():
        if problem.where.startswith(f"{file}:"):
            line = problem.where[len(file) + 1 :].split(":")[0]
            return n, int(line) if line.isdigit() else 0
    return len(order), 0
