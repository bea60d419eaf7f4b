"""The owner's book: what is written is read back, and whatever is read gives a book or errors with their place."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.moves import come, history
from zkharvest.errors import InputError
from zkharvest.files.book import COLUMNS, Book, Line, book_text, check_stated, parse_book, read_book, write_book
from zkharvest.ledger.history.decisions import NO_MATCH, Decision, Pick
from zkharvest.ledger.history.records import Place
from zkharvest.spec import MONEY_LIMIT, QUANTITY_LIMIT

NAMES = st.text(st.sampled_from("abK-7f3a/%2,;:\" =é|'"), min_size=1, max_size=12).map(str.strip).filter(bool)
PLACES = st.builds(Place, NAMES, NAMES, st.integers(0, 4095), st.integers(0, 1 << 20))
QUANTITIES = st.integers(1, QUANTITY_LIMIT - 1)
DECISIONS = st.builds(
    Decision,
    st.sampled_from(("", "declared", "gift", "opening balance", "in transit")),
    st.none() | st.integers(0, MONEY_LIMIT - 1),
    st.none() | st.integers(700_000, 750_000),
    st.none() | st.just(NO_MATCH) | PLACES,
    st.lists(st.builds(Pick, PLACES, QUANTITIES), max_size=3).map(tuple),
)
RECORDS = st.builds(
    lambda n, q: come("2024-03-01", 1)._replace(time=n, quantity=q), st.integers(0, 1 << 43), QUANTITIES
)


@given(st.dictionaries(PLACES, st.tuples(RECORDS, DECISIONS), max_size=6))
@settings(max_examples=200, deadline=None)
def test_a_book_is_read_back(rows):
    text = book_text(Line(place, record, decision, "a note, of two") for place, (record, decision) in rows.items())
    book = parse_book(text, "b.csv")
    assert {place: replace(one, where="") for place, one in book.decisions.items()} == {
        place: decision for place, (_, decision) in rows.items()
    }
    assert {said.place: (said.time, said.asset, said.quantity) for said in book.stated} == {
        place: (record.time, record.asset, record.quantity) for place, (record, _) in rows.items()
    }
    lines = {one.where for one in book.decisions.values()}
    assert lines == {f"b.csv:{n + 2}" for n in range(len(rows))}


@given(st.text(st.sampled_from(',;:/"\n0129abkindvaluematch none-.%'), max_size=80), st.booleans())
@example("0,0,0,0,0,0,0,0,0,0,0,0,0", True)
@example("a,b,99999999999999999999,0", True)
@settings(max_examples=400, deadline=None)
def test_whatever_is_read_is_a_book_or_an_error_with_its_line(text, headed):
    head = ",".join(COLUMNS) + "\n" if headed else ""
    try:
        book = parse_book(head + text, "b.csv")
    except InputError as error:
        assert error.problems
        assert all(problem.where.startswith("b.csv:") and problem.message for problem in error.problems)
    else:
        assert isinstance(book, Book)


def test_columns_may_be_left_out_and_stand_in_any_order():
    book = parse_book("note,kind,position,page,account,source\nx, Gift ,3,0,K,kraken\n\n", "b.csv")
    assert {place: one.kind for place, one in book.decisions.items()} == {Place("kraken", "K", 0, 3): "gift"}


def test_every_fault_of_a_file_is_told_at_once():
    rows = ["kraken,K,0,1,,,,,x,,,,", "kraken,K,0,2,,,,,,2020-13-01,,,", "kraken,K,y,3,,,,,,,what,,", "kraken,K,0"]
    try:
        parse_book("\n".join([",".join(COLUMNS), *rows]), "b.csv")
    except InputError as error:
        assert [problem.where for problem in error.problems] == [
            "b.csv:2:value", "b.csv:3:day", "b.csv:4:page", "b.csv:4:match", "b.csv:5",
        ]  # fmt: skip
    else:
        raise AssertionError("nothing was wrong")


def test_what_rows_say_is_held_against_the_records(tmp_path):
    given_ = history(a=[come("2024-03-01", 1), come("2024-03-02", 2)])
    path = tmp_path / "book.csv"
    here, gone = Place("a", "a", 0, 1), Place("a", "a", 7, 0)
    write_book(path, [Line(here, given_.at(here)), Line(gone, given_.at(here))])
    assert check_stated(read_book(path), given_) == [gone]
    for cell, other in (("2,", "3,"), ("X", "Y"), ("2024-03-02", "2024-03-03")):
        text = path.read_text().replace(cell, other, 1 if cell != "2," else -1)
        try:
            check_stated(parse_book(text, "b.csv"), given_)
        except InputError as error:
            assert error.problems[0].where.startswith("b.csv:2:")
        else:
            raise AssertionError(text)
