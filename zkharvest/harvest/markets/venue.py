"""A venue reached through ccxt: opened by its name, asked with patience, its numbers as the text that it sent.

    venue = connect("kraken")                      # public data
    venue = connect("kraken", private=True)        # keys from ZKHARVEST_KRAKEN_KEY, ZKHARVEST_KRAKEN_SECRET, ...
    venue.ask("prices", lambda: venue.exchange.fetch_tickers(symbols))

What can be asked again is asked again after a lost connection or a refused rate, with growing pauses; then it is an
error that says what failed. No message carries a signed address. Needs `zkharvest[live]`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import localcontext
from time import sleep
from typing import Any, TypeVar
from urllib.parse import urlsplit

from zkharvest.errors import UsageError

T = TypeVar("T")

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between tries: together longer than venues take an order late (Binance's recvWindow: 5 to 10 s)."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_CREDENTIALS = {"apiKey": "KEY", "secret": "SECRET", "password": "PASSWORD", "uid": "UID"}


def pause(seconds: float) -> None:
    """Wait between two tries."""
    sleep(seconds)


@dataclass(frozen=True)
class Venue:
    """A ccxt exchange. `label` names the account: the plan's source, or the venue itself."""

    exchange: Any
    name: str
    label: str

    def ask(self, what: str, call: Callable[[], T]) -> T:
        """The answer to what changes nothing. Raises UsageError once the venue cannot be reached or refuses."""
        import ccxt

        pauses = iter(PAUSES)
        while True:
            try:
                with localcontext():  # ccxt changes the rounding of decimals and leaves it so
                    return call()
            except ccxt.AuthenticationError as error:
                hint = f"check {variable(self.label, 'KEY')} and what the key is allowed"
                raise UsageError(f"{self.name}: {what}: the key is refused: {reason(error)}", hint) from None
            except ccxt.NetworkError as error:
                wait = next(pauses, None)
                if wait is None:
                    hint = "check the connection, and the venue's status page"
                    raise UsageError(f"{self.name}: {what}: no answer: {reason(error)}", hint) from None
                pause(wait)
            except ccxt.BaseError as error:
                raise UsageError(f"{self.name}: {what}: {reason(error)}", "the venue refused the question") from None

    def market(self, symbol: str) -> Mapping[str, Any] | None:
        """What the venue says of a symbol, or None if it does not list it."""
        found: Mapping[str, Any] | None = self.exchange.markets.get(symbol)
        return found


def reason(error: Exception) -> str:
    """What an error of ccxt says, short and without addresses: those of private requests are signed."""
    text = re.sub(r"https?://\S+", "", str(error)).strip()
    return f"{type(error).__name__}: {' '.join(text.split())[:160]}"


def variable(label: str, credential: str) -> str:
    """The environment variable of a credential: ZKHARVEST_KRAKEN_KEY."""
    return f"ZKHARVEST_{re.sub(r'[^A-Z0-9]', '_', label.upper())}_{credential}"


def connect(name: str, *, label: str = "", url: str = "", sandbox: bool = False, private: bool = False) -> Venue:
    """A venue with its markets loaded. `url`: another server that speaks the venue's API (scheme and host).

    Raises UsageError for a name that ccxt does not have, a URL that would send keys in the clear, a missing key (with
    `private`), or a venue that does not answer.
    """
    import ccxt

    if name not in ccxt.exchanges:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), ccxt.exchanges, 1)
        raise UsageError(
            f'"{name[:30]}" is not a venue of ccxt', f"did you mean {near[0]}?" if near else "such as kraken"
        )
    exchange = getattr(ccxt, name)({"enableRateLimit": True, "timeout": 10_000})
    exchange.number = str  # numbers stay the text that the venue sent: fills are recorded exactly
    exchange.has["fetchCurrencies"] = False  # needs further rights at some venues, and nothing here needs it
    if sandbox:
        if "test" not in exchange.urls:
            raise UsageError(f"{name} has no test server", "leave out --sandbox")
        exchange.set_sandbox_mode(True)
    if url:
        _replace_hosts(exchange, url)
    label = label or name
    if private:
        _take_keys(exchange, label)
    venue = Venue(exchange, name, label)
    venue.ask("markets", exchange.load_markets)
    return venue


def _replace_hosts(exchange: Any, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise UsageError(f'--url: "{url[:60]}" is not a server', "write https://HOST or http://127.0.0.1:PORT")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise UsageError(f"--url: {parts.hostname} would be asked in the clear", "use https; http is for 127.0.0.1")
    server = f"{parts.scheme}://{parts.netloc}"

    def moved(api: Any) -> Any:
        if isinstance(api, dict):
            return {key: moved(value) for key, value in api.items()}
        return re.sub(r"^(https?://)?[^/]+", server, api) if isinstance(api, str) and "://" in api else server

    exchange.urls["api"] = moved(exchange.urls["api"])


def _take_keys(exchange: Any, label: str) -> None:
    """Keys from the environment: the only place that they are taken from."""
    missing = []
    for credential, needed in exchange.requiredCredentials.items():
        if not needed:
            continue
        name = variable(label, _CREDENTIALS.get(credential, credential.upper()))
        value = os.environ.get(name, "")
        if not value:
            missing.append(name)
        setattr(exchange, credential, value)
    if missing:
        raise UsageError(
            f"{label}: no key: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
            "export a key that may trade but not withdraw; keys are read from the environment only",
        )
