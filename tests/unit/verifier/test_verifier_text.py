"""Text of strangers: what may stand in a package, what a message repeats of the rest, and policies that fail closed."""

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.proofs import small_chain, small_pages
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.chain_policy import ChainPolicy, read_chain_policy
from zkharvest.verifier.text import QUOTED, is_visible, named, quoted
from zkharvest.workflow.verify_chain import verify_chain

PAGES = small_pages().pages
CLEAR = "\x1b[2J\x1b[HVERIFIED"
ODD = [CLEAR, "\x9b2J", "a\u202eb", "a\u200bb", "a\nb", "a\tb", " a", "a ", "e\u0301", "\ud800", "a\u00a0b", "", "\x7f"]


BALANCED = Path(__file__).resolve().parents[3] / "vectors" / "accept" / "lot-machine-v2" / "balanced"


def judged(data, **expected):
    return verify_chain([data], first=True, pages=PAGES, **expected)


def claimed(**changes):
    """A package whose statement says something else."""
    package = decode_chain_package(small_chain().package)
    (part,) = package.parts
    return replace(package, parts=(replace(part, statement={**part.statement, **changes}),)).encode()


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
@pytest.mark.parametrize("key", ["v", "holding", "year", "method", "timezone", "currency", "pages"])
def test_a_huge_value_is_not_echoed(key, huge):
    found = judged(claimed(**{key: huge}), allow_test_preset=True)
    assert found.verdict == "rejected"
    assert found.reason.startswith("statement/")
    assert len(found.detail) < 200


@pytest.mark.parametrize(
    "name", [odd for odd in ODD if odd != "\ud800"] + ["x" * 9_000_000], ids=lambda n: ascii(n[:9])
)
def test_the_preset_s_name_is_visible_and_short(name):
    package = decode_chain_package(small_chain().package)
    found = judged(replace(package, parts=(replace(package.parts[0], preset=name),)).encode())
    assert (found.verdict, found.reason) == ("rejected", "package/preset")
    assert len(found.detail) < 200
    assert found.detail.isprintable()


def test_values_are_compared_with_their_types():
    for key, value in (("v", True), ("year", True), ("holding", b"us-1222")):
        found = judged(claimed(**{key: value}), allow_test_preset=True)
        assert (found.verdict, found.reason.split("/")[0]) == ("rejected", "statement")


def test_bits_fail_closed():
    for bits in (float("nan"), float("inf"), -1):
        with pytest.raises(ValueError, match="number of bits"):
            ChainPolicy(min_bits=bits)
    data = BALANCED.with_suffix(".zkh").read_bytes()
    policy = read_chain_policy(json.dumps(json.loads(BALANCED.with_suffix(".json").read_text())["policy"]))
    found = verify_chain([data], policy, min_bits=128.1)
    assert (found.verdict, found.reason) == ("rejected", "policy/bits")
    assert verify_chain([data], policy, min_bits=128).accepted


@pytest.mark.parametrize("name", ["standing", "signer", "nonce", "audience", "method", "timezone", "circuits"])
def test_an_empty_expectation_is_an_error_and_never_dropped(name):
    with pytest.raises(ValueError, match=name):
        ChainPolicy(**{name: () if name == "circuits" else ""})
    with pytest.raises(ValueError, match="pages"):
        ChainPolicy(pages={"kraken": b""})
