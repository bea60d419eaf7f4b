r"""The files of a page: what is published (`.zkp`), what opens it (`.zko`), and the source's seed.

    .zkp   "ZKHARVEST-PAGE\n" | u8 1 | map {header, page, signatures}, canonical msgpack
           header      the header's bytes (verifier.page), or nil where only signatures are handed over
           page        the page's id
           signatures  at most 16 of {key, pop, scheme, signature}, by scheme and key, each once
    .zko   a `container` with the magic "ZKHARVEST-PAGE-OPENING\n"; in its header `page`, the page's header
           bytes; the payload is a msgpack map {assets, key, records}, a record being
           [code, time, quantity (decimal text), value (text), place in assets, fee, ref, id]
    seed   a `container` with the magic "ZKHARVEST-SEED\n"; public: `fingerprint`; the payload is the seed's 32 bytes

A reader looks at sizes first, then at the header, and only then at the payload; reading an opening computes its root.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.collecting import without_collecting
from zkharvest.errors import InputError, UsageError
from zkharvest.files import container
from zkharvest.files.atomic import read_file, read_private_file, write_file
from zkharvest.files.container import Form
from zkharvest.files.kinds import Kind, kind_of, told_apart
from zkharvest.files.sealing import Passphrase
from zkharvest.spec import PAGE_MAGIC, PAGE_OPENING_MAGIC, SEED_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.page import (
    ID_BYTES,
    MAX_RECORDS,
    SIGNATURE_SIZES,
    PageFault,
    PageHeader,
    PageReject,
    page_id,
    read_header,
)
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.text import is_visible

if TYPE_CHECKING:
    from zkharvest.commitment.page_record import Lanes, PageRecord
    from zkharvest.commitment.tree import Tree

MAX_PAGE_FILE = 1 << 14
MAX_SIGNATURES = 16
MAX_OPENING = 1 << 28
MAX_TEXT = 320
"""Bytes of an asset's id, a reference or a record's own id."""

PAGE_VERSION, KEY_BYTES, SEED_BYTES, SEED_FILE_BYTES = 1, 32, 32, 4096
OPENING = Form(PAGE_OPENING_MAGIC, 1, MAX_OPENING, "page opening", "ask the source for another copy")
SEED = Form(SEED_MAGIC, 1, SEED_FILE_BYTES, "seed of pages", "restore it from a copy: pages made from it need it")


@dataclass(frozen=True, slots=True, order=True)
class PageSignature:
    """A signature over a page's id; `pop` is empty for Ed25519."""

    scheme: str
    key: bytes
    pop: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class PageFile:
    """What a `.zkp` holds: the page's id, its header if that is there, and signatures, none of them checked."""

    page: bytes
    header: PageHeader | None = None
    signatures: tuple[PageSignature, ...] = ()

    def with_signature(self, made: PageSignature) -> PageFile:
        """The file with a signature added; an earlier one of the same key is replaced."""
        others = [one for one in self.signatures if (one.scheme, one.key) != (made.scheme, made.key)]
        if len(others) >= MAX_SIGNATURES:
            raise UsageError(f"{MAX_SIGNATURES} keys have signed this page", "start from the page without signatures")
        return replace(self, signatures=tuple(sorted([*others, made])))


@dataclass(frozen=True)
class PageOpening:
    """What opens a page: its header, the key of its salts, and its records."""

    header: PageHeader
    key: bytes = field(repr=False)
    records: tuple[PageRecord, ...] = field(repr=False)

    @cached_property
    def hashed(self) -> tuple[Lanes, Tree]:
        """The hash inputs (n, 24) of the records, and the tree over them. ValueError for more than 2^20 records."""
        from zkharvest.commitment.pages import salted_tree

        return salted_tree(self.records, self.key)


# ------------------------------------------------------------------------------------------------- .zkp


def page_bytes(page: PageFile) -> bytes:
    """The bytes of a page file."""
    signatures: list[wire.Value] = [
        {"key": one.key, "pop": one.pop, "scheme": one.scheme, "signature": one.signature} for one in page.signatures
    ]
    header = page.header.encode() if page.header is not None else None
    parts: dict[str, wire.Value] = {"header": header, "page": page.page, "signatures": signatures}
    return PAGE_MAGIC + bytes([PAGE_VERSION]) + wire.encode(parts)


def read_page(path: str | Path) -> PageFile:
    """A page file. UsageError for another kind of file or a newer one, InputError for a damaged one."""
    return parse_page(read_file(path, at_most=MAX_PAGE_FILE + 1), path)


def parse_page(data: bytes, name: object) -> PageFile:
    """The page file in these bytes; `name` stands for the file in errors. Raises as `read_page`."""
    if not data.startswith(PAGE_MAGIC) or len(data) == len(PAGE_MAGIC):
        raise UsageError(f"{name}: not a page", told_apart(data, "zkharvest page make and commit write pages (.zkp)"))
    if data[len(PAGE_MAGIC)] > PAGE_VERSION:
        raise UsageError(f"{name}: a page file of version {data[len(PAGE_MAGIC)]}", "update zkharvest")
    if len(data) > MAX_PAGE_FILE:
        raise _damaged_page(name, f"more than {MAX_PAGE_FILE} bytes")
    try:
        value = wire.decode(data, len(PAGE_MAGIC) + 1)
    except Reject as error:
        raise _damaged_page(name, error.detail) from None
    match value:
        case {"header": header, "page": bytes(identity), "signatures": list(signatures), **others} if not others:
            if len(identity) == ID_BYTES and (header is None or isinstance(header, bytes)):
                return _page_of(header, identity, signatures, name)
    raise _damaged_page(name, "its parts are not those of a page")


def _page_of(header: bytes | None, identity: bytes, signatures: Sequence[Any], name: object) -> PageFile:
    if header is not None and page_id(header) != identity:
        raise _damaged_page(name, "its header has another id than it states")
    try:
        read = read_header(header) if header is not None else None
    except PageReject as error:
        if error.fault is PageFault.VERSION:
            raise UsageError(f"{name}: {error.detail}", "update zkharvest") from None
        raise _damaged_page(name, str(error)) from None
    found = [_signature_of(one, name) for one in signatures[: MAX_SIGNATURES + 1]]
    keys = [(one.scheme, one.key) for one in found]
    if len(signatures) > MAX_SIGNATURES or any(a >= b for a, b in pairwise(keys)):
        raise _damaged_page(name, f"its signatures are not sorted, each key once, at most {MAX_SIGNATURES}")
    return PageFile(identity, read, tuple(found))


def _signature_of(value: Any, name: object) -> PageSignature:
    match value:
        case {"key": bytes(key), "pop": bytes(pop), "scheme": str(scheme), "signature": bytes(signature), **others}:
            if not others and SIGNATURE_SIZES.get(scheme) == (len(key), len(pop), len(signature)):
                return PageSignature(scheme, key, pop, signature)
    raise _damaged_page(name, "a signature is not of a known form")


def _damaged_page(name: object, why: str) -> InputError:
    return InputError.one(str(name), f"damaged page ({why})", "ask the source for another copy")


# ------------------------------------------------------------------------------------------------- .zko of a page


def page_opening_bytes(opening: PageOpening, passphrase: str | None) -> bytes:
    """The bytes of a page's opening file; sealed unless `passphrase` is None."""
    import msgpack

    assets = {name: place for place, name in enumerate(sorted({record.asset for record in opening.records}))}
    records = [
        [r.code, r.time, str(r.quantity), str(r.value), assets[r.asset], r.fee, r.ref, r.id] for r in opening.records
    ]
    payload: bytes = msgpack.packb({"assets": list(assets), "key": opening.key, "records": records}, use_bin_type=True)
    return container.pack(OPENING, {"page": opening.header.encode()}, payload, passphrase)


def write_page_opening(path: str | Path, opening: PageOpening, *, passphrase: str | None, force: bool = False) -> None:
    """Write a page's opening, mode 0600, whole or not at all. Replaces another page opening only with `force`."""
    data = page_opening_bytes(opening, passphrase)
    write_file(path, data, private=True, force=force, replaces=Kind.PAGE_OPENING)


def read_page_opening(path: str | Path, passphrase: Passphrase = None) -> PageOpening:
    """A page's opening, its records checked against the root.

    UsageError for another kind of file, one that others have access to, a newer one and a wrong passphrase; InputError
    for a damaged one.
    """
    data = read_private_file(path, check_head=_check_opening(path), at_most=MAX_OPENING + 1)
    return parse_page_opening(data, path, passphrase)


def page_opening_is_sealed(data: bytes, name: object) -> bool:
    """Whether the bytes of a page's opening are under a passphrase."""
    return bool(container.read_header(OPENING, data, name)[0]["envelope"] != container.PLAIN)


def opens(path: Path, page_id: bytes) -> bool:
    """Whether a file is there that says to be the opening of a page; its records are not read."""
    try:
        public, _ = container.read_header(OPENING, path.read_bytes(), path)
        return header_of(public, path).page_id == page_id
    except (OSError, InputError, UsageError):
        return False


def parse_page_opening(data: bytes, name: object, passphrase: Passphrase = None) -> PageOpening:
    """The page opening in a file's bytes; `name` stands for the file in errors. Raises as `read_page_opening`."""
    import msgpack

    _check_opening(name)(data[:64])
    public, payload = container.unpack(OPENING, data, passphrase, name)
    header = header_of(public, name)
    try:
        parts = msgpack.unpackb(payload, raw=False, strict_map_key=True)
        opening = _opening_of(header, parts)
    except (ValueError, TypeError, KeyError, RecursionError, msgpack.UnpackException) as error:
        raise container.damaged(OPENING, name, str(error)[:120]) from None
    _check_root(opening, name)
    return opening


def header_of(public: Mapping[str, Any], name: object) -> PageHeader:
    """The page's header out of the public part of its opening. Raises as `read_page_opening`."""
    page = public.get("page")
    try:
        if not isinstance(page, bytes):
            raise PageReject(PageFault.FORM, "it names no page")
        return read_header(page)
    except PageReject as error:
        if error.fault is PageFault.VERSION:
            raise UsageError(f"{name}: {error.detail}", "update zkharvest") from None
        raise container.damaged(OPENING, name, str(error)) from None


def _check_opening(name: object) -> Any:
    def check(head: bytes) -> None:
        if not head.startswith(PAGE_OPENING_MAGIC):
            hint = told_apart(
                head,
                "zkharvest commit and page make write openings (.zko), from a trades CSV",
            )
            raise UsageError(f"{name}: not the opening of a page", hint)

    return check


def _opening_of(header: PageHeader, parts: Any) -> PageOpening:
    """The opening of a payload's parts. ValueError, TypeError or KeyError where they are none."""
    if not isinstance(parts, dict) or set(parts) != {"assets", "key", "records"}:
        raise ValueError("its parts are not those of a page opening")
    assets, key, rows = parts["assets"], parts["key"], parts["records"]
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise ValueError("the key of its salts is missing")
    if not isinstance(assets, list) or not isinstance(rows, list) or len(rows) > MAX_RECORDS:
        raise ValueError("its records are not a list of at most 2^20")
    for name in assets:
        if not isinstance(name, str) or not is_visible(name, MAX_TEXT):
            raise ValueError("an asset's name is not text")
    with without_collecting():
        return PageOpening(header, key, tuple(_records_of(rows, assets)))


def _records_of(rows: Sequence[Any], assets: Sequence[str]) -> Iterator[PageRecord]:
    from zkharvest.commitment.page_record import PageRecord, record_of

    for code, time, quantity, value, asset, fee, ref, own in rows:
        if not type(code) is type(time) is type(asset) is type(fee) is int:
            raise TypeError("a code, time, asset or fee is not a number")
        if not type(quantity) is type(value) is type(ref) is type(own) is str:
            raise TypeError("a quantity, value, reference or id is not text")
        if max(len(quantity), len(value), len(ref), len(own)) > MAX_TEXT:
            raise TypeError(f"a quantity, value, reference or id has more than {MAX_TEXT} characters")
        if not 0 <= asset < len(assets):
            raise ValueError("a record names an asset that is not listed")
        flags, kind = record_of(code)
        yield PageRecord(flags, kind, time, int(quantity), int(value), assets[asset], fee, ref, own)


def _check_root(opening: PageOpening, name: object) -> None:
    if opening.hashed[1].root != opening.header.root:
        raise container.damaged(OPENING, name, "its records do not give the page's root")


# ------------------------------------------------------------------------------------------------- seed


def new_seed() -> bytes:
    """A source's seed from the system's randomness, 32 bytes."""
    return secrets.token_bytes(SEED_BYTES)


def write_seed(path: str | Path, seed: bytes, *, passphrase: str | None) -> None:
    """Write a source's seed, mode 0600. Never replaces a file: pages of a lost seed cannot be remade."""
    write_file(path, seed_bytes(seed, passphrase), private=True, force=None)


def seed_bytes(seed: bytes, passphrase: str | None) -> bytes:
    """The bytes of a seed's file; sealed unless the passphrase is None."""
    return container.pack(SEED, {"fingerprint": fingerprint(seed)}, seed, passphrase)


def read_seed(path: str | Path, passphrase: Passphrase = None) -> bytes:
    """A source's seed. Raises as `read_page_opening`."""
    return parse_seed(read_seed_bytes(path), path, passphrase)


def parse_seed(data: bytes, name: object, passphrase: Passphrase = None) -> bytes:
    """The seed in a file's bytes; `name` stands for the file in errors. Raises as `read_seed`."""
    public, seed = container.unpack(SEED, data, passphrase, name)
    if len(seed) != SEED_BYTES or public.get("fingerprint") != fingerprint(seed):
        raise container.damaged(SEED, name, "its fingerprint is not that of its seed")
    return seed


def seed_is_sealed(data: bytes, name: object) -> bool:
    """Whether the bytes of a seed's file are under a passphrase."""
    return bool(container.read_header(SEED, data, name)[0]["envelope"] != container.PLAIN)


def read_seed_bytes(path: str | Path) -> bytes:
    """The bytes of a seed's file. UsageError if it is another kind of file, or others have access to it."""

    def check(head: bytes) -> None:
        if kind_of(head) is not Kind.SEED:
            raise UsageError(f"{path}: not a seed of pages", told_apart(head, "make one with zkharvest page seed"))

    return read_private_file(path, check_head=check, at_most=SEED_FILE_BYTES + 1)


def fingerprint(seed: bytes) -> bytes:
    """Eight bytes that tell seeds apart and say nothing of them."""
    return hashlib.sha256(b"zkharvest/page-seed/v2\0" + seed).digest()[:8]
