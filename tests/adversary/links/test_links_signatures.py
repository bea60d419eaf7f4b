"""Signatures over a page that no honest signer makes: both verifiers say the same of each, and of all but a few no.

Ed25519 by hand, so that keys and nonces may have a part of small order, or be written otherwise. What is taken is what
RFC 8032 takes without the cofactor; two libraries that differ in one of these would give two verdicts on one package.
BLS signatures are one sum: what moves from one to another stays the sum's, what a key alone would have to say is asked
of its proof of possession.
"""

import json
import shutil
import subprocess
from functools import cache
from hashlib import sha256, sha512
from pathlib import Path

import pytest

from zkharvest.sign import bls
from zkharvest.sign.chains import check_pages
from zkharvest.verifier.chain_package import PageAttestation
from zkharvest.verifier.page import signed_message
from zkharvest.verifier.rejections import Reject

WEB = Path(__file__).resolve().parents[3] / "web" / "signatures.mjs"
PAGES = (b"\1" * 32, b"\2" * 32)
TAKEN = ""

# ------------------------------------------------------------------------------------------------ Ed25519 by hand

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SECRET = 12345678901234567890
Point = tuple[int, int]


def on_curve(y: int) -> Point:
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    x = x if v * x * x % P == u else x * ROOT % P
    assert v * x * x % P == u
    return (x if x % 2 == 0 else P - x), y


def add(a: Point, b: Point) -> Point:
    k = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + k, -1, P) % P
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P


def times(point: Point, n: int) -> Point:
    found = (0, 1)
    while n:
        found = add(found, point) if n & 1 else found
        point, n = add(point, point), n >> 1
    return found


BASE, SMALL = on_curve(4 * pow(5, -1, P) % P), on_curve(EIGHTH)


def written(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def ed25519(key: bytes, nonce: bytes, s: int, page: bytes = PAGES[0]) -> list[PageAttestation]:
    return [PageAttestation(page, "ed25519", key, b"", nonce + s.to_bytes(32, "little"))]


def challenge(nonce: bytes, key: bytes) -> int:
    return int.from_bytes(sha512(nonce + key + signed_message(PAGES[0])).digest(), "little") % ORDER


def made(of_key: int = 0, of_nonce: int = 0, holds: object = None) -> list[PageAttestation]:
    """A signature whose key and nonce have a part of small order; `holds`: whether it does without the cofactor."""
    key = written(add(times(BASE, SECRET), times(SMALL, of_key)))
    for n in range(1, 200):
        nonce = written(add(times(BASE, n), times(SMALL, of_nonce)))
        asked = challenge(nonce, key)
        if holds is None or holds == ((of_nonce + asked * of_key) % 8 == 0):
            return ed25519(key, nonce, (n + asked * SECRET) % ORDER)
    raise AssertionError("no nonce found")


def without_secret(key: bytes) -> list[PageAttestation]:
    """The nonce is the neutral point and s is 0: holds for a key whose challenge's multiple is neutral."""
    return ed25519(key, written((0, 1)), 0)


def with_nonce_written(nonce: bytes) -> list[PageAttestation]:
    key = written(times(BASE, SECRET))
    return ed25519(key, nonce, challenge(nonce, key) * SECRET % ORDER)


def ed25519_cases() -> dict[str, tuple[list[PageAttestation], str]]:
    """By name: signatures, and the reason for which they are refused."""
    no, key = "page/signature", written(times(BASE, SECRET))
    (honest,) = made()
    s = int.from_bytes(honest.signature[32:], "little")
    small = {f"key of small order {k}": (without_secret(written(times(SMALL, k))), no) for k in range(8)}
    high = {f"key written as p + {n}": (without_secret((P + n).to_bytes(32, "little")), no) for n in (0, 1, 3, 18)}
    mixed = {f"key with a part of order {8 // k}": (made(k, holds=True), TAKEN) for k in (1, 2, 4)}
    only = {f"holds with the cofactor alone {k}": (made(k, holds=False), no) for k in (1, 2, 4)}
    return small | high | mixed | only | {
        "honest": ([honest], TAKEN),
        "s and the order": (ed25519(key, honest.signature[:32], s + ORDER), no),
        "nonce with a part of small order": (made(0, 4), no),
        "nonce and key that make up for it": (made(1, 3, holds=True), TAKEN),
        "nonce neutral": (with_nonce_written(written((0, 1))), TAKEN),
        "nonce neutral, written as p + 1": (with_nonce_written((P + 1).to_bytes(32, "little")), no),
        "nonce neutral, with a sign": (with_nonce_written(bytes([1, *[0] * 30, 0x80])), no),
        "over another page": (ed25519(key, honest.signature[:32], s, PAGES[1]), no),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ BLS12-381

INFINITY, INFINITE_KEY = b"\xc0" + bytes(95), b"\xc0" + bytes(47)


def bls_cases() -> dict[str, tuple[list[PageAttestation], str]]:
    scheme = bls.load()
    from py_ecc.bls.g2_primitives import G1_to_pubkey, G2_to_signature, pubkey_to_G1, signature_to_G2
    from py_ecc.optimized_bls12_381 import G2, add, curve_order, multiply, neg

    one, two = 11111, 98765
    key, pop = (
        cache(lambda secret, name=name: bytes(getattr(scheme, name)(secret))) for name in ("SkToPk", "PopProve")
    )
    sign = cache(lambda secret, n: bytes(scheme.Sign(secret, signed_message(PAGES[n]))))
    some = multiply(G2, 777)

    def moved(signature: bytes, by: object) -> bytes:
        return bytes(G2_to_signature(add(signature_to_G2(signature), by)))

    def of(n: int, key: bytes, pop: bytes, signature: bytes) -> PageAttestation:
        return PageAttestation(PAGES[n], "bls12-381", key, pop, signature)

    def both(first: bytes, second: bytes) -> list[PageAttestation]:
        return [of(0, key(one), pop(one), first), of(1, key(two), pop(two), second)]

    def keys(first: bytes, second: bytes) -> list[PageAttestation]:
        return [of(0, key(one), first, sign(one, 0)), of(1, key(two), second, sign(two, 1))]

    whole = moved(sign(one, 0), signature_to_G2(sign(two, 1)))
    rogue = bytes(G1_to_pubkey(add(pubkey_to_G1(key(two)), neg(pubkey_to_G1(key(one))))))
    against = of(0, rogue, pop(two), sign(two, 0))
    shifted = moved(pop(two), neg(signature_to_G2(pop(one))))
    negative = bytes(G1_to_pubkey(neg(pubkey_to_G1(key(one)))))
    no, possession = "page/signature", "attestation/possession"
    return {
        "honest": (both(sign(one, 0), sign(two, 1)), TAKEN),
        "one in the other's place": (both(sign(two, 1), sign(one, 0)), TAKEN),
        "the sum in one": (both(INFINITY, whole), TAKEN),
        "moved and moved back": (both(moved(sign(one, 0), some), moved(sign(two, 1), neg(some))), TAKEN),
        "a key and its negative, both proven": (
            [of(0, key(one), pop(one), INFINITY), of(0, negative, pop(curve_order - one), INFINITY)], TAKEN,
        ),
        "nobody signed": (both(INFINITY, INFINITY), no),
        "one alone at infinity": ([of(0, key(one), pop(one), INFINITY)], no),
        "a key against another": ([of(0, key(one), pop(one), INFINITY), against], possession),
        "a key against another, its proof too": (
            [of(0, key(one), pop(one), INFINITY), of(0, rogue, shifted, sign(two, 0))], possession,
        ),
        "key at infinity": ([of(0, INFINITE_KEY, INFINITY, INFINITY)], possession),
        "proofs exchanged": (keys(pop(two), pop(one)), possession),
        "proofs moved and moved back": (keys(moved(pop(one), some), moved(pop(two), neg(some))), possession),
        "from the proof into the signature": (
            [of(0, key(one), moved(pop(one), some), moved(sign(one, 0), neg(some)))], possession,
        ),
        "infinity with a sign": ([of(0, key(one), pop(one), b"\xe0" + bytes(95))], no),
        "infinity with a body": ([of(0, key(one), pop(one), b"\xc0" + bytes(94) + b"\1")], no),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ both verifiers

SCRIPT = """
import { readFileSync } from 'node:fs';
const { checkPageSignatures } = await import(process.argv[1]);
for (const ones of JSON.parse(readFileSync(0, 'utf8'))) {
  const read = ones.map((one) => Object.fromEntries(Object.entries(one).map(([name, value]) => [name,
    name === 'scheme' ? value : Uint8Array.from(Buffer.from(value, 'hex'))])));
  let found = '';
  try { checkPageSignatures(read); } catch (error) { found = error.reason ?? `internal ${error.stack}`; }
  console.log(found);
}
"""


def program(signatures: list[PageAttestation]) -> str:
    try:
        check_pages(sorted(signatures))
    except Reject as reject:
        return reject.reason.value
    return TAKEN


@pytest.mark.parametrize("cases", [ed25519_cases, bls_cases])
def test_both_verifiers_say_the_same_of_a_signature(cases):
    named = cases()
    wanted = {name: reason for name, (_, reason) in named.items()}
    assert {name: program(signatures) for name, (signatures, _) in named.items()} == wanted
    if shutil.which("node"):
        plain = [
            [{name: value if name == "scheme" else value.hex() for name, value in one.to_map().items()} for one in all_]
            for all_, _ in named.values()
        ]
        command = ["node", "--input-type=module", "-e", SCRIPT, "--", WEB.as_uri()]
        done = subprocess.run(command, input=json.dumps(plain), capture_output=True, text=True, check=True)
        assert dict(zip(named, done.stdout.split("\n"), strict=False)) == wanted


def test_the_points_of_small_order_are_what_they_are_called():
    assert [times(SMALL, k) == (0, 1) for k in (1, 2, 4, 8)] == [False, False, False, True]
    assert len({sha256(written(times(SMALL, k))).digest() for k in range(8)}) == 8
