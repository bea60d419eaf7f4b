"""Values that an auditor expects, checked as they are given: TypeError and ValueError say what is wrong with one.

Each check takes the name of what is expected and its value, and returns the value in its one form: hex text as bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from zkharvest.spec import FIRST_YEAR, LAST_YEAR
from zkharvest.verifier.stated import MAX_CIRCUIT_ID
from zkharvest.verifier.text import is_visible, quoted

MOST_BITS = 1024

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*", re.ASCII)

MAX_BYTES = 1 << 22
"""Of a policy file: 4096 sources with what is expected of them need less than half."""
SIGNER_BYTES = 32
DEFAULT_BITS = 128


def closest(wanted: str, names: Iterable[str]) -> str | None:
    """The one of `names` that somebody who wrote `wanted` may have meant: in another letter case, or with a typo."""
    from difflib import get_close_matches

    listed = list(names)
    folded = [name for name in listed if name.casefold() == wanted.casefold()]
    return next(iter(folded or get_close_matches(wanted, listed, n=1, cutoff=0.75)), None)


def kind_of(value: object) -> str:
    """The type of a value and what it is, for a message."""
    return "null" if value is None else f"{type(value).__name__} {quoted(value)}"


def meant(wanted: str, names: Iterable[str]) -> str:
    """A hint for a word that may be misspelt; empty if none is near."""
    near = closest(wanted, names)
    return f" (did you mean {near}?)" if near else ""


def text_of(name: str, value: Any) -> str:
    """Text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is text, not {kind_of(value)}")
    return str(value)


def visible(name: str, value: Any, longest: int) -> str:
    """Visible text that is not empty."""
    text = text_of(name, value)
    if not text:
        raise ValueError(f"{name} is empty: leave it out to expect nothing")
    if not is_visible(text, longest):
        raise ValueError(f"{name}: {quoted(text)} cannot stand in a package (visible text, at most {longest} bytes)")
    return text


def bytes_of(name: str, value: Any, least: int, most: int) -> bytes:
    """So many bytes, or their hex text."""
    if isinstance(value, str):
        if not _HEX.fullmatch(value):
            raise ValueError(f"{name}: {quoted(value)} is not hexadecimal (pairs of the digits 0-9 and a-f)")
        value = bytes.fromhex(value)
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(f"{name} is bytes or hex text, not {kind_of(value)}")
    found = bytes(value)
    if not found:
        raise ValueError(f"{name} is empty: leave it out to expect nothing")
    if not least <= len(found) <= most:
        size = f"{most}" if least == most else f"at most {most}"
        counted = "1 byte" if len(found) == 1 else f"{len(found)} bytes"
        raise ValueError(f"{name} has {counted}, not {size}")
    return found


def optional(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """The check, or None."""
    return lambda name, value: None if value is None else check(name, value)


def sized(least: int, most: int) -> Callable[[str, Any], Any]:
    """So many bytes, or None."""
    return optional(lambda name, value: bytes_of(name, value, least, most))


def one_of(choices: tuple[str, ...]) -> Callable[[str, Any], Any]:
    """One of a few words, or None."""

    def check(name: str, value: Any) -> str:
        text = text_of(name, value)
        if text not in choices:
            raise ValueError(f"{name} {quoted(text)} is not one of {', '.join(choices)}{meant(text, choices)}")
        return text

    return optional(check)


def written(is_right: Callable[[str], bool], example: str) -> Callable[[str, Any], Any]:
    """Text of a form, or None."""

    def check(name: str, value: Any) -> str:
        text = text_of(name, value)
        if not is_right(text):
            raise ValueError(f"{name} {quoted(text)} cannot stand in a package: it is written like {example}")
        return text

    return optional(check)


def year_of(name: str, value: Any) -> int:
    """A tax year."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is a number such as 2025, not {kind_of(value)}")
    if not FIRST_YEAR <= value <= LAST_YEAR:
        raise ValueError(f"{name} {value} is not in {FIRST_YEAR}..{LAST_YEAR}")
    return value


def circuits_of(name: str, value: Any) -> tuple[str, ...]:
    """Ids of circuits, at least one."""
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, tuple | list):
        raise TypeError(f"{name} is a list of ids, not {kind_of(value)}")
    if not listed:
        raise ValueError(f"{name} is empty: leave it out to accept every circuit")
    return tuple(visible(f"{name}: an id", one, MAX_CIRCUIT_ID) for one in listed)


def bits_of(name: str, value: Any) -> float:
    """A number of bits."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} is a number such as 128, not {kind_of(value)}")
    if not 0 <= value <= MOST_BITS:  # so written, it also refuses NaN
        raise ValueError(f"{name} is a number of bits such as 128, from 0 to {MOST_BITS}, not {quoted(value)}")
    return value


def switch(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is true or false, not {kind_of(value)}")
    return value


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text, UTF-8 without a byte order mark, in which no key stands twice.

    ValueError says what is wrong with it.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            raise ValueError(f"{quoted(next(n for n in names if names.count(n) > 1))} stands twice")
        return found

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not a number of JSON")

    try:
        if isinstance(text, bytes):
            text = text.decode()  # by itself, json reads bytes as UTF-16 and UTF-32 too
        return json.loads(text, object_pairs_hook=once, parse_constant=constant)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None


def given_in(value: Any, schema: str, known: Iterable[str]) -> dict[str, Any]:
    """What a policy's JSON object expects: its keys but for the schema, those that are null left out."""
    if not isinstance(value, dict):
        raise TypeError(f"a policy is a JSON object, not {kind_of(value)}")
    if (said := value.get("schema")) != schema:
        other = "and this has none" if said is None else f"not {quoted(said)}"
        raise ValueError(f'schema: a policy has "schema": "{schema}", {other}')
    names = list(known)
    for name in value:
        if name not in names and name != "schema":
            raise ValueError(f"{quoted(name)} is not a key of a policy{meant(name, names)}")
    given = {name: part for name, part in value.items() if part is not None and name != "schema"}
    if isinstance(given.get("circuits"), str):
        raise TypeError("circuits is a list of ids, not a text")
    return given
