"""Values of a statement, read strictly: each of its type and range, or Reject with where it stands.

Keys and types are `statement/fields`, values `statement/value`. What reads something else names those two otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from zkharvest.spec import ROOT_BYTES, WORD_BYTES, P, is_currency
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.text import is_visible
from zkharvest.verifier.wire import Value

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+\-/]{1,64}", re.ASCII)


def fields(where: str) -> Reject:
    """The rejection of wrong keys or types."""
    return Reject(Reason.STATEMENT_FIELDS, f"{where} has the wrong keys or types")


def are_integers(where: str, *values: Value) -> None:
    """That all are integers. A map is read form first (FORMAT.md section 9): types of all its parts, then values."""
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        raise fields(where)


def are_texts(where: str, *values: Value) -> None:
    """That all are texts."""
    if not all(isinstance(value, str) for value in values):
        raise fields(where)


def integer(value: Value, where: str, low: int, high: int) -> int:
    """An integer in low..high; a boolean is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise fields(where)
    if not low <= value <= high:
        raise Reject(Reason.STATEMENT_VALUE, f"{where} {value} is not in {low}..{high}")
    return value


def one_of(value: Value, where: str, choices: Sequence[str]) -> str:
    """One of a few words."""
    if not isinstance(value, str):
        raise fields(where)
    if value not in choices:
        raise Reject(Reason.STATEMENT_VALUE, f"{where} is not one of {', '.join(choices)}")
    return value


def matching(value: Value, where: str, pattern: re.Pattern[str]) -> str:
    """Text of a pattern."""
    if not isinstance(value, str):
        raise fields(where)
    if not pattern.fullmatch(value):
        raise Reject(Reason.STATEMENT_VALUE, f"{where} is not in the form that a statement requires")
    return value


def currency_of(value: Value) -> str:
    """The name of a currency."""
    if not isinstance(value, str):
        raise fields("currency")
    if not is_currency(value):
        raise Reject(Reason.STATEMENT_VALUE, "currency is not three to five letters or digits")
    return value


def text(value: str, where: str, longest: int) -> str:
    """Visible text of 1..longest bytes."""
    if not is_visible(value, longest):
        raise Reject(Reason.STATEMENT_VALUE, f"{where} is not visible text of at most {longest} bytes")
    return value


def words(root: bytes) -> tuple[int, ...]:
    """A root as nine elements, whether or not they are below p."""
    return tuple(int.from_bytes(root[i : i + WORD_BYTES], "little") for i in range(0, ROOT_BYTES, WORD_BYTES))


def root_of(value: Value, where: str) -> bytes:
    """A root: 36 bytes, every word below p."""
    if not isinstance(value, bytes) or len(value) != ROOT_BYTES:
        raise fields(where)
    if max(words(value)) >= P:
        raise Reject(Reason.STATEMENT_VALUE, f"{where} is not a commitment: a word is not below p")
    return value


def day_of(value: Value, where: str) -> date:
    """A date of the proleptic Gregorian calendar as YYYY-MM-DD."""
    try:
        return date.fromisoformat(matching(value, where, _DATE))
    except ValueError:
        raise Reject(Reason.STATEMENT_VALUE, f"{where} is not a date") from None


def zone_of(value: Value) -> str:
    """Text written as the name of a time zone is."""
    return matching(value, "timezone", _ZONE)


def is_zone_name(name: str) -> bool:
    """Whether text is written as the name of a time zone is; whether there is such a zone is another question."""
    return bool(_ZONE.fullmatch(name))


def truth(value: Value, where: str) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        raise fields(where)
    return value


def sized(value: Value, where: str, size: int) -> bytes:
    """So many bytes."""
    if not isinstance(value, bytes) or len(value) != size:
        raise fields(where)
    return value
