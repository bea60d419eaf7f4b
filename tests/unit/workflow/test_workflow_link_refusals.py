"""What keeps pages from being proven over some years: each refusal says what to type, and that works."""

from datetime import date

import pytest

from tests.support.make import trade
from zkharvest.errors import InputError, UsageError
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.trades.text import format_time, instant
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.statement_v2 import DAY_ZERO, FIRST_DAY, LAST_COVERED, LAST_DAY
from zkharvest.workflow.link_refusals import check_begin, check_days, first_instant, unstated
from zkharvest.workflow.own_folder import commit_pages

ZONES = ("America/New_York", "UTC", "Asia/Tokyo", "Pacific/Kiritimati")


def elections(*years, zone="UTC"):
    return [Election(Method.FIFO, Pooling.WALLET, zone, year) for year in years]


def rows(year):
    return [
        trade(f"{year}-03-01", "kraken/1", "buy", 1, 100),
        trade(f"{year}-06-01", "kraken/2", "sell", 1, 200),
    ]


def committed(trades, **more):
    return commit_pages(trades, currency="USD", **more)


def given(own):
    return [(page.header.label, page) for page in own.openings]


def test_days_have_numbers_up_to_the_last_that_can_be_covered():
    assert (date(2000, 1, 1), date(2089, 9, 15)) == (FIRST_DAY, LAST_DAY)
    assert (LAST_DAY - DAY_ZERO).days == LAST_COVERED
    check_days(elections(2000, 2088), FIRST_DAY)
    check_days(elections(2024), LAST_DAY)
    check_days(elections(2024), None)
    for year in (1999, 2089, 2090):
        with pytest.raises(UsageError, match=f"the tax year {year} cannot be proven") as caught:
            check_days(elections(2024, year), None)
        assert "of 2000 to 2088 there are proofs" in caught.value.hint
    for day in (date(1999, 12, 31), date(2089, 9, 16)):
        with pytest.raises(UsageError, match=f"purchases from {day} on") as caught:
            check_days(elections(2024), day)
        assert "2000-01-01 to 2089-09-15, or never" in caught.value.hint


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", range(2000, 2005))
def test_pages_of_early_years_begin_where_they_can_be_proven(zone, year):
    """First pages begin in steps of years, and so did before the first day that has a number."""
    own = committed(rows(year), timezone=zone)
    assert all(Calendar(zone).date_of(page.header.start) >= FIRST_DAY for page in own.openings)
    check_begin(given(own), elections(year, zone=zone)[0])


@pytest.mark.parametrize("zone", ZONES)
def test_what_the_refusal_of_an_early_begin_says_to_type_works(zone):
    first = first_instant(Calendar(zone))
    with pytest.raises(UsageError, match=r"--from: pages cannot begin at (1999-12-31|2000-01-01)T") as caught:
        committed(rows(2001), begin=first - 1000, timezone=zone)
    assert caught.value.hint.endswith(f"--from {format_time(first)}")
    own = committed(rows(2001), begin=first, timezone=zone)
    check_begin(given(own), elections(2001, zone=zone)[0])


def test_pages_that_begin_too_early_are_named_with_the_remedy():
    """A zone behind the pages' own, in which they begin on 1999-12-31."""
    own = committed(rows(2001), begin=instant(2000, 1, 1), timezone="UTC")
    with pytest.raises(InputError) as caught:
        check_begin(given(own), elections(2001, zone="America/New_York")[0])
    (problem,) = caught.value.problems
    assert problem.where == own.openings[0].header.label
    assert "begins at 2000-01-01T00:00:00Z, and days before 2000-01-01 in America/New_York" in problem.message
    assert problem.hint.endswith("--from 2000-01-01T05:00:00Z")


def test_rows_before_the_first_day_are_named_each():
    early = [trade("1999-12-31", "kraken/0", "buy", 1, 1), *rows(1970), *rows(2024)]
    with pytest.raises(InputError) as caught:
        committed(early, timezone="UTC")
    assert [problem.message.partition(":")[0] for problem in caught.value.problems] == [
        "kraken/0",
        "kraken/1",
        "kraken/2",
    ]


def test_no_pages_and_pages_of_later_years():
    with pytest.raises(UsageError, match="there are no pages"):
        check_begin([], elections(2024)[0])
    own = committed(rows(2024), begin=instant(2024, 1, 1), timezone="UTC")
    with pytest.raises(UsageError, match="no page reaches into 2023") as caught:
        check_begin(given(own), elections(2023)[0])
    assert "is 2024" in caught.value.hint


@pytest.mark.parametrize("reason", [Reason.PAGE_END, Reason.PAGE_MISSING])
def test_pages_that_end_too_early_are_asked_for_up_to_the_windows_end(reason):
    error = unstated(Reject(reason, "it ends"), instant(2025, 1, 1, 5))
    assert "this cannot be stated: it ends" in str(error)
    assert "commit --to 2025-01-01T05:00:00Z" in error.hint
