"""Instruments: names of venues, both ways."""

from datetime import UTC, datetime

import pytest

from zkharvest.harvest.markets.instruments import Kind, parse_instrument

DECEMBER = int(datetime(2026, 12, 27, 8, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("name", "kind", "coin", "inverse", "in_dollars", "expiry", "strike", "symbol"),
    [
        ("BTC", Kind.SPOT, "BTC", False, False, 0, 0, "BTC/USD"),
        ("BTC-PERPETUAL", Kind.PERPETUAL, "BTC", True, True, 0, 0, "BTC/USD:BTC"),
        ("BTC_USDC-PERPETUAL", Kind.PERPETUAL, "BTC", False, False, 0, 0, "BTC/USDC:USDC"),
        ("ETH-27DEC26", Kind.FUTURE, "ETH", True, True, DECEMBER, 0, "ETH/USD:ETH-261227"),
        ("BTC-27DEC26-80000-P", Kind.PUT, "BTC", True, False, DECEMBER, 80_000, "BTC/USD:BTC-261227-80000-P"),
        ("XRP_USDC-27DEC26-0d65-C", Kind.CALL, "XRP", False, False, DECEMBER, 0.65, "XRP/USDC:USDC-261227-0.65-C"),
        ("BTC/USD:BTC-261227-60000-C", Kind.CALL, "BTC", True, False, DECEMBER, 60_000, "BTC/USD:BTC-261227-60000-C"),
        ("BTC/USDC:USDC", Kind.PERPETUAL, "BTC", False, False, 0, 0, "BTC/USDC:USDC"),
        ("BTC-USDT-SWAP", Kind.PERPETUAL, "BTC", False, False, 0, 0, "BTC/USDT:USDT"),
        ("BTC-USD-261227-80000-P", Kind.PUT, "BTC", True, False, DECEMBER, 80_000, "BTC/USD:BTC-261227-80000-P"),
        ("BTC-27DEC26-80000-P-USDT", Kind.PUT, "BTC", False, False, DECEMBER, 80_000, "BTC/USDT:USDT-261227-80000-P"),
    ],
)
def test_what_a_name_means(name, kind, coin, inverse, in_dollars, expiry, strike, symbol):
    found = parse_instrument(name)
    assert (found.kind, found.coin, found.inverse, found.in_dollars) == (kind, coin, inverse, in_dollars)
    assert (found.expiry, found.strike, found.symbol) == (expiry, strike, symbol)
    again = parse_instrument(symbol) if "/" in symbol and ":" in symbol else None
    assert again is None or (again.kind, again.settles, again.expiry) == (kind, found.settles, expiry)


@pytest.mark.parametrize("name", ["", "btc", "BTC-", "BTC-31FEB26", "BTC-27DEC26-80000-X", "BTC-27DEC26-80000", "A B"])
def test_other_names_mean_nothing(name):
    assert parse_instrument(name) is None
