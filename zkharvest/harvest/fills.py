"""Fills as a venue tells them, in CCXT's fields, read from CSV with every problem of the file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text, records
from zkharvest.trades.text import TextError, check_name, parse_money, parse_quantity, parse_time

COLUMNS = ("id", "order", "datetime", "symbol", "side", "price", "amount", "fee_cost", "fee_currency")
_EXACT = Context(prec=80)


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill as CCXT tells it: `amount` and `fee` in 10^-18, `price` as it was written."""

    id: str
    order: str
    time: int
    symbol: str
    side: str
    price: Decimal
    amount: int
    fee: Decimal
    fee_currency: str
    where: str

    @property
    def money(self) -> int:
        """Price times amount, in 10^-8."""
        return money_of(self.price, self.amount)


def read_fills(path: str | Path) -> list[Fill]:
    """Read fills in CCXT's fields. Raises InputError with every problem of the file."""
    name, problems, fills = str(path), list[Problem](), list[Fill]()
    places: list[int] = []
    line = 1
    try:
        for line, cells in records(read_text(path)):
            if not places:
                if sorted(cells) != sorted(COLUMNS):
                    raise InputError.one(f"{name}:{line}", f"the columns are {','.join(COLUMNS)}", "name them so")
                places = [cells.index(column) for column in COLUMNS]
            elif len(cells) != len(COLUMNS):
                problems.append(Problem(f"{name}:{line}", f"has {len(cells)} cells, the header has {len(COLUMNS)}"))
            else:
                fill = _fill(f"{name}:{line}", [cells[place] for place in places], problems)
                fills += [fill] if fill else []
    except csv.Error as error:
        problems.append(Problem(f"{name}:{line}", f"is broken at or after this line: {error}", "mend the quotes"))
    if not places:
        problems.append(Problem(name, "is empty", f"the first line is {','.join(COLUMNS)}"))
    if problems:
        raise InputError(problems)
    return fills


def _fill(where: str, cells: Sequence[str], problems: list[Problem]) -> Fill | None:
    id_, order, time, symbol, side, price, amount, fee, currency = cells
    column = ""
    try:
        column = "id"
        check_name(id_)
        column = "side"
        if side not in ("buy", "sell"):
            raise TextError(side, "is not a side", "write buy or sell")
        column = "datetime"
        moment = parse_time(time)
        column = "price"
        parse_quantity(price)
        column = "amount"
        quantity = parse_quantity(amount)
        column = "fee_cost"
        if fee:
            parse_money(fee, signed=True) if len(fee.partition(".")[2]) <= 8 else parse_quantity(fee.lstrip("-"))
        return Fill(
            id_,
            order,
            moment,
            symbol,
            side,
            Decimal(price),
            quantity,
            Decimal(fee or 0),
            currency if fee else "",
            where,
        )
    except TextError as error:
        problems.append(Problem(f"{where}:{column}", error.reason, error.hint))
        return None


def money_of(price: Decimal, amount: int) -> int:
    """Price times an amount (10^-18), in 10^-8, rounded half to even where the product is finer."""
    exact = _EXACT.multiply(price, Decimal(amount))  # 10^-18 of the currency
    return int(_EXACT.divide(exact, Decimal(10**10)).quantize(Decimal(1), ROUND_HALF_EVEN, _EXACT))
