"""What an auditor expects of a chain of links: a ChainPolicy, and its JSON form.

    {"schema": "zkharvest/chain-policy/1", "first": true, "pages": {"kraken": ["57ab..."]}, "max_declared": 0}

The package never chooses how strictly it is checked, and what is left out is not expected. What is not expected,
and would have to be to know whose figures these are, leaves the verdict undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from zkharvest.spec import MAX_NAME, METHODS, POOLINGS, is_currency
from zkharvest.verifier.expected import (
    DEFAULT_BITS,
    SIGNER_BYTES,
    bits_of,
    bytes_of,
    circuits_of,
    given_in,
    kind_of,
    one_of,
    optional,
    read_json,
    sized,
    switch,
    visible,
    written,
    year_of,
)
from zkharvest.verifier.figures import Counters
from zkharvest.verifier.page import ID_BYTES, SourceKey
from zkharvest.verifier.params import Preset
from zkharvest.verifier.stated import MAX_AUDIENCE, MAX_NONCE
from zkharvest.verifier.text import quoted
from zkharvest.verifier.values import is_zone_name

SCHEMA = "zkharvest/chain-policy/1"
KEY_BYTES = (32, 48)
"""Of an Ed25519 and of a BLS12-381 key."""

MOST = 1 << 40
"""Of a limit for a counter: more than any counter reaches."""

LIMITS = ("declared", "unexplained", "gone", "by_window", "in_transit")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPolicy:
    """What must hold beyond the proofs. None, or an empty map, expects nothing.

    `first`: nothing came before the first link; `standing`: the name (32 bytes) of the standing with which it begins,
    from last year's verdict. One of the two must be given, or no chain is accepted.

    By source: `pages`, ids of pages that the source or the taxpayer handed over; `source_keys`, keys with which it must
    have signed its newest page; `accounts`, the taxpayer's pseudonyms there. A signature shows whose page it is, and
    not whose account: so a key needs an account beside it, and a page's id does not.

    Of the last link: `year`, `method`, `pooling`, `timezone`, `currency`, and of its package `audience`, `nonce`,
    `signer` (the taxpayer's Ed25519 key). `max_declared` and so on: limits for the counters; `need_refs`: no move may
    be matched by amount and time alone.

    `circuits`: the ids of those that are accepted. `min_bits`: the least that every proof must have; None is 128 of
    every parameter set but `test`, which proves nothing and is taken only with `allow_test_preset`.

    Bytes may be given as hex text. TypeError for a value of the wrong type, ValueError for one that no chain meets.
    """

    first: bool = False
    standing: bytes | None = None
    pages: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source_keys: Mapping[str, tuple[SourceKey, ...]] = field(default_factory=dict)
    signer: bytes | None = None
    year: int | None = None
    method: str | None = None
    pooling: str | None = None
    timezone: str | None = None
    currency: str | None = None
    audience: str | None = None
    nonce: bytes | None = None
    circuits: tuple[str, ...] | None = None
    min_bits: float | None = None
    max_declared: int | None = None
    max_unexplained: int | None = None
    max_gone: int | None = None
    max_by_window: int | None = None
    max_in_transit: int | None = None
    need_refs: bool = False
    allow_other_sources: bool = False
    allow_test_preset: bool = False

    def __post_init__(self) -> None:
        """Checks every value, and turns hex into bytes."""
        for entry in fields(self):
            object.__setattr__(self, entry.name, _CHECKS[entry.name](entry.name, getattr(self, entry.name)))
        if self.first and self.standing is not None:
            raise ValueError("first and standing: a chain that begins with a standing is not the first")

    def least_bits(self, preset: Preset) -> float:
        """The bits that a proof under this parameter set must have."""
        if self.min_bits is not None:
            return self.min_bits
        return DEFAULT_BITS if preset.real else 0

    @property
    def names_sources(self) -> bool:
        """Whether anything is expected of any source."""
        return bool(self.pages or self.source_keys)

    def names(self, source: str) -> bool:
        """Whether anything is expected of this source: it is then none of those that `allow_other_sources` lets be."""
        return source in self.pages or source in self.source_keys or source in self.accounts

    def limits(self) -> Mapping[str, int]:
        """The limits that are set, by counter."""
        found = {name: most for name in LIMITS if (most := getattr(self, f"max_{name}")) is not None}
        if self.need_refs:
            found |= {"by_window": 0, "in_transit_by_window": 0}
        return found

    def exceeded(self, counters: Counters) -> Mapping[str, tuple[int, int]]:
        """Counters above their limit: what there is, and what is allowed."""
        limits = self.limits()
        return {name: (n, most) for name, most in limits.items() if (n := getattr(counters, name)) > most}

    @classmethod
    def from_json(cls, value: Any) -> ChainPolicy:
        """The policy that a JSON object describes. TypeError or ValueError says what is wrong with it."""
        return cls(**given_in(value, SCHEMA, [entry.name for entry in fields(cls)]))

    def to_json(self) -> dict[str, Any]:
        """The JSON object: the schema and what is expected; bytes as hex."""
        shown: dict[str, Any] = {"schema": SCHEMA}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value is not None and value != {} and value is not False:  # a limit of 0 is one
                shown[entry.name] = _plain(value)
        return shown


def read_chain_policy(text: str | bytes) -> ChainPolicy:
    """The policy in the text of a policy file. TypeError or ValueError says what is wrong with it."""
    return ChainPolicy.from_json(read_json(text))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, SourceKey):
        return value.to_json()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


# ------------------------------------------------------------------------------------------------- checks


def _lists(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """A map from source ids to one value or several, each once."""

    def whole(name: str, value: Any) -> dict[str, tuple[Any, ...]]:
        if not isinstance(value, Mapping):
            raise TypeError(f"{name} maps source ids to lists; this is {kind_of(value)}")
        found: dict[str, tuple[Any, ...]] = {}
        for source, given in value.items():
            visible(f"{name}: a source id", source, MAX_NAME)
            listed = given if isinstance(given, tuple | list) else (given,)
            if not listed:
                raise ValueError(f"{name} of {quoted(source)} is empty: leave it out to expect nothing")
            checked = tuple(check(f"{name} of {quoted(source)}", one) for one in listed)
            if len(set(checked)) < len(checked):
                raise ValueError(f"{name} of {quoted(source)}: one stands twice")
            found[source] = checked
        return found

    return whole


def _key(name: str, value: Any) -> SourceKey:
    if isinstance(value, SourceKey):
        value = {"key": value.key, "first": value.first, "last": value.last}
    elif not isinstance(value, Mapping):
        value = {"key": value}
    if set(value) - {"key", "first", "last"} or "key" not in value:
        raise ValueError(f"{name}: a key is hex text, or an object of key, first and last")
    key = bytes_of(name, value["key"], min(KEY_BYTES), max(KEY_BYTES))
    if len(key) not in KEY_BYTES:
        raise ValueError(f"{name} has {len(key)} bytes, not 32 (Ed25519) or 48 (BLS12-381)")
    first, last = (_day(name, value.get(side)) for side in ("first", "last"))
    if first is not None and last is not None and first > last:
        raise ValueError(f"{name}: its first day is after its last")
    return SourceKey(key, first, last)


def _day(name: str, value: Any) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{name}: a day is a text such as 2025-12-31, not {kind_of(value)}")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:  # other forms of ISO 8601 are read above too
        raise ValueError(f"{name}: {quoted(value)} is not a day such as 2025-12-31")
    return day


def _limit(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is a number such as 0, not {kind_of(value)}")
    if not 0 <= value <= MOST:
        raise ValueError(f"{name} is a number from 0 on, not {quoted(value)}")
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "first": switch,
    "standing": sized(32, 32),
    "pages": _lists(lambda name, value: bytes_of(name, value, ID_BYTES, ID_BYTES)),
    "accounts": _lists(lambda name, value: visible(name, value, MAX_NAME)),
    "source_keys": _lists(_key),
    "signer": sized(SIGNER_BYTES, SIGNER_BYTES),
    "year": optional(year_of),
    "method": one_of(METHODS),
    "pooling": one_of(POOLINGS),
    "timezone": written(is_zone_name, "America/New_York"),
    "currency": written(is_currency, "USD"),
    "audience": optional(lambda name, value: visible(name, value, MAX_AUDIENCE)),
    "nonce": sized(1, MAX_NONCE),
    "circuits": optional(circuits_of),
    "min_bits": optional(bits_of),
    **{f"max_{name}": optional(_limit) for name in LIMITS},
    "need_refs": switch,
    "allow_other_sources": switch,
    "allow_test_preset": switch,
}
