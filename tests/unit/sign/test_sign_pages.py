"""Who signed a page, with which key, and in the key's time."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from zkharvest.errors import UsageError
from zkharvest.files.page_files import MAX_SIGNATURES, PageFile, PageSignature
from zkharvest.sign.keyfiles import write_public_key
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.pages import check_signature, check_signed_by, read_source_key, sign_page
from zkharvest.verifier.page import PageFault, PageHeader, PageReject, SourceKey

KEYS = {scheme: PrivateKey(scheme, bytes(31) + b"\x07") for scheme in Scheme}
MS = 1000
END = int(datetime(2025, 2, 1, tzinfo=UTC).timestamp()) * MS
HEADER = PageHeader("kraken", "K-1", 0, 0, END, "USD", bytes(36))
PAGE = PageFile(HEADER.page_id, HEADER)


@pytest.fixture(scope="module")
def signed():
    return {scheme: sign_page(PAGE.page, key) for scheme, key in KEYS.items()}


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_signature_is_over_one_page_with_one_key(signed, scheme):
    made = signed[scheme]
    assert check_signature(PAGE.page, made)
    assert not check_signature(bytes(32), made)
    assert not check_signature(PAGE.page, replace(made, signature=made.signature[:-1] + b"\0"))
    other = PrivateKey(scheme, bytes(31) + b"\x08").public()
    assert not check_signature(PAGE.page, replace(made, key=other.key))
    if scheme is Scheme.BLS:
        assert not check_signature(PAGE.page, replace(made, pop=other.pop))
    else:
        assert not check_signature(PAGE.page, replace(made, key=b"\1" + bytes(31)))  # of order 1


def test_the_expected_key_must_have_signed(signed):
    page = PAGE.with_signature(signed[Scheme.ED25519])
    key = SourceKey(KEYS[Scheme.ED25519].public_bytes())
    assert check_signed_by(page, [SourceKey(bytes(32)), key]) == key
    with pytest.raises(PageReject) as error:
        check_signed_by(page, [SourceKey(bytes(48))])
    assert error.value.fault is PageFault.UNSIGNED
    with pytest.raises(PageReject, match="nobody has"):
        check_signed_by(PAGE, [key])


def test_any_invalid_signature_is_a_fault(signed):
    bad = PageSignature("ed25519", bytes(31) + b"\x09", b"", bytes(64))
    page = PAGE.with_signature(signed[Scheme.ED25519]).with_signature(bad)
    with pytest.raises(PageReject) as error:
        check_signed_by(page, [SourceKey(KEYS[Scheme.ED25519].public_bytes())])
    assert error.value.fault is PageFault.SIGNATURE


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [
        (None, None, True),
        (date(2025, 1, 31), date(2025, 1, 31), True),  # the last instant of the page lies on January 31
        (date(2025, 2, 1), None, False),
        (None, date(2025, 1, 30), False),
        (date(2024, 1, 1), date(2025, 12, 31), True),
    ],
)
def test_a_key_signs_pages_that_end_in_its_time(signed, first, last, holds):
    page = PAGE.with_signature(signed[Scheme.ED25519])
    key = SourceKey(KEYS[Scheme.ED25519].public_bytes(), first, last)
    if holds:
        assert check_signed_by(page, [key]) == key
    else:
        with pytest.raises(PageReject) as error:
            check_signed_by(page, [key])
        assert error.value.fault is PageFault.KEY_PERIOD
        later = replace(key, first=None, last=None)
        assert check_signed_by(page, [key, later]) == later  # the same key with other days


def test_a_key_is_read_from_hex_or_file(tmp_path):
    public = KEYS[Scheme.ED25519].public()
    assert read_source_key(public.key.hex()) == SourceKey(public.key)
    path = tmp_path / "venue.pub"
    write_public_key(path, public, (date(2025, 1, 1), None))
    assert read_source_key(str(path)) == SourceKey(public.key, date(2025, 1, 1))
    path.write_text(path.read_text().replace("2025-01-01", "2025-13-01"))
    with pytest.raises(UsageError, match="damaged key file"):
        read_source_key(str(path))
    for wrong in ("ab", "nowhere.pub", "zz" * 32):
        with pytest.raises(UsageError, match="neither a public key"):
            read_source_key(wrong)
    other = tmp_path / "other"
    other.write_text("x")
    with pytest.raises(UsageError, match="not a public key file"):
        read_source_key(str(other))


@pytest.mark.parametrize(
    "line", ["valid-untill: 2025-06-30", "valid-until: 2030-12-31", "valid-until: 20250630", "note: x"]
)
def test_days_of_a_key_are_not_lost_to_a_line_that_is_not_known(tmp_path, line):
    """A key without days is good for ever: a line that is misspelt, repeated or of another form is not passed over."""
    path = tmp_path / "venue.pub"
    write_public_key(path, KEYS[Scheme.ED25519].public(), (None, date(2025, 6, 30)))
    text = path.read_text()
    path.write_text(text.replace("valid-until: 2025-06-30", line) if "20250630" in line else f"{text}{line}\n")
    with pytest.raises(UsageError, match="a line of this public key"):
        read_source_key(str(path))


def test_a_key_signs_once_and_room_is_bounded(signed):
    made = signed[Scheme.ED25519]
    page = PAGE.with_signature(made).with_signature(made)
    assert page.signatures == (made,)
    for n in range(MAX_SIGNATURES - 1):
        page = page.with_signature(PageSignature("ed25519", bytes([n]) * 32, b"", bytes(64)))
    with pytest.raises(UsageError, match="16 keys"):
        page.with_signature(PageSignature("ed25519", b"\xfe" * 32, b"", bytes(64)))
