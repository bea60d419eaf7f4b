"""Prices and order books of a venue as they are now: the middle of bid and ask, or why there is none.

    market = live_prices(venue, ["BTC", "ETH"], "USD", now, max_age)     # Prices, with `why` for what has none
    books, why = live_books(venue, ["BTC"], "USD")

A side that is missing, a crossed or an old ticker gives no price: it is said, never replaced by the last trade.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from zkharvest.harvest.files import Depth, Price, Prices
from zkharvest.harvest.markets.instruments import Kind, parse_instrument
from zkharvest.harvest.markets.venue import Venue
from zkharvest.trades.text import format_time

_ONE_BY_ONE = 3  # so few tickers are asked for singly: all of them at once may be thousands
_LEVELS = 100
_AHEAD_MS = 60_000  # how far a venue's clock may be ahead of ours


def symbol_of(asset: str, quote: str) -> str | None:
    """The unified symbol of an asset; None for a contract whose price is in coin."""
    one = parse_instrument(asset)
    if one is None or one.kind is Kind.SPOT:
        return f"{asset}/{quote}"
    return None if one.inverse else one.symbol


def _listed(venue: Venue, assets: Iterable[str], quote: str) -> tuple[dict[str, str], dict[str, str]]:
    """The symbols of the assets that the venue lists, and why the others have none."""
    found, why = dict[str, str](), dict[str, str]()
    for asset in dict.fromkeys(assets):
        symbol = symbol_of(asset, quote)
        if symbol is None:
            why[asset] = "its price is in coin: give --prices"
        elif venue.market(symbol) is None:
            why[asset] = f"{symbol} is not listed by {venue.name}"
        else:
            found[asset] = symbol
    return found, why


def live_prices(venue: Venue, assets: Iterable[str], quote: str, now: int, max_age: int) -> Prices:
    """The prices of now (ms UTC). Raises UsageError if the venue does not answer."""
    symbols, why = _listed(venue, assets, quote)
    tickers = _tickers(venue, list(symbols.values()))
    series = {}
    for asset, symbol in symbols.items():
        found = _price(tickers.get(symbol), now, max_age)
        if isinstance(found, str):
            why[asset] = f"{symbol} at {venue.name}: {found}"
        else:
            series[asset] = (found,)
    return Prices(series, why)


def _tickers(venue: Venue, symbols: list[str]) -> Mapping[str, Any]:
    exchange = venue.exchange
    if not symbols:
        return {}
    singly = len(symbols) <= _ONE_BY_ONE or not exchange.has.get("fetchTickers") or exchange.id == "deribit"
    if not singly:
        tickers: Mapping[str, Any] = venue.ask("prices", lambda: exchange.fetch_tickers(symbols))
        return tickers
    return {symbol: venue.ask("prices", lambda s=symbol: exchange.fetch_ticker(s)) for symbol in symbols}  # type: ignore[misc]


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _price(ticker: Mapping[str, Any] | None, now: int, max_age: int) -> Price | str:
    """The middle of a ticker, or why it is none."""
    if ticker is None:
        return "no ticker"
    bid, ask = _number(ticker.get("bid")), _number(ticker.get("ask"))
    time = int(ticker.get("timestamp") or now)
    for side, price in (("bid", bid), ("ask", ask)):
        if not price > 0:
            return f"no {side}"
    if bid > ask:
        return f"crossed: bid {bid:g} is above ask {ask:g}"
    if now - time > max_age:
        return f"stale: the newest is of {format_time(time)}"
    if time - now > _AHEAD_MS:
        return f"dated in the future: {format_time(time)}"
    time = min(time, now)
    return Price(time, time, (bid + ask) / 2)


def live_books(venue: Venue, assets: Iterable[str], quote: str) -> tuple[dict[str, Depth], dict[str, str]]:
    """The order books of assets, and why some have none. Raises UsageError if the venue does not answer."""
    symbols, why = _listed(venue, assets, quote)
    books = {}
    for asset, symbol in symbols.items():
        found = venue.ask("book", lambda s=symbol: venue.exchange.fetch_order_book(s, _LEVELS))  # type: ignore[misc]
        book = book_of(found)
        if isinstance(book, str):
            why[asset] = f"{symbol} at {venue.name}: {book}"
        else:
            books[asset] = book
    return books, why


def book_of(found: Mapping[str, Any]) -> Depth | str:
    """ccxt's order book as a depth, or what is wrong with it."""
    sides = []
    for name, best_first in (("bids", True), ("asks", False)):
        levels = [(_number(level[0]), _number(level[1])) for level in found.get(name) or ()]
        levels = sorted(((p, a) for p, a in levels if p > 0 and a > 0), reverse=best_first)
        if not levels:
            return f"the book has no {name}"
        sides.append(tuple(levels))
    if sides[0][0][0] >= sides[1][0][0]:
        return f"the book is crossed: bid {sides[0][0][0]:g} is not below ask {sides[1][0][0]:g}"
    return Depth(sides[0], sides[1])
