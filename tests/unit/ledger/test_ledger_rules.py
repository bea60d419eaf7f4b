"""Methods as sort keys, values of trades, and what an election accepts."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.make import money, trade
from zkharvest.errors import UsageError
from zkharvest.ledger import Election, Method, Pool, Pooling, Side
from zkharvest.ledger.rules import closing_value, opening_side, opening_value, part_of, sort_key, unit_basis
from zkharvest.trades.model import MONEY_LIMIT, QUANTITY_LIMIT

values = st.integers(0, MONEY_LIMIT - 1)
quantities = st.integers(1, QUANTITY_LIMIT - 1)
LOTS = [(5, 0), (9, 1), (9, 2), (1, 3)]  # (unit basis, place)


@pytest.mark.parametrize(
    ("method", "order"),
    [
        (Method.FIFO, [0, 1, 2, 3]),
        (Method.LIFO, [3, 2, 1, 0]),
        (Method.HIFO, [1, 2, 0, 3]),
        (Method.LOFO, [3, 0, 1, 2]),
        (Method.SPECIFIC, [0, 1, 2, 3]),
    ],
)
def test_a_method_is_a_sort_key(method: Method, order: list[int]) -> None:
    key = sort_key(method)
    assert [seq for _, seq in sorted(LOTS, key=lambda lot: key(*lot))] == order


@given(values, quantities)
def test_unit_basis_is_the_ratio_to_96_bits(value: int, quantity: int) -> None:
    error = Fraction(value, quantity) - Fraction(unit_basis(value, quantity), 1 << 96)
    assert 0 <= error < Fraction(1, 1 << 96)


@given(st.integers(1 - MONEY_LIMIT, MONEY_LIMIT - 1), quantities, quantities)
def test_a_part_is_the_share_towards_zero(value: int, one: int, other: int) -> None:
    part, whole = sorted((one, other))
    share = part_of(value, part, whole)
    assert abs(share) == Fraction(abs(value) * part, whole).__floor__()
    assert share * value >= 0
    assert part_of(value, whole, whole) == value


@pytest.mark.parametrize(
    ("kind", "side", "value"),
    [("buy", Side.LONG, "101"), ("income", Side.LONG, "101"), ("short", Side.SHORT, "99")],
)
def test_what_a_lot_opens_with(kind: str, side: Side, value: str) -> None:
    opening = trade("2024-01-01", "t", kind, 1, 100, 1)
    assert opening_side(opening) is side
    assert opening_value(opening) == money(value)


@pytest.mark.parametrize(
    ("kind", "amount", "side", "value"),
    [
        ("sell", 100, Side.LONG, "99"),
        ("spend", 100, Side.LONG, "99"),
        ("cover", 100, Side.SHORT, "101"),
        ("expire", 0, Side.LONG, "-1"),
        ("expire", 0, Side.SHORT, "1"),
    ],
)
def test_what_a_trade_closes_with(kind: str, amount: int, side: Side, value: str) -> None:
    assert closing_value(trade("2024-01-01", "t", kind, 1, amount, 1), side) == money(value)


NO_ZONES = ["America/Gotham", "", "../etc/passwd", "EST5EDT4,M3", "Europe", "a\0b", "localtime", "right/UTC"]


@pytest.mark.parametrize("zone", NO_ZONES)
def test_an_unknown_zone_is_a_usage_error(zone: str) -> None:
    with pytest.raises(UsageError, match="unknown time zone"):
        Election(Method.FIFO, Pooling.WALLET, zone, 2025)


@pytest.mark.parametrize("year", [1970, 2527, 0, -1])
def test_a_year_outside_the_range_of_times_is_a_usage_error(year: int) -> None:
    with pytest.raises(UsageError, match=r"outside 1971\.\.2526"):
        Election(Method.FIFO, Pooling.WALLET, "UTC", year)


def test_pools_read_well() -> None:
    assert str(Pool("BTC", "kraken:main", Side.LONG)) == "BTC (kraken:main, long)"
    assert str(Pool("BTC", "", Side.SHORT)) == "BTC (short)"
