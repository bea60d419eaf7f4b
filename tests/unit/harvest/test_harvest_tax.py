"""Tax as a function of the year: published examples, and what must hold for every year."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.harvest.policy import Jurisdiction, Rates
from zkharvest.harvest.tax import base_year, carry_value, saving, year_tax

US = Rates(Jurisdiction.US, 2026, short=0.35, long=0.15, ordinary=0.35, exit_rate=0.15)


def us(short, long, rates=US, carried=(0, 0)):
    return tuple(float(x) for x in year_tax(rates, short, long, *carried))


def test_a_net_loss_is_deducted_to_the_limit_and_carried():
    """Worked example 1. Pub. 544, example of Sampson: net loss 7,000, 3,000 deducted, 4,000 carried."""
    assert us(-7000, 0) == (-1050, 4000, 0)


def test_a_carryforward_meets_the_next_gain():
    """Worked example 1. Fairmark, capital loss carryover: gain 4,000, loss 11,400; next year a gain of 500."""
    rates = replace(US, ordinary=0.28)
    base = base_year(rates, 4000 - 4000, 0)
    tax, carried, _ = us(4000 - 11400, 0, rates)
    assert (tax, carried) == (pytest.approx(-840), 4400)
    assert base.year.tax == 0
    assert us(500, 0, rates, carried=(4400, 0)) == (pytest.approx(-840), 900, 0)


def test_short_losses_cross_to_long_gains_and_to_income():
    """Worked example 2."""
    found = saving(US, base_year(US, 5000, 10000), 20000, 0)
    assert base_year(US, 5000, 10000).year.tax == pytest.approx(3250)
    assert float(found.year.tax) == pytest.approx(-1050)
    assert float(found.now) == pytest.approx(4300)
    assert float(found.year.carry_short) == 2000


@pytest.mark.parametrize(("loss", "short", "long"), [(3000, 1050, 450), (10000, 3100, 1900)])
def test_short_beats_long_only_beside_both_kinds_of_gain(loss, short, long):
    """Worked example 3."""
    both, alone = base_year(US, 8000, 8000), base_year(US, 16000, 0)
    assert float(saving(US, both, loss, 0).now) == pytest.approx(short)
    assert float(saving(US, both, 0, loss).now) == pytest.approx(long)
    assert float(saving(US, alone, loss, 0).now) == pytest.approx(float(saving(US, alone, 0, loss).now))


@pytest.mark.parametrize(
    ("short", "long", "carried"), [(-8000, 2000, (3000, 0)), (2000, -8000, (0, 3000)), (-2000, -5000, (0, 4000))]
)
def test_what_is_carried_keeps_its_character(short, long, carried):
    """Worked example 4. s.1212(b)(2): the 3,000 deducted count as a short-term gain."""
    assert us(short, long)[1:] == carried


def test_the_exempt_amount_of_the_uk_is_not_wasted_on_losses_brought_in():
    """TCGA 1992 s.2(2), (4): losses of the year are set off first, in full; older ones down to the exempt amount."""
    uk = Rates(Jurisdiction.UK, 2026, short=0.24, long=0.24, ordinary=0.24, exempt=3000)
    assert us(5000, 0, uk, (4000, 0)) == (0, 2000, 0)
    assert us(-1000, 3500, uk, (4000, 0)) == (0, 4000, 0)
    assert us(10000, 0, uk) == (pytest.approx(0.24 * 7000), 0, 0)
    assert us(-500, 0, uk, (100, 0)) == (0, 600, 0)


def test_a_canadian_loss_goes_back_three_years_and_then_forward():
    ca = Rates(Jurisdiction.CA, 2026, short=0.5, long=0.5, ordinary=0.5, inclusion=0.5, carry_back=600)
    assert us(1000, 0, ca) == (250, 0, 0)
    assert us(-1000, 0, ca) == (-150, 400, 0)
    assert float(carry_value(replace(ca, future_long=400, discount=0.0), 400, 0)) == pytest.approx(100)


def test_germany_frees_small_gains_whole_and_taxes_large_ones_whole():
    """s.23(3) sentence 5 EStG is a limit, not an allowance; after a year neither gain nor loss counts."""
    de = Rates(Jurisdiction.DE, 2026, short=0.42, long=0.0, ordinary=0.42, exempt=1000)
    assert us(999.99, 0, de)[0] == 0
    assert us(1000, 0, de)[0] == pytest.approx(420)
    assert us(0, -5000, de) == (0, 0, 0)
    assert us(-5000, 9000, de) == (0, 5000, 0)


money = st.floats(-50_000, 50_000, allow_nan=False)
laws = st.sampled_from([
    US,
    Rates(Jurisdiction.UK, 2026, short=0.24, long=0.24, ordinary=0.24, exempt=3000),
    Rates(Jurisdiction.CA, 2026, short=0.5, long=0.5, ordinary=0.5, inclusion=0.5, carry_back=2000),
    Rates(Jurisdiction.DE, 2026, short=0.42, long=0.0, ordinary=0.42, exempt=1000),
])  # fmt: skip


@given(laws, money, money, st.floats(0, 20_000), st.floats(0, 20_000))
def test_no_loss_is_created_or_lost(rates, short, long, carry_short, carry_long):
    year = year_tax(rates, short, long, carry_short, carry_long)
    if rates.jurisdiction is Jurisdiction.US:
        net = short + long - carry_short - carry_long
        left = max(-net - rates.loss_limit, 0.0)
        assert float(year.carry_short + year.carry_long) == pytest.approx(left, abs=1e-6)
    assert float(year.carry_short) >= 0
    assert float(year.carry_long) >= 0


@given(laws, money, money, st.floats(0, 20_000), st.floats(0, 20_000))
def test_a_larger_loss_never_costs_tax(rates, short, long, loss, more):
    base = base_year(replace(rates, future_short=1000.0, future_long=1000.0), short, long)
    less, greater = (saving(rates, base, x, 0.0).now for x in (loss, loss + more))
    assert float(greater) >= float(less) - 1e-6


def test_many_lots_are_one_call():
    base = base_year(US, 8000, 8000)
    losses = np.array([0.0, 3000, 10000])
    found = saving(US, base, losses, np.zeros(3))
    assert found.now == pytest.approx([0, 1050, 3100])
