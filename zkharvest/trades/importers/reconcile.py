"""Balances by source and asset, compared with what venues say: after every row of an export, or on a list of one's own.

* Exports that state a running balance (`stated`): after the last row of every instant, the balances of an asset in all
  wallets of the account add up to what the trades hold there.
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
from zkharvest.trades.importers.cells import number
from zkharvest.trades.importers.names import Names
from zkharvest.trades.importers.rows import file_label
from zkharvest.trades.importers.stated import Reading, Stated, stated_balances
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


def against_exports(
    trades: Iterable[Trade], paths: Sequence[str | Path], names: Names, how: Reading | None = None
) -> Compared:
    """The differences from the running balances of exports, the first of each source and asset.

    Raises `InputError` for a file that states no balances, and `UsageError` if `decimal_comma` names no export.
    """
    held, compared = Holdings(trades), Compared()
    stated = stated_balances(paths, names, how or Reading())
    compared.unread, compared.notes = stated.unread, stated.notes
    for source, rows in stated.rows.items():
        compared.differences.extend(_differences(held, source, rows))
    return compared


def _differences(held: Holdings, source: str, rows: Sequence[Stated]) -> list[Difference]:
    """The first difference of each asset of a source from its balances, which are in the order of time."""
    last: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    told: dict[tuple[str, int], tuple[str, int]] = {}
    for one in rows:
        last[one.asset][one.wallet] = one.balance
        told[one.asset, one.time] = (one.row.where(), sum(last[one.asset].values()))
    first: dict[str, Difference] = {}
    for (asset, time), (where, balance) in sorted(told.items(), key=lambda item: item[0][1]):
        ours = held.at(source, asset, time)
        if ours != balance:
            seen = first.get(asset)
            first[asset] = (
                Difference(where, source, asset, time, balance, ours)
                if seen is None
                else Difference(seen.where, seen.source, asset, seen.time, seen.told, seen.held, seen.rows + 1)
            )
    return list(first.values())


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
