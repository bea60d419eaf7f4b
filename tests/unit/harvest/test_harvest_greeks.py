"""Greeks: textbooks, published samples of venues, QuantLib as the oracle, and what must hold between them."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.harvest.markets.greeks import black76, implied_volatility, quantlib_greeks
from zkharvest.harvest.markets.instruments import Instrument, Kind, parse_instrument
from zkharvest.harvest.markets.quotes import Listed, Quote
from zkharvest.harvest.reentry.exposure import unit_greeks

CASES = st.tuples(
    st.floats(100, 200_000), st.floats(0.3, 3.0), st.floats(0.003, 3.0), st.floats(0.05, 3.0), st.floats(0.5, 1.0)
)


def test_haug_and_hull():
    """Worked example 13.

    Haug, Complete Guide, Black-76 example; Hull, Options, Futures, and Other Derivatives, futures option 1.12.
    """
    assert float(black76(True, 19, 19, 0.75, 0.28, math.exp(-0.10 * 0.75)).value) == pytest.approx(1.7011, abs=5e-5)
    assert float(black76(False, 20, 20, 1 / 3, 0.25, math.exp(-0.09 / 3)).value) == pytest.approx(1.1166, abs=5e-5)


def years(stamp, day):
    return (datetime(*day, 8, tzinfo=UTC).timestamp() * 1000 - stamp) / 1000 / 31_536_000


def test_deribit_sample():
    """Worked example 14.

    Deribit's published ticker of BTC-27SEP24-40000-C: .2168 coin, delta .59621, vega 141.90146, theta -13.48784.
    """
    T = years(1_699_578_548_021, (2024, 9, 27))
    assert pytest.approx(0.8829735, abs=5e-8) == T
    found = black76(True, 38_992.71, 40_000, T, 0.6127)
    assert float(found.value / 38_992.71) == pytest.approx(0.2168, abs=5e-5)
    assert float(found.delta) == pytest.approx(0.59621, abs=1.1e-5)
    assert float(found.vega) == pytest.approx(141.90146, abs=1e-3)
    assert float(found.theta) == pytest.approx(-13.48784, abs=1e-3)
    assert float(found.gamma) == pytest.approx(0.00002, abs=5e-6)


def test_bybit_sample():
    """Worked example 14. Bybit's published ticker of BTC-26JAN24-39000-C: mark 3,273.02 dollars, delta .49641."""
    found = black76(True, 37_649.67254894, 39_000, years(1_699_584_008_326, (2024, 1, 26)), 0.5577)
    rounding = 0.005 * float(found.vega)  # the volatility has four digits
    assert float(found.value) == pytest.approx(3273.02, abs=rounding + 0.005)
    assert float(found.delta) == pytest.approx(0.49641, abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_put_call_parity(case):
    """Call less put is the forward less the strike: delta D, no gamma, vega or theta."""
    F, ratio, T, s, D = case
    K = F * ratio
    call, put = black76(True, F, K, T, s, D), black76(False, F, K, T, s, D)
    assert float(call.value - put.value) == pytest.approx(D * (F - K), abs=1e-9 * F)
    assert float(call.delta - put.delta) == pytest.approx(D, abs=1e-12)
    assert (call.gamma, call.vega, call.theta) == (put.gamma, put.vega, put.theta)
    assert float(call.vega * 100) == pytest.approx(float(F * F * call.gamma * s * T), rel=1e-9, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(CASES, st.booleans())
def test_quantlib_agrees(case, call):
    F, ratio, T, s, D = case
    ours, oracle = black76(call, F, F * ratio, T, s, D), quantlib_greeks(call, F, F * ratio, T, s, D)
    for name in ("value", "delta", "gamma", "vega", "theta"):
        scale = {"value": F, "gamma": 1 / F, "vega": F, "theta": F}.get(name, 1)
        assert float(getattr(ours, name)) == pytest.approx(getattr(oracle, name), rel=1e-9, abs=1e-12 * scale), name


def test_implied_volatility_comes_back():
    s = np.array([0.2, 0.55, 1.4])
    value = black76([True, False, True], 80_000, [90_000, 70_000, 80_000], 0.2, s).value
    found = implied_volatility([True, False, True], 80_000, [90_000, 70_000, 80_000], 0.2, value)
    assert found == pytest.approx(s, abs=1e-10)
    assert math.isnan(float(implied_volatility(True, 100, 90, 0.5, 9.0)))  # below what it pays


def test_expired_options_are_worth_what_they_pay():
    made = black76([True, False, True], 100, [90, 90, 110], 0.0, 0.5)
    assert made.value.tolist() == [10, 0, 0]
    assert made.delta.tolist() == [1, 0, 0]
    assert made.gamma.tolist() == made.vega.tolist() == made.theta.tolist() == [0, 0, 0]


def listed(instrument, forward=80_000.0, iv=0.55):
    return Listed(instrument, Quote(instrument.name, 0, 1, 1, 1, 1, 1, iv, forward, forward))


def test_net_transaction_delta():
    """Worked example 15.

    Delta .50 bought for .10 coin leaves .40; a call at strike 0 costs one coin and leaves 0 (Deribit's FAQ).
    """
    made = black76(True, 1.0, 1.0, 1.0, 0.25335)  # at the money: value 2 N(v/2) - 1 = .1008 coin, delta .5504
    call = Instrument("C", Kind.CALL, "BTC", "BTC", expiry=365 * 86_400_000, strike=80_000)
    found = unit_greeks(listed(call, iv=0.25335), 80_000, 0)
    assert found.delta == pytest.approx(float(made.delta - made.value), abs=1e-12)
    assert pytest.approx(0.10, abs=1e-3) == float(made.value)
    nothing = Instrument("C", Kind.CALL, "BTC", "BTC", expiry=365 * 86_400_000, strike=1e-6)
    assert unit_greeks(listed(nothing), 80_000, 0).delta == pytest.approx(0, abs=1e-9)
    linear = Instrument("C", Kind.CALL, "BTC", "USDC", expiry=365 * 86_400_000, strike=80_000)
    assert unit_greeks(listed(linear, iv=0.25335), 80_000, 0).delta == pytest.approx(float(made.delta), abs=1e-12)


def test_inverse_contract():
    """Worked example 15. Long $10,000 from 50,000 to 55,000 makes .0181818 BTC, which is $1,000 (Deribit's FAQ)."""
    coins = 10_000 * (1 / 50_000 - 1 / 55_000)
    assert coins == pytest.approx(0.0181818, abs=5e-8)
    assert coins * 55_000 == pytest.approx(1000)
    perpetual = parse_instrument("BTC-PERPETUAL")
    delta = unit_greeks(listed(perpetual, 50_000.0), 50_000, 0).times(10_000).delta
    assert delta * 5_000 == pytest.approx(1000)
