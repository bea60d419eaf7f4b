"""Exact reading and writing of numbers, times and names.

A decimal text is read into an integer of a fixed scale or refused: nothing is rounded, nothing is
guessed, and every refusal says what the text is and what to write instead (`TextError`). No float is
ever made. `format_*` write what `parse_*` read, to the last digit.

The hot path is plain string work; only a text that it cannot take is looked at closely, to name the reason.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from zkharvest.spec import (
    CHARACTERS,
    MAX_NAME,
    MONEY_DECIMALS,
    MONEY_LIMIT,
    QUANTITY_DECIMALS,
    QUANTITY_LIMIT,
    TIME_LIMIT,
    is_currency,
)

_POWER: tuple[int, ...] = tuple(10**n for n in range(QUANTITY_DECIMALS + 1))
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LONGEST_NUMBER = 80
_NOT_IN_NAMES = re.compile(f"[^{CHARACTERS}]")

_LONGEST_DATE = len("2024-02-29")

# The shortest text of a binary64 has at most 17 significant digits; an inexact sum or product shows as a
# long run of 0 or 9 with one or two odd digits after it, at the 15th to 17th place (0.1 + 0.2).
_FLOAT_TAIL = re.compile(r"(?:0{4,}[1-9][0-9]?|9{4,}[0-9]{0,2})$")
_MANTISSA = 53
"""Bits of a binary64's mantissa."""
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_SLASH_DATE = re.compile(r"[0-9]{1,4}[./][0-9]{1,2}[./][0-9]{1,4}")


class TextError(ValueError):
    """A text that cannot be taken: `reason` continues the quoted text, `hint` says what to do."""

    def __init__(self, text: str, reason: str, hint: str = "") -> None:
        self.reason = f"{quoted(text)} {reason}"
        self.hint = hint
        super().__init__(self.reason)


def quoted(text: str) -> str:
    """The text in double quotes, shortened and with what cannot be seen made visible."""
    shown = text if len(text) <= 48 else f"{text[:45]}..."
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown) + '"'


# Numbers


def looks_like_float(whole: str, fraction: str) -> bool:
    """Whether digits before and after the point are the print of an inexact binary float (docs/adr/0015).

    They have the tail of one, and some binary64 is printed like this: 0.30000000000000004 is, 0.99999999999999999 is
    not (the nearest binary64 is 1), so the latter is meant.
    """
    digits = (whole + fraction).lstrip("0")
    if not (15 <= len(digits) <= 17 and fraction and _FLOAT_TAIL.search(digits)):
        return False
    return _as_printed(int(digits), len(fraction)) == int(digits)


def _as_printed(units: int, decimals: int) -> int:
    """units / 10^decimals (positive) rounded to the nearest binary64 and printed to so many decimals, in integers."""
    one = 10**decimals
    exponent = units.bit_length() - one.bit_length() - _MANTISSA  # so that the mantissa has 53 bits, or 54
    mantissa = _nearest(units << max(-exponent, 0), one << max(exponent, 0))
    if mantissa.bit_length() > _MANTISSA:
        exponent += 1
        mantissa = _nearest(units << max(-exponent, 0), one << max(exponent, 0))
    return _nearest(mantissa * one << max(exponent, 0), 1 << max(-exponent, 0))


def _nearest(a: int, b: int) -> int:
    """a / b to the nearest integer, halves to the even one (IEEE 754, section 4.3.1)."""
    quotient, rest = divmod(a, b)
    return quotient + (2 * rest > b or (2 * rest == b and quotient & 1))


def parse_quantity(text: str) -> int:
    """A quantity in 10^-18: 0 < q < 2^112, plain decimal notation, exact. Raises `TextError`."""
    value = _parse_plain(text, QUANTITY_DECIMALS)
    if 0 < value < QUANTITY_LIMIT:
        return value
    if value == 0:
        raise TextError(text, "is zero", "a row must move something; leave the row out")
    raise TextError(text, "is too large", "quantities are below 5,192,296,858,534,827 units (2^112 in 10^-18)")


def parse_money(text: str, *, signed: bool = False) -> int:
    """An amount in 10^-8 of the currency, magnitude below 2^64; negative only if `signed`. Raises `TextError`."""
    if text[:1] == "-" and signed:
        value = -_parse_plain(text[1:], MONEY_DECIMALS, text)
    else:
        value = _parse_plain(text, MONEY_DECIMALS)
    if -MONEY_LIMIT < value < MONEY_LIMIT:
        return value
    raise TextError(text, "is too large", "amounts are below 184,467,440,737.09551616 (2^64 in 10^-8)")


def _parse_plain(text: str, decimals: int, whole_text: str | None = None) -> int:
    """Digits, optionally a point and digits, as an integer in 10^-decimals."""
    whole, point, fraction = text.partition(".")
    if not (text.isascii() and whole.isdigit() and (fraction.isdigit() if point else True)) or (
        len(text) > _LONGEST_NUMBER
    ):
        raise _why_not_a_number(whole_text or text, decimals)
    if len(fraction) > decimals:
        kept, rest = fraction[:decimals], fraction[decimals:]
        if rest.strip("0"):
            raise _too_many_decimals(whole_text or text, whole, fraction, decimals)
        fraction = kept
    # A text that writes all decimals of the scale is meant: atomic units never look like a rounded float.
    elif len(whole) + len(fraction) >= 15 and len(fraction) < decimals and looks_like_float(whole, fraction):
        raise TextError(
            whole_text or text,
            "looks like an inexact float",
            f"export again with exact numbers; if it is exact, write all {decimals} decimals",
        )
    return int(whole + fraction) * _POWER[decimals - len(fraction)]


def _too_many_decimals(text: str, whole: str, fraction: str, decimals: int) -> TextError:
    significant = fraction.rstrip("0")
    reason = f"has {len(significant)} decimals; {decimals} can be held"
    if looks_like_float(whole, fraction):
        return TextError(
            text, reason, "this looks like a float export; export again with exact numbers, never through a float"
        )
    return TextError(text, reason, f"give the exact value with at most {decimals} decimals")


def _why_not_a_number(text: str, decimals: int) -> TextError:
    """The first reason that holds, most telling first."""
    bare = text.strip()
    if not bare:
        return TextError(text, "is empty", "write a decimal number, such as 0.25")
    if bare != text:
        return TextError(text, "has spaces around it", "remove the spaces")
    word = bare.lstrip("+-").lower()
    if word in {"nan", "inf", "infinity", "null", "none", "n/a", "#n/a", "#value!", "#num!"}:
        return TextError(text, "is not a finite number", "find the value at its source")
    if bare[0] in "(-" or bare[-1] in ")-":
        return TextError(text, "is negative", "write it without a sign: the kind of the row says the direction")
    if bare[0] == "+":
        return TextError(text, "has a sign", "write it without the plus sign")
    if re.fullmatch(r"[0-9.]+[eE][+-]?[0-9]+", bare):
        return TextError(text, "is in exponent notation", "write the number in full, such as 0.00003605")
    if re.fullmatch(r"[0-9][0-9'_\u00a0\u202f ,.]*", bare) and re.search(r"[^0-9.]", bare):
        return TextError(
            text, "has a thousands separator or a decimal comma", "write it plainly, with a point: 1234.56"
        )
    if re.search(r"[$€£¥₿]|[A-Za-z]{3,}", bare):
        return TextError(text, "carries a currency or unit", "write the number alone")
    if bare.startswith(".") or bare.endswith("."):
        return TextError(text, "lacks digits beside the point", "write a digit on both sides, such as 0.5")
    if len(bare) > _LONGEST_NUMBER and re.fullmatch(r"[0-9]+(\.[0-9]+)?", bare):
        return TextError(text, f"is too long (more than {_LONGEST_NUMBER} characters)", "give the exact value")
    return TextError(text, "is not a decimal number", f"write digits with at most {decimals} decimals, such as 0.25")


def format_units(value: int, decimals: int, least: int = 0) -> str:
    """The exact decimal text of `value` in 10^-decimals, with no more zeros than `least` decimals need.

    All decimals are written where fewer would look like an inexact float, so that `parse_*` takes it back.
    """
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    digits = digits.zfill(decimals + 1)
    whole, full = digits[:-decimals], digits[-decimals:]
    short = full.rstrip("0")
    if len(short) < least:
        short = short.ljust(least, "0")
    if len(whole) + len(short) >= 15 and len(short) < decimals and looks_like_float(whole, short):
        short = full
    return f"{sign}{whole}.{short}" if short else f"{sign}{whole}"


def format_quantity(value: int) -> str:
    """A quantity (10^-18) as its shortest exact decimal text."""
    return format_units(value, QUANTITY_DECIMALS)


def format_money(value: int) -> str:
    """An amount (10^-8) as exact decimal text with at least two decimals."""
    return format_units(value, MONEY_DECIMALS, 2)


# Times


def instant(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, milli: int = 0) -> int:
    """Unix milliseconds of a UTC date and time. Raises ValueError if there is no such time."""
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError
    days = date(year, month, day).toordinal() - _EPOCH_DAY
    return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + milli


_NOT_A_TIME = "is not a time of the calendar"
_CALENDAR_HINT = "hours run to 23, minutes and seconds to 59"


def _plain_time(text: str) -> bool:
    """Whether `datetime.fromisoformat` reads exactly what `_TIME` takes: UTC, to the second or the millisecond.

    It also takes weeks, days of the year, commas and other forms, which the places of the signs rule out.
    """
    signs = text[4:20:3]
    if signs == "--T::Z":
        return len(text) == 20 and text[11:13] != "24"
    return signs == "--T::." and len(text) == 24 and text[23] == "Z" and text[11:13] != "24"


def parse_time(text: str) -> int:
    """ISO 8601 date, time and zone (`2024-02-29T12:00:00.250Z`) as Unix milliseconds. Raises `TextError`."""
    if _plain_time(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise TextError(text, _NOT_A_TIME, _CALENDAR_HINT) from None
        days = moment.toordinal() - _EPOCH_DAY
        seconds = ((days * 24 + moment.hour) * 60 + moment.minute) * 60 + moment.second
        value = seconds * 1000 + moment.microsecond // 1000
        if 0 <= value < TIME_LIMIT:
            return value
    match = _TIME.fullmatch(text)
    if match is None or match[8] is None:
        raise _why_not_a_time(text, without_zone=match is not None)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    milli = 0
    if fraction:
        if fraction[3:].strip("0"):
            raise TextError(text, "is finer than a millisecond", "cut it to milliseconds; equal times keep file order")
        milli = int(fraction[:3].ljust(3, "0"))
    try:
        value = instant(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), milli)
    except ValueError:
        raise TextError(text, _NOT_A_TIME, _CALENDAR_HINT) from None
    if zone != "Z":
        value -= _offset(text, zone)
    if not 0 <= value < TIME_LIMIT:
        raise TextError(text, "is out of range", "times run from 1970 to 2527")
    return value


def parse_acquired(text: str) -> int | date:
    """When a lot was acquired: a local date (`2021-05-03`) or a time with zone, in ms. Raises `TextError`."""
    if len(text) != _LONGEST_DATE or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return parse_time(text)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise TextError(text, "is not a day of the calendar", "write it as 2021-05-03") from None
    if not date(1970, 1, 2) <= day < date(2527, 1, 1):
        raise TextError(text, "is out of range", "dates run from 1970 to 2526")
    return day


def _offset(text: str, zone: str) -> int:
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if zone == "-00:00":
        raise TextError(text, "has an unknown zone (-00:00)", "write Z for UTC")
    if hours > 15 or minutes > 59:
        raise TextError(text, "has an impossible zone", "zones run from -15:59 to +15:59")
    offset = (hours * 60 + minutes) * 60_000
    return -offset if zone[0] == "-" else offset


def _why_not_a_time(text: str, *, without_zone: bool) -> TextError:
    if without_zone:
        return TextError(text, "has no time zone", "add Z for UTC or an offset such as -05:00")
    bare = text.strip()
    if not bare:
        return TextError(text, "is empty", "write date, time and zone, such as 2024-02-29T12:00:00Z")
    if bare != text:
        return TextError(text, "has spaces around it", "remove the spaces")
    if _SLASH_DATE.match(bare):
        return TextError(text, "is an ambiguous date (day or month first?)", "write it as 2024-02-29T12:00:00Z")
    if re.search(r"[A-Za-z]{3,}$", bare):
        return TextError(text, "names its zone in letters", "write Z for UTC or an offset such as -05:00")
    if re.fullmatch(r"[0-9]{9,}(\.[0-9]+)?", bare):
        return TextError(text, "is a bare number", "write date, time and zone, such as 2024-02-29T12:00:00Z")
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", bare):
        return TextError(text, "has no time of day", "write date, time and zone, such as 2024-02-29T12:00:00Z")
    return TextError(text, "is not an ISO 8601 time", "write date, time and zone, such as 2024-02-29T12:00:00Z")


def format_time(value: int) -> str:
    """Unix milliseconds as ISO 8601 in UTC; milliseconds only where there are any."""
    day, rest = divmod(value, 86_400_000)
    minutes, milli = divmod(rest, 60_000)
    hour, minute = divmod(minutes, 60)
    second, milli = divmod(milli, 1000)
    text = f"{_day_text(day)}T{hour:02}:{minute:02}:{second:02}"
    return f"{text}.{milli:03d}Z" if milli else f"{text}Z"


@lru_cache(1 << 12)
def _day_text(day: int) -> str:
    """A day, counted from 1970, as `2024-02-29`."""
    return date.fromordinal(day + _EPOCH_DAY).isoformat()


# Names


def check_name(text: str) -> str:
    """A source, id or asset: visible text of at most 128 bytes without `/` and `;`. Raises `TextError`.

    `/` joins source and id, `;` joins lot picks; without them every reference reads one way only. The characters are
    those that a package may hold (circuits/FORMAT.md, section 7).
    """
    if text.isascii() and text.isprintable() and len(text) <= MAX_NAME:  # nearly always
        spaced = not text or text[0] == " " or text[-1] == " " or "  " in text
        if not spaced and "/" not in text and ";" not in text:
            return text
    if not text.strip():
        raise TextError(text, "is empty", "every row names its source, id, kind and asset")
    if text != text.strip():
        raise TextError(text, "has spaces around it", "remove the spaces")
    if "  " in text:
        raise TextError(text, "has two spaces together", "remove one")
    odd = _NOT_IN_NAMES.search(text)
    if odd and not odd[0].isprintable():
        raise TextError(text, "has control characters", "remove them")
    if odd:
        hint = "use letters (Latin, Greek, Cyrillic, kana, Chinese, Hangul), digits and the signs of ASCII"
        raise TextError(text, f"has a character that names cannot have, U+{ord(odd[0]):04X}", hint)
    if "/" in text or ";" in text:
        raise TextError(text, "has a / or ;", "these join references (source/id, lots); use another character")
    if len(text.encode()) > MAX_NAME:
        raise TextError(text, f"is longer than {MAX_NAME} bytes", "use a shorter name")
    return text


def check_text(text: str, longest: int) -> str:
    """A reference or the place that a row comes from: visible text of at most `longest` bytes. Raises `TextError`."""
    if not text.isprintable():
        raise TextError(text, "has control characters", "remove them")
    if text != text.strip():
        raise TextError(text, "has spaces around it", "remove the spaces")
    if len(text.encode()) > longest:
        raise TextError(text, f"is longer than {longest} bytes", "shorten it")
    return text


def check_currency(text: str) -> str:
    """The name of a reporting currency. Raises `TextError`."""
    if not is_currency(text):
        raise TextError(text, "is not a currency", "write three to five letters or digits, such as USD or EUR")
    return text
