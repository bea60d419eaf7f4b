"""A policy: what it refuses, in words that say what is wrong, and the one form in which it is written."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.verifier.chain_policy import SCHEMA as CHAIN_SCHEMA
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.expected import closest
from zkharvest.verifier.policy import SCHEMA, Policy, read_policy
from zkharvest.verifier.statement import METHODS, POOLINGS

VECTORS = Path(__file__).resolve().parents[3] / "vectors"
ROOT, KEY = bytes(range(36)), bytes(48)

WRONG = [
    ({"year": "2025"}, TypeError, "year is a number such as 2025, not str '2025'"),
    ({"year": True}, TypeError, "year is a number"),
    ({"year": 2025.0}, TypeError, "year is a number"),
    ({"year": 20}, ValueError, "year 20 is not in 1971..2526"),
    ({"method": "hifoo"}, ValueError, r"'hifoo' is not one of fifo, lifo, .*did you mean hifo\?"),
    ({"method": 5}, TypeError, "method is text, not int 5"),
    ({"pooling": "Wallet"}, ValueError, "did you mean wallet"),
    ({"timezone": "New York"}, ValueError, "America/New_York"),
    ({"currency": "$"}, ValueError, "written like USD"),
    ({"commitments": {"kraken:main": "zz" * 36}}, ValueError, "commitments of 'kraken:main': .* is not hexadecimal"),
    ({"commitments": {"kraken:main": ROOT[1:]}}, ValueError, "commitments of 'kraken:main' has 35 bytes, not 36"),
    ({"commitments": {"kraken:main": 5}}, TypeError, "is bytes or hex text, not int 5"),
    ({"commitments": [ROOT]}, TypeError, "commitments maps source ids to bytes"),
    ({"commitments": "kraken:main=00"}, TypeError, "commitments maps source ids"),
    ({"commitments": {5: ROOT}}, TypeError, "a source id is text, not int 5"),
    ({"commitments": {"": ROOT}}, ValueError, "a source id is empty"),
    ({"source_keys": {"kraken:main": KEY[1:]}}, ValueError, "47 bytes, not 48"),
    ({"signer": b"\0" * 31}, ValueError, "signer has 31 bytes, not 32"),
    ({"signer": "xyz"}, ValueError, "signer: 'xyz' is not hexadecimal"),
    ({"carried_in": KEY}, ValueError, "carried_in has 48 bytes, not 32"),
    ({"nonce": bytes(33)}, ValueError, "nonce has 33 bytes, not at most 32"),
    ({"nonce": 7}, TypeError, "nonce is bytes or hex text"),
    ({"audience": "two  spaces"}, ValueError, "audience: .* cannot stand in a package"),
    ({"audience": b"office"}, TypeError, "audience is text, not bytes"),
    ({"circuits": ("",)}, ValueError, "circuits: an id is empty"),
    ({"circuits": 5}, TypeError, "circuits is a list of ids"),
    ({"min_bits": "128"}, TypeError, "min_bits is a number such as 128"),
    ({"min_bits": 1e9}, ValueError, "min_bits is a number of bits such as 128"),
    ({"min_bits": 10**400}, ValueError, "min_bits is a number of bits such as 128"),
    ({"allow_other_sources": 1}, TypeError, "allow_other_sources is true or false, not int 1"),
]


@pytest.mark.parametrize(("given", "error", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_expected_is_an_error_that_says_what(given, error, message):
    with pytest.raises(error, match=message):
        Policy(**given)


def test_bytes_may_be_hex_and_a_circuit_stands_for_a_list():
    policy = Policy(commitments={"a": ROOT.hex().upper()}, signer="ff" * 32, nonce=bytearray(b"\1"), circuits="x/v1")
    assert (policy.commitments, policy.signer, policy.nonce) == ({"a": ROOT}, b"\xff" * 32, b"\1")
    assert policy.circuits == ("x/v1",)
    assert policy.names_sources
    assert not Policy(signer=bytes(32), allow_other_sources=True).names_sources


SOURCES = st.sampled_from(["kraken:main", "0xab:ethereum", "a b", "Börse"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "commitments": st.dictionaries(SOURCES, st.binary(min_size=36, max_size=36)),
        "source_keys": st.dictionaries(SOURCES, st.binary(min_size=48, max_size=48)),
        "signer": st.binary(min_size=32, max_size=32),
        "carried_in": st.binary(min_size=32, max_size=32),
        "year": st.integers(1971, 2526),
        "method": st.sampled_from(METHODS),
        "pooling": st.sampled_from(POOLINGS),
        "timezone": st.sampled_from(["UTC", "America/New_York"]),
        "currency": st.sampled_from(["USD", "EUR"]),
        "audience": st.sampled_from(["tax office", "x"]),
        "nonce": st.binary(min_size=1, max_size=32),
        "circuits": st.just(("lot-machine/v1",)),
        "min_bits": st.sampled_from([0, 100.5, 128, 1024]),
        "allow_other_sources": st.booleans(),
        "allow_test_preset": st.booleans(),
    },
)


@given(FIELDS)
def test_what_is_written_reads_back(given_fields):
    policy = Policy(**given_fields)
    assert read_policy(json.dumps(policy.to_json())) == policy
    assert policy.to_json()["schema"] == SCHEMA


@pytest.mark.parametrize("path", sorted(VECTORS.glob("accept/*/*.json")), ids=lambda path: path.stem)
def test_headers_of_vectors_are_policies(path):
    stated = json.loads(path.read_text())["policy"]
    kind = ChainPolicy if stated["schema"] == CHAIN_SCHEMA else Policy
    assert kind.from_json(kind.from_json(stated).to_json()) == kind.from_json(stated)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "a policy is a JSON object, not list"),
        ("null", "not null"),
        ("{}", f'"schema": "{SCHEMA}", not None'),
        ('{"schema": "zkharvest/policy/2"}', "not 'zkharvest/policy/2'"),
        (f'{{"schema": "{SCHEMA}", "comitments": {{}}}}', r"'comitments' is not a key of a policy \(did you mean"),
        (f'{{"schema": "{SCHEMA}", "year": 2024, "year": 2025}}', "'year' stands twice"),
        (f'{{"schema": "{SCHEMA}", "min_bits": NaN}}', "NaN is not a number of JSON"),
        (f'{{"schema": "{SCHEMA}", "circuits": "lot-machine/v1"}}', "circuits is a list of ids, not a text"),
        (f'{{"schema": "{SCHEMA}", "year": "2025"}}', "year is a number"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_other_texts_are_errors(text, message):
    with pytest.raises((TypeError, ValueError), match=message):
        read_policy(text)


def test_null_expects_nothing():
    assert Policy.from_json({"schema": SCHEMA, "year": None, "signer": None, "commitments": None}) == Policy()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("Coinbase", "coinbase"), ("krakn:main", "kraken:main"), ("bitstamp", None), ("", None)],
)
def test_near_misses(wanted, found):
    assert closest(wanted, ["coinbase", "kraken:main"]) == found
