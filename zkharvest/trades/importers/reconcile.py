"""Balances by source and asset, compared with what venues say: after every row of an export, or on a list of one's own.

* Exports that carry a running balance (Kraken's ledgers, Coinbase's account statement): after the last row of every
  instant, the balances of an asset in all wallets of the account add up to what the trades hold there.
* A list of present balances: a CSV with the columns `source`, `asset`, `quantity`, and `time` if it is not the end.

Money has no lots and is not compared. The first difference of each asset is where something is missing or too much.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.importers.cells import moment, number
from zkharvest.trades.importers.commas import with_commas
from zkharvest.trades.importers.detect import formats
from zkharvest.trades.importers.kraken.ledgers import asset_name
from zkharvest.trades.importers.names import Names
from zkharvest.trades.importers.rows import file_labels
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


def against_exports(
    trades: Iterable[Trade],
    paths: Sequence[str | Path],
    names: Names,
    source: str | None = None,
    decimal_comma: Sequence[str] = (),
) -> list[Difference]:
    """The differences from the running balances of exports, the first of each source and asset.

    decimal_comma  names of exports whose numbers have a decimal comma (1.234,56), as in `import_exports`

    Raises `InputError`, and `UsageError` if `decimal_comma` names no export.
    """
    labels = file_labels(dict.fromkeys(map(str, paths)))
    commas = with_commas(decimal_comma, labels)
    held = Holdings(trades)
    carrying = [form for form in formats(None) if form.balance is not None]
    found: list[Difference] = []
    for path, label in labels.items():
        found.extend(_differences(held, read_table(path, carrying, source, label, comma=path in commas), names))
    return found


def _differences(held: Holdings, table: Table, names: Names) -> list[Difference]:
    asset_column, balance_column, wallet_column = table.format.balance or ("", "", "")
    last: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    told: dict[tuple[str, int], tuple[str, int]] = {}
    problems: list[Problem] = []
    rows = []
    for row in table.rows:
        if row.get(balance_column):
            try:
                time, _ = moment(row[table.format.when], table.format.zone, order=table.format.order)
                rows.append((time, row, number(row[balance_column])))
            except TextError as error:
                problems.append(Problem(row.where(balance_column), error.reason, error.hint))
    if problems:
        raise InputError(problems)
    if rows and rows[0][0] > rows[-1][0]:
        rows.reverse()
    rows.sort(key=lambda one: one[0])
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


def against_list(trades: Iterable[Trade], path: str | Path, names: Names) -> list[Difference]:
    """The differences from a list of balances; what the list does not name is held against zero, for its sources.

    Raises `InputError` with every problem of the list.
    """
    kept = list(trades)
    held = Holdings(kept)
    problems: list[Problem] = []
    found: list[Difference] = []
    named: set[tuple[str, str]] = set()
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
            row = dict(zip(head, (cell.strip() for cell in cells), strict=False))
            try:
                told = number(row["quantity"])
                time = parse_time(row["time"]) if row.get("time") else None
            except (TextError, KeyError) as error:
                reason = error.reason if isinstance(error, TextError) else "a cell is missing"
                problems.append(Problem(f"{path}:{line}", reason, "write source,asset,quantity"))
                continue
            asset = names.coin(row["asset"], row["source"].partition(":")[0])
            named.add((row["source"], asset))
            ours = held.at(row["source"], asset, time)
            if ours != told:
                found.append(Difference(f"{path}:{line}", row["source"], asset, time, told, ours))
    except csv.Error as error:
        problems.append(Problem(f"{path}:{line}", f"is broken at or after this line: {error}", "mend the quotes"))
    if problems:
        raise InputError(problems)
    sources = {source for source, _ in named}
    every = {(source, asset) for trade in kept for source, asset, _ in _changes(trade)}
    found.extend(
        Difference(str(path), source, asset, None, 0, held.at(source, asset))
        for source, asset in sorted(every - named)
        if source in sources and held.at(source, asset)
    )
    return found
