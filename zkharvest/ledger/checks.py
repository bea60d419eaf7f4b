"""Whether a ledger can run a file at all: what `trades check` and `commit` ask before anybody builds on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

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


_DIGITS = re.compile(r"[0-9]+")


def doubtful_transfers(trades: Sequence[Trade]) -> list[Problem]:
    """Transfers into a wallet that has no rows of its own and is spelled nearly as one that has: a slip, perhaps.

    A ledger can run them, and the wallet may exist: so these are warnings. Names that differ in digits alone
    (`ledger:1`, `ledger:2`) are meant. One problem a name, at its first transfer.
    """
    known = {trade.source for trade in trades}
    first: dict[str, Trade] = {}
    for trade in trades:
        if trade.to and trade.to not in known:
            first.setdefault(trade.to, trade)
    found = []
    for name, trade in first.items():
        others = [one for one in known if _DIGITS.sub("", one) != _DIGITS.sub("", name)]
        same = [one for one in others if one.casefold() == name.casefold()]
        near = same or get_close_matches(name, others, 1, 0.8)
        if near:
            message = f'transfer to "{name}", which has no rows of its own; did you mean "{near[0]}"?'
            found.append(Problem(trade.where, message, "if it is another wallet of yours, nothing is wrong"))
    return found
