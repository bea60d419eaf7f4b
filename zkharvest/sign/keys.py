"""Signing keys: Ed25519 (RFC 8032) for the taxpayer, BLS12-381 for sources.

Sources sign with the proof-of-possession scheme BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ of
draft-irtf-cfrg-bls-signature: public keys are 48 bytes in G1, signatures 96 bytes in G2, and a public key counts only
together with its proof of possession, which is what makes it safe to aggregate signatures of keys that others chose.

A private key file is text, mode 0600, one field a line; the public key is repeated in it for the reader.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from zkharvest.errors import UsageError
from zkharvest.files.atomic import read_file, read_private_file, write_file
from zkharvest.sign import bls
from zkharvest.verifier.text import quoted

PRIVATE_HEADER = "zkharvest private key 1"
PUBLIC_HEADER = "zkharvest public key 1"
FILE_BYTES = 4096
"""More than any key file has."""


class Scheme(StrEnum):
    """A signature scheme, by the name that key files and packages use."""

    ED25519 = "ed25519"
    BLS = "bls12-381"


KEY_BYTES = {Scheme.ED25519: 32, Scheme.BLS: 48}
SIGNATURE_BYTES = {Scheme.ED25519: 64, Scheme.BLS: 96}


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
        return bytes(bls.load().SkToPk(int.from_bytes(self.secret, "big")))

    def _possession(self) -> bytes:
        if self.scheme is Scheme.ED25519:
            return b""
        return bytes(bls.load().PopProve(int.from_bytes(self.secret, "big")))

    def sign(self, message: bytes) -> bytes:
        """The signature of a message: 64 bytes (Ed25519) or 96 bytes (BLS)."""
        if self.scheme is Scheme.ED25519:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

            return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)
        return bytes(bls.load().Sign(int.from_bytes(self.secret, "big"), message))


def generate_key(scheme: Scheme) -> PrivateKey:
    """A fresh private key from the system's randomness."""
    if scheme is Scheme.ED25519:
        return PrivateKey(scheme, secrets.token_bytes(32))
    return PrivateKey(scheme, int(bls.load().KeyGen(secrets.token_bytes(48))).to_bytes(32, "big"))


def write_private_key(path: str | Path, key: PrivateKey, public: PublicKey) -> None:
    """Write a private key file, mode 0600. Never replaces a file: a lost key cannot be made again."""
    fields = {"scheme": key.scheme.value, "private": key.secret.hex(), "public": public.key.hex()}
    write_file(path, _format(PRIVATE_HEADER, fields), private=True)


def write_public_key(path: str | Path, public: PublicKey) -> None:
    """Write the public part (with its proof of possession) for others. Never replaces a file."""
    fields = {"scheme": public.scheme.value, "public": public.key.hex()}
    if public.pop:
        fields["possession"] = public.pop.hex()
    write_file(path, _format(PUBLIC_HEADER, fields))


def read_private_key(path: str | Path) -> PrivateKey:
    """Read a private key file. Raises UsageError if it is none, is damaged, or others have access to it."""
    fields = _parse(path, read_private_file(path), PRIVATE_HEADER)
    try:
        key = PrivateKey(Scheme(fields["scheme"]), bytes.fromhex(fields["private"]))
        public = bytes.fromhex(fields["public"])
        if len(key.secret) != 32 or not key.is_usable() or key.public_bytes() != public:
            raise ValueError
    except (KeyError, ValueError):
        raise UsageError(f"{path}: a damaged private key", "restore it from a backup, or make a new one") from None
    return key


def parse_public_key(text: str, scheme: Scheme) -> bytes:
    """A public key given as hex, or as the path of a file that `keygen` wrote. Raises UsageError."""
    digits = text.strip().lower()
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
        if _is_file(text):
            data = read_file(text, at_most=FILE_BYTES)
            _parse(text, data, PUBLIC_HEADER)
            fields = public_fields(text, data.partition(b"\n")[2])
            if fields["scheme"] != scheme:
                message = f"{text}: a key of scheme {fields['scheme']}"
                raise UsageError(message, f"a {scheme} key is needed here") from None
            key = bytes.fromhex(fields["public"])
    if len(key) != KEY_BYTES[scheme]:
        message = f"{quoted(text)} is not a {scheme} public key"
        raise UsageError(message, f"give {2 * KEY_BYTES[scheme]} hex digits, or the file that keygen --public wrote")
    return key


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or no path at all
        return False


def public_fields(path: str | Path, text: bytes) -> dict[str, str]:
    """The lines of a key file below its first that are not secret: scheme, public key, proof of possession.

    Raises UsageError unless each is what it has to be: what stands in a file of a stranger is not repeated.
    """
    fields = _fields(text.decode("ascii", "replace").splitlines())
    try:
        scheme = Scheme(fields["scheme"])
        shown = {"scheme": scheme.value, "public": _hex(fields["public"], KEY_BYTES[scheme])}
        if "possession" in fields:
            shown["possession"] = _hex(fields["possession"], SIGNATURE_BYTES[scheme])
    except (KeyError, ValueError):
        raise UsageError(f"{path}: a damaged key file", "ask for another copy, or make a new one") from None
    return shown


def _hex(text: str, size: int) -> str:
    """The text, if it is `size` bytes in hex as we write it; ValueError otherwise."""
    if len(text) != 2 * size or bytes.fromhex(text).hex() != text:
        raise ValueError
    return text


def _format(header: str, fields: dict[str, str]) -> bytes:
    return "".join([f"{header}\n", *(f"{name}: {value}\n" for name, value in fields.items())]).encode()


def _parse(path: str | Path, data: bytes, header: str) -> dict[str, str]:
    lines = data.decode("ascii", "replace").splitlines()
    if not lines or lines[0] != header:
        hint = "this is the public part" if lines and lines[0] == PUBLIC_HEADER else "make one with zkharvest keygen"
        raise UsageError(f"{path}: not a file that begins with '{header}'", hint)
    return _fields(lines[1:])


def _fields(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition(": ") for line in lines if line)
    return {name: value for name, _, value in pairs}
