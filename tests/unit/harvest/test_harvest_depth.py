"""Order books in a match: what a leg costs is what the book takes for it, from a file and from a venue."""

import json
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.exchange import Deribit, Exchange, serving
from tests.support.markets import NOW_MS, SPOT, write_market
from zkharvest.cli import main
from zkharvest.harvest.files import Depth
from zkharvest.harvest.markets.greeks import Greeks
from zkharvest.harvest.markets.quotes import market, read_instruments, read_quotes
from zkharvest.harvest.reentry.exposure import Position
from zkharvest.harvest.reentry.match import Verdict, Wishes, match
from zkharvest.harvest.reentry.problem import Choice, Problem, Scales
from zkharvest.harvest.reentry.solve import solve

PERPETUAL, FUTURE = "BTC_USDC-PERPETUAL", "BTC_USDC-26FEB27"
AS_OF = "2026-11-28T12:00:00Z"
TRADES = (
    "time,source,id,kind,asset,quantity,amount,fee,to,lots\n2026-02-01T12:00:00Z,coinbase,t7,buy,BTC,1.37,126040,,,\n"
)


@pytest.fixture
def offered(tmp_path):
    paths = write_market(tmp_path, [PERPETUAL, FUTURE], size=0.5)
    return market(read_instruments(paths[0]), read_quotes(paths[1]), NOW_MS, 3_600_000)


def book(*asks):
    return Depth(((SPOT - 100, 9.0),), tuple((SPOT + away, amount) for away, amount in asks))


def lot(amount=1.37):
    return [Position("BTC", amount, None)]


def test_a_leg_walks_its_book(offered):
    offered.books = {PERPETUAL: book((100, 1.0), (200, 0.3), (900, 5.0))}
    offered.listed.pop(FUTURE)
    made = match("BTC", lot(), offered, Wishes())
    (leg,) = made.legs
    assert made.verdict is Verdict.MATCHED
    assert (leg.amount, leg.price, leg.levels) == (pytest.approx(1.37), SPOT + 900, 3)
    one = offered.listed[PERPETUAL]
    carry = 3 * 31 * one.quote.funding * one.quote.forward
    assert leg.cost == pytest.approx(100 * 1.0 + 200 * 0.3 + 900 * 0.07 + (one.fee + carry) * 1.37, rel=1e-9)
    assert not leg.whole


def test_a_deeper_book_wins_over_a_better_first_price(offered):
    offered.books = {FUTURE: book((10, 0.1), (2000, 50)), PERPETUAL: book((50, 50))}
    made = match("BTC", lot(), offered, Wishes())
    amounts = {leg.listed.instrument.name: round(leg.amount, 9) for leg in made.legs}
    assert amounts == {FUTURE: 0.1, PERPETUAL: 1.27}


def test_a_book_that_is_too_thin_is_marked(offered):
    offered.books = {PERPETUAL: book((100, 0.4), (200, 0.3)), FUTURE: book((100, 0.2))}
    made = match("BTC", lot(), offered, Wishes())
    assert made.verdict is Verdict.CANNOT
    assert made.reason == "the depth is too thin: 0.9 coins of 1.37 can be filled"
    assert [leg.whole for leg in made.legs] == [True, True]
    assert all(leg.as_json()["depth"]["takes_all"] for leg in made.legs)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_levels_of_books_within_two_percent_of_brute_force(data):
    """Two instruments with books of two levels, in steps of .1: every combination is tried."""
    choices, target = [], Greeks(0.0, 1.0, 2e-5, 100.0, -50.0)
    for name in ("a", "b", "c"):
        delta, gamma, vega = (data.draw(st.floats(*ends)) for ends in ((0.3, 1.0), (0, 4e-5), (0, 200)))
        greeks = Greeks(0.0, delta, gamma, vega, -50.0)
        cost = data.draw(st.floats(1, 50))
        for extra in (0, data.draw(st.floats(0, 60))):
            limit = data.draw(st.integers(1, 6))
            choices.append(Choice(name, 1, 0.1, greeks.times(0.1), (cost + extra) * 0.1, 0.0, limit, inverse=False))
    problem = Problem(target, tuple(choices), Scales.of(SPOT, 0.55), 0.05, max_legs=2)
    best = None
    for steps in product(*(range(c.limit + 1) for c in choices)):
        used = {c.leg for c, n in zip(choices, steps, strict=True) if n}
        if len(used) <= 2 and abs(problem.residuals(steps)["delta"]) <= 0.05:
            value = problem.objective(steps)
            best = value if best is None else min(best, value)
    found = solve(problem)
    if best is None:
        assert not found.reached
    else:
        assert found.reached
        assert found.objective <= best * 1.02 + 1e-6
        assert len({c.leg for c, n in zip(choices, found.steps, strict=True) if n}) <= 2


def test_depth_from_a_file(tmp_path, capsys):
    paths = write_market(tmp_path, [PERPETUAL], size=0.5)
    (tmp_path / "t.csv").write_text(TRADES)
    rows = [f"{PERPETUAL},ask,{SPOT + 100},1", f"{PERPETUAL},ask,{SPOT + 300},2", f"{PERPETUAL},bid,{SPOT - 100},1"]
    (tmp_path / "d.csv").write_text("instrument,side,price,amount\n" + "\n".join(rows) + "\n")
    given = ["harvest", "match", str(tmp_path / "t.csv"), "--instruments", str(paths[0]), "--quotes", str(paths[1])]
    given += ["--as-of", AS_OF, "--lot", "t7"]
    assert main([*given, "--depth", str(tmp_path / "d.csv"), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["matches"]
    (leg,) = one["legs"]
    assert (leg["amount"], leg["depth"]) == ("1.3700", {"levels": 2, "takes_all": False})
    assert main([*given, "--depth", "d.csv", "--live", "deribit"]) == 2
    assert main(given) == 1  # the best price alone holds half a coin of each


def test_depth_from_a_venue(tmp_path, capsys, monkeypatch):
    ccxt = pytest.importorskip("ccxt")
    monkeypatch.setattr(ccxt.Exchange, "throttle", lambda *_: None)
    paths = write_market(tmp_path, [PERPETUAL, FUTURE], size=0.5)
    (tmp_path / "t.csv").write_text(TRADES)
    exchange = Exchange()
    exchange.quote(PERPETUAL, [(SPOT - 100, 1)], [(SPOT + 100, 1), (SPOT + 300, 2)])
    exchange.quote(FUTURE, [(SPOT + 200, 1)], [(SPOT + 100, 1)])  # crossed
    given = ["harvest", "match", str(tmp_path / "t.csv"), "--instruments", str(paths[0]), "--quotes", str(paths[1])]
    given += ["--as-of", AS_OF, "--lot", "t7", "--live", "deribit", "--json"]
    instruments = json.loads(paths[0].read_text())
    more = {"counter_currency": "USDC", "quote_currency": "USDC", "tick_size": 1.0, "is_active": True}
    rows = [{**row, **more, "settlement_period": "month"} for row in instruments["result"]]
    rows[0]["settlement_period"] = "perpetual"
    with serving(Deribit(exchange, rows)) as url:
        assert main([*given, "--url", f"deribit={url}"]) == 0
        made = json.loads(capsys.readouterr().out)
        exchange.quote(PERPETUAL, [(SPOT - 100, 1)], [(SPOT + 100, "0.2")])
        assert main([*given, "--url", f"deribit={url}"]) == 1
        thin = json.loads(capsys.readouterr().out)["matches"][0]
    (leg,) = made["matches"][0]["legs"]
    assert (leg["amount"], leg["price"], leg["depth"]["levels"]) == ("1.3700", f"{SPOT + 300:.12g}", 2)
    (out,) = made["left_out"]
    assert (out["instrument"], out["reason"][:20]) == (FUTURE, "the book is crossed:")
    assert thin["reason"] == "the depth is too thin: 0.2 coins of 1.37 can be filled"
