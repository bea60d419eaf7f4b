"""The whole verdict: proof, signatures, and whether anything says whose trades they are."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.proofs import AUDIENCE, METHOD, NONCE, YEAR, small_opening, small_package
from zkharvest.files.packages import open_package, package_bytes
from zkharvest.sign.attest import sign_as_source, sign_as_taxpayer
from zkharvest.sign.keys import Scheme, generate_key
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier.package import decode_package, encode_package
from zkharvest.verifier.policy import Policy
from zkharvest.workflow.verify import verify

UNBOUND = "policy/no-expectation"
SOURCE = "kraken:main"
VECTORS = Path(__file__).resolve().parent / "version1"


def check(package=None, **expectations):
    return verify(small_package() if package is None else package, allow_test_preset=True, **expectations)


@pytest.fixture(scope="module")
def roots():
    return small_opening().roots


@pytest.fixture(scope="module")
def source_key():
    return generate_key(Scheme.BLS)


@pytest.fixture(scope="module")
def taxpayer():
    return generate_key(Scheme.ED25519)


@pytest.fixture(scope="module")
def signed(source_key, taxpayer):
    package = open_package(small_package(), "p")
    return sign_as_taxpayer(sign_as_source(package, source_key, SOURCE, small_opening().roots[SOURCE]), taxpayer)


def test_expected_commitments_make_it_accepted(roots):
    verdict = check(commitments=roots)
    assert verdict.accepted
    assert verdict.bound
    assert verdict.attested is None
    assert verdict.to_json()["signatures"] == {"sources": [], "taxpayer": None}


def test_without_any_expectation_it_is_undecided():
    verdict = check()
    assert (verdict.verdict, verdict.reason, verdict.accepted) == ("undecided", UNBOUND, False)
    assert verdict.statement is not None
    assert check(year=YEAR, method=METHOD).verdict == "undecided"


@pytest.mark.parametrize(
    ("expectation", "reason"),
    [
        ({"year": 2024}, "policy/year"),
        ({"method": "fifo"}, "policy/method"),
        ({"pooling": "universal"}, "policy/pooling"),
        ({"nonce": bytes(16)}, "policy/context"),
        ({"audience": "somebody else"}, "policy/context"),
        ({"carried_in": bytes(32)}, "policy/carried-in"),
        ({"circuits": ("other/v1",)}, "policy/circuit"),
        ({"commitments": {SOURCE: bytes(36)}}, "policy/commitment"),
        ({"commitments": {"binance": bytes(36)}}, "policy/commitment"),
        ({"source_keys": {SOURCE: bytes(48)}}, "attestation/missing"),
        ({"signer": bytes(32)}, "signature/missing"),
    ],
)
def test_every_expectation_is_enforced(roots, expectation, reason):
    verdict = check(**{"commitments": roots, **expectation})
    assert (verdict.verdict, verdict.reason) == ("rejected", reason)
    assert verdict.statement is None


def test_the_test_preset_and_bits_are_enforced(roots):
    assert verify(small_package(), commitments=roots).reason == "policy/test-preset"


def test_expectations_that_hold_are_accepted(roots):
    assert check(commitments=roots, year=YEAR, method=METHOD, pooling="wallet", nonce=NONCE, audience=AUDIENCE).accepted


def test_only_an_accepted_package_counts_as_true(roots):
    """`if verify(package)` is what people write."""
    verdicts = [check(commitments=roots), check(commitments=roots, year=YEAR + 1), check()]
    assert [(verdict.verdict, bool(verdict)) for verdict in verdicts] == [
        ("accepted", True),
        ("rejected", False),
        ("undecided", False),
    ]


def test_expected_keys_make_it_accepted(signed, source_key, taxpayer):
    data = package_bytes(signed)
    by_source = check(data, source_keys={SOURCE: source_key.public_bytes()}, allow_other_sources=True)
    assert by_source.accepted
    assert not by_source.bound
    assert any("1 of 2 not compared" in line for line in by_source.not_shown)
    by_taxpayer = check(data, signer=taxpayer.public_bytes())
    shown = by_taxpayer.to_json()["signatures"]
    assert shown["sources"] == [{"id": SOURCE, "key": source_key.public_bytes().hex(), "expected": False}]
    assert shown["taxpayer"] == {"key": taxpayer.public_bytes().hex(), "expected": True}


def test_signatures_nobody_expects_bind_nothing_but_must_be_valid(signed, roots):
    assert check(package_bytes(signed)).reason == UNBOUND
    entries = signed.attestations["sources"]
    forged = replace(signed, attestations={**signed.attestations, "sources": [{**entries[0], "key": bytes(48)}]})
    assert check(package_bytes(forged), commitments=roots).reason == "signature/invalid"
    assert check(package_bytes(replace(forged, signature=None)), commitments=roots).reason == "attestation/possession"


def test_signatures_of_another_package_are_rejected(signed, roots, taxpayer):
    """The taxpayer's signature of one package in another; the source's stays good only for its own root."""
    other = open_package(small_package(), "p")
    moved = replace(other, signature=signed.signature)
    assert check(package_bytes(moved), commitments=roots).reason == "signature/invalid"
    moved = replace(other, attestations=signed.attestations)
    assert check(package_bytes(moved), commitments=roots).accepted


def test_a_forgery_is_rejected_whoever_signed_it(signed, taxpayer, roots):
    totals = {**signed.statement["totals"], "long_loss": "1"}
    forged = sign_as_taxpayer(replace(signed, statement={**signed.statement, "totals": totals}), taxpayer)
    verdict = check(package_bytes(forged), commitments=roots, signer=taxpayer.public_bytes())
    assert verdict.verdict == "rejected"
    assert verdict.attested is None


@pytest.mark.parametrize(
    "data",
    [b"", b"x", PACKAGE_MAGIC, PACKAGE_MAGIC + b"\x01", PACKAGE_MAGIC + b"\x01\x80", PACKAGE_MAGIC + b"\x00" * 50],
)
def test_any_bytes_give_a_verdict(data):
    verdict = verify(data, signer=bytes(32), source_keys={"a": bytes(48)})
    assert verdict.verdict == "rejected"
    assert verdict.to_json()["schema"] == "zkharvest/verdict/1"


def test_commitments_may_be_hex_text(roots):
    assert check(commitments={source: root.hex() for source, root in roots.items()})
    assert not check(commitments={source: root.hex() for source, root in roots.items()}, year=2024)


def test_a_policy_may_be_given_whole_and_keywords_replace_its_parts(roots):
    policy = Policy(commitments=roots, year=2024, allow_test_preset=True)
    assert verify(small_package(), policy).reason == "policy/year"
    assert verify(small_package(), policy, year=YEAR)


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "message"),
    [
        (("p.zkh",), {}, TypeError, "package is bytes, not str: read the file first"),
        ((Path("p.zkh"),), {}, TypeError, "package is bytes, not PosixPath: read the file first"),
        ((None,), {}, TypeError, "package is bytes, not NoneType"),
        ((b"", {"year": 2025}), {}, TypeError, "policy is a zkharvest.Policy, not dict"),
        ((b"",), {"comitments": {}}, TypeError, "no keyword comitments"),
        ((b"",), {"year": "2025"}, TypeError, "year is a number such as 2025, not str '2025'"),
        ((b"",), {"method": "hifoo"}, ValueError, "did you mean hifo"),
        (
            (b"",),
            {"commitments": {"kraken:main": "57ab"}},
            ValueError,
            "commitments of 'kraken:main' has 2 bytes, not 36",
        ),
        ((b"",), {"nonce": b""}, ValueError, "nonce is empty"),
    ],
)
def test_the_caller_s_mistakes_are_errors_and_not_verdicts(arguments, keywords, error, message):
    with pytest.raises(error, match=message):
        verify(*arguments, **keywords)


def test_all_keys_that_differ_or_are_missing_are_told(signed, source_key):
    keys = {SOURCE: bytes(48), "coinbase:main": source_key.public_bytes()}
    found = check(package_bytes(signed), source_keys=keys)
    assert [(f.reason.value, f.expected, f.found) for f in found.findings] == [
        ("attestation/key", "00" * 48, source_key.public_bytes().hex()),
        ("attestation/missing", source_key.public_bytes().hex(), None),
    ]


def test_a_signer_alone_is_undecided(signed, taxpayer, roots):
    data, key = package_bytes(signed), taxpayer.public_bytes()
    assert check(data, signer=key).reason == UNBOUND
    assert check(data, signer=key, allow_other_sources=True).reason == UNBOUND
    assert check(data, signer=key, commitments=roots)


def test_a_newer_format_is_undecided(roots):
    assert verify(PACKAGE_MAGIC + b"\x02", commitments=roots).verdict == "undecided"


def test_an_open_question_does_not_cover_up_a_false_signature():
    """Lots were carried in and nobody says which are right: undecided, unless the package is false anyway."""
    data = (VECTORS / "carried-in.zkh").read_bytes()
    package = decode_package(data)
    commitments = {source["id"]: source["root"] for source in package.statement["sources"]}
    assert check(data, commitments=commitments).reason == "policy/carried-in-not-compared"
    for change, reason in (
        ({"attestations": {"scheme": "none"}}, "attestation/form"),
        ({"signature": {"scheme": "none"}}, "signature/form"),
        ({"signature": {"scheme": "ed25519", "key": bytes(32), "signature": bytes(64)}}, "signature/invalid"),
    ):
        verdict = check(encode_package(replace(package, **change)), commitments=commitments)
        assert (verdict.verdict, verdict.reason) == ("rejected", reason)
    missing = check(data, commitments=commitments, signer=bytes(32))
    assert (missing.verdict, missing.reason) == ("rejected", "signature/missing")


def test_an_unknown_zone_does_not_cover_up_a_false_signature():
    data = (VECTORS / "unknown-zone.zkh").read_bytes()
    package = decode_package(data)
    commitments = {source["id"]: source["root"] for source in package.statement["sources"]}
    assert check(data, commitments=commitments).reason == "statement/unknown-zone"
    assert check(data, commitments=commitments).verdict == "undecided"
    signed = encode_package(replace(package, signature={"scheme": "none"}))
    assert check(signed, commitments=commitments).reason == "signature/form"
    assert check(data, commitments=commitments, signer=bytes(32)).reason == "signature/missing"
