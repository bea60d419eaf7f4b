"""The trades against what a provider reported under the OECD's Crypto-Asset Reporting Framework (CARF; EU: DAC8).

A CARF report sums the year of a customer by asset and kind of transaction: units, value and number. It comes as XML
(`RelevantTransactions` of CARFXML v1.5: `CryptoAsset`, then `CryptoToCryptoIn`, `CryptoToCryptoOut`, `CryptoFiatIn`,
`CryptoFiatOut`, `CryptoTransferIn`, `CryptoTransferOut`, each with `NumberofTransactions`, `Amount` and
`NumberofUnits`) or as a statement to the customer, which is a CSV with the columns asset, type, count, units, amount,
currency, year here. Source: OECD, CARF XML Schema and User Guide (2024, 2025).

| reported | what it is of the trades of a source and year |
| --- | --- |
| CryptoFiatIn, CryptoFiatOut | buys and sells for money |
| CryptoToCryptoIn, CryptoToCryptoOut | buys and sells that are two legs of one trade |
| CryptoTransferIn | deposits, transfers that came, income (the framework counts airdrops and staking here) |
| CryptoTransferOut, TransferWallet, RRPT | withdrawals, transfers that left, payments |

Units must be equal. A number of transactions is shown and not judged: providers count orders or fills. Nor are amounts:
providers value by prices of their own, transfers above all.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree as ET

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.importers.cells import number
from zkharvest.trades.importers.names import Names
from zkharvest.trades.importers.rows import file_label
from zkharvest.trades.model import Kind, Trade
from zkharvest.trades.text import TextError, format_time, quoted

KINDS = {
    "cryptofiatin": "CryptoFiatIn",
    "cryptofiatout": "CryptoFiatOut",
    "cryptotocryptoin": "CryptoToCryptoIn",
    "cryptotocryptoout": "CryptoToCryptoOut",
    "cryptotransferin": "CryptoTransferIn",
    "cryptotransferout": "CryptoTransferOut",
    "transferwallet": "CryptoTransferOut",
    "rrpt": "CryptoTransferOut",
}
_COLUMNS = {"asset", "type", "units"}
_MORE = {"count", "amount", "currency", "year"}


@dataclass(frozen=True, slots=True)
class Reported:
    """One sum of a report: units in 10^-18; `count` is 0 where it is not told."""

    where: str
    asset: str
    kind: str
    units: int
    count: int
    year: str = ""  # where it is told


@dataclass(frozen=True, slots=True)
class Compared:
    """One asset and kind: what was reported and what the trades have, units in 10^-18."""

    where: str
    source: str
    asset: str
    kind: str
    told: int
    told_count: int
    held: int
    held_count: int

    @property
    def agrees(self) -> bool:
        return self.told == self.held


def against_carf(
    trades: Iterable[Trade], path: str | Path, names: Names, source: str, year: int
) -> tuple[list[Compared], list[str]]:
    """Every asset and kind that the report or the trades of the source's year have, and what of it was left out.

    Raises `InputError`, also for a report of another year.
    """
    told: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], str] = {}
    other_years: list[str] = []
    for one in read_report(path, year):
        if one.year not in ("", str(year)):
            other_years.append(one.where.rpartition(":")[2])
            continue
        key = names.coin(one.asset, source.partition(":")[0]), one.kind
        told[key] += one.units
        counts[key] += one.count
        places.setdefault(key, one.where)
    held, held_counts = _sums(trades, source, year)
    compared = [
        Compared(places.get(key, str(path)), source, *key, told[key], counts[key], held[key], held_counts[key])
        for key in sorted(told.keys() | held.keys())
    ]
    lines = ", ".join(other_years)
    return compared, [f"{file_label(str(path))}: rows of other years than {year} (lines {lines})"] if lines else []


def _sums(trades: Iterable[Trade], source: str, year: int) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Units and number of trades of a source's year by asset and kind."""
    kept = [trade for trade in trades if format_time(trade.time)[:4] == str(year)]
    legs: dict[str, set[Kind]] = defaultdict(set)
    for trade in kept:
        if trade.source == source and trade.group:
            legs[trade.group].add(trade.kind)
    units: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for trade in kept:
        for kind in _kinds(trade, source, legs):
            units[trade.asset, kind] += trade.quantity
            counts[trade.asset, kind] += 1
    return units, counts


def _kinds(trade: Trade, source: str, legs: dict[str, set[Kind]]) -> Iterator[str]:
    """The kinds of CARF that a trade counts under, seen from a source."""
    if trade.kind is Kind.TRANSFER:
        if trade.source == source:
            yield "CryptoTransferOut"
        if trade.to == source:
            yield "CryptoTransferIn"
    elif trade.source != source:
        return
    elif trade.kind in (Kind.BUY, Kind.SELL):
        both = {Kind.BUY, Kind.SELL} <= legs.get(trade.group, set())
        way = "In" if trade.kind is Kind.BUY else "Out"
        yield f"CryptoToCrypto{way}" if both else f"CryptoFiat{way}"
    elif trade.kind in (Kind.DEPOSIT, Kind.INCOME):
        yield "CryptoTransferIn"
    elif trade.kind is Kind.WITHDRAW or (trade.kind is Kind.SPEND and trade.category != "fee"):
        yield "CryptoTransferOut"


def read_report(path: str | Path, year: int) -> list[Reported]:
    """The sums of a report, XML or CSV. Raises `InputError` with every problem of it; an XML is of one year."""
    text = read_text(path)
    problems: list[Problem] = []
    rows = list(
        _xml(text, str(path), year, problems) if text.lstrip().startswith("<") else _csv(text, str(path), problems)
    )
    if not rows and not problems:
        problems.append(
            Problem(str(path), "reports nothing", "a CARF report has RelevantTransactions of an asset each")
        )
    if problems:
        raise InputError(problems)
    return rows


def _xml(text: str, file: str, year: int, problems: list[Problem]) -> Iterator[Reported]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        problems.append(Problem(file, "declares entities", "a CARF report has none: take the file as it was sent"))
        return
    try:
        root = ET.fromstring(text.encode())  # noqa: S314  (no document type, so no entities: refused above)
    except (ET.ParseError, ValueError) as error:
        problems.append(Problem(file, f"is not XML: {error}", "take the file as it was sent"))
        return
    period = next(((one.text or "").strip() for one in root.iter() if _local(one.tag) == "reportingperiod"), "")
    if period and period[:4] != str(year):
        problems.append(Problem(file, f"reports the year {period[:4]}, not {year}", f"say --year {period[:4]}"))
    n = 0
    for element in root.iter():
        if _local(element.tag) != "relevanttransactions":
            continue
        n += 1
        where = f"{file}: RelevantTransactions {n}"
        asset = next(((part.text or "").strip() for part in element if _local(part.tag) == "cryptoasset"), "")
        for part in element:
            if _local(part.tag) != "cryptoasset":
                cells = {_local(cell.tag): (cell.text or "").strip() for cell in part}
                row = _reported(
                    where,
                    asset,
                    part.tag,
                    cells.get("numberofunits", ""),
                    cells.get("numberoftransactions", ""),
                    problems,
                )
                if row is not None:
                    yield row


def _csv(text: str, file: str, problems: list[Problem]) -> Iterator[Reported]:
    head: list[str] = []
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    for line, cells in records(text, delimiter):
        if not head:
            head = [cell.strip().lower() for cell in cells]
            if not set(head) >= _COLUMNS or set(head) - _COLUMNS - _MORE:
                hint = "name them so; count, amount, currency and year may stand beside them"
                problems.append(Problem(f"{file}:{line}", "the columns are asset, type, units", hint))
                return
            continue
        cell = dict(zip(head, (one.strip() for one in cells), strict=False))
        where = f"{file}:{line}"
        row = _reported(
            where, cell.get("asset", ""), cell.get("type", ""), cell.get("units", ""), cell.get("count", ""), problems
        )
        if len(cells) != len(head):
            message = f"has {len(cells)} cells, the header has {len(head)}"
            problems.append(Problem(where, message, "write a cell for each column, an empty one too"))
        elif row is not None:
            yield replace(row, year=cell.get("year", ""))


def _reported(where: str, asset: str, tag: str, units: str, count: str, problems: list[Problem]) -> Reported | None:
    kind = KINDS.get(_local(tag))
    if kind is None or not asset:
        if kind is None:
            hint = f"kinds are {', '.join(dict.fromkeys(KINDS.values()))}"
            problems.append(Problem(where, f"{quoted(tag)} is not a kind of CARF", hint))
        else:
            hint = "name the asset that the sum is of, as the report does (CryptoAsset)"
            problems.append(Problem(where, f"{kind} names no asset", hint))
        return None
    try:
        if count and not count.isdigit():
            raise TextError(count, "is not a number of transactions", "write it in digits, or leave it empty")
        return Reported(where, asset, kind, number(units), int(count or 0))
    except TextError as error:
        problems.append(Problem(where, error.reason, error.hint))
        return None


def _local(tag: str) -> str:
    """A tag without its namespace, in small letters: the drafts of the schema differ in theirs (CryptotoCryptoIn)."""
    return re.sub(r"^.*[}:]", "", tag).lower()
