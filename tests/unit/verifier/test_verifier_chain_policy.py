"""What an auditor expects of a chain: the values that a policy takes, its JSON, and what it refuses."""

import json
from datetime import date

import pytest

from zkharvest.verifier.chain_policy import SCHEMA, ChainPolicy, read_chain_policy
from zkharvest.verifier.figures import Counters
from zkharvest.verifier.page import SourceKey

WHOLE = ChainPolicy(
    standing=bytes(32), pages={"kraken": ("ab" * 32,)}, accounts={"kraken": ("K-1", "K-2")},
    source_keys={"kraken": (SourceKey(b"\1" * 32, date(2024, 1, 1), date(2025, 12, 31)), "02" * 48)},
    signer="03" * 32, year=2025, method="fifo", pooling="wallet", timezone="America/New_York", currency="USD",
    audience="a bank", nonce=b"\1\2", circuits="lot-machine/v2", min_bits=120, max_declared=0, max_unexplained=1,
    max_gone=2, max_by_window=3, max_in_transit=4, need_refs=True, allow_other_sources=True, allow_test_preset=True,
)  # fmt: skip


def test_a_policy_is_read_as_it_was_written():
    assert read_chain_policy(json.dumps(WHOLE.to_json())) == WHOLE
    assert read_chain_policy(json.dumps(ChainPolicy(first=True).to_json())) == ChainPolicy(first=True)
    assert ChainPolicy().to_json() == {"schema": SCHEMA}
    assert WHOLE.to_json()["max_declared"] == 0  # a limit of 0 is a limit
    assert WHOLE.source_keys["kraken"][1].key == b"\2" * 48


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"standing": "ab"}, ValueError), ({"standing": 1}, TypeError),
        ({"first": True, "standing": bytes(32)}, ValueError),
        ({"first": 1}, TypeError), ({"pages": {"kraken": "ab"}}, ValueError), ({"pages": ["kraken"]}, TypeError),
        ({"pages": {"": bytes(32)}}, ValueError), ({"pages": {"kraken": []}}, ValueError),
        ({"pages": {"kraken": [bytes(32)] * 2}}, ValueError), ({"accounts": {"kraken": ""}}, ValueError),
        ({"accounts": {"kraken": 7}}, TypeError), ({"source_keys": {"kraken": bytes(33)}}, ValueError),
        ({"source_keys": {"kraken": {"first": "2024-01-01"}}}, ValueError),
        ({"source_keys": {"kraken": {"key": bytes(32), "first": "yesterday"}}}, ValueError),
        ({"source_keys": {"kraken": {"key": bytes(32), "first": 7}}}, TypeError),
        ({"source_keys": {"kraken": {"key": bytes(32), "first": "2025-01-02", "last": "2025-01-01"}}}, ValueError),
        ({"max_declared": -1}, ValueError), ({"max_declared": True}, TypeError), ({"max_gone": 1.5}, TypeError),
        ({"need_refs": 0}, TypeError), ({"year": 1}, ValueError), ({"method": "average"}, ValueError),
        ({"min_bits": float("nan")}, ValueError), ({"nonce": b""}, ValueError),
    ],
)  # fmt: skip
def test_what_no_chain_could_meet_is_refused(given, error):
    with pytest.raises(error):
        ChainPolicy(**given)


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"schema": "zkharvest/policy/1"}', f'{{"schema": "{SCHEMA}", "page": {{}}}}',
        f'{{"schema": "{SCHEMA}", "year": 1, "year": 2}}', f'{{"schema": "{SCHEMA}", "yaer": null}}',
        f'{{"schema": "{SCHEMA}", "year": 2025.0}}', f'{{"schema": "{SCHEMA}", "max_gone": 1e3}}',
        f'\ufeff{{"schema": "{SCHEMA}"}}'.encode(), f'{{"schema": "{SCHEMA}"}}'.encode("utf-16"),
    ],
)  # fmt: skip
def test_text_that_is_no_policy(text):
    with pytest.raises((TypeError, ValueError)):
        read_chain_policy(text)


def test_limits_are_held_against_counters():
    counters = Counters(1, 2, 3, 4, 5, 1)
    assert ChainPolicy().exceeded(counters) == {}
    assert WHOLE.exceeded(counters) == {
        "declared": (1, 0), "unexplained": (2, 1), "gone": (3, 2), "by_window": (4, 0), "in_transit": (5, 4),
        "in_transit_by_window": (1, 0),
    }  # fmt: skip
    assert ChainPolicy(need_refs=True).exceeded(Counters(by_window=1)) == {"by_window": (1, 0)}
    assert ChainPolicy(need_refs=True).exceeded(Counters(in_transit=1)) == {}
