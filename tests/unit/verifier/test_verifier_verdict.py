"""What a verdict says: all mismatches with both values, open questions, notes, and truth only where it is accepted."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import verify_stub_machine as stub

from zkharvest.verifier import circuits, verdict
from zkharvest.verifier.package import encode_package
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.rejections import Reason
from zkharvest.verifier.statement import read_statement
from zkharvest.verifier.verdict import Attested, SourceSigned, notes
from zkharvest.verifier.verify import verify

ROOTS = {"0xab:ethereum": stub.root(5), "kraken:main": stub.root(4)}
TEST = Policy(allow_test_preset=True, commitments=ROOTS)


@pytest.fixture(scope="module")
def data():
    return encode_package(stub.prove(stub.statement()))


@pytest.fixture(autouse=True)
def registry(monkeypatch, tmp_path):
    monkeypatch.setattr(circuits, "PINNED", (stub.PINNED,))
    monkeypatch.setattr(circuits, "folder", lambda: tmp_path)
    (tmp_path / "stub" / "v1").mkdir(parents=True)
    (tmp_path / "stub" / "v1" / "circuit.json").write_bytes(stub.DATA)
    circuits.load.cache_clear()
    yield
    circuits.load.cache_clear()


def test_a_verdict_is_true_only_if_accepted(data):
    assert verify(data, TEST)
    for other in (verify(data), verify(b""), verify(data, replace(TEST, year=2025)), verify(data, Policy(year=2024))):
        assert not other


def test_all_mismatches_are_told_with_both_values(data):
    wanted = replace(
        TEST,
        commitments={"Kraken:main": stub.root(4), "kraken:main": stub.root(7), "0xab:ethereum": stub.root(5)},
        carried_in=bytes(32),
        year=2025,
        method="fifo",
        pooling="universal",
        timezone="America/Chicago",
        currency="EUR",
        audience="me",
        nonce=b"\7",
    )
    found = verify(data, wanted)
    assert (found.verdict, found.reason) == ("rejected", "policy/commitment")
    assert found.statement is None
    shown = [(f.reason.value, f.what, f.expected, f.found) for f in found.findings]
    assert shown == [
        ("policy/commitment", "commitment of Kraken:main", stub.root(4).hex(), None),
        ("policy/commitment", "commitment of kraken:main", stub.root(7).hex(), stub.root(4).hex()),
        ("policy/carried-in", "inventory carried in", "00" * 32, "none"),
        ("policy/year", "tax year", "2025", "2024"),
        ("policy/method", "lot method", "fifo", "hifo"),
        ("policy/pooling", "pooling of lots", "universal", "wallet"),
        ("policy/timezone", "time zone", "America/Chicago", "America/New_York"),
        ("policy/currency", "currency", "EUR", "USD"),
        ("policy/context", "audience", "me", ""),
        ("policy/context", "nonce", "07", ""),
    ]
    assert "did you mean 'kraken:main'?" in found.findings[0].detail
    assert [f["reason"] for f in found.to_json()["findings"]] == [reason for reason, *_ in shown]


def test_near_misses_are_named(data):
    cases = [
        ({"commitments": {"Kraken:Main": stub.root(9)}}, "did you mean 'kraken:main'?"),
        ({"commitments": {"binance": stub.root(9)}}, "it has '0xab:ethereum', 'kraken:main'"),
        ({"commitments": {"0xab:ethereum": stub.root(4)}}, "which is that of 'kraken:main'"),
        ({"commitments": {"binance": stub.root(4)}}, "did you mean 'kraken:main'?"),
        ({"timezone": "america/new_york"}, "did you mean 'America/New_York'?"),
        ({"currency": "usd"}, "did you mean 'USD'?"),
    ]
    for change, words in cases:
        assert words in verify(data, replace(TEST, **change)).detail, change


@pytest.mark.parametrize("others", [False, True])
def test_a_signer_alone_is_undecided(data, others):
    """Whoever signed it: nothing about the trades was compared. One commitment more does not make it worse."""
    signer = bytes(32)
    signed = Attested(signer=signer, signer_expected=True)
    alone = Policy(signer=signer, allow_other_sources=others, allow_test_preset=True)
    found = verify(data, alone, lambda *_: signed)
    assert (found.verdict, found.reason) == ("undecided", "policy/no-expectation")
    assert "the taxpayer signed it, but" in found.detail
    assert found.statement is not None
    one = replace(alone, commitments={"kraken:main": stub.root(4)})
    assert verify(data, one, lambda *_: signed).reason == ("" if others else "policy/source-not-compared")
    assert verify(data, replace(one, commitments=ROOTS), lambda *_: signed).accepted


def test_a_key_answers_for_its_source_only_if_it_is_the_expected_one(data):
    wanted = Policy(source_keys={"kraken:main": bytes(48)}, allow_test_preset=True)
    for expected in (True, False):
        attested = Attested((SourceSigned("kraken:main", bytes(48), expected),))
        found = verify(data, wanted, lambda *_, by=attested: by)
        assert found.reason == "policy/source-not-compared"
        assert ("kraken:main" in found.not_compared) is not expected


def test_signatures_that_nobody_can_check_do_not_pass(data):
    for change in ({"signer": bytes(32)}, {"source_keys": {"kraken:main": bytes(48)}}):
        found = verify(data, replace(TEST, **change))
        assert (found.verdict, found.reason) == ("undecided", "policy/signatures-not-checked")


def test_open_questions_are_all_told():
    package = encode_package(stub.prove(stub.statement(carried_in=stub.root(9))))
    found = verify(package, Policy(allow_test_preset=True))
    assert [f.reason for f in found.findings] == [Reason.POLICY_NO_CARRIED_IN, Reason.POLICY_NO_EXPECTATION]
    assert found.findings[0].found == found.statement.carried_in.hex()


def test_the_year_that_is_not_over_and_the_year_without_a_disposal_are_noted(data, monkeypatch):
    statement = read_statement(stub.statement())
    end = datetime(2025, 1, 1, 5, tzinfo=UTC).timestamp()  # midnight in New York
    assert notes(statement, end) == ()
    (line,) = notes(statement, end - 1)
    assert "2024 is not over until 2025-01-01 05:00 UTC" in line
    nothing = dict.fromkeys(stub.statement()["totals"], "0")
    (line,) = notes(read_statement(stub.statement(totals=nothing)), end)
    assert "no disposal in 2024" in line
    monkeypatch.setattr(verdict.time, "time", lambda: end - 1)
    assert "not over" in verify(data, TEST).to_json()["notes"][0]


def test_every_reason_has_a_code_of_its_own_and_a_meaning():
    assert len({reason.value for reason in Reason}) == len(Reason) == len({reason.meaning for reason in Reason})
    for reason in Reason:
        assert reason.value.startswith(f"{reason.stage}/")
        assert reason.meaning[0].islower()
        assert not reason.meaning.endswith(".")
        assert reason.verdict in ("rejected", "undecided")
