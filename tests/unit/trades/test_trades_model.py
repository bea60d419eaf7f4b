"""Trades made by hand: what no file could give is an error of the caller, before anything is computed from it."""

from dataclasses import FrozenInstanceError, fields, replace
from inspect import signature

import pytest

from zkharvest import Kind, Trade, commit_pages
from zkharvest.trades.model import LotPick, filled_trade, in_order

GOOD = Trade(1_700_000_000_000, "kraken", "T1", Kind.BUY, "BTC", 10**18, 10**12)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"quantity": -5}, ValueError, "trade kraken/T1: quantity is -5, outside 0.."),
        ({"quantity": 1 << 112}, ValueError, "quantity is"),
        ({"quantity": 1.5}, TypeError, "trade kraken/T1: quantity is int, not float"),
        ({"quantity": "1"}, TypeError, "quantity is int, not str"),
        ({"amount": -1}, ValueError, "amount is -1"),
        ({"amount": 1 << 64}, ValueError, "amount is"),
        ({"fee": -(1 << 64)}, ValueError, "fee is"),
        ({"time": -1}, ValueError, "time is -1"),
        ({"time": "2025-01-01"}, TypeError, "time is int, not str"),
        ({"kind": "buy"}, TypeError, "kind is Kind, not str"),
    ],
)
def test_numbers_that_no_file_could_give(change, error, said):
    with pytest.raises(error) as caught:
        commit_pages([GOOD, replace(GOOD, **change)], currency="USD")
    assert said in str(caught.value)


def test_equal_times_keep_their_order():
    first, second = replace(GOOD, id="a"), replace(GOOD, id="b")
    assert in_order([second, first]) == [second, first]
    assert in_order([]) == []


def test_a_trade_made_fast_is_the_same_trade():
    """Every field that can be given, each with a value of its own; the others as `Trade` leaves them."""
    given = dict.fromkeys(signature(filled_trade).parameters)
    for number, name in enumerate(given, start=5):
        given[name] = number if name in ("time", "quantity", "amount", "fee", "line", "into_quantity") else name
    given |= {"kind": Kind.CONVERT, "lots": (LotPick("a", 3),)}
    fast = filled_trade(**given)
    slow = Trade(**{name.removesuffix("_"): value for name, value in given.items()})
    names = [one.name for one in fields(Trade)]
    assert [getattr(fast, name) for name in names] == [getattr(slow, name) for name in names]
    assert (type(fast), hash(fast), repr(fast)) == (Trade, hash(slow), repr(slow))
    with pytest.raises(FrozenInstanceError):
        fast.fee = 1
