"""The running balances that exports state, by source, asset and wallet, in the order of time.

The ledgers of Kraken and Bitfinex, Coinbase's account statement, the logs of Deribit, Bybit, OKX and BitMEX have them
(`Format.balance`). Several files of one account belong together. Where a form does not name the wallet of a row, two
files that overlap in time and share no row are of two wallets (Deribit's subaccounts, each with a log of its own); one
that begins after another ends goes on with the wallet whose last balance is nearest to its first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zkharvest.errors import InputError, Problem
from zkharvest.trades.importers.cells import fitting_orders, moment, number
from zkharvest.trades.importers.commas import with_commas
from zkharvest.trades.importers.detect import formats
from zkharvest.trades.importers.kraken.ledgers import asset_name
from zkharvest.trades.importers.names import Names
from zkharvest.trades.importers.rows import Row, file_labels, lines_of
from zkharvest.trades.importers.table import Balance, Table, read_table
from zkharvest.trades.importers.values import MONEY
from zkharvest.trades.text import TextError


@dataclass(frozen=True, slots=True)
class Reading:
    """How exports are read, as in `import_exports`: the account, decimal commas, the zone and the order of dates."""

    source: str | None = None
    decimal_comma: Sequence[str] = ()
    timezone: str | None = None
    dates: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """A balance (10^-18) of a coin in a wallet, after a row of an export; the wallet has no name but is told apart."""

    time: int
    row: Row
    asset: str
    wallet: tuple[str, str]
    balance: int


@dataclass(slots=True)
class StatedBalances:
    """The balances of all exports by source, the lines that could not be read, and what was passed over, with why."""

    rows: dict[str, list[Stated]] = field(default_factory=dict)
    unread: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def stated_balances(paths: Sequence[str | Path], names: Names, how: Reading) -> StatedBalances:
    """The running balances of exports; money, which has no lots, is left out.

    Raises `InputError` for a file that states no balances, and `UsageError` if `decimal_comma` names no export.
    """
    labels = file_labels(dict.fromkeys(map(str, paths)))
    commas = with_commas(how.decimal_comma, labels)
    made = StatedBalances()
    groups: dict[tuple[str, str], list[list[Stated]]] = defaultdict(list)
    for path, label in labels.items():
        table = read_table(path, formats(None), how.source, label, comma=path in commas)
        if table.format.balance is None:
            titles = dict.fromkeys(form.title for form in formats(None) if form.balance is not None)
            hint = f"give a list of balances with --balances; exports that state them are {', '.join(titles)}"
            raise InputError.one(path, f"{table.format.title} state no balances", hint)
        made.unread.extend(problem for _, problem in table.broken)
        groups[table.source, table.format.name].append(_rows(table, table.format.balance, names, how, made))
    for (source, _), files in groups.items():
        rows = made.rows.setdefault(source, [])
        rows.extend(one for file in _by_wallet(files) for one in file)
        rows.sort(key=lambda one: one.time)
    return made


def _rows(table: Table, where: Balance, names: Names, how: Reading, made: StatedBalances) -> list[Stated]:
    """The rows of one file that state a balance, oldest first."""
    silent = [row for row in table.rows if not row.get(where.quantity)]
    if silent:
        (lines,) = lines_of(silent).values()
        what = f"{len(silent):,} row{'s state' if len(silent) > 1 else ' states'} no balance"
        made.notes.append(f"{table.label}: {what} (lines {lines})")
    constant = where.coin(table) if where.coin else where.asset[1:] if where.asset.startswith("=") else ""
    rows: list[Stated] = []
    order, unread = _order(table, how), 0
    for row in table.rows:
        if not row.get(where.quantity):
            continue
        try:
            time, _ = moment(row[table.format.when], table.format.zone or how.timezone, order=order)
            balance = number(row[where.quantity], dressed=True) // 10**where.scale
        except TextError as error:
            unread += 1
            hint = error.hint.replace("FILE", row.label)
            made.unread.append(Problem(row.where(where.quantity), error.reason, hint))
            continue
        told_as = constant or row[where.asset]
        name = asset_name(told_as) if table.format.name == "kraken-ledgers" else told_as
        asset = names.coin(name, table.source.partition(":")[0])
        rows.append(Stated(time, row, asset, (told_as, row.get(where.wallet)), balance))
    if not rows and not unread:
        hint = "export it again with the column of balances, or give a list of balances with --balances"
        made.unread.append(Problem(table.file, "no row states a balance", hint))
    if rows and rows[0].time > rows[-1].time:
        rows.reverse()
    rows.sort(key=lambda one: one.time)
    return [one for one in rows if one.asset not in MONEY]


def _order(table: Table, how: Reading) -> str:
    """How the dates of a file are written: as its venue does, as `--dates` says, or as the file shows."""
    if table.format.order or how.dates:
        return table.format.order or how.dates
    left, first = fitting_orders((row[table.format.when] for row in table.rows), ("dmy", "mdy", "ymd"))
    return left[0] if first and len(left) == 1 else ""


def _by_wallet(files: Sequence[list[Stated]]) -> list[list[Stated]]:
    """The files with a number in the wallet of each row where no column names it."""
    wallets: list[list[list[Stated]]] = []
    for file in sorted((file for file in files if file), key=lambda file: (file[0].time, file[0].row.label)):
        own = {tuple(one.row.cells.values()) for one in file}
        same = next((n for n, parts in enumerate(wallets) if any(_shares(part, own) for part in parts)), None)
        if same is None:
            ended = [n for n, parts in enumerate(wallets) if max(part[-1].time for part in parts) <= file[0].time]
            same = min(ended, key=lambda n: abs(wallets[n][-1][-1].balance - file[0].balance), default=None)
        if same is None:
            wallets.append([])
        wallets[-1 if same is None else same].append(file)
    return [
        [Stated(one.time, one.row, one.asset, (one.wallet[0], one.wallet[1] or f"#{n}"), one.balance) for one in file]
        for n, parts in enumerate(wallets)
        for file in parts
    ]


def _shares(file: Sequence[Stated], rows: set[tuple[str, ...]]) -> bool:
    return any(tuple(one.row.cells.values()) in rows for one in file)
