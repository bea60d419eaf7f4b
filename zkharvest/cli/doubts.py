"""Trades as a ledger's commands read them: what is doubtful in a file is said by each of them, in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from zkharvest.cli import output
from zkharvest.errors import grouped

if TYPE_CHECKING:
    from zkharvest.errors import Problem
    from zkharvest.ledger.rules import Election
    from zkharvest.trades.model import Trade


class Read(NamedTuple):
    """The trades of a file in the order of the ledger, and what was warned of, for `--json`."""

    trades: list[Trade]
    doubts: list[Problem]


def read_trades(path: Path, election: Election | None) -> Read:
    """The trades of a file for a ledger under these rules; what is doubtful in them is warned of.

    No `election`: for figures that no lot enters, so that neither the order of rows nor values of swaps matter.
    """
    from zkharvest.commitment.assets import load_assets, two_spellings
    from zkharvest.ledger.checks import doubts
    from zkharvest.ledger.regimes import regime_of
    from zkharvest.trades.csv_in import load_trades
    from zkharvest.trades.importers.names import load_names

    trades = load_trades(path)
    found = [
        replace(one, message=f"{one.message}; here their lots are apart")
        for one in two_spellings(trades, load_names(), load_assets())
    ]
    if election is not None:
        found += doubts(trades, election.pooling if regime_of(election).holding else None)
    warn_of(found)
    return Read(trades, found)


def warn_of(doubts: Sequence[Problem]) -> None:
    """Print them as warnings, many alike as some and their number."""
    for one, more in grouped(doubts):
        also = f" (and {more:,} more like it)" if more else ""
        output.warning(f"{one.where}: {one.message}{also}", one.hint)


def plain(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Problems as `--json` has them, all of them."""
    return [{"where": p.where, "message": p.message, "hint": p.hint} for p in problems]
