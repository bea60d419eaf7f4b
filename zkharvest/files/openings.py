r"""The opening file (`.zko`): the taxpayer's secret behind a commitment, sealed under a passphrase or plain.

A `container` with the magic "ZKHARVEST-OPENING\n". Public in its header: `currency`, `records` (how many), `sources`
(list of `{"id", "root"}`, the commitments). The payload is the opening as a msgpack map. Reading recomputes every root
from the trades and salts and compares, so that a file that was changed is noticed before anything is proven from it.

Version 1, which earlier programs wrote, is read as well: a msgpack map {"envelope": "plain", "payload": opening}
right after the version byte, without a header or a checksum.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from zkharvest.collecting import without_collecting
from zkharvest.errors import UsageError, ZkharvestError
from zkharvest.files import container
from zkharvest.files.atomic import STREAM, check_rights, open_file, read_private_file, write_file
from zkharvest.files.container import PLAIN, Form
from zkharvest.files.kinds import HEAD_BYTES, Kind, told_apart
from zkharvest.files.sealing import Passphrase
from zkharvest.spec import MAX_NAME, MAX_SOURCES, OPENING_MAGIC, ROOT_BYTES
from zkharvest.verifier.text import is_visible, quoted

if TYPE_CHECKING:
    from zkharvest.commitment.opening import Opening

VERSION = 2
MAX_BYTES = 1 << 28
"""Room for about two million trades; a larger file is not an opening."""

FORM = Form(
    OPENING_MAGIC,
    VERSION,
    MAX_BYTES,
    "opening file",
    "restore it from a copy, or from its backup sheet (zkharvest secret)",
)


def write_opening(path: str | Path, opening: Opening, *, passphrase: str | None, force: bool = False) -> None:
    """Write an opening, mode 0600, whole or not at all; `passphrase` None leaves it unencrypted.

    An existing file is replaced only with `force`, and never if it is a private key.
    """
    data = opening_bytes(opening, passphrase)
    write_file(path, data, private=True, force=force, replaces=Kind.OPENING)


def opening_bytes(opening: Opening, passphrase: str | None) -> bytes:
    """The bytes of an opening file; sealed unless `passphrase` is None."""
    import msgpack

    payload: bytes = msgpack.packb(opening.to_map(), use_bin_type=True)
    return container.pack(FORM, _public(opening), payload, passphrase)


def read_opening(path: str | Path, passphrase: Passphrase = None) -> Opening:
    """Read an opening and check its roots against its trades; `passphrase` opens a sealed one.

    Raises UsageError for another kind of file, one that others have access to, and a wrong passphrase; InputError for a
    damaged one.
    """
    return parse_opening(read_opening_bytes(path), path, passphrase)


def read_opening_bytes(path: str | Path) -> bytes:
    """The bytes of an opening file. UsageError if it is another kind of file, or others have access to it."""
    return read_private_file(path, check_head=_is_opening(path), at_most=MAX_BYTES + 1)


def parse_opening(data: bytes, name: object, passphrase: Passphrase = None) -> Opening:
    """The opening in a file's bytes; `name` stands for the file in errors. Raises as `read_opening`."""
    from zkharvest.commitment.opening import Opening

    _is_opening(name)(data[:HEAD_BYTES])
    if len(data) > MAX_BYTES:
        raise container.damaged(FORM, name, f"more than {MAX_BYTES} bytes")
    with without_collecting():
        stated, payload = _unwrap(data, name, passphrase)
        try:
            opening = Opening.from_map(payload)
        except (ZkharvestError, KeyError, TypeError, ValueError) as error:
            raise container.damaged(FORM, name) from error
        if stated is not None and stated != _stated(_public(opening)):
            raise container.damaged(FORM, name, "its header does not match its trades")
        return opening


def describe_opening(path: str | Path) -> dict[str, Any]:
    """What the header of an opening says, nothing of it checked; the payload is not read.

    Raises UsageError for another kind of file, one that others have access to or a newer one, InputError for a damaged
    one.
    """
    with open_file(path) as file:
        return describe_open(file, file.read(HEAD_BYTES), path)


def describe_open(file: BinaryIO, head: bytes, path: str | Path) -> dict[str, Any]:
    """As `describe_opening`, of an open file whose first bytes are read already."""
    _is_opening(path)(head)
    if str(path) != STREAM:
        check_rights(path, file)
    version = head[len(OPENING_MAGIC)]
    if version == 1:
        header = _first_version_header(head + file.read(container.MAX_HEADER), path)
    else:
        header, _ = container.read_header(FORM, container.read_start(FORM, file, head), path)
    currency, sources, records = header.get("currency"), header.get("sources"), header.get("records")
    stated = _stated({"currency": currency, "sources": sources, "records": records})
    if stated is None:
        raise container.damaged(FORM, path, "its header is not of the known form")
    size = None if str(path) == STREAM else os.fstat(file.fileno()).st_size
    if size is not None and size > MAX_BYTES:
        raise container.damaged(FORM, path, f"more than {MAX_BYTES} bytes")
    return {
        "version": version,
        "envelope": header["envelope"],
        "sealed": header["envelope"] != PLAIN,
        "bytes": size,
        "checked": False,
        "currency": currency,
        "records": records,
        "sources": [{"id": entry["id"], "root": entry["root"].hex()} for entry in stated[1]],
    }


def is_sealed(data: bytes, name: object) -> bool:
    """Whether the bytes of an opening file are under a passphrase."""
    return data[len(OPENING_MAGIC)] > 1 and container.read_header(FORM, data, name)[0]["envelope"] != PLAIN


def _is_opening(name: object) -> Any:
    def check(head: bytes) -> None:
        if not head.startswith(OPENING_MAGIC) or len(head) == len(OPENING_MAGIC):
            hint = (
                told_apart(head, "zkharvest commit writes one (.zko)")
                if head[: len(OPENING_MAGIC)] != OPENING_MAGIC
                else ""
            )
            raise UsageError(f"{name}: not an opening file", hint or "it ends after its first bytes")

    return check


def _public(opening: Opening) -> dict[str, Any]:
    sources = [{"id": source, "root": root} for source, root in opening.roots.items()]
    return {"currency": opening.currency, "sources": sources, "records": len(opening.trades)}


def _stated(public: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]], int | None] | None:
    """The header's public part if it is of the known form."""
    currency, sources, records = public["currency"], public["sources"], public["records"]
    if not (isinstance(currency, str) and is_visible(currency, 8) and isinstance(sources, list)):
        return None
    if not 0 < len(sources) <= MAX_SOURCES or not (records is None or type(records) is int):
        return None
    for entry in sources:
        match entry:
            case {"id": str(name), "root": bytes(root), **others} if not others and len(root) == ROOT_BYTES:
                if not is_visible(name, MAX_NAME):
                    return None
            case _:
                return None
    return currency, sources, records


def _unwrap(data: bytes, name: object, passphrase: Passphrase) -> tuple[Any, dict[str, Any]]:
    """What the header states (None in version 1), and the opening's map."""
    import msgpack

    stated = None
    try:
        if data[len(OPENING_MAGIC)] == 1:
            whole = msgpack.unpackb(memoryview(data)[len(OPENING_MAGIC) + 1 :], raw=False, strict_map_key=True)
            if not isinstance(whole, dict) or set(whole) != {"envelope", "payload"}:
                raise container.damaged(FORM, name)
            _known_envelope(whole["envelope"], name)
            payload = whole["payload"]
        else:
            header, packed = container.unpack(FORM, data, passphrase, name)
            stated = _stated({key: header.get(key) for key in ("currency", "sources", "records")})
            if stated is None:
                raise container.damaged(FORM, name, "its header is not of the known form")
            payload = msgpack.unpackb(packed, raw=False, strict_map_key=True)
    except (ValueError, msgpack.UnpackException) as error:
        raise container.damaged(FORM, name) from error
    if not isinstance(payload, dict):
        raise container.damaged(FORM, name)
    return stated, payload


def _known_envelope(envelope: object, name: object) -> None:
    if envelope != PLAIN:
        raise UsageError(f"{name}: unknown envelope {quoted(envelope)}", "a newer zkharvest may know it")


def _first_version_header(data: bytes, name: object) -> dict[str, Any]:
    """Envelope, currency and roots of a file of version 1, which begin it; the trades after them are not read."""
    import msgpack

    reader = msgpack.Unpacker(None, raw=False, max_buffer_size=len(data), strict_map_key=True)
    reader.feed(data[len(OPENING_MAGIC) + 1 :])
    try:
        if reader.read_map_header() != 2 or reader.unpack() != "envelope":
            raise container.damaged(FORM, name)
        _known_envelope(reader.unpack(), name)
        if reader.unpack() != "payload":
            raise container.damaged(FORM, name)
        found: dict[str, Any] = {}
        for _ in range(min(reader.read_map_header(), 8)):  # in order of the keys: seed and trades come last
            key = reader.unpack()
            if key in ("seed", "trades"):
                break
            found[key] = reader.unpack()
            if found.keys() >= {"currency", "roots"}:
                break
        currency, roots = found.get("currency"), found.get("roots")
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise container.damaged(FORM, name) from error
    if not isinstance(roots, dict):
        raise container.damaged(FORM, name)
    sources = [{"id": source, "root": root} for source, root in roots.items()]
    return {"envelope": PLAIN, "currency": currency, "records": None, "sources": sources}
