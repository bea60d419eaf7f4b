"""Rounding: sums are rounded once, whole cents stay, whole dollars follow the forms' rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.desk.amounts import (
    CENT,
    Carry,
    parse_cents,
    plain,
    printed,
    signed,
    split,
    to_cents,
    to_dollars,
)
from zkharvest.errors import UsageError

MONEY = st.integers(-(10**14), 10**14)


@given(st.lists(MONEY, max_size=30))
def test_rounded_terms_add_up_to_the_sum_rounded_once(terms):
    carry = Carry()
    cents = [carry.cents(term) for term in terms]
    assert sum(cents) == to_cents(sum(terms))
    assert all(abs(c * CENT - term) < CENT for c, term in zip(cents, terms, strict=True))


@given(st.lists(st.tuples(MONEY, st.booleans()), max_size=30), st.integers(0, CENT - 1))
def test_whole_cents_pass_through_unchanged(terms, up):
    carry = Carry(up)
    for money, whole in terms:
        term = money // CENT * CENT if whole else money
        cents = carry.cents(term)
        if whole:
            assert cents == term // CENT


@given(st.lists(MONEY, max_size=30), st.booleans())
def test_a_carry_can_end_at_either_cent_beside_the_sum(terms, up):
    exact = sum(terms)
    total = -(-exact // CENT) if up else exact // CENT
    carry = Carry.to(exact, total)
    assert sum(carry.cents(term) for term in terms) == total


def test_parts_of_a_sale_add_up_to_its_proceeds():
    """100.00 in three parts: rounded one by one they would be 99.99."""
    carry = Carry()
    parts = [3_333_333_333, 3_333_333_333, 3_333_333_334]
    assert [carry.cents(part) for part in parts] == [3333, 3334, 3333]


@pytest.mark.parametrize(
    ("cents", "dollars"), [(139, 1), (250, 3), (149, 1), (150, 2), (49, 0), (50, 1), (-139, -1), (-250, -3), (0, 0)]
)
def test_whole_dollars(cents, dollars):
    """Instructions for Schedule D (2025): $1.39 becomes $1 and $2.50 becomes $3; for 8949 $1.49 and $1.50."""
    assert to_dollars(cents) == dollars


def test_amounts_as_text():
    assert plain(-123450) == "-1234.50"
    assert plain(-123450, whole=True) == "-1235"
    assert printed(-123450) == "(1,234.50)"
    assert printed(123450, whole=True) == "1,235"
    assert printed(-49, whole=True) == "0"
    assert signed(-5) == "\N{MINUS SIGN}0.05"


@given(st.integers(-(10**9), 10**9))
def test_an_amount_is_read_as_it_is_printed(cents):
    assert parse_cents(printed(cents), "x") == cents
    assert parse_cents(plain(cents), "x") == cents


@pytest.mark.parametrize("text", ["", "1e3", "abc", "1.005", "--1"])
def test_what_is_not_an_amount(text):
    with pytest.raises(UsageError, match="--line 4"):
        parse_cents(text, "--line 4")


@given(MONEY, st.lists(st.integers(0, 10**20), min_size=1, max_size=9).filter(any))
def test_an_amount_is_split_without_loss(whole, weights):
    parts, total = split(whole, weights), sum(weights)
    assert sum(parts) == whole
    assert all(abs(part * total - whole * weight) <= total for part, weight in zip(parts, weights, strict=True))
