"""Prices from a venue's candles: a server of our own on loopback stands for it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from zkharvest.cli import main

PAIR = {
    "altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "pair_decimals": 1, "lot_decimals": 8,
    "ordermin": "0.0001", "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]], "status": "online", "tick_size": "0.1",
    "costmin": "0.5", "cost_decimals": 5, "lot_multiplier": 1, "leverage_buy": [], "leverage_sell": [],
}  # fmt: skip
DAY, MINUTE = 1709424000, 1709460300  # 2024-03-03, and 10:05 of it
CANDLES = {1440: [[DAY, "1", "2", "1", "62901.5", "1", "1", 1]], 1: [[MINUTE, "1", "2", "1", "62000.123", "1", "1", 1]]}


class Kraken(BaseHTTPRequestHandler):
    """As much of Kraken's public API as prices need; it counts what it is asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        name = parts.path.rsplit("/", 1)[-1]
        self.asked.append(name)
        result: object = {}
        if name == "AssetPairs":
            result = {"XXBTZUSD": PAIR}
        elif name == "OHLC":
            result = {"XXBTZUSD": CANDLES[int(query["interval"])], "last": 0}
        body = json.dumps({"error": [], "result": result}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Kraken) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        Kraken.asked.clear()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


def test_prices_are_filled_once_with_their_source(server: str, tmp_path, capsys) -> None:
    wanted, target = tmp_path / "missing.csv", tmp_path / "prices.csv"
    wanted.write_text("time,asset,price\n2024-03-03,XBT,\n2024-03-03T10:05:44Z,BTC,\n2024-03-04T10:05:44Z,BTC,\n")
    arguments = ["trades", "prices", str(wanted), "-o", str(target), "--venue", "kraken", "--url", server]
    assert main(arguments) == 1  # one is missing
    assert target.read_text().splitlines() == [
        "time,asset,price,source",
        "2024-03-03,XBT,62901.5,kraken BTC/USD close of 1d 2024-03-03",
        "2024-03-03T10:05:44Z,BTC,62000.123,kraken BTC/USD close of 1m 2024-03-03T10:05Z",
        "2024-03-04T10:05:44Z,BTC,,",
    ]
    assert "no price of BTC at 2024-03-04T10:05:44Z" in capsys.readouterr().err
    wanted.write_text("time,asset,price\n2024-03-03T10:05:44Z,BTC,\n2024-03-04T10:05:44Z,BTC,63000\n")
    before = Kraken.asked.count("OHLC")
    assert main(arguments) == 0  # all that was known is kept: nothing is asked for again
    assert Kraken.asked.count("OHLC") == before
    assert target.read_text().splitlines()[-1] == "2024-03-04T10:05:44Z,BTC,63000,"
    ledgers = tmp_path / "ledgers.csv"
    ledgers.write_text(
        '"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"\n'
        '"L1","R1","2024-03-03 10:05:44","staking","","currency","XXBT","0.5","0","0.5"\n'
    )
    made = tmp_path / "trades.csv"
    assert main(["trades", "import", str(ledgers), "--prices", str(target), "-o", str(made)]) == 0
    assert ",income,BTC,0.5,31000.0615," in made.read_text()


def test_a_file_that_is_not_one_of_prices(server: str, tmp_path, capsys) -> None:
    wanted = tmp_path / "missing.csv"
    wanted.write_text("time,asset\n2024-03-03,BTC\n")
    arguments = ["trades", "prices", str(wanted), "-o", str(tmp_path / "p.csv"), "--venue", "kraken", "--url", server]
    assert main(arguments) == 1
    assert "the columns are time, asset, price, source" in capsys.readouterr().err
    assert not (tmp_path / "p.csv").exists()
