"""A page's period holds its records, to the millisecond, wherever its edges lie. By both verifiers.

A record outside its page was accepted once: its time was compared with the window alone (ADR 0027). The others are
attacks on the mended circuit, by somebody who knew none of the reasoning; all of them failed.
"""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from tests.adversary.links.own_pages import (
    KEY,
    OTHER,
    Y2025,
    Y2026,
    arrival,
    at,
    forged,
    page,
    proven,
    signed,
    trade,
    verdict,
    withdrawal,
)
from zkharvest.ledger.calendar import Calendar
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import calendar_rows

JUNE = at(2025, 6, 30) + 45_296_789
"""Half past twelve of a day, and some."""


def test_a_record_outside_its_page_has_no_proof(tmp_path):
    """A key stolen in June signs trades of November, in a page that ends, and closes the account, in June."""
    late = [trade(at(2025, 11, 1), 500_000), trade(at(2025, 12, 1), 10, sold=True)]
    keys = {"kraken": [
        {"key": KEY.public_bytes().hex(), "last": "2025-06-30"},
        {"key": OTHER.public_bytes().hex(), "first": "2025-07-01"},
    ]}  # fmt: skip
    mine = page("kraken", "K-1", late, end=JUNE, final=True)
    found = verdict(
        signed(forged(mine), (mine, KEY)), tmp_path, source_keys=keys, accounts={"kraken": "K-1"}, first=True
    )
    assert found.reason == "constraints/balance"


def outcome(tmp_path, *pages, lie, **how):
    """The verdict on these pages, that all of them are expected; the reason, or that it is accepted."""
    expected = {one.header.source: one.header.page_id for one in pages}
    found = verdict((forged if lie else proven)(*pages, **how), tmp_path, first=True, pages=expected)
    return found.reason or found.verdict


@pytest.mark.parametrize(
    ("time", "start", "end"),
    [(JUNE - 1, JUNE, Y2026), (JUNE, Y2025, JUNE), (JUNE - 1, JUNE, JUNE + 1), (Y2025, Y2025 + 1, Y2026)],
)
def test_a_page_ends_and_begins_to_the_millisecond(tmp_path, time, start, end):
    mine = page("kraken", "K-1", [trade(time, 5)], start, end, final=end < Y2026)
    assert outcome(tmp_path, mine, lie=True) == "constraints/balance"


@pytest.mark.parametrize(("start", "end"), [(JUNE, Y2026), (Y2025, JUNE + 1), (JUNE, JUNE + 1)])
def test_the_first_and_the_last_millisecond_are_in_the_page(tmp_path, start, end):
    mine = page("kraken", "K-1", [trade(JUNE, 5)], start, end, final=end < Y2026)
    assert outcome(tmp_path, mine, lie=False) == "accepted"


@pytest.mark.parametrize(
    ("received", "sent", "start", "end", "came"),
    [
        (JUNE - 1, JUNE + 5, Y2025, JUNE, "accepted"),
        (JUNE - 1, JUNE + 5, JUNE, Y2026, "constraints/balance"),
        (JUNE, JUNE + 5, Y2025, JUNE, "constraints/balance"),
    ],
)
def test_of_a_late_arrival_the_stated_time_is_in_the_page(tmp_path, received, sent, start, end, came):
    """It is worked with its withdrawal: behind its page, or within a page that begins behind it."""
    own = page("ledger", "own", [trade(at(2025, 2, 1), 5), withdrawal(sent)])
    mine = page("kraken", "K-1", [arrival(received)], start, end, final=end < Y2026)
    assert outcome(tmp_path, mine, own, lie=came != "accepted") == came


@pytest.mark.parametrize(("off", "came"), [(0, "accepted"), (-1, "constraints/balance")])
def test_pages_meet_where_a_zone_skipped_a_day(tmp_path, off, came):
    """Two days begin at this instant, and the first of them is empty: the second page begins with which of them?"""
    zone = "Pacific/Apia"
    calendar = Calendar(zone)
    skipped, begin, end = (calendar.first_instant(date(*day)) for day in ((2011, 12, 30), (2011, 1, 1), (2012, 1, 1)))
    assert skipped == calendar.first_instant(date(2011, 12, 31))
    one = page("kraken", "K-1", [trade(skipped - 1, 5)], begin, skipped)
    two = page("kraken", "K-1", [trade(skipped + off, 7, sold=True)], skipped, end, number=1, before=one)
    assert outcome(tmp_path, one, two, lie=bool(off), year=2011, zone=zone) == came


def test_a_calendar_may_fill_its_table_and_not_more(tmp_path):
    """4,096 intervals: the row behind the last is the first. One more, and the table is said to be as low."""
    begin, whole = at(2015, 1, 1), 4018 + 3
    for rows in (4096, 4097):
        edges = [begin, *(begin + 1 + 2 * n for n in range(rows - whole)), Y2026]
        pages = []
        for n, (start, end) in enumerate(pairwise(edges)):
            held = [trade(start, 5)] if n % 9 == 0 else [trade(end - 1, 7, sold=True)] if end == Y2026 else []
            pages.append(page("kraken", "K-1", held, start, end, number=n, before=pages[-1] if pages else None))
        package = proven(*pages)
        (part,) = package.parts
        assert len(list(calendar_rows(read_link(part.statement).statement))) == rows
        expected = {"first": True, "pages": {"kraken": pages[-1].header.page_id}}
        assert verdict(package, tmp_path, **expected).accepted
    assert part.log_rows[5] == 13
    lower = replace(part, log_rows=(*part.log_rows[:5], 12, *part.log_rows[6:]))
    assert verdict(replace(package, parts=(lower,)), tmp_path, **expected).reason == "public/shape"
