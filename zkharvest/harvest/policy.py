"""The taxpayer's rates and costs: `rates.toml`, read strictly.

jurisdiction = "US"          # US, UK, CA, DE
year = 2026
short = 0.35                 # marginal rates, state tax and the 3.8 % of s.1411 in them
long = 0.15
ordinary = 0.35              # what a deducted loss saves
loss_limit = 3000            # s.1211(b); 1500 married filing separately
carry_short = 0              # losses brought in (s.1212(b)), as positive amounts
carry_long = 0
other_short = 0              # this year's net gains outside these trades
other_long = 0
future_short = 0             # net gains expected in each later year
future_long = 0
exit_rate = 0.15             # rate at the final sale; 0: never sold (s.1014)
horizon = 5                  # years to the final sale
discount = 0.05              # a year

[wash_sale]                  # counts only if it stands here: neither bill is law
from = 2026-06-08
window = 30

[straddle]
established = ["BTC", "ETH"] # coins with an established market (Reg. 1.1092(d)-1(b))

[costs.default]              # or [costs.BTC]; parts of the value, e.g. 0.001
fee = 0.001                  # of the sale
half_spread = 0.0005
reentry_fee = 0.001          # default: as of the sale
reentry_half_spread = 0.0005
volume = 25000               # average daily volume, in coins
volatility = 0.03            # of a day
impact = 1                   # Y of the square-root law
carry = 0                    # cost of holding a replacement, a year
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any

from zkharvest.errors import InputError, Problem
from zkharvest.trades.csv_in import read_text
from zkharvest.trades.text import quoted

ESTABLISHED = ("BTC", "ETH", "SOL", "XRP")
"""Coins with futures on a CFTC contract market (CME), hence actively traded property (Reg. 1.1092(d)-1(b))."""


class Jurisdiction(StrEnum):
    """Whose law an estimate assumes."""

    US = "US"
    UK = "UK"
    CA = "CA"
    DE = "DE"


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading one asset costs. Fees and half spreads are parts of the value; volume in coins a day."""

    fee: float = 0.0
    half_spread: float = 0.0
    reentry_fee: float = math.nan
    reentry_half_spread: float = math.nan
    volume: float = math.nan
    volatility: float = math.nan
    impact: float = 1.0
    carry: float = 0.0

    def __post_init__(self) -> None:
        for own, sale in (("reentry_fee", self.fee), ("reentry_half_spread", self.half_spread)):
            if math.isnan(getattr(self, own)):
                object.__setattr__(self, own, sale)

    @property
    def moves(self) -> bool:
        """Whether enough is stated for an estimate of impact."""
        return not math.isnan(self.volume) and not math.isnan(self.volatility)


@dataclass(frozen=True, slots=True)
class WashSale:
    """The switch: disposals from this date on fall under s.1091, with so many days either side."""

    start: date
    window: int = 30


@dataclass(frozen=True)
class Rates:
    """Everything about the taxpayer that an estimate needs. Rates are parts of one, money in the reporting currency."""

    jurisdiction: Jurisdiction
    year: int
    short: float
    long: float
    ordinary: float
    loss_limit: float = 3000.0
    carry_short: float = 0.0
    carry_long: float = 0.0
    other_short: float = 0.0
    other_long: float = 0.0
    future_short: float = 0.0
    future_long: float = 0.0
    exit_rate: float = 0.0
    horizon: float = 5.0
    discount: float = 0.05
    exempt: float = 0.0
    inclusion: float = 1.0
    carry_back: float = 0.0
    wash_sale: WashSale | None = None
    established: tuple[str, ...] = ESTABLISHED
    costs: Mapping[str, Costs] = field(default_factory=dict)

    def costs_of(self, asset: str) -> Costs:
        """The costs of an asset: its own, else the default, else none."""
        return self.costs.get(asset) or self.costs.get("default") or Costs()

    @property
    def deferral(self) -> float:
        """d: what a coin of tax saved now costs at the final sale, discounted."""
        return self.exit_rate / float((1 + self.discount) ** self.horizon)


_RATES = frozenset({"short", "long", "ordinary", "exit_rate", "discount", "inclusion"})
_SIGNED = frozenset({"other_short", "other_long", "future_short", "future_long"})
_NUMBERS = tuple(
    f.name for f in fields(Rates) if f.name not in ("jurisdiction", "year", "wash_sale", "established", "costs")
)
_TABLES = ("wash_sale", "straddle", "costs")
_KEYS = ("jurisdiction", "year", *_NUMBERS, *_TABLES)
_COSTS = tuple(f.name for f in fields(Costs))
# what a law fixes, unless the file says otherwise; all of it is printed with the result
_LAW: dict[Jurisdiction, dict[str, float]] = {
    Jurisdiction.US: {},
    Jurisdiction.UK: {"exempt": 3000.0},  # TCGA 1992 s.1K, from 2024-25
    Jurisdiction.CA: {"inclusion": 0.5},  # ITA s.38
    Jurisdiction.DE: {"exempt": 1000.0},  # s.23(3) sentence 5 EStG, from 2024: below it all is free
}


def read_rates(path: str | Path) -> Rates:
    """Read `rates.toml`. Raises InputError with every problem of it, UsageError if it cannot be read."""
    return rates_from_text(read_text(path), str(path))


def rates_from_text(text: str, name: str = "rates.toml") -> Rates:
    """`read_rates` of text; `name` stands for the file in errors."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError.one(
            name, f"is not TOML: {error}", 'numbers plain, text in quotes: jurisdiction = "US"'
        ) from None
    reader = _Reader(name, text)
    rates = reader.rates(found)
    if reader.problems or rates is None:
        raise InputError(reader.problems)
    return rates


class _Reader:
    """Collects what is wrong; says where by the line of the key."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = text.splitlines()
        self.problems: list[Problem] = []

    def problem(self, table: str, key: str, message: str, hint: str) -> None:
        line = self._line(table, key)
        where = f"{self.name}:{line}" if line else self.name
        self.problems.append(Problem(f"{where}:{key}" if key else where, message, hint))

    def _line(self, table: str, key: str) -> int:
        within = not table
        for number, line in enumerate(self.lines, 1):
            if head := re.match(r"\s*\[([^\]]+)\]", line):
                within = head[1].strip().replace('"', "") == table
                if within and not key:
                    return number
            elif within and key and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                return number
        return 0

    def known(self, table: str, found: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in found:
            if key not in keys:
                near = get_close_matches(key.lower(), keys, 1)
                hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(keys)}"
                self.problem(table, key, f"{quoted(key)} is not a key", hint)

    def number(self, table: str, key: str, value: Any, *, rate: bool, signed: bool = False) -> float:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        quoted_number = isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value)
        number = float(value) if plain or quoted_number else math.nan
        if not math.isfinite(number):
            self.problem(table, key, f"{quoted(str(value))} is not a number", "write it plainly, such as 0.35")
        elif rate and not 0 <= number <= 1:
            hint = f"rates are parts of one: 35 % is 0.35{f'; did you mean {number / 100:g}?' if number > 1 else ''}"
            self.problem(table, key, f"{number:g} is outside 0 to 1", hint)
        elif not signed and number < 0:
            self.problem(table, key, f"{number:g} is below zero", "losses brought in and limits are positive amounts")
        return number

    def rates(self, found: dict[str, Any]) -> Rates | None:
        self.known("", found, _KEYS)
        word = str(found.get("jurisdiction", "")).upper().replace("GB", "UK")
        if word not in set(Jurisdiction):
            shown = f"{quoted(word)} is not known" if word else "is missing"
            self.problem("", "jurisdiction", shown, "US, UK, CA or DE")
            return None
        law = Jurisdiction(word)
        year = found.get("year")
        if not isinstance(year, int) or isinstance(year, bool) or not 1971 <= year <= 2526:
            self.problem(
                "", "year", "is missing" if year is None else f"{quoted(str(year))} is not a tax year", "such as 2026"
            )
            year = 0
        values = dict(_LAW[law])
        for key in _NUMBERS:
            if key in found:
                values[key] = self.number("", key, found[key], rate=key in _RATES, signed=key in _SIGNED)
        self._defaults(law, values)
        wash, straddle, costs = (found.get(table, {}) for table in _TABLES)
        return None if self.problems else Rates(
            law, year, wash_sale=self.wash_sale(wash), established=self.established(straddle),
            costs=self.costs(costs), **values,
        )  # fmt: skip

    def _defaults(self, law: Jurisdiction, values: dict[str, float]) -> None:
        """What must be stated, and what follows from it."""
        needed = (
            ("short", "long", "ordinary")
            if law is Jurisdiction.US
            else ("short",)
            if law is Jurisdiction.DE
            else ("long",)
        )
        for key in needed:
            if key not in values:
                self.problem("", key, "is missing", "state your marginal rate, such as 0.35")
                values[key] = 0.0
        one = values.get("long", values.get("short", 0.0))
        if law in (Jurisdiction.UK, Jurisdiction.CA) and values.get("short", one) != one:
            self.problem(
                "", "short", "differs from long", f"{law} has one rate for all holding periods: state long alone"
            )
        values.setdefault("short", one)
        values.setdefault("long", 0.0 if law is Jurisdiction.DE else one)  # after a year gains are free (s.23 EStG)
        values.setdefault("ordinary", values["short"])
        values.setdefault("exit_rate", values["long"])

    def _table(self, name: str, value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.problem("", name, "is not a table", f"write [{name}] and its keys below")
        return {}

    def wash_sale(self, value: Any) -> WashSale | None:
        table = self._table("wash_sale", value)
        self.known("wash_sale", table, ("from", "window"))
        if not table:
            return None
        start, window = table.get("from"), table.get("window", 30)
        if type(start) is not date:
            self.problem("wash_sale", "from", "is not a date", "write from = 2026-06-08")
            return None
        if not isinstance(window, int) or not 1 <= window <= 365:
            self.problem("wash_sale", "window", f"{quoted(str(window))} is not a number of days", "s.1091 has 30")
            return None
        return WashSale(start, window)

    def established(self, value: Any) -> tuple[str, ...]:
        table = self._table("straddle", value)
        self.known("straddle", table, ("established",))
        coins = table.get("established", list(ESTABLISHED))
        if not isinstance(coins, list) or not all(isinstance(coin, str) for coin in coins):
            self.problem("straddle", "established", "is not a list of coins", 'write ["BTC", "ETH"]')
            return ()
        return tuple(coins)

    def costs(self, value: Any) -> dict[str, Costs]:
        made = {}
        for asset, entry in self._table("costs", value).items():
            table = f"costs.{asset}"
            if not isinstance(entry, dict):
                self.problem("costs", asset, "is not a table", f"write [{table}] and its keys below")
                continue
            self.known(table, entry, _COSTS)
            numbers = {}
            for key in _COSTS:
                if key in entry:
                    part = key not in ("volume", "impact")
                    numbers[key] = self.number(table, key, entry[key], rate=part)
            if numbers.get("volatility", 0) > 0.3:
                day = numbers["volatility"] / math.sqrt(365)
                hint = f"a day's standard deviation is wanted: of a yearly one that is {day:.3f}"
                self.problem(table, "volatility", f"{numbers['volatility']:g} is not the volatility of a day", hint)
            if numbers.get("volume") == 0:
                self.problem(table, "volume", "is zero", "leave it out where it is not known")
            made[asset] = Costs(**numbers)
        return made
