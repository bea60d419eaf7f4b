"""Whether a ledger can run a file at all: and what a person should look at before relying on its figures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import groupby

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.picks import resolve_picks
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.spec import LAST_YEAR
from zkharvest.trades.model import OPENS_LOT, Kind, Trade, in_order
from zkharvest.trades.text import format_money


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


def reordered(trades: Sequence[Trade], pooling: Pooling) -> list[Problem]:
    """Trades that pages put behind others of their instant, which the file has after them, where lots may depend on it.

    Pages are worked in the order of their sources, arrivals last (docs/adr/0026). Across wallets that matters where
    lots are pooled over all of them, and to what leaves a wallet at the instant at which it arrives. `trades` are in
    the order of the ledger.
    """
    found: list[Problem] = []
    hint = "give the rows times of their own, a millisecond apart, if their order matters"
    for _, group in groupby(trades, key=lambda trade: trade.time):
        later: dict[str, set[str]] = {}  # of each asset the sources of the rows after this one
        first: dict[str, str] = {}  # and which of them comes first in pages
        moved = []
        for trade in reversed(list(group)):
            asset = trade.asset
            arrives = trade.kind is Kind.TRANSFER and trade.to in later.get(asset, ())
            if arrives or (pooling is Pooling.UNIVERSAL and first.get(asset, trade.source) < trade.source):
                message = (
                    f'rows of the same instant come after "{trade.id}" in the file, and before it in pages: '
                    "a proof may give other figures than this file's order"
                )
                moved.append(Problem(trade.where, message, hint))
            later.setdefault(asset, set()).add(trade.source)
            first[asset] = min(first.get(asset, trade.source), trade.source)
        found += reversed(moved)
    return found


def unequal_legs(trades: Sequence[Trade]) -> list[Problem]:
    """Swaps whose two legs have different values: what is given for a coin is its basis, and no counter has it.

    One problem an event, at its first row. Its fees are let be, and so is a hundredth, for prices of two times.
    """
    events: dict[tuple[str, int, str], list[Trade]] = {}
    for trade in trades:
        if trade.group:
            events.setdefault((trade.source, trade.time, trade.group), []).append(trade)
    found = []
    for rows in events.values():
        if Counter(row.kind for row in rows if row.kind is not Kind.SPEND) != {Kind.SELL: 1, Kind.BUY: 1}:
            continue  # several legs, a contract that is closed: what is given for what, only the source knows
        given, got = (next(row.amount for row in rows if row.kind is kind) for kind in (Kind.SELL, Kind.BUY))
        fees = sum(abs(row.fee) for row in rows) + sum(row.amount for row in rows if row.kind is Kind.SPEND)
        if abs(given - got) > max(fees, max(given, got) // 100):
            message = f"{rows[0].ref}: the event gives {format_money(given)} for {format_money(got)}"
            found.append(Problem(rows[0].where, message, "both legs of a swap have one value: mend the amount of one"))
    return found


def money_rows(trades: Sequence[Trade]) -> list[Problem]:
    """Rows whose coin is the currency that amounts are stated in: pages refuse them, and a gain of them is none."""
    hint = "leave the row out: what was paid is the amount and the fee of the other side's row"
    return [
        Problem(
            trade.where, f"{trade.ref}: {trade.currency} is what amounts are stated in, and no coin with lots", hint
        )
        for trade in trades
        if trade.currency and trade.currency in (trade.asset, trade.into)
    ]


def doubts(trades: Sequence[Trade], pooling: Pooling | None) -> list[Problem]:
    """All that a person should look at before relying on figures of these trades, which a ledger can run.

    No `pooling`: rules that no circuit proves, under which there are no pages whose order could be another.
    """
    moved = reordered(trades, pooling) if pooling is not None else []
    return [*doubtful_transfers(trades), *moved, *unequal_legs(trades), *money_rows(trades)]
