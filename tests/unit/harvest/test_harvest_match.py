"""Matching: worked examples, brute force, and what it refuses."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.markets import NOW_MS, SPOT, names, write_market
from zkharvest.harvest.markets.greeks import Greeks, black76
from zkharvest.harvest.markets.quotes import market, read_instruments, read_quotes
from zkharvest.harvest.reentry.exposure import Position, total_greeks
from zkharvest.harvest.reentry.match import Settlement, Verdict, Wishes, decimals, match
from zkharvest.harvest.reentry.problem import DELTA_TOLERANCE, Choice, Problem, Scales
from zkharvest.harvest.reentry.solve import SMALL, solve, why_not


def option(call, F, K, days, iv):
    return black76(call, F, K, days / 365, iv)


def choice(name, side, greeks, step, cost, limit=10**6, margin=0.0):
    return Choice(name, side, step, greeks.times(side * step), cost * step, margin, limit, inverse=False)


OFFERED = [
    ("C 85,000", option(True, 80_800, 85_000, 60, 0.55), 0.1, 60),
    ("C 90,000", option(True, 81_600, 90_000, 120, 0.54), 0.1, 90),
    ("P 75,000", option(False, 80_800, 75_000, 60, 0.56), 0.1, 60),
    ("perpetual", Greeks(0.0, 1.0, 0.0, 0.0, 0.0), 0.0001, 40),
]
CALLS = option(True, 80_800, 80_000, 60, 0.55).times(5)


def problem(target, choices, **limits):
    return Problem(target, tuple(choices), Scales.of(SPOT, 0.55), DELTA_TOLERANCE * abs(target.delta), **limits)


def legs(found, solution):
    return {(c.name, c.side): round(n * c.step, 4) for c, n in zip(found.choices, solution.steps, strict=True) if n}


@pytest.mark.parametrize(
    ("offsetting", "objective", "wanted"),
    [
        (False, 353.864, {("C 85,000", 1): 5.0, ("perpetual", 1): 0.5378}),
        (True, 334.015, {("C 85,000", 1): 4.7, ("P 75,000", 1): 0.3, ("perpetual", 1): 0.7728}),
    ],
)
def test_five_closed_calls(offsetting, objective, wanted):
    """Worked example 17: five calls struck at 80,000 closed; the figures are those of a brute force."""
    assert CALLS.delta == pytest.approx(2.810151, abs=5e-7)
    assert CALLS.gamma == pytest.approx(1.093665e-4, rel=1e-6)
    assert (CALLS.vega, CALLS.theta) == (pytest.approx(645.5474, abs=5e-5), pytest.approx(-295.8759, abs=5e-5))
    offered = [choice(n, s, g, a, c) for n, g, a, c in OFFERED for s in (1, -1) if offsetting or s * g.delta > 0]
    found = problem(CALLS, offered)
    solution = solve(found)
    assert solution.reached
    assert solution.objective == pytest.approx(objective, abs=5e-3)
    assert legs(found, solution) == wanted
    assert solution.bound <= solution.objective + 1e-6


def test_a_spot_lot_in_contracts_of_ten_dollars():
    """Worked example 16: 1.37 BTC at 80,000 is 10,960 contracts; pairs of call and put in steps of .1 cannot."""
    lot = Greeks(0.0, 1.37, 0.0, 0.0, 0.0)
    contracts = problem(lot, [choice("inverse", 1, Greeks(0.0, 1 / SPOT, 0.0, 0.0, 0.0), 10, 0.0001)])
    solution = solve(contracts)
    assert solution.steps == (10_960,)
    assert contracts.residuals(solution.steps)["delta"] == pytest.approx(0, abs=1e-9)
    pairs = problem(lot, [choice("pair", 1, Greeks(0.0, 1.0, 0.0, 0.0, 0.0), 0.1, 50)])
    nearest = solve(pairs)
    assert not nearest.reached
    assert legs(pairs, nearest) == {("pair", 1): 1.4}
    assert "whole number of steps" in why_not(pairs)


def brute_force(found, most):
    """The least objective over all whole numbers of steps; the last choice is solved for delta."""
    columns, wanted = found.greek_rows()
    coarse = np.array(list(product(range(most + 1), repeat=len(found.choices) - 1)))
    rest = (wanted[0] - coarse @ columns[0, :-1]) / columns[0, -1]
    best = np.inf
    for fine in (np.floor(rest), np.ceil(rest)):
        every = np.column_stack([coarse, fine])
        gap = every @ columns.T - wanted
        costs = every @ np.array([c.cost for c in found.choices])
        value = costs + abs(gap[:, 1]) + abs(gap[:, 2]) + 0.3 * abs(gap[:, 3])
        allowed = (fine >= 0) & ((every > 0).sum(axis=1) <= found.max_legs)
        allowed &= abs(gap[:, 0]) <= found.tolerance * found.scales.delta
        best = min(best, value[allowed].min(initial=np.inf))
    return best


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_within_two_percent_of_brute_force(seed):
    random = np.random.default_rng(seed)
    F = SPOT * (1 + random.uniform(0, 0.03))
    held = random.choice([0.4, 0.8, 1.5])
    target = option(True, F, SPOT * random.uniform(0.9, 1.1), 60, 0.55).times(held)
    offered = [
        choice(f"C{i}", 1, option(True, F, SPOT * random.uniform(0.85, 1.2), random.integers(40, 110), 0.55), 0.1,
               random.uniform(20, 200))
        for i in range(3)
    ]  # fmt: skip
    offered.append(choice("perpetual", 1, Greeks(0.0, 1.0, 0.0, 0.0, 0.0), 0.0001, 40))
    found = problem(target, offered)
    best = brute_force(found, 22)
    solution = solve(found)
    assert solution.reached
    assert solution.objective <= best * 1.02 + 1e-9
    assert solution.bound <= best * (1 + 1e-9)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_market(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module")
def offered(files):
    return market(read_instruments(files[0]), read_quotes(files[1]), NOW_MS, 3_600_000)


def closed(offered, **amounts):
    return [Position(n.replace("_", "-"), a, offered.listed.get(n.replace("_", "-"))) for n, a in amounts.items()]


def test_coin_is_replaced_by_one_contract(offered):
    made = match("BTC", [Position("BTC", 1.37, None)], offered, Wishes())
    assert made.verdict is Verdict.MATCHED
    (leg,) = made.legs
    assert leg.as_json()["instrument"] == "BTC_USDC-26FEB27"
    assert leg.as_json()["amount"] == "1.3700"
    F = leg.listed.quote.forward
    carry = (F - SPOT) * 31 / leg.listed.instrument.days_left(NOW_MS)  # cheaper than the perpetual's funding
    assert carry < 3 * 31 * 0.00005 * SPOT
    assert made.cost == pytest.approx(1.37 * (2 + 0.0005 * F + carry))
    assert made.refused["BTC_USDC"] == "identical to what is closed"
    assert "within the horizon" in made.refused["BTC_USDC-18DEC26-80000-C"]
    for day in made.gap.dollars:  # the basis of the future moves with the coin, so the gap is F/S - 1 of the move
        assert day[1] == pytest.approx(1.37 * (F - SPOT) * (np.array(made.gap.moves) - 1), abs=1e-6)
    assert [rule.authority for rule in leg.rules] == ["s.1091"]


def test_a_short_lot_is_replaced_by_short_legs(offered):
    made = match("BTC", [Position("BTC", -2.0, None)], offered, Wishes())
    assert made.verdict is Verdict.MATCHED
    assert all(leg.delta < 0 for leg in made.legs)
    assert made.legs[0].rules[0].effect == "clear"


def test_closed_options_come_back_with_gamma_and_vega(offered):
    name = "BTC_USDC-12JAN27-80000-C"
    lot = Position(name, 5.0, offered.listed[name])
    made = match("BTC", [lot], offered, Wishes())
    assert made.verdict is Verdict.MATCHED
    assert len(made.legs) <= 4
    assert name not in {leg.listed.instrument.name for leg in made.legs}
    assert all(leg.delta > 0 and not leg.listed.instrument.inverse for leg in made.legs)
    assert made.oracle < 1e-6
    assert abs(made.residual["delta"]) <= 1e-3 * made.target.delta * (1 + 1e-9)
    assert made.objective <= 1.1 * made.bound
    assert made.refused["BTC_USDC-27MAY27-80000-C"].startswith("expires in 180 days")
    untouched = abs(made.target.vega * 5)
    assert abs(made.residual["vega"]) < untouched / 4


def test_the_whole_book(offered):
    """Coin, a short put and long calls together: delta, gamma and vega of the sum."""
    put, call = "BTC_USDC-26FEB27-70000-P", "BTC_USDC-26FEB27-90000-C"
    book = [Position("BTC", 1.0, None), *(Position(n, a, offered.listed[n]) for n, a in ((put, -2.0), (call, 3.0)))]
    made = match("BTC", book, offered, Wishes(offsetting=True))
    whole = total_greeks(book, SPOT, NOW_MS)
    assert made.target == whole
    assert made.verdict is Verdict.MATCHED
    assert made.got.delta == pytest.approx(whole.delta, rel=1.1e-3)


def test_offsetting_legs_are_refused_unless_asked_for(offered):
    call = "BTC_USDC-26FEB27-90000-C"
    lot = [Position(call, 10.0, offered.listed[call]), Position("BTC", -float(5), None)]
    plain = match("BTC", lot, offered, Wishes())
    assert len({np.sign(leg.delta) for leg in plain.legs}) <= 1
    asked = match("BTC", lot, offered, Wishes(offsetting=True))
    assert asked.objective <= plain.objective + 1e-6
    opposing = [leg for leg in asked.legs if leg.delta * asked.target.delta < 0]
    assert opposing
    assert all(any(r.authority.startswith("s.1092") for r in leg.rules) for leg in opposing)


def test_a_target_without_delta_needs_offsetting_legs(offered):
    call, put = "BTC_USDC-26FEB27-80000-C", "BTC_USDC-26FEB27-80000-P"
    d = [total_greeks([Position(n, 1.0, offered.listed[n])], SPOT, NOW_MS).delta for n in (call, put)]
    straddle = [Position(call, 1.0, offered.listed[call]), Position(put, -d[0] / d[1], offered.listed[put])]
    made = match("BTC", straddle, offered, Wishes())
    assert made.verdict is Verdict.CANNOT
    assert "--allow-offsetting" in made.reason
    assert match("BTC", straddle, offered, Wishes(offsetting=True)).verdict is not Verdict.CANNOT


def test_a_depth_too_thin_says_what_can_be_filled(tmp_path):
    paths = write_market(tmp_path, ["BTC_USDC-PERPETUAL", "BTC_USDC-26FEB27"], size=0.5)
    thin = market(read_instruments(paths[0]), read_quotes(paths[1]), NOW_MS, 3_600_000)
    made = match("BTC", [Position("BTC", 1.37, None)], thin, Wishes())
    assert made.verdict is Verdict.CANNOT
    assert made.reason == "the depth is too thin: 1 coins of 1.37 can be filled"
    assert sum(leg.amount for leg in made.legs) == pytest.approx(1.0)


def test_margin_that_is_not_enough(offered):
    made = match("BTC", [Position("BTC", 1.37, None)], offered, Wishes(max_margin=100.0))
    assert made.verdict is Verdict.CANNOT
    assert made.reason == "a margin of 100.00 is not enough"
    assert made.margin <= 100.0


def test_settlement(offered):
    lot = [Position("BTC", 1.37, None)]
    inverse = match("BTC", lot, offered, Wishes(settlement=Settlement.INVERSE))
    assert {leg.listed.instrument.inverse for leg in inverse.legs} == {True}
    assert any(rule.authority == "Notice 2014-21" for rule in inverse.legs[0].rules)
    cheap = match("BTC", lot, offered, Wishes(settlement=Settlement.ANY))
    assert cheap.objective <= inverse.objective * 1.0001


def test_the_wash_sale_switch_leaves_puts_only(offered):
    made = match("BTC", [Position("BTC", 1.0, None)], offered, Wishes(wash_sale=True, horizon=31))
    assert made.legs
    assert all(leg.listed.instrument.kind == "put" and leg.side < 0 for leg in made.legs)
    assert "denies the loss" in made.refused["BTC_USDC-PERPETUAL"]


def test_five_hundred_instruments(tmp_path):
    many = names(expiries=(40, 45, 60, 80, 100), strikes=range(40_000, 142_000, 2_000))
    assert len(many) > 500
    paths = write_market(tmp_path, many)
    big = market(read_instruments(paths[0]), read_quotes(paths[1]), NOW_MS, 3_600_000)
    name = "BTC_USDC-27JAN27-80000-C"
    made = match("BTC", [Position(name, 25.0, big.listed[name])], big, Wishes())
    assert made.verdict is Verdict.MATCHED
    assert made.objective <= 1.03 * made.bound


def test_small_sets_are_solved_whole():
    assert len(OFFERED) * 2 <= SMALL


@pytest.mark.parametrize(
    ("amount", "step", "text"),
    [(1.37, 0.0001, "1.3700"), (10960, 10, "10960"), (0.3, 0.1, "0.3"), (2.5, 0.25, "2.50")],
)
def test_amounts_as_text(amount, step, text):
    assert decimals(amount, step) == text
