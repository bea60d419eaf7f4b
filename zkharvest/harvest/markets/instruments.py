"""Instruments by the names that venues give them, and what one unit of an amount is.

Names that are read (the forms of the venues' own documentation):

    BTC                              the coin itself
    BTC-PERPETUAL, BTC_USDC-PERPETUAL            Deribit perpetual, inverse and linear
    BTC-27DEC26, BTC_USDC-27DEC26                Deribit dated future
    BTC-27DEC26-80000-P, XRP_USDC-27DEC26-0d65-C Deribit option ("d" is the decimal point)
    BTC/USD:BTC, BTC/USDC:USDC-261227-80000-P    CCXT's unified symbols
    BTC-USDT-SWAP, BTC-USD-261227-80000-P        OKX
    BTC-27DEC26-80000-P-USDT                     Bybit, options settled in USDT

An instrument is *inverse* if it is settled in the coin itself, else *linear*. Amounts are coins, but dollars for
inverse perpetuals and futures (Deribit's `amount`). Dated instruments expire at 08:00 UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

DAY_MS = 86_400_000
_EXPIRY_HOUR = 8  # UTC; Deribit, Bybit, OKX and Binance settle options and futures then
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DOLLARS = frozenset({"USD", "USDC", "USDT", "USDE", "PYUSD", "FDUSD"})

_COIN = re.compile(r"[A-Z0-9]{2,15}")
_DERIBIT = re.compile(
    r"(?P<coin>[A-Z0-9]+)(?:_(?P<settles>[A-Z]+))?-"
    r"(?:(?P<perpetual>PERPETUAL)|(?P<day>[0-9]{1,2})(?P<month>[A-Z]{3})(?P<year>[0-9]{2})"
    r"(?:-(?P<strike>[0-9]+(?:[d.][0-9]+)?)-(?P<right>[CP])(?:-(?P<bybit>USD[A-Z]))?)?)"
)
_CCXT = re.compile(
    r"(?P<coin>[A-Z0-9]+)/(?P<quote>[A-Z]+):(?P<settles>[A-Z0-9]+)"
    r"(?:-(?P<date>[0-9]{6})(?:-(?P<strike>[0-9]+(?:\.[0-9]+)?)-(?P<right>[CP]))?)?"
)
_OKX = re.compile(
    r"(?P<coin>[A-Z0-9]+)-(?P<quote>USD[A-Z]?)-"
    r"(?:(?P<perpetual>SWAP)|(?P<date>[0-9]{6})(?:-(?P<strike>[0-9]+(?:\.[0-9]+)?)-(?P<right>[CP]))?)"
)


class Kind(StrEnum):
    """What an instrument is."""

    SPOT = "spot"
    PERPETUAL = "perpetual"
    FUTURE = "future"
    CALL = "call"
    PUT = "put"

    @property
    def option(self) -> bool:
        """Whether it is a call or a put."""
        return self in (Kind.CALL, Kind.PUT)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument. `expiry` is in ms UTC (0: none), `strike` in dollars; the rest comes from an instruments file.

    `step` is the smallest amount that is traded (0: not known), `taker` the fee as a fraction of the value of the
    underlying (options: at most an eighth of the premium), `cftc` whether a CFTC-regulated market lists it (s.1256).
    """

    name: str
    kind: Kind
    coin: str
    settles: str
    expiry: int = 0
    strike: float = 0.0
    step: float = 0.0
    taker: float = 0.0
    cftc: bool = False

    @property
    def inverse(self) -> bool:
        """Whether premium, margin and profit are paid in the coin itself."""
        return self.kind is not Kind.SPOT and self.settles == self.coin

    @property
    def in_dollars(self) -> bool:
        """Whether an amount is a number of dollars instead of coins."""
        return self.inverse and not self.kind.option

    @property
    def symbol(self) -> str:
        """CCXT's unified symbol, such as BTC/USD:BTC-261227-80000-P."""
        if self.kind is Kind.SPOT:
            paid = self.name.partition("_")[2] or "USD"
            return self.name if "/" in self.name else f"{self.coin}/{paid}"
        symbol = f"{self.coin}/{'USD' if self.inverse else self.settles}:{self.settles}"
        if self.expiry:
            symbol += f"-{datetime.fromtimestamp(self.expiry / 1000, UTC):%y%m%d}"
        return f"{symbol}-{self.strike:.12g}-{self.kind.name[0]}" if self.kind.option else symbol

    def days_left(self, now: int) -> float:
        """Days from an instant (ms) to expiry; infinite for what does not expire."""
        return (self.expiry - now) / DAY_MS if self.expiry else float("inf")


def parse_instrument(name: str) -> Instrument | None:
    """The instrument that a name means, or None if it is none of the known forms."""
    if _COIN.fullmatch(name):
        return Instrument(name, Kind.SPOT, name, name)
    for form in (_DERIBIT, _CCXT, _OKX):
        match = form.fullmatch(name)
        if match is None:
            continue
        parts = {key: value for key, value in match.groupdict().items() if value}
        coin = parts["coin"]
        if form is _OKX:
            settles = coin if parts["quote"] == "USD" else parts["quote"]
        else:
            settles = parts.get("settles") or parts.get("bybit") or coin
        if settles != coin and settles not in _DOLLARS:
            return None
        expiry = _expiry(parts)
        if expiry is None:
            return None
        return Instrument(name, _kind(parts), coin, settles, expiry, _strike(parts))
    return None


def _kind(parts: dict[str, str]) -> Kind:
    if "right" in parts:
        return Kind.CALL if parts["right"] == "C" else Kind.PUT
    return Kind.FUTURE if "date" in parts or "day" in parts else Kind.PERPETUAL


def _strike(parts: dict[str, str]) -> float:
    return float(parts["strike"].replace("d", ".")) if "strike" in parts else 0.0


def _expiry(parts: dict[str, str]) -> int | None:
    """The instant of expiry in ms, 0 for a perpetual, None for a date that does not exist."""
    try:
        if "date" in parts:
            date = parts["date"]
            when = datetime(2000 + int(date[:2]), int(date[2:4]), int(date[4:]), _EXPIRY_HOUR, tzinfo=UTC)
        elif "day" in parts:
            month = _MONTHS.index(parts["month"]) + 1
            when = datetime(2000 + int(parts["year"]), month, int(parts["day"]), _EXPIRY_HOUR, tzinfo=UTC)
        else:
            return 0
    except ValueError:
        return None
    return int(when.timestamp()) * 1000
