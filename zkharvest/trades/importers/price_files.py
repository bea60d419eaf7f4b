"""Price files as their publishers write them, told by their first line.

| publisher | file | what is taken |
| --- | --- | --- |
| CoinGecko | `btc-usd-max.csv`: snapped_at,price,market_cap,total_volume | the price at 00:00 UTC of its day |
| Kraken | `XBTUSD_1440.csv`: OHLCVT without a header, seconds since 1970 | the close of each day of 1440 minutes |
| Binance | `BTCUSDT-1d-2024-03.csv`: klines, milliseconds or microseconds since 1970 | the close of each day |
| ECB | `eurofxref-hist.csv`: Date,USD,JPY,... units of the currency for 1 EUR | the reference rate |
| Federal Reserve (FRED) | `DEXUSEU.csv`: observation_date or DATE, and one series | the noon buying rate |

The first three name the pair in their file name, as it is published. Its quote has to be the currency of the import; a
quote in USDT is not taken for USD. The banks publish on business days: the rate holds until the next one, four days at
most, as over a weekend. Every price remembers its file, which names the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zkharvest.errors import InputError
from zkharvest.trades.importers.cells import ATOMS, number, splits
from zkharvest.trades.importers.names import Names
from zkharvest.trades.importers.rows import file_label
from zkharvest.trades.text import TextError, instant

_DAY_MS = 86_400_000
_HOLDS = 4  # days that a rate of a bank holds beyond its own
_COINGECKO = ["snapped_at", "price", "market_cap", "total_volume"]
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "USD", "EUR", "GBP", "CAD", "AUD", "JPY", "CHF", "BTC", "ETH")
_FRED = {  # series to (currency priced, currency of the price), or turned: units of the first for one of the second
    "DEXUSEU": ("EUR", "USD"),
    "DEXUSUK": ("GBP", "USD"),
    "DEXUSAL": ("AUD", "USD"),
    "DEXUSNZ": ("NZD", "USD"),
    "DEXJPUS": ("USD", "JPY"),
    "DEXCAUS": ("USD", "CAD"),
    "DEXSZUS": ("USD", "CHF"),
    "DEXCHUS": ("USD", "CNY"),
    "DEXINUS": ("USD", "INR"),
    "DEXKOUS": ("USD", "KRW"),
    "DEXMXUS": ("USD", "MXN"),
    "DEXBZUS": ("USD", "BRL"),
    "DEXSDUS": ("USD", "SEK"),
    "DEXNOUS": ("USD", "NOK"),
    "DEXDNUS": ("USD", "DKK"),
    "DEXSIUS": ("USD", "SGD"),
    "DEXHKUS": ("USD", "HKD"),
}


@dataclass(frozen=True, slots=True)
class DayPrice:
    """The price of one unit of an asset on a UTC day (its first instant), in 10^-18 of the reporting currency."""

    time: int
    asset: str
    price: int


def published(
    file: str, records: Iterable[tuple[int, list[str]]], names: Names, currency: str
) -> list[DayPrice] | None:
    """The prices of a publisher's file, or None if it is not one of those known. Raises `InputError`."""
    rows = list(records)
    if not rows:
        return None
    head = [cell.strip() for cell in rows[0][1]]
    try:
        if [cell.lower() for cell in head] == _COINGECKO:
            asset = _pair(file, names, currency)
            return [DayPrice(_day(cells[0], whole=True), asset, number(cells[1])) for _, cells in rows[1:] if cells[1]]
        if head[0] == "Date" and "USD" in head:
            return list(_bank(_ecb(head, rows[1:], currency)))
        if head[0].lower() in ("observation_date", "date") and len(head) == 2 and head[1] in _FRED:
            return list(_bank(_fred(head[1], rows[1:], currency)))
        if len(head) in (7, 8) and re.fullmatch(r"[0-9]{10}", head[0]):
            return list(_candles(file, rows, names, currency, unit=1000))
        if len(head) == 12 and (head[0] == "open_time" or re.fullmatch(r"[0-9]{13}|[0-9]{16}", head[0])):
            klines = rows[1:] if head[0] == "open_time" else rows
            return list(_candles(file, klines, names, currency, unit=1))
    except (TextError, ValueError, IndexError) as error:
        reason = getattr(error, "reason", "a row is not of the form of the file")
        hint = getattr(error, "hint", "take the file as it is published")
        raise InputError.one(file, f"cannot be read: {reason}", hint) from None
    return None


def _pair(file: str, names: Names, currency: str) -> str:
    """The asset of a file named after its pair. Raises `InputError` if the quote is not the currency of the import."""
    stem = re.split(r"[_.]|-[0-9]|-max", file_label(file))[0].upper()
    parts = [part for part in stem.split("-") if part]
    found = [(parts[0], parts[1])] if len(parts) == 2 else splits(stem, _QUOTES)
    best = [one for one in found if len(one[1]) == max(len(two[1]) for two in found)]
    if len(best) != 1:
        hint = "keep the name that the publisher gave it, such as btc-usd-max.csv, XBTUSD_1440.csv, BTCEUR-1d-2024.csv"
        raise InputError.one(file, "the name of the file does not say the pair", hint)
    base, quote = best[0]
    if names.coin(quote) != currency:
        hint = f"take the prices in {currency}, or import with --currency {quote}"
        raise InputError.one(file, f"the prices are in {quote}, the import is in {currency}", hint)
    return names.coin(base)


def _candles(
    file: str, rows: Iterable[tuple[int, list[str]]], names: Names, currency: str, *, unit: int
) -> Iterator[DayPrice]:
    """The close of each day; candles of another length are refused."""
    asset = _pair(file, names, currency)
    before = None
    for line, cells in rows:
        time = int(cells[0]) * unit
        time = time // 1000 if time > 10**14 else time  # microseconds, from 2025 on
        if time % _DAY_MS or (before is not None and time - before < _DAY_MS):
            raise InputError.one(f"{file}:{line}", "is not a candle of one UTC day", "take the daily file (1440, 1d)")
        before = time
        yield DayPrice(time, asset, number(cells[4]))


def _ecb(head: list[str], rows: Iterable[tuple[int, list[str]]], currency: str) -> Iterator[DayPrice]:
    """Every currency in the reporting currency, by the euro."""
    for _, cells in rows:
        rates = {"EUR": ATOMS}
        for name, cell in zip(head[1:], cells[1:], strict=False):
            if name and cell.strip() not in ("", "N/A"):
                rates[name] = number(cell)
        if currency not in rates:
            continue
        for name, rate in rates.items():
            if name != currency:
                yield DayPrice(_day(cells[0]), name, rates[currency] * ATOMS // rate)


def _fred(series: str, rows: Iterable[tuple[int, list[str]]], currency: str) -> Iterator[DayPrice]:
    """The one currency of the series in the other."""
    priced, quote = _FRED[series]
    for _, cells in rows:
        if cells[1].strip() in ("", "."):
            continue
        rate = number(cells[1])
        if currency == quote:
            yield DayPrice(_day(cells[0]), priced, rate)
        elif currency == priced:
            yield DayPrice(_day(cells[0]), quote, ATOMS * ATOMS // rate)


def _bank(prices: Iterable[DayPrice]) -> Iterator[DayPrice]:
    """The rates, each until the next one is published."""
    by_asset: dict[str, dict[int, int]] = {}
    for one in prices:
        by_asset.setdefault(one.asset, {})[one.time] = one.price
    for asset, days in by_asset.items():
        for time, price in days.items():
            yield DayPrice(time, asset, price)
            for n in range(1, _HOLDS + 1):
                if time + n * _DAY_MS in days:
                    break
                yield DayPrice(time + n * _DAY_MS, asset, price)


def _day(text: str, *, whole: bool = False) -> int:
    """The first instant of a day; `whole`: a time of day beside it has to be that instant."""
    match = _DATE.match(text.strip())
    if match is None:
        raise TextError(text, "is not a day", "take the file as it is published")
    if whole and re.search("[1-9]", text.strip()[10:]):
        raise TextError(text, "is not the start of a day", "take the daily file (max)")
    return instant(int(match[1]), int(match[2]), int(match[3]))
