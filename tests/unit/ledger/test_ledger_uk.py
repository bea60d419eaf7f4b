"""The United Kingdom's matching: HMRC's own examples, and the same rules written a second time, token by token."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.make import COIN, UNIT, trade
from zkharvest.errors import InputError, UsageError
from zkharvest.ledger import Election, LedgerRun, Pooling, ledger_at, run_ledger
from zkharvest.ledger.calendar import Calendar
from zkharvest.trades.model import Trade

LONDON = Calendar("Europe/London")


def uk(trades: list[Trade], year: int = 2025) -> LedgerRun:
    return run_ledger(trades, Election(None, Pooling.UNIVERSAL, "Europe/London", year, "uk"))


def gains(run: LedgerRun) -> dict[str, float]:
    """The gain of each day's disposal, in pounds."""
    found: dict[str, int] = defaultdict(int)
    for part in run.disposals:
        found[str(LONDON.date_of(part.disposed))] += part.gain
    return {day: round(gain / COIN, 2) for day, gain in found.items()}


def pool(run: LedgerRun) -> tuple[int, float]:
    (lot,) = run.open_lots
    return lot.quantity // UNIT, round(lot.value / COIN, 2)


def test_example_1_the_section_104_holding() -> None:
    """CRYPTO22251: 100 for 1,000 and 50 for 125,000; 50 sold for 300,000 cost 42,000."""
    trades = [
        trade("2024-05-01", "1", "buy", 100, 1000),
        trade("2024-09-18", "2", "buy", 50, 125_000),
        trade("2024-12-01", "3", "sell", 50, 300_000),
    ]
    run = uk(trades)
    assert gains(run) == {"2024-12-01": 258_000}
    assert run.election.rule == "matching"
    assert pool(run) == (100, 84_000)


def test_example_2_the_same_day() -> None:
    """CRYPTO22252: two disposals of a day are one, and are matched with what is bought between them."""
    trades = [
        trade("2024-05-01", "0", "buy", 5000, 500),
        trade("2024-06-23T08:00", "1", "sell", 1000, 800),
        trade("2024-06-23T13:00", "2", "buy", 1600, 1000),
        trade("2024-06-23T20:00", "3", "sell", 500, 600),
    ]
    run = uk(trades)
    assert gains(run) == {"2024-06-23": 462.5}  # the manual rounds the cost up: 462
    assert pool(run) == (5100, 562.5)


def test_example_3_thirty_days() -> None:
    """CRYPTO22253: earlier disposals and earlier acquisitions first; what is left over joins the pool."""
    trades = [
        trade("2024-01-01", "0", "buy", 2000, 1000),
        trade("2024-03-31", "1", "sell", 1000, 400),
        trade("2024-04-20", "2", "sell", 500, 150),
        trade("2024-04-21", "3", "buy", 700, 175),
        trade("2024-04-28", "4", "buy", 500, 100),
        trade("2024-05-01", "5", "buy", 500, 150),
    ]
    assert gains(uk(trades, 2024)) == {"2024-03-31": 165}  # although the year ends before what it is matched with
    run = uk(trades)
    assert gains(run) == {"2024-03-31": 165, "2024-04-20": 20}
    assert pool(run) == (2200, 1060)
    assert run.totals["gains"] == 20 * COIN


def test_example_4_the_same_day_and_the_holding() -> None:
    """CRYPTO22254: 7,000 disposed of and 6,500 acquired on one day; 500 out of the holding."""
    trades = [
        trade("2024-05-01", "0", "buy", 8000, 1000),
        trade("2025-01-31T09:00", "1", "sell", 5000, 500),
        trade("2025-01-31T10:00", "2", "buy", 4000, 320),
        trade("2025-01-31T11:00", "3", "buy", 1000, 75),
        trade("2025-01-31T12:00", "4", "buy", 1000, 70),
        trade("2025-01-31T13:00", "5", "sell", 2000, 142),
        trade("2025-01-31T14:00", "6", "buy", 500, 35),
    ]
    run = uk(trades)
    assert gains(run) == {"2025-01-31": 79.5}  # the manual rounds 62.50 of the holding's cost up: 79
    assert pool(run) == (7500, 937.5)


def test_example_5_thirty_days_and_the_holding() -> None:
    """CRYPTO22255: 500 bought within 30 days, 3,500 out of the holding."""
    trades = [
        trade("2024-05-01", "0", "buy", 14_000, 200_000),
        trade("2024-08-30", "1", "sell", 4000, 160_000),
        trade("2024-09-11", "2", "buy", 500, 17_500),
    ]
    run = uk(trades)
    assert gains(run) == {"2024-08-30": 92_500}
    assert pool(run) == (10_500, 150_000)


def test_example_6_all_three_rules() -> None:
    """CRYPTO22256."""
    trades = [
        trade("2024-05-01", "0", "buy", 100_000, 300_000),
        trade("2024-07-31T09:00", "1", "buy", 10_000, 45_000),
        trade("2024-07-31T10:00", "2", "sell", 30_000, 150_000),
        trade("2024-08-05", "3", "sell", 20_000, 100_000),
        trade("2024-08-06", "4", "buy", 50_000, 225_000),
        trade("2024-08-07", "5", "sell", 100_000, 150_000),
    ]
    run = uk(trades)
    assert gains(run) == {"2024-07-31": 15_000, "2024-08-05": 10_000, "2024-08-07": -163_636.36}
    assert pool(run) == (10_000, 31_363.64)


def test_example_7_one_token_for_another() -> None:
    """CRYPTO22257, token H: two acquisitions of a day are one."""
    trades = [
        trade("2024-08-31T09:00", "1", "buy", 10_000, 3200),
        trade("2024-08-31T10:00", "2", "sell", 5000, 1700),
        trade("2024-08-31T11:00", "3", "buy", 5000, 1650),
        trade("2024-09-04", "4", "sell", 2000, 560),
        trade("2024-09-16", "5", "buy", 4000, 1080),
        trade("2024-10-27", "6", "sell", 12_000, 2400),
    ]
    run = uk(trades)
    assert gains(run) == {"2024-08-31": 83.33, "2024-09-04": 20, "2024-10-27": -1373.33}
    assert not run.open_lots
    assert run.totals["losses"] == 1373_33333334


def test_example_7_the_token_that_is_given_for_it() -> None:
    """CRYPTO22257, token G: 1,550 disposed of on a day, of which 600 of that day, 180 of 4 September, 770 pooled.

    The manual gives every quantity and value, and the matching. The gains are worked by hand from them:

        31 August     1,000 for 3,200 and 550 for 1,760, one disposal of 1,550 for     4,960
          same day    600 bought for                                                    1,920
          30 days     180 bought on 4 September for                                       558
          holding     770 of 100,000 that cost 300,000: 770 x 3                         2,310
          gain        4,960 - 1,920 - 558 - 2,310                                         172
        16 September  400 for 1,080; holding 400 x 3 = 1,200 (27 October is day 41)      -120
        27 October    900 for 2,430 join it: 99,230 - 400 + 900 = 99,730 tokens
    """
    trades = [
        trade("2024-05-01", "0", "buy", 100_000, 300_000),
        trade("2024-08-31T09:00", "1", "sell", 1000, 3200),
        trade("2024-08-31T10:00", "2", "buy", 600, 1920),
        trade("2024-08-31T11:00", "3", "sell", 550, 1760),
        trade("2024-09-04", "4", "buy", 180, 558),
        trade("2024-09-16", "5", "sell", 400, 1080),
        trade("2024-10-27", "6", "buy", 900, 2430),
    ]
    run = uk(trades)
    assert gains(run) == {"2024-08-31": 4960 - 1920 - 558 - 2310, "2024-09-16": 1080 - 1200}
    assert pool(run) == (99_730, 300_000 - 2310 - 1200 + 2430)


def test_thirty_days_are_counted_in_days_of_london() -> None:
    sold = [trade("2024-06-01T22:59", "s", "sell", 10, 100), trade("2024-05-01", "b", "buy", 20, 80)]  # 23:59 BST
    within, beyond = trade("2024-07-01T22:59", "l", "buy", 10, 30), trade("2024-07-01T23:00", "l", "buy", 10, 30)
    assert gains(uk([*sold, within])) == {"2024-06-01": 70}
    assert gains(uk([*sold, beyond])) == {"2024-06-01": 60}


def test_a_tax_year_ends_on_5_april() -> None:
    trades = [
        trade("2023-05-01", "b", "buy", 40, 40),
        trade("2024-04-05T22:59", "1", "sell", 10, 100),  # 23:59 in London
        trade("2024-04-05T23:00", "2", "sell", 10, 1000),
        trade("2025-04-05T22:59", "3", "sell", 10, 10_000),
        trade("2025-04-05T23:00", "4", "sell", 10, 100_000),
    ]
    proceeds = {year: uk(trades, year).totals["proceeds"] // COIN for year in (2024, 2025, 2026)}
    assert proceeds == {2024: 100, 2025: 11_000, 2026: 100_000}


def test_tokens_that_arrive_with_a_day_match_on_that_day() -> None:
    """What was bought years ago is not bought within 30 days, only because it arrives then."""
    from dataclasses import replace
    from datetime import date

    arrived = replace(trade("2024-06-10", "d", "deposit", 10, 20), acquired=date(2019, 1, 1))
    trades = [trade("2024-05-01", "b", "buy", 10, 80), trade("2024-06-01", "s", "sell", 10, 100), arrived]
    run = uk(trades)
    assert gains(run) == {"2024-06-01": 20}
    assert pool(run) == (10, 20)


@pytest.mark.parametrize("kind", ["short", "cover", "expire"])
def test_contracts_are_refused(kind: str) -> None:
    trades = [trade("2024-05-01", "b", "short", 10, 80), trade("2024-06-01", "s", kind, 10)]
    with pytest.raises(InputError, match="not covered by the regime of the United Kingdom"):
        uk(trades)


def test_it_cannot_be_tried_trade_by_trade() -> None:
    run = uk([trade("2024-05-01", "b", "buy", 10, 80)])
    with pytest.raises(UsageError, match="30 days after it"):
        ledger_at(run).copy().step(trade("2024-06-01", "s", "sell", 10, 80))


def test_more_than_is_held_and_matched_is_refused() -> None:
    trades = [trade("2024-06-01", "s", "sell", 10, 100), trade("2024-06-10", "b", "buy", 8, 20)]
    with pytest.raises(InputError, match="which holds 0 at that moment"):
        uk(trades)


DAYS = st.integers(0, 120)
EVENTS = st.lists(st.tuples(DAYS, st.booleans(), st.integers(1, 6), st.integers(0, 50), st.integers(0, 3)), max_size=14)


def by_tokens(trades: list[Trade]) -> tuple[dict[str, Fraction], int, Fraction]:
    """The gain of each day, tokens held and their cost: every token by itself, each with the average of its day."""
    day_of = {one.id: LONDON.date_of(one.time) for one in trades}
    bought: dict[object, list[Fraction]] = defaultdict(list)
    sold: dict[object, list[Fraction]] = defaultdict(list)
    for kind, days in (("buy", bought), ("sell", sold)):
        for day in set(day_of.values()):
            own = [one for one in trades if day_of[one.id] == day and one.kind.word == kind]
            tokens = sum(one.quantity for one in own) // UNIT
            sign = 1 if kind == "buy" else -1
            value = Fraction(sum(one.amount + sign * one.fee for one in own))
            days[day] = [value / tokens] * tokens if tokens else []
    gain: dict[str, Fraction] = defaultdict(Fraction)

    def match(day, later) -> None:
        while sold[day] and bought[later]:
            gain[str(day)] += sold[day].pop() - bought[later].pop()

    days = sorted(set(day_of.values()))
    for day in days:
        match(day, day)
    for day in days:
        for ahead in range(1, 31):
            match(day, day + timedelta(days=ahead))
    held, cost = 0, Fraction(0)
    for day in days:
        held, cost = held + len(bought[day]), cost + sum(bought[day])
        for value in sold[day]:
            if not held:
                raise ValueError("not held")
            gain[str(day)] += value - cost / held
            held, cost = held - 1, cost - cost / held
    return gain, held, cost


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_against_the_rules_token_by_token(events) -> None:
    first = datetime(2024, 4, 10, 12, tzinfo=UTC)
    trades = [trade("2024-04-07", "first", "buy", 20, 100)]
    for n, (day, buys, tokens, pounds, fee) in enumerate(events):
        moment = (first + timedelta(days=day, minutes=n)).isoformat()
        trades.append(trade(moment, str(n), "buy" if buys else "sell", tokens, pounds, fee))
    try:
        expected, held, cost = by_tokens(trades)
    except ValueError:
        with pytest.raises(InputError):
            uk(trades)
        return
    run = uk(trades)
    found: dict[str, int] = defaultdict(int)
    for part in run.disposals:
        found[str(LONDON.date_of(part.disposed))] += part.gain
    assert set(found) == set(expected)
    assert all(abs(found[day] - expected[day]) < 40 for day in found)  # 10^-8 pounds: shares are cut off
    assert sum(lot.quantity for lot in run.open_lots) == held * UNIT
    assert abs(sum(lot.value for lot in run.open_lots) - cost) < 40
    assert run.totals["gains"] - run.totals["losses"] == run.totals["net"] == sum(found.values())
