"""No record of a chain falls between its tax years: what is history lies before the first of them."""

from __future__ import annotations

import pytest

from tests.models.lot_machine_v2.histories import at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, UNIT, pages, rules, story, two_years
from tests.support.links import Translator
from zkharvest.verifier.chain import Chain, check_chain
from zkharvest.verifier.chain_words import notes
from zkharvest.verifier.figures import Figure, Key
from zkharvest.verifier.link import read_link
from zkharvest.verifier.rejections import Reject


def chain_with_years(links, years, *changes) -> Chain:
    """The chain of links whose statements say these years, and what `changes` (a map for each link) have them say."""
    translator = Translator(*links)
    read = []
    for place, (link, year) in enumerate(zip(links, years, strict=True)):
        statement = {**translator.statement(link), "year": year, **(changes[place] if changes else {})}
        if read:
            statement["carried_in"] = read[-1].closing.to_map()
        read.append(read_link(statement))
    return check_chain(read)


def halves():
    """2024 in two links, cut in July."""
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    listed, middle = pages(*story()), at(2024, 7)
    one = make_link(listed, book, rules(end=middle), 2024, None)
    return one, make_link(listed, book, rules(start=middle), 2024, one.closing)


def test_history_ends_where_the_first_tax_year_begins():
    one, two = two_years()
    assert [period.year for period in chain_with_years((one, two), (None, 2025)).periods] == [None, 2025]
    assert [period.year for period in chain_with_years(halves(), (None, None)).periods] == [None, None]
    assert [period.year for period in chain_with_years(halves(), (2024, 2024)).periods] == [2024]


def test_a_year_is_not_left_out_as_history_between_two():
    """2024 | history over 2025 | 2026: nobody would count 2025."""
    with pytest.raises(Reject):
        chain_with_years(two_years(), (2024, None))


def test_a_year_is_not_begun_in_its_middle():
    """History up to July, and a year of which only the second half is counted, which calls itself whole."""
    with pytest.raises(Reject):
        chain_with_years(halves(), (None, 2024))


def test_the_rest_of_a_year_is_not_called_history():
    with pytest.raises(Reject):
        chain_with_years(halves(), (2024, None))


# ------------------------------------------------------------------------------------------------- what is noted


def noted(*changes, years=(2024, 2025)):
    """What a reader is told of two years under one method, later than both."""
    changes = [{"method": "fifo", **one} for one in (changes or ({}, {}))]
    return notes(chain_with_years(two_years(), years, *changes), now=at(2027) / 1000)


def test_a_change_of_zone_is_noted():
    assert noted() == ()
    assert noted({"timezone": "Africa/Abidjan"}, {"timezone": "UTC"}) == (
        "the time zone changes from 2024 to 2025: Africa/Abidjan, then UTC",
    )


@pytest.mark.parametrize(("years", "where"), [((None, 2025), "from before to 2025"), ((None, None), "within history")])
def test_changes_of_what_no_year_counts_are_noted_in_words(years, where):
    """A link of no tax year has no number to be named by."""
    changes = {"timezone": "Africa/Abidjan", "method": "lifo"}, {"timezone": "UTC"}
    links = two_years() if years[-1] else halves()
    found = notes(chain_with_years(links, years, *({"method": "fifo", **one} for one in changes)), now=at(2027) / 1000)
    assert [line.partition(":")[0] for line in found] == [
        f"the lot method changes {where}",
        f"the time zone changes {where}",
    ]


def test_one_pool_of_all_accounts_is_noted_from_2025_on():
    pool = {"pooling": "universal"}
    (said,) = noted(pool, pool)
    assert said.startswith("lots of all accounts are one pool in 2025: for sales from 2025 on, Reg. 1.1012-1(j)")
    assert notes(chain_with_years(two_years()[:1], (2024,), pool), now=at(2027) / 1000) == ()


def test_deposits_that_are_declared_as_income_are_noted():
    """Their value is a basis, and the circuit counts no deposit as income: the year's income is too low by it."""

    def declared(kind, events):
        return {"figures": [Figure(Key("COUNT", kind=kind, origin="declared"), {"events": events}).to_map()]}

    def told(*parts):
        return [line for line in noted(*parts) if "declared as income" in line]

    assert told(declared(28, 3), {}) == []
    assert told(declared(5, 1), {}) == [
        "1 deposit is declared as income: its value is a basis here, and in the income of no year"
    ]
    (said,) = told(declared(5, 2), declared(5, 1))
    assert said.startswith("3 deposits are declared as income: their value")
