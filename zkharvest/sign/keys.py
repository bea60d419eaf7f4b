"""Signing keys: Ed25519 (RFC 8032) for the taxpayer, BLS12-381 for sources.

Sources sign with the proof-of-possession scheme BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ of
draft-irtf-cfrg-bls-signature: public keys are 48 bytes in G1, signatures 96 bytes in G2, and a public key counts only
together with its proof of possession, which is what makes it safe to aggregate signatures of keys that others chose.

How keys are kept in files is in `keyfiles`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from zkharvest.sign.bls_loading import load


class Scheme(StrEnum):
    """A signature scheme, by the name that key files and packages use."""

    ED25519 = "ed25519"
    BLS = "bls12-381"


KEY_BYTES = {Scheme.ED25519: 32, Scheme.BLS: 48}
SIGNATURE_BYTES = {Scheme.ED25519: 64, Scheme.BLS: 96}
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key; `pop` is the proof of possession of a BLS key (96 bytes), empty for Ed25519."""

    scheme: Scheme
    key: bytes
    pop: bytes = b""


_BLS_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key of 32 bytes, which no print shows."""

    scheme: Scheme
    secret: bytes = field(repr=False)

    def public(self) -> PublicKey:
        """The public key; for BLS with its proof of possession (about 0.15 s)."""
        return PublicKey(self.scheme, self.public_bytes(), self._possession())

    def is_usable(self) -> bool:
        """Whether it is a key of its scheme: for BLS a number of 1 to the group's order less one."""
        return self.scheme is Scheme.ED25519 or 0 < int.from_bytes(self.secret, "big") < _BLS_ORDER

    def public_bytes(self) -> bytes:
        """The public key alone: 32 bytes (Ed25519) or 48 bytes (BLS)."""
        if self.scheme is Scheme.ED25519:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

            return Ed25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()
        return bytes(load().SkToPk(int.from_bytes(self.secret, "big")))

    def _possession(self) -> bytes:
        if self.scheme is Scheme.ED25519:
            return b""
        return bytes(load().PopProve(int.from_bytes(self.secret, "big")))

    def sign(self, message: bytes) -> bytes:
        """The signature of a message: 64 bytes (Ed25519) or 96 bytes (BLS)."""
        if self.scheme is Scheme.ED25519:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

            return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)
        return bytes(load().Sign(int.from_bytes(self.secret, "big"), message))


def generate_key(scheme: Scheme) -> PrivateKey:
    """A fresh private key from the system's randomness."""
    if scheme is Scheme.ED25519:
        return PrivateKey(scheme, secrets.token_bytes(SECRET_BYTES))
    return PrivateKey(scheme, int(load().KeyGen(secrets.token_bytes(48))).to_bytes(SECRET_BYTES, "big"))
