"""Lots that the taxpayer identified, put to imported trades: the file given with `--lots`.

Exports do not say which lots a sale took; the taxpayer's own books do, written no later than the sale (Reg.
1.1012-1(j)(3)(ii); Notice 2025-7). The file is a CSV with the columns `trade` (`source/id` of a canonical trade) and
`lots` (`id:quantity` or `source/id:quantity`, joined by `;`), one row for each disposal or transfer.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import parse_lots, read_text, records
from zkharvest.trades.model import OPENS_LOT, LotPick, Trade
from zkharvest.trades.text import TextError, format_quantity, quoted

COLUMNS = ["trade", "lots"]


def with_lots(trades: Sequence[Trade], path: str | Path) -> list[Trade]:
    """The trades with the lots that the file names. Raises `InputError` with every problem of the file."""
    file = str(path)
    problems: list[Problem] = []
    named: dict[str, tuple[LotPick, ...]] = {}
    known = {trade.ref: trade for trade in trades}
    line = 0
    header = False
    try:
        for line, cells in records(read_text(path)):
            if not header:
                if cells != COLUMNS:
                    raise InputError.one(f"{file}:{line}", "the columns are trade, lots", "name them so")
                header = True
                continue
            problem = _row(cells, known, named)
            if problem is not None:
                column, message, hint = problem
                problems.append(Problem(f"{file}:{line}:{column}" if column else f"{file}:{line}", message, hint))
    except csv.Error as error:
        problems.append(Problem(f"{file}:{line}", f"is broken at or after this line: {error}", "mend the quotes"))
    if not header:
        problems.append(Problem(file, "is empty", "the first line is trade,lots"))
    if problems:
        raise InputError(problems)
    return [replace(trade, lots=named[trade.ref]) if trade.ref in named else trade for trade in trades]


def _row(
    cells: list[str], known: dict[str, Trade], named: dict[str, tuple[LotPick, ...]]
) -> tuple[str, str, str] | None:
    """Takes one row, or says what is wrong with it: column, message, hint."""
    if len(cells) != len(COLUMNS):
        return "", f"has {len(cells)} cells", "write trade,lots"
    name, text = cells
    trade = known.get(name)
    if trade is None:
        return "trade", f"{quoted(name)} is not a trade of this import", "write source/id as the import names it"
    if trade.kind in OPENS_LOT:
        return (
            "trade",
            f"{quoted(name)} is a {trade.kind.word}, which takes no lots",
            "only disposals and transfers take lots",
        )
    if name in named:
        return "trade", f"{quoted(name)} is named twice", "keep one of the rows"
    try:
        picks = parse_lots(text)
    except TextError as error:
        return "lots", error.reason, error.hint
    total = sum(pick.quantity for pick in picks)
    if total != trade.quantity:
        message = f"lots add up to {format_quantity(total)}, the trade has {format_quantity(trade.quantity)}"
        return "lots", message, "name lots for the whole quantity"
    named[name] = picks
    return None
