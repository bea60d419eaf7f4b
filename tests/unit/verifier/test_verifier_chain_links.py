"""Verdicts on chains: how links of packages belong together, the pinned circuit, and that any bytes get a verdict."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import verify_tiny_circuit as tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, pages, rules, story, two_years
from tests.support.chain_verdicts import (
    BOB,
    KRAKEN,
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
from zkharvest.sign.chains import SIGNATURES, sign_as_taxpayer
from zkharvest.verifier import circuits
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.rejections import Reason
from zkharvest.verifier.verify_chain import verify_chain


@pytest.fixture
def proven(monkeypatch):
    """A circuit of this name is known, and every proof of it holds."""
    take_every_proof(monkeypatch)


def test_links_of_a_package_are_all_there_in_order(proven):
    one, two = two_years()
    made = package(one, two)
    for parts in (made.parts[:1], made.parts[1:], made.parts[::-1], (*made.parts, made.parts[1])):
        found = verdict(replace(made, parts=parts), first=True)
        assert reasons(found)[0] in (Reason.CHAIN_LINKS, Reason.CHAIN_STANDING)
        assert found.verdict == "rejected"
    statement = {**made.parts[1].statement}
    statement["context"] = {**statement["context"], "audience": "somebody"}
    found = verdict(replace(made, parts=(made.parts[0], replace(made.parts[1], statement=statement))), first=True)
    assert reasons(found) == [Reason.CHAIN_LINKS]


def test_covered_does_not_change_within_a_tax_year(proven):
    a, b = story()
    half = at(2024, 7, 1)
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    first = make_link(pages(a, b), book, rules(end=half), 2024, None)
    second = make_link(pages(a, b), book, rules(start=half), 2024, first.closing)
    made = package(first, second)
    changed = replace(made.parts[1], statement={**made.parts[1].statement, "covered": "2024-06-01"})
    assert reasons(verdict(replace(made, parts=(made.parts[0], changed)), first=True)) == [Reason.CHAIN_COVERED]
    one, two = two_years()
    years = package(one, two)
    changed = replace(years.parts[1], statement={**years.parts[1].statement, "covered": None})
    found = verdict(
        replace(years, parts=(years.parts[0], changed)), first=True, pages=ids(Translator(one, two), *two.pages)
    )
    assert found.accepted  # from one tax year to the next it may


def test_a_first_link_that_begins_within_its_year_is_noted(proven):
    a, b = story()
    half = at(2024, 1, 3)
    late = [replace(page, start=half) for page in pages(a, b)]
    link = make_link(late, Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT}), rules(start=half), 2024, None)
    found = verdict(package(link), first=True, pages=ids(Translator(link), *link.pages))
    assert found.accepted
    assert any("begin at 2024-01-03" in note for note in found.notes)
    whole, _ = two_years()
    assert not verdict(package(whole), first=True, pages=ids(Translator(whole), *whole.pages)).notes


def test_history_is_said_to_count_in_no_year(proven):
    again = fifo_from_genesis()
    found = verdict(package(again), first=True, pages=ids(Translator(again), *again.pages))
    assert found.accepted
    said = [line for line in found.not_shown if "history" in line]
    window = "from 2024-01-01 00:00 UTC to 2025-01-01 00:00 UTC"
    returns = "and whether tax returns of that time took the same lots"
    assert said == [
        f"what was gained or lost {window}, {returns}: it is history, worked by FIFO, which no year here counts"
    ]
    one, _ = two_years()
    whole = verdict(package(one), first=True, pages=ids(Translator(one), *one.pages))
    assert not [line for line in whole.not_shown if "history" in line]


# ------------------------------------------------------------------------------------------------- total


def test_a_circuit_that_is_not_pinned_is_undecided(monkeypatch):
    link = kraken()
    monkeypatch.setattr(circuits, "PINNED", ())
    found = verdict(package(link), first=True, pages=ids(Translator(link), *link.pages))
    assert (found.verdict, reasons(found)) == ("undecided", [Reason.CIRCUIT_UNKNOWN])


def test_another_form_of_the_circuit_than_the_pinned_one_is_rejected():
    link = kraken()
    found = verdict(package(link), first=True, pages=ids(Translator(link), *link.pages))
    assert (found.verdict, reasons(found)) == ("rejected", [Reason.CIRCUIT_DIGEST])


def with_circuit(made, **changes):
    statement = {**made.parts[0].statement, "circuit": {**made.parts[0].statement["circuit"], **changes}}
    return replace(made, parts=(replace(made.parts[0], statement=statement),))


def test_the_circuit_is_the_pinned_one_and_the_proof_is_read(monkeypatch):
    """Nothing replaced here: the pinned circuit, and a proof of nothing."""
    link = kraken()
    made, expected = package(link), {"first": True, "pages": ids(Translator(link), *link.pages)}
    pinned = circuits.PINNED[-1]
    assert pinned.id == "lot-machine/v2"
    found = verdict(with_circuit(made, id="lot-machine/v9"), **expected)
    assert (found.verdict, reasons(found)) == ("undecided", [Reason.CIRCUIT_UNKNOWN])
    assert reasons(verdict(with_circuit(made, digest=bytes(32)), **expected)) == [Reason.CIRCUIT_DIGEST]
    real = with_circuit(made, digest=bytes.fromhex(pinned.digest))
    tables = len(circuits.load(pinned).tables)
    cases = [
        ({"preset": "none"}, Reason.PACKAGE_PRESET), ({"preset": "test"}, Reason.POLICY_TEST_PRESET),
        ({"log_rows": (13,) * (tables - 1)}, Reason.PACKAGE_LOG_ROWS),
        ({"log_rows": (23,) * tables}, Reason.PACKAGE_LOG_ROWS),
        ({"log_rows": (13,) * tables}, Reason.PROOF_SHORT), ({"log_rows": (13,) * tables, "proof": bytes(10**6)}, None),
    ]  # fmt: skip
    for changes, reason in cases:
        found = verdict(replace(real, parts=(replace(real.parts[0], **changes),)), **expected)
        assert found.verdict == "rejected"
        assert reasons(found) == [reason] if reason else found.findings[0].reason.stage in ("proof", "transcript")
    strict = verdict(replace(real, parts=(replace(real.parts[0], log_rows=(13,) * tables),)), **expected, min_bits=500)
    assert reasons(strict) == [Reason.POLICY_BITS]
    monkeypatch.setattr(circuits, "load", lambda _: tiny.DESCRIPTION)
    heights = (13,) * len(tiny.DESCRIPTION.tables)
    found = verdict(replace(real, parts=(replace(real.parts[0], log_rows=heights),)), **expected)
    assert reasons(found) == [Reason.PUBLIC_SHAPE]  # a circuit that is of another statement


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([], Reason.CHAIN_LINKS), ([b""], Reason.PACKAGE_MAGIC), ([b"\x89ZKH\r\n\x1a\n"], Reason.PACKAGE_ENCODING),
        ([b"\x89ZKH\r\n\x1a\n\x01\x80"], Reason.PACKAGE_FIELDS), ([b"\x89ZKH\r\n\x1a\n\x03"], Reason.PACKAGE_VERSION),
        ([b"\x89ZKH\r\n\x1a\n\x02\x80"], Reason.PACKAGE_FIELDS), ([b""] * 65, Reason.CHAIN_LINKS),
    ],
)  # fmt: skip
def test_bytes_that_are_no_package_of_links(data, reason):
    assert reasons(verify_chain(data)) == [reason]


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_is_never_accepted_with_the_same_meaning(proven, data):
    link = kraken()
    translator = Translator(link)
    made = sign_as_taxpayer(signed(package(link), translator.header(link.pages[0])), BOB)
    policy = ChainPolicy(
        first=True, accounts={"kraken": "K-alice"}, source_keys={"kraken": KRAKEN.public_bytes()},
        signer=BOB.public_bytes(),
    )  # fmt: skip
    good = made.encode()
    assert decode_chain_package(good) == made
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != good[place]))
    found = verify_chain([good[:place] + bytes([byte]) + good[place + 1 :]], policy, SIGNATURES)
    assert not found.accepted
    assert found.reason != Reason.INTERNAL
    json.dumps(found.to_json())
