"""Text of strangers: what may stand in a package, what a message repeats of the rest, and policies that fail closed."""

import unicodedata
from dataclasses import replace

import pytest
import verify_stub_machine as stub
from hypothesis import given
from hypothesis import strategies as st

from tests.support.verdicts import by_itself
from zkharvest.verifier import circuits
from zkharvest.verifier.circuits import Pinned
from zkharvest.verifier.package import encode_package
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.text import QUOTED, is_visible, named, quoted

TEST = Policy(allow_test_preset=True)
CLEAR = "\x1b[2J\x1b[HVERIFIED"
ODD = [CLEAR, "\x9b2J", "a\u202eb", "a\u200bb", "a\nb", "a\tb", " a", "a ", "e\u0301", "\ud800", "a\u00a0b", "", "\x7f"]


@pytest.fixture(scope="module")
def packages():
    return {preset: stub.prove(stub.statement(), preset=preset) for preset in ("test", "balanced")}


@pytest.fixture(autouse=True)
def registry(monkeypatch, tmp_path):
    place = tmp_path / "stub" / "v1"
    place.mkdir(parents=True)
    (place / "circuit.json").write_bytes(stub.DATA)
    monkeypatch.setattr(circuits, "PINNED", (Pinned("stub/v1", stub.DIGEST.hex()),))
    monkeypatch.setattr(circuits, "folder", lambda: tmp_path)
    circuits.load.cache_clear()
    yield
    circuits.load.cache_clear()


def outcome(package, **expected):
    found = by_itself(encode_package(package), replace(TEST, **expected))
    return found.verdict, found.reason


UNSEEN = "\u3164\u115f\u1160\uffa0\u2800\ufe0f\u034f\u180b\u17b4\U000e0100\u00ad\u0300\u3099\u0387\u037e\U0001fae8"


def test_the_characters_are_visible_in_normal_form_and_known_to_every_release():
    """Each by itself and next to any other: none combines. All are of 2006 (Unicode 5.0) or older."""
    allowed = [chr(c) for c in range(0x110000) if is_visible(chr(c), 4)]
    assert len(allowed) == 32_940
    assert all(unicodedata.is_normalized("NFC", c) and unicodedata.combining(c) == 0 for c in allowed)
    assert all(c.isprintable() and unicodedata.bidirectional(c) not in {"R", "AL", "NSM", "BN"} for c in allowed)
    assert not any(is_visible(f"a{c}b", 20) for c in UNSEEN)
    sample = allowed[:1200] + allowed[1200::97]
    text = "".join(f"{a}{b}" for a in sample for b in sample[::37] if " " not in (a, b))
    assert unicodedata.normalize("NFC", text) == text


def test_a_name_cannot_look_like_a_line_of_the_verdict():
    assert named("kraken:main") == "kraken:main"
    assert named("kraken main") == '"kraken main"'
    assert named('a" b') == '"a\\" b"'
    assert not is_visible("kraken  commitment as expected", 100)


def test_what_paints_turns_or_hides_is_not_visible():
    for text in ODD:
        assert not is_visible(text, 100), ascii(text)
    for text in ("a", "kraken:main", "é", "ключ", "取引所", "0xab:ethereum", "with space"):
        assert is_visible(text, 100)
    assert is_visible("é" * 50, 100)
    assert not is_visible("é" * 51, 100)


@given(
    st.text() | st.binary() | st.integers() | st.none() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())
)
def test_a_quoted_value_is_short_and_printable(value):
    assert quoted(value).isprintable()
    assert len(quoted(value)) <= QUOTED + 3


@pytest.mark.parametrize("huge", ["x" * 9_000_000, "\0" * 9_000_000, bytes(9_000_000), [0] * 90_000], ids=type)
@pytest.mark.parametrize("key", ["v", "holding", "scales", "wash_sale", "year", "method", "timezone", "currency"])
def test_a_huge_value_is_not_echoed(packages, key, huge):
    package = packages["test"]
    found = by_itself(encode_package(replace(package, statement={**package.statement, key: huge})), TEST)
    assert found.verdict == "rejected"
    assert found.reason in ("statement/value", "statement/fields")
    assert len(found.detail) < 200


@pytest.mark.parametrize(
    "name", [odd for odd in ODD if odd != "\ud800"] + ["x" * 9_000_000], ids=lambda n: ascii(n[:9])
)
def test_the_preset_s_name_is_visible_and_short(packages, name):
    found = by_itself(encode_package(replace(packages["test"], preset=name)), TEST)
    assert (found.verdict, found.reason) == ("rejected", "package/preset")
    assert len(found.detail) < 200
    assert found.detail.isprintable()


def test_values_are_compared_with_their_types(packages):
    for key, value in (("v", True), ("wash_sale", 0), ("scales", [18, 8, 0]), ("holding", b"us-1222")):
        package = packages["test"]
        assert outcome(replace(package, statement={**package.statement, key: value})) == ("rejected", "statement/value")


def test_bits_fail_closed(packages):
    for bits in (float("nan"), float("inf"), -1):
        with pytest.raises(ValueError, match="number of bits"):
            Policy(min_bits=bits)
    found = by_itself(encode_package(packages["balanced"]), Policy(min_bits=128.1))
    assert (found.verdict, found.reason) == ("rejected", "policy/bits")
    assert by_itself(encode_package(packages["balanced"]), Policy(min_bits=128)).accepted


@pytest.mark.parametrize("name", ["carried_in", "signer", "nonce", "audience", "method", "timezone", "circuits"])
def test_an_empty_expectation_is_an_error_and_never_dropped(name):
    with pytest.raises(ValueError, match=name):
        Policy(**{name: () if name == "circuits" else ""})
    with pytest.raises(ValueError, match="commitments"):
        Policy(commitments={"kraken:main": b""})


def test_time_zone_and_currency(packages):
    statement = packages["test"].statement
    held = {"timezone": statement["timezone"], "currency": statement["currency"]}
    assert outcome(packages["test"], **held) == ("accepted", "")
    assert outcome(packages["test"], timezone="Europe/Berlin") == ("rejected", "policy/timezone")
    assert outcome(packages["test"], currency="VND") == ("rejected", "policy/currency")


def test_a_source_that_nobody_expects_leaves_the_verdict_open(packages):
    package = packages["test"]
    one = {"kraken:main": stub.root(4)}
    found = by_itself(encode_package(package), replace(TEST, commitments=one))
    assert (found.verdict, found.reason) == ("undecided", "policy/source-not-compared")
    assert "0xab:ethereum" in found.detail
    assert not found.accepted
    shown = found.to_json()
    assert (shown["verdict"], shown["bound"], shown["not_compared"]) == ("undecided", False, ["0xab:ethereum"])
    assert outcome(package, commitments=one, allow_other_sources=True) == ("accepted", "")
    assert outcome(package, commitments={**one, "0xab:ethereum": stub.root(5)}) == ("accepted", "")
    forged = replace(package, statement={**package.statement, "currency": "EUR"})
    assert outcome(forged, commitments=one)[0] == "rejected"
