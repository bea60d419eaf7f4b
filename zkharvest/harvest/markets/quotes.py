"""What can be traded now: instruments with their steps and fees, and quotes that can be relied on.

`read_instruments` takes Deribit's `public/get_instruments` (JSON) or a CSV with `instrument,step,taker` (optional
`cftc`); `read_quotes` takes results of Deribit's `public/ticker` (JSON) or a CSV with
`time,instrument,bid,ask,bid_size,ask_size,mark,iv,underlying,index` (optional `funding`, the rate of eight hours as a
fraction). `iv` is in percent, as Deribit writes it. A file that cannot be read is an error; a quote that cannot be
relied on is left out with its reason (`Market.left_out`), so that no missing number becomes a silent one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from zkharvest.harvest.files import Depth
from zkharvest.harvest.markets.instruments import Instrument, Kind, parse_instrument
from zkharvest.harvest.markets.venue_files import Columns, FieldError, Row, moment, number, read_rows, taken, text_of
from zkharvest.trades.text import quoted

INSTRUMENT_COLUMNS = Columns(("instrument", "step", "taker"), ("cftc",))
QUOTE_COLUMNS = Columns(
    ("time", "instrument", "bid", "ask", "bid_size", "ask_size", "mark", "iv", "underlying", "index"), ("funding",)
)
MAX_IV = 500.0  # percent
_NAMES = "names look like BTC-PERPETUAL, BTC-27DEC26 or BTC-27DEC26-80000-P"


@dataclass(frozen=True, slots=True)
class Quote:
    """One quote. Prices as the venue writes them: coin for an inverse option, else dollars. NaN: not quoted.

    `iv` is a fraction; `forward` the price of the underlying for the expiry, `index` that of the coin, in dollars;
    `funding` the rate of eight hours that longs pay.
    """

    instrument: str
    time: int
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    mark: float
    iv: float
    forward: float
    index: float
    funding: float = 0.0


@dataclass(frozen=True, slots=True)
class Listed:
    """An instrument with the quote it trades at."""

    instrument: Instrument
    quote: Quote

    def dollars(self, price: float) -> float:
        """A price of this instrument in dollars per coin of amount."""
        inverse_option = self.instrument.inverse and self.instrument.kind.option
        return price * self.quote.forward if inverse_option else price

    @property
    def per_amount(self) -> float:
        """Coins in one unit of an amount: 1, or 1/F where amounts are dollars."""
        return 1 / self.quote.forward if self.instrument.in_dollars else 1.0

    @property
    def half_spread(self) -> float:
        """Half the spread, in dollars per unit of an amount."""
        return self.dollars(self.quote.ask - self.quote.bid) / 2 * self.per_amount

    @property
    def fee(self) -> float:
        """The taker's fee in dollars per unit of an amount; an option's is at most an eighth of its premium."""
        fee = self.instrument.taker * self.quote.forward * self.per_amount
        return min(fee, self.dollars(self.quote.mark) / 8) if self.instrument.kind.option else fee


@dataclass(slots=True)
class Market:
    """The instruments that can be used at an instant, and those that cannot, with the reason.

    `books`: the depth of those whose book is known; of the others the size at the best price is all that counts.
    """

    now: int
    listed: dict[str, Listed] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    books: dict[str, Depth] = field(default_factory=dict)

    def of_coin(self, coin: str) -> list[Listed]:
        """What is listed on a coin."""
        return [one for one in self.listed.values() if one.instrument.coin == coin]

    def index(self, coin: str) -> float:
        """The newest index price of a coin in dollars; NaN where nothing on it is listed."""
        quotes = [one.quote for one in self.of_coin(coin)]
        return max(quotes, key=lambda quote: quote.time).index if quotes else math.nan


def read_instruments(path: Path) -> dict[str, Instrument]:
    """The instruments of a file by name. Raises `UsageError` or `InputError`."""
    made = taken(path, read_rows(path, INSTRUMENT_COLUMNS), _instrument)
    return {one.name: one for one in made}


def read_quotes(path: Path) -> list[Quote]:
    """The quotes of a file, in its order. Raises `UsageError` or `InputError`."""
    return taken(path, read_rows(path, QUOTE_COLUMNS), _quote)


def market(instruments: dict[str, Instrument], quotes: Iterable[Quote], now: int, max_age_ms: int) -> Market:
    """The newest quote at or before `now` (ms) of each instrument, if it can be relied on.

    An instrument of the file without any quote is left out as well.
    """
    newest: dict[str, Quote] = {}
    made = Market(now)
    for quote in quotes:
        known = newest.get(quote.instrument)
        if quote.time > now:
            made.left_out.setdefault(quote.instrument, "the quote is from later than the stated time")
        elif known is None or quote.time >= known.time:
            newest[quote.instrument] = quote
    for name, quote in newest.items():
        instrument = instruments.get(name)
        reason = _unusable(instrument, quote, now, max_age_ms)
        if reason or instrument is None:
            made.left_out[name] = reason
        else:
            made.left_out.pop(name, None)
            made.listed[name] = Listed(instrument, quote)
    for name in instruments:
        if name not in newest:
            made.left_out.setdefault(name, "no quote")
    return made


def _unusable(instrument: Instrument | None, quote: Quote, now: int, max_age_ms: int) -> str:
    """Why a quote cannot be relied on; empty if it can."""
    if instrument is None:
        return "the instruments file does not have it"
    if instrument.expiry and instrument.expiry <= now:
        return "expired"
    if now - quote.time > max_age_ms:
        return f"stale: {_age(now - quote.time)} old"
    for side, price, size in (("bid", quote.bid, quote.bid_size), ("ask", quote.ask, quote.ask_size)):
        if not price > 0:
            return f"no {side}"
        if not size > 0:
            return f"no size at the {side}"
    if quote.bid > quote.ask:
        return "crossed: the bid is above the ask"
    if not (quote.forward > 0 and quote.index > 0):
        return "no price of the underlying"
    if instrument.kind.option and not 0 < quote.iv <= MAX_IV / 100:
        return "no volatility" if math.isnan(quote.iv) else f"volatility outside 0 to {MAX_IV:g} %"
    return "" if instrument.step > 0 else "no smallest amount"


def _age(milliseconds: int) -> str:
    minutes = milliseconds / 60_000
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


def _parsed(row: Row, column: str) -> Instrument:
    name = text_of(row, column)
    parsed = parse_instrument(name)
    if parsed is None:
        raise FieldError(column, f"{quoted(name)} is not an instrument that is known", _NAMES)
    return parsed


def _instrument(row: Row) -> Instrument:
    """An instrument of a CSV row or of Deribit's JSON, whose fields go before what the name says."""
    if "instrument_name" not in row.cells:
        named = _parsed(row, "instrument")
        listed = str(row.cells.get("cftc", "")).lower() in ("1", "yes", "true")
        step, taker = number(row, "step", least=0), number(row, "taker", least=-0.01)
        return _with(named, named.settles, named.expiry, named.strike, step, taker, cftc=listed)
    kind = row.cells.get("kind")
    named = _parsed(row, "instrument_name") if kind != "spot" else _spot_pair(row)
    expiry = int(number(row, "expiration_timestamp", default=named.expiry)) if named.expiry else 0
    strike = number(row, "strike", least=0) if named.kind.option else 0.0
    settles = row.cells.get("settlement_currency") or named.settles
    if named.kind is Kind.SPOT:
        settles = named.coin
    step, taker = number(row, "min_trade_amount", least=0), number(row, "taker_commission", default=0.0)
    return _with(named, str(settles), expiry, strike, step, taker, cftc=row.cells.get("cftc") is True)


def _spot_pair(row: Row) -> Instrument:
    """Deribit's spot pair, such as BTC_USDC: the coin against dollars."""
    name = text_of(row, "instrument_name")
    coin = name.partition("_")[0]
    return Instrument(name, Kind.SPOT, coin, coin)


def _with(
    named: Instrument, settles: str, expiry: int, strike: float, step: float, taker: float, *, cftc: bool
) -> Instrument:
    return Instrument(named.name, named.kind, named.coin, settles, expiry, strike, step, taker, cftc)


def _quote(row: Row) -> Quote:
    if "instrument_name" in row.cells:
        return _ticker(row)
    missing = math.nan
    mark = number(row, "mark", default=missing)
    index = number(row, "index", default=missing)
    return Quote(
        text_of(row, "instrument"),
        moment(row, "time"),
        number(row, "bid", default=0.0),
        number(row, "ask", default=0.0),
        number(row, "bid_size", default=0.0),
        number(row, "ask_size", default=0.0),
        mark,
        number(row, "iv", default=missing) / 100,
        number(row, "underlying", default=index),
        index,
        number(row, "funding", default=0.0),
    )


def _ticker(row: Row) -> Quote:
    """Deribit's ticker. A future's or perpetual's forward is its own mark price."""
    name = text_of(row, "instrument_name")
    missing = math.nan
    mark = number(row, "mark_price", default=missing)
    index = number(row, "index_price", default=missing)
    parsed = parse_instrument(name)
    option = parsed is not None and parsed.kind.option
    open_now = row.cells.get("state", "open") == "open"
    return Quote(
        name,
        moment(row, "timestamp"),
        number(row, "best_bid_price", default=0.0) if open_now else 0.0,
        number(row, "best_ask_price", default=0.0) if open_now else 0.0,
        number(row, "best_bid_amount", default=0.0),
        number(row, "best_ask_amount", default=0.0),
        mark,
        number(row, "mark_iv", default=missing) / 100,
        number(row, "underlying_price", default=index) if option else mark,
        index,
        number(row, "funding_8h", default=0.0),
    )
