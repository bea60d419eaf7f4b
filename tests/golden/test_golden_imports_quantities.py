"""Quantities in are quantities out, by asset, for every form of export: what its rows change, the trades change.

Each golden folder is imported with every amount of its files multiplied, so that digits, carries and sizes are others
than those that were written down, while what belongs together still does. A form without an entry in `changes.CHANGES`,
or without an export here, fails.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.golden.changes import CHANGES
from tests.golden.test_golden_imports import FOLDERS, exports, imported
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.importers.detect import FORMATS, NAMES
from zkharvest.trades.importers.names import load_names
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Table, read_table, text_rows
from zkharvest.trades.importers.values import MONEY
from zkharvest.trades.model import Kind, Trade

_IN = (Kind.BUY, Kind.INCOME, Kind.DEPOSIT)
_INSTRUMENT = re.compile(r".*-(PERP|[CP])|[A-Z]+:.*|XBTUSD|[A-Z]+USDT|.*-USD(-SWAP)?")
_KEPT = re.compile(
    r"(?<!total )price|rate|\bpx\b|time|\bid\b|_id|#$|hash|block|confirmations|decimals|height|user|uid|seq|order"
    r"|trade id|txid|perc|multiplier|oracle|index|historical|current.?value|number|version|pagesize|bps|timestamp"
    r"|perpetualid",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?P<before>[(]?[-+]?[$€£]?[-+]?)(?P<digits>[0-9][0-9,]*(?:\.[0-9]*)?)(?P<after> ?[A-Z0-9]*[A-Z]?[)]? ?)"
)
_IN_NOTE = re.compile(r"(?<![A-Za-z0-9.])([0-9][0-9,]*(?:\.[0-9]+)?)(?= [A-Z0-9]+(?![A-Z0-9/]))")
FACTORS = (7, 1000, Decimal("0.125"))


def times(text: str, factor: Decimal | int) -> str:
    """A number by a factor, with no thousands separators."""
    return format(Decimal(text.replace(",", "").rstrip(".")) * factor, "f")


def multiplied(path: Path, factor: Decimal | int) -> str:
    """The text of an export with its amounts multiplied."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".json":
        return json.dumps(_json(json.loads(text, parse_float=str, parse_int=str), factor))
    table = read_table(path, FORMATS, None)
    delimiter = next(mark for mark in ",;\t" if len([cells for _, cells in text_rows(text, mark)][-1]) > 2)
    records = [cells for _, cells in text_rows(text, delimiter) if isinstance(cells, list)]
    start = next(n for n, cells in enumerate(records) if len(cells) == len(records[-1]))
    header, out = records[start], io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerows(records[: start + 1])
    for cells in records[start + 1 :]:
        writer.writerow([_cell(name, cell, factor, table) for name, cell in zip(header, cells, strict=False)])
    return out.getvalue()


def _cell(name: str, cell: str, factor: Decimal | int, table: Table) -> str:
    if name == "Notes":
        return _IN_NOTE.sub(lambda match: times(match[1], factor), cell)
    match = _AMOUNT.fullmatch(cell)
    if match is None or _KEPT.search(name) or name.lower() == table.format.when:
        return cell
    return f"{match['before']}{times(match['digits'], factor)}{match['after']}"


def _json(node: Any, factor: Decimal | int, key: str = "") -> Any:
    if isinstance(node, dict):
        return {name: _json(one, factor, name) for name, one in node.items()}
    if isinstance(node, list):
        return [_json(one, factor, key) for one in node]
    return times(node, factor) if key in ("size", "fee", "payment") and isinstance(node, str) else node


def told(tables: list[Table], without: set[tuple[str, int]]) -> dict[str, Fraction]:
    """What the rows change, by the usual names of assets, without money."""
    names, sums = load_names(), defaultdict(Fraction)
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for table in tables:
        rows[table.format.name, table.source] += [row for row in table.rows if (row.label, row.line) not in without]
    for (form, source), whole in rows.items():
        for asset, change in CHANGES[form](whole):
            sums[names.token("solana", asset) or names.coin(asset, source)] += change
    return {asset: total for asset, total in sums.items() if total and asset not in MONEY}


def held(trades: list[Trade]) -> dict[str, Fraction]:
    """What the trades change, without instruments, and without the renames of which no row tells."""
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for trade in trades:
        if trade.kind is not Kind.TRANSFER and trade.origin and "manual.csv" not in trade.origin:
            sums[trade.asset] += Fraction(trade.quantity if trade.kind in _IN else -trade.quantity, 10**18)
            sums[trade.into] += Fraction(trade.into_quantity, 10**18)
    return {asset: total for asset, total in sums.items() if total and not _INSTRUMENT.fullmatch(asset)}


def answered(folder: Path) -> list[str] | None:
    """The arguments with which the folder imports, or None if nothing but a manual file of other amounts does."""
    expect = json.loads((folder / "expect.json").read_text())
    if "refuse" not in expect:
        args: list[str] = expect.get("args", [])
        return args
    return next((answer["args"] for answer in expect.get("answers", [])), None)


WORKING = [folder for folder in FOLDERS if answered(folder) is not None]
CASES = [  # Coinbase's columns are rounded to cents, and agree within that
    (folder, 3 if folder.name.startswith("coinbase") else FACTORS[n % len(FACTORS)])
    if "reported" not in folder.name
    else (folder, 1)  # numbers of others, which are rounded as they stand
    for n, folder in enumerate(WORKING)
]


@pytest.mark.parametrize(("folder", "factor"), CASES, ids=lambda part: getattr(part, "name", str(part)))
def test_quantities_in_are_quantities_out(folder: Path, factor: Decimal | int, tmp_path: Path) -> None:
    args = answered(folder)
    assert args is not None
    paths = []
    for path in exports(folder):
        paths.append(tmp_path / path.name)
        paths[-1].write_text(multiplied(path, factor))
    for extra in folder.iterdir():
        if extra.name.startswith(("prices", "manual")):
            (tmp_path / extra.name).write_text(extra.read_text())
    target = tmp_path / "made.out"
    code, said = imported(tmp_path, [path.name for path in paths], args, target)
    assert code == 0, said
    skips = [text for option, text in pairwise(args) if option == "--skip"]
    skipped = {(name, int(line)) for text in skips for name, line in re.findall(r"([\w.-]+):(\d+)", text)}
    manual = tmp_path / "manual.csv"
    replaced = set(re.findall(r"([\w.-]+):(\d+)", manual.read_text())) if "manual.csv" in args else set()
    skipped |= {(name, int(line)) for name, line in replaced}
    tables = [read_table(path, FORMATS, None) for path in paths]
    assert told(tables, skipped) == held(load_trades(target))


def test_each_form_is_tried() -> None:
    tried = {read_table(path, FORMATS, None).format.name for folder, _ in CASES for path in exports(folder)}
    assert tried == set(CHANGES) == set(NAMES) - {"solscan-defi"}  # which is refused
