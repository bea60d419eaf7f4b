"""The threshold: worked examples, a binomial tree, simulation, and what must hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.harvest.forecast.threshold import Grid, normal_kernel, sample_kernel, stopping

GRID = Grid()
COARSE = Grid(points=1201)


def solved(volatility, days, k=0.2, c=0.003, grid=GRID, **more):
    return stopping([normal_kernel(volatility / math.sqrt(365), grid)] * days, k, c, grid=grid, **more)


def test_worked_example_of_a_year():
    """Worked example 20: volatility .8, k .2, c .003; and on the last day k/(k + c), worked example 6."""
    found = solved(0.8, 365)
    assert float(found.value(1.0)) == pytest.approx(0.08396, abs=5e-6)
    for left, theta in ((365, 0.809), (90, 0.882), (30, 0.916), (7, 0.946), (1, 0.969)):
        assert found.theta[365 - left] == pytest.approx(theta, abs=3e-3)
    assert found.theta[365] == pytest.approx(0.2 / 0.203, abs=1e-5)
    assert solved(0.8, 1, 0.232471, 0.004).theta[1] == pytest.approx(0.98308, abs=1e-5)


def test_worked_example_of_a_december():
    """Worked example 20: volatility .6, 33 days; at .95 waiting is worth more, at .90 harvesting."""
    found = solved(0.6, 33)
    assert found.theta[0] == pytest.approx(0.923, abs=1e-3)
    assert (float(found.wait(0.95)), float(found.harvest(0.95))) == pytest.approx((0.02416, 0.02357), abs=5e-6)
    assert (float(found.wait(0.90)), float(found.harvest(0.90))) == pytest.approx((0.03264, 0.03285), abs=6e-6)


def test_without_costs_it_is_nearly_a_lookback():
    """Worked example 20: .0966 on days; the continuous lookback put is .09904 (Goldman, Sosin and Gatto 1979)."""
    s, k = 0.8, 0.2
    assert float(solved(s, 365, k, 0.0).value(1.0)) == pytest.approx(0.0966, abs=5e-5)

    def cdf(x):
        return math.erfc(-x / math.sqrt(2)) / 2

    # E max(B - min P) with P a martingale, T = 1, from the law of the minimum of Brownian motion with drift -s/2
    a = s / 2
    lookback = 2 * cdf(a) - 1 + s * (math.exp(-a * a / 2) / math.sqrt(2 * math.pi) + a * cdf(a)) - s * a
    assert k * lookback == pytest.approx(0.09904, abs=5e-5)
    assert float(solved(s, 365, k, 0.0).value(1.0)) < k * lookback


def tree(volatility, days, k, c, steps_a_day=8):
    """W(1) by a binomial tree whose fresh lots are trees themselves, solved backward; harvest at ends of days."""
    dt = 1 / 365 / steps_a_day
    up = math.exp(volatility * math.sqrt(dt))
    p = (1 - 1 / up) / (up - 1 / up)
    fresh = [0.0] * (days + 1)
    for left in range(1, days + 1):
        n = left * steps_a_day
        x = up ** np.arange(-n, n + 1, 2.0)
        W = np.maximum(0.0, k * (1 - x) - c * x)
        for step in range(n - 1, -1, -1):
            W = p * W[1:] + (1 - p) * W[:-1]
            if step and step % steps_a_day == 0:
                x = up ** np.arange(-step, step + 1, 2.0)
                W = np.maximum(W, k * (1 - x) - c * x + x * fresh[left - step // steps_a_day])
        fresh[left] = float(W[0])
    return fresh


def test_a_binomial_tree_agrees():
    found, other = solved(0.8, 60), tree(0.8, 60, 0.2, 0.003)
    assert float(found.value(1.0)) == pytest.approx(other[60], rel=4e-3)
    assert found.fresh[::-1][[20, 40, 60]] == pytest.approx(np.array(other)[[20, 40, 60]], rel=6e-3)


def test_simulation_agrees():
    """Harvesting by the threshold on simulated paths earns what the programme says."""
    days, s, k, c = 120, 0.8, 0.2, 0.003
    found = solved(s, days, k, c)
    random = np.random.default_rng(5)
    sd = s / math.sqrt(365)
    z = random.standard_normal((40_000, days))
    path = np.exp(np.cumsum(sd * np.concatenate([z, -z]) - sd * sd / 2, axis=1))
    basis, total = np.ones(path.shape[0]), np.zeros(path.shape[0])
    for day in range(days):
        price = path[:, day]
        act = price / basis < found.theta[day + 1]
        total += np.where(act, k * (basis - price) - c * price, 0.0)
        basis = np.where(act, price, basis)
    error = total.std() / math.sqrt(total.size)
    assert total.mean() == pytest.approx(float(found.value(1.0)), abs=4 * error)
    assert error < 0.005 * total.mean()


@settings(max_examples=12, deadline=None)
@given(st.floats(0.2, 1.5), st.floats(0.02, 0.4), st.floats(0, 0.02), st.floats(0.0005, 0.02), st.sampled_from([1, -1]))
def test_costs_never_help(volatility, k, c, more, side):
    cheap, dear = (solved(volatility, 20, k, cost, COARSE, side=side) for cost in (c, c + more))
    x = np.linspace(0.5, 1.6, 23)
    assert (dear.value(x) <= cheap.value(x) + 1e-9).all()
    assert (cheap.value(x) >= -1e-12).all()
    last = [one.theta[-1] * side for one in (dear, cheap)]
    assert math.isnan(last[0]) or last[0] <= last[1]


@settings(max_examples=12, deadline=None)
@given(st.floats(0.2, 1.5), st.floats(0.02, 0.4), st.floats(0.0005, 0.02))
def test_more_time_is_worth_more(volatility, k, c):
    found = solved(volatility, 30, k, c, COARSE)
    assert (np.diff(found.fresh) <= 1e-12).all()
    assert (np.diff(found.theta) >= -1e-6).all()


def test_no_saving_no_harvest():
    found = solved(0.8, 30, -0.05, 0.003)
    assert np.isnan(found.theta).all()
    assert float(found.harvest(0.9)) < 0
    assert float(found.value(0.9)) == 0
    never = solved(0.8, 30, 0.0, 0.003)
    assert np.isnan(never.theta).all()
    assert float(never.value(0.5)) == 0


def test_a_lot_that_turns_long_is_taken_before():
    """A loss that saves .2 as short term and .05 as long is taken nearer to the basis as the day comes."""
    n = 40
    k = np.where(np.arange(n + 1) >= 20, 0.05, 0.2)
    same = solved(0.8, n)
    turning = stopping([normal_kernel(0.8 / math.sqrt(365), GRID)] * n, k, 0.003, fresh=same.fresh)
    assert turning.theta[19] > same.theta[19]
    assert float(turning.value(0.95)) < float(same.value(0.95))


def test_short_lots_mirror():
    found = solved(0.8, 30, side=-1)
    assert found.theta[-1] == pytest.approx(0.2 / 0.197, abs=1e-4)
    assert (np.diff(found.theta) <= 1e-6).all()
    assert float(found.harvest(1.2)) > float(found.wait(1.2))
    assert float(found.harvest(1.01)) < float(found.wait(1.01))


def test_a_sample_of_returns_is_a_kernel_without_drift():
    random = np.random.default_rng(3)
    sample = 0.04 * random.standard_t(4, 1000)
    cells = sample_kernel(sample, GRID)
    z = (np.arange(cells.size) - cells.size // 2) * GRID.step
    assert cells.sum() == pytest.approx(1)
    assert float(cells @ np.exp(z)) == pytest.approx(1, abs=1e-5)
    assert math.sqrt(float(cells @ z**2) - float(cells @ z) ** 2) == pytest.approx(sample.std(), rel=1e-3)
