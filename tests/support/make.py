"""Short ways to write a trade in a test: whole units and whole currency, one-word kinds."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from zkharvest.trades.model import Kind, LotPick, Trade

UNIT, COIN = 10**18, 10**8


def at(text: str) -> int:
    """Unix ms of "2024-06-17" or "2024-06-17T12:00" (UTC unless it says otherwise)."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def money(value: int | str) -> int:
    """Currency in 10^-8."""
    return int(Decimal(value) * COIN)


def units(value: int | str) -> int:
    """Units in 10^-18."""
    return int(Decimal(value) * UNIT)


def trade(
    time: str,
    name: str,
    kind: str,
    quantity: int | str,
    amount: int | str = 0,
    fee: int | str = 0,
    *,
    asset: str = "BTC",
    to: str = "",
    lots: str = "",
    line: int = 0,
) -> Trade:
    """A trade named "source/id" or "id" (source "w"); `lots` as in the CSV, e.g. "b1:0.5;b2:1"."""
    source, _, own = name.rpartition("/")
    picks = tuple(
        LotPick(lot, units(part)) for lot, _, part in (pick.rpartition(":") for pick in lots.split(";") if pick)
    )
    return Trade(
        at(time),
        source or "w",
        own,
        Kind[kind.upper()],
        asset,
        units(quantity),
        money(amount),
        money(fee),
        to,
        picks,
        line,
    )
