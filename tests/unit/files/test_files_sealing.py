"""Secrets under a passphrase: what is authenticated, what is bounded, and which errors can be told apart."""

import io

import pytest

from zkharvest.errors import InputError, UsageError
from zkharvest.files import container, sealing
from zkharvest.files.container import Form, pack, read_header, read_start, unpack

PASS = "correct horse battery staple"
FORM = Form(b"ZKHARVEST-TEST\n", 1, 1 << 16, "test file", "make it again")
PUBLIC = {"name": "x", "list": [1, "a", b"\0"]}
SECRET = b"the payload" * 9


@pytest.fixture
def sealed(cheap_scrypt):
    return pack(FORM, PUBLIC, SECRET, PASS)


def test_it_opens_with_its_passphrase_alone(sealed):
    header, payload = unpack(FORM, sealed, PASS, "f")
    assert payload == SECRET
    assert header["name"] == "x"
    assert SECRET[:11] not in sealed
    with pytest.raises(UsageError, match="f: wrong passphrase, or the file was changed on purpose"):
        unpack(FORM, sealed, PASS + " ", "f")
    with pytest.raises(UsageError, match="none was given"):
        unpack(FORM, sealed, None, "f")


def test_plain_is_plain():
    assert unpack(FORM, pack(FORM, PUBLIC, SECRET, None), None, "f")[1] == SECRET


def test_no_two_files_are_alike(sealed, cheap_scrypt):
    first, second = (read_header(FORM, data, "f")[0]["sealing"] for data in (sealed, pack(FORM, PUBLIC, SECRET, PASS)))
    assert first["salt"] != second["salt"]
    assert first["nonce"] != second["nonce"]


def test_accidental_damage_is_told_from_a_wrong_passphrase(sealed):
    """Every byte and every length: with the right passphrase and with a wrong one, before scrypt is run."""
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << place % 8
        if changed.startswith(FORM.magic):
            with pytest.raises((InputError, UsageError), match=r"damaged|version|envelope"):
                unpack(FORM, bytes(changed), "another", "f")
        if place >= len(FORM.magic):
            with pytest.raises(InputError, match="damaged"):
                unpack(FORM, sealed[:place], "another", "f")


def test_the_header_is_authenticated(sealed):
    """A change on purpose, with the checksum made right: it cannot be told from a wrong passphrase, but is noticed."""
    from hashlib import sha256

    changed = sealed[: -container.CHECKSUM_BYTES].replace(b"\xa1x", b"\xa1y")
    with pytest.raises(UsageError, match="changed on purpose"):
        unpack(FORM, changed + sha256(changed).digest(), PASS, "f")


def test_the_header_is_read_without_the_payload(sealed):
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size=-1):
            found = super().read(size)
            self.taken += len(found)
            return found

    file = Counting(sealed[:5] + sealed[5:])
    start = read_start(FORM, file, file.read(20))
    header, end = read_header(FORM, start, "f")
    assert file.tell() == end == len(start) < len(sealed) - len(SECRET)
    assert header["name"] == "x"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"log_n": 13}, "too cheap"),
        ({"log_n": 4}, "too cheap"),
        ({"r": 1}, "too cheap"),
        ({"log_n": 21}, "more work than this program accepts"),
        ({"log_n": 2**63 - 1}, "more work than this program accepts"),
        ({"p": 5}, "more work than this program accepts"),
        ({"log_n": 20, "r": 16}, "more work than this program accepts"),
        ({"salt": b""}, "not of the known form"),
        ({"nonce": bytes(24)}, "not of the known form"),
        ({"log_n": "17"}, "not of the known form"),
        ({"more": 1}, "not of the known form"),
    ],
)
def test_parameters_are_bounded_before_any_work(changes, why):
    parameters = {**sealing.new_parameters(), **changes}
    with pytest.raises(sealing.ParametersError, match=why):
        sealing.check_parameters(parameters)
    with pytest.raises(UsageError, match=why):
        sealing.opened(parameters, b"", bytes(32), PASS, "f")


def test_the_standard_is_accepted_and_the_tests_cost_is_not(cheap_scrypt, monkeypatch):
    cheap = sealing.new_parameters()
    monkeypatch.undo()
    sealing.check_parameters(sealing.new_parameters())
    with pytest.raises(sealing.ParametersError, match="too cheap"):
        sealing.check_parameters(cheap)
    assert 128 * sealing.STANDARD.r << sealing.STANDARD.log_n == 1 << 27


def test_a_passphrase_is_the_same_however_it_is_typed(cheap_scrypt):
    composed, decomposed = "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e", "cafe\u0301 cre\u0300me bru\u0302le\u0301e"
    assert unpack(FORM, pack(FORM, PUBLIC, SECRET, composed), decomposed, "f")[1] == SECRET


@pytest.mark.parametrize("bad", ["", "x" * 1025])
def test_a_passphrase_has_bounds(cheap_scrypt, bad):
    with pytest.raises(UsageError, match="1 to 1024 bytes"):
        pack(FORM, PUBLIC, SECRET, bad)


def test_a_person_has_three_attempts(sealed):
    class Asked:
        asks = True

        def __init__(self, *answers):
            self.answers = list(answers)

        def __call__(self):
            return self.answers.pop(0)

    asked = Asked("a", "b", PASS, "d")
    assert unpack(FORM, sealed, asked, "f")[1] == SECRET
    assert asked.answers == ["d"]
    with pytest.raises(UsageError, match="wrong passphrase"):
        unpack(FORM, sealed, Asked("a", "b", "c", PASS), "f")
    with pytest.raises(UsageError, match="wrong passphrase"):
        unpack(FORM, sealed, lambda: "a", "f")


def test_limits_of_size():
    with pytest.raises(ValueError, match="larger than"):
        pack(FORM, PUBLIC, bytes(1 << 16), None)
    with pytest.raises(ValueError, match="header is too large"):
        pack(FORM, {"x": bytes(container.MAX_HEADER)}, b"", None)
    with pytest.raises(InputError, match="more than 65536 bytes"):
        unpack(FORM, FORM.magic + bytes(1 << 16), None, "f")
