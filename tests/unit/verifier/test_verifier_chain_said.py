"""What a verdict on a chain says in words and figures: what was declared, what is not shown, what became of what left.

What depends on a circuit is replaced as in `test_verifier_chain_verdict`.
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, honest, pages, rules, story, two_years
from tests.models.lot_machine_v2.words import Page
from tests.support.chain_verdicts import (
    KRAKEN,
    OTHER,
    counted,
    ids,
    kraken,
    package,
    signed,
    take_every_proof,
    verdict,
)
from tests.support.links import Translator
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.chain_words import counter_lines, gone_by_kind
from zkharvest.verifier.page import SourceKey


@pytest.fixture
def proven(monkeypatch):
    """A circuit of this name is known, and every proof of it holds."""
    take_every_proof(monkeypatch)


def test_how_much_was_declared_is_said_or_that_it_is_not(proven):
    """One value may be all that a loss rests on: their number alone says little."""
    link = counted()
    translator = Translator(link)
    statement = translator.statement(link)
    declared = [one for one in statement["figures"] if one["level"] == "COUNT" and one["origin"] == "declared"]
    (basis,) = (int(one["values"]["basis"]) for one in declared)
    expected = {"first": True, "pages": ids(translator, *link.pages)}
    (said,) = [line for line in verdict(package(link), **expected).notes if "declared" in line]
    assert said == f"the basis that the taxpayer declared comes to {basis / 10**8:,.2f}"
    for one in declared:
        del one["values"]["basis"]
    left_out = ChainPackage((Part(statement, "balanced", (13,), b""),))
    found = verdict(left_out, **expected)
    assert found.accepted
    assert "the basis that the taxpayer declared is not said, and may be anything" in found.notes
    clean = honest()
    assert not any("declared" in line for line in verdict(package(clean), first=True).notes)


def test_what_is_not_shown_is_said(proven):
    one, two = two_years()
    translator = Translator(one, two)
    found = verdict(package(one, two), first=True, pages=ids(translator, *two.pages))
    said = " | ".join(found.not_shown)
    for words in (
        "all of the taxpayer's accounts",
        "one chain",
        "before 2024-01-01",
        "complete",
        "second name",
        "moves with one reference",
    ):
        assert words in said, words
    second = verdict(
        package(two, of=translator), standing=translator.standing(one.closing).name, pages=ids(translator, *two.pages)
    )
    assert any("rests on the verdict" in line for line in second.not_shown)
    assert json.loads(json.dumps(second.to_json()))["chain"]["carried_in"] == second.policy.standing.hex()


def test_a_signature_of_a_key_that_nobody_expects_vouches_for_nothing(proven):
    """Anybody signs a page: where its id is expected, the owner's own key hid that no source stands behind it."""
    link = kraken()
    header = Translator(link).header(link.pages[0])
    by_id = {"first": True, "pages": {"kraken": header.page_id}}
    for key in (KRAKEN, OTHER):
        found = verdict(signed(package(link), header, key=key), **by_id)
        assert found.accepted
        (one,) = found.accounts
        assert (one.keys, one.vouched) == ((key.public_bytes(),), False)
        assert any("pages of kraken/K-alice are true and complete" in line for line in found.not_shown)
        assert found.to_json()["chain"]["accounts"][0]["vouched"] is False
    expected = {"source_keys": {"kraken": KRAKEN.public_bytes()}, "accounts": {"kraken": "K-alice"}}
    found = verdict(signed(package(link), header), **by_id, **expected)
    assert found.accounts[0].vouched
    assert not any("true and complete" in line or "one name" in line for line in found.not_shown)
    late = {"kraken": SourceKey(KRAKEN.public_bytes(), date(2025, 1, 1), None)}
    assert not verdict(signed(package(link), header), **by_id, source_keys=late).accounts[0].vouched


def test_what_lies_outside_an_account_s_pages_is_said(proven):
    """A window that begins with the year says nothing of an account whose pages begin in July, or end there."""
    a = kraken()
    july = at(2024, 7, 1)
    other = Page("coinbase", "C-1", 0, july, at(2025), (), None)
    gone = Page("wallet", "W-1", 0, at(2024), july, (), None, final=True)
    link = make_link([other, a.pages[0], gone], Book(), rules(), 2024, None)
    found = verdict(package(link), first=True, pages=ids(Translator(link), *link.pages))
    assert found.accepted, found.findings
    said = [line for line in found.not_shown if line.startswith("what happened in")]
    assert said == [
        "what happened in coinbase/C-1 before 2024-07-01 00:00 UTC: its pages begin there",
        "what happened in wallet/W-1 from 2024-07-01 00:00 UTC on: its pages end there",
    ]
    alone = kraken()
    found = verdict(package(alone), first=True, pages=ids(Translator(alone), *alone.pages))
    assert not any(line.startswith("what happened in") for line in found.not_shown)


def test_counters_begin_at_the_standing_and_the_verdict_says_so(proven):
    one, two = two_years()
    translator = Translator(one, two)
    standing = translator.standing(one.closing).name
    found = verdict(package(two, of=translator), standing=standing, pages=ids(translator, *two.pages))
    (line,) = [line for line in found.not_shown if line.startswith("what came before")]
    assert line.endswith("no counter here has what was declared or unexplained until then")


def test_what_became_of_withdrawals_is_said_by_kind(proven):
    found = verdict(package(counted()), first=True, pages=ids(Translator(counted()), *counted().pages))
    by_kind = gone_by_kind(found.chain)
    assert sum(by_kind.values()) == found.chain.counters.gone == 1
    (word,) = by_kind
    assert counter_lines(found.chain.counters, by_kind)[2] == f"1 withdrawal that nobody received: 1 {word}"


def test_other_rules_for_the_days_ahead_are_said(proven, monkeypatch):
    """Of the second link only, as after a reform: when its lots become long term rests on the statement."""
    one, two = two_years()
    expected = {"first": True, "pages": ids(Translator(one, two), *two.pages)}
    ahead = "other rules for the days ahead"
    assert not any(ahead in line for line in verdict(package(one, two), **expected).not_shown)
    last = date(2026, 1, 1)

    def agrees(calendar, _zone):
        return calendar.first_day.toordinal() + calendar.days != last.toordinal()

    monkeypatch.setattr("zkharvest.verifier.chain_words.check_zone", agrees)
    found = verdict(package(one, two), **expected)
    assert found.accepted
    assert any(ahead in line for line in found.not_shown)


def test_figures_of_a_year_are_those_of_its_last_link(proven):
    a, b = story()
    half = at(2024, 7, 1)
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    first = make_link(pages(a, b), book, rules(end=half), 2024, None)
    second = make_link(pages(a, b), book, rules(start=half), 2024, first.closing)
    found = verdict(package(first, second), first=True, pages=ids(Translator(first), *first.pages))
    assert found.accepted
    (year,) = found.to_json()["chain"]["years"]
    assert year["year"] == 2024
    assert year["totals"]["net"] == "50.00000000"
    assert year["totals"]["short.gain"] == "50.00000000"
    assert "short.loss" not in year["totals"]  # not shown is not zero
