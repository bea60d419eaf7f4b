"""No record of a chain falls between its tax years: what is history lies before the first of them."""

from __future__ import annotations

import pytest

from tests.models.lot_machine_v2.histories import at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, UNIT, pages, rules, story, two_years
from tests.support.links import Translator
from zkharvest.verifier.chain import Chain, check_chain
from zkharvest.verifier.link import read_link
from zkharvest.verifier.rejections import Reject


def chain_with_years(links, years) -> Chain:
    """The chain of links whose statements say these years."""
    translator = Translator(*links)
    read = []
    for link, year in zip(links, years, strict=True):
        statement = {**translator.statement(link), "year": year}
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
