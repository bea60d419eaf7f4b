"""Coins that a venue renamed without a row: carried on where its next row already calls them by the new name.

Many venues just changed the name (MATIC in January, POL in October) and wrote no row. Where a source disposes of more
of a coin than it holds, still holds the coin that was renamed to it, and the day of the known rename has come, all of
the old coin becomes the new one before that row: a `convert` with basis and dates, which the notes name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from zkharvest.trades.importers.draft import Draft
from zkharvest.trades.importers.names import Rename
from zkharvest.trades.model import Kind, Trade
from zkharvest.trades.text import format_quantity, format_time

_BRINGS = frozenset({Kind.BUY, Kind.INCOME, Kind.DEPOSIT})
_TAKES = frozenset({Kind.SELL, Kind.SPEND, Kind.WITHDRAW, Kind.TRANSFER, Kind.CONVERT})


def carried_on(trades: Sequence[Trade], draft: Draft) -> list[Trade]:
    """The trades, with a `convert` where a known rename must have happened without a row."""
    assets = {trade.asset for trade in trades}
    renames: dict[str, list[Rename]] = defaultdict(list)
    for rename in draft.names.renames:
        if rename.old in assets and rename.new in assets:
            renames[rename.new].append(rename)
    if not renames:
        return list(trades)
    held: dict[tuple[str, str], int] = defaultdict(int)
    out: list[Trade] = []
    for trade in trades:
        if trade.kind in _TAKES:
            for rename in renames.get(trade.asset, ()):
                old = held[trade.source, rename.old]
                if held[trade.source, trade.asset] < trade.quantity and old > 0 and trade.time >= rename.time:
                    made = _convert(trade, rename, old)
                    out.append(made)
                    _count(held, made)
                    _say(draft, trade, made)
        _count(held, trade)
        out.append(trade)
    return out


def _convert(before: Trade, rename: Rename, quantity: int) -> Trade:
    """All of the old coin as the new one, just before a trade."""
    day = format_time(before.time)[:10].replace("-", "")
    return Trade(
        time=before.time,
        source=before.source,
        id=f"{rename.old}-to-{rename.new}-{day}",
        kind=Kind.CONVERT,
        asset=rename.old,
        quantity=quantity,
        amount=0,
        into=rename.new,
        into_quantity=quantity * rename.gives // rename.takes,
        currency=before.currency,
        line=before.line,
    )


def _say(draft: Draft, trade: Trade, made: Trade) -> None:
    label, _, line = trade.origin.partition(";")[0].rpartition(":")
    amounts = f"{format_quantity(made.quantity)} {made.asset} became {format_quantity(made.into_quantity)} {made.into}"
    draft.note_at(label, int(line) if line.isdigit() else 0, f"before this row {amounts} ({made.source} wrote no row)")


def _count(held: dict[tuple[str, str], int], trade: Trade) -> None:
    """Follows how much of each coin each source holds."""
    if trade.kind in _BRINGS:
        held[trade.source, trade.asset] += trade.quantity
    elif trade.kind in _TAKES:
        held[trade.source, trade.asset] -= trade.quantity
        if trade.kind is Kind.TRANSFER:
            held[trade.to, trade.asset] += trade.quantity
        elif trade.kind is Kind.CONVERT:
            held[trade.source, trade.into] += trade.into_quantity
