"""Trades as the records that are hashed: one row of 24 field elements each, salts left empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zkharvest.errors import InputError, Problem
from zkharvest.ledger.expiries import expiry_sides, side_of
from zkharvest.ledger.rules import Side, signed_value
from zkharvest.spec import MAX_SOURCES, currency_code, source_code
from zkharvest.trades.model import OPENS_LOT, Kind, Trade

from .encoding import CLOSE, MAX_TIE, MOVE, NEGATIVE, SHORT_SIDE, TAG_RECORD, WIDTH, asset_code

Lanes = npt.NDArray[np.uint32]

_UNKNOWN_TO_CIRCUIT = {Kind.DEPOSIT, Kind.WITHDRAW, Kind.CONVERT}
_INSTEAD = {
    Kind.DEPOSIT: "enter it as a transfer from the account it came from, or as a buy or income with its basis",
    Kind.WITHDRAW: "enter it as a transfer to the account it went to, or as a spend at fair value",
    Kind.CONVERT: "report it with `zkharvest ledger report`; a proof cannot take it yet",
}


@dataclass(frozen=True, slots=True)
class Records:
    """All trades in their global order.

    lanes: (n, 24) canonical elements, salt lanes zero; source, position: where each record stands;
    short: the pool side each trade works on; to: the number of a transfer's destination, 0 elsewhere.
    """

    sources: tuple[str, ...]
    lanes: Lanes
    source: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    short: npt.NDArray[np.bool_]
    to: npt.NDArray[np.int64]


def all_sources(trades: Sequence[Trade]) -> tuple[str, ...]:
    """Every venue account and wallet that a trade speaks of, sorted by UTF-8 bytes (destinations included)."""
    names = {t.source for t in trades} | {t.to for t in trades if t.to}
    return tuple(sorted(names, key=str.encode))


def check_provable(trades: Sequence[Trade]) -> None:
    """Raises InputError with every trade of a kind that lot-machine/v1 does not know (docs/trades-csv.md)."""
    problems = [
        Problem(trade.where, f"{trade.ref}: lot-machine/v1 cannot prove a {trade.kind.word}", _INSTEAD[trade.kind])
        for trade in trades
        if trade.kind in _UNKNOWN_TO_CIRCUIT
    ]
    if problems:
        raise InputError(problems)


def encode(trades: Sequence[Trade], currency: str) -> Records:
    """Encode trades (given in their global order, amounts in `currency`) as records.

    Raises InputError for more sources or more equal times than a record can number.
    """
    sources = all_sources(trades)
    if len(sources) > MAX_SOURCES:
        raise InputError.one("", f"{len(sources)} sources, at most {MAX_SOURCES} can be committed", "split the file")
    number = {name: i for i, name in enumerate(sources)}
    sides, money = expiry_sides(trades), currency_code(currency)
    n = len(trades)
    lanes = np.zeros((n, WIDTH), np.uint32)
    source, position = np.zeros(n, np.int64), np.zeros(n, np.int64)
    shorts, to = np.zeros(n, np.bool_), np.zeros(n, np.int64)
    count = [0] * len(sources)
    tie, last_time = 0, -1
    rows: list[tuple[int, ...]] = []
    for i, t in enumerate(trades):
        tie = tie + 1 if t.time == last_time else 0
        last_time = t.time
        if tie >= MAX_TIE:
            raise InputError.one(t.where, f"more than {MAX_TIE} trades at one millisecond", "give later times")
        short = sides.get(i, side_of(t)) is Side.SHORT
        value = signed_value(t, short)
        code = SHORT_SIDE * short + NEGATIVE * (value < 0)
        v = abs(value)
        amount = (v & 0xFFFFFF, v >> 24 & 0xFFFFFF, v >> 48)
        if t.kind is Kind.TRANSFER:
            code += MOVE
            to[i] = number[t.to]
            amount = source_code(t.to)
        elif t.kind not in OPENS_LOT:
            code += CLOSE
        s = number[t.source]
        source[i], position[i], shorts[i] = s, count[s], short
        count[s] += 1
        q, ms = t.quantity, t.time
        rows.append(
            (
                TAG_RECORD + code,
                ms & 0x3FFFFFFF,
                (ms >> 30) | tie << 15,
                q & 0xFFFFFF,
                q >> 24 & 0xFFFFFF,
                q >> 48 & 0xFFFFFF,
                q >> 72 & 0xFFFFFF,
                q >> 96,
                *amount,
                *asset_code(t.asset),
                money,
                int(t.kind),
            )
        )
    if rows:
        lanes[:, :19] = rows
    return Records(sources, lanes, source, position, shorts, to)
