"""The taxpayer's Ed25519 signature: over a digest of everything else in a package, signatures of sources included.

signature:    {"scheme": "ed25519", "key": bin 32, "signature": bin 64}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from zkharvest.errors import UsageError
from zkharvest.sign.ed25519 import is_signature, is_usable_key
from zkharvest.sign.keys import KEY_BYTES, SIGNATURE_BYTES, PrivateKey, Scheme
from zkharvest.verifier.rejections import Finding, Reason, Reject

SIGNATURE_SCHEME = "ed25519"
_PACKAGE_TAG = b"zkharvest/package-signature/v1\0"


class Signed(Protocol):
    """A package of whatever version: its signature, and the digest that it is over."""

    @property
    def signature(self) -> Mapping[str, Any] | None:
        """The taxpayer's signature as it stands in the package."""

    @property
    def signed_digest(self) -> bytes:
        """Of everything but that."""


def signed_by_taxpayer(
    before: Mapping[str, Any] | None, signed_digest: bytes, key: PrivateKey, *, replace_other: bool = False
) -> dict[str, Any]:
    """The taxpayer's signature over a package's digest, in the place of the one it has. UsageError for a key of
    another scheme, and where another key has signed, unless `replace_other`.
    """
    if key.scheme is not Scheme.ED25519:
        hint = "zkharvest keygen makes one; to sign as a source, give --source"
        raise UsageError(f"the taxpayer signs with an ed25519 key; this one is {key.scheme}", hint)
    public = key.public_bytes()
    if before is not None and before.get("key") != public and not replace_other:
        hint = "--replace puts the signature of this key in its place"
        raise UsageError("the package is signed already, with another key than this one", hint)
    signature = key.sign(_PACKAGE_TAG + signed_digest)
    return {"scheme": SIGNATURE_SCHEME, "key": public, "signature": signature}


def parse_signature(value: Any) -> tuple[bytes, bytes]:
    """The taxpayer's key and signature; Reject if they are of another form."""
    match value:
        case {"scheme": "ed25519", "key": bytes(key), "signature": bytes(signature), **others} if not others:
            if len(key) == KEY_BYTES[Scheme.ED25519] and len(signature) == SIGNATURE_BYTES[Scheme.ED25519]:
                return key, signature
    raise Reject(Reason.SIGNATURE_FORM, "the taxpayer's signature is not of a known form")


def check_package_signature(package: Signed, expected: bytes | None) -> bytes:
    """The taxpayer's key; Reject unless its signature is valid and it is the expected one."""
    key, signature = parse_signature(package.signature)
    if expected is not None and key != expected:
        text = f"the package is signed with the key {key.hex()}, not {expected.hex()}"
        found = Finding(Reason.SIGNATURE_KEY, text, "the taxpayer's key", expected.hex(), key.hex())
        raise Reject(Reason.SIGNATURE_KEY, text, findings=(found,))
    if not is_usable_key(key):
        raise Reject(Reason.SIGNATURE_INVALID, "the taxpayer's key does not encode a point, or has small order")
    if not is_signature(key, signature, _PACKAGE_TAG + package.signed_digest):
        raise Reject(Reason.SIGNATURE_INVALID, "the taxpayer's signature over the package is not valid")
    return key
