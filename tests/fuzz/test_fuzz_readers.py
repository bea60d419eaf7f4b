"""Readers of files that strangers send: whatever the bytes, an answer or one of our errors, never anything else."""

from hashlib import sha256

import msgpack
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.chain_bases import HEAD_BYTES, NAMES, base_of
from tests.fuzz.mutants import HEAD, loose
from tests.models.lot_machine_v2.histories import make_history
from tests.support.model_histories import openings_of
from zkharvest.errors import InputError, UsageError
from zkharvest.files.packages import open_package
from zkharvest.files.page_files import read_page_opening, write_page_opening
from zkharvest.spec import PACKAGE_MAGIC, PAGE_OPENING_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import ChainPackage, decode_chain_package
from zkharvest.verifier.rejections import Reject
from zkharvest.workflow.inspect import describe

OURS = (InputError, UsageError)
BASES = [base_of(name) for name in NAMES]
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=12)
    | st.binary(max_size=40)
    | st.sampled_from(
        ["envelope", "payload", "plain", "page", "assets", "key", "records", "links", "statement", "proof"]
    )
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(["assets", "records", "key"]), inner, max_size=6)
    ),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def opening(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "secret.zko"
    write_page_opening(path, openings_of(make_history(7, size=12))[0][1], passphrase=None)
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
@given(st.binary(max_size=200) | values.map(lambda value: HEAD_BYTES + loose(value)))
@example(PACKAGE_MAGIC)
@example(PACKAGE_MAGIC + b"\x01")
@example(HEAD_BYTES)
@example(PACKAGE_MAGIC + b"\x03")
def test_any_bytes_as_a_package(data):
    try:
        package = open_package(data, "x.zkh")
    except OURS as error:
        assert str(error)
    else:
        assert isinstance(package, ChainPackage)


@quick
@given(data=st.data())
def test_a_damaged_package_is_described_or_refused(tmp_path, data):
    base = BASES[1]
    proof, (at,) = base.parts["links"][0]["proof"], base.proofs_at
    head, tail = base.data[:at], base.data[at + len(proof) :]
    changed = data.draw(damaged(head)) + proof + data.draw(damaged(tail))
    path = tmp_path / "x.zkh"
    path.write_bytes(changed)
    try:
        assert describe(path)["kind"]
    except OURS as error:
        assert str(error)


@pytest.mark.parametrize("base", BASES, ids=NAMES)
def test_a_package_is_encoded_as_it_was(base):
    assert decode_chain_package(base.data).encode() == base.data
    assert wire.encode(wire.decode(base.data[HEAD:])) == base.data[HEAD:]


def framed(header, payload=b""):
    """The opening of a page with this header, and a checksum that is right."""
    encoded = wire.encode(header)
    data = PAGE_OPENING_MAGIC + b"\x01" + len(encoded).to_bytes(4, "big") + encoded + payload
    return data + sha256(data).digest()


PAGE = BASES[1].parts["links"][0]["statement"]["pages"][0]["header"]
headers = st.dictionaries(
    st.sampled_from(["envelope", "sealing", "page"]),
    st.sampled_from(["plain", "scrypt-chacha20poly1305", PAGE]) | values,
    max_size=6,
)
payloads = st.binary(max_size=40) | values.map(msgpack.packb)


@quick
@given(
    data=st.binary(max_size=200)
    | st.builds(framed, headers, payloads)
    | st.builds(lambda payload: framed({"envelope": "plain", "page": PAGE}, payload), payloads)
)
@example(data=PAGE_OPENING_MAGIC)
@example(data=framed({"envelope": "plain", "page": PAGE}))
@example(
    data=framed({"envelope": "plain", "page": PAGE}, msgpack.packb({"assets": [], "key": bytes(32), "records": []}))
)
@example(data=framed({"envelope": "scrypt-chacha20poly1305", "sealing": {"log_n": 63, "r": 8, "p": 1}}))
@example(data=framed({"envelope": "plain", "page": b""}))
@example(data=PAGE_OPENING_MAGIC + b"\x01")
@example(data=PAGE_OPENING_MAGIC + b"\x02\x80")
def test_any_bytes_as_an_opening(tmp_path, data):
    path = private(tmp_path / "x.zko", data)
    for reader in (read_page_opening, describe):
        try:
            reader(path)
        except OURS as error:
            assert str(error)


@quick
@given(data=st.data())
def test_a_damaged_opening_is_noticed(opening, tmp_path, data):
    """Everything in the file is under the page's root, or names it: a changed file never opens as other records."""
    changed = data.draw(damaged(opening))
    path = private(tmp_path / "x.zko", changed)
    try:
        found = read_page_opening(path)
    except OURS as error:
        assert str(error)
    else:
        assert found == read_page_opening(private(tmp_path / "y.zko", opening))
