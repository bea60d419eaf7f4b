"""Key files: written once, sealed by default, read in every form that was ever written, and checked when read."""

import shutil
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from zkharvest.errors import UsageError
from zkharvest.sign import keyfiles
from zkharvest.sign.keyfiles import describe_key, parse_public_key, read_private_key, write_private_key
from zkharvest.sign.keys import PrivateKey, Scheme, generate_key

PASS = "correct horse battery staple"
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


@pytest.fixture(scope="module", params=list(Scheme), ids=str)
def pair(request):
    key = generate_key(request.param)
    return key, key.public()


@pytest.fixture(params=[None, PASS], ids=["plain", "sealed"])
def passphrase(request, cheap_scrypt):
    return request.param


def test_files_round_trip(tmp_path, pair, passphrase):
    key, public = pair
    private, shown = tmp_path / "key", tmp_path / "key.pub"
    write_private_key(private, key, public, passphrase=passphrase)
    keyfiles.write_public_key(shown, public)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert read_private_key(private, passphrase) == key
    assert parse_public_key(str(shown), key.scheme) == public.key
    assert parse_public_key(public.key.hex().upper(), key.scheme) == public.key
    assert key.secret.hex() not in shown.read_text()
    described = describe_key(private.read_bytes(), private)
    assert (described["public"], described["sealed"]) == (public.key.hex(), passphrase is not None)
    assert (key.secret in private.read_bytes()) is False


def test_a_sealed_key_needs_its_passphrase(tmp_path, pair, cheap_scrypt):
    write_private_key(tmp_path / "key", *pair, passphrase=PASS)
    with pytest.raises(UsageError, match="sealed with a passphrase") as caught:
        read_private_key(tmp_path / "key")
    assert "--passphrase-file" in caught.value.hint
    with pytest.raises(UsageError, match="wrong passphrase"):
        read_private_key(tmp_path / "key", PASS + "r")


def test_a_key_file_is_never_replaced(tmp_path, pair):
    path = tmp_path / "key"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already") as caught:
        write_private_key(path, *pair, passphrase=None)
    assert "--force" not in caught.value.hint
    assert path.read_text() == "mine"


@openssl
def test_an_ed25519_key_is_pkcs8_for_other_programs(tmp_path):
    key = generate_key(Scheme.ED25519)
    for words, pkcs8 in ((None, False), (PASS, True)):
        path = tmp_path / f"key{pkcs8}"
        write_private_key(path, key, key.public(), passphrase=words, pkcs8=pkcs8)
        assert read_private_key(path, words) == key
        loaded = load_pem_private_key(path.read_bytes(), words and words.encode())
        assert loaded.private_bytes_raw() == key.secret
        told = ["openssl", "pkey", "-in", path, "-noout", "-text", "-passin", f"pass:{words}"]
        text = subprocess.run(told, capture_output=True, text=True, check=True).stdout
        assert key.secret.hex() in text.replace(":", "").replace("\n", "").replace(" ", "")
    with pytest.raises(UsageError, match="no PKCS#8 form"):
        bls = generate_key(Scheme.BLS)
        write_private_key(tmp_path / "bls", bls, bls.public(), passphrase=PASS, pkcs8=True)


@openssl
@pytest.mark.parametrize("options", [[], ["-aes-256-cbc", "-pass", f"pass:{PASS}"]], ids=["plain", "encrypted"])
def test_a_key_that_openssl_made_is_read(tmp_path, options):
    path = tmp_path / "key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", *options, "-out", path], check=True)
    path.chmod(0o600)
    key = read_private_key(path, PASS if options else None)
    assert key.scheme is Scheme.ED25519
    assert "public" not in describe_key(path.read_bytes(), path)
    if options:
        with pytest.raises(UsageError, match="wrong passphrase, or a damaged"):
            read_private_key(path, "another")
        with pytest.raises(UsageError, match="none was given"):
            read_private_key(path)
    subprocess.run(["openssl", "genpkey", "-algorithm", "x25519", "-out", path], check=True)
    with pytest.raises(UsageError, match="not an Ed25519 key"):
        read_private_key(path)


def test_keys_that_earlier_programs_wrote_are_read(tmp_path, pair):
    key, public = pair
    text = f"zkharvest private key 1\nscheme: {key.scheme}\nprivate: {key.secret.hex()}\npublic: {public.key.hex()}\n"
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    assert read_private_key(path) == key
    for broken in (
        text.replace(key.secret.hex(), "01" * 32),
        text.replace(key.secret.hex(), key.secret.hex()[:-2]),
        text.replace(f"scheme: {key.scheme}", "scheme: rsa"),
        text.replace("public: ", "publik: "),
        text.partition("public")[0],
    ):
        path.write_text(broken)
        with pytest.raises(UsageError, match="damaged"):
            read_private_key(path)


def test_a_changed_key_file_is_noticed(tmp_path, pair, passphrase):
    key, public = pair
    data = keyfiles.private_key_bytes(key, public, passphrase)
    place = data.index(public.key.hex().encode())
    other = generate_key(key.scheme)
    changed = {
        "public": data.replace(public.key.hex().encode(), other.public_bytes().hex().encode()),
        "scheme": data.replace(b"scheme: ", b"scheme: x"),
        "cut": data[: len(data) * 3 // 4],
        "digit": data[:place] + (b"0" if data[place : place + 1] != b"0" else b"1") + data[place + 1 :],
    }
    lines = data.splitlines(keepends=True)
    if b"BEGIN" in data:
        begin = next(i for i, line in enumerate(lines) if b"BEGIN" in line) + 1
        swapped = lines[begin][:8] + (b"A" if lines[begin][8:9] != b"A" else b"B") + lines[begin][9:]
        changed["body"] = b"".join([*lines[:begin], swapped, *lines[begin + 1 :]])
    for what, broken in changed.items():
        with pytest.raises(UsageError, match=r"damaged|not a private key file|not an Ed25519|wrong passphrase"):
            assert keyfiles.parse_private_key(broken, "key", passphrase) == what


def test_other_files_are_named_before_their_rights(tmp_path):
    key = generate_key(Scheme.ED25519)
    path = tmp_path / "pub"
    keyfiles.write_public_key(path, key.public())
    path.chmod(0o644)
    with pytest.raises(UsageError, match="not a private key file") as caught:
        read_private_key(path)
    assert caught.value.hint == "it is a public key; make one with zkharvest keygen"
    path.write_bytes(b"\xff\x00")
    with pytest.raises(UsageError, match="not a private key file") as caught:
        read_private_key(path)
    assert "keygen" in caught.value.hint


def test_a_readable_key_is_refused(tmp_path, pair):
    path = tmp_path / "key"
    write_private_key(path, *pair, passphrase=None)
    path.chmod(0o644)
    with pytest.raises(UsageError, match="other users"):
        read_private_key(path)


def test_public_keys_of_the_wrong_kind_are_refused(tmp_path, pair):
    key, public = pair
    other = next(scheme for scheme in Scheme if scheme is not key.scheme)
    path = tmp_path / "pub"
    keyfiles.write_public_key(path, public)
    for text in (str(path), public.key.hex(), "", "zz", public.key.hex()[:-2]):
        with pytest.raises(UsageError):
            parse_public_key(text, other)
    write_private_key(tmp_path / "key", key, public, passphrase=None)
    with pytest.raises(UsageError, match="not a public key file") as caught:
        parse_public_key(str(tmp_path / "key"), key.scheme)
    assert caught.value.hint == "it is a private key; give the file that keygen --public wrote"


def test_a_bls_key_is_a_number_of_the_group():
    for secret in (bytes(32), b"\xff" * 32):
        text = f"zkharvest private key 1\nscheme: bls12-381\nprivate: {secret.hex()}\npublic: {'00' * 48}\n"
        with pytest.raises(UsageError, match="damaged"):
            keyfiles.parse_private_key(text.encode(), "key")
    assert PrivateKey(Scheme.BLS, (1).to_bytes(32, "big")).is_usable()
