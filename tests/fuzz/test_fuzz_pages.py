"""Pages, their openings, headers and seeds are read from strangers: an answer or one of our errors, for any bytes."""

from hashlib import sha256

import msgpack
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.test_fuzz_readers import damaged, private, values
from zkharvest.commitment.page_record import Flag, PageRecord, RecordKind
from zkharvest.commitment.pages import page_roots
from zkharvest.errors import InputError, UsageError
from zkharvest.files import page_files
from zkharvest.files.page_files import (
    MAX_OPENING,
    MAX_PAGE_FILE,
    PageFile,
    PageOpening,
    PageSignature,
    page_bytes,
    page_opening_bytes,
    parse_page,
    parse_page_opening,
    read_seed,
    write_seed,
)
from zkharvest.spec import PAGE_MAGIC, PAGE_OPENING_MAGIC, SEED_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.page import PageHeader, PageReject, read_header
from zkharvest.workflow.inspect import describe

OURS = (InputError, UsageError)
quick = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RECORDS = (
    PageRecord(Flag.MONEY, RecordKind.TRADE, 10, 5 * 10**30, 7, "slip44:0", 2, "T1", "T1"),
    PageRecord(Flag.MOVES | Flag.INWARD, RecordKind.MOVE, 11, 5, 0, "venue:x/y", 0, "bitcoin:ff", "W1"),
)
KEY = bytes(range(32))
HEADER = PageHeader("kraken", "K-1", 0, 0, 100, "USD", page_roots([(RECORDS, KEY)])[0])
OPENING = PageOpening(HEADER, KEY, RECORDS)
SIGNED = PageFile(HEADER.page_id, HEADER, (PageSignature("ed25519", bytes(32), b"", bytes(64)),))


def framed(header, payload):
    """An opening's file with this header and payload, its checksum right."""
    encoded = wire.encode(header)
    data = PAGE_OPENING_MAGIC + b"\x01" + len(encoded).to_bytes(4, "big") + encoded + payload
    return data + sha256(data).digest()


def payload(**changes):
    parts = msgpack.unpackb(opened_payload(), raw=False)
    return msgpack.packb({**parts, **changes})


def opened_payload():
    from zkharvest.files import container

    return container.unpack(page_files.OPENING, page_opening_bytes(OPENING, None), None, "x")[1]


PUBLIC = {"envelope": "plain", "page": HEADER.encode()}


def test_what_is_written_is_read():
    assert parse_page(page_bytes(SIGNED), "x") == SIGNED
    assert parse_page(page_bytes(PageFile(bytes(32))), "x") == PageFile(bytes(32))
    assert parse_page_opening(page_opening_bytes(OPENING, None), "x") == OPENING
    assert (
        parse_page_opening(
            page_opening_bytes(OPENING, "five words nobody would guess"), "x", "five words nobody would guess"
        )
        == OPENING
    )


@quick
@given(st.binary(max_size=300) | values.map(wire.encode))
@example(HEADER.encode())
def test_any_bytes_as_a_header(data):
    try:
        assert read_header(data).encode() == data
    except PageReject as error:
        assert error.detail.isprintable()


@quick
@given(st.binary(max_size=200) | values.map(lambda value: PAGE_MAGIC + b"\x01" + wire.encode(value)))
@example(PAGE_MAGIC)
@example(PAGE_MAGIC + b"\x01")
@example(PAGE_MAGIC + b"\x02\x80")
@example(PAGE_MAGIC + b"\x01" + wire.encode({"header": None, "page": bytes(32), "signatures": [[]]}))
def test_any_bytes_as_a_page(data):
    try:
        assert page_bytes(parse_page(data, "x.zkp")) == data
    except OURS as error:
        assert str(error)


@quick
@given(damaged(page_bytes(SIGNED)))
def test_a_damaged_page_is_read_as_it_stands_or_refused(data):
    try:
        assert page_bytes(parse_page(data, "x.zkp")) == data
    except OURS as error:
        assert str(error)


@quick
@given(
    data=st.binary(max_size=200)
    | values.map(lambda value: framed(PUBLIC, msgpack.packb(value)))
    | st.dictionaries(st.sampled_from(["assets", "key", "records"]), values, max_size=3).map(
        lambda parts: framed(PUBLIC, payload(**parts))
    )
    | damaged(page_opening_bytes(OPENING, None))
)
@example(data=PAGE_OPENING_MAGIC)
@example(data=framed({"envelope": "plain"}, b""))
@example(data=framed({"envelope": "plain", "page": b""}, b""))
@example(data=framed(PUBLIC, b""))
@example(data=framed(PUBLIC, payload(records=[[1, 2]])))
@example(data=framed(PUBLIC, payload(records=[[1 << 16, 10, "9" * 300, "7", 0, 2, "", ""]])))
@example(data=framed(PUBLIC, payload(records=[[1 << 16, 10, "x", "7", 0, 2, "", ""]])))
@example(data=framed(PUBLIC, payload(records=[[1 << 16, 10, "5", "7", 9, 2, "", ""]])))
@example(data=framed(PUBLIC, payload(records=[[1 << 16, 10, "5", "7", -1, 2, "", ""]])))
@example(data=framed(PUBLIC, payload(records=[[True, 10, "5", "7", 0, 2, "", ""]])))
@example(data=framed(PUBLIC, payload(assets=["a\nb"])))
@example(data=framed(PUBLIC, payload(key=bytes(31))))
@example(data=framed(PUBLIC, msgpack.packb([[[]]])[:-1] + b"\x91" * 2000))
def test_any_bytes_as_the_opening_of_a_page(tmp_path, data):
    try:
        assert parse_page_opening(data, "x.zko") == OPENING
    except OURS as error:
        assert str(error)
    path = private(tmp_path / "x.zko", data)
    try:
        assert describe(path)["kind"]
    except OURS as error:
        assert str(error)


@quick
@given(st.binary(max_size=100))
@example(SEED_MAGIC)
def test_any_bytes_as_a_seed(tmp_path, data):
    path = private(tmp_path / "seed", data)
    with pytest.raises(OURS):
        read_seed(path)


def test_an_opening_with_one_digit_changed_is_damaged():
    """The file's own checksum is made right: the root tells."""
    rows = msgpack.unpackb(opened_payload(), raw=False)["records"]
    for place, other in ((1, 12), (2, "6"), (3, "8"), (5, 3), (6, "T2")):
        changed = [list(row) for row in rows]
        changed[0][place] = other
        with pytest.raises(InputError, match="do not give the page's root"):
            parse_page_opening(framed(PUBLIC, payload(records=changed)), "x.zko")
    with pytest.raises(InputError, match="root"):
        parse_page_opening(framed(PUBLIC, payload(records=rows[::-1])), "x.zko")
    with pytest.raises(InputError, match="root"):
        parse_page_opening(framed(PUBLIC, payload(key=bytes(32))), "x.zko")


def test_sizes_are_looked_at_first(monkeypatch):
    with pytest.raises(InputError, match="more than"):
        parse_page(PAGE_MAGIC + b"\x01" + bytes(MAX_PAGE_FILE), "x.zkp")
    assert page_files.OPENING.max_bytes == MAX_OPENING
    large = framed(PUBLIC, opened_payload())
    monkeypatch.setattr(page_files, "OPENING", page_files.Form(PAGE_OPENING_MAGIC, 1, 100, "page opening", "ask"))
    with pytest.raises(InputError, match="more than 100 bytes"):
        parse_page_opening(large, "x.zko")


def test_a_seed_is_never_replaced_and_tells_damage(tmp_path):
    path = tmp_path / "venue.seed"
    write_seed(path, KEY, passphrase=None)
    assert read_seed(path) == KEY
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="never overwritten"):
        write_seed(path, bytes(32), passphrase=None)
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged seed"):
        read_seed(path)
