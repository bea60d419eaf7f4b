"""Balances by source and asset, compared with what venues say: after every row of an export, or on a list of one's own.

* Exports that carry a running balance (Kraken's ledgers, Coinbase's account statement): after the last row of every
  instant, the balances of an asset in all wallets of the account add up to what the trades hold there.
* A list of present balances: a CSV with the columns `source`, `asset`, `quantity`, and `time` if it is not the end.

Money has no lots and is not compared. The first difference of each asset is where something is missing or too much.
What cannot be compared is named: lines that cannot be read, exports and rows that state no balance (`Compared`).
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.importers.cells import fitting_orders, moment, number
from zkharvest.trades.importers.commas import with_commas
from zkharvest.trades.importers.detect import formats
from zkharvest.trades.importers.kraken.ledgers import asset_name
from zkharvest.trades.importers.names import Names
from zkharvest.trades.importers.rows import Row, file_label, file_labels, lines_of
from zkharvest.trades.importers.table import Table, read_table
from zkharvest.trades.importers.values import MONEY
from zkharvest.trades.model import Kind, Trade
from zkharvest.trades.text import TextError, parse_time

_BRINGS = frozenset({Kind.BUY, Kind.INCOME, Kind.DEPOSIT, Kind.COVER})
_COLUMNS = {"source", "asset", "quantity"}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a balance is told, and what the trades hold there; `rows` is how many balances of the asset differ."""

    where: str
    source: str
    asset: str
    time: int | None
    told: int
    held: int
    rows: int = 1


@dataclass(slots=True)
class Compared:
    """What was compared: the differences, the lines that could not be read, and what was passed over, with why."""

    differences: list[Difference] = field(default_factory=list)
    unread: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, other: Compared) -> None:
        """Takes what another comparison found."""
        self.differences += other.differences
        self.unread += other.unread
        self.notes += other.notes


class Holdings:
    """How much each source holds of each asset after any instant."""

    def __init__(self, trades: Iterable[Trade]) -> None:
        self._times: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._sums: dict[tuple[str, str], list[int]] = defaultdict(list)
        for trade in trades:
            for source, asset, change in _changes(trade):
                key = (source, asset)
                before = self._sums[key][-1] if self._sums[key] else 0
                self._times[key].append(trade.time)
                self._sums[key].append(before + change)

    def at(self, source: str, asset: str, time: int | None = None) -> int:
        """The quantity (10^-18) after all trades of an instant; at the end without one."""
        key = (source, asset)
        if key not in self._times:
            return 0
        place = len(self._times[key]) if time is None else bisect_right(self._times[key], time)
        return self._sums[key][place - 1] if place else 0


def _changes(trade: Trade) -> list[tuple[str, str, int]]:
    """What a trade changes: source, asset, signed quantity. Shorts count below zero; an expiry closes what is open."""
    quantity = trade.quantity
    if trade.kind in _BRINGS:
        return [(trade.source, trade.asset, quantity)]
    changes = [(trade.source, trade.asset, -quantity)]
    if trade.kind is Kind.TRANSFER:
        changes.append((trade.to, trade.asset, quantity))
    elif trade.kind is Kind.CONVERT:
        changes.append((trade.source, trade.into, trade.into_quantity))
    return changes


@dataclass(frozen=True, slots=True)
class Reading:
    """How exports are read, as in `import_exports`: the account, decimal commas, the zone and the order of dates."""

    source: str | None = None
    decimal_comma: Sequence[str] = ()
    timezone: str | None = None
    dates: str = ""


def against_exports(
    trades: Iterable[Trade], paths: Sequence[str | Path], names: Names, how: Reading | None = None
) -> Compared:
    """The differences from the running balances of exports, the first of each source and asset.

    Raises `InputError` for a file that states no balances, and `UsageError` if `decimal_comma` names no export.
    """
    how = how or Reading()
    labels = file_labels(dict.fromkeys(map(str, paths)))
    commas = with_commas(how.decimal_comma, labels)
    held = Holdings(trades)
    compared = Compared()
    for path, label in labels.items():
        table = read_table(path, formats(None), how.source, label, comma=path in commas)
        if table.format.balance is None:
            titles = dict.fromkeys(form.title for form in formats(None) if form.balance is not None)
            hint = f"give a list of balances with --balances; exports that state them are {', '.join(titles)}"
            raise InputError.one(path, f"{table.format.title} state no balances", hint)
        compared.unread.extend(problem for _, problem in table.broken)
        compared.differences.extend(_differences(held, table, names, how, compared))
    return compared


def _differences(held: Holdings, table: Table, names: Names, how: Reading, compared: Compared) -> list[Difference]:
    """The first difference of each asset; what is not compared goes into `compared`."""
    asset_column, balance_column, wallet_column = table.format.balance or ("", "", "")
    last: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    told: dict[tuple[str, int], tuple[str, int]] = {}
    rows = _balances(table, balance_column, how, compared)
    for time, row, balance in rows:
        name = asset_name(row[asset_column]) if table.format.name == "kraken-ledgers" else row[asset_column]
        asset = names.coin(name, table.source.partition(":")[0])
        if asset not in MONEY:
            last[asset][row[asset_column], row.get(wallet_column)] = balance
            told[asset, time] = (row.where(), sum(last[asset].values()))
    first: dict[str, Difference] = {}
    for (asset, time), (where, balance) in sorted(told.items(), key=lambda item: item[0][1]):
        ours = held.at(table.source, asset, time)
        if ours != balance:
            seen = first.get(asset)
            first[asset] = (
                Difference(where, table.source, asset, time, balance, ours)
                if seen is None
                else Difference(seen.where, seen.source, asset, seen.time, seen.told, seen.held, seen.rows + 1)
            )
    return list(first.values())


def _balances(table: Table, column: str, how: Reading, compared: Compared) -> list[tuple[int, Row, int]]:
    """The rows that state a balance, with time and balance, oldest first."""
    silent = [row for row in table.rows if not row.get(column)]
    if silent:
        (lines,) = lines_of(silent).values()
        what = f"{len(silent):,} row{'s state' if len(silent) > 1 else ' states'} no balance"
        compared.notes.append(f"{table.label}: {what} (lines {lines})")
    rows: list[tuple[int, Row, int]] = []
    order, unread = _order(table, how), 0
    for row in table.rows:
        if row.get(column):
            try:
                time, _ = moment(row[table.format.when], table.format.zone or how.timezone, order=order)
                rows.append((time, row, number(row[column])))
            except TextError as error:
                unread += 1
                hint = error.hint.replace("FILE", row.label)
                compared.unread.append(Problem(row.where(column), error.reason, hint))
    if not rows and not unread:
        hint = "export it again with the column of balances, or give a list of balances with --balances"
        compared.unread.append(Problem(table.file, "no row states a balance", hint))
    if rows and rows[0][0] > rows[-1][0]:
        rows.reverse()
    rows.sort(key=lambda one: one[0])
    return rows


def _order(table: Table, how: Reading) -> str:
    """How the dates of a file are written: as its venue does, as `--dates` says, or as the file shows."""
    if table.format.order or how.dates:
        return table.format.order or how.dates
    left, first = fitting_orders((row[table.format.when] for row in table.rows), ("dmy", "mdy", "ymd"))
    return left[0] if first and len(left) == 1 else ""


def against_list(trades: Iterable[Trade], path: str | Path, names: Names) -> Compared:
    """The differences from a list of balances; what the list does not name is held against zero, for its sources.

    Raises `InputError` with every problem of the list.
    """
    kept = list(trades)
    held = Holdings(kept)
    compared = Compared()
    problems: list[Problem] = []
    named: set[tuple[str, str]] = set()
    money: list[int] = []
    head: list[str] = []
    line = 1
    try:
        for line, cells in records(read_text(path)):
            if not head:
                head = [cell.strip().lower() for cell in cells]
                if not set(head) >= _COLUMNS or set(head) - _COLUMNS - {"time"}:
                    hint = "name them so; time is optional"
                    raise InputError.one(f"{path}:{line}", "the columns are source, asset, quantity, time", hint)
                continue
            if len(cells) != len(head):
                message = f"has {len(cells)} cells, the header has {len(head)}"
                problems.append(Problem(f"{path}:{line}", message, f"write {','.join(head)}"))
                continue
            row = dict(zip(head, (cell.strip() for cell in cells), strict=True))
            try:
                told = number(row["quantity"])
                time = parse_time(row["time"]) if row.get("time") else None
            except TextError as error:
                problems.append(Problem(f"{path}:{line}", error.reason, error.hint))
                continue
            asset = names.coin(row["asset"], row["source"].partition(":")[0])
            if asset in MONEY:
                money.append(line)
                continue
            named.add((row["source"], asset))
            ours = held.at(row["source"], asset, time)
            if ours != told:
                compared.differences.append(Difference(f"{path}:{line}", row["source"], asset, time, told, ours))
    except csv.Error as error:
        problems.append(Problem(f"{path}:{line}", f"is broken at or after this line: {error}", "mend the quotes"))
    if problems:
        raise InputError(problems)
    if money:
        lines = ", ".join(map(str, money))
        compared.notes.append(f"{file_label(str(path))}: money has no lots and is not compared (lines {lines})")
    sources = {source for source, _ in named}
    every = {(source, asset) for trade in kept for source, asset, _ in _changes(trade)}
    compared.differences.extend(
        Difference(str(path), source, asset, None, 0, held.at(source, asset))
        for source, asset in sorted(every - named)
        if source in sources and held.at(source, asset)
    )
    return compared
