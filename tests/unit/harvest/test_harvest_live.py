"""`--live`: prices and order books of now, from a server that speaks Binance.US's REST."""

import json
from pathlib import Path

import pytest

from tests.support.exchange import Binance, Exchange, serving
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.harvest.markets import live
from zkharvest.harvest.markets import venue as venues
from zkharvest.harvest.markets.venue import connect

ccxt = pytest.importorskip("ccxt")

HEAD = "time,source,id,kind,asset,quantity,amount,fee,to,lots\n"
ROWS = (
    "2026-01-05T10:00:00Z,k,t1,buy,BTC,1,100000,,,\n2026-01-06T10:00:00Z,k,t2,buy,ETH,10,50000,,,\n"
    "2026-01-07T10:00:00Z,k,t3,buy,NEW,1,10,,,\n2026-01-08T10:00:00Z,k,t4,buy,BTC-27DEC30-60000-C,1,900,,,\n"
)


@pytest.fixture
def exchange():
    made = Exchange()
    made.quote("BTCUSD", [(89900, 2), (89800, 5)], [(90100, 9)])
    made.quote("ETHUSD", [(3999, 4)], [(4001, 50)])
    return made


@pytest.fixture
def url(tmp_path, monkeypatch, exchange):
    from datetime import UTC, datetime

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ccxt.Exchange, "throttle", lambda *_: None)
    monkeypatch.setattr(venues, "pause", lambda _: None)
    year = datetime.now(UTC).year
    (tmp_path / "t.csv").write_text(HEAD + ROWS)
    rates = f'jurisdiction = "US"\nyear = {year}\nshort = 0.35\nlong = 0.15\nordinary = 0.35\nother_short = 500000\n'
    (tmp_path / "r.toml").write_text(rates)
    with serving(Binance(exchange)) as served:
        yield served


def given(url, command, *words):
    market = ["--live", "binanceus", "--url", f"binanceus={url}"]
    return ["harvest", command, "t.csv", "--rates", "r.toml", *market, *words]


def test_a_scan_of_now_walks_the_books(url, capsys):
    assert main(given(url, "scan", "--method", "specific", "--json")) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    lots = {one["lot"]: one for one in shown["candidates"]}
    assert lots["k/t1"]["value"] == "90000.00"  # the middle
    assert lots["k/t1"]["cost"]["impact"] == "100.00"  # one coin sold at the bid; the purchase at no stated cost
    reasons = {one["lot"]: one["reason"] for one in shown["left_out"]}
    assert reasons["k/t2"] == "the book is too thin: it takes 4 of 10"
    assert reasons["k/t3"] == "NEW/USD is not listed by binanceus"
    assert reasons["k/t4"] == "its price is in coin: give --prices"


def test_a_plan_and_a_page_of_now(url, capsys):
    words = ["--method", "specific", "--lot", "k/t1", "--seed", "1", "-o", "plan.json"]
    assert main(given(url, "plan", *words)) == ExitCode.DONE, capsys.readouterr().err
    plan = json.loads(Path("plan.json").read_text())
    assert plan["lots"][0]["value"] == "90000.00"
    assert {step["side"] for step in plan["steps"]} == {"sell", "buy"}
    assert set(plan["digests"]) == {"trades", "rates"}
    assert any(
        text.startswith("prices and order books are those that binanceus had at") for text in plan["assumptions"]
    )
    assert main(given(url, "report", "--method", "specific", "-o", "page.html")) == ExitCode.DONE
    assert "k/t1" in Path("page.html").read_text()
    capsys.readouterr()
    assert main(["harvest", "plan", "t.csv", "--rates", "r.toml", "-o", "p.json"]) == ExitCode.USAGE
    assert "nothing says where prices come from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bids", "asks", "ahead", "said"),
    [
        ([], [(90100, 9)], 0, "no bid"),
        ([(89900, 2)], [], 0, "no ask"),
        ([(90200, 2)], [(90100, 9)], 0, "crossed"),
        ([(0, 2)], [(90100, 9)], 0, "no bid"),
        ([(89900, 2)], [(90100, 9)], -90_000_000, "stale"),
        ([(89900, 2)], [(90100, 9)], 90_000_000, "dated in the future"),
    ],
)
def test_a_ticker_that_cannot_be_relied_on_is_no_price(url, exchange, bids, asks, ahead, said):
    now = exchange.now()
    exchange.quote("BTCUSD", bids, asks)
    exchange.clock = now + ahead
    found = live.live_prices(connect("binanceus", url=url), ["BTC"], "USD", now, 86_400_000)
    assert said in found.find("BTC", now, 86_400_000)
    if ahead == 0:
        books, why = live.live_books(connect("binanceus", url=url), ["BTC"], "USD")
        assert not books
        assert "the book" in why["BTC"]


def test_watch_follows_tickers(url, exchange, capsys, monkeypatch):
    looks = iter([(98000, 98100), (80000, 80100), (80050, 80150), (None, 80100), (120000, 120100)])

    def next_price(_):
        bid, ask = next(looks, (None, None))
        if ask is None:
            raise KeyboardInterrupt
        exchange.quote("BTCUSD", [] if bid is None else [(bid, 9)], [(ask, 9)])

    monkeypatch.setattr("zkharvest.cli.harvest_watch.time.sleep", next_price)
    exchange.faults = [("ticker/24hr", "lose answer"), ("ticker/24hr", "too many")]
    main(given(url, "watch", "--json", "--threshold", "0.9"))
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert [(e["event"], e["lot"], e["ratio"]) for e in events] == [
        ("on", "k/t2", 0.8), ("on", "k/t1", 0.8005), ("off", "k/t1", 1.2005),
    ]  # fmt: skip
    assert err.count("BTC is left out: BTC/USD at binanceus: no bid") == 1
    assert "BTC has a price again" in err
    assert err.count("NEW is left out") == 1


def test_a_venue_that_does_not_answer_is_said_and_asked_again(url, exchange, capsys, monkeypatch):
    def away(_):
        exchange.faults = [("ticker/24hr", "break")] * 100
        monkeypatch.setattr("zkharvest.cli.harvest_watch.time.sleep", done)

    def done(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("zkharvest.cli.harvest_watch.time.sleep", away)
    main(given(url, "watch", "--json"))
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "binanceus: prices: no answer" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--prices", "p.csv"], "exclude each other"),
        (["--as-of", "2026-01-01"], "prices of now"),
        (["--depth", "d.csv"], "reads the order books itself"),
    ],
)
def test_words_that_do_not_go_together(url, capsys, words, said):
    assert main(given(url, "scan", *words)) == ExitCode.USAGE
    assert said in capsys.readouterr().err
    assert main(["harvest", "scan", "t.csv", "--rates", "r.toml"]) == ExitCode.USAGE
    assert "nothing says where prices come from" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("scan",), ("watch", "--once"), ("plan", "-o", "plan.json")])
def test_a_venue_is_asked_in_the_currency_of_the_trades(url, exchange, capsys, command):
    """A basis in euros is not held against prices in dollars: what the trades state is asked for, all else refused."""
    rows = Path("t.csv").read_text().splitlines()
    Path("t.csv").write_text("\n".join([f"{rows[0]},currency", *(f"{row},EUR" for row in rows[1:])]) + "\n")
    assert main(given(url, *command, "--quote", "USD")) == ExitCode.USAGE
    assert "the trades are in EUR, the prices would be in USD" in capsys.readouterr().err
    main(given(url, *command))
    said = capsys.readouterr().err
    assert ("nothing to harvest" if command[0] == "plan" else "BTC/EUR") in said  # the server lists no pair in euros
