"""Rows that several files of one account tell: each once, where the rows of all files have to be read together.

What belongs together may lie on both sides of the end of an export: a withdrawal and its reversal, a transaction and
its token transfers. Formats of this kind are read with all their files at once (`Format.together`).

Two exports need not print a row alike: a later header has more columns, another spelling of the coin, today's price.
A format names the columns whose cells name a row (`key`), or else a row is told by the columns that every header has,
but for those that change from one export to the next (`changing`); numbers count by their value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from zkharvest.trades.importers.cells import dressed_number
from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.gather import RowError
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Format, Table
from zkharvest.trades.text import TextError

_TWICE = "a row that the file tells twice, taken once"
_OVERLAP = "duplicate of a row in another file of this import, left out"


def once(tables: Sequence[Table], draft: Draft) -> Iterable[tuple[Table, Row]]:
    """The rows of all files, those that overlapping exports tell again left out.

    A file may have equal rows (two equal transfers in one transaction): each counts as often as one file has it,
    unless the format has a key. Two rows of one key that differ are a problem.
    """
    first: dict[tuple[str, ...], Row] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for table in sorted(tables, key=lambda table: table.label):
        form, told = table.format, _told(table)
        here: Counter[tuple[str, ...]] = Counter()
        for row in table.rows:
            key = tuple([row.cells[column] for column in form.key])
            if any(key):
                known = first.setdefault(key, row)
                if known is row:
                    yield table, row
                elif row.cells == known.cells or _same(form, row, known, draft):
                    draft.note(row, _TWICE if row.label == known.label else _OVERLAP)
                else:
                    message = f"{', '.join(key)} is also the name of {known.place}, which says something else"
                    hint = (
                        f"which of the two holds is not known: leave one out with --skip {row.place}=REASON "
                        f"or --skip {known.place}=REASON"
                    )
                    error = RowError(row, form.key[0], message, hint)
                    draft.problems.append(error.problem)
                continue
            key = (form.name, *[_value(row.cells[column]) for column in told])
            here[key] += 1
            if here[key] > seen[key]:
                seen[key] = here[key]
                yield table, row
            else:
                draft.note(row, _OVERLAP)


def _told(table: Table) -> list[str]:
    """The columns that tell a row: of the known ones those that every header has, and what its pattern adds."""
    form = table.format
    always = {column.split("|")[0] for column in form.required}
    maybe = {column.split("|")[0] for column in form.optional}
    return [
        column
        for column in sorted(table.columns)
        if (column in always or column not in maybe) and not (form.changing and re.fullmatch(form.changing, column))
    ]


def _same(form: Format, one: Row, other: Row, draft: Draft) -> bool:
    """Whether two rows of one key tell the same: numbers by value, coins by their usual names."""
    for column in (name.split("|")[0] for name in form.required):
        if column in form.key or (form.changing and re.fullmatch(form.changing, column)):
            continue
        mine, its = one.cells[column], other.cells[column]
        if column == form.when:  # to the second: some exports cut fractions
            mine, its = mine[:19], its[:19]
        if (
            mine != its
            and _value(mine) != _value(its)
            and draft.coin(mine, form.source) != draft.coin(its, form.source)
        ):
            return False
    return True


def _value(text: str) -> str:
    """A cell as it counts: a number by its value, an address of hexadecimal digits in any letter case."""
    if text[:2].lower() == "0x":
        return text.lower()
    try:
        return str(dressed_number(text)) if text[-1:].isdigit() and len(text) < 48 else text
    except TextError:
        return text


def by_account(read: Callable[[Table, Draft], None]) -> Callable[[Sequence[Table], Draft], None]:
    """A reader of one table as a reader of all tables: those of one account become one table, each row once."""

    def read_all(tables: Sequence[Table], draft: Draft) -> None:
        accounts: dict[str, list[Table]] = {}
        for table in tables:
            accounts.setdefault(table.source, []).append(table)
        for source in sorted(accounts):
            group = accounts[source]
            draft.begin(source)
            if len(group) > 1 or group[0].format.key:
                read(replace(group[0], rows=[row for _, row in once(group, draft)]), draft)
            else:
                read(group[0], draft)

    return read_all
