"""What all importers read cells with: numbers, amounts with their unit, times with their zone, rounding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.trades.importers.cells import amount_with_unit, moment, number
from zkharvest.trades.importers.values import half_even
from zkharvest.trades.text import TextError


@pytest.mark.parametrize(
    ("text", "dressed", "value"),
    [
        ("1.5", False, 15 * 10**17),
        ("-3.605E-05", False, -36050000000000),
        ("+2", False, 2 * 10**18),
        ("5.", False, 5 * 10**18),
        ("($1,234.50)", True, -12345 * 10**17),
        ("-$5", True, -5 * 10**18),
        ("€1,000,000", True, 10**24),
        ("0.1000000000000000000000", False, 10**17),
    ],
)
def test_numbers(text: str, dressed: bool, value: int) -> None:
    assert number(text, dressed=dressed) == value


@pytest.mark.parametrize(
    ("text", "dressed"),
    [
        ("1,5", False),
        ("1,5", True),
        ("12,34.5", True),
        ("$5", False),
        ("(5)", False),
        ("nan", False),
        ("inf", False),
        ("1e5", False),
        ("1.23457E-05", False),
        ("1E-25", False),
        ("--5", True),
        ("", False),
        ("٣", False),
    ],
)
def test_numbers_that_are_refused(text: str, dressed: bool) -> None:
    with pytest.raises(TextError) as caught:
        number(text, dressed=dressed)
    assert caught.value.hint


def test_units() -> None:
    assert amount_with_unit("0.0101601 BTC") == (10160100000000000, "BTC")
    assert amount_with_unit("3.605E-05ETH") == (36050000000000, "ETH")
    assert amount_with_unit("(1,000.5 USD)", dressed=True) == (-10005 * 10**17, "USD")
    assert amount_with_unit("$4,478.35 ", dressed=True) == (447835 * 10**16, "USD")
    for text in ("5", "$5", "ETH", "5 eth"):
        with pytest.raises(TextError):
            amount_with_unit(text)


def test_times_with_their_zone() -> None:
    assert moment("2024-03-03 10:00:00 UTC", None) == (1709460000000, False)
    assert moment("2024-03-03T10:00:00.123456Z", None) == (1709460000123, True)
    assert moment("2024-03-03T12:00:00+0200", None) == (1709460000000, False)
    assert moment("2024-03-03 05:00:00.5", "America/New_York") == (1709460000500, False)
    for text in ("2024-03-03 10:00:00", "03/03/24 10:00:00"):
        with pytest.raises(TextError):
            moment(text, None)


@given(st.integers(0, 10**30), st.integers(1, 10**20))
def test_half_even_is_the_nearest(numerator: int, divisor: int) -> None:
    value = half_even(numerator, divisor)
    twice = 2 * (value * divisor - numerator)
    assert abs(twice) < divisor or (abs(twice) == divisor and value % 2 == 0)
