"""Keys: made privately, written once, checked when read."""

import stat
import subprocess
import sys

import pytest

from zkharvest.errors import UsageError
from zkharvest.sign import keys
from zkharvest.sign.keys import PrivateKey, Scheme


@pytest.fixture(scope="module", params=list(Scheme), ids=str)
def pair(request):
    key = keys.generate_key(request.param)
    return key, key.public()


def test_ed25519_known_answer():
    """RFC 8032, section 7.1, test 2."""
    key = PrivateKey(Scheme.ED25519, bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    assert key.public().key.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert key.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_bls_known_answer():
    """The public key of 1 is the generator of G1 (draft-irtf-cfrg-pairing-friendly-curves, section 4.2.1)."""
    one = PrivateKey(Scheme.BLS, (1).to_bytes(32, "big"))
    assert one.public().key.hex() == (
        "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    )


def test_two_keys_differ(pair):
    assert keys.generate_key(pair[0].scheme).secret != pair[0].secret


def test_a_print_shows_no_secret(pair):
    assert pair[0].secret.hex() not in repr(pair[0])
    assert str(pair[0].secret) not in repr(pair[0])


def test_files_round_trip(tmp_path, pair):
    key, public = pair
    private, shown = tmp_path / "key", tmp_path / "key.pub"
    keys.write_private_key(private, key, public)
    keys.write_public_key(shown, public)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert keys.read_private_key(private) == key
    assert keys.parse_public_key(str(shown), key.scheme) == public.key
    assert keys.parse_public_key(public.key.hex().upper(), key.scheme) == public.key
    assert key.secret.hex() not in shown.read_text()


def test_a_key_file_is_never_replaced(tmp_path, pair):
    path = tmp_path / "key"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        keys.write_private_key(path, *pair)
    assert path.read_text() == "mine"


def test_a_damaged_key_is_noticed(tmp_path):
    key = keys.generate_key(Scheme.ED25519)
    path = tmp_path / "key"
    keys.write_private_key(path, key, key.public())
    text = path.read_text()
    for broken in (
        text.replace(key.secret.hex(), keys.generate_key(Scheme.ED25519).secret.hex()),
        text.replace(key.secret.hex(), key.secret.hex()[:-2]),
        text.replace("scheme: ed25519", "scheme: rsa"),
        text.replace("public: ", "publik: "),
        text.split("public")[0],
    ):
        path.write_text(broken)
        with pytest.raises(UsageError, match="damaged"):
            keys.read_private_key(path)


def test_other_files_are_not_keys(tmp_path):
    key = keys.generate_key(Scheme.ED25519)
    path = tmp_path / "pub"
    keys.write_public_key(path, key.public())
    path.chmod(0o600)
    with pytest.raises(UsageError) as caught:
        keys.read_private_key(path)
    assert "public part" in caught.value.hint
    path.write_bytes(b"\xff\x00")
    with pytest.raises(UsageError, match="not a file that begins"):
        keys.read_private_key(path)


def test_a_readable_key_is_refused(tmp_path):
    key = keys.generate_key(Scheme.ED25519)
    path = tmp_path / "key"
    keys.write_private_key(path, key, key.public())
    path.chmod(0o644)
    with pytest.raises(UsageError, match="other users"):
        keys.read_private_key(path)


def test_public_keys_of_the_wrong_kind_are_refused(tmp_path, pair):
    key, public = pair
    other = next(scheme for scheme in Scheme if scheme is not key.scheme)
    path = tmp_path / "pub"
    keys.write_public_key(path, public)
    for text in (str(path), public.key.hex(), "", "zz", public.key.hex()[:-2]):
        with pytest.raises(UsageError):
            keys.parse_public_key(text, other)


def test_signing_leaves_the_recursion_limit_alone():
    """In a process of its own, as another test may have imported py_ecc, which raises the limit to 100,000."""
    code = (
        "import sys; limit = sys.getrecursionlimit()\n"
        "from zkharvest.sign.keys import Scheme, generate_key\n"
        "from zkharvest.sign.bls import load\n"
        "key = generate_key(Scheme.BLS); public = key.public(); signed = key.sign(b'm')\n"
        "assert load().PopVerify(public.key, public.pop)\n"
        "assert load().AggregateVerify([public.key], [b'm'], signed)\n"
        "assert sys.getrecursionlimit() == limit\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
