"""What a cell of an exchange's export says: signed numbers, amounts with a unit, times.

An exporter's own conventions (a minus sign, parentheses, a currency sign, a zone given by the column) are
taken as given by the importer that knows them. Everything else that could be read in two ways is refused.
Numbers become integers in 10^-18 whatever they count; `Draft` brings money to its scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from zkharvest.spec import QUANTITY_DECIMALS, TIME_LIMIT
from zkharvest.trades.text import TextError, instant, looks_like_float, parse_time

_POWER: tuple[int, ...] = tuple(10**n for n in range(QUANTITY_DECIMALS + 1))
_EPOCH_DAY = date(1970, 1, 1).toordinal()
ATOMS: int = 10**QUANTITY_DECIMALS

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,2}))?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
LONE_COMMA = re.compile(r"[0-9]{1,3},[0-9]{3}")  # thousands or decimals: what stands beside it has to decide
_UNIT = re.compile(r"([(]?[-+]?[$€£]?[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?) ?([A-Z0-9]*[A-Z][A-Z0-9]*)([)]?)")
_COUNTRY = re.compile(r"(?<![A-Z])(?:CA|US|AU|A|NZ|HK|S|SG)(?=\$[0-9])")  # CA$1,014.95, beside a column of the currency
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES.split(), 1)}
_MONTH_FIRST = re.compile(
    r"([A-Z][a-z]{2,8})\.? ([0-9]{1,2}), ([0-9]{4}),? ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))? ([AP]M)"
)
_DAY_FIRST = re.compile(r"([0-9]{1,2}) ([A-Z][a-z]{2})[a-z]* ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})")
_SCRIPT = re.compile(  # as JavaScript prints a date: Tue May 26 2020 18:06:28 GMT+0000
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9]{2}) ([0-9]{4}) ([0-9:]{8}) GMT([+-][0-9]{2})([0-9]{2})(?: \(.*\))?"
)
_PLAIN = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?")
_NUMERIC = re.compile(
    r"([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4}),?(?: -)?[ T]+([0-9]{1,2}):([0-9]{2})"
    r"(?::([0-9]{2})(?:\.([0-9]+))?)?(?: ?([AaPp][Mm]))?"
)
_DATE_DIGITS = re.compile(r"([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})")
_EPOCH = re.compile(r"([0-9]{9,11})(?:\.([0-9]+))?")
_EPOCH_MS = re.compile(r"[0-9]{12,14}")

# How an exporter is known to write dates of digits: which number is the day, or seconds or milliseconds since 1970.
ORDERS = ("ymd", "dmy", "mdy", "unix", "unix-ms")


def number(text: str, *, dressed: bool = False) -> int:
    """A signed number in 10^-18, exact. `dressed`: currency signs, parentheses and 1,234.56 are this exporter's way.

    Raises `TextError`. A small number in exponent notation (3.605E-05) is exact and taken; one that a
    spreadsheet may have cut (a positive exponent, or six digits and more before it) is refused.
    """
    return dressed_number(text) if dressed else plain_number(text)


@lru_cache(1 << 14)
def plain_number(text: str) -> int:
    """`number` without dress."""
    return _number(text, dressed=False)


@lru_cache(1 << 14)
def dressed_number(text: str) -> int:
    """`number` in this exporter's dress."""
    return _number(text, dressed=True)


def _number(text: str, *, dressed: bool) -> int:
    whole, point, fraction = text.partition(".")
    minus = whole[:1] == "-"
    if minus or (dressed and whole[:1] in _SIGNS):
        whole = whole[1:]
    bared = whole + fraction
    if bared.isdigit() and bared.isascii() and whole and (fraction or not point) and len(fraction) <= QUANTITY_DECIMALS:
        value: int = int(bared) * _POWER[QUANTITY_DECIMALS - len(fraction)]  # nearly always
        return -value if minus else value
    bare = text.strip()
    negative = False
    if dressed:
        bare = _COUNTRY.sub("", bare)
        if bare.startswith("(") and bare.endswith(")"):
            negative, bare = True, bare[1:-1].strip()
        elif bare.startswith("-"):
            negative, bare = True, bare[1:]
        bare = bare[1:] if bare[:1] in _SIGNS else bare
        if _GROUPED.fullmatch(bare) and ("." in bare or bare.count(",") > 1):  # 30,125 may be 30.125: refused below
            bare = bare.replace(",", "")
    match = _NUMBER.fullmatch(bare)
    if match is None or (negative and match[1]):
        raise _not_a_number(text)
    sign, whole, fraction, exponent = match.groups(default="")
    if exponent and (int(exponent) >= 0 or len((whole + fraction).strip("0")) > 5):
        raise TextError(text, "may have lost digits in a spreadsheet", "export again and do not open it in one")
    places = len(fraction) - int(exponent or 0)
    digits = int(whole + fraction)
    if places > QUANTITY_DECIMALS:
        digits, rest = divmod(digits, 10 ** (places - QUANTITY_DECIMALS))
        if rest:
            raise TextError(text, f"has more than {QUANTITY_DECIMALS} decimals", "export again with exact numbers")
        places = QUANTITY_DECIMALS
    value = digits * 10 ** (QUANTITY_DECIMALS - places)
    return -value if negative != (sign == "-") else value


def _not_a_number(text: str) -> TextError:
    bare = text.strip()
    if not bare:
        return TextError(text, "is empty", "complete the cell from the exchange's records")
    if re.fullmatch(r"[-+(]?[$€£]?[-+]?[0-9][0-9.\u00a0\u202f' ]*,[0-9][0-9.,]*[)]?(?: ?[$€£])?", bare):
        hint = (
            "export again in English number format, or say --decimal-comma FILE if 1.234,56 is how FILE writes numbers"
        )
        return TextError(text, "has a comma: thousands or decimals?", hint)
    return TextError(text, "is not a number", "export again and do not edit the file in a spreadsheet")


def float_print(text: str) -> bool:
    """Whether the exporter itself printed an inexact float (taken as printed, and noted)."""
    whole, _, fraction = text.strip().lstrip("-+").partition(".")
    return whole.isdigit() and fraction.isdigit() and looks_like_float(whole, fraction)


def amount_with_unit(text: str, *, dressed: bool = False) -> tuple[int, str]:
    """A number and its unit: `1.00000000 ETH`, `$4,478.35 ` (the unit of a currency sign). Raises `TextError`."""
    bare = text.strip()
    match = _UNIT.fullmatch(bare)
    if match:
        return number(match[1] + match[3], dressed=dressed), match[2]
    sign = next((c for c in bare if c in _SIGNS), "")
    if not (sign and dressed):
        raise TextError(text, "is not an amount with its unit", "export again and do not edit the file")
    return number(bare, dressed=True), _SIGNS[sign]


def moment(text: str, zone: str | None, *, order: str = "") -> tuple[int, bool]:
    """Unix milliseconds of an exporter's time, and whether digits below the millisecond were cut off.

    `zone` is the zone of times that carry none, an IANA name or an offset such as +02:00 (None: they must carry one);
    `order` is how this exporter is known to write dates of digits (`ORDERS`). Raises `TextError`.
    """
    plain = plain_utc(text, zone)
    if plain is not None:
        return plain, False
    bare = text.strip()
    naive = bare.removesuffix(" UTC") if bare.endswith(" UTC") else bare
    if naive != bare:
        zone = "UTC"
    if order.startswith("unix"):
        return _epoch(bare, order)
    if (m := _SCRIPT.fullmatch(bare)) and m[1].lower() in _MONTHS:
        return parse_time(f"{m[3]}-{_MONTHS[m[1].lower()]:02}-{m[2]}T{m[4]}{m[5]}:{m[6]}"), False
    fields = _fields(naive, order)
    if fields is None and _NUMERIC.fullmatch(naive):
        left = fitting_orders([naive], ("dmy", "mdy", "ymd"))[0] or ("dmy", "mdy")
        hint = f"say {' or '.join(f'--dates {one}' for one in left)}: a spreadsheet may have rewritten the dates"
        raise TextError(text, "is an ambiguous date (day or month first?)", hint)
    if fields is None:
        bare = re.sub(r"(\.[0-9]{3})[0-9]+(?=Z|[+-][0-9]{2}:?[0-9]{2}$)", r"\1", bare)
        return parse_time(re.sub(r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2", bare)), bare != text.strip()
    if zone is None:
        hint = "give the zone of the export with --timezone, such as UTC, UTC+2 or Europe/Berlin"
        raise TextError(text, "has no time zone", hint)
    date_and_time, fraction = fields
    cut = bool(fraction[3:].strip("0"))
    try:
        value = instant(*date_and_time, int(fraction[:3].ljust(3, "0")))
    except ValueError:
        digits = order and not fitting_orders([naive], [order])[0]
        hint = "say --dates dmy or --dates mdy if a spreadsheet rewrote the dates; else " if digits else ""
        raise TextError(text, "is not a time of the calendar", f"{hint}check the export") from None
    if zone != "UTC":
        value = _in_zone(text, date_and_time, zone) + value % 1000
    if not 0 <= value < TIME_LIMIT:
        raise TextError(text, "is out of range", "times run from 1970 to 2527")
    return value, cut


def plain_utc(text: str, zone: str | None) -> int | None:
    """Unix milliseconds of `2024-03-03 10:00:00` in UTC, as the zone or ` UTC` behind it says; None for other forms."""
    rest = text[19:]
    if rest != " UTC" and (rest or zone != "UTC"):
        return None
    day, clock = _day(text[:10]), _clock(text[10:19])
    return None if day is None or clock is None else day + clock


@lru_cache(1 << 17)
def _clock(text: str) -> int | None:
    """Milliseconds of a time of day ` 10:00:00`; None for other texts."""
    digits = text[1:3] + text[4:6] + text[7:9]
    if len(text) != 9 or text[0:8:3] != " ::" or not (digits.isascii() and digits.isdigit()):
        return None
    hour, minute, second = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    fits = hour < 24 and minute < 60 and second < 60
    return ((hour * 60 + minute) * 60 + second) * 1000 if fits else None


@lru_cache(1 << 12)
def _day(text: str) -> int | None:
    """Unix milliseconds of the start of a day `2024-03-03` that times can have; None for other texts."""
    try:
        value = (date.fromisoformat(text).toordinal() - _EPOCH_DAY) * 86_400_000
    except ValueError:
        return None
    return value if text.isascii() and text[4] == text[7] == "-" and 0 <= value < TIME_LIMIT - 86_400_000 else None


def _epoch(text: str, order: str) -> tuple[int, bool]:
    """Seconds (with a fraction, perhaps) or milliseconds since 1970, UTC."""
    if order == "unix-ms" and _EPOCH_MS.fullmatch(text):
        return int(text), False
    match = _EPOCH.fullmatch(text) if order == "unix" else None
    if match is None:
        unit = "milliseconds" if order == "unix-ms" else "seconds"
        raise TextError(text, f"is not a number of {unit} since 1970", "export again and do not edit the file")
    fraction = match[2] or ""
    return int(match[1]) * 1000 + int(fraction[:3].ljust(3, "0")), bool(fraction[3:].strip("0"))


_Fields = tuple[int, int, int, int, int, int]


def _fields(text: str, order: str) -> tuple[_Fields, str] | None:
    """Year to second and the fraction's digits, for the forms that exporters use without a zone."""
    if m := _PLAIN.fullmatch(text):
        year, month, day, hour, minute, second, fraction = m.groups()
        return (int(year), int(month), int(day), int(hour), int(minute), int(second)), fraction or ""
    if m := _MONTH_FIRST.fullmatch(text):
        month = _MONTHS.get(m[1][:3].lower(), 0)
        return (int(m[3]), month, int(m[2]), _hour(m[4], m[7]), int(m[5]), int(m[6] or 0)), ""
    if m := _DAY_FIRST.fullmatch(text):
        return (int(m[3]), _MONTHS.get(m[2].lower(), 0), int(m[1]), int(m[4]), int(m[5]), int(m[6])), ""
    if order and (m := _NUMERIC.fullmatch(text)):
        day = dict(zip(order, (int(m[1]), int(m[2]), int(m[3])), strict=True))
        year = day["y"] + 2000 if day["y"] < 100 else day["y"]
        return (year, day["m"], day["d"], _hour(m[4], m[8] or ""), int(m[5]), int(m[6] or 0)), m[7] or ""
    return None


def _hour(text: str, half: str) -> int:
    """The hour of a day of 24; 24, which no clock has, for an hour of 13 with AM or PM."""
    if not half:
        return int(text)
    return int(text) % 12 + (12 if half.upper() == "PM" else 0) if 1 <= int(text) <= 12 else 24


def _in_zone(text: str, fields: _Fields, zone: str) -> int:
    """The instant of a wall-clock time; a time that a clock change made double or void is refused."""
    if zone[0] in "+-":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        tz = timezone(-offset if zone[0] == "-" else offset)
        return int(datetime(*fields, tzinfo=tz).timestamp()) * 1000
    local = datetime(*fields, tzinfo=ZoneInfo(zone))
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        hint = "export in UTC, or write the row with its offset into a --manual file"
        raise TextError(text, f"is double or missing in {zone} (clock change)", hint)
    return int(local.timestamp()) * 1000


def fitting_orders(texts: Iterable[str], orders: Iterable[str]) -> tuple[list[str], str]:
    """Those of `orders` (of `ORDERS`) in which every date of digits is a date, and the first such date, or nothing.

    Dates with a year of four digits in front, and those with names of months, read one way whatever the order.
    """
    left, first = list(orders), ""
    for text in texts:
        match = _DATE_DIGITS.match(text)
        if match is None or len(match[1]) == 4:
            continue
        first = first or text
        parts = match.groups()
        left = [order for order in left if _is_date(dict(zip(order, parts, strict=True)))]
        if len(left) < 2:
            break
    return left, first


def date_parts(text: str, order: str) -> tuple[int, int, int] | None:
    """Year, month and day of a text that begins with a date of digits in this order; None for other texts."""
    match = _DATE_DIGITS.match(text)
    if match is None or len(match[1]) == 4:
        return None
    part = dict(zip(order, match.groups(), strict=True))
    year = int(part["y"])
    return (year + 2000 if year < 100 else year, int(part["m"]), int(part["d"])) if _is_date(part) else None


def _is_date(part: dict[str, str]) -> bool:
    lengths = len(part["y"]) in (2, 4) and len(part["m"]) < 3 and len(part["d"]) < 3
    return lengths and 1 <= int(part["m"]) <= 12 and 1 <= int(part["d"]) <= 31


def splits(pair: str, quotes: Iterable[str]) -> list[tuple[str, str]]:
    """Every way to read a joined pair (BTCUSDT) as base and one of the known quotes."""
    return [(pair[: -len(quote)], quote) for quote in quotes if pair.endswith(quote) and len(pair) > len(quote)]
