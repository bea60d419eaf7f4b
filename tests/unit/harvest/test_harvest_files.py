"""Prices, depth and rates: what is read, and what is refused with its place."""

import json

import pytest

from zkharvest.errors import InputError, UsageError
from zkharvest.harvest.files import DAY_MS, depth_of, prices_from_text, read_depth, read_prices
from zkharvest.harvest.policy import Jurisdiction, rates_from_text
from zkharvest.trades.text import parse_time

US = 'jurisdiction = "US"\nyear = 2026\nshort = 0.35\nlong = 0.15\nordinary = 0.35\n'


def problems(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return [str(problem) for problem in caught.value.problems]


def at(text):
    return parse_time(text)


def test_the_newest_price_at_or_before_is_taken():
    prices = prices_from_text(
        "asset,price,time\nBTC,80000,2026-11-28T10:00:00Z\nBTC,81000,2026-11-28T11:00:00Z\nBTC,99000,2026-11-29\n", "p"
    )
    assert prices.find("BTC", at("2026-11-28T10:59:59Z"), DAY_MS).value == 80000
    assert prices.find("BTC", at("2026-11-28T11:00:00Z"), DAY_MS).value == 81000
    assert prices.find("BTC", at("2026-11-28T09:00:00Z"), DAY_MS) == "no price at or before 2026-11-28T09:00:00Z"
    assert prices.find("ETH", at("2026-11-28T09:00:00Z"), DAY_MS) == "no price"
    # the row of a day speaks for that day, and ages from its end
    assert prices.find("BTC", at("2026-11-30T23:00:00Z"), DAY_MS).value == 99000
    assert "stale" in prices.find("BTC", at("2026-12-01T01:00:00Z"), DAY_MS)


def test_every_bad_price_is_named():
    text = (
        "time,asset,price\n2026-11-28,BTC,0\n2026-11-28,ETH,-5\n2026-11-28,SOL,NaN\n2026-11-28,DOT,5\n2026-11-28,DOT,5\n"
        "yesterday,ADA,1\n2026-02-30,ADA,1\n2026-11-28,ADA\n2026-11-28,XRP,1e400\n"
    )
    found = problems(prices_from_text, text, "prices.csv")
    assert [line.split(": ")[0] for line in found] == [f"prices.csv:{n}" for n in (2, 3, 4, 6, 7, 8, 9, 10)]
    assert "line 5" in found[3]


def test_price_files_that_are_none(tmp_path):
    assert "is empty" in problems(prices_from_text, "", "p")[0]
    assert "columns are" in problems(prices_from_text, "time,price\n", "p")[0]
    with pytest.raises(UsageError):
        read_prices(tmp_path / "nothing.csv")


def test_depth_from_csv_and_from_deribit(tmp_path):
    rows = "instrument,side,price,amount\nBTC/USD,bid,100,1\nBTC/USD,bid,97,5\nBTC/USD,bid,99,2\nBTC/USD,ask,101,3\n"
    (tmp_path / "d.csv").write_text(rows)
    book = depth_of(read_depth(tmp_path / "d.csv"), "BTC")
    assert book.bids == ((100, 1), (99, 2), (97, 5))
    assert book.mid == 100.5
    inner = {"instrument_name": "BTC_USDC", "bids": [[100.0, 1.0], [99, 2], [97, 5]], "asks": [[101, 3]]}
    for shape in (inner, [inner], {"jsonrpc": "2.0", "result": inner}, [{"result": inner}]):
        (tmp_path / "d.json").write_text(json.dumps(shape))
        assert depth_of(read_depth(tmp_path / "d.json"), "BTC") == book
    assert depth_of(read_depth(tmp_path / "d.json"), "ETH") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("instrument,side,price,amount\nBTC,bid,100,1\nBTC,ask,100,1\n", "is crossed"),
        ("instrument,side,price,amount\nBTC,bid,100,1\n", "has no asks"),
        ("instrument,side,price,amount\nBTC,buy,100,1\n", "is not a side"),
        ("instrument,side,price,amount\nBTC,bid,100,0\nBTC,ask,101,1\n", "is not above zero"),
        ('{"result": {"bids": []}}', "is not an order book"),
        ("{", "is not JSON"),
    ],
)
def test_bad_depth(tmp_path, text, said):
    (tmp_path / "d").write_text(text)
    assert said in "\n".join(problems(read_depth, tmp_path / "d"))


def test_rates_with_what_a_law_fixes():
    us = rates_from_text(US)
    assert (us.jurisdiction, us.exit_rate, us.loss_limit, us.wash_sale) == (Jurisdiction.US, 0.15, 3000, None)
    uk = rates_from_text('jurisdiction = "gb"\nyear = 2026\nlong = 0.24\n')
    assert (uk.jurisdiction, uk.short, uk.exempt) == (Jurisdiction.UK, 0.24, 3000)
    ca = rates_from_text('jurisdiction = "CA"\nyear = 2026\nlong = 0.5\n')
    assert ca.inclusion == 0.5
    de = rates_from_text('jurisdiction = "DE"\nyear = 2026\nshort = 0.42\n')
    assert (de.long, de.exit_rate, de.exempt) == (0, 0, 1000)


def test_costs_and_switches():
    rates = rates_from_text(
        US + "[wash_sale]\nfrom = 2026-06-08\n[straddle]\nestablished = ['BTC']\n"
        "[costs.default]\nfee = 0.001\n[costs.BTC]\nfee = 0.002\nhalf_spread = 0.0001\nreentry_fee = 0\n"
    )
    assert rates.wash_sale.window == 30
    assert rates.established == ("BTC",)
    assert rates.costs_of("ETH").reentry_fee == 0.001
    assert (rates.costs_of("BTC").reentry_fee, rates.costs_of("BTC").reentry_half_spread) == (0, 0.0001)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (US.replace("0.35\nlong", "35\nlong"), "r:3:short", "did you mean 0.35"),
        (US + "shrot = 0.3\n", "r:6:shrot", "did you mean short"),
        (US.replace("2026", '"2026"'), "r:2:year", "is not a tax year"),
        (US.replace("US", "FR"), "r:1:jurisdiction", "US, UK, CA or DE"),
        (US.replace("short = 0.35\n", ""), "r:short", "is missing"),
        (US + "carry_short = -100\n", "r:6:carry_short", "below zero"),
        (US + "horizon = nan\n", "r:6:horizon", "is not a number"),
        (US + "[costs.BTC]\nfees = 0.1\n", "r:7:fees", "did you mean fee"),
        (US + "[costs.BTC]\nfee = 0.1\nvolatility = 0.6\n", "r:8:volatility", "0.031"),
        (US + "[costs.BTC]\nvolume = 0\n", "r:7:volume", "is zero"),
        (US + '[wash_sale]\nfrom = "soon"\n', "r:7:from", "is not a date"),
        (US + "[wash_sale]\nfrom = 2026-06-08\nwindow = 0\n", "r:8:window", "not a number of days"),
        (US + "costs = 3\n", "r:6:costs", "is not a table"),
        ('jurisdiction = "UK"\nyear = 2026\nlong = 0.24\nshort = 0.2\n', "r:4:short", "one rate"),
        ("a = = 1", "r", "is not TOML"),
    ],
)
def test_bad_rates_are_named_with_their_line(text, where, said):
    found = problems(rates_from_text, text, "r")
    assert any(line.startswith(f"{where}: ") and said in line for line in found), found
