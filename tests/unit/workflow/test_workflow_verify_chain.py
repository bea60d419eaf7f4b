"""`zkharvest.verify_chain`: the decision of the verifier under keywords, and the caller's mistakes."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

import zkharvest
from tests.models.lot_machine_v2.story import two_years
from tests.support.chain_verdicts import KRAKEN, ids, package, signed, take_every_proof
from tests.support.links import Translator
from zkharvest import ChainPolicy, verify_chain
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier.verify_chain import verify_chain as decide
from zkharvest.workflow.verify_chain import ChainExpectations

ONE, TWO = two_years()
TRANSLATOR = Translator(ONE, TWO)
PAGES = ids(TRANSLATOR, *TWO.pages)
CHAIN = [package(ONE, of=TRANSLATOR).encode(), package(TWO, of=TRANSLATOR).encode()]


@pytest.fixture
def every_proof(monkeypatch):
    take_every_proof(monkeypatch)


def test_what_is_expected_may_be_bytes_or_hex(every_proof):
    verdict = verify_chain(CHAIN, first=True, pages=PAGES)
    assert verdict
    assert isinstance(verdict, zkharvest.ChainVerdict)
    assert verify_chain(tuple(map(bytearray, CHAIN)), first=True, pages={s: [p.hex()] for s, p in PAGES.items()})
    name = verdict.chain.links[0].closing.name
    assert verify_chain(iter(CHAIN[1:]), standing=name.hex(), pages=PAGES)
    assert verify_chain(CHAIN[1:], standing=bytes(32), pages=PAGES).verdict == "rejected"


def test_what_is_not_expected_is_undecided(every_proof):
    assert verify_chain(CHAIN, pages=PAGES).reason == "policy/history"
    unbound = verify_chain(CHAIN, first=True)
    assert (unbound.verdict, unbound.reason, bool(unbound)) == ("undecided", "policy/no-expectation", False)


def test_a_policy_may_be_given_whole_and_keywords_replace_its_parts(every_proof):
    policy = ChainPolicy(first=True, pages=PAGES, year=2024)
    assert verify_chain(CHAIN, policy).reason == "policy/year"
    assert verify_chain(CHAIN, policy, year=2025)
    read = zkharvest.read_chain_policy(json.dumps(policy.to_json()))
    assert verify_chain(CHAIN, read, year=2025, need_refs=True)


def test_signatures_are_checked_expected_or_not(every_proof):
    first, second = (package(link, of=TRANSLATOR) for link in (ONE, TWO))
    good = signed(second, *(TRANSLATOR.header(page) for page in TWO.pages))
    chain = [first.encode(), good.encode()]
    keys = {source: KRAKEN.public_bytes() for source in PAGES}
    accounts = {page.source: page.account for page in TWO.pages}
    assert verify_chain(chain, first=True, source_keys=keys, accounts=accounts)
    wrong = chain[1].replace(good.attestations[0].signature, bytes(64))
    assert verify_chain([chain[0], wrong], first=True, pages=PAGES).reason == "page/signature"


@pytest.mark.parametrize("data", [[], [b""], [PACKAGE_MAGIC + b"\x02\x80"], [PACKAGE_MAGIC + b"\x01\x80"], [b"x"] * 65])
def test_any_bytes_give_a_verdict(data):
    found = verify_chain(data, first=True)
    assert found.verdict == "rejected"
    assert found.to_json()["schema"] == "zkharvest/chain-verdict/1"


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "message"),
    [
        ((b"",), {}, TypeError, r"packages are a list of bytes, not bytes: give \[data\]"),
        (("p.zkh",), {}, TypeError, "packages are a list of bytes, not str"),
        ((7,), {}, TypeError, "packages are a list of bytes, not int"),
        (([Path("p.zkh")],), {}, TypeError, "package is bytes, not PosixPath: read the file first"),
        (([], {"year": 2025}), {}, TypeError, "policy is a zkharvest.ChainPolicy, not dict"),
        (([],), {"page": {}}, TypeError, "no keyword page"),
        (([],), {"first": "yes"}, TypeError, "first"),
        (([],), {"standing": "57ab"}, ValueError, "standing has 2 bytes, not 32"),
        (([],), {"first": True, "standing": bytes(32)}, ValueError, "first and standing"),
        (([],), {"max_declared": -1}, ValueError, "max_declared is a number from 0 on"),
    ],
)
def test_the_caller_s_mistakes_are_errors_and_not_verdicts(arguments, keywords, error, message):
    with pytest.raises(error, match=message):
        verify_chain(*arguments, **keywords)


def test_the_keywords_are_the_policy_s_fields():
    assert set(get_type_hints(ChainExpectations)) == {entry.name for entry in fields(ChainPolicy)}
    assert list(inspect.signature(decide).parameters)[:2] == list(inspect.signature(verify_chain).parameters)[:2]


def test_progress_is_told():
    steps = []
    verify_chain([b""], progress=steps.append)
    assert steps == ["checking the proofs"]
