"""What an auditor expects of a package: a Policy, and the one form in which it is written.

The package never chooses how strictly it is checked. The Policy does, and its defaults are strict.

A policy file, the header of a test vector and what the second verifier reads are the same JSON object, described in
`circuits/FORMAT.md`, section 10:

    {"schema": "zkharvest/policy/1", "commitments": {"kraken:main": "57ab..."}, "year": 2025, "min_bits": 128}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from zkharvest.spec import FIRST_YEAR, LAST_YEAR, MAX_NAME, METHODS, POOLINGS, ROOT_BYTES, is_currency
from zkharvest.verifier.statement import MAX_AUDIENCE, MAX_CIRCUIT_ID, MAX_NONCE, is_zone_name
from zkharvest.verifier.text import is_visible, quoted

SCHEMA = "zkharvest/policy/1"
MAX_BYTES = 1 << 22
"""Of a policy file: 4096 sources with their commitments and keys need less than half."""

SOURCE_KEY_BYTES = 48
SIGNER_BYTES = 32
INVENTORY_BYTES = 32
DEFAULT_BITS = 128
MOST_BITS = 1024

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What must hold beyond the proof itself. None, or an empty map, expects nothing.

    `commitments`: source id -> the root that the source is known to have (36 bytes). `source_keys`: source id -> the
    BLS key with which the source must have signed its root (48 bytes). At least one of these two must name a source,
    or no package is accepted. Other sources leave the verdict undecided unless `allow_other_sources`, because anybody
    can add a source with losses in it.

    `signer`: the taxpayer's Ed25519 key (32 bytes). `carried_in`: the name (32 bytes) of the inventory that must have
    been carried in. `year`, `method`, `pooling`, `timezone`, `currency`: those of the statement. `audience`, `nonce`:
    the context that the package must have been made for. `circuits`: the accepted circuits, None for all. `min_bits`:
    proven soundness. `allow_test_preset`: for tests; such proofs are worth nothing, whatever `min_bits` says.

    Bytes may be given as hex text, `circuits` as one id. TypeError for a value of the wrong type, ValueError for one
    that no package could meet, such as an unknown method, a key of the wrong length, or an empty nonce.
    """

    commitments: Mapping[str, bytes] = field(default_factory=dict)
    source_keys: Mapping[str, bytes] = field(default_factory=dict)
    signer: bytes | None = None
    carried_in: bytes | None = None
    year: int | None = None
    method: str | None = None
    pooling: str | None = None
    timezone: str | None = None
    currency: str | None = None
    audience: str | None = None
    nonce: bytes | None = None
    circuits: tuple[str, ...] | None = None
    min_bits: float = DEFAULT_BITS
    allow_other_sources: bool = False
    allow_test_preset: bool = False

    def __post_init__(self) -> None:
        """Checks every value, and turns hex into bytes."""
        for entry in fields(self):
            value = _CHECKS[entry.name](entry.name, getattr(self, entry.name))
            object.__setattr__(self, entry.name, value)

    @property
    def names_sources(self) -> bool:
        """Whether anything is expected of any source: without that nothing about the trades is compared."""
        return bool(self.commitments or self.source_keys)

    @classmethod
    def from_json(cls, value: Any) -> Policy:
        """The policy that a JSON object describes. TypeError or ValueError says what is wrong with it."""
        if not isinstance(value, dict):
            raise TypeError(f"a policy is a JSON object, not {_kind(value)}")
        if value.get("schema") != SCHEMA:
            raise ValueError(f'schema: a policy has "schema": "{SCHEMA}", not {quoted(value.get("schema"))}')
        given = {name: part for name, part in value.items() if part is not None and name != "schema"}
        known = [entry.name for entry in fields(cls)]
        for name in given:
            if name not in known:
                raise ValueError(f"{quoted(name)} is not a key of a policy{_meant(name, known)}")
        if isinstance(given.get("circuits"), str):
            raise TypeError("circuits is a list of ids, not a text")
        if isinstance(given.get("year"), float) and given["year"].is_integer():
            given["year"] = int(given["year"])  # JSON has one type of numbers
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """The JSON object: the schema, what is expected, and `min_bits`; bytes as hex."""
        shown: dict[str, Any] = {"schema": SCHEMA}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value in (None, {}, False) and entry.name != "min_bits":
                continue
            if isinstance(value, bytes):
                value = value.hex()
            elif isinstance(value, Mapping):
                value = {source: part.hex() for source, part in value.items()}
            shown[entry.name] = list(value) if isinstance(value, tuple) else value
        return shown


def read_policy(text: str | bytes) -> Policy:
    """The policy in the text of a policy file. TypeError or ValueError says what is wrong with it."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            raise ValueError(f"{quoted(next(n for n in names if names.count(n) > 1))} stands twice")
        return found

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not a number of JSON")

    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=constant)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    return Policy.from_json(value)


def closest(wanted: str, names: Iterable[str]) -> str | None:
    """The one of `names` that somebody who wrote `wanted` may have meant: in another letter case, or with a typo."""
    from difflib import get_close_matches

    listed = list(names)
    folded = [name for name in listed if name.casefold() == wanted.casefold()]
    return next(iter(folded or get_close_matches(wanted, listed, n=1, cutoff=0.75)), None)


# --------------------------------------------------------------------------------------------- one check a kind


def _kind(value: object) -> str:
    return "null" if value is None else f"{type(value).__name__} {quoted(value)}"


def _meant(wanted: str, names: Iterable[str]) -> str:
    near = closest(wanted, names)
    return f" (did you mean {near}?)" if near else ""


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is text, not {_kind(value)}")
    return str(value)


def _visible(name: str, value: Any, longest: int) -> str:
    text = _text(name, value)
    if not text:
        raise ValueError(f"{name} is empty: leave it out to expect nothing")
    if not is_visible(text, longest):
        raise ValueError(f"{name}: {quoted(text)} cannot stand in a package (visible text, at most {longest} bytes)")
    return text


def _bytes(name: str, value: Any, least: int, most: int) -> bytes:
    if isinstance(value, str):
        if not _HEX.fullmatch(value):
            raise ValueError(f"{name}: {quoted(value)} is not hexadecimal (pairs of the digits 0-9 and a-f)")
        value = bytes.fromhex(value)
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(f"{name} is bytes or hex text, not {_kind(value)}")
    found = bytes(value)
    if not found:
        raise ValueError(f"{name} is empty: leave it out to expect nothing")
    if not least <= len(found) <= most:
        size = f"{most}" if least == most else f"at most {most}"
        counted = "1 byte" if len(found) == 1 else f"{len(found)} bytes"
        raise ValueError(f"{name} has {counted}, not {size}")
    return found


def _optional(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda name, value: None if value is None else check(name, value)


def _sized(least: int, most: int) -> Callable[[str, Any], Any]:
    return _optional(lambda name, value: _bytes(name, value, least, most))


def _by_source(size: int) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> dict[str, bytes]:
        if not isinstance(value, Mapping):
            raise TypeError(f"{name} maps source ids to bytes or hex text; this is {_kind(value)}")
        found: dict[str, bytes] = {}
        for source, part in value.items():
            _visible(f"{name}: a source id", source, MAX_NAME)
            found[source] = _bytes(f"{name} of {quoted(source)}", part, size, size)
        return found

    return check


def _choice(choices: tuple[str, ...]) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> str:
        text = _text(name, value)
        if text not in choices:
            raise ValueError(f"{name} {quoted(text)} is not one of {', '.join(choices)}{_meant(text, choices)}")
        return text

    return _optional(check)


def _written(is_right: Callable[[str], bool], example: str) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> str:
        text = _text(name, value)
        if not is_right(text):
            raise ValueError(f"{name} {quoted(text)} cannot stand in a package: it is written like {example}")
        return text

    return _optional(check)


def _year(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is a number such as 2025, not {_kind(value)}")
    if not FIRST_YEAR <= value <= LAST_YEAR:
        raise ValueError(f"{name} {value} is not in {FIRST_YEAR}..{LAST_YEAR}")
    return value


def _circuits(name: str, value: Any) -> tuple[str, ...]:
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, tuple | list):
        raise TypeError(f"{name} is a list of ids, not {_kind(value)}")
    if not listed:
        raise ValueError(f"{name} is empty: leave it out to accept every circuit")
    return tuple(_visible(f"{name}: an id", one, MAX_CIRCUIT_ID) for one in listed)


def _bits(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} is a number such as 128, not {_kind(value)}")
    if not 0 <= value <= MOST_BITS:  # so written, it also refuses NaN
        raise ValueError(f"{name} is a number of bits such as 128, from 0 to {MOST_BITS}, not {quoted(value)}")
    return value


def _switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} is true or false, not {_kind(value)}")
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "commitments": _by_source(ROOT_BYTES),
    "source_keys": _by_source(SOURCE_KEY_BYTES),
    "signer": _sized(SIGNER_BYTES, SIGNER_BYTES),
    "carried_in": _sized(INVENTORY_BYTES, INVENTORY_BYTES),
    "year": _optional(_year),
    "method": _choice(METHODS),
    "pooling": _choice(POOLINGS),
    "timezone": _written(is_zone_name, "America/New_York"),
    "currency": _written(is_currency, "USD"),
    "audience": _optional(lambda name, value: _visible(name, value, MAX_AUDIENCE)),
    "nonce": _sized(1, MAX_NONCE),
    "circuits": _optional(_circuits),
    "min_bits": _bits,
    "allow_other_sources": _switch,
    "allow_test_preset": _switch,
}
