"""Price files as CoinGecko, Kraken, Binance, the ECB and the Federal Reserve publish them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkharvest.errors import InputError
from zkharvest.trades.importers.names import load_names
from zkharvest.trades.importers.prices import load_prices
from zkharvest.trades.text import parse_quantity, parse_time

FILES = {
    "btc-usd-max.csv": "snapped_at,price,market_cap,total_volume\n2024-03-03 00:00:00 UTC,62031.5,1,1\n",
    "XBTUSD_1440.csv": "1709424000,62000,63500,61000,63137,100,2000\n1709510400,63137,68000,62500,68297.7,1,2\n",
    "BTCUSDT-1d-2024-03.csv": "1709424000000,62000,63500,61000,63136.01,1,1709510399999,1,1,1,1,0\n",
    "BTCEUR-1d-2025-03.csv": "1741824000000000,76000,77000,75000,76500.5,1,1741910399999999,1,1,1,1,0\n",
    "eurofxref-hist.csv": "Date,USD,JPY,CYP,\n2024-03-04,1.0846,163.39,N/A,\n2024-03-01,1.0834,163.1,N/A,\n",
    "DEXUSEU.csv": "observation_date,DEXUSEU\n2024-03-01,1.0839\n2024-03-04,.\n",
    "DEXJPUS.csv": "DATE,DEXJPUS\n2024-03-01,150.0\n",
}


@pytest.fixture
def price(tmp_path: Path):
    def find(name: str, asset: str, day: str, currency: str = "USD") -> int | None:
        (tmp_path / name).write_text(FILES[name])
        return load_prices([tmp_path / name], load_names(), currency).find(asset, parse_time(f"{day}T12:00:00Z"))

    return find


@pytest.mark.parametrize(
    ("name", "asset", "day", "currency", "value"),
    [
        ("btc-usd-max.csv", "BTC", "2024-03-03", "USD", "62031.5"),
        ("XBTUSD_1440.csv", "BTC", "2024-03-04", "USD", "68297.7"),
        ("BTCUSDT-1d-2024-03.csv", "BTC", "2024-03-03", "USDT", "63136.01"),
        ("BTCEUR-1d-2025-03.csv", "BTC", "2025-03-13", "EUR", "76500.5"),
        ("eurofxref-hist.csv", "EUR", "2024-03-01", "USD", "1.0834"),
        ("eurofxref-hist.csv", "EUR", "2024-03-03", "USD", "1.0834"),  # a Sunday: the rate of Friday holds
        ("eurofxref-hist.csv", "EUR", "2024-03-05", "USD", "1.0846"),
        ("DEXUSEU.csv", "EUR", "2024-03-02", "USD", "1.0839"),
        ("DEXJPUS.csv", "USD", "2024-03-01", "JPY", "150"),
    ],
)
def test_published_prices(price, name: str, asset: str, day: str, currency: str, value: str) -> None:
    assert price(name, asset, day, currency) == parse_quantity(value)


def test_crosses_go_by_the_euro(price) -> None:
    yen = price("eurofxref-hist.csv", "JPY", "2024-03-01", "USD")
    assert yen == 10834 * 10**32 // (1631 * 10**17)
    assert price("DEXUSEU.csv", "USD", "2024-03-01", "EUR") == 10**36 // 1083900000000000000


def test_no_price_is_guessed(price) -> None:
    assert price("btc-usd-max.csv", "BTC", "2024-03-04") is None
    assert price("eurofxref-hist.csv", "EUR", "2024-03-10") is None
    assert price("DEXUSEU.csv", "GBP", "2024-03-01") is None


def test_a_quote_that_is_not_the_currency_of_the_import(price) -> None:
    with pytest.raises(InputError, match="prices are in USDT, the import is in USD"):
        price("BTCUSDT-1d-2024-03.csv", "BTC", "2024-03-03", "USD")


def test_candles_that_are_not_of_a_day_and_names_without_a_pair(tmp_path: Path) -> None:
    (tmp_path / "XBTUSD_60.csv").write_text("1709424000,1,1,1,1,1,1\n1709427600,1,1,1,1,1,1\n")
    with pytest.raises(InputError, match="not a candle of one UTC day"):
        load_prices([tmp_path / "XBTUSD_60.csv"], load_names(), "USD")
    (tmp_path / "prices.csv").write_text(FILES["XBTUSD_1440.csv"])
    with pytest.raises(InputError, match="does not say the pair"):
        load_prices([tmp_path / "prices.csv"], load_names(), "USD")
    (tmp_path / "btc-usd-max.csv").write_text(FILES["btc-usd-max.csv"].replace("62031.5", "much"))
    with pytest.raises(InputError, match='"much" is not a number'):
        load_prices([tmp_path / "btc-usd-max.csv"], load_names(), "USD")


def test_two_publishers_may_not_contradict(tmp_path: Path) -> None:
    for name in ("btc-usd-max.csv", "XBTUSD_1440.csv"):
        (tmp_path / name).write_text(FILES[name])
    with pytest.raises(InputError, match="prices BTC on 2024-03-03 otherwise than"):
        load_prices([tmp_path / "btc-usd-max.csv", tmp_path / "XBTUSD_1440.csv"], load_names(), "USD")
