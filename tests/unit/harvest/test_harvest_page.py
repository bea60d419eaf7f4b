"""The page: what it says, that nothing in it can act, and how it looks to a browser."""

import contextlib
import io
import json

import pytest

from tests.support.browser import CHROMIUM, Browser
from tests.support.harvest import book, rates, scan
from tests.support.histories import write_prices
from tests.support.markets import SPOT, write_market
from zkharvest.cli import main
from zkharvest.harvest.page import page
from zkharvest.harvest.scan import run_until
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.trades.text import parse_time

ROWS = (
    "2025-02-01 coinbase t1 buy BTC 1 60000", "2026-02-01 coinbase t7 buy BTC 1 92000",
    "2026-10-01 coinbase <b>t8 buy ETH 10 42000", "2026-11-10 coinbase t9 buy ETH 1 3500",
    "2026-05-10 coinbase s9 sell ETH 0 0", "2026-10-02 k u1 buy NEW 5 10",
)  # fmt: skip


def made(**given):
    trades = book(*(row for row in ROWS if " ETH 0 " not in row))
    found = scan(trades, "BTC 80000, ETH 3000", rates(other_short=50000.0), Method.FIFO)
    run, _ = run_until(
        trades, Election(Method.FIFO, Pooling.WALLET, "America/New_York", 2026), parse_time("2026-11-28T18:00:00Z")
    )
    return page(found, run, **given)


def test_what_the_page_says():
    text = made()
    assert "FIFO takes coinbase/t1 at a gain first" in text
    assert "left out: no price" in text
    assert "H.R. 9172" in text
    assert "Estimates: not advice, and not a proof" in text
    assert "law of the United States as on 2026-11-28" in text
    assert "<script" not in text
    assert "<b>t8" not in text
    assert "&lt;b&gt;t8" in text


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The page of a book with what match, forecast and record really print."""
    tmp_path = tmp_path_factory.mktemp("whole")
    with contextlib.chdir(tmp_path):
        return written(tmp_path)


def written(tmp_path):
    write_market(tmp_path)
    write_prices(tmp_path / "p.csv", days=1000, end={"BTC": SPOT})
    (tmp_path / "t.csv").write_text(
        "time,source,id,kind,asset,quantity,amount,fee,to,lots\n2026-02-01T12:00:00Z,coinbase,t7,buy,BTC,1.37,126040,0,,\n"
    )
    rates = 'jurisdiction = "US"\nyear = 2026\nshort = 0.35\nlong = 0.15\nordinary = 0.35\nother_short = 90000\n'
    (tmp_path / "r.toml").write_text(rates + "exit_rate = 0.15\n[costs.default]\nfee = 0.001\n")
    common = ["--rates", "r.toml", "--prices", "p.csv", "--as-of", "2026-11-28T12:00:00Z"]

    def run(name, *words):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert main(["harvest", name, *words, "--json"]) == 0
        (tmp_path / f"{name}.json").write_text(out.getvalue())

    quotes = ["--instruments", "instruments.json", "--quotes", "quotes.json", "--as-of", "2026-11-28T12:00:00Z"]
    run("match", "t.csv", *quotes, "--lot", "t7")
    run("forecast", "t.csv", *common)
    run("plan", "t.csv", *common, "--reentry", "none", "--seed", "1", "-o", "planned.json")
    step = json.loads((tmp_path / "planned.json").read_text())["steps"][0]
    head = "id,order,datetime,symbol,side,price,amount,fee_cost,fee_currency"
    fill = f"f1,{step['params']['clientOrderId']},2099-01-01T00:00:00Z,BTC/USD,sell,79990,1.3,10,USD"
    (tmp_path / "fills.csv").write_text(f"{head}\n{fill}\n")
    run("record", "planned.json", "fills.csv", "--trades", "t.csv", "-o", "new.csv")
    given = [word for name in ("match", "forecast", "record") for word in (f"--{name}", f"{name}.json")]
    assert main(["harvest", "report", "t.csv", *common, *given, "-o", "page.html"]) == 0
    return tmp_path / "page.html"


def test_what_other_commands_found_joins_the_page(whole):
    text = whole.read_text()
    found = json.loads((whole.parent / "match.json").read_text())["matches"][0]
    kept = found["got"]["delta"] / found["target"]["delta"]
    assert f"<td class=n>{kept:.1%}</td>" in text
    assert found["legs"][0]["instrument"] in text
    forecast = json.loads((whole.parent / "forecast.json").read_text())
    assert text.count("<svg") == 2
    points = text.partition('<polyline class="line" points="')[2].partition('"')[0].split(" ")
    assert len(points) == len(forecast["thresholds"]["BTC"])
    heights = [float(point.partition(",")[2]) for point in points]
    assert heights == sorted(heights, reverse=True)  # the threshold rises to the year's end
    assert "Rules on the history of BTC" in text
    record = json.loads((whole.parent / "record.json").read_text())
    assert f"Realised {float(record['loss']):,.2f}, estimated" in text
    assert "coinbase/t7: planned 1.37, sold 1.3" in text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_in_a_browser(whole):
    blocked = whole.parent / "blocked.html"
    blocked.write_text(made(), encoding="utf-8")
    looks = [(path, width, dark) for path in (whole, blocked) for width in (1280, 390) for dark in (False, True)]
    with Browser() as browser:
        for path, width, dark in looks:
            shown = browser.open(path, width=width, dark=dark)
            assert not shown.requests()
            assert not shown.complaints()
            assert not shown.poor_contrast()
            assert not shown.overflows()


def test_the_same_book_is_the_same_page():
    assert made() == made()
    assert json.dumps(made()).isascii()
