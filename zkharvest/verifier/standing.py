r"""A standing: the state at an instant, from which a link of `lot-machine/v2` begins and at which it ends.

    {accounts, currency, instant, lots, pooling, sums, timezone, v, year}      canonical msgpack

`lots` is the root over open lots and what is in transit, `sums` that over registers. Each of `accounts` is the state of
one: {account, end, final, number, open, page, source}, its last page with that page's number and end; `open`: the page
goes on behind the instant, and must come again; `final`: the account is closed. Its name is
SHA-256("zkharvest/standing/v2\0" || the encoding): two that differ in anything have two names.

How many records were worked is not in it: who reads a chain of packages need not know that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import NoReturn

from zkharvest.spec import FIRST_YEAR, LAST_YEAR, MAX_NAME, MAX_SOURCES, POOLINGS, ROOT_BYTES, TIME_LIMIT
from zkharvest.verifier import wire
from zkharvest.verifier.page import ID_BYTES, MAX_PAGES
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.text import quoted
from zkharvest.verifier.values import (
    are_integers,
    are_texts,
    currency_of,
    fields,
    integer,
    one_of,
    root_of,
    sized,
    text,
    truth,
    zone_of,
)

VERSION = 2
MAX_STANDING = 1 << 21
"""Bytes of an encoded standing: 4096 accounts with the longest names need less."""

_TAG = b"zkharvest/standing/v2\0"
_KEYS = ("accounts", "currency", "instant", "lots", "pooling", "sums", "timezone", "v", "year")
_ACCOUNT_KEYS = ("account", "end", "final", "number", "open", "page", "source")


@dataclass(frozen=True, slots=True)
class AccountState:
    """What a standing says of an account. `end` is the last page's, in ms."""

    source: str
    account: str
    number: int
    page: bytes
    end: int
    open: bool
    final: bool

    @property
    def name(self) -> tuple[str, str]:
        """Source and pseudonym."""
        return self.source, self.account

    def to_map(self) -> dict[str, wire.Value]:
        """As it is encoded."""
        return {name: getattr(self, name) for name in _ACCOUNT_KEYS}


@dataclass(frozen=True, slots=True)
class Standing:
    """The state at `instant` (ms). `year`: the tax year that the link which ended here was of, or None."""

    instant: int
    currency: str
    pooling: str
    timezone: str
    year: int | None
    lots: bytes
    sums: bytes
    accounts: tuple[AccountState, ...]

    def to_map(self) -> dict[str, wire.Value]:
        """As it is encoded, and as a statement carries it."""
        accounts: list[wire.Value] = [state.to_map() for state in self.accounts]
        simple = {name: getattr(self, name) for name in _KEYS if name not in ("accounts", "v")}
        return {**simple, "accounts": accounts, "v": VERSION}

    def encode(self) -> bytes:
        """The canonical bytes."""
        return wire.encode(self.to_map())

    @property
    def name(self) -> bytes:
        """What names it, 32 bytes."""
        return sha256(_TAG + self.encode()).digest()


def decode_standing(data: bytes) -> Standing:
    """The standing that these bytes encode; Reject (`standing/...`) if they are none."""
    if len(data) > MAX_STANDING:
        raise Reject(Reason.STANDING_FORM, f"{len(data)} bytes, a standing has at most {MAX_STANDING}")
    try:
        value = wire.decode(data)
    except Reject as reject:
        raise Reject(Reason.STANDING_FORM, reject.detail) from None
    return read_standing(value)


def read_standing(value: wire.Value) -> Standing:
    """The standing of a decoded map; Reject (`standing/form`, `value`, `version`) if it is none."""
    if not isinstance(value, dict):
        raise Reject(Reason.STANDING_FORM, "a standing is a map")
    version = value.get("v")
    if type(version) is int and version > VERSION:
        raise Reject(Reason.STANDING_VERSION, f"a standing of version {version}, this program knows {VERSION}")
    try:
        return _read(value)
    except Reject as reject:
        _as_standing(reject)


def _as_standing(reject: Reject) -> NoReturn:
    """Raise what a reader of values said, as said of a standing."""
    names = {Reason.STATEMENT_FIELDS: Reason.STANDING_FORM, Reason.STATEMENT_VALUE: Reason.STANDING_VALUE}
    raise Reject(names.get(reject.reason, reject.reason), reject.detail) from None


def _read(value: Mapping[str, wire.Value]) -> Standing:
    if tuple(sorted(value)) != _KEYS:
        raise fields("a standing")
    year = value["year"]
    are_integers("a standing", value["v"], value["instant"], *(() if year is None else (year,)))
    are_texts("a standing", value["currency"], value["pooling"], value["timezone"])
    for name in ("lots", "sums"):
        sized(value[name], name, ROOT_BYTES)
    accounts = value["accounts"]
    if not isinstance(accounts, list):
        raise fields("accounts")
    integer(value["v"], "v", VERSION, VERSION)
    instant = integer(value["instant"], "instant", 0, TIME_LIMIT - 1)
    return Standing(
        instant,
        currency_of(value["currency"]),
        one_of(value["pooling"], "pooling", POOLINGS),
        zone_of(value["timezone"]),
        None if year is None else integer(year, "year", FIRST_YEAR, LAST_YEAR),
        root_of(value["lots"], "lots"),
        root_of(value["sums"], "sums"),
        _accounts(accounts, instant),
    )


def _accounts(value: Sequence[wire.Value], instant: int) -> tuple[AccountState, ...]:
    if not 1 <= len(value) <= MAX_SOURCES:
        raise Reject(Reason.STANDING_VALUE, f"{len(value)} accounts, not 1..{MAX_SOURCES}")
    states = tuple(_account(one) for one in value)
    check_names([state.name for state in states], Reason.STANDING_VALUE)
    for state in states:
        # A page that ends behind the instant is open, and the account goes on; else it ends there, or is closed.
        if state.open != (state.end > instant):
            raise Reject(
                Reason.STANDING_VALUE, f"page {state.number} of {quoted(state.account)} is falsely called open"
            )
        if state.final and state.open:
            raise Reject(Reason.STANDING_VALUE, f"the account {quoted(state.account)} is closed and goes on")
        if not state.final and state.end < instant:
            raise Reject(Reason.STANDING_VALUE, f"the pages of {quoted(state.account)} end before the instant")
    return states


def _account(value: wire.Value) -> AccountState:
    if not isinstance(value, dict) or tuple(sorted(value)) != _ACCOUNT_KEYS:
        raise fields("an account")
    are_texts("an account", value["source"], value["account"])
    are_integers("an account", value["number"], value["end"])
    page = sized(value["page"], "a page", ID_BYTES)
    goes_on, final = truth(value["open"], "open"), truth(value["final"], "final")
    return AccountState(
        named(value["source"], "a source"),
        named(value["account"], "an account"),
        integer(value["number"], "a page's number", 0, MAX_PAGES - 1),
        page,
        integer(value["end"], "a page's end", 0, TIME_LIMIT - 1),
        goes_on,
        final,
    )


def named(value: wire.Value, where: str) -> str:
    """The name of a source or an account."""
    if not isinstance(value, str):
        raise fields(where)
    return text(value, where, MAX_NAME)


def check_names(names: Sequence[tuple[str, str]], reason: Reason) -> None:
    """Reject unless accounts strictly increase by the bytes of source and pseudonym."""
    if any(_bytes(a) >= _bytes(b) for a, b in pairwise(names)):
        raise Reject(reason, "the accounts are not in strictly increasing order of source and pseudonym")


def _bytes(name: tuple[str, str]) -> tuple[bytes, bytes]:
    return name[0].encode(), name[1].encode()
