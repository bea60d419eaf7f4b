"""Exact reading and writing: every refusal with its reason, every value back to the last digit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.trades import text
from zkharvest.trades.model import MONEY_LIMIT, QUANTITY_LIMIT, TIME_LIMIT
from zkharvest.trades.text import (
    TextError,
    check_name,
    format_money,
    format_quantity,
    format_time,
    parse_money,
    parse_quantity,
    parse_time,
    quoted,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 10**18),
        ("0.000000000000000001", 1),
        ("0.1", 10**17),
        ("007.50", 75 * 10**17),
        ("0.1000000000000000000000", 10**17),  # zeros beyond the scale hold exactly
        ("0.300000000000000040", 300000000000000040),  # all decimals written: meant
        ("5192296858534827.628530496329220095", QUANTITY_LIMIT - 1),
    ],
)
def test_quantities_are_exact(text: str, value: int) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", '"" is empty'),
        (" 1", '" 1" has spaces around it'),
        ("0", '"0" is zero'),
        ("0.000", '"0.000" is zero'),
        ("-1", '"-1" is negative'),
        ("(1.5)", '"(1.5)" is negative'),
        ("1.5-", '"1.5-" is negative'),
        ("+1", '"+1" has a sign'),
        ("NaN", '"NaN" is not a finite number'),
        ("-Infinity", '"-Infinity" is not a finite number'),
        ("1e-8", '"1e-8" is in exponent notation'),
        ("3.605E-05", '"3.605E-05" is in exponent notation'),
        ("1,234.5", '"1,234.5" has a thousands separator or a decimal comma'),
        ("0,5", '"0,5" has a thousands separator or a decimal comma'),
        ("1'000", '"1\'000" has a thousands separator or a decimal comma'),
        ("1 000", '"1 000" has a thousands separator or a decimal comma'),
        ("1_000", '"1_000" has a thousands separator or a decimal comma'),
        ("$5", '"$5" carries a currency or unit'),
        ("5 BTC", '"5 BTC" carries a currency or unit'),
        (".5", '".5" lacks digits beside the point'),
        ("5.", '"5." lacks digits beside the point'),
        ("1.2.3", '"1.2.3" is not a decimal number'),
        ("٣", '"٣" is not a decimal number'),
        ("0.0000000000000000001", '"0.0000000000000000001" has 19 decimals; 18 can be held'),
        ("0.30000000000000004", '"0.30000000000000004" looks like an inexact float'),
        ("0.9049715199999999", '"0.9049715199999999" looks like an inexact float'),
        ("434.99999999999994", '"434.99999999999994" looks like an inexact float'),
        ("5192296858534827.628530496329220096", '"5192296858534827.628530496329220096" is too large'),
        ("1" * 90, quoted("1" * 90) + " is too long (more than 80 characters)"),
    ],
)
def test_quantities_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(TextError) as caught:
        parse_quantity(text)
    assert caught.value.reason == reason
    assert caught.value.hint


def test_a_float_with_too_many_decimals_is_called_one() -> None:
    with pytest.raises(TextError, match=r'"12\.300000000000001" has 15 decimals; 8 can be held') as caught:
        parse_money("12.300000000000001")
    assert "float export" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("12.5", 1_250_000_000), ("0.00000001", 1), ("184467440737.09551615", MONEY_LIMIT - 1)],
)
def test_money_is_exact(text: str, value: int) -> None:
    assert parse_money(text) == value
    assert parse_money(f"-{text}", signed=True) == -value


@pytest.mark.parametrize("text", ["-1", "184467440737.09551616", "0.000000001", "--1", "1e5", "nan"])
def test_money_is_refused(text: str) -> None:
    with pytest.raises(TextError):
        parse_money(text)


@pytest.mark.parametrize("text", ["--1", "-", "-+1", "- 1", "-184467440737.09551616", "-1.123456789"])
def test_signed_money_is_refused(text: str) -> None:
    with pytest.raises(TextError) as caught:
        parse_money(text, signed=True)
    assert caught.value.reason.startswith(quoted(text))


@given(st.integers(1, QUANTITY_LIMIT - 1))
def test_quantities_come_back(value: int) -> None:
    assert parse_quantity(format_quantity(value)) == value
    assert Fraction(format_quantity(value)) == Fraction(value, 10**18)


@given(st.integers(-MONEY_LIMIT + 1, MONEY_LIMIT - 1))
def test_money_comes_back(value: int) -> None:
    assert parse_money(format_money(value), signed=True) == value


@given(st.floats(1e-6, 1e6))
def test_a_float_print_is_exact_or_refused(value: float) -> None:
    text = f"{value:.17g}"
    try:
        assert parse_quantity(text) == Fraction(text) * 10**18
    except TextError as error:
        assert error.hint


@pytest.mark.parametrize("value", [300000000000000040, 904971519999999900, 30000000000000004, 10**15 + 1])
def test_what_looks_like_a_float_is_written_in_full(value: int) -> None:
    assert parse_quantity(format_quantity(value)) == value


def test_money_is_written_with_two_decimals_at_least() -> None:
    assert [format_money(n) for n in (0, 5 * 10**8, 125 * 10**6, -1, 123456789)] == [
        "0.00",
        "5.00",
        "1.25",
        "-0.00000001",
        "1.23456789",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-02-29T12:00:00Z", 1709208000000),
        ("2024-02-29 12:00:00.25Z", 1709208000250),
        ("2024-02-29T12:00:00.250000Z", 1709208000250),
        ("2024-02-29T07:00:00-05:00", 1709208000000),
        ("2024-02-29T17:45+05:45", 1709208000000),
    ],
)
def test_times(text: str, value: int) -> None:
    assert parse_time(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", '"" is empty'),
        ("2024-02-29T12:00:00", '"2024-02-29T12:00:00" has no time zone'),
        ("2024-02-29", '"2024-02-29" has no time of day'),
        ("2023-02-29T12:00:00Z", '"2023-02-29T12:00:00Z" is not a time of the calendar'),
        ("2024-02-29T24:00:00Z", '"2024-02-29T24:00:00Z" is not a time of the calendar'),
        ("2016-12-31T23:59:60Z", '"2016-12-31T23:59:60Z" is not a time of the calendar'),
        ("2024-02-29T12:00:00.1234Z", '"2024-02-29T12:00:00.1234Z" is finer than a millisecond'),
        ("02/03/2024 12:00:00Z", '"02/03/2024 12:00:00Z" is an ambiguous date (day or month first?)'),
        ("3.2.2024 12:00", '"3.2.2024 12:00" is an ambiguous date (day or month first?)'),
        ("2024-02-29 12:00:00 UTC", '"2024-02-29 12:00:00 UTC" names its zone in letters'),
        ("2024-02-29T12:00:00-00:00", '"2024-02-29T12:00:00-00:00" has an unknown zone (-00:00)'),
        ("2024-02-29T12:00:00+19:00", '"2024-02-29T12:00:00+19:00" has an impossible zone'),
        ("1709208000000", '"1709208000000" is a bare number'),
        ("1969-12-31T23:59:59Z", '"1969-12-31T23:59:59Z" is out of range'),
        ("2900-01-01T00:00:00Z", '"2900-01-01T00:00:00Z" is out of range'),
        ("20240229T120000Z", '"20240229T120000Z" is not an ISO 8601 time'),
        (" 2024-02-29T12:00:00Z", '" 2024-02-29T12:00:00Z" has spaces around it'),
    ],
)
def test_times_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(TextError) as caught:
        parse_time(text)
    assert caught.value.reason == reason
    assert caught.value.hint


@given(st.integers(0, TIME_LIMIT - 1))
def test_times_come_back(value: int) -> None:
    assert parse_time(format_time(value)) == value


@given(st.datetimes(datetime(1971, 1, 1), datetime(2500, 1, 1)), st.integers(-15 * 60, 15 * 60))
def test_times_agree_with_the_standard_library(naive: datetime, minutes: int) -> None:
    moment = naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(minutes=minutes)))
    text = moment.isoformat(timespec="milliseconds")
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_time(text) == (moment - epoch) // timedelta(milliseconds=1)


@pytest.mark.parametrize("name", ["kraken:main", "0xab:ethereum", "BTC-27DEC26-80000-P", "Zürich Wallet", "x" * 128])
def test_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", '"" is empty'),
        ("  ", '"  " is empty'),
        (" kraken", '" kraken" has spaces around it'),
        ("a\tb", '"a\\u0009b" has control characters'),
        ("a/b", '"a/b" has a / or ;'),
        ("a;b", '"a;b" has a / or ;'),
        ("ü/b", '"ü/b" has a / or ;'),
        ("u\u0308", quoted("u\u0308") + " has a character that names cannot have, U+0308"),
        ("a\ufe0f", quoted("a\ufe0f") + " has a character that names cannot have, U+FE0F"),
        ("a  b", '"a  b" has two spaces together'),
        ("a\u200bb", '"a\\u200bb" has control characters'),
        ("x" * 129, quoted("x" * 129) + " is longer than 128 bytes"),
    ],
)
def test_names_are_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(TextError) as caught:
        check_name(name)
    assert caught.value.reason == reason


@settings(max_examples=1000, deadline=None)
@given(st.integers(1, 10**18), st.integers(1, 33))
def test_what_a_binary64_prints_is_found_in_integers(units, decimals):
    """Against the machine's own conversion there and back, ties and all."""
    for changed in (units, units | 1 << 53, int(f"{units}99999999"), int(f"{units % 10**9 + 1}00000004")):
        digits = str(changed).rjust(decimals + 1, "0")
        printed = f"{float(f'{digits[:-decimals]}.{digits[-decimals:]}'):.{decimals}f}"
        assert text._as_printed(changed, decimals) == int(printed.replace(".", ""))
