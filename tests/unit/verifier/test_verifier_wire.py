"""The msgpack subset: one value, one encoding; anything else a typed rejection."""

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.verifier import wire
from zkharvest.verifier.rejections import Reason, Reject

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.integers(-40, 300)
    | st.text(max_size=40)
    | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=5), inner, max_size=20),
    max_leaves=30,
)


def depth(value):
    children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return 1 + max((depth(child) for child in children), default=0)


def ordered(value):
    """The value with its keys in the wire's order, for a library that keeps the order it is given."""
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value, key=str.encode)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


@given(VALUES.filter(lambda v: depth(v) < wire.MAX_DEPTH))
@settings(max_examples=200)
def test_round_trip_and_agreement_with_the_library(value):
    data = wire.encode(value)
    assert wire.decode(data) == value
    assert data == msgpack.packb(ordered(value), use_bin_type=True)


@pytest.mark.parametrize("value", [31, 32, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1])
def test_boundaries_of_integers_and_lengths(value):
    for number in (value, -value, -value - 1):
        if number >= -(2**63):
            assert wire.encode(number) == msgpack.packb(number)
            assert wire.decode(wire.encode(number)) == number
    if value <= 65536:
        for item in ("x" * value, b"x" * value, [None] * value, {f"{i:06}": None for i in range(value)}):
            assert wire.encode(item) == msgpack.packb(item)
            assert wire.decode(wire.encode(item)) == item


@given(st.binary(max_size=60))
@settings(max_examples=500)
def test_any_bytes_are_a_value_with_this_encoding_or_a_rejection(data):
    try:
        value = wire.decode(data)
    except Reject as reject:
        assert reject.reason.value.startswith("package/")
    else:
        assert wire.encode(value) == data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.PACKAGE_ENCODING),
        (b"\xcc\x7f", Reason.PACKAGE_ENCODING),  # 127 in two bytes
        (b"\xcd\x00\xff", Reason.PACKAGE_ENCODING),
        (b"\xce\x00\x00\xff\xff", Reason.PACKAGE_ENCODING),
        (b"\xcf\x00\x00\x00\x00\xff\xff\xff\xff", Reason.PACKAGE_ENCODING),
        (b"\xd0\xe0", Reason.PACKAGE_ENCODING),  # -32 in two bytes
        (b"\xd0\x05", Reason.PACKAGE_ENCODING),  # a positive number in a signed form
        (b"\xd1\xff\x80", Reason.PACKAGE_ENCODING),
        (b"\xd2\xff\xff\x80\x00", Reason.PACKAGE_ENCODING),
        (b"\xd3\xff\xff\xff\xff\x80\x00\x00\x00", Reason.PACKAGE_ENCODING),
        (b"\xd9\x01a", Reason.PACKAGE_ENCODING),  # one letter in a long string
        (b"\xc5\x00\x01a", Reason.PACKAGE_ENCODING),
        (b"\xdc\x00\x01\xc0", Reason.PACKAGE_ENCODING),
        (b"\xde\x00\x01\xa1a\xc0", Reason.PACKAGE_ENCODING),
        (b"\xa2\xc3\x28", Reason.PACKAGE_ENCODING),  # not UTF-8
        (b"\xa3\xed\xa0\x80", Reason.PACKAGE_ENCODING),  # a surrogate
        (b"\xca\x00\x00\x00\x00", Reason.PACKAGE_ENCODING),  # a float
        (b"\xcb" + bytes(8), Reason.PACKAGE_ENCODING),
        (b"\xd4\x00\x00", Reason.PACKAGE_ENCODING),  # an extension
        (b"\xc1", Reason.PACKAGE_ENCODING),
        (b"\x81\x01\xc0", Reason.PACKAGE_ENCODING),  # a key that is no string
        (b"\x82\xa1b\xc0\xa1a\xc0", Reason.PACKAGE_ENCODING),  # keys out of order
        (b"\x82\xa1a\xc0\xa1a\xc0", Reason.PACKAGE_ENCODING),  # a key twice
        (b"\x82\xa0\xc0\xa0\xc0", Reason.PACKAGE_ENCODING),  # the empty key twice
        (b"\xdd\xff\xff\xff\xff", Reason.PACKAGE_ENCODING),  # four billion values in five bytes
        (b"\xdf\x7f\xff\xff\xff", Reason.PACKAGE_ENCODING),
        (b"\xc6\xff\xff\xff\xff", Reason.PACKAGE_ENCODING),
        (b"\xa5abc", Reason.PACKAGE_ENCODING),
        (b"\xc0\xc0", Reason.PACKAGE_TRAILING),
        (b"\x91" * 8 + b"\xc0", Reason.PACKAGE_LIMIT),
        (b"\x91" * 100_000, Reason.PACKAGE_LIMIT),
        (wire.encode([[None] * 60_000] * 5), Reason.PACKAGE_LIMIT),
    ],
)
def test_each_fault_has_its_reason(data, reason):
    with pytest.raises(Reject) as caught:
        wire.decode(data)
    assert caught.value.reason is reason


def test_size_limit(monkeypatch):
    monkeypatch.setattr(wire, "MAX_BYTES", 3)
    assert wire.decode(b"\xa2ab") == "ab"
    with pytest.raises(Reject) as caught:
        wire.decode(b"\xa3abc")
    assert caught.value.reason is Reason.PACKAGE_LIMIT


def test_what_cannot_be_encoded():
    for value in (1.5, 2**64, -(2**63) - 1, (1,), [[[[[[[[0]]]]]]]], {1: 2}, {b"a": 2}, "\ud800"):
        with pytest.raises(ValueError):
            wire.encode(value)


@given(VALUES, st.binary(max_size=9))
@settings(max_examples=50)
def test_what_is_before_the_start_does_not_count(value, before):
    assert wire.decode(before + wire.encode(value), len(before)) == value
