"""`harvest match` as people use it, and what it says to bad quotes, lots and files."""

import json

import pytest

from tests.support.markets import NOW_MS, instrument_row, ticker_row, write_market
from zkharvest.cli import main

TRADES = """time,source,id,kind,asset,quantity,amount,fee,to,lots
2026-02-01T12:00:00Z,coinbase,t7,buy,BTC,1.37,126040.00,0,,
2026-03-01T12:00:00Z,coinbase,t8,buy,ETH,2,9000.00,0,,
2026-09-01T12:00:00Z,deribit,o1,buy,BTC_USDC-12JAN27-80000-C,5,40000.00,12,,
2026-09-02T12:00:00Z,deribit,o2,short,BTC_USDC-26FEB27-70000-P,2,9000.00,12,,
"""
AS_OF = ("--as-of", "2026-11-28T12:00:00Z")


@pytest.fixture
def place(tmp_path):
    (tmp_path / "trades.csv").write_text(TRADES)
    write_market(tmp_path)
    return tmp_path


def run(place, capsys, *options, as_of=AS_OF):
    files = ("--instruments", str(place / "instruments.json"), "--quotes", str(place / "quotes.json"))
    code = main(["harvest", "match", str(place / "trades.csv"), *files, *as_of, *options])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_a_lot(place, capsys):
    code, out, err = run(place, capsys, "--lot", "coinbase/t7")
    assert code == 0, err
    for part in ("An estimate as of 2026-11-28T12:00:00Z", "BTC: MATCHED", "1.3700 BTC", "H.R. 9172", "refused"):
        assert part in out


def test_a_date_means_the_end_of_that_day_in_the_taxpayers_zone(place, capsys):
    """On New Year's Day in Tokyo lots are open that were bought on that day, which is the last of the year in UTC."""
    text = (place / "trades.csv").read_text() + "2026-12-31T15:30:00Z,coinbase,t9,buy,BTC,1,90000.00,0,,\n"
    (place / "trades.csv").write_text(text)
    options = ("--lot", "coinbase/t9", "--timezone", "Asia/Tokyo", "--max-age", "100000", "--json")
    for as_of, instant in (
        ("2027-01-01", "2027-01-01T14:59:59.999Z"),
        ("2026-12-31T16:00:00Z", "2026-12-31T16:00:00Z"),
    ):
        _, out, err = run(place, capsys, *options, as_of=("--as-of", as_of))
        assert json.loads(out)["as_of"] == instant, err


def test_json_has_what_a_plan_needs(place, capsys):
    code, out, _ = run(place, capsys, "--lot", "t7:0.5", "--lot", "deribit/o1", "--json")
    made = json.loads(out)
    assert code == 0
    assert made["schema"] == "zkharvest/match/1"
    assert made["estimate"] is True
    assert [lot["lot"] for lot in made["lots"]] == ["coinbase/t7", "deribit/o1"]
    (one,) = made["matches"]
    assert one["verdict"] == "matched"
    assert one["target"]["delta"] == pytest.approx(0.5 + 5 * 0.6, abs=0.5)
    for leg in one["legs"]:
        assert {"instrument", "symbol", "side", "amount", "price", "delta", "cost", "margin", "rules"} <= set(leg)
        assert leg["rules"]
    got = sum(float(leg["amount"]) * leg["delta"] for leg in one["legs"])
    assert got == pytest.approx(one["got"]["delta"], rel=1e-6)


def test_the_whole_book_by_coin(place, capsys):
    text = (place / "trades.csv").read_text().replace("2026-03-01T12:00:00Z,coinbase,t8,buy,ETH,2,9000.00,0,,\n", "")
    (place / "trades.csv").write_text(text)
    code, out, _ = run(place, capsys, "--book", "--allow-offsetting", "--json")
    (one,) = json.loads(out)["matches"]
    assert code == 0
    assert one["coin"] == "BTC"
    assert len(one["closed"]) == 3


def test_nothing_on_that_coin(place, capsys):
    code, out, _ = run(place, capsys, "--lot", "t8")
    assert code == 1
    assert "no quote of ETH can be used" in out
    made = json.loads(run(place, capsys, "--lot", "t8", "--json")[1], parse_constant=pytest.fail)  # no NaN
    assert made["matches"][0]["spot"] is None
    assert made["matches"][0]["target"]["delta"] == 2


def test_an_empty_book(place, capsys):
    (place / "trades.csv").write_text(TRADES.splitlines()[0] + "\n")
    code, _, err = run(place, capsys, "--book")
    assert code == 2
    assert "the book is empty" in err


BAD_QUOTES = [
    ({"best_bid_price": 200.0, "best_ask_price": 100.0}, "crossed"),
    ({"best_ask_price": None}, "no ask"),
    ({"best_bid_amount": 0}, "no size at the bid"),
    ({"best_bid_price": 0.0}, "no bid"),
    ({"mark_iv": 900.0}, "volatility outside 0 to 500 %"),
    ({"mark_iv": None}, "no volatility"),
    ({"timestamp": NOW_MS - 86_400_000}, "stale: 24 hours old"),
    ({"timestamp": NOW_MS + 1000}, "the quote is from later than the stated time"),
    ({"state": "closed"}, "no bid"),
    ({"underlying_price": 0, "index_price": 0, "mark_price": 1}, "no price of the underlying"),
]


@pytest.mark.parametrize(("changed", "reason"), BAD_QUOTES)
def test_a_lot_whose_quote_cannot_be_relied_on_cannot_be_valued(place, capsys, changed, reason):
    name = "BTC_USDC-12JAN27-80000-C"
    listed = ["BTC_USDC-PERPETUAL", name]
    write_market(place, listed)
    (place / "quotes.json").write_text(json.dumps([ticker_row(listed[0]), ticker_row(name) | changed]))
    code, _, err = run(place, capsys, "--lot", "o1")
    assert code == 1
    assert f"deribit/o1: {name} cannot be valued: " in err
    assert reason in err


def test_quotes_that_cannot_be_relied_on_are_left_out(place, capsys):
    """Each with its own reason, all in one market; the rest is matched."""
    names = [f"BTC_USDC-12JAN27-{strike}-C" for strike in range(60_000, 60_000 + 2000 * len(BAD_QUOTES), 2000)]
    listed = ["BTC_USDC-PERPETUAL", *names]
    write_market(place, listed)
    rows = [ticker_row(name) | changed for name, (changed, _) in zip(names, BAD_QUOTES, strict=True)]
    (place / "quotes.json").write_text(json.dumps([ticker_row(listed[0]), *rows]))
    code, out, _ = run(place, capsys, "--lot", "t7", "--json")
    left_out = {one["instrument"]: one["reason"] for one in json.loads(out)["left_out"]}
    assert code == 0
    for name, (_, reason) in zip(names, BAD_QUOTES, strict=True):
        assert reason in left_out[name]


def test_every_quote_stale_is_a_cannot(place, capsys):
    code, out, _ = run(place, capsys, "--lot", "t7", as_of=("--as-of", "2026-12-01T12:00:00Z"))
    assert code == 1
    assert "no quote of BTC can be used" in out
    assert "stale: 72 hours old" in out


def test_expired_options_want_their_expiry_recorded(place, capsys):
    code, _, err = run(place, capsys, "--lot", "o1", as_of=("--as-of", "2027-02-01T12:00:00Z"))
    assert code == 1
    assert "is past its expiry" in err
    assert "record its expiry first" in err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "nothing says what is closed"),
        (("--lot", "t7", "--book"), 2, "exclude each other"),
        (("--lot", "t99"), 2, 'no open lot is called "t99"'),
        (("--lot", "t7:2"), 2, "has 1.37 open, not 2"),
        (("--lot", "t7:x"), 2, "is not a decimal number"),
        (("--lot", "t7", "--lot", "coinbase/t7"), 2, "is named twice"),
        (("--lot", "t7", "--settlement", "gold"), 2, "is not one of linear-first"),
        (("--lot", "t7", "--plot", "a.gif"), 2, "does not end in .png or .svg"),
    ],
)
def test_wrong_options(place, capsys, options, code, said):
    found, _, err = run(place, capsys, *options)
    assert found == code
    assert said in err


def test_bad_files_name_every_place(place, capsys):
    rows = [ticker_row("BTC_USDC-PERPETUAL"), {"instrument_name": "BTC-PERPETUAL"}, ticker_row("BTC-PERPETUAL", time=0)]
    rows[0]["mark_price"] = "NaN"
    (place / "quotes.json").write_text(json.dumps(rows))
    code, _, err = run(place, capsys, "--lot", "t7")
    assert code == 1
    for where in ("quotes.json:[0]:mark_price", "quotes.json:[1]:timestamp", "quotes.json:[2]:timestamp"):
        assert where in err
    (place / "quotes.json").write_text("[]")
    assert "has no rows" in run(place, capsys, "--lot", "t7")[2]
    (place / "quotes.json").write_text("{nonsense")
    assert "is not JSON" in run(place, capsys, "--lot", "t7")[2]
    (place / "instruments.json").write_text(json.dumps([instrument_row("BTC-PERPETUAL") | {"instrument_name": "X-Y"}]))
    assert '"X-Y" is not an instrument' in run(place, capsys, "--lot", "t7")[2]


def test_csv_forms(place, capsys):
    (place / "instruments.json").write_text("instrument,step,taker,cftc\nBTC_USDC-PERPETUAL,0.0001,0.0005,yes\n")
    head = "time,instrument,bid,ask,bid_size,ask_size,mark,iv,underlying,index,funding\n"
    line = "2026-11-28T11:59:00Z,BTC_USDC-PERPETUAL,79998,80002,50,50,80000,,80000,80000,0.0001\n"
    (place / "quotes.json").write_text(head + line)
    code, out, err = run(place, capsys, "--lot", "t7", "--json")
    assert code == 0, err
    (leg,) = json.loads(out)["matches"][0]["legs"]
    assert leg["symbol"] == "BTC/USDC:USDC"
    assert "s.1256" in {rule["authority"] for rule in leg["rules"]}
    (place / "quotes.json").write_text(head.replace("ask_size", "asksize") + line)
    assert "did you mean ask_size?" in run(place, capsys, "--lot", "t7")[2]


def test_the_law_of_other_countries(place, capsys):
    for law, said in (("uk", "TCGA s.106A"), ("ca", "ITA s.54"), ("de", "EStG s.20")):
        code, out, _ = run(place, capsys, "--lot", "t7", "--jurisdiction", law)
        assert code == 0
        assert said in out


def test_the_same_plot_twice(place, capsys):
    for name in ("a", "b"):
        plots = ("--plot", str(place / f"{name}.png"), "--plot", str(place / f"{name}.svg"))
        assert run(place, capsys, "--lot", "o1", *plots)[0] == 0
    assert (place / "a.png").read_bytes() == (place / "b.png").read_bytes()
    assert (place / "a.svg").read_bytes() == (place / "b.svg").read_bytes()
    code, _, err = run(place, capsys, "--lot", "o1", "--plot", str(place / "a.png"))
    assert code == 2
    assert "exists" in err
