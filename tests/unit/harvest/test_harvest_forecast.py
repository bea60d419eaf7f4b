"""Forecasts: models, scores, rules, lots, and the command."""

import json
import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.histories import at, closes, days_of, write_prices
from tests.support.markets import NOW_MS, SPOT, write_market
from zkharvest.cli import main
from zkharvest.harvest.files import read_prices
from zkharvest.harvest.forecast.ends import Ends, first_days
from zkharvest.harvest.forecast.history import daily_closes
from zkharvest.harvest.forecast.lots import QUANTILES, Held, HeldOption, forecast_book
from zkharvest.harvest.forecast.models import ewma_variance, fit_bootstrap, fit_garch, fit_normal, simulate
from zkharvest.harvest.forecast.rules import compare_rules, foresight, monthly_lots
from zkharvest.harvest.forecast.run import year_end
from zkharvest.harvest.forecast.scores import crps, score_models
from zkharvest.harvest.markets.greeks import black76, normal_cdf
from zkharvest.harvest.markets.instruments import parse_instrument
from zkharvest.harvest.markets.quotes import Listed, Quote, market, read_instruments, read_quotes
from zkharvest.harvest.policy import Jurisdiction
from zkharvest.harvest.reentry.exposure import unit_greeks


@pytest.mark.parametrize(("basis", "chance", "mean"), [(100, 0.57926, 15.8519), (120, 0.74402, 29.1881)])
def test_loss_of_a_lot_is_a_put(basis, chance, mean):
    """Worked example 19: P 100, volatility .8, a quarter of a year: chance and mean of a loss (a put, r 0)."""
    put = black76(False, 100, basis, 0.25, 0.8)
    d2 = math.log(100 / basis) / 0.4 - 0.2
    assert float(put.value) == pytest.approx(mean, abs=5e-5)
    assert float(normal_cdf(-d2)) == pytest.approx(chance, abs=5e-6)
    days = 91
    model = fit_normal(0.8 * math.sqrt(0.25 * 365 / days), days)
    path = simulate({"BTC": model}, days, 20_000, 3)
    book = forecast_book(
        [Held("l", "BTC", 1, 1.0, basis, 100.0, 0.2, 0.2, 0.003)], {"BTC": model}, path, date(2026, 1, 1)
    )
    assert book.lots[0].p_loss == pytest.approx(chance, abs=0.011)
    assert book.lots[0].expected_loss == pytest.approx(mean, rel=0.02)


def test_crps_of_a_normal():
    """Worked example 19: the closed form of Gneiting and Raftery 2007 for N(0, 1): .233695 at 0, .602441 at 1."""
    middles = (np.arange(20_000) + 0.5) / 20_000
    sample = np.sort(np.interp(middles, normal_cdf(np.linspace(-6, 6, 40_001)), np.linspace(-6, 6, 40_001)))
    assert crps(sample, 0) == pytest.approx(0.233695, abs=5e-5)
    assert crps(sample, 1) == pytest.approx(0.602441, abs=5e-5)
    assert crps([2.0], 5.0) == 3.0


def test_ewma_by_hand():
    found = ewma_variance(np.array([0.1, -0.2]), 0.5)
    assert found == pytest.approx([0.025, 0.0175, 0.02875])


def test_bootstrap_starts_today_and_goes_back():
    returns = np.diff(np.log(closes(1500)))
    model = fit_bootstrap(returns, 400)
    recent = returns[-1095:] - returns[-1095:].mean()
    assert model.deviations[0] ** 2 == pytest.approx(ewma_variance(recent)[-1])
    assert model.deviations[-1] ** 2 == pytest.approx(float(np.mean(recent**2)), rel=0.02)
    assert (model.pool.mean(), model.pool.std()) == (pytest.approx(0, abs=1e-12), pytest.approx(1))
    path = simulate({"BTC": model}, 60, 4000, 1)["BTC"]
    assert path.shape == (4000, 61)
    assert path[:, -1].mean() == pytest.approx(1, abs=0.02)
    variance = float(np.log(path[:, -1]).var())
    assert variance == pytest.approx(float((model.deviations[:60] ** 2).sum()), rel=0.12)


def test_same_seed_same_bytes_and_assets_move_together():
    r = np.diff(np.log(closes(800)))
    other = 0.8 * r + 0.2 * np.diff(np.log(closes(800, seed=9)))
    models = {"BTC": fit_bootstrap(r, 30), "ETH": fit_bootstrap(other, 30)}
    first, second = (simulate(models, 30, 500, 7) for _ in range(2))
    assert all(first[name].tobytes() == second[name].tobytes() for name in models)
    ends = [np.log(first[name][:, -1]) for name in models]
    assert np.corrcoef(ends)[0, 1] > 0.8
    assert simulate(models, 30, 500, 8)["BTC"].tobytes() != first["BTC"].tobytes()


@pytest.mark.slow  # importing the library takes most of it
def test_garch_finds_its_parameters():
    pytest.importorskip("arch")
    random = np.random.default_rng(2)
    variance, made = 1e-3, []
    for shock in random.standard_t(6, 1400) / math.sqrt(1.5):
        made.append(math.sqrt(variance) * shock)
        variance = 2e-5 + 0.1 * made[-1] ** 2 + 0.88 * variance
    model = fit_garch(np.array(made), 30)
    assert model.garch.alpha == pytest.approx(0.1, abs=0.06)
    assert model.garch.beta == pytest.approx(0.88, abs=0.08)
    assert model.deviations[0] == pytest.approx(math.sqrt(variance), rel=0.15)
    path = simulate({"A": model, "B": model}, 30, 3000, 1)
    assert np.log(path["A"][:, -1]).std() == pytest.approx(math.sqrt((model.deviations**2).sum()), rel=0.15)
    assert np.corrcoef(np.log([path["A"][:, -1], path["B"][:, -1]]))[0, 1] > 0.8


def test_scores_prefer_the_model_that_knows_the_regime():
    scores = score_models(np.diff(np.log(closes(1500))), paths=300)
    assert [score.model for score in scores] == ["bootstrap", "normal, 365 days"]
    assert scores[0].origins == (1499 - 30 - 365) // 30 + 1
    assert all(0.6 < score.cover <= 1 for score in scores)
    assert scores[0].crps < scores[1].crps * 1.05
    assert score_models(np.zeros(200)) == []


def test_rules_on_a_path_by_hand():
    """A price that falls to 80 in May and is back at 100 in December: the year's end saves nothing."""
    days = days_of(700, date(2025, 12, 31))
    price = np.array([80.0 if (2025, 5, 10) <= d.timetuple()[:3] <= (2025, 6, 10) else 100.0 for d in days])
    price *= 1 + 1e-6 * np.arange(price.size)  # no two closes are equal, so volatilities are above zero
    results, count = compare_rules(days, price, 0.2, 0.0)
    by_rule = {result.rule: result.net for result in results}
    lots = monthly_lots(days, price)
    assert count == len(lots) == sum(day.day == 1 for day in days[60:])
    assert by_rule["last day of the year"] == pytest.approx(0, abs=1e-4)
    saved = [max(0.2 * (lot.prices[0] - lot.prices.min()) / lot.prices[0], 0) for lot in lots]
    assert results[-1].net == pytest.approx(float(np.mean(saved)))
    assert by_rule["fixed 10 %, and the last day"] == pytest.approx(float(np.mean(saved)), rel=0.01)


def test_theta_is_near_the_best_rule():
    """No rule beats foresight, and theta is not far from the best rule, on a history with slumps."""
    days, price = days_of(2500, date(2025, 12, 31)), closes(2500, seed=4)
    results, count = compare_rules(days, price, 0.2, 0.003)
    by_rule = {result.rule: result.net for result in results}
    assert count > 60
    assert max(by_rule.values()) == results[-1].net
    best = max(net for rule, net in by_rule.items() if "foresight" not in rule)
    assert by_rule["theta"] > 0.9 * best
    assert by_rule["theta"] > by_rule["last day of the year"]
    lots = monthly_lots(days, price)
    assert all(foresight(lot, 0.2, 0.003) >= 0 for lot in lots)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([1, -1]), st.floats(0.1, 5), st.floats(50, 200)), min_size=1, max_size=8))
def test_the_book_is_the_sum_of_its_lots(found):
    lots = [Held(f"l{n}", "BTC", s, q, q * unit, 100.0, 0.2, 0.2, 0.003) for n, (s, q, unit) in enumerate(found)]
    model = fit_normal(0.8, 5)
    paths = simulate({"BTC": model}, 5, 100, 1)
    book = forecast_book(lots, {"BTC": model}, paths, date(2026, 12, 26))
    assert book.expected[-1] == pytest.approx(sum(one.expected_loss for one in book.lots), rel=1e-9, abs=1e-9)
    assert book.expected[0] == pytest.approx(sum(one.loss_now for one in book.lots), rel=1e-9, abs=1e-9)
    for one in book.lots:
        assert (one.action == "harvest") == (one.loss_now > 0 and one.value_now >= one.value_wait)
        assert list(one.quantiles) == sorted(one.quantiles)


def test_ends_of_tax_years():
    assert year_end(Jurisdiction.US, date(2026, 11, 28)) == date(2026, 12, 31)
    assert year_end(None, date(2026, 1, 1)) == date(2026, 12, 31)
    assert year_end(Jurisdiction.UK, date(2026, 4, 5)) == date(2026, 4, 5)
    assert year_end(Jurisdiction.UK, date(2026, 4, 6)) == date(2027, 4, 5)


def test_gaps_in_history(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("time,asset,price\n2026-01-01,BTC,1\n2026-03-01,BTC,2\n2026-03-02T10:00:00Z,BTC,3\n"
                    "2026-03-02T22:00:00Z,BTC,4\n2026-03-05,BTC,5\n2026-03-09,BTC,6\n")  # fmt: skip
    found = daily_closes(read_prices(path), "BTC", at("2026-03-06"))
    assert found.closes.tolist() == [2, 4, 4, 4, 5]
    assert found.days[0] == date(2026, 3, 1)
    assert found.filled == 2
    assert daily_closes(read_prices(path), "ETH", at("2026-03-06")) == "no price history"


TRADES = """time,source,id,kind,asset,quantity,amount,fee,to,lots
2025-12-10T12:00:00Z,coinbase,t1,buy,BTC,0.5,46000.00,0,,
2026-02-01T12:00:00Z,coinbase,t7,buy,BTC,1.37,126040.00,0,,
2026-05-01T12:00:00Z,coinbase,t8,buy,BTC,1,70000.00,0,,
2026-09-02T12:00:00Z,kraken,s1,short,ETH,1,2500.00,0,,
2026-09-01T12:00:00Z,deribit,o1,buy,BTC_USDC-12JAN27-80000-C,5,40000.00,12,,
2026-09-03T12:00:00Z,kraken,x1,buy,DOGE,5,400.00,0,,
"""
RATES = """jurisdiction = "US"
year = 2026
short = 0.35
long = 0.15
ordinary = 0.35
other_short = 200000
exit_rate = 0.15
horizon = 5
discount = 0.05
[costs.default]
fee = 0.001
half_spread = 0.0005
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forecast")
    (folder / "trades.csv").write_text(TRADES)
    (folder / "rates.toml").write_text(RATES)
    write_prices(folder / "prices.csv", days=900, assets=("BTC", "ETH"), end={"BTC": 80_000, "ETH": 3_000})
    return folder


def run(place, capsys, *options, rates=True):
    stated = ("--rates", str(place / "rates.toml")) if rates else ()
    when = () if "--as-of" in options else ("--as-of", "2026-11-28T12:00:00Z")
    prices = ("--prices", str(place / "prices.csv"))
    code = main(["harvest", "forecast", str(place / "trades.csv"), *prices, *stated, *when, *options])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_command(place, capsys):
    code, out, err = run(place, capsys, "--json", "--paths", "500", "--plot", str(place / "f.png"))
    assert code == 0, err
    made = json.loads(out, parse_constant=pytest.fail)  # no NaN
    assert made["schema"] == "zkharvest/forecast/1"
    assert made["estimate"] is True
    assert made["assumed"] == "US law and rates of 2026, as of 2026-11"
    assert made["until"] == "2026-12-31"
    by_lot = {lot["lot"]: lot for lot in made["lots"]}
    assert set(by_lot) == {"coinbase/t1", "coinbase/t7", "coinbase/t8", "kraken/s1"}
    assert by_lot["coinbase/t7"]["loss"] == "16440.00"
    assert by_lot["coinbase/t8"]["action"] == "no loss"
    assert by_lot["kraken/s1"]["loss"] == "500.00"
    assert by_lot["kraken/s1"]["threshold"] > 1
    assert float(by_lot["coinbase/t7"]["threshold_price"]) == pytest.approx(
        92_000 * by_lot["coinbase/t7"]["threshold"], abs=1
    )
    k = 0.35 - 0.15 / 1.05**5
    (btc, *_) = [one for one in made["rules"] if one["asset"] == "BTC"]
    assert btc["k"] == pytest.approx(k, abs=1e-5)
    assert btc["c"] == pytest.approx(0.0015 * (0.65 + 1 - 0.15 / 1.05**5), abs=1e-5)
    assert {one["what"] for one in made["left_out"]} == {"deribit/o1", "kraken/x1"}
    assert sum(float(lot["expected_loss"]) for lot in made["lots"]) == pytest.approx(
        float(made["book"]["expected_loss"]), abs=0.05
    )
    assert (place / "f.png").read_bytes()[:4] == b"\x89PNG"


def test_as_text_with_a_stated_volatility(place, capsys):
    options = ("--benefit", "0.2", "--volatility", "0.6", "--no-rules", "--paths", "500")
    code, out, _ = run(place, capsys, *options, rates=False)
    assert code == 0
    assert "An estimate as of 2026-11-28T12:00:00Z, to 2026-12-31 (33 days). A loss saves 0.2 a dollar" in out
    assert "Model of BTC: normal, volatility 60%; prices without drift." in out
    (line,) = [line for line in out.splitlines() if line.startswith("coinbase/t7")]
    assert "84,9" in line  # worked example 20: theta .923 of a basis of 92,000
    assert "harvest" in line


def test_few_lots_of_many_are_shown(place, capsys):
    options = ("--benefit", "0.2", "--volatility", "0.6", "--no-rules", "--paths", "100", "--limit", "2")
    out = run(place, capsys, *options, rates=False)[1]
    shown = [line.split()[0] for line in out.splitlines() if line.startswith(("coinbase/", "kraken/s"))]
    assert shown == ["coinbase/t1", "coinbase/t7"]  # t8 and the short lot lose less
    assert "... and 2 more lots that lose less now (--limit)" in out


def test_a_date_means_the_end_of_that_day_in_the_taxpayers_zone(place, capsys):
    options = ("--benefit", "0.2", "--volatility", "0.6", "--no-rules", "--paths", "100", "--as-of", "2026-11-28")
    assert "An estimate as of 2026-11-29T04:59:59.999Z" in run(place, capsys, *options, rates=False)[1]
    out = run(place, capsys, *options, "--timezone", "Asia/Tokyo", rates=False)[1]
    assert "An estimate as of 2026-11-28T14:59:59.999Z" in out


def test_rates_of_another_year_are_refused(place, capsys):
    code, _, err = run(place, capsys, "--as-of", "2027-01-02")
    assert code == 2
    assert "the rates are of 2026, the forecast of 2027-01-02 is of 2027" in err


def test_the_last_day(place, capsys):
    options = ("--benefit", "0.2", "--volatility", "0.6", "--no-rules", "--until", "2026-11-28", "--json")
    made = json.loads(run(place, capsys, *options, rates=False)[1])
    (lot,) = [lot for lot in made["lots"] if lot["lot"] == "coinbase/t7"]
    assert lot["threshold"] == pytest.approx(0.2 / 0.203, abs=1e-5)
    assert float(lot["value_now"]) == pytest.approx(0.2 * 16_440 - 0.003 * 109_600, abs=0.01)
    assert lot["value_wait"] == "0.00"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "nothing says what a loss saves"),
        (("--benefit", "0.2", "--until", "2026-01-01"), 2, "days from 2026-11-28"),
        (("--benefit", "0.2", "--until", "2036-01-01"), 2, "0 to 730 are forecast"),
        (("--benefit", "0.2", "--model", "oracle"), 2, "is not bootstrap or garch"),
        (("--benefit", "0.2", "--as-of", "yesterday"), 2, "--as-of"),
    ],
)
def test_wrong_options(place, capsys, options, code, said):
    found, _, err = run(place, capsys, *options, rates=False)
    assert found == code
    assert said in err


def test_stale_prices_leave_every_lot_out(place, capsys):
    code, out, _ = run(place, capsys, "--benefit", "0.2", "--as-of", "2026-12-20T12:00:00Z", rates=False)
    assert code == 1
    assert "price is stale" in out


def test_an_empty_book(place, capsys):
    code, _, err = run(place, capsys, "--benefit", "0.2", "--as-of", "2025-06-01T12:00:00Z", rates=False)
    assert code == 2
    assert "the book is empty" in err


def test_a_short_history_wants_a_volatility(place, capsys, tmp_path):
    (tmp_path / "trades.csv").write_text(TRADES)
    write_prices(tmp_path / "prices.csv", days=60, end={"BTC": 80_000})
    code, out, _ = run(tmp_path, capsys, "--benefit", "0.2", rates=False)
    assert code == 1
    assert "60 days of history: 90 days are needed, or --volatility" in out


def test_option_lots_follow_their_coin(place, capsys, tmp_path):
    """Of 5 calls bought for 40,012: the mean loss at the end is that of Black-76 values over the paths of the coin."""
    instruments, quotes = write_market(tmp_path)
    options = ("--instruments", str(instruments), "--quotes", str(quotes), "--no-rules", "--json", "--paths", "500")
    code, out, err = run(place, capsys, *options)
    assert code == 0, err
    made = json.loads(out, parse_constant=pytest.fail)
    (lot,) = [one for one in made["lots"] if one["lot"] == "deribit/o1"]
    offered = market(read_instruments(instruments), read_quotes(quotes), NOW_MS, 1)
    call = unit_greeks(offered.listed[lot["asset"]], SPOT, NOW_MS)
    assert float(lot["value"]) == pytest.approx(5 * call.value, abs=0.01)
    assert float(lot["loss"]) == pytest.approx(40_012 - 5 * call.value, abs=0.01)
    assert lot["threshold"] is None
    assert lot["value_wait"] is None
    assert float(lot["quantiles"]["0.95"]) <= 40_012.01
    assert sum(float(one["expected_loss"]) for one in made["lots"]) == pytest.approx(
        float(made["book"]["expected_loss"]), abs=0.06
    )
    code, _, err = run(place, capsys, "--quotes", str(quotes))
    assert code == 2
    assert "belong together" in err


def test_an_option_that_expires_on_the_way_keeps_what_it_paid():
    listed = Listed(parse_instrument("BTC_USDC-26DEC26-80000-C"), Quote("", 0, 1, 1, 1, 1, 1, 0.5, 80_000.0, 80_000.0))
    now = listed.instrument.expiry - 3 * 86_400_000
    path = np.array([[1.0, 1.1, 1.2, 1.5, 0.5, 0.5]])
    values = HeldOption(Held("l", "", 1, 1, 1, 1, 0.2, 0.2, 0), listed, now).values(path)
    assert values[0, 3:].tolist() == [40_000.0, 40_000.0, 40_000.0]
    assert values[0, 2] > 16_000


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1, -1]), st.floats(0.5, 2.0), st.integers(1, 12), st.integers(1, 60))
def test_many_lots_at_once_are_each_alone(seed, side, x, days, paths):
    """The sorted ends and running extremes against the paths themselves, lot by lot."""
    random = np.random.default_rng(seed)
    path = np.exp(np.cumsum(0.1 * random.standard_normal((paths, days)), axis=1))
    theta = np.where(random.random(days) < 0.2, np.nan, 0.7 + 0.6 * random.random(days))
    basis, value = np.array([100.0, 60.0]), np.array([100.0 * x, 70.0])
    quantiles, chance, mean = Ends.of(path).losses(side, basis, value, QUANTILES)
    early, late, harvests = first_days(path, theta, side, value / basis)
    for n in range(2):
        end = np.maximum(side * (basis[n] - value[n] * path[:, -1]), 0.0)
        assert quantiles[n] == pytest.approx(np.quantile(end, QUANTILES), abs=1e-9)
        assert (chance[n], mean[n]) == (pytest.approx(np.mean(end > 0)), pytest.approx(end.mean(), abs=1e-9))
        ratio = value[n] / basis[n] * path
        with np.errstate(invalid="ignore"):
            hit = ratio < theta if side > 0 else ratio > theta
        any_hit = hit.any(axis=1)
        assert harvests[n] == pytest.approx(any_hit.mean())
        if any_hit.any():
            first = np.sort(hit.argmax(axis=1)[any_hit])
            wanted = [first[round(q * (first.size - 1))] for q in (0.25, 0.75)]
            assert [early[n], late[n]] == wanted
        else:
            assert (early[n], late[n]) == (-1, -1)
