"""Whether any ledger can run a file at all: what `trades check` and `commit` ask before anybody builds on it."""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.picks import resolve_picks
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.spec import LAST_YEAR
from zkharvest.trades.model import OPENS_LOT, Trade, in_order


def check_ledger(trades: Sequence[Trade], pooling: Pooling) -> list[Problem]:
    """Everything that keeps a ledger from running these trades, and every lot that is named wrongly.

    Whether enough is held does not depend on the order in which lots are taken, so one method stands for all.
    """
    problems: list[Problem] = []
    ordered = in_order(trades)
    try:
        run_ledger(ordered, Election(Method.FIFO, pooling, "UTC", LAST_YEAR))
    except InputError as error:
        problems += error.problems
    naming = [place for place, trade in enumerate(ordered) if trade.lots and trade.kind not in OPENS_LOT]
    try:
        resolve_picks(ordered, naming)
    except InputError as error:
        problems += error.problems
    return problems
