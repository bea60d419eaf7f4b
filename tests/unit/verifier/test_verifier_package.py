"""The container: its parts, its faults, and what its digests cover."""

import tracemalloc
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.package import Package, decode_package, encode_package, statement_digest
from zkharvest.verifier.rejections import Reason, Reject

PACKAGE = Package(
    {"v": 1, "year": 2025}, "balanced", (15, 12), b"proof", {"scheme": "x"}, {"key": b"k", "signature": b"s"}
)
PARTS = {
    "attestations": PACKAGE.attestations,
    "preset": PACKAGE.preset,
    "proof": PACKAGE.proof,
    "log_rows": list(PACKAGE.log_rows),
    "signature": PACKAGE.signature,
    "statement": PACKAGE.statement,
}


def reason(data):
    with pytest.raises(Reject) as caught:
        decode_package(data)
    return caught.value.reason


def with_parts(parts):
    return PACKAGE_MAGIC + b"\1" + wire.encode(parts)


def test_round_trip():
    for package in (PACKAGE, replace(PACKAGE, attestations=None, signature=None)):
        data = encode_package(package)
        assert decode_package(data) == package
        assert encode_package(decode_package(data)) == data
    assert encode_package(PACKAGE) == with_parts(PARTS)


def test_first_bytes():
    data = encode_package(PACKAGE)
    assert data.startswith(b"\x89ZKH\r\n\x1a\n\x01")
    for other in (b"", b"\x89ZKH", b"PK\3\4" + data, b"\x89ZKH\n\x1a\n" + data[9:], data[1:]):
        assert reason(other) is Reason.PACKAGE_MAGIC
    assert reason(PACKAGE_MAGIC) is Reason.PACKAGE_ENCODING
    assert reason(PACKAGE_MAGIC + b"\0" + data[9:]) is Reason.PACKAGE_ENCODING
    assert reason(PACKAGE_MAGIC + b"\2" + data[9:]) is Reason.PACKAGE_VERSION
    assert reason(PACKAGE_MAGIC + b"\1") is Reason.PACKAGE_ENCODING
    assert reason(data + b"\0") is Reason.PACKAGE_TRAILING
    assert reason(data[:-1]) is Reason.PACKAGE_ENCODING


@pytest.mark.parametrize("key", sorted(PARTS))
def test_parts_and_their_types(key):
    assert reason(with_parts({k: v for k, v in PARTS.items() if k != key})) is Reason.PACKAGE_FIELDS
    allowed = {
        "attestations": (type(None), dict),
        "preset": (str,),
        "proof": (bytes,),
        "log_rows": (list,),
        "signature": (type(None), dict),
        "statement": (dict,),
    }[key]
    for value in (None, True, 7, "text", b"bytes", [], {}):
        if type(value) not in allowed:
            assert reason(with_parts({**PARTS, key: value})) is Reason.PACKAGE_FIELDS, value
    assert reason(with_parts({**PARTS, f"{key}2": 1})) is Reason.PACKAGE_FIELDS


@pytest.mark.parametrize("heights", [[True], [15, None], ["15"], [15, [12]], [{}], 15])
def test_heights_are_integers(heights):
    assert reason(with_parts({**PARTS, "log_rows": heights})) is Reason.PACKAGE_FIELDS
    # Form comes before values (FORMAT.md, section 9): whatever the name of the parameter set is.
    assert reason(with_parts({**PARTS, "log_rows": heights, "preset": "\0"})) is Reason.PACKAGE_FIELDS


@pytest.mark.parametrize("value", [None, [], 7, "x"])
def test_not_a_map_at_all(value):
    assert reason(PACKAGE_MAGIC + b"\1" + wire.encode(value)) is Reason.PACKAGE_FIELDS


def test_digests_as_specified():
    body = {key: PARTS[key] for key in ("preset", "proof", "log_rows", "statement")}
    assert PACKAGE.body_digest == sha256(b"zkharvest/package/v1\0" + wire.encode(body)).digest()
    unsigned = {key: value for key, value in PARTS.items() if key != "signature"}
    assert PACKAGE.signed_digest == sha256(b"zkharvest/signed/v1\0" + wire.encode(unsigned)).digest()
    parts = wire.encode(PACKAGE.statement) + wire.encode("balanced") + wire.encode([15, 12])
    assert PACKAGE.statement_digest == sha256(b"zkharvest/statement/v1\0" + parts).digest()
    assert PACKAGE.statement_digest == statement_digest(PACKAGE.statement, "balanced", (15, 12))


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"statement": {"v": 1, "year": 2026}}, "statement body signed"),
        ({"preset": "test"}, "statement body signed"),
        ({"log_rows": (16, 12)}, "statement body signed"),
        ({"log_rows": (15, 13)}, "statement body signed"),
        ({"log_rows": (12, 15)}, "statement body signed"),
        ({"proof": b"proo"}, "body signed"),
        ({"attestations": None}, "signed"),
        ({"attestations": {"scheme": "y"}}, "signed"),
        ({"signature": None}, ""),
    ],
)
def test_what_each_digest_covers(change, moved):
    """The parts are bound to each other: no part of one package means anything in another."""
    other = replace(PACKAGE, **change)
    for name in ("statement", "body", "signed"):
        same = getattr(other, f"{name}_digest") == getattr(PACKAGE, f"{name}_digest")
        assert same == (name not in moved.split()), name


@given(st.binary(max_size=100))
@settings(max_examples=100)
def test_any_bytes_after_the_magic(data):
    try:
        package = decode_package(PACKAGE_MAGIC + data)
    except Reject as reject:
        assert reject.reason.value.startswith("package/")
    else:
        assert encode_package(package) == PACKAGE_MAGIC + data


@pytest.mark.parametrize(
    "value",
    [b"\xc6\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xdd\x00\xff\xff\xff" + b"\xc0" * (1 << 24), b"\x91" * 5000],
    ids=["bytes of 4 GB", "a list of 4 G", "16 million nils", "nested"],
)
def test_what_a_file_claims_is_not_allocated(value):
    data = PACKAGE_MAGIC + b"\x01" + value
    tracemalloc.start()
    try:
        with pytest.raises(Reject):
            decode_package(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 23  # the values that there may be; no copy of the file
    finally:
        tracemalloc.stop()
