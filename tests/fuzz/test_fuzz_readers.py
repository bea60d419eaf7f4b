"""Readers of files that strangers send: whatever the bytes, an answer or one of our errors, never anything else."""

from hashlib import sha256

import msgpack
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutants import HEAD, load, loose
from zkharvest.commitment.opening import commit
from zkharvest.errors import InputError, UsageError
from zkharvest.files.openings import describe_opening, read_opening, write_opening
from zkharvest.files.packages import open_package
from zkharvest.spec import OPENING_MAGIC, PACKAGE_MAGIC
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.verifier import wire
from zkharvest.verifier.package import Package, decode_package, encode_package
from zkharvest.verifier.rejections import Reject
from zkharvest.workflow.inspect import describe

OURS = (InputError, UsageError)
TRADES = """\
time,source,id,kind,asset,quantity,amount,fee,to,lots
2024-01-02T10:00:00Z,a,1,buy,BTC,1.5,60000,10,,
2024-09-02T10:00:00Z,a,2,transfer,BTC,0.25,,,b,1:0.25
"""
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=12)
    | st.binary(max_size=40)
    | st.sampled_from(["envelope", "payload", "plain", "currency", "roots", "seed", "trades", "statement", "proof"])
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(["payload", "trades", "seed"]), inner, max_size=6)
    ),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def opening(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "secret.zko"
    write_opening(path, commit(trades_from_text(TRADES, "trades"), currency="USD"), passphrase=None)
    return path.read_bytes()


def private(path, data):
    path.write_bytes(data)
    path.chmod(0o600)
    return path


@st.composite
def damaged(draw, data):
    """Some bytes of the file changed, removed or added."""
    out = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(out)))
        out[place : place + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(out)


@quick
@given(values)
def test_what_is_encoded_is_read_back(value):
    assert wire.decode(wire.encode(value)) == value


@quick
@given(st.binary(max_size=300))
def test_a_value_has_one_encoding(data):
    try:
        value = wire.decode(data)
    except Reject:
        return
    assert wire.encode(value) == data


@quick
@given(values, st.randoms(use_true_random=False))
def test_other_forms_are_no_encodings(value, rng):
    data = loose(value, rng)
    try:
        assert wire.decode(data) == value
    except Reject:
        assert data != wire.encode(value)
    else:
        assert data == wire.encode(value)


@quick
@given(st.binary(max_size=200) | values.map(lambda value: PACKAGE_MAGIC + b"\x01" + loose(value)))
@example(PACKAGE_MAGIC)
@example(PACKAGE_MAGIC + b"\x01")
@example(PACKAGE_MAGIC + b"\x02")
def test_any_bytes_as_a_package(data):
    try:
        package = open_package(data, "x.zkh")
    except OURS as error:
        assert str(error)
    else:
        assert isinstance(package, Package)


@quick
@given(data=st.data())
def test_a_damaged_package_is_described_or_refused(tmp_path, data):
    base = load_bases()[0]
    head, tail = base.data[: base.proof_at], base.data[base.proof_at + len(base.parts["proof"]) :]
    changed = data.draw(damaged(head)) + base.parts["proof"] + data.draw(damaged(tail))
    path = tmp_path / "x.zkh"
    path.write_bytes(changed)
    try:
        assert describe(path)["kind"]
    except OURS as error:
        assert str(error)


@quick
@given(st.sampled_from(range(5)))
def test_a_package_is_encoded_as_it_was(number):
    base = load_bases()[number]
    assert encode_package(decode_package(base.data)) == base.data
    assert wire.encode(wire.decode(base.data[HEAD:])) == base.data[HEAD:]


def framed(header, payload=b""):
    """An opening file of version 2 with this header, and a checksum that is right."""
    encoded = wire.encode(header)
    data = OPENING_MAGIC + b"\x02" + len(encoded).to_bytes(4, "big") + encoded + payload
    return data + sha256(data).digest()


headers = st.dictionaries(
    st.sampled_from(["envelope", "sealing", "currency", "records", "sources"]),
    st.sampled_from(["plain", "scrypt-chacha20poly1305"]) | values,
    max_size=6,
)


@quick
@given(
    data=st.binary(max_size=200)
    | values.map(lambda value: OPENING_MAGIC + b"\x01" + msgpack.packb(value))
    | st.builds(framed, headers, st.binary(max_size=40))
)
@example(data=OPENING_MAGIC)
@example(data=framed({"envelope": "plain", "currency": "USD", "records": 1, "sources": []}))
@example(data=framed({"envelope": "scrypt-chacha20poly1305", "sealing": {"log_n": 63, "r": 8, "p": 1}}))
@example(
    data=framed({"envelope": "plain", "currency": "USD", "records": 1, "sources": [{"id": "a", "root": bytes(36)}]})
)
@example(data=OPENING_MAGIC + b"\x01")
@example(data=OPENING_MAGIC + b"\x02\x80")
@example(data=OPENING_MAGIC + b"\x01" + msgpack.packb({"envelope": "plain", "payload": {}}))
@example(data=OPENING_MAGIC + b"\x01" + msgpack.packb({"envelope": "scrypt-chacha20poly1305", "payload": b""}))
def test_any_bytes_as_an_opening(tmp_path, data):
    path = private(tmp_path / "x.zko", data)
    for reader in (read_opening, describe_opening):
        try:
            reader(path)
        except OURS as error:
            assert str(error)


@quick
@given(data=st.data())
def test_a_damaged_opening_is_noticed(opening, tmp_path, data):
    """Everything in the file is under its roots, or names itself: a changed file never opens as another ledger."""
    changed = data.draw(damaged(opening))
    path = private(tmp_path / "x.zko", changed)
    try:
        found = read_opening(path)
    except OURS as error:
        assert str(error)
    else:
        original = read_opening(private(tmp_path / "y.zko", opening))
        assert found.roots == original.roots


_bases = []


def load_bases():
    if not _bases:
        _bases.extend(load())
    return _bases
