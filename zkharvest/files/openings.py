"""The opening file (`.zko`): the taxpayer's secret behind a commitment.

    "ZKHARVEST-OPENING" 0x0a | version (1 byte, 1) | msgpack map {"envelope": "plain", "payload": opening}

`envelope` names how the payload is wrapped: "plain" is the map itself, protected by the file's mode 0600 alone;
"scrypt-chacha20poly1305" is kept for a payload encrypted under a passphrase. Reading recomputes every root from the
trades and salts, so that a damaged file is noticed before anything is proven from it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack

from zkharvest.errors import InputError, UsageError, ZkharvestError
from zkharvest.files.atomic import read_private_file, write_file
from zkharvest.verifier.text import is_visible, quoted

if TYPE_CHECKING:
    from zkharvest.commitment.opening import Opening

MAGIC = b"ZKHARVEST-OPENING\n"
VERSION = 1
PLAIN = "plain"


def write_opening(path: str | Path, opening: Opening, *, force: bool = False) -> None:
    """Write an opening, mode 0600, whole or not at all. An existing file is replaced only with `force`."""
    body = msgpack.packb({"envelope": PLAIN, "payload": opening.to_map()}, use_bin_type=True)
    write_file(path, MAGIC + bytes([VERSION]) + body, private=True, force=force)


def read_opening(path: str | Path) -> Opening:
    """Read an opening and check its roots against its trades.

    Raises UsageError if the file is none of ours or others have access to it, InputError if it is damaged.
    """
    from zkharvest.commitment.opening import Opening

    with _no_collection():
        payload = _unwrap(path, read_private_file(path))
        try:
            return Opening.from_map(payload)
        except (ZkharvestError, KeyError, TypeError, ValueError) as error:
            raise _damaged(path) from error


@contextmanager
def _no_collection() -> Iterator[None]:
    """The collector of cycles off: it would walk the trades over and over while they are made, and free nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def describe_opening(path: str | Path) -> dict[str, Any]:
    """Version and envelope of an opening file; the payload stays closed."""
    data = read_private_file(path)
    envelope = _read_map(path, data).get("envelope")
    return {
        "version": data[len(MAGIC)],
        "envelope": envelope if isinstance(envelope, str) and is_visible(envelope, 40) else quoted(envelope),
        "bytes": len(data),
    }


def _unwrap(path: str | Path, data: bytes) -> dict[str, Any]:
    whole = _read_map(path, data)
    if whole.get("envelope") != PLAIN:
        raise UsageError(f"{path}: unknown envelope {quoted(whole.get('envelope'))}", "a newer zkharvest may know it")
    payload = whole.get("payload")
    if not isinstance(payload, dict):
        raise _damaged(path)
    return payload


def _read_map(path: str | Path, data: bytes) -> dict[str, Any]:
    if not data.startswith(MAGIC) or len(data) == len(MAGIC):
        raise UsageError(f"{path}: not an opening file", "zkharvest commit writes one (.zko)")
    if data[len(MAGIC)] != VERSION:
        raise UsageError(f"{path}: opening file of version {data[len(MAGIC)]}", "update zkharvest")
    try:
        whole = msgpack.unpackb(data[len(MAGIC) + 1 :], raw=False, strict_map_key=True)
    except (ValueError, msgpack.UnpackException) as error:
        raise _damaged(path) from error
    if not isinstance(whole, dict) or set(whole) != {"envelope", "payload"}:
        raise _damaged(path)
    return whole


def _damaged(path: str | Path) -> InputError:
    return InputError.one(
        str(path), "damaged opening file", "restore it from a backup; committing anew gives other roots"
    )
