"""Exports in, canonical trades out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zkharvest.collecting import without_collecting
from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.trades.importers.choices import with_lots
from zkharvest.trades.importers.commas import with_commas
from zkharvest.trades.importers.dates import rewritten
from zkharvest.trades.importers.detect import formats
from zkharvest.trades.importers.doubles import told_twice
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import Event
from zkharvest.trades.importers.manual import Said, load_manual, parse_pairs, parse_skips, take_out
from zkharvest.trades.importers.names import Names, load_names
from zkharvest.trades.importers.netting import Alone
from zkharvest.trades.importers.order import in_order
from zkharvest.trades.importers.pairing import pair
from zkharvest.trades.importers.prices import load_prices, missing_text
from zkharvest.trades.importers.renames import carried_on
from zkharvest.trades.importers.rows import Row, file_label, file_labels
from zkharvest.trades.importers.table import Table, read_table
from zkharvest.trades.model import Trade
from zkharvest.trades.text import TextError, check_name

_PathLike = str | Path
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_MARKET = re.compile(r"(?:(?P<file>.+):(?P<line>[0-9]+)=)?(?P<market>[A-Za-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The trades in the order of the ledger, and what a person should know of how they came about."""

    trades: list[Trade]
    notes: tuple[str, ...]


class ImportRefused(InputError):
    """An import that cannot be finished. `missing_prices`: a price file with just the rows that are missing, or ""."""

    def __init__(self, problems: Iterable[Problem], missing_prices: str = "") -> None:
        super().__init__(problems)
        self.missing_prices = missing_prices


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user says beside the exports; every field is one option of `trades import`.

    prices         CSVs of fair values that the exports do not hold (`importers.prices`)
    manual         canonical CSVs whose rows stand for rows of the exports or join them (`importers.manual`)
    skip           `FILE:LINE=REASON`: rows to leave out
    aliases        TOML of names and renames of coins (`importers.names`)
    markets        `FILE:LINE=QUOTE` or `QUOTE`: what a trade whose note does not say it was made against
    external       own wallet without an export: takes the withdrawals and gives the deposits that pair with nothing
    record         keep such moves as `deposit` and `withdraw` rows
    still_inside   `SOURCE:WALLET` whose coins are still in the futures, margin or subaccount wallet
    timezone       zone of times whose exporter does not say it
    dates          `dmy`, `mdy` or `ymd`: dates of digits, where an export that may write either does not show which
    asset          coin of a file that names none: a Deribit log without instruments, an old Trezor export
    lots           CSV of the lots that the taxpayer identified (`importers.choices`)
    maps           TOML maps of further formats (`importers.mapped`)
    ignore_columns columns of exports to pass over, which their format does not know
    pairs          `FILE:LINE=FILE:LINE`: a withdrawal and a deposit that are one transfer
    decimal_comma  names of exports whose numbers have a decimal comma (1.234,56)
    carry_receipts coins given for a receipt (staked, lent, in a pool) are carried into it, not disposed of
    """

    prices: Sequence[_PathLike] = ()
    manual: Sequence[_PathLike] = ()
    skip: Sequence[str] = ()
    aliases: _PathLike | None = None
    markets: Sequence[str] = ()
    external: str | None = None
    record: bool = False
    still_inside: Sequence[str] = ()
    timezone: str | None = None
    dates: str = ""
    asset: str = ""
    lots: _PathLike | None = None
    maps: Sequence[_PathLike] = field(default=())
    carry_receipts: bool = False
    ignore_columns: Sequence[str] = ()
    decimal_comma: Sequence[str] = ()
    pairs: Sequence[str] = ()


def import_exports(
    paths: Sequence[_PathLike],
    *,
    fmt: str | None = None,
    source: str | None = None,
    currency: str = "USD",
    answers: Answers | None = None,
) -> ImportResult:
    """Canonical trades from exchange exports, all files together; the order of the files makes no difference.

    fmt       format or exchange the files are of, else told by their headers
    source    name of the account, in place of the exchange's; all files must be of one venue
    currency  reporting currency

    Every row becomes trades, a note or a problem. Raises `ImportRefused` (an `InputError`) with every problem of every
    file; no part of an import is given out. Raises `UsageError` for options that do not fit.
    """
    say = answers or Answers()
    for option, name in (("--source", source), ("--external", say.external)):
        _check_option(option, name)
    if say.external is not None and say.record:
        raise UsageError("--external and --unpaired record both say what becomes of moves alone", "give one of them")
    zone = check_zone(say.timezone) if say.timezone is not None else None
    names = load_names(say.aliases)
    chosen = formats(fmt, say.maps)
    problems: list[Problem] = []
    tables: list[Table] = []
    said = Said(parse_skips(say.skip))
    prices = None
    try:
        prices = load_prices(say.prices, names, currency)
        said.rows = load_manual(say.manual)
    except InputError as error:
        problems.extend(error.problems)
    labels = file_labels(dict.fromkeys(map(str, paths)))
    ignored = frozenset(" ".join(name.lower().split()) for name in say.ignore_columns)
    commas = with_commas(say.decimal_comma, labels)
    with without_collecting():
        for path, label in labels.items():
            try:
                tables.append(read_table(path, chosen, source, label, ignored, comma=path in commas))
            except InputError as error:
                problems.extend(error.problems)
    if source is not None and len({table.format.source for table in tables}) > 1:
        hint = "import the files of each venue by themselves, or without --source"
        raise UsageError("--source names one account, but the files are of several venues", hint)
    problems.extend(_overlaps(tables))
    markets = _markets(say.markets)
    problems.extend(_strangers(markets, tables))
    tables = [rewritten(table, say.dates, problems) for table in tables]
    taken_out: list[tuple[Row, str]] = []
    if not problems:
        taken_out, problems = take_out(tables, said, zone)
    if problems:
        raise ImportRefused(problems)
    draft = Draft(currency, prices, zone, say.asset, names, markets, say.dates, carry_receipts=say.carry_receipts)
    with without_collecting():
        return _made(tables, draft, taken_out, said, say, paths)


def _made(
    tables: Sequence[Table],
    draft: Draft,
    taken_out: Sequence[tuple[Row, str]],
    said: Said,
    say: Answers,
    paths: Sequence[_PathLike],
) -> ImportResult:
    """The trades of the tables."""
    for row, message in taken_out:
        draft.note(row, message)
    _read(tables, draft)
    _add_manual(draft, said, draft.names)
    alone = Alone(say.external, say.record, frozenset(say.still_inside), parse_pairs(say.pairs))
    items = draft.finish()
    draft.problems.extend(told_twice(items))
    placed = pair(items, draft, alone)
    if draft.problems:
        order = {str(path): n for n, path in enumerate(paths)}
        problems = sorted(draft.problems, key=lambda p: _place(p, order))
        raise ImportRefused(problems, missing_text(draft.unpriced) if draft.unpriced else "")
    trades = carried_on(in_order(placed), draft)
    if say.lots is not None:
        trades = with_lots(trades, say.lots)
    return ImportResult(trades, draft.notes())


def _read(tables: Sequence[Table], draft: Draft) -> None:
    """Reads the tables, each by itself or, where the format wants it, all of its readers' files at once."""
    joint: dict[Callable[[Sequence[Table], Draft], None], list[Table]] = {}
    for table in tables:
        if table.format.together:
            joint.setdefault(cast("Callable[[Sequence[Table], Draft], None]", table.format.read), []).append(table)
        else:
            draft.begin(table.label)
            cast("Callable[[Table, Draft], None]", table.format.read)(table, draft)
    for read, group in joint.items():
        read(sorted(group, key=lambda table: table.label), draft)


def _add_manual(draft: Draft, said: Said, names: Names) -> None:
    """Puts the manual rows in, in the names that coins have, with the manual file in their origin."""
    for trade, _, path in said.rows:
        row = Row(path, trade.line, {}, {}, file_label(path))
        event = Event(row, trade.time, trade.source, trade.id)
        origin = ";".join(filter(None, (trade.origin, row.place)))
        venue = trade.source.partition(":")[0]
        into = names.coin(trade.into, venue) if trade.into else ""
        asset = names.coin(trade.asset, venue)
        if trade.currency and trade.currency != draft.currency:
            hint = "write the row in the currency of the import, or import with --currency of the row"
            message = f"the row is in {trade.currency}, the import in {draft.currency}"
            draft.problems.append(Problem(row.where("currency"), message, hint))
        put = replace(trade, asset=asset, into=into, origin=origin, currency=draft.currency)
        draft.put(event, trade.id, put)


def check_zone(text: str) -> str:
    """A time zone as the import takes it: an IANA name or a fixed offset (`UTC+2`, `+02:00`). Raises `UsageError`."""
    match = _OFFSET.fullmatch(text)
    if match is not None:
        hours, minutes = int(match[2]), int(match[3] or 0)
        if hours <= 15 and minutes < 60:
            return f"{match[1]}{hours:02}:{minutes:02}"
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):  # TypeError: a module's name
        hint = "name it as America/New_York, or as an offset from UTC such as UTC+2"
        raise UsageError(f"--timezone {text}: is not a time zone", hint) from None
    return text


def _markets(texts: Sequence[str]) -> dict[tuple[str, int], str]:
    """The quotes that `--market` names, by file and line; ("", 0) is for all."""
    found: dict[tuple[str, int], str] = {}
    for text in texts:
        match = _MARKET.fullmatch(text)
        if match is None:
            raise UsageError(f"--market {text}: is not a market", "write QUOTE or FILE:LINE=QUOTE, such as USD")
        key = (file_label(match["file"]), int(match["line"])) if match["file"] else ("", 0)
        found[key] = match["market"].upper().rpartition("-")[2]
    return found


def _strangers(markets: Iterable[tuple[str, int]], tables: Sequence[Table]) -> list[Problem]:
    """The rows that `--market` names and no export has."""
    known = {(table.label, row.line) for table in tables for row in table.rows}
    hint = "lines are counted from 1, the header among them; name the row of a trade"
    return [
        Problem(f"--market {label}:{line}", "no export of this import has such a row", hint)
        for label, line in markets
        if label and (label, line) not in known
    ]


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
            one, two = table.format, other.format
            tell_same = two.name in one.overlaps or one.name in two.overlaps
            if tell_same and other.source == table.source:
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
