"""Which of day, month and year comes first in the dates of one file.

Some venues let the customer choose, and a spreadsheet that saves an export anew writes dates its own way. What a file
shows decides (25/03/2024 has its day in front); where it shows nothing, `--dates` does; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from zkharvest.errors import Problem
from zkharvest.trades.importers.cells import ORDERS, date_parts, fitting_orders
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import RowError
from zkharvest.trades.importers.table import Table
from zkharvest.trades.text import quoted

_OF_DIGITS = ORDERS[:3]


def date_order(table: Table, draft: Draft, column: str, orders: Sequence[str]) -> str:
    """How the dates of a file are written: as `--dates` says, or as they show; nothing, and a problem, otherwise."""
    if draft.dates in orders:
        return draft.dates
    left, first = fitting_orders((row.get(column) for row in table.rows), orders)
    if len(left) < 2 or not first:
        return (left or orders)[0]
    row = next(row for row in table.rows if row.get(column) == first)
    what = "day or month comes first" if len(orders) == 2 else "day, month or year comes first"
    message = f"{quoted(first)}: no date of the file shows whether {what}"
    hint = f"say it with --dates {' or --dates '.join(left)}"
    draft.problems.append(RowError(row, column, message, hint).problem)
    return ""


def rewritten(table: Table, dates: str, problems: list[Problem]) -> Table:
    """The table with the order of its dates, where its exporter is known to write another than `--dates` says.

    The exporter's order holds, unless the file shows that its dates were rewritten in the other one. Where both fit,
    the one in which times only rise or only fall is taken, as in every export; if that leaves both, it is a problem.
    """
    own, column = table.format.order, table.format.when
    if own not in _OF_DIGITS or dates in ("", own):
        return table
    texts = [row.get(column) for row in table.rows]
    left, first = fitting_orders(texts, (own, dates))
    if not first:
        return table
    if len(left) == 2:
        left = [order for order in left if _one_way(texts, order)]
    if len(left) == 1:
        return replace(table, format=replace(table.format, order=left[0]))
    row = next(row for row in table.rows if row.get(column) == first)
    message = f"{quoted(first)}: no date of the file shows whether it is {own}, as this venue writes, or {dates}"
    hint = f"import it without --dates {dates} if no program rewrote it, else export it again"
    problems.append(Problem(row.where(column), message, hint))
    return table


def _one_way(texts: Iterable[str], order: str) -> bool:
    """Whether the days of the dates only rise or only fall."""
    days = [day for text in texts if (day := date_parts(text, order)) is not None]
    return days in (sorted(days), sorted(days, reverse=True))
