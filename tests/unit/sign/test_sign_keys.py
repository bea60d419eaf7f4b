"""Keys and their signatures, against known answers."""

import subprocess
import sys
from pathlib import Path

import pytest

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


def test_checking_signatures_over_pages_leaves_the_recursion_limit_alone():
    """As above: whatever is asked first of py_ecc. Under a limit of 100,000 lists in lists end the process."""
    package = Path(__file__).resolve().parents[3] / "vectors" / "accept" / "lot-machine-v2" / "2024.zkh"
    code = (
        "import sys; limit = sys.getrecursionlimit()\n"
        "from pathlib import Path\n"
        "from zkharvest.sign.chains import check_pages\n"
        "from zkharvest.verifier.chain_package import decode_chain_package\n"
        "signed = decode_chain_package(Path(sys.argv[1]).read_bytes()).attestations\n"
        "assert {one.scheme for one in signed} == {'ed25519', 'bls12-381'}\n"
        "check_pages(signed)\n"
        "assert sys.getrecursionlimit() == limit\n"
    )
    done = subprocess.run([sys.executable, "-c", code, package], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
