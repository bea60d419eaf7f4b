"""Key files: text, the public part on top for the reader, then the private key in one of three forms.

    zkharvest private key 2                    zkharvest public key 1
    scheme: ed25519                            scheme: bls12-381
    public: <hex>                              public: <hex>
    -----BEGIN ... PRIVATE KEY-----            possession: <hex>
    ...                                        valid-from: 2025-01-01
                                               valid-until: 2026-12-31

The last two, of a source's key, are optional: a page that the key signs must end on these days or between them (UTC).

* `ZKHARVEST SEALED PRIVATE KEY`: a `files.container` under a passphrase, for both schemes. The default.
* `PRIVATE KEY`: an Ed25519 key as PKCS#8 (RFC 5958, RFC 8410), unencrypted. `ENCRYPTED PRIVATE KEY`: the same under
  a passphrase, as other programs (OpenSSL) read and write it. Both are also read without the lines on top.
* an unencrypted BLS key, for which there is no standard form (docs/adr/0011): `private: <hex>` among the lines on top,
  with the header `zkharvest private key 1`, as earlier programs wrote the keys of both schemes.

Private key files have mode 0600 and never replace a file.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from zkharvest.errors import InputError, UsageError
from zkharvest.files import container
from zkharvest.files.atomic import read_file, read_private_file, write_file
from zkharvest.files.container import Form
from zkharvest.files.kinds import Kind, kind_of, told_apart
from zkharvest.files.sealing import Passphrase
from zkharvest.sign.keys import KEY_BYTES, SECRET_BYTES, SIGNATURE_BYTES, PrivateKey, PublicKey, Scheme
from zkharvest.spec import PRIVATE_KEY_HEADER, PUBLIC_KEY_HEADER
from zkharvest.verifier.text import quoted

FILE_BYTES = 8192
"""More than any key file has."""

VALIDITY = ("valid-from", "valid-until")
SEALED, PKCS8, PKCS8_SEALED = "ZKHARVEST SEALED PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"
FORM = Form(b"ZKHARVEST-KEY\n", 1, FILE_BYTES, "private key", "restore it from a copy or its backup sheet")

_BLOCK = re.compile(rb"^-----BEGIN ([A-Z0-9 ]+)-----\r?\n(.*?)^-----END \1-----", re.MULTILINE | re.DOTALL)
_PKCS8_ED25519 = bytes.fromhex("302e020100300506032b657004220420")
"""PrivateKeyInfo of an Ed25519 key, but for its 32 bytes (RFC 8410, section 7)."""


def write_private_key(
    path: str | Path, key: PrivateKey, public: PublicKey, *, passphrase: str | None, pkcs8: bool = False
) -> None:
    """Write a private key file, mode 0600; `passphrase` None leaves it unencrypted.

    `pkcs8` asks for the standard form under the passphrase, for Ed25519 keys that other programs are to read. Never
    replaces a file: a lost key cannot be made again.
    """
    write_file(path, private_key_bytes(key, public, passphrase, pkcs8=pkcs8), private=True, force=None)


def private_key_bytes(key: PrivateKey, public: PublicKey, passphrase: str | None, *, pkcs8: bool = False) -> bytes:
    """The bytes of a private key file. Raises UsageError for a form that the scheme does not have."""
    shown = {"scheme": key.scheme.value, "public": public.key.hex()}
    if pkcs8 and key.scheme is not Scheme.ED25519:
        raise UsageError("there is no PKCS#8 form of BLS keys", "leave --pkcs8 out")
    if passphrase is None and key.scheme is Scheme.BLS:
        fields = {"scheme": shown["scheme"], "private": key.secret.hex(), "public": shown["public"]}
        return _format(f"{PRIVATE_KEY_HEADER} 1", fields)
    top = _format(f"{PRIVATE_KEY_HEADER} 2", shown)
    if passphrase is None:
        return top + _armoured(PKCS8, _PKCS8_ED25519 + key.secret)
    if pkcs8:
        return top + _standard(key, passphrase)
    parts: dict[str, Any] = {"scheme": key.scheme.value, "public": public.key}
    return top + _armoured(SEALED, container.pack(FORM, parts, key.secret, passphrase))


def write_public_key(
    path: str | Path, public: PublicKey, valid: tuple[date | None, date | None] = (None, None)
) -> None:
    """Write the public part (with its proof of possession) for others. Never replaces a file.

    `valid` is the first and the last day on which pages that the key signs may end; None leaves that side open.
    """
    fields = {"scheme": public.scheme.value, "public": public.key.hex()}
    if public.pop:
        fields["possession"] = public.pop.hex()
    fields |= {name: day.isoformat() for name, day in zip(VALIDITY, valid, strict=True) if day is not None}
    write_file(path, _format(f"{PUBLIC_KEY_HEADER} 1", fields), force=None)


def read_private_key(path: str | Path, passphrase: Passphrase = None) -> PrivateKey:
    """Read a private key file; `passphrase` opens a sealed one.

    Raises UsageError if it is another kind of file, is damaged, others have access to it, or the passphrase is wrong.
    """
    return parse_private_key(read_key_bytes(path), path, passphrase)


def read_key_bytes(path: str | Path) -> bytes:
    """The bytes of a private key file. UsageError if it is another kind of file, or others have access to it."""
    return read_private_file(path, check_head=lambda head: _refuse_others(path, head), at_most=FILE_BYTES + 1)


def parse_private_key(data: bytes, name: object, passphrase: Passphrase = None) -> PrivateKey:
    """The private key in a file's bytes; `name` stands for the file in errors. Raises as `read_private_key`."""
    _refuse_others(name, data)
    try:
        key, public, scheme = _parse(data, name, passphrase)
        if scheme not in (None, key.scheme) or len(key.secret) != SECRET_BYTES or not key.is_usable():
            raise ValueError
        if public not in (None, key.public_bytes()):
            raise ValueError
    except (KeyError, ValueError, InputError):
        raise UsageError(f"{name}: a damaged private key", "restore it from a backup, or make a new one") from None
    return key


def is_sealed(data: bytes) -> bool:
    """Whether the bytes of a private key file are under a passphrase."""
    block = _BLOCK.search(data)
    return block is not None and block[1].decode() in (SEALED, PKCS8_SEALED)


def describe_key(data: bytes, name: object) -> dict[str, Any]:
    """What a key file says that is not secret, nothing of it checked. Raises UsageError if it is damaged."""
    first = data.partition(b"\n")[0].decode("ascii", "replace")
    private = kind_of(data) is Kind.PRIVATE_KEY
    shown: dict[str, Any] = {"kind": "private-key" if private else "public-key", "version": 1, "bytes": len(data)}
    if private:
        block = _BLOCK.search(data)
        form = block[1].decode() if block else "text"
        names = {SEALED: "sealed", PKCS8: "PKCS#8", PKCS8_SEALED: "encrypted PKCS#8"}
        shown |= {"form": names.get(form, form.lower()), "sealed": is_sealed(data)}
        if not first.startswith(PRIVATE_KEY_HEADER):
            return shown  # of another program: what is public does not stand apart
        shown["version"] = 2 if first == f"{PRIVATE_KEY_HEADER} 2" else 1
    return shown | public_fields(name, data.partition(b"\n")[2])


def parse_public_key(text: str, scheme: Scheme) -> bytes:
    """A public key given as hex, or as the path of a file that `keygen` wrote. Raises UsageError."""
    digits = text.strip().lower()
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
        if is_file(text):
            data = read_file(text, at_most=FILE_BYTES)
            if data.partition(b"\n")[0] != f"{PUBLIC_KEY_HEADER} 1".encode():
                hint = told_apart(data, "give the file that keygen --public wrote")
                raise UsageError(f"{text}: not a public key file", hint) from None
            fields = public_fields(text, data.partition(b"\n")[2])
            if fields["scheme"] != scheme:
                message = f"{text}: a key of scheme {fields['scheme']}"
                raise UsageError(message, f"a {scheme} key is needed here") from None
            key = bytes.fromhex(fields["public"])
    if len(key) != KEY_BYTES[scheme]:
        message = f"{quoted(text)} is not a {scheme} public key"
        raise UsageError(message, f"give {2 * KEY_BYTES[scheme]} hex digits, or the file that keygen --public wrote")
    return key


def public_fields(path: object, text: bytes) -> dict[str, str]:
    """The lines of a key file below its first that are not secret: scheme, key, proof of possession, validity.

    Raises UsageError unless each has its exact form: text of a stranger's file is not repeated.
    """
    fields = _fields(text.decode("ascii", "replace").splitlines())
    try:
        scheme = Scheme(fields["scheme"])
        shown = {"scheme": scheme.value, "public": _hex(fields["public"], KEY_BYTES[scheme])}
        if "possession" in fields:
            shown["possession"] = _hex(fields["possession"], SIGNATURE_BYTES[scheme])
        shown |= {name: date.fromisoformat(fields[name]).isoformat() for name in VALIDITY if name in fields}
    except (KeyError, ValueError):
        raise UsageError(f"{path}: a damaged key file", "ask for another copy, or make a new one") from None
    return shown


def _refuse_others(name: object, head: bytes) -> None:
    if kind_of(head) is not Kind.PRIVATE_KEY:
        raise UsageError(f"{name}: not a private key file", told_apart(head, "make one with zkharvest keygen"))


def _parse(data: bytes, name: object, passphrase: Passphrase) -> tuple[PrivateKey, bytes | None, str | None]:
    """The key, and the public key and scheme that the file says it has."""
    block = _BLOCK.search(data)
    fields = {}
    if data.startswith(PRIVATE_KEY_HEADER.encode()):
        fields = _fields(data[: block.start() if block else None].decode("ascii", "replace").splitlines()[1:])
    stated, scheme = (bytes.fromhex(fields["public"]), fields["scheme"]) if fields else (None, None)
    if block is None:
        return PrivateKey(Scheme(fields["scheme"]), bytes.fromhex(fields["private"])), stated, scheme
    label, body = block[1].decode(), _unarmoured(block[2])
    if label == SEALED:
        if not body.startswith(FORM.magic):
            raise ValueError
        header, secret = container.unpack(FORM, body, passphrase, name)
        if stated not in (None, header["public"]):
            raise ValueError
        return PrivateKey(Scheme(header["scheme"]), secret), header["public"], scheme
    if label in (PKCS8, PKCS8_SEALED):
        return PrivateKey(Scheme.ED25519, _from_standard(block[0], label, name, passphrase)), stated, scheme
    raise UsageError(f"{name}: {label.lower()} is not a form that is read", "give a PKCS#8 file (openssl pkcs8 -topk8)")


def _standard(key: PrivateKey, passphrase: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    made = Ed25519PrivateKey.from_private_bytes(key.secret)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))


def _from_standard(pem: bytes, label: str, name: object, passphrase: Passphrase) -> bytes:
    """The 32 bytes of an Ed25519 key in PKCS#8, whoever wrote it. ValueError for damage, UsageError for the rest."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    words = None
    if label == PKCS8_SEALED:
        if passphrase is None:
            hint = "give --passphrase-file FILE or --passphrase-fd N; on a terminal you are asked"
            raise UsageError(f"{name}: is sealed with a passphrase, and none was given", hint)
        words = (passphrase if isinstance(passphrase, str) else passphrase()).encode()
    try:
        key = load_pem_private_key(pem, words)
    except UnsupportedAlgorithm:
        raise UsageError(f"{name}: not an Ed25519 key", "make one with zkharvest keygen") from None
    except ValueError:
        if words is not None:
            hint = "PKCS#8 does not tell the two apart"
            raise UsageError(f"{name}: wrong passphrase, or a damaged private key", hint) from None
        raise
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{name}: not an Ed25519 key", "make one with zkharvest keygen")
    return key.private_bytes_raw()


def is_file(text: str) -> bool:
    """Whether a text that may be a key is the path of a file, or `-`."""
    try:
        return text == "-" or Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or not a path at all
        return False


def _hex(text: str, size: int) -> str:
    """The text, if it is `size` bytes in hex as we write it; ValueError otherwise."""
    if len(text) != 2 * size or bytes.fromhex(text).hex() != text:
        raise ValueError
    return text


def _armoured(label: str, data: bytes) -> bytes:
    text = base64.b64encode(data)
    lines = b"".join(text[i : i + 64] + b"\n" for i in range(0, len(text), 64))
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label.encode(), lines, label.encode())


def _unarmoured(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        raise ValueError from None


def _format(header: str, fields: dict[str, str]) -> bytes:
    return "".join([f"{header}\n", *(f"{name}: {value}\n" for name, value in fields.items())]).encode()


def _fields(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition(": ") for line in lines if line)
    return {name: value for name, _, value in pairs}
