r"""The file around a secret: a header that is read first and alone, then the payload, plain or sealed, then a checksum.

    magic | u8 version | u32 length of the header (big-endian) | header | payload | SHA-256 of all before

The header is a map in the canonical msgpack of packages (`verifier.wire`). `envelope` says how the payload is wrapped:
"plain", or "scrypt-chacha20poly1305" with the parameters under `sealing` (`files.sealing`); everything before the
payload is then authenticated with it. All other keys are public, and are what `inspect` shows without a passphrase.

The checksum does not protect against an attacker; it tells accidental damage from a wrong passphrase.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO

from zkharvest.errors import InputError, UsageError
from zkharvest.files import sealing
from zkharvest.verifier import wire
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.text import quoted

PLAIN = "plain"
MAX_HEADER = 1 << 20
CHECKSUM_BYTES = 32


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file: its first bytes, version, largest size, and what to do about a damaged one."""

    magic: bytes
    version: int
    max_bytes: int
    noun: str
    mend: str

    @property
    def head_bytes(self) -> int:
        """Bytes before the header."""
        return len(self.magic) + 1 + 4


def pack(form: Form, public: Mapping[str, Any], payload: bytes, passphrase: str | None) -> bytes:
    """The bytes of a file; sealed unless the passphrase is None."""
    header: dict[str, Any] = {"envelope": PLAIN, **public}
    if passphrase is not None:
        header |= {"envelope": sealing.ENVELOPE, "sealing": sealing.new_parameters()}
    encoded = wire.encode(header)
    if len(encoded) > MAX_HEADER:
        raise ValueError("the header is too large")
    head = form.magic + bytes([form.version]) + len(encoded).to_bytes(4, "big") + encoded
    if passphrase is not None:
        payload = sealing.encrypt(header["sealing"], head, payload, passphrase)
    if len(head) + len(payload) + CHECKSUM_BYTES > form.max_bytes:
        raise ValueError(f"larger than {form.max_bytes} bytes")
    return b"".join([head, payload, sha256(head + payload).digest()])


def unpack(form: Form, data: bytes, passphrase: sealing.Passphrase, name: object) -> tuple[dict[str, Any], bytes]:
    """Header and payload. Raises InputError for a damaged file, UsageError for a passphrase that does not open it."""
    if len(data) > form.max_bytes:
        raise damaged(form, name, f"more than {form.max_bytes} bytes")
    header, start = read_header(form, data, name)
    end = len(data) - CHECKSUM_BYTES
    if end < start or sha256(memoryview(data)[:end]).digest() != data[end:]:
        raise damaged(form, name, "its checksum is wrong")
    if header["envelope"] == PLAIN:
        return header, data[start:end]
    return header, sealing.opened(header["sealing"], data[:start], data[start:end], passphrase, name)


def read_header(form: Form, data: bytes, name: object) -> tuple[dict[str, Any], int]:
    """The header, and where the payload begins, of data that begin with the form's magic.

    Raises InputError for a damaged one, UsageError for a newer version or an envelope that is not known.
    """
    head = form.head_bytes
    if len(data) < head:
        raise damaged(form, name, "it ends within its first bytes")
    if data[len(form.magic)] > form.version:
        raise UsageError(f"{name}: {form.noun} of version {data[len(form.magic)]}", "update zkharvest")
    size = int.from_bytes(data[head - 4 : head], "big")
    if size > MAX_HEADER or head + size > len(data):
        raise damaged(form, name, "its header is cut off or too large")
    try:
        header = wire.decode(data[head : head + size])
    except Reject as reject:
        raise damaged(form, name, reject.detail) from None
    if not isinstance(header, dict):
        raise damaged(form, name, "its header is not a map")
    envelope = header.get("envelope")
    if envelope not in (PLAIN, sealing.ENVELOPE):
        if isinstance(envelope, str):
            raise UsageError(f"{name}: unknown envelope {quoted(envelope)}", "a newer zkharvest may know it")
        raise damaged(form, name, "its header names no envelope")
    if (envelope == PLAIN) == ("sealing" in header):
        raise damaged(form, name, "its header does not match its envelope")
    return header, head + size


def read_start(form: Form, file: BinaryIO, head: bytes) -> bytes:
    """The file's bytes up to the end of its header, `head` already read: never the payload."""
    start = form.head_bytes
    if len(head) < start:
        head += file.read(start - len(head))
    size = int.from_bytes(head[start - 4 : start], "big") if len(head) >= start else 0
    missing = min(size, MAX_HEADER) + start - len(head)
    return head + file.read(missing) if missing > 0 else head


def damaged(form: Form, name: object, why: str = "") -> InputError:
    """The error for a file that cannot be what it was written as."""
    return InputError.one(str(name), f"damaged {form.noun}" + (f" ({why})" if why else ""), form.mend)
