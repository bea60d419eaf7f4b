"""Rows that several files of one account tell: each once, where the rows of all files have to be read together.

What belongs together may lie on both sides of the end of an export: a withdrawal and its reversal, a transaction and
its token transfers. Formats of this kind are read with all their files at once (`Format.together`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.rows import Row
from zkharvest.trades.importers.table import Table


def once(tables: Sequence[Table], draft: Draft) -> Iterable[tuple[Table, Row]]:
    """The rows of all files, those that overlapping exports tell again left out.

    A file may have equal rows (two equal transfers in one transaction): each counts as often as one file has it.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for table in sorted(tables, key=lambda table: table.label):
        here: Counter[tuple[str, ...]] = Counter()
        for row in table.rows:
            key = (table.format.name, *row.cells.values())
            here[key] += 1
            if here[key] > seen[key]:
                seen[key] = here[key]
                yield table, row
            else:
                draft.note(row, "duplicate of a row in another file of this import, left out")


def by_account(read: Callable[[Table, Draft], None]) -> Callable[[Sequence[Table], Draft], None]:
    """A reader of one table as a reader of all tables: those of one account become one table, each row once."""

    def read_all(tables: Sequence[Table], draft: Draft) -> None:
        accounts: dict[str, list[Table]] = {}
        for table in tables:
            accounts.setdefault(table.source, []).append(table)
        for source in sorted(accounts):
            group = accounts[source]
            draft.begin(source)
            whole = group[0] if len(group) == 1 else replace(group[0], rows=[row for _, row in once(group, draft)])
            read(whole, draft)

    return read_all
