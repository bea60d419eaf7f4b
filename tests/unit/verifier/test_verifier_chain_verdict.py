"""Verdicts on chains: the trials that began it, what is expected and is not there, what stays open, and totality.

What depends on a circuit (its description, the proof) is replaced in most tests by something that takes every proof;
what is tested is all the rest, with real signatures.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, honest, pages, rules, story, two_years
from tests.models.lot_machine_v2.words import Page
from tests.support.chain_verdicts import (
    BOB,
    KRAKEN,
    OTHER,
    counted,
    fifo_from_genesis,
    ids,
    kraken,
    package,
    reasons,
    signed,
    take_every_proof,
    verdict,
)
from tests.support.links import Translator
from zkharvest.sign.chains import sign_as_taxpayer
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.chain_words import counter_lines
from zkharvest.verifier.page import SourceKey
from zkharvest.verifier.rejections import Reason


@pytest.fixture
def proven(monkeypatch):
    """A circuit of this name is known, and every proof of it holds."""
    take_every_proof(monkeypatch)


def test_two_years_are_accepted_as_one_package_or_as_two(proven):
    one, two = two_years()
    translator = Translator(one, two)
    expected = {"first": True, "pages": ids(translator, *two.pages)}
    whole = verdict(package(one, two), **expected)
    assert whole.accepted, whole.findings
    apart = verdict(package(one, of=translator), package(two, of=translator), **expected)
    assert apart.accepted
    assert [period.year for period in apart.chain.periods] == [2024, 2025]
    assert apart.chain.closing == whole.chain.closing
    assert any("fifo, then hifo" in note for note in whole.notes)
    last = verdict(package(two, of=translator), standing=translator.standing(one.closing).name, pages=expected["pages"])
    assert last.accepted
    assert reasons(verdict(package(two, of=translator), package(one, of=translator), **expected)) == [
        Reason.CHAIN_STANDING
    ]


# ------------------------------------------------------------------------------------------------- three trials


def hifo_2024():
    a, b = story()
    return make_link(pages(a, b), Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT}), rules(method="hifo"), 2024, None)


def test_hifo_2024_and_fifo_2025_over_one_history(proven):
    """The same lot used up twice: as a chain rejected, alone undecided, against last year's verdict rejected."""
    one, again = hifo_2024(), fifo_from_genesis()
    translator = Translator(one, again)
    mine = {"pages": ids(translator, *again.pages)}
    known = verdict(package(one), first=True, pages=ids(translator, *one.pages))
    assert known.accepted
    both = verdict(package(one, of=translator), package(again, of=translator), first=True, **mine)
    assert (both.verdict, reasons(both)) == ("rejected", [Reason.CHAIN_STANDING])
    alone = verdict(package(again, of=translator), **mine)
    assert (alone.verdict, reasons(alone)) == ("undecided", [Reason.POLICY_HISTORY])
    held = verdict(package(again, of=translator), standing=known.chain.closing.name, **mine)
    assert (held.verdict, reasons(held)) == ("rejected", [Reason.POLICY_STANDING])


def test_alice_s_page_under_bob(proven):
    """Kraken did sign the page; whose account it is, its signature does not say."""
    link = kraken("K-alice")
    translator = Translator(link)
    made = sign_as_taxpayer(signed(package(link), translator.header(link.pages[0])), BOB)
    bob = {"first": True, "source_keys": {"kraken": KRAKEN.public_bytes()}, "signer": BOB.public_bytes()}
    found = verdict(made, **bob)
    assert (found.verdict, reasons(found)) == ("undecided", [Reason.POLICY_HOLDER])
    found = verdict(made, **bob, accounts={"kraken": "K-bob"})
    assert found.verdict == "rejected"
    assert set(reasons(found)) == {Reason.POLICY_ACCOUNT}
    own = Translator(kraken("K-bob")).header(kraken("K-bob").pages[0])
    found = verdict(made, **bob, pages={"kraken": own.page_id})
    assert (found.verdict, reasons(found)) == ("rejected", [Reason.POLICY_PAGE])
    assert verdict(made, **bob, accounts={"kraken": "K-alice"}).accepted


def test_a_july_page_for_the_whole_year(proven):
    july = at(2024, 8, 1)
    a = kraken()
    short = replace(a, pages=(replace(a.pages[0], end=july),))
    found = verdict(package(short), first=True, pages=ids(Translator(short), *short.pages))
    assert (found.verdict, reasons(found)) == ("rejected", [Reason.PAGE_END])
    ends = make_link([replace(a.pages[0], end=july)], Book(), rules(end=july), 2024, None)
    found = verdict(package(ends), first=True, pages=ids(Translator(ends), *ends.pages))
    assert (found.verdict, reasons(found)) == ("undecided", [Reason.POLICY_COVERAGE])
    first = replace(a.pages[0], end=july)
    own = Page("kraken", "K-alice", 1, july, at(2025), (), first.id)
    longer = make_link([first, own], Book(), rules(), 2024, None)
    translator = Translator(longer)
    made = signed(package(longer), translator.header(first))
    keys = {"source_keys": {"kraken": KRAKEN.public_bytes()}, "accounts": {"kraken": "K-alice"}}
    found = verdict(made, first=True, **keys)
    assert (found.verdict, reasons(found)) == ("undecided", [Reason.POLICY_LATER_PAGES])
    found = verdict(made, first=True, pages=ids(translator, first))
    assert (found.verdict, reasons(found)) == ("undecided", [Reason.POLICY_LATER_PAGES])
    assert verdict(signed(package(longer), translator.header(own)), first=True, **keys).accepted  # the newest vouches


# ------------------------------------------------------------------------------------------------- signatures


def test_signatures_of_another_page_source_or_key(proven):
    """7: valid or not, expected or not, of a page that is not there."""
    link = kraken()
    header = Translator(link).header(link.pages[0])
    made, expected = signed(package(link), header), {"first": True, "accounts": {"kraken": "K-alice"}}
    good = {**expected, "source_keys": {"kraken": KRAKEN.public_bytes()}}
    assert verdict(made, **good).accepted
    (one,) = made.attestations
    forged = replace(one, signature=bytes(63) + b"\1")
    assert reasons(verdict(replace(made, attestations=(forged,)), **good)) == [Reason.PAGE_SIGNATURE]
    assert reasons(verdict(replace(made, attestations=(replace(one, key=OTHER.public_bytes()),)), **good)) == [
        Reason.PAGE_SIGNATURE
    ]
    elsewhere = replace(one, page=bytes(32))
    assert reasons(verdict(replace(made, attestations=(elsewhere,)), **good)) == [Reason.ATTESTATION_PAGE]
    assert reasons(verdict(package(link), **good)) == [Reason.PAGE_UNSIGNED]
    assert reasons(verdict(signed(package(link), header, key=OTHER), **good)) == [Reason.PAGE_UNSIGNED]
    wrong = {**good, "source_keys": {"coinbase": KRAKEN.public_bytes()}}
    assert reasons(verdict(made, **wrong)) == [Reason.PAGE_UNSIGNED]
    last_day = date(2024, 12, 31)
    days = ((last_day, last_day, True), (date(2025, 1, 1), None, False), (None, date(2024, 12, 30), False))
    for first, last, fine in days:
        keys = {"kraken": SourceKey(KRAKEN.public_bytes(), first, last)}
        found = verdict(made, **{**good, "source_keys": keys})
        assert found.accepted is fine
        assert fine or reasons(found) == [Reason.PAGE_KEY_PERIOD]


def test_bls_signatures_are_checked_together(proven):
    key = PrivateKey(Scheme.BLS, bytes(31) + b"\x07")
    link = kraken()
    made = signed(package(link), Translator(link).header(link.pages[0]), key=key)
    made = signed(made, Translator(link).header(link.pages[0]))
    good = {"first": True, "accounts": {"kraken": "K-alice"}, "source_keys": {"kraken": key.public_bytes()}}
    found = verdict(made, **good)
    assert found.accepted
    assert len(found.accounts[0].keys) == 2
    (bls,) = [one for one in made.attestations if one.scheme == "bls12-381"]
    other = PrivateKey(Scheme.BLS, bytes(31) + b"\x08")
    cases = {
        Reason.PAGE_SIGNATURE: [replace(bls, signature=other.sign(b"x")), replace(bls, signature=bytes(96))],
        Reason.ATTESTATION_POSSESSION: [replace(bls, pop=other.public().pop), replace(bls, pop=bytes(96))],
    }
    for reason, wrong in cases.items():
        for one in wrong:
            assert reasons(verdict(replace(made, attestations=(one,)), **good)) == [reason]


def test_the_taxpayer_s_signature(proven):
    link = kraken()
    translator = Translator(link)
    made = sign_as_taxpayer(package(link), BOB)
    expected = {"first": True, "pages": ids(translator, *link.pages), "signer": BOB.public_bytes()}
    assert verdict(made, **expected).signer == BOB.public_bytes()
    assert reasons(verdict(package(link), **expected)) == [Reason.SIGNATURE_MISSING]
    assert reasons(verdict(sign_as_taxpayer(package(link), OTHER), **expected)) == [Reason.SIGNATURE_KEY]
    moved = replace(made, parts=(replace(made.parts[0], proof=b"x"),))
    assert reasons(verdict(moved, **expected)) == [Reason.SIGNATURE_INVALID]
    assert reasons(verdict(replace(made, signature={"key": b""}), **expected)) == [Reason.SIGNATURE_FORM]
    found = verdict(made, signatures=None, **expected)
    assert (found.verdict, reasons(found)) == ("undecided", [Reason.POLICY_SIGNATURES])
    assert found.unchecked == ("signature",)


# ------------------------------------------------------------------------------------------------- expectations


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"year": 2023}, Reason.POLICY_YEAR), ({"method": "lifo"}, Reason.POLICY_METHOD),
        ({"pooling": "universal"}, Reason.POLICY_POOLING), ({"timezone": "Asia/Tokyo"}, Reason.POLICY_TIMEZONE),
        ({"currency": "EUR"}, Reason.POLICY_CURRENCY), ({"audience": "bank"}, Reason.POLICY_CONTEXT),
        ({"nonce": b"1"}, Reason.POLICY_CONTEXT), ({"circuits": ("lot-machine/v9",)}, Reason.POLICY_CIRCUIT),
        ({"standing": bytes(32), "first": False}, Reason.POLICY_STANDING),
    ],
)  # fmt: skip
def test_what_differs_from_what_is_expected_is_rejected(proven, wanted, reason):
    link = kraken()
    expected = {"first": True, "pages": ids(Translator(link), *link.pages), **wanted}
    found = verdict(package(link), **expected)
    assert (found.verdict, reasons(found)) == ("rejected", [reason])


def test_what_is_left_out_is_undecided(proven):
    one, two = two_years()
    translator = Translator(one, two)
    a, b = two.pages
    cases = [
        ({}, [Reason.POLICY_HISTORY, Reason.POLICY_NO_EXPECTATION]),
        ({"first": True}, [Reason.POLICY_NO_EXPECTATION]),
        ({"first": True, "accounts": {"A": "A-1", "B": "B-1"}}, [Reason.POLICY_NO_EXPECTATION]),
        ({"first": True, "pages": ids(translator, a)}, [Reason.POLICY_NOT_COMPARED]),
        ({"first": True, "pages": ids(translator, a), "allow_other_sources": True}, []),
        ({"pages": ids(translator, a, b)}, [Reason.POLICY_HISTORY]),
    ]
    for policy, wanted in cases:
        found = verdict(package(one, two), **policy)
        assert reasons(found) == wanted, policy
        assert found.verdict == ("undecided" if wanted else "accepted")


def test_a_chain_that_begins_within_a_tax_year_is_undecided(proven):
    """The standing holds neither the covered day nor the method by which the year was worked until then."""
    middle = at(2024, 7, 1)
    a, b = story()
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    half = make_link(pages(a, b), book, rules(end=middle), 2024, None)
    rest = make_link(pages(a, b), book, rules(start=middle), 2024, half.closing)
    translator = Translator(half, rest)
    expected = {"pages": ids(translator, *rest.pages)}
    assert verdict(package(half, rest), first=True, **expected).accepted
    standing = translator.standing(half.closing).name
    one, two = (translator.statement(link) for link in (half, rest))
    for day in (one["covered"], "2024-02-01"):
        alone = ChainPackage((Part({**two, "covered": day}, "balanced", (13,), b""),))
        found = verdict(alone, standing=standing, **expected)
        assert (found.verdict, reasons(found)) == ("undecided", [Reason.POLICY_YEAR_BEGUN])
        assert "2024" in found.findings[0].detail
    assert reasons(verdict(alone, **expected)) == [Reason.POLICY_HISTORY, Reason.POLICY_YEAR_BEGUN]
    both = verdict(package(half, of=translator), alone, first=True, **expected)
    assert (both.verdict, reasons(both)) == ("rejected", [Reason.CHAIN_COVERED])


def test_counters_are_always_there_and_limits_leave_it_undecided(proven):
    link = counted()
    translator = Translator(link)
    expected = {"first": True, "pages": ids(translator, *link.pages)}
    found = verdict(package(link), **expected)
    assert found.accepted
    counters = found.to_json()["chain"]["counters"]
    assert counters == {
        "declared": 1, "unexplained": 1, "gone": 1, "by_window": 1, "in_transit": 1, "in_transit_by_window": 1,
    }  # fmt: skip
    assert counter_lines(found.chain.counters)[0] == "1 value that the taxpayer declared"
    for name in ("declared", "unexplained", "gone", "by_window", "in_transit"):
        tight = verdict(package(link), **expected, **{f"max_{name}": 0})
        assert (tight.verdict, reasons(tight)) == ("undecided", [Reason.POLICY_COUNTERS])
        assert verdict(package(link), **expected, **{f"max_{name}": 1}).accepted
    refs = verdict(package(link), **expected, need_refs=True)
    assert reasons(refs) == [Reason.POLICY_COUNTERS] * 2
    clean = honest()
    none = {"first": True, "pages": ids(Translator(clean), *clean.pages), "need_refs": True}
    limits = {f"max_{name}": 0 for name in ("declared", "unexplained", "gone", "by_window", "in_transit")}
    assert verdict(package(clean), **none, **limits).accepted
