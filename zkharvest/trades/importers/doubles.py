"""Trades that two exports tell under two names, which would be counted twice.

An id makes a row known again in another file (`gather`). Where one header of a venue has ids and another has none
(Coinbase before and after 2022), or where two accounts of a venue tell the same trades (Coinbase's report has the
trades of Coinbase Advanced since it replaced Pro), equal trades of one second are a problem that names both rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from zkharvest.errors import Problem
from zkharvest.trades.importers.gather import Item
from zkharvest.trades.model import Trade

_SERIAL = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9]")  # the id of a row that has none (`Gather.serial`)
_BOTH = (("coinbase", "coinbase-advanced"),)  # accounts, the second of which the first tells too

_What = tuple[int, str, str, int, str]


def told_twice(items: Sequence[Item]) -> list[Problem]:
    """A problem for each trade or move that another file tells under another name."""
    problems = _without_ids(items)
    for one, other in _BOTH:
        problems.extend(_of_two_accounts(items, one, other))
    return problems


def _without_ids(items: Sequence[Item]) -> list[Problem]:
    named: dict[tuple[str, _What], Item] = {}
    nameless = [item for item in items if _SERIAL.match(item.id)]
    sources = {item.source for item in nameless}
    for item in items:
        if item.source in sources and not _SERIAL.match(item.id):
            named.setdefault((item.source, _what(item)), item)
    if not named:
        return []
    problems = []
    for item in nameless:
        other = named.get((item.source, _what(item)))
        if other is not None and other.row.label != item.row.label:
            why = "its export has no ids, the other has: the two overlap"
            problems.append(_problem(item, other, why))
    return problems


def _of_two_accounts(items: Sequence[Item], account: str, part: str) -> list[Problem]:
    sources = {item.source.partition(":")[0] for item in items}
    if not {account, part} <= sources:
        return []
    parts = {_what(item): item for item in items if item.source.partition(":")[0] == part and _traded(item)}
    problems = []
    for item in items:
        other = parts.get(_what(item)) if item.source == account and _traded(item) else None
        if other is not None:
            problems.append(_problem(item, other, f"the report of {account} tells trades of {part} too"))
    return problems


def _traded(item: Item) -> bool:
    return isinstance(item.what, Trade) and item.what.kind.word in ("buy", "sell")


def _what(item: Item) -> _What:
    """What happened, to the second, without names."""
    what = item.what
    if isinstance(what, Trade):
        return item.time // 1000, what.kind.word, what.asset, what.quantity, what.into
    return item.time // 1000, "out" if what.out else "in", what.leg.asset, what.leg.quantity, what.inside


def _problem(item: Item, other: Item, why: str) -> Problem:
    message = f"{other.row.place} tells the same trade or move under another id ({why})"
    hint = (
        f"import one of the two for that time: cut the other export there, or leave its row out with "
        f"--skip {item.row.place}=REASON; if both are real, write one of them into a --manual file"
    )
    return Problem(item.row.where(), message, hint)
