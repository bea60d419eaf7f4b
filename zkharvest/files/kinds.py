"""What a file is, by its first bytes: so that a wrong file is named, and a secret is not overwritten by accident."""

from __future__ import annotations

import re
from enum import StrEnum

from zkharvest.spec import (
    PACKAGE_MAGIC,
    PAGE_MAGIC,
    PAGE_OPENING_MAGIC,
    PRIVATE_KEY_HEADER,
    PUBLIC_KEY_HEADER,
    SEED_MAGIC,
    SHEET_MARK,
    STANDING_MAGIC,
)

HEAD_BYTES = 4096
"""This much of a file shows what it is."""

_PEM_PRIVATE = re.compile(rb"^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----", re.MULTILINE)


class Kind(StrEnum):
    """Kinds of files that zkharvest writes or reads; the value completes "it is ..."."""

    PACKAGE = "an audit package (.zkh)"
    PAGE = "a page (.zkp), what a source publishes of an account's records"
    PAGE_OPENING = "the opening of a page (.zko), a source's records of an account"
    SEED = "a seed of pages, the secret from which a source derives their salts"
    STANDING = "a standing (.zks), with what next year begins"
    PRIVATE_KEY = "a private key"
    PUBLIC_KEY = "a public key"
    SHEET = "a backup sheet"
    TRADES = "a trades CSV"


_MAGICS = (
    (PAGE_MAGIC, Kind.PAGE),
    (PAGE_OPENING_MAGIC, Kind.PAGE_OPENING),
    (SEED_MAGIC, Kind.SEED),
    (STANDING_MAGIC, Kind.STANDING),
)


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins so; None for any other file."""
    head = head[:HEAD_BYTES]
    if head.startswith(PACKAGE_MAGIC):
        return Kind.PACKAGE
    for magic, kind in _MAGICS:
        if head.startswith(magic):
            return kind
    if head.startswith(PRIVATE_KEY_HEADER.encode()) or _PEM_PRIVATE.search(head):
        return Kind.PRIVATE_KEY
    if head.startswith(PUBLIC_KEY_HEADER.encode()):
        return Kind.PUBLIC_KEY
    if SHEET_MARK in head[:200]:
        return Kind.SHEET
    if head.startswith((b"time,source,id,", b"\xef\xbb\xbftime,source,id,")):
        return Kind.TRADES
    return None


def told_apart(head: bytes, hint: str) -> str:
    """The hint for a file of the wrong kind: what it is, if that is known, and what to give in its place (`hint`)."""
    kind = kind_of(head)
    return f"it is {kind}; {hint}" if kind else hint
