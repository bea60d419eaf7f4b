"""A second ledger for the totals that accept packages must show, from vectors/README.md (Ledger rules) alone.

Standard library only, and as slow as can be: a pool is searched for its best lot at every step.
"""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

METHODS = ("fifo", "lifo", "hifo", "lofo", "specific")
POOLINGS = ("wallet", "universal")
TOTALS = ("proceeds", "basis", "short_term_gain", "short_term_loss", "long_term_gain", "long_term_loss")


def units(text: str, decimals: int) -> int:
    """A decimal text as an exact integer of 10^-decimals."""
    scaled = Decimal(text or "0").scaleb(decimals)
    assert scaled == int(scaled)
    return int(scaled)


def money(amount: int) -> str:
    """10^-8 as text with eight decimals."""
    return f"{Decimal(amount).scaleb(-8):.8f}"


def load(path: Path) -> list[dict[str, Any]]:
    """The trades by time; equal times as in the file."""
    trades = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            picks = [pick.split(":") for pick in row["lots"].split(";") if pick]
            trades.append(
                {
                    **row,
                    "time": datetime.fromisoformat(row["time"]),
                    "quantity": units(row["quantity"], 18),
                    "amount": units(row["amount"], 8),
                    "fee": units(row["fee"], 8),
                    "lots": [(name, units(quantity, 18)) for name, quantity in picks],
                }
            )
    return sorted(trades, key=lambda trade: trade["time"])


def long_from(acquired: date) -> date:
    """The first day of long term: one year after the day after acquisition; February 29 counts as March 1."""
    start = acquired + timedelta(days=1)
    try:
        return start.replace(year=start.year + 1)
    except ValueError:
        return date(start.year + 1, 3, 1)


def floor_part(value: int, part: int, whole: int) -> int:
    """The floor of |value| part / whole, with the sign of the value."""
    share = abs(value) * part // whole
    return share if value >= 0 else -share


def totals(trades: list[dict[str, Any]], method: str, pooling: str, timezone: str, year: int) -> dict[str, int]:
    """The six totals of a year, in 10^-8."""
    zone = ZoneInfo(timezone)
    lots: list[dict[str, Any]] = []  # in order of arrival in their pool
    sums = dict.fromkeys(TOTALS, 0)

    def wallet(name: str) -> str:
        return name if pooling == "wallet" else ""

    def best(pool: list[dict[str, Any]], named: str) -> dict[str, Any]:
        if method == "specific":
            return next(lot for lot in pool if lot["id"] == named)
        # min returns the first of several: equal keys in order of arrival
        keys = {"fifo": lambda x: x["seq"], "lifo": lambda x: -x["seq"]}
        keys |= {"hifo": lambda x: (-x["unit"], x["seq"]), "lofo": lambda x: (x["unit"], x["seq"])}
        return min(pool, key=keys[method])

    for seq, trade in enumerate(trades):
        kind, local = trade["kind"], trade["time"].astimezone(zone)
        here = wallet(trade["source"])
        if kind in ("buy", "income", "short"):
            value = trade["amount"] + (trade["fee"] if kind != "short" else -trade["fee"])
            lots.append(
                {
                    "id": trade["id"], "pool": (trade["asset"], here, kind == "short"), "seq": seq, "day": local.date(),
                    "quantity": trade["quantity"], "value": value, "unit": (value << 96) // trade["quantity"],
                }
            )  # fmt: skip
            continue
        if kind == "transfer" and pooling == "universal":
            continue
        short = kind == "cover"
        if kind == "expire":
            short = any(lot["pool"] == (trade["asset"], here, True) for lot in lots)
        worth = trade["amount"] + (trade["fee"] if short else -trade["fee"])
        wanted = trade["lots"] if method == "specific" else [("", trade["quantity"])]
        rest = trade["quantity"]
        for name, amount in wanted:
            left = amount
            while left:
                pool = [lot for lot in lots if lot["pool"] == (trade["asset"], here, short)]
                lot = best(pool, name)
                part = min(left, lot["quantity"])
                lot_part = floor_part(lot["value"], part, lot["quantity"])
                own_part = floor_part(worth, part, rest)
                lot["quantity"], lot["value"] = lot["quantity"] - part, lot["value"] - lot_part
                left, rest, worth = left - part, rest - part, worth - own_part
                if not lot["quantity"]:
                    lots.remove(lot)
                if kind == "transfer":
                    moved = {**lot, "pool": (trade["asset"], wallet(trade["to"]), False)}
                    lots.append({**moved, "quantity": part, "value": lot_part})
                elif local.year == year:
                    proceeds, cost = (lot_part, own_part) if short else (own_part, lot_part)
                    term = "long" if not short and local.date() >= long_from(lot["day"]) else "short"
                    sums["proceeds"] += proceeds
                    sums["basis"] += cost
                    sums[f"{term}_term_{'gain' if proceeds >= cost else 'loss'}"] += abs(proceeds - cost)
    return sums


def shown(sums: dict[str, int]) -> dict[str, str]:
    """The totals as a verdict shows them."""
    gain = sums["proceeds"] - sums["basis"]
    return {name: money(amount) for name, amount in sums.items()} | {"gain": money(gain), "net": money(gain)}
